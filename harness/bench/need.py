"""A command that cannot be left out, and the size of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from harness import tlv
from harness.apdu import CLA_SECURE, MAX_SHORT_NC, MAX_SHORT_NE

_BLOCK = 16


@dataclass(frozen=True, slots=True)
class Need:
    """One command that cannot be left out, and its answer, as they cross the wire."""

    command: bytes
    response: bytes


def plain(ins: int, data: bytes, le: bytes = b"", answer: bytes = b"") -> Need:
    """A command in the clear; extended where its data does not fit a short one."""
    is_long = len(data) > MAX_SHORT_NC
    lengths = bytes((0, *len(data).to_bytes(2))) if is_long else bytes((len(data),))
    command = bytes((0, ins, 0, 0)) + lengths + data + le * (1 + is_long)
    return Need(command, answer + b"\x90\x00")


def protected(ins: int, nc: int, nr: int) -> Need:
    """A command of `nc` bytes answered by `nr`, both protected by AES (ICAO 9303-11, 9.8.4)."""
    body = _cryptogram(nc, has_indicator=ins % 2 == 0) + (3 if nr else 0) + 10
    answer = _cryptogram(nr, has_indicator=ins % 2 == 0) + 4 + 10
    is_long = body > MAX_SHORT_NC or answer > MAX_SHORT_NE
    lengths = bytes((0, *body.to_bytes(2))) if is_long else bytes((body,))
    command = bytes((CLA_SECURE, ins, 0, 0)) + lengths + bytes(body) + bytes(1 + is_long)
    return Need(command, bytes(answer) + b"\x90\x00")


def _cryptogram(size: int, *, has_indicator: bool) -> int:
    """The bytes of DO'87' or DO'85' around `size` plain bytes; none for none."""
    if not size:
        return 0
    padded = ceil((size + 1) / _BLOCK) * _BLOCK + has_indicator
    return len(tlv.encode(0x87, bytes(padded)))
