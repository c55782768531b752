"""The holder at the card under test: what is spent is given back, and real cards are spared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.mutants import MUTANTS
from fixtures.mutants.mutant import BrokenSource, unbroken
from harness.conformance.acts.holder import Holder
from harness.conformance.judgement import Blocked, Failure
from harness.conformance.source import EmulatedSource
from harness.conformance.subject import Subject
from harness.emulator.memory import CardMemory
from harness.station import CardOptions


@pytest.fixture
def subject() -> Subject:
    """An emulated Estonian card."""
    return Subject(EmulatedSource.of(CardOptions(profile="est-idemia-2018")))


def test_what_was_spent_is_given_back(subject: Subject) -> None:
    """Behind `spending` the counter is full again, also where the code was blocked."""
    holder = Holder(subject)
    for tries in (1, 3):
        with holder.spending("PIN1"):
            for _ in range(tries):
                holder.verify("PIN1", holder.other("PIN1"))
        assert holder.tries("PIN1") == 3


def test_it_is_given_back_after_a_failure_as_well(subject: Subject) -> None:
    """A case that fails while it spends leaves a full counter behind and stays a failure."""
    holder = Holder(subject)

    def failing() -> None:
        with holder.spending("PIN2"):
            holder.verify("PIN2", holder.other("PIN2"))
            holder.demand_tries("PIN2", 1, "in this test")

    with pytest.raises(Failure, match="expected 1 tries left"):
        failing()
    holder.anew()
    assert holder.tries("PIN2") == 3


def test_it_is_given_back_where_a_case_cannot_go_on(subject: Subject) -> None:
    """What a case has blocked is unblocked, also when it then finds that something is missing."""
    holder = Holder(subject)

    def stopped() -> None:
        with holder.spending("PIN1"):
            for _ in range(3):
                holder.verify("PIN1", holder.other("PIN1"))
            message = "nothing to go on with"
            raise Blocked(message)

    with pytest.raises(Blocked, match="nothing to go on with"):
        stopped()
    holder.anew()
    assert holder.tries("PIN1") == 3


def test_a_code_that_has_lost_tries_is_not_spent(subject: Subject) -> None:
    """Nothing is offered where tries are missing already: what was given may be wrong."""
    holder = Holder(subject)
    holder.verify("PIN1", holder.other("PIN1"))
    with pytest.raises(Blocked, match="only 2 of 3 tries left"), holder.spending("PIN1"):
        pytest.fail("it was spent")


def test_a_real_card_is_asked_before_a_code_is_offered(subject: Subject) -> None:
    """On a card that is precious even the right code waits for a full counter."""
    holder = Holder(subject)
    holder.verify("PIN1", holder.other("PIN1"))
    subject.source = replace(subject.source)
    subject.source.is_precious = True
    with pytest.raises(Blocked, match="give it rightly first"):
        holder.present("PIN1")
    assert holder.tries("PIN1") == 2


def test_another_code_is_as_long_and_differs_everywhere(subject: Subject) -> None:
    """The wrong code of a case differs from the right one in every digit."""
    holder = Holder(subject)
    right, other = holder.right("PUK"), holder.other("PUK", 3)
    assert len(other) == len(right) == 8
    assert all(one != two for one, two in zip(right, other, strict=True))


@pytest.mark.parametrize(
    "name",
    [
        "short-pin-may-be-chosen",
        "short-pin-by-unblocking",
        "change-without-old-pin",
        "puk-replaces-itself",
        "puk-not-checked",
        "fixed-puk-can-be-changed",
    ],
)
def test_a_value_that_was_wrongly_taken_is_taken_back(name: str) -> None:
    """A card that takes what it must refuse fails, and still has the codes of its holder."""
    (mutant,) = (each for each in MUTANTS if each.name == name)
    right = unbroken(mutant.profiles[0])
    failed = 0
    with mutant.breaks(right.image) as image:
        for case in mutant.cases:
            subject = Subject(BrokenSource(image, right))
            memory = CardMemory(image)
            before = {code: memory.code(code) for code in ("PIN1", "PIN2", "PUK")}
            assert case.run is not None
            try:
                case.run(subject)
            except Failure:
                failed += 1
            assert subject.station.emulated is not None
            kept = subject.station.emulated.memory
            assert {code: kept.code(code) for code in before} == before, case.id
    assert failed
