"""Cards that are taken away: after a write, or with an answer."""

from __future__ import annotations

import pytest

from harness.conformance.acts.holder import Holder
from harness.conformance.acts.tear import cut_at_write, torn_after
from harness.conformance.judgement import Blocked
from harness.conformance.source import EmulatedSource
from harness.conformance.subject import Subject
from harness.errors import LinkError
from harness.station import CardOptions


@pytest.fixture
def subject() -> Subject:
    """An emulated Estonian card."""
    return Subject(EmulatedSource.of(CardOptions(profile="est-idemia-2018")))


def test_the_power_fails_after_a_write(subject: Subject) -> None:
    """What was stored before the power failed is kept, what would have come after is not done."""
    holder = Holder(subject)
    with cut_at_write(subject, 1), pytest.raises(LinkError, match="after 1 writes"):
        holder.verify("PIN1")
    holder.anew()
    assert holder.tries("PIN1") == 2


def test_without_that_many_writes_nothing_fails(subject: Subject) -> None:
    """A right VERIFY stores twice, and so is not cut at a third write; later writes are free."""
    holder = Holder(subject)
    with cut_at_write(subject, 3):
        assert holder.verify("PIN1").ok
    assert holder.verify("PIN1").ok


def test_a_real_card_cannot_be_cut(subject: Subject) -> None:
    """Only an emulated card tells when it stores something."""
    subject.station.emulated = None
    with pytest.raises(Blocked, match="emulated card only"), cut_at_write(subject, 1):
        pytest.fail("it was cut")


def test_a_card_is_taken_away_with_an_answer(subject: Subject) -> None:
    """The command arrives, its answer does not, and afterwards the card can be put back."""
    with torn_after(subject, 3), pytest.raises(LinkError, match="taken away"):
        Holder(subject)
    subject.power_off()
    assert Holder(subject).tries("PIN1") == 3
