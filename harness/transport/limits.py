"""What a reader and its protocol let through, read from what its driver tells of itself."""

from __future__ import annotations

SHORT_ONLY = 4 + 1 + 255 + 1
EXTENDED = 4 + 3 + 0xFFFF + 2

_FEATURE_GET_TLV_PROPERTIES = 0x12
_PROPERTY_MAX_APDU_DATA_SIZE = 0x0A


def t0_command(command: bytes) -> bytes:
    """Return a short command as T=0 carries it: P3 always there, no Le after data.

    ISO/IEC 7816-3, 12.2.1 (case 1) and 12.2.4 (case 4 short).
    """
    if len(command) == 4:
        return command + b"\x00"
    if len(command) > 5 and len(command) == 5 + command[4] + 1:
        return command[:-1]
    return command


def properties_control(features: bytes) -> int | None:
    """Return the control code that asks a driver for its properties, if it has one.

    Each feature is a tag byte, the length 4 and a big-endian code (PC/SC part 10, 2.2).
    """
    for start in range(0, len(features) - 5, 6):
        if features[start] == _FEATURE_GET_TLV_PROPERTIES:
            return int.from_bytes(features[start + 2 : start + 6])
    return None


def longest_command(properties: bytes) -> int:
    """Return the bytes of the longest command that a reader with these properties takes.

    dwMaxAPDUDataSize up to 256 means short commands only; a reader that does not tell it is taken
    to pass what PC/SC passes (PC/SC part 10, 2.6.14).
    """
    data = _number(properties, _PROPERTY_MAX_APDU_DATA_SIZE)
    if data is None:
        return EXTENDED
    return min(4 + 3 + data + 2, EXTENDED) if data > 256 else SHORT_ONLY


def _number(properties: bytes, wanted: int) -> int | None:
    """Return the number behind a tag: each is a tag byte, a length byte, a little-endian value."""
    while len(properties) > 2:
        tag, length = properties[:2]
        if tag == wanted:
            return int.from_bytes(properties[2 : 2 + length], "little")
        properties = properties[2 + length :]
    return None
