"""The elementary files that the test plans name, and the commands that reach them."""

from __future__ import annotations

from dataclasses import dataclass

from harness import tlv
from harness.apdu import INS, CommandApdu

LAST_OFFSET = 0x7FFF
"""The highest offset that P1 and P2 of READ BINARY tell."""
LDS_AID = bytes.fromhex("A0000002471001")
SELECT_LDS = CommandApdu(0x00, INS.SELECT, 0x04, 0x0C, LDS_AID)


@dataclass(frozen=True, slots=True)
class Elementary:
    """A file by its identifiers (ICAO 9303-10, 3.11 and 4.6).

    `tag` is what its content begins with, `word` what a profile declares that has it.
    """

    name: str
    word: str
    fid: bytes
    sfi: int
    tag: int

    @property
    def select(self) -> CommandApdu:
        """SELECT as a child of the current DF, with no answer wanted."""
        return CommandApdu(0x00, INS.SELECT, 0x02, 0x0C, self.fid)

    def by_short_identifier(self, ne: int) -> CommandApdu:
        """READ BINARY that selects the file by its short identifier."""
        return CommandApdu(0x00, INS.READ_BINARY, 0x80 | self.sfi, 0x00, ne=ne)

    def odd_by_short_identifier(self, ne: int) -> CommandApdu:
        """The same with the odd instruction."""
        return odd_read(self.sfi, ne)


def read(ne: int, offset: int = 0) -> CommandApdu:
    """READ BINARY of the current file."""
    return CommandApdu(0x00, INS.READ_BINARY, offset >> 8, offset & 0xFF, ne=ne)


def odd_read(p2: int, ne: int, offset: int = 0) -> CommandApdu:
    """READ BINARY with the odd instruction, at any offset; `ne` counts the object around, too."""
    size = max(2, (offset.bit_length() + 7) // 8)
    data = tlv.encode(0x54, offset.to_bytes(size, "big"))
    return CommandApdu(0x00, INS.READ_BINARY_ODD, 0x00, p2, data, ne)


CARD_ACCESS = Elementary("EF.CardAccess", "CARD-ACCESS", b"\x01\x1c", 0x1C, 0x31)
CARD_SECURITY = Elementary("EF.CardSecurity", "CARD-SECURITY", b"\x01\x1d", 0x1D, 0x30)
DIR = Elementary("EF.DIR", "DIR", b"\x2f\x00", 0x1E, 0x61)
ATR_INFO = Elementary("EF.ATR/INFO", "ATR-INFO", b"\x2f\x01", 0x01, 0)
"""What EF.ATR/INFO begins with is not laid down."""
COM = Elementary("EF.COM", "COM", b"\x01\x1e", 0x1E, 0x60)
SOD = Elementary("EF.SOD", "SOD", b"\x01\x1d", 0x1D, 0x77)

_DG_TAGS = (0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, *range(0x69, 0x71))
DATA_GROUPS = tuple(
    Elementary(f"EF.DG{number}", f"DG{number}", bytes((0x01, number)), number, tag)
    for number, tag in enumerate(_DG_TAGS, start=1)
)
"""DG1 to DG16 (ICAO 9303-10, 4.7)."""
LDS_FILES = (COM, SOD, *DATA_GROUPS)
