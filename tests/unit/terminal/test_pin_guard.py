"""The rules that keep a real card's PIN from being spent."""

from __future__ import annotations

import pytest

from harness.errors import BlockedPinError, PinFloorError, UsageError, WrongPinError
from harness.secret import Pin
from harness.terminal.pin_guard import PinGuard, Refusals

PIN, OTHER = Pin("1234"), Pin("4321")


@pytest.mark.parametrize(
    ("floor", "tries", "admitted"),
    [
        (2, 3, True),
        (2, 2, False),
        (2, 1, False),
        (1, 2, True),
        (1, 1, False),
        (0, 1, True),
        (0, 3, True),
    ],
)
def test_the_floor(floor: int, tries: int, *, admitted: bool) -> None:
    """A code passes only if a wrong one would leave as many tries as the floor; 0 is no floor."""
    if admitted:
        PinGuard(floor).admit("PIN1", PIN, tries)
        return
    with pytest.raises(PinFloorError, match=f"has {tries} tries left") as caught:
        PinGuard(floor).admit("PIN1", PIN, tries)
    assert (caught.value.code, caught.value.tries_left) == ("pin1-floor", tries)


def test_the_default_never_spends_the_last_but_one() -> None:
    """Without a floor named, a counter at two is left alone."""
    with pytest.raises(PinFloorError):
        PinGuard().admit("PIN1", PIN, 2)


@pytest.mark.parametrize("floor", [0, 2])
def test_a_blocked_code(floor: int) -> None:
    """No tries left is blocked, whatever the floor."""
    with pytest.raises(BlockedPinError, match="unblock it with the PUK"):
        PinGuard(floor).admit("PIN1", PIN, 0)


def test_a_refused_code_never_again() -> None:
    """A code that was refused is not offered again, by any guard with the same memory."""
    memory = Refusals()
    PinGuard(0, memory).refuse("PIN1", PIN)
    again = PinGuard(0, memory)
    for tries in (2, 3):
        with pytest.raises(WrongPinError, match="already refused"):
            again.admit("PIN1", PIN, tries)
    again.admit("PIN1", OTHER, 3)
    again.admit("PIN2", PIN, 3)
    PinGuard(0).admit("PIN1", PIN, 3)


def test_a_torn_code() -> None:
    """After a tear the code passes if the card has counted nothing, and not if it has."""
    guard = PinGuard(0)
    guard.torn("PIN1", PIN, tries_before=3)
    guard.admit("PIN1", PIN, 3)
    with pytest.raises(WrongPinError, match="has counted a try since"):
        guard.admit("PIN1", PIN, 2)
    guard.admit("PIN1", OTHER, 2)


def test_only_these_codes() -> None:
    """A guard limited to some codes lets no other one pass."""
    guard = PinGuard(0, only=[PIN])
    guard.admit("PIN1", PIN, 3)
    with pytest.raises(UsageError, match="none of the codes given"):
        guard.admit("PIN1", OTHER, 3)


def test_no_code_in_any_message() -> None:
    """No refusal shows the code it is about."""
    guard = PinGuard(2)
    for tries in (0, 1):
        with pytest.raises((BlockedPinError, PinFloorError)) as caught:
            guard.admit("PIN1", Pin("918273"), tries)
        assert "918273" not in str(caught.value)
    assert "918273" not in repr(guard)


def test_an_accepted_code_is_not_torn() -> None:
    """Once the card accepted a code, another one's tries are not laid at its door."""
    guard = PinGuard(0)
    guard.torn("PIN1", PIN, tries_before=3)
    guard.accept("PIN1", PIN)
    guard.admit("PIN1", PIN, 2)
