"""The checksums against the worked examples of ISO/IEC 14443-3, annex B."""

from __future__ import annotations

import pytest

from harness.isodep.crc import crc_a, crc_b


@pytest.mark.parametrize(("data", "crc"), [("0000", "a01e"), ("1234", "26cf")])
def test_crc_a_examples(data: str, crc: str) -> None:
    """CRC_A gives the bytes of the standard's examples, in the order they are sent."""
    assert crc_a(bytes.fromhex(data)).hex() == crc


@pytest.mark.parametrize(
    ("data", "crc"), [("000000", "ccc6"), ("0faaff", "fcd1"), ("0a123456", "2cf6")]
)
def test_crc_b_examples(data: str, crc: str) -> None:
    """CRC_B gives the bytes of the standard's examples, in the order they are sent."""
    assert crc_b(bytes.fromhex(data)).hex() == crc


def test_every_single_bit_error_is_seen() -> None:
    """Neither checksum survives one wrong bit anywhere in a frame."""
    frame = bytes(range(40))
    for bit in range(8 * len(frame)):
        wrong = bytearray(frame)
        wrong[bit // 8] ^= 1 << bit % 8
        assert crc_a(bytes(wrong)) != crc_a(frame)
        assert crc_b(bytes(wrong)) != crc_b(frame)
