"""The units about files, access and the passport's contents, on every built-in card."""

from __future__ import annotations

from functools import cache

import pytest

from fixtures.file_units import EVERY_DOCUMENT, IDS, OURS, UNTRIED
from fixtures.mutants import access, documents
from fixtures.mutants.mutant import Mutant, failures
from harness.conformance.case import Unit, Verdict
from harness.conformance.execution import execute, runs
from harness.conformance.source import EmulatedSource
from harness.emulator.person import Person
from harness.profiles import builtin_names
from harness.station import CardOptions

FORMS = ("%y%m%d", "%Y%m%d")
PROFILES = (*builtin_names(), EVERY_DOCUMENT)
GOOD = {Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.NOT_IMPLEMENTED}


@pytest.mark.parametrize("unit", OURS, ids=lambda unit: unit.name)
def test_every_case_of_the_plan_is_there_once(unit: Unit) -> None:
    """A unit has the identifiers of its plan, each once, in its order."""
    assert [case.id for case in unit.cases] == [f"{unit.name}_{n}" for n in IDS[unit.name]]


def test_a_unit_of_ours_is_in_the_catalogue() -> None:
    """No unit of the table is missing."""
    assert {unit.name for unit in OURS} == IDS.keys()


@pytest.mark.parametrize("unit", OURS, ids=lambda unit: unit.name)
def test_every_case_says_what_it_is_about(unit: Unit) -> None:
    """Each has a title of one sentence, a clause, and a purpose or a reason why it is not there."""
    for case in unit.cases:
        assert case.title.endswith("."), case.id
        assert case.clause, case.id
        said = case.purpose and case.expected and case.preconditions
        assert said or case.why_not, case.id


@cache
def verdicts(profile: str) -> dict[str, tuple[Verdict, str]]:
    """What becomes of every run of our units on the emulated card of a profile, and why."""
    source = EmulatedSource.of(CardOptions(profile=profile))
    results = [
        execute(run, source)
        for unit in OURS
        for case in unit.cases
        for run in runs(case, source.profile)
    ]
    assert len({result.id for result in results}) == len(results)
    return {result.id: (result.verdict, result.reason) for result in results}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_emulated_card_passes(profile: str) -> None:
    """No case fails or is blocked on an emulated card of any profile."""
    ended = verdicts(profile)
    assert {run: why for run, (verdict, why) in ended.items() if verdict not in GOOD} == {}


def test_every_case_is_tried_somewhere() -> None:
    """Each case passes on some card, but for what no emulated card has."""
    passed = {
        run
        for profile in PROFILES
        for run, (verdict, _) in verdicts(profile).items()
        if verdict is Verdict.PASS
    }
    implemented = {case.id for unit in OURS for case in unit.cases if not case.why_not}
    assert implemented - passed == UNTRIED


@pytest.mark.parametrize(
    "mutant",
    [mutant for mutant in documents.MUTANTS if mutant.name.startswith(("dg1-", "dg11", "dg12"))],
    ids=lambda mutant: mutant.name,
)
def test_no_reason_tells_of_the_holder(mutant: Mutant) -> None:
    """A failure says which field is wrong, but not what the field holds."""
    person = Person()
    held = (person.surname, person.given_names, person.personal_code, person.document_number)
    dates = [f"{day:{form}}" for day in (person.birth_date, person.expiry_date) for form in FORMS]
    said = " ".join(failures(mutant, access.PASSPORT).values())
    assert said
    assert [word for word in (*held, *dates) if word.lower() in said.lower()] == []
