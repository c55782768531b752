"""What a reader lets through: T=0's form of a command, and the limits a driver announces."""

from __future__ import annotations

import pytest

from harness.transport.limits import (
    EXTENDED,
    SHORT_ONLY,
    longest_command,
    properties_control,
    t0_command,
)


@pytest.mark.parametrize(
    ("command", "carried"),
    [
        ("00A40000", "00A4000000"),
        ("00CA000000", "00CA000000"),
        ("00A4040002A000", "00A4040002A000"),
        ("00A4040002A00000", "00A4040002A000"),
        ("00D600000000020102", "00D600000000020102"),
    ],
    ids=["case 1", "case 2", "case 3", "case 4", "extended"],
)
def test_t0_carries_p3_and_no_le_after_data(command: str, carried: str) -> None:
    """Each short case takes the form that T=0 has for it, and the extended ones stay."""
    assert t0_command(bytes.fromhex(command)) == bytes.fromhex(carried)


@pytest.mark.parametrize(
    ("properties", "longest"),
    [
        ("", EXTENDED),
        ("0801410B02E6040C021009", EXTENDED),
        ("0A0400000000", SHORT_ONLY),
        ("0A0400010000", SHORT_ONLY),
        ("09013D0A0400080000", 2048 + 9),
        ("0A0400000100", EXTENDED),
        ("0A04FFFFFFFF09013D", EXTENDED),
        ("0A", EXTENDED),
    ],
    ids=["nothing", "others", "zero", "256", "2048", "65536", "boundless", "cut"],
)
def test_the_longest_command_follows_the_properties(properties: str, longest: int) -> None:
    """Few data bytes mean short only; silence means all that PC/SC passes."""
    assert longest_command(bytes.fromhex(properties)) == longest


@pytest.mark.parametrize(
    ("features", "control"),
    [
        ("", None),
        ("060442330006", None),
        ("120442330012", 0x42330012),
        ("060442330006120442330012", 0x42330012),
        ("1204423300", None),
    ],
    ids=["none", "other", "only", "second", "cut"],
)
def test_the_way_to_ask_for_properties_is_a_feature(features: str, control: int | None) -> None:
    """The control code is found by its tag among the driver's features, or is absent."""
    assert properties_control(bytes.fromhex(features)) == control
