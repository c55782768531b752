"""Frame sizes, waiting times and bit rates, and what contradicts the standard."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.isodep.limits import FWT_MAX, BitRates, Limits, frame_size, size_index

SIZES = [16, 24, 32, 40, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096]


def test_frame_sizes() -> None:
    """FSDI and FSCI 0 to C mean 16 to 4096 bytes, and the reserved D to F mean C (5.1)."""
    assert [frame_size(index) for index in range(16)] == [*SIZES, 4096, 4096, 4096]


def test_size_index_rounds_down() -> None:
    """A size between two codes is announced as the smaller, so that it always fits."""
    assert [size_index(size) for size in SIZES] == list(range(13))
    assert [size_index(size) for size in (23, 255, 5000)] == [0, 7, 12]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"fsd": 15}, "at least 16"),
        ({"fsc": 0}, "at least 16"),
        ({"fwi": 15}, "FWI runs from 0 to 14"),
        ({"fwi": -1}, "FWI"),
        ({"cid": 15}, "CID runs from 0 to 14"),
    ],
)
def test_contradictory_limits_are_refused(limits: dict[str, int], message: str) -> None:
    """FSC under 16, FWI 15 and CID 15 cannot be configured."""
    with pytest.raises(UsageError, match=message):
        Limits(**limits)


def test_waiting_time() -> None:
    """FWT is 302 us for FWI 0, 4.83 ms for 4 and 4949 ms for 14 (7.2)."""
    assert [round(Limits(fwi=fwi).fwt * 1e6) for fwi in (0, 4, 14)] == [302, 4833, 4949031]
    assert Limits(fwi=14).fwt == FWT_MAX


def test_bit_rate_byte() -> None:
    """TA1 holds both directions and the demand for one divisor (5.2.4)."""
    rates = BitRates((1, 2, 8), (1, 4), same=True)
    assert rates.encode() == 0b1010_0101
    assert BitRates.decode(0b1010_0101) == rates
    assert BitRates.decode(0x77) == BitRates((1, 2, 4, 8), (1, 2, 4, 8))


def test_reserved_bit_means_slow() -> None:
    """With b4 of TA1 set only 106 kbit/s is taken (5.2.4)."""
    assert BitRates.decode(0x7F) == BitRates()


@pytest.mark.parametrize(
    ("byte", "wish", "chosen"),
    [
        (0x77, (8, 8), (8, 8)),
        (0x77, (2, 8), (2, 8)),
        (0x13, (8, 8), (4, 2)),
        (0x00, (8, 8), (1, 1)),
        (0x93, (8, 8), (2, 2)),
        (0xF7, (4, 8), (4, 4)),
        (0xA1, (8, 8), (1, 1)),
    ],
)
def test_choice(byte: int, wish: tuple[int, int], chosen: tuple[int, int]) -> None:
    """The fastest common divisors are chosen, one for both ways where the card demands it."""
    assert BitRates.decode(byte).choose(*wish) == chosen


def test_impossible_divisors_are_refused() -> None:
    """A set of divisors without 106 kbit/s, or with an unknown one, cannot be configured."""
    with pytest.raises(UsageError, match="divisors"):
        BitRates((2,))
    with pytest.raises(UsageError, match="divisors"):
        BitRates((1, 3))
