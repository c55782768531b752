"""The catalogue finds faults: every broken card fails a case that says what is broken."""

from __future__ import annotations

from collections import Counter

import pytest

from fixtures.mutants import MUTANTS
from fixtures.mutants.mutant import Mutant, failures, verdicts
from fixtures.mutants.table import PAGE, page
from harness.conformance.case import Verdict
from harness.conformance.catalogue import UNITS

KNOWN = {unit.name for unit in UNITS} | {case.id for unit in UNITS for case in unit.cases}


PAIRS = [
    pytest.param(mutant, profile, id=f"{mutant.name}-{profile}")
    for mutant in MUTANTS
    for profile in mutant.profiles
]


@pytest.mark.parametrize(("mutant", "profile"), PAIRS)
def test_a_broken_card_fails_a_case_that_names_the_fault(mutant: Mutant, profile: str) -> None:
    """A case that the unbroken card passes fails on the broken one, and says what is wrong."""
    said = failures(mutant, profile)
    assert said, f"{mutant.name} survives: {mutant.broken}"
    named = {run for run, text in said.items() if mutant.is_named_in(text)}
    assert named, f"no failure names {mutant.names}: {said}"
    unbroken = {run: v for case in mutant.cases for run, v in verdicts(case, profile).items()}
    assert {unbroken[run] for run in named} == {Verdict.PASS}


def test_there_are_enough_of_them() -> None:
    """Sixty broken cards are the least that a catalogue is worth anything with."""
    assert len(MUTANTS) >= 60


def test_mutants_have_names_of_their_own() -> None:
    """No two broken cards have one name."""
    assert [name for name, n in Counter(m.name for m in MUTANTS).items() if n > 1] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_says_what_finds_it(mutant: Mutant) -> None:
    """Each is one sentence, and names cases of the catalogue and words that a reason must hold."""
    assert mutant.broken.endswith(".")
    assert mutant.names
    assert {*mutant.killers} <= KNOWN


def test_the_page_is_up_to_date() -> None:
    """docs/mutants.md is what `python -m fixtures.mutants` writes."""
    assert PAGE.read_text(encoding="utf-8") == page(MUTANTS)
