"""Durations on the air against the numbers of ISO/IEC 14443 worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.air.timing import (
    FC,
    PAUSE,
    Direction,
    Kind,
    RfTiming,
    attrib_cycles,
    cycles,
    detect_cycles,
    etu_cycles,
    fwt_cycles,
    pps_cycles,
    rats_cycles,
    request_a_cycles,
    request_b_cycles,
    seconds,
    select_cycles,
    sfgt_cycles,
)
from harness.errors import UsageError

DIVISORS = st.sampled_from((1, 2, 4, 8))
TIMINGS = st.builds(RfTiming, st.sampled_from(Kind), DIVISORS, DIVISORS, st.integers(0, 2))


def test_etu() -> None:
    """A bit at 106 kbit/s lasts 9.44 us, and half of the one before at each higher rate."""
    assert seconds(etu_cycles(1)) == pytest.approx(9.44e-6, rel=1e-3)
    assert [etu_cycles(divisor) for divisor in (1, 2, 4, 8)] == [128, 64, 32, 16]


@pytest.mark.parametrize(("fwi", "milliseconds"), [(4, 4.83), (8, 77.3), (14, 4949)])
def test_frame_waiting_time(fwi: int, milliseconds: float) -> None:
    """FWT is 4096/fc times two to the FWI."""
    assert seconds(fwt_cycles(fwi)) == pytest.approx(milliseconds / 1000, rel=1e-3)


def test_reserved_waiting_times() -> None:
    """FWI 15 is refused, SFGI 0 is no pause and 1 is 8192 cycles."""
    with pytest.raises(UsageError, match="0 to 14"):
        fwt_cycles(15)
    assert (sfgt_cycles(0), sfgt_cycles(1)) == (0, 8192)


def test_type_a_frames() -> None:
    """Start, nine bits a byte, end: two bits from the reader, one from the card, preamble above."""
    slow, fast = RfTiming(), RfTiming(to_card=8, to_reader=8)
    assert slow.frame_cycles(4, Direction.TO_CARD) == (1 + 36 + 2) * 128
    assert slow.frame_cycles(4, Direction.TO_READER) == (1 + 36 + 1) * 128
    assert fast.frame_cycles(4, Direction.TO_CARD) == (1 + 36 + 2) * 16
    assert fast.frame_cycles(4, Direction.TO_READER) == 32 * 16 + (1 + 36) * 16
    assert slow.block_cycles(2, Direction.TO_CARD) == slow.frame_cycles(4, Direction.TO_CARD)


def test_type_b_frames() -> None:
    """SOF 12 etu, ten etu a character, guard time between characters, EOF 10 etu."""
    assert RfTiming(Kind.B).frame_cycles(3, Direction.TO_CARD) == (12 + 30 + 10) * 128
    spaced = RfTiming(Kind.B, 1, 2, egt=2)
    assert spaced.frame_cycles(3, Direction.TO_READER) == (12 + 30 + 4 + 10) * 64


@pytest.mark.parametrize(
    ("divisor", "after_one", "after_zero"),
    [(1, 1236, 1172), (2, 1172, 1140), (4, 1140, 1124), (8, 1124, 1116)],
)
def test_answer_gap_is_the_frame_delay(divisor: int, after_one: int, after_zero: int) -> None:
    """Counted from the end of the frame, an answer comes where the standard's delays put it.

    They count from the reader's last pause: it lies in the middle of a last 1, and where the end of
    communication follows a 0, at the beginning of that (ISO/IEC 14443-3, 6.2.1.1).
    """
    etu = 128 // divisor
    pause = PAUSE // divisor
    frame_end = 2 * etu
    from_zero, from_one = pause + after_zero, pause + after_one - etu // 2
    assert from_zero == from_one
    assert RfTiming(to_card=divisor).answer_gap_cycles() == from_zero - frame_end


def test_an_answer_that_takes_longer_keeps_the_raster() -> None:
    """It comes at the first step of 128 cycles at which the card has computed it."""
    timing = RfTiming()
    later = timing.answer_gap_cycles(5000) - timing.answer_gap_cycles()
    assert later % 128 == 0
    assert 5000 <= timing.answer_gap_cycles(5000) < 5000 + 128


def test_type_b_answer_gap() -> None:
    """TR0 of 75.5 us and TR1 of 94.4 us at least; computing prolongs TR0."""
    timing = RfTiming(Kind.B)
    assert timing.answer_gap_cycles() == 1024 + 1280
    assert timing.answer_gap_cycles(50_000) == 50_000 + 1280
    assert timing.turnaround_cycles() == 14 * 128


def test_activation() -> None:
    """An activation takes the guard time and some milliseconds more; each cascade level adds."""
    one, two, three = (select_cycles(size) for size in (4, 7, 10))
    assert two == 2 * one
    assert three == 3 * one
    assert request_a_cycles() == 7000  # REQA guard time rules over the 3.9 thousand of the frames
    assert 0.005 < seconds(detect_cycles(Kind.A)) < 0.010
    assert seconds(detect_cycles(Kind.B)) == 0.005
    assert rats_cycles(20) > rats_cycles(5) > pps_cycles()
    assert request_b_cycles() > attrib_cycles()
    with pytest.raises(UsageError, match="4, 7 or 10"):
        select_cycles(5)


def test_unknown_bit_rate() -> None:
    """A divisor outside 1, 2, 4 and 8 is refused."""
    with pytest.raises(UsageError, match="106 to 848"):
        RfTiming(to_card=3)


PACE = [(22, 2), (10, 22), (76, 71), (76, 71), (19, 14)]  # MSE:Set AT and four steps


def _wire(exchanges: list[tuple[int, int]], timing: RfTiming) -> float:
    blocks = [(sent + 3, received + 3) for sent, received in exchanges]  # PCB and CRC
    return seconds(sum(timing.exchange_cycles(sent, received) for sent, received in blocks))


def _protected_reads(chunk: int, size: int = 1500) -> list[tuple[int, int]]:
    parts = [min(chunk, size - start) for start in range(0, size, chunk)]
    padded = [part // 16 * 16 + 16 for part in parts]
    return [(19, body + (3 if body < 127 else 4) + 4 + 10 + 2) for body in padded]


def test_wire_floor() -> None:
    """PACE alone is 35 ms on the wire at 106 kbit/s; with a 1500-byte certificate 240 or 212 ms."""
    at_106 = RfTiming()
    assert _wire(PACE, at_106) == pytest.approx(0.035, rel=0.05)
    selects = [(26, 30), (35, 16), (35, 16)]
    for chunk, floor in ((0xA0, 0.240), (0xDF, 0.212)):
        read = selects + PACE + _protected_reads(chunk)
        assert _wire(read, at_106) == pytest.approx(floor, rel=0.05)
        assert floor / 8 < _wire(read, RfTiming(to_card=8, to_reader=8)) < floor / 4


@given(TIMINGS, st.integers(0, 4096), st.sampled_from(Direction))
def test_longer_frames_take_longer(timing: RfTiming, size: int, direction: Direction) -> None:
    """A byte more is always more time."""
    assert timing.frame_cycles(size + 1, direction) > timing.frame_cycles(size, direction)


@given(TIMINGS, st.integers(0, 10 * FC))
def test_answer_never_before_it_is_computed(timing: RfTiming, computing: int) -> None:
    """The gap covers the computing and, for type A, waits for the next step of the grid only."""
    gap = timing.answer_gap_cycles(computing)
    assert gap >= computing
    if timing.kind is Kind.A:
        assert gap < max(computing, timing.answer_gap_cycles()) + 128


@given(st.integers(0, 10 * FC))
def test_cycles_and_seconds(count: int) -> None:
    """Cycles survive the way to seconds and back."""
    assert cycles(seconds(count)) == count
