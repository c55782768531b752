"""The units EID_* and those of terminals: every emulated card is green, on each interface."""

from __future__ import annotations

from functools import cache

import pytest

from harness.conformance.case import Unit, Verdict
from harness.conformance.catalogue import UNITS
from harness.conformance.execution import Result, execute, runs
from harness.conformance.source import EmulatedSource
from harness.profile import Interface
from harness.profiles import builtin, builtin_names
from harness.station import CardOptions

OURS = ("EID_", "R_PACE", "ICAO4_ISO7816_C")
EID_UNITS = [unit for unit in UNITS if unit.name.startswith(OURS)]
CARDS = [(name, interface) for name in builtin_names() for interface in builtin(name).interfaces]
GREEN = {Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.NOT_IMPLEMENTED}


@cache
def source_of(profile: str, interface: Interface) -> EmulatedSource:
    """An emulated card of a profile, reached in one way."""
    return EmulatedSource.of(CardOptions(profile=profile, interface=interface))


def results(unit: Unit, source: EmulatedSource) -> list[Result]:
    """What becomes of every run of a unit."""
    return [execute(run, source) for case in unit.cases for run in runs(case, source.profile)]


@pytest.mark.parametrize("unit", EID_UNITS, ids=lambda unit: unit.name)
@pytest.mark.parametrize(("name", "interface"), CARDS)
def test_the_emulated_card_is_green(name: str, interface: Interface, unit: Unit) -> None:
    """No case fails; over contact only the rules of the other interface are left open."""
    for result in results(unit, source_of(name, interface)):
        if result.verdict is Verdict.BLOCKED and interface is Interface.CONTACT:
            assert "contact" in result.reason or "interface" in result.reason, result.id
            continue
        assert result.verdict in GREEN, f"{result.id}: {result.reason}"


def test_much_is_judged_on_the_first_profile() -> None:
    """On the Estonian card nearly every case says something: few are not applicable."""
    source = source_of("est-idemia-2018", Interface.CONTACTLESS)
    verdicts = [result.verdict for unit in EID_UNITS for result in results(unit, source)]
    assert verdicts.count(Verdict.PASS) >= 115


def test_identifiers_are_in_order_and_single() -> None:
    """Each unit numbers its cases from 1, and no number comes twice."""
    for unit in UNITS:
        if not unit.name.startswith("EID_"):
            continue
        numbers = sorted(int(case.id.rpartition("_")[2]) for case in unit.cases)
        assert numbers == list(range(1, len(numbers) + 1)), unit.name


def test_the_plan_of_terminals_is_whole() -> None:
    """R_PACE has the 22 cases of its plan, and says of those that it leaves out why."""
    (unit,) = (unit for unit in UNITS if unit.name == "R_PACE")
    assert sorted(case.id for case in unit.cases) == sorted(
        f"R_PACE_{number}"
        for number in (
            *("1.1", "1.2", "1.4", "1.6"),
            *("2.1", "2.2", "2.3", "2.4"),
            *("3.1", "3.2", "3.3", "3.4", "3.5", "3.6"),
            *("4.1", "4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8"),
        )
    )
    assert [case.id for case in unit.cases if case.why_not] == [
        "R_PACE_4.2",
        "R_PACE_4.6",
        "R_PACE_4.8",
    ]
