"""How a type B card introduces itself: REQB, ATQB and ATTRIB (ISO/IEC 14443-3, 7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from harness.air.timing import seconds, sfgt_cycles
from harness.errors import ProtocolViolation, UsageError
from harness.isodep.ats import contactless_atr
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

_APF = 0x05  # anticollision prefix of REQB and WUPB; ISO/IEC 14443-3, 7.7.1
_WAKE = 0x08  # ISO/IEC 14443-3, 7.7.4
_ATQB = 0x50
_ATTRIB = 0x1D
_ISO_DEP = 0x01  # protocol type: ISO/IEC 14443-4 is spoken; ISO/IEC 14443-3, 7.9.4
_CID = 0x01
_RESERVED = 15
_PUPI_SIZE = _APPLICATION_SIZE = 4


@dataclass(frozen=True, slots=True)
class Reqb:
    """Request of type B in one slot; `wake` (WUPB) also reaches a halted card."""

    wake: bool = False
    afi: int = 0

    def encode(self) -> bytes:
        """Three bytes (ISO/IEC 14443-3, 7.7)."""
        return bytes([_APF, self.afi, _WAKE if self.wake else 0])

    @classmethod
    def decode(cls, frame: bytes) -> Self:
        """Read a REQB or WUPB; the number of slots is left aside, as one card answers in the first.

        Raises:
            ProtocolViolation: another frame (ISO/IEC 14443-3, 7.7).
        """
        if len(frame) != 3 or frame[0] != _APF:
            message = f"{frame.hex().upper()} is not a REQB or WUPB"
            raise ProtocolViolation(message, "ISO/IEC 14443-3, 7.7")
        return cls(bool(frame[2] & _WAKE), frame[1])


@dataclass(frozen=True, slots=True)
class Atqb:
    """Answer to REQB (ISO/IEC 14443-3, 7.9).

    `pupi` and `application` have four bytes each; `fsci`, `fwi` and `sfgi` are nibbles as sent
    (`sfgi` None: the basic answer, without the fourth byte of protocol info); `iso_dep` says that
    the card speaks ISO/IEC 14443-4; `supports_nad` and `supports_cid` are its frame options.
    """

    pupi: bytes
    application: bytes = bytes(_APPLICATION_SIZE)
    rates: BitRates = field(default_factory=BitRates)
    fsci: int = 8
    raw_fwi: int = DEFAULT_FWI
    raw_sfgi: int | None = None
    iso_dep: bool = True
    supports_nad: bool = False
    supports_cid: bool = True

    def __post_init__(self) -> None:
        if len(self.pupi) != _PUPI_SIZE or len(self.application) != _APPLICATION_SIZE:
            message = "PUPI and application data of an ATQB have four bytes each"
            raise UsageError(message)

    @classmethod
    def configured(cls, pupi: bytes, fsc: int = 256, fwi: int = 8, sfgi: int | None = None) -> Self:
        """The ATQB of a card that we play.

        Raises:
            UsageError: FSC under 16, or FWI or SFGI 15, which are reserved.
        """
        check_range("FWI", fwi, LONGEST_FWI)
        check_range("SFGI", sfgi or 0, LONGEST_FWI)
        return cls(pupi, fsci=size_index(fsc), raw_fwi=fwi, raw_sfgi=sfgi)

    @classmethod
    def decode(cls, frame: bytes) -> Self:
        """Read a basic (12 bytes) or extended (13 bytes) ATQB.

        Raises:
            ProtocolViolation: another length or first byte (ISO/IEC 14443-3, 7.9).
        """
        if len(frame) not in {12, 13} or frame[0] != _ATQB:
            message = f"{frame.hex().upper()} is not an ATQB"
            raise ProtocolViolation(message, "ISO/IEC 14443-3, 7.9")
        rates, protocol, options = frame[9:12]
        return cls(
            frame[1:5],
            frame[5:9],
            BitRates.decode(rates),
            fsci=protocol >> 4,
            raw_fwi=options >> 4,
            raw_sfgi=frame[12] >> 4 if len(frame) == 13 else None,
            iso_dep=bool(protocol & _ISO_DEP),
            supports_nad=bool(options & 0x02),
            supports_cid=bool(options & _CID),
        )

    def encode(self) -> bytes:
        """Twelve bytes, or thirteen with an SFGI."""
        return bytes([_ATQB]) + self.pupi + self.application + self.protocol_info

    @property
    def protocol_info(self) -> bytes:
        """Three or four bytes (ISO/IEC 14443-3, 7.9.4)."""
        options = self.supports_nad << 1 | self.supports_cid
        info = (self.rates.encode(), self.fsci << 4 | self.iso_dep, self.raw_fwi << 4 | options)
        return bytes(info) + (b"" if self.raw_sfgi is None else bytes([self.raw_sfgi << 4]))

    @property
    def fsc(self) -> int:
        """The longest frame that the card takes, in bytes with CRC."""
        return frame_size(self.fsci)

    @property
    def fwi(self) -> int:
        """0...14; 4 for the reserved 15 (ISO/IEC 14443-3, 7.9.4)."""
        return DEFAULT_FWI if self.raw_fwi == _RESERVED else self.raw_fwi

    @property
    def sfgt(self) -> float:
        """The pause after the answer to ATTRIB in seconds; 0 by default and for the reserved 15."""
        sfgi = self.raw_sfgi or 0
        return 0.0 if sfgi == _RESERVED else seconds(sfgt_cycles(sfgi))

    def atr(self, mbli: int = 0) -> bytes:
        """The ATR that a PC/SC reader makes of this ATQB and the MBLI of the answer to ATTRIB."""
        return contactless_atr(self.application + self.protocol_info[:3] + bytes([mbli << 4]))


@dataclass(frozen=True, slots=True)
class Attrib:
    """The PCD selects a type B card (ISO/IEC 14443-3, 7.10).

    `to_card` and `to_reader` are divisors (1, 2, 4, 8); `higher` is higher layer data. The delays
    TR0 and TR1 stay at their defaults.
    """

    pupi: bytes
    fsdi: int = 8
    cid: int = 0
    to_card: int = 1
    to_reader: int = 1
    higher: bytes = b""

    def encode(self) -> bytes:
        """Nine bytes and the higher layer data."""
        rates = DIVISORS.index(self.to_reader) << 6 | DIVISORS.index(self.to_card) << 4
        parameters = bytes([0, rates | self.fsdi, _ISO_DEP, self.cid])
        return bytes([_ATTRIB]) + self.pupi + parameters + self.higher

    @classmethod
    def decode(cls, frame: bytes) -> Self:
        """Read an ATTRIB.

        Raises:
            ProtocolViolation: another frame, or the reserved CID 15 (ISO/IEC 14443-3, 7.10).
        """
        if len(frame) < 9 or frame[0] != _ATTRIB or frame[8] & 0x0F > MOST_CID:
            message = f"{frame.hex().upper()} is not an ATTRIB with a CID of 0 to {MOST_CID}"
            raise ProtocolViolation(message, "ISO/IEC 14443-3, 7.10")
        sizes = frame[6]
        to_card, to_reader = DIVISORS[sizes >> 4 & 3], DIVISORS[sizes >> 6]
        return cls(frame[1:5], sizes & 0x0F, frame[8] & 0x0F, to_card, to_reader, frame[9:])

    @property
    def fsd(self) -> int:
        """The longest frame that the PCD takes, in bytes with CRC."""
        return frame_size(self.fsdi)

    def answer(self, mbli: int = 0) -> bytes:
        """What the card answers without higher layer data (ISO/IEC 14443-3, 7.11)."""
        return bytes([mbli << 4 | self.cid])
