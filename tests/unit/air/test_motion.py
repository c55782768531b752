"""Hands: built-in motions are functions of a seed, measured ones are read line by line."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.air.motion import AWAY, HOLD, MOTIONS, measured, motion
from harness.errors import UsageError

TIMES = [step / 50 for step in range(500)]


@pytest.mark.parametrize("name", MOTIONS)
@given(seed=st.integers(0, 2**32))
def test_a_seed_is_a_hand(name: str, seed: int) -> None:
    """The same name and seed give the same distances, none of them below contact."""
    one, two = motion(name, seed), motion(name, seed)
    path = [one.distance(time) for time in TIMES[:60]]
    assert path == [two.distance(time) for time in TIMES[:60]]
    assert min(path) >= 0


def test_steady_does_not_move() -> None:
    """Steady is one distance for ever."""
    assert {motion("steady").distance(time) for time in (0, 1, 1000)} == {HOLD.value}


@pytest.mark.parametrize("name", [name for name in MOTIONS if name != "edge-of-field"])
def test_the_same_hand_at_another_height(name: str) -> None:
    """Moved 20 mm up, a hand makes the same movement; without a height it has its usual one."""
    low, usual, high = (motion(name, 5, height).distance for height in (8.0, None, 28.0))
    for time in TIMES:
        assert low(time) == usual(time)
        assert high(time) > low(time)
        if name != "walk-by":  # a straight line past the reader: the hypotenuse
            assert high(time) == pytest.approx(low(time) + 20)


def test_a_height_that_cannot_be() -> None:
    """A height below contact is refused, and one for a motion that is named after its own."""
    for height in (-1.0, math.nan, AWAY + 1):
        with pytest.raises(UsageError, match="a card is held 0 to 1000 mm away"):
            motion("tremor", height=height)
    with pytest.raises(UsageError, match="edge-of-field is a height of its own, 30 mm"):
        motion("edge-of-field", height=8.0)
    edge, tremor = motion("edge-of-field"), motion("tremor", height=30.0)
    paths = {min(each.distance(time) for time in TIMES) > 20 for each in (edge, tremor)}
    assert paths == {True}


@pytest.mark.parametrize("name", ["tremor", "slip", "pull-away", "edge-of-field", "walk-by"])
def test_hands_differ(name: str) -> None:
    """Another seed is another hand."""
    paths = {tuple(motion(name, seed).distance(time) for time in TIMES) for seed in range(5)}
    assert len(paths) == 5


def test_what_the_names_say() -> None:
    """Tremor stays within millimetres, a slip and a pull leave the field and come back."""
    tremor = [motion("tremor", 3).distance(time) for time in TIMES]
    assert 0.5 < max(tremor) - min(tremor) < 10
    slip = motion("slip", 3)
    slipped = [slip.distance(time / 20) for time in range(1200)]
    assert max(slipped) > HOLD.value + 15
    pulled = [motion("pull-away", 3).distance(time) for time in TIMES]
    assert max(pulled) > 100
    assert pulled[-1] < 15
    walked = [motion("walk-by", 3).distance(time) for time in TIMES]
    assert walked[-1] > 1000
    assert motion("case-and-metal").loss > 0


def test_unknown_motion_lists_the_known() -> None:
    """A motion that does not exist is answered with those that do."""
    with pytest.raises(UsageError, match=r"no motion dance.*pull-away.*walk-by"):
        motion("dance")


def test_measured_trace() -> None:
    """Between lines it is interpolated, outside the ends hold; header and comments are skipped."""
    trace = measured("# phone 7\ntime_s,distance_mm\n1.0, 10\n\n2.0,30\n", "lab")
    assert trace.name == "lab"
    expected = {0.0: 10, 1.0: 10, 1.5: 20, 2.0: 30, 9.0: 30}
    assert {time: trace.distance(time) for time in expected} == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("time_s,distance_mm\n0,5\n0.1;6\n", 3),
        ("0,5\n0.1,near\n", 2),
        ("0,5,6\n", 1),
        ("0,5\n0,6\n", 2),
        ("0,-1\n", 1),
        ("0,nan\n", 1),
        ("-1,5\n", 1),
    ],
)
def test_bad_line_is_named(text: str, line: int) -> None:
    """A broken trace is refused with the number of its line."""
    with pytest.raises(UsageError, match=f"line {line} of the motion trace"):
        measured(text)


def test_empty_trace() -> None:
    """A trace without a line says what a line looks like."""
    with pytest.raises(UsageError, match="time_s,distance_mm"):
        measured("time_s,distance_mm\n")


@given(
    st.lists(st.floats(0, AWAY), min_size=1, max_size=30),
    st.floats(0, 100, allow_nan=False),
)
def test_measured_stays_within_its_points(distances: list[float], time: float) -> None:
    """No time gives a distance outside those measured."""
    text = "\n".join(f"{number},{distance!r}" for number, distance in enumerate(distances))
    found = measured(text).distance(time)
    slack = 1e-9 * (1 + max(distances))
    assert min(distances) - slack <= found <= max(distances) + slack
    assert math.isfinite(found)
