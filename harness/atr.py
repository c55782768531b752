"""The answer to reset, taken apart (ISO/IEC 7816-3, 8.2; PC/SC part 3, 3.1.3.2.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import xor

_FI = (372, 372, 558, 744, 1116, 1488, 1860, None, None, 512, 768, 1024, 1536, 2048, None, None)
_DI = (None, 1, 2, 4, 8, 16, 32, 64, 12, 20, None, None, None, None, None, None)
_CATEGORIES = {0x00: "status at the end", 0x10: "a reference to data", 0x80: "compact TLV"}


class AtrError(ValueError):
    """These bytes are no ATR."""


@dataclass(frozen=True, slots=True)
class Atr:
    """One ATR: its interface bytes by name (TA1, TD2), and what follows them.

    `check` says whether the check byte is right; None where there is none (T=0 alone).
    """

    interface_bytes: tuple[tuple[str, int], ...]
    protocols: tuple[int, ...]
    historical: bytes
    check: bool | None

    @classmethod
    def parse(cls, raw: bytes) -> Atr:
        """Read an ATR.

        Raises:
            AtrError: it does not begin with 3B or 3F, or ends before it says so.
        """
        if len(raw) < 2 or raw[0] not in (0x3B, 0x3F):
            message = "an ATR begins with 3B or 3F and has at least two bytes"
            raise AtrError(message)
        found, at = _interface_bytes(raw)
        protocols = tuple(dict.fromkeys(v & 0x0F for name, v in found if name[:2] == "TD")) or (0,)
        end = at + (raw[1] & 0x0F)
        has_check = any(protocols)
        if len(raw) != end + has_check:
            message = f"an ATR of {len(raw)} bytes says that it has {end + has_check}"
            raise AtrError(message)
        check = reduce(xor, raw[1:]) == 0 if has_check else None
        return cls(tuple(found), protocols, raw[at:end], check)

    @property
    def is_contactless(self) -> bool:
        """Whether PC/SC made it of a card without contacts: TD1 is 80, TD2 is 01."""
        return dict(self.interface_bytes) == {"TD1": 0x80, "TD2": 0x01}

    def lines(self) -> Iterator[tuple[str, str]]:
        """What it says, for people."""
        for name, value in self.interface_bytes:
            yield name, f"{value:02X}{_meaning(name, value)}"
        kind = "contactless, as PC/SC shows it" if self.is_contactless else "contact"
        yield "interface", kind
        yield "protocols", ", ".join(f"T={number}" for number in self.protocols)
        if self.historical:
            said = self.historical.hex().upper()
            category = _CATEGORIES.get(self.historical[0], "proprietary")
            yield "historical bytes", f"{said} ({category}; as text {_text(self.historical)})"
        if self.check is not None:
            yield "check byte", "right" if self.check else "WRONG"


def _interface_bytes(raw: bytes) -> tuple[list[tuple[str, int]], int]:
    """TAi to TDi as announced by T0 and each TDi, and where they end."""
    found: list[tuple[str, int]] = []
    announced, at, number = raw[1] >> 4, 2, 1
    while announced:
        following = 0
        for bit, letter in enumerate("ABCD"):
            if not announced >> bit & 1:
                continue
            if at >= len(raw):
                message = "the ATR ends inside its interface bytes"
                raise AtrError(message)
            found.append((f"T{letter}{number}", raw[at]))
            following = raw[at] >> 4 if letter == "D" else following
            at += 1
        announced, number = following, number + 1
    return found, at


def _meaning(name: str, value: int) -> str:
    if name == "TA1":
        fi, di = _FI[value >> 4], _DI[value & 0x0F]
        return f" (Fi {fi}, Di {di})" if fi and di else ""
    if name == "TC1":
        return f" (extra guard time {value})"
    return f" (T={value & 0x0F})" if name.startswith("TD") else ""


def _text(raw: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in raw)
