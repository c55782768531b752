"""The two checksums that end every frame on the air; blocks elsewhere in this package have none."""

from __future__ import annotations

from binascii import crc_hqx

CRC_SIZE = 2  # bytes
_PRESET_A = 0xC6C6  # 6363 with its bits mirrored; ISO/IEC 14443-3, 6.2.4
_PRESET_B = 0xFFFF  # ISO/IEC 14443-3, 7.2
_MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_INVERT = bytes(byte ^ 0xFF for byte in range(256))


def crc_a(data: bytes) -> bytes:
    """CRC_A of a type A frame: two bytes, as sent (ISO/IEC 14443-3, 6.2.4 and annex B)."""
    return _crc(data, _PRESET_A)


def crc_b(data: bytes) -> bytes:
    """CRC_B of a type B frame: two bytes, as sent (ISO/IEC 14443-3, 7.2 and annex B)."""
    return _crc(data, _PRESET_B).translate(_INVERT)


def _crc(data: bytes, preset: int) -> bytes:
    # The air sends the lowest bit first, the C routine takes the highest first: hence the mirror.
    register = crc_hqx(data.translate(_MIRROR), preset)
    return register.to_bytes(CRC_SIZE, "big").translate(_MIRROR)
