"""The card under test, as a case handles it."""

from __future__ import annotations

from dataclasses import replace

from fixtures.cards import image_of
from harness.conformance.source import EmulatedSource
from harness.conformance.subject import Subject
from harness.emulator.person import Person

IDEMIA = "est-idemia-2018"


def source() -> EmulatedSource:
    """An emulated Estonian card."""
    return EmulatedSource(image_of(IDEMIA), Person())


def test_the_same_chance_for_the_same_seed() -> None:
    """On an emulated card whatever is drawn comes from the seed."""
    first, second, other = (Subject(source(), seed=seed) for seed in (3, 3, 4))
    drawn = first.chance.randbytes(16)
    assert second.chance.randbytes(16) == drawn
    assert other.chance.randbytes(16) != drawn


def test_no_key_on_a_precious_card_comes_from_a_seed() -> None:
    """A report of a real card tells the seed, so nothing secret may follow from it."""
    precious = replace(source())
    precious.is_precious = True
    first, second = (Subject(precious, seed=3) for _ in range(2))
    assert first.chance.randbytes(16) != second.chance.randbytes(16)


def test_a_sample_in_another_state() -> None:
    """A case may go on with a card whose PIN2 is still the first one."""
    subject = Subject(source())
    before = subject.station.emulated
    assert subject.take_sample(pin2_changed=False)
    after = subject.station.emulated
    assert before is not None
    assert after is not None
    assert before.memory.pin2_changed
    assert not after.memory.pin2_changed
