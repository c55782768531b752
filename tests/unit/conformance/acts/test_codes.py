"""PIN and PUK as passwords of PACE, as cases offer them: told, spent and given back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.cards import image_of
from harness.conformance.acts import codes
from harness.conformance.judgement import Blocked, Failure
from harness.conformance.source import EmulatedSource
from harness.conformance.subject import Subject
from harness.emulator.person import Person
from harness.secret import Secret

NPA, LITHUANIAN = "deu-npa", "ltu-masktech-2021"


def subject(profile: str = NPA) -> Subject:
    """An emulated card under test."""
    image = image_of(profile)
    return Subject(EmulatedSource(image, Person().fitted(image.profile)))


def left(card: Subject) -> int:
    """How many tries the card has in its memory."""
    emulated = card.station.emulated
    assert emulated is not None
    return emulated.memory.tries("PIN1")


def test_another_code_has_the_same_form() -> None:
    """It is as long, of digits, and not the same."""
    assert codes.another(Secret(b"123459")).reveal() == b"123450"


@pytest.mark.parametrize("profile", [NPA, LITHUANIAN])
def test_suspending_and_blocking(profile: str) -> None:
    """Wrong PINs leave one try, and the last one inside the channel of the CAN leaves none."""
    card = subject(profile)
    codes.suspend(card)
    assert (left(card), codes.tries(card)) == (1, 1)
    card = subject(profile)
    codes.block(card)
    assert (left(card), codes.tries(card)) == (0, 0)


@pytest.mark.parametrize("spend", [codes.suspend, codes.block, codes.offer_wrong])
def test_tries_are_given_back(spend: Callable[[Subject], object]) -> None:
    """Behind whatever spent them the PIN has all its tries again."""
    card = subject()
    with codes.given_back(card):
        spend(card)
    assert left(card) == 3


def test_tries_are_given_back_behind_a_failure_too() -> None:
    """A failure stays the one that is told, and the tries come back all the same."""
    card = subject()

    def fails() -> None:
        with codes.given_back(card):
            codes.suspend(card)
            raise Failure("this one", "another", "a clause")

    with pytest.raises(Failure, match="this one"):
        fails()
    assert left(card) == 3


def test_a_pin_without_unblocking_stays_blocked() -> None:
    """Where nobody published how the PUK unblocks, nothing is tried."""
    card = subject(LITHUANIAN)
    with codes.given_back(card):
        codes.block(card)
    assert left(card) == 0


def test_a_pin_that_lost_tries_is_not_begun_with() -> None:
    """A case that spends tries wants all of them to begin with."""
    card = subject()
    codes.require_whole(card)
    codes.offer_wrong(card)
    with pytest.raises(Blocked, match="answers 63C2"):
        codes.require_whole(card)
