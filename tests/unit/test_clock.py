"""Clocks."""

from __future__ import annotations

import pytest

from harness.clock import VirtualClock, WallClock


def test_a_virtual_clock_moves_only_when_told() -> None:
    """Simulated time stands still between sleeps and moves exactly by them."""
    clock = VirtualClock(5.0)
    assert clock.now() == clock.now() == 5.0
    clock.sleep(30.0)
    assert clock.now() == 35.0


def test_time_does_not_go_back() -> None:
    """A negative sleep is an error and changes nothing."""
    clock = VirtualClock()
    with pytest.raises(ValueError, match="time cannot go back by 1"):
        clock.sleep(-1)
    assert clock.now() == 0.0


def test_the_wall_clock_goes_on() -> None:
    """The wall clock never goes back, also across a sleep."""
    clock = WallClock()
    before = clock.now()
    clock.sleep(0.0)
    assert clock.now() >= before
