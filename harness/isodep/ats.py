"""How a type A card introduces itself: RATS, ATS and PPS (ISO/IEC 14443-4, 5)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Self

from harness.air.timing import seconds, sfgt_cycles
from harness.errors import ProtocolViolation, UsageError
from harness.isodep.limits import (
    DEFAULT_FWI,
    DIVISORS,
    LONGEST_FWI,
    MOST_CID,
    BitRates,
    check_range,
    frame_size,
    size_index,
)

_RATS = 0xE0
_PPS = 0xD0
_PPS0, _PPS1_FOLLOWS = 0x01, 0x10
_TA1, _TB1, _TC1 = 0x10, 0x20, 0x40
_DEFAULT_FSCI = 2
_NAD, _CID = 0x01, 0x02
_RESERVED = 15
_MOST_TL = 254
_ATR_HISTORICAL = 15  # the count is a nibble; PC/SC part 3, 3.1.3.2.3.1


@dataclass(frozen=True, slots=True)
class Rats:
    """Request for an ATS: the frame size that the PCD takes, and the number it gives the card."""

    fsdi: int = 8
    cid: int = 0

    def encode(self) -> bytes:
        """Two bytes (ISO/IEC 14443-4, 5.1)."""
        return bytes([_RATS, self.fsdi << 4 | self.cid])

    @classmethod
    def decode(cls, frame: bytes) -> Self:
        """Read a RATS.

        Raises:
            ProtocolViolation: not a RATS, or the reserved CID 15 (ISO/IEC 14443-4, 5.1).
        """
        if len(frame) != 2 or frame[0] != _RATS or frame[1] & 0x0F > MOST_CID:
            message = f"{frame.hex().upper()} is not a RATS with a CID of 0 to {MOST_CID}"
            raise ProtocolViolation(message, "ISO/IEC 14443-4, 5.1")
        return cls(frame[1] >> 4, frame[1] & 0x0F)

    @property
    def fsd(self) -> int:
        """The longest frame that the PCD takes, in bytes with CRC."""
        return frame_size(self.fsdi)


@dataclass(frozen=True, slots=True)
class Ats:
    """Answer to select, as it was sent: every part after the length may be missing.

    `fsci` 0...15 (None: no format byte at all), `ta1`, `tb1`, `tc1` one byte each or None. The
    properties give what the values mean, with the defaults and with reserved values read as the
    standard tells a PCD to (ISO/IEC 14443-4, 5.2).

    Raises:
        UsageError: interface or historical bytes without a format byte, or longer than 254 bytes.
    """

    fsci: int | None = None
    ta1: int | None = None
    tb1: int | None = None
    tc1: int | None = None
    historical: bytes = b""

    def __post_init__(self) -> None:
        if self.fsci is None and (self.historical or self._interface()):
            message = "an ATS with interface or historical bytes needs an FSCI"
            raise UsageError(message)
        if len(self.historical) > _MOST_TL - 2 - len(self._interface()):
            message = f"an ATS has at most {_MOST_TL} bytes: shorten the historical bytes"
            raise UsageError(message)

    @classmethod
    def configured(
        cls,
        fsc: int = 256,
        fwi: int = 8,
        sfgi: int = 0,
        rates: BitRates | None = None,
        historical: bytes = b"",
    ) -> Self:
        """The complete ATS of a card that we play; it supports CID and no NAD.

        Raises:
            UsageError: FSC under 16, or FWI or SFGI 15, which are reserved.
        """
        tb1 = check_range("FWI", fwi, LONGEST_FWI) << 4 | check_range("SFGI", sfgi, LONGEST_FWI)
        ta1 = (rates or BitRates()).encode()
        return cls(size_index(fsc), ta1, tb1, _CID, historical)

    @classmethod
    def decode(cls, frame: bytes) -> Self:
        """Read an ATS.

        Raises:
            ProtocolViolation: its length is not TL, or ends within the interface bytes.
        """
        if not frame or frame[0] != len(frame):
            message = f"the ATS says {frame[:1].hex() or 'no'} and has {len(frame)} bytes"
            raise ProtocolViolation(message, "ISO/IEC 14443-4, 5.2.2")
        if len(frame) == 1:
            return cls()
        t0 = frame[1]
        present = [bool(t0 & flag) for flag in (_TA1, _TB1, _TC1)]
        rest = frame[2:]
        if len(rest) < sum(present):
            message = f"the ATS ends before the interface bytes that T0 {t0:02X} announces"
            raise ProtocolViolation(message, "ISO/IEC 14443-4, 5.2.3")
        interface = iter(rest)
        ta1, tb1, tc1 = (next(interface) if there else None for there in present)
        return cls(t0 & 0x0F, ta1, tb1, tc1, bytes(interface))

    def encode(self) -> bytes:
        """TL and all that is present (ISO/IEC 14443-4, 5.2.1)."""
        if self.fsci is None:
            return b"\x01"
        flags = ((_TA1, self.ta1), (_TB1, self.tb1), (_TC1, self.tc1))
        t0 = self.fsci | sum(flag for flag, value in flags if value is not None)
        body = bytes([t0]) + self._interface() + self.historical
        return bytes([1 + len(body)]) + body

    def _interface(self) -> bytes:
        return bytes(value for value in (self.ta1, self.tb1, self.tc1) if value is not None)

    @property
    def fsc(self) -> int:
        """The longest frame that the card takes, in bytes with CRC (5.2.3); 32 by default."""
        return frame_size(_DEFAULT_FSCI if self.fsci is None else self.fsci)

    @property
    def fwi(self) -> int:
        """0...14 (5.2.5); 4 by default and for the reserved 15."""
        fwi = DEFAULT_FWI if self.tb1 is None else self.tb1 >> 4
        return DEFAULT_FWI if fwi == _RESERVED else fwi

    @property
    def sfgt(self) -> float:
        """The pause after the ATS in seconds (5.2.5); 0 by default and for the reserved SFGI 15."""
        sfgi = 0 if self.tb1 is None else self.tb1 & 0x0F
        return 0.0 if sfgi == _RESERVED else seconds(sfgt_cycles(sfgi))

    @property
    def rates(self) -> BitRates:
        """The bit rates beyond 106 kbit/s (5.2.4); none by default."""
        return BitRates() if self.ta1 is None else BitRates.decode(self.ta1)

    @property
    def supports_cid(self) -> bool:
        """Whether blocks may carry a CID (5.2.6); yes by default."""
        return self.tc1 is None or bool(self.tc1 & _CID)

    @property
    def supports_nad(self) -> bool:
        """Whether blocks may carry a NAD (5.2.6); no by default."""
        return self.tc1 is not None and bool(self.tc1 & _NAD)

    @property
    def atr(self) -> bytes:
        """The ATR that a PC/SC reader makes of this ATS."""
        return contactless_atr(self.historical)


@dataclass(frozen=True, slots=True)
class Pps:
    """Protocol and parameter selection: the divisors (1, 2, 4, 8) of both directions."""

    to_card: int = 1
    to_reader: int = 1
    cid: int = 0

    def encode(self) -> bytes:
        """Three bytes: PPSS, PPS0, PPS1 (ISO/IEC 14443-4, 5.3)."""
        pps1 = DIVISORS.index(self.to_reader) << 2 | DIVISORS.index(self.to_card)
        return bytes([_PPS | self.cid, _PPS0 | _PPS1_FOLLOWS, pps1])

    @property
    def answer(self) -> bytes:
        """What the card answers when it agrees: PPSS alone (ISO/IEC 14443-4, 5.4)."""
        return bytes([_PPS | self.cid])

    @classmethod
    def decode(cls, frame: bytes) -> Self:
        """Read a PPS request; without PPS1 both directions stay at 106 kbit/s.

        Raises:
            ProtocolViolation: not a PPS request, or reserved bits (ISO/IEC 14443-4, 5.3).
        """
        start, cid = frame[:1], frame[0] & 0x0F if frame else 0
        if start == bytes([_PPS | cid]) and cid <= MOST_CID:
            if frame[1:] == bytes([_PPS0]):
                return cls(cid=cid)
            if len(frame) == 3 and frame[1] == _PPS0 | _PPS1_FOLLOWS and frame[2] < 0x10:
                return cls(DIVISORS[frame[2] & 3], DIVISORS[frame[2] >> 2], cid)
        message = f"{frame.hex().upper()} is not a PPS request"
        raise ProtocolViolation(message, "ISO/IEC 14443-4, 5.3")


def contactless_atr(historical: bytes) -> bytes:
    """3B 8n 80 01, up to 15 historical bytes, TCK (PC/SC part 3, 3.1.3.2.3.1)."""
    kept = historical[:_ATR_HISTORICAL]
    body = bytes([0x80 | len(kept), 0x80, 0x01]) + kept
    return b"\x3b" + body + bytes([reduce(xor, body)])


def historical_bytes(atr: bytes) -> bytes:
    """The historical bytes of any ATR (ISO/IEC 7816-3, 8.2).

    Raises:
        UsageError: the ATR ends too early.
    """
    count, follows, position = (atr[1] & 0x0F, atr[1] >> 4, 2) if len(atr) > 1 else (1, 0, 2)
    while follows:
        position += follows.bit_count()
        has_next = follows & 8 and position <= len(atr)
        follows = atr[position - 1] >> 4 if has_next else 0
    if len(atr) < position + count:
        message = f"the ATR {atr.hex().upper()} ends too early: give a complete one"
        raise UsageError(message)
    return atr[position : position + count]
