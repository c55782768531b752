"""The blocks of the half-duplex protocol and their encoding (ISO/IEC 14443-4, 7.1); no CRC."""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import ProtocolViolation
from harness.isodep.crc import CRC_SIZE

# Protocol control byte, ISO/IEC 14443-4, 7.1.2
_I, _I_MASK = 0x02, 0xE2
_R, _R_MASK = 0xA2, 0xE6
_WTX = 0xF2
_DESELECT = 0xC2
_MORE = _NAK = 0x10
_CID = 0x08
_NAD = 0x04
_NUMBER = 0x01

_PROLOGUE = "ISO/IEC 14443-4, 7.1.2"
_INFORMATION = "ISO/IEC 14443-4, 7.1.3"
_RFU_CID = 15
LONGEST_BLOCK = 4096  # bytes with CRC; ISO/IEC 14443-4, 5.1


@dataclass(frozen=True, slots=True)
class IBlock:
    """A block that carries a part of an APDU.

    `number` is 0 or 1; `more` says that the APDU goes on in the next block (chaining); `cid` is
    0...14 and `nad` a byte where present; `power` is the power level indication, 0...3, of a PICC.
    """

    number: int
    inf: bytes = b""
    more: bool = False
    cid: int | None = None
    nad: int | None = None
    power: int = 0

    def encode(self) -> bytes:
        """Prologue and information field."""
        pcb = _I | self.number | (_MORE if self.more else 0)
        if self.nad is None:
            return _prologue(pcb, self.cid, self.power) + self.inf
        return _prologue(pcb | _NAD, self.cid, self.power) + bytes([self.nad]) + self.inf


@dataclass(frozen=True, slots=True)
class RBlock:
    """A block that acknowledges, R(ACK), or asks again, R(NAK)."""

    number: int
    nak: bool = False
    cid: int | None = None
    power: int = 0

    def encode(self) -> bytes:
        """One byte, or two with a CID."""
        return _prologue(_R | self.number | (_NAK if self.nak else 0), self.cid, self.power)


@dataclass(frozen=True, slots=True)
class WtxBlock:
    """S(WTX): the PICC asks for more time, or the PCD grants it (ISO/IEC 14443-4, 7.3).

    `wtxm` is 1...59 times the frame waiting time (60...63 are reserved but can be received);
    `level` is the power level indication in the information field, `power` the one beside the CID.
    """

    wtxm: int
    cid: int | None = None
    level: int = 0
    power: int = 0

    def encode(self) -> bytes:
        """Prologue and the byte of power level and WTXM."""
        return _prologue(_WTX, self.cid, self.power) + bytes([self.level << 6 | self.wtxm])


@dataclass(frozen=True, slots=True)
class DeselectBlock:
    """S(DESELECT): the same block asks for and confirms the end (ISO/IEC 14443-4, 8)."""

    cid: int | None = None
    power: int = 0

    def encode(self) -> bytes:
        """One byte, or two with a CID."""
        return _prologue(_DESELECT, self.cid, self.power)


Block = IBlock | RBlock | WtxBlock | DeselectBlock


def decode(frame: bytes, limit: int = LONGEST_BLOCK) -> Block:
    """Read one block strictly; `limit` is the FSD or FSC, CRC counted in.

    Raises:
        ProtocolViolation: empty, truncated, too long, or a reserved value (ISO/IEC 14443-4, 7.1).
    """
    if not frame:
        raise ProtocolViolation("a block has at least one byte", _PROLOGUE)
    if len(frame) + CRC_SIZE > limit:
        raise ProtocolViolation(
            f"a block of {len(frame)} bytes is longer than the frame size", _PROLOGUE
        )
    pcb = frame[0]
    if pcb & _I_MASK == _I:
        return _decode_i(frame)
    if pcb & _R_MASK == _R:
        cid, power, _ = _decode_cid(frame, length=1)
        return RBlock(pcb & _NUMBER, bool(pcb & _NAK), cid, power)
    if pcb & ~_CID == _WTX:
        return _decode_wtx(frame)
    if pcb & ~_CID == _DESELECT:
        cid, power, _ = _decode_cid(frame, length=1)
        return DeselectBlock(cid, power)
    raise ProtocolViolation(f"the protocol control byte {pcb:02X} is reserved", _PROLOGUE)


def _decode_i(frame: bytes) -> IBlock:
    pcb = frame[0]
    cid, power, start = _decode_cid(frame)
    nad = None
    if pcb & _NAD:
        if len(frame) == start:
            raise ProtocolViolation("the block ends before its node address", _PROLOGUE)
        nad = frame[start]
        start += 1
    return IBlock(pcb & _NUMBER, frame[start:], bool(pcb & _MORE), cid, nad, power)


def _decode_wtx(frame: bytes) -> WtxBlock:
    cid, power, start = _decode_cid(frame, length=2)
    level, wtxm = frame[start] >> 6, frame[start] & 0x3F
    if not wtxm:
        raise ProtocolViolation("a waiting time extension of 0 is reserved", "ISO/IEC 14443-4, 7.3")
    return WtxBlock(wtxm, cid, level, power)


def _decode_cid(frame: bytes, length: int | None = None) -> tuple[int | None, int, int]:
    """The CID, the power level and where the rest starts; `length` is the exact one without CID."""
    has_cid = frame[0] & _CID
    if length is not None and len(frame) != length + bool(has_cid):
        raise ProtocolViolation(
            f"a block {frame[0]:02X} cannot have {len(frame)} bytes", _INFORMATION
        )
    if not has_cid:
        return None, 0, 1
    if len(frame) == 1:
        raise ProtocolViolation("the block ends before its card identifier", _PROLOGUE)
    value = frame[1]
    if value & 0x30 or value & 0x0F == _RFU_CID:
        raise ProtocolViolation(f"the card identifier byte {value:02X} is reserved", _PROLOGUE)
    return value & 0x0F, value >> 6, 2


def _prologue(pcb: int, cid: int | None, power: int) -> bytes:
    return bytes([pcb]) if cid is None else bytes([pcb | _CID, power << 6 | cid])
