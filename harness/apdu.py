"""Command and response APDUs (ISO/IEC 7816-4, 5.1 to 5.6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

MAX_SHORT_NC = 255
MAX_SHORT_NE = 256
MAX_EXTENDED_NC = 65535
MAX_EXTENDED_NE = 65536

CLA_CHAINING = 0x10
CLA_SECURE = 0x0C


class INS(IntEnum):
    """Instruction bytes this package sends or answers (ISO/IEC 7816-4, table 4.2)."""

    DEACTIVATE = 0x04
    VERIFY = 0x20
    MANAGE_SECURITY_ENVIRONMENT = 0x22
    CHANGE_REFERENCE_DATA = 0x24
    PERFORM_SECURITY_OPERATION = 0x2A
    RESET_RETRY_COUNTER = 0x2C
    ACTIVATE = 0x44
    EXTERNAL_AUTHENTICATE = 0x82
    GET_CHALLENGE = 0x84
    GENERAL_AUTHENTICATE = 0x86
    INTERNAL_AUTHENTICATE = 0x88
    SELECT = 0xA4
    READ_BINARY = 0xB0
    READ_BINARY_ODD = 0xB1
    GET_RESPONSE = 0xC0
    GET_DATA = 0xCA
    GET_DATA_ODD = 0xCB


class SW(IntEnum):
    """Status words with a fixed meaning (ISO/IEC 7816-4, 5.6)."""

    OK = 0x9000
    END_OF_FILE = 0x6282
    DEACTIVATED = 0x6283
    AUTHENTICATION_FAILED = 0x6300
    WRONG_LENGTH = 0x6700
    LAST_COMMAND_OF_CHAIN_EXPECTED = 0x6883
    CHAINING_NOT_SUPPORTED = 0x6884
    SECURITY_STATUS_NOT_SATISFIED = 0x6982
    AUTHENTICATION_METHOD_BLOCKED = 0x6983
    REFERENCE_DATA_NOT_USABLE = 0x6984
    CONDITIONS_NOT_SATISFIED = 0x6985
    COMMAND_NOT_ALLOWED = 0x6986
    SM_DATA_OBJECTS_MISSING = 0x6987
    SM_DATA_OBJECTS_INCORRECT = 0x6988
    WRONG_DATA = 0x6A80
    FUNCTION_NOT_SUPPORTED = 0x6A81
    FILE_NOT_FOUND = 0x6A82
    INCORRECT_P1_P2 = 0x6A86
    LC_INCONSISTENT_WITH_P1_P2 = 0x6A87
    REFERENCED_DATA_NOT_FOUND = 0x6A88
    WRONG_OFFSET = 0x6B00
    INS_NOT_SUPPORTED = 0x6D00
    CLA_NOT_SUPPORTED = 0x6E00
    NO_PRECISE_DIAGNOSIS = 0x6F00


def describe_sw(sw: int) -> str:
    """Say what a status word means; one that is not known is reported as just that."""
    match sw >> 8, sw & 0xFF:
        case 0x61, more:
            return f"{more or 256} more bytes available"
        case 0x6C, right:
            return f"wrong Le, {right or 256} bytes available"
        case 0x63, low if low & 0xF0 == 0xC0:
            return f"verification failed, {low & 0x0F} tries left"
    return _spoken(SW, sw) or "unknown status word"


def _spoken(names: type[IntEnum], value: int) -> str | None:
    try:
        return names(value).name.replace("_", " ").lower()
    except ValueError:
        return None


class ApduFormatError(ValueError):
    """These bytes are not an APDU."""


@dataclass(frozen=True, slots=True)
class CommandApdu:
    """One command: header, up to 65535 bytes of data, and `ne`, the most bytes wanted back.

    `ne` counts 0 (nothing wanted) to 65536; it is the decoded form of Le. `extended` asks for the
    extended encoding even where the short one would do.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    ne: int = 0
    extended: bool = False

    def __post_init__(self) -> None:
        # The union is negative where one of them is, and above 0xFF where one of them is.
        if not 0 <= self.cla | self.ins | self.p1 | self.p2 <= 0xFF:
            message = "each of CLA, INS, P1 and P2 is one byte"
            raise ApduFormatError(message)
        if len(self.data) > MAX_EXTENDED_NC or not 0 <= self.ne <= MAX_EXTENDED_NE:
            message = f"Nc {len(self.data)} or Ne {self.ne} is out of range"
            raise ApduFormatError(message)

    def __repr__(self) -> str:
        return f"<{self.name} Nc={len(self.data)} Ne={self.ne}>"

    @property
    def header(self) -> bytes:
        """CLA, INS, P1 and P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    @property
    def name(self) -> str:
        """The command's name with its header and no data, fit for messages and logs."""
        known = (_spoken(INS, self.ins) or "command").upper()
        return f"{known} ({self.header.hex().upper()})"

    @property
    def is_chained(self) -> bool:
        """Whether more commands of the same chain follow (ISO/IEC 7816-4, 5.3.3)."""
        return bool(self.cla & CLA_CHAINING) and self.cla & 0xE0 == 0

    @property
    def is_secured(self) -> bool:
        """Whether the class byte announces secure messaging (ISO/IEC 7816-4, 5.4.1)."""
        return self.cla & 0xE0 == 0 and bool(self.cla & CLA_SECURE)

    def with_ne(self, ne: int) -> CommandApdu:
        """The same command asking for another number of bytes."""
        return replace(self, ne=ne)

    def encode(self) -> bytes:
        """Cases 1 to 4, short where it fits and `extended` is not asked for (7816-4, 5.2)."""
        nc = len(self.data)
        if self.extended or nc > MAX_SHORT_NC or self.ne > MAX_SHORT_NE:
            return self.header + self._extended_body(nc)
        lc = bytes((nc,)) if nc else b""
        le = bytes((self.ne & 0xFF,)) if self.ne else b""
        return self.header + lc + self.data + le

    def _extended_body(self, nc: int) -> bytes:
        if not nc and not self.ne:
            return b""
        lc = nc.to_bytes(2, "big") if nc else b""
        le = (self.ne & 0xFFFF).to_bytes(2, "big") if self.ne else b""
        return b"\x00" + lc + self.data + le

    @classmethod
    def decode(cls, raw: bytes) -> CommandApdu:
        """Read any of the seven encodings.

        Raises:
            ApduFormatError: the lengths inside do not add up to `raw`.
        """
        if len(raw) < 4:  # the header
            message = f"a command has at least 4 bytes, got {len(raw)}"
            raise ApduFormatError(message)
        data, ne, extended = _decode_body(raw[4:])
        cla, ins, p1, p2 = raw[:4]
        return cls(cla, ins, p1, p2, data, ne, extended)


def _decode_body(body: bytes) -> tuple[bytes, int, bool]:
    if not body:
        return b"", 0, False
    if len(body) == 1:
        return b"", body[0] or MAX_SHORT_NE, False
    if body[0]:
        data, le = body[1 : 1 + body[0]], body[1 + body[0] :]
        if len(data) == body[0] and len(le) <= 1:
            return data, (le[0] or MAX_SHORT_NE) if le else 0, False
    elif len(body) == 3:  # case 2 extended
        return b"", int.from_bytes(body[1:], "big") or MAX_EXTENDED_NE, True
    elif len(body) > 3 and (nc := int.from_bytes(body[1:3], "big")):  # case 3, 4 E
        data, le = body[3 : 3 + nc], body[3 + nc :]
        if len(data) == nc and len(le) in (0, 2):
            return data, (int.from_bytes(le, "big") or MAX_EXTENDED_NE) if le else 0, True
    message = f"the lengths in a command body of {len(body)} bytes do not add up"
    raise ApduFormatError(message)


@dataclass(frozen=True, slots=True)
class ResponseApdu:
    """One answer: data and the status word `sw` (int, 16 bits)."""

    data: bytes = b""
    sw: int = SW.OK

    def __repr__(self) -> str:
        return f"<{len(self.data)} bytes, {self.sw:04X}>"

    @property
    def ok(self) -> bool:
        """Whether the card reports plain success."""
        return self.sw == SW.OK

    @property
    def tries_left(self) -> int | None:
        """The x of 63Cx, else None (ISO/IEC 7816-4, table 5)."""
        return self.sw & 0x0F if self.sw & 0xFFF0 == 0x63C0 else None

    def encode(self) -> bytes:
        """Data, then SW1 and SW2."""
        return self.data + self.sw.to_bytes(2, "big")

    @classmethod
    def decode(cls, raw: bytes) -> ResponseApdu:
        """Split the status word off.

        Raises:
            ApduFormatError: fewer than two bytes came.
        """
        if len(raw) < 2:  # SW1, SW2
            message = f"an answer has at least 2 bytes, got {len(raw)}"
            raise ApduFormatError(message)
        return cls(bytes(raw[:-2]), int.from_bytes(raw[-2:], "big"))
