"""Units about PACE, codes and secure messaging: what they hold; every emulated card is green."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from harness.conformance.case import Unit, Verdict
from harness.conformance.execution import Result, execute, runs
from harness.conformance.source import EmulatedSource
from harness.conformance.units import (
    eac2_iso7816_h,
    eac2_iso7816_p,
    esign_iso7816_s,
    iso7816_p,
    pace,
    sm,
)
from harness.profiles import builtin, builtin_names
from harness.station import CardOptions

EVERY_PACE = str(Path(__file__).parents[2] / "fixtures" / "profiles" / "every-pace.toml")
WITH_PACE = [name for name in builtin_names() if builtin(name).pace]
UNITS = (
    iso7816_p.UNIT,
    eac2_iso7816_h.UNIT,
    eac2_iso7816_p.UNIT,
    esign_iso7816_s.UNIT,
    pace.UNIT,
    sm.UNIT,
)
PLANS = {
    "ISO7816_P": [
        f"ISO7816_P_{number}"
        for number in range(1, 81)
        if number not in (4, 10, 18, *range(37, 41), 63)
    ],
    "EAC2_ISO7816_H": [
        f"EAC2_ISO7816_H_{each}"
        for each in (
            *(1, 2, 3, 23, 33, 34, 35, 36),
            *(f"4{letter}" for letter in "abcdefg"),
            *(f"5{letter}" for letter in "abcde"),
            *(f"6{letter}" for letter in "abcdefg"),
        )
    ],
    "PACE": [f"PACE_{number}" for number in range(1, 18)],
    "SM": [f"SM_{number}" for number in range(1, 21)],
    "ESIGN_ISO7816_S": [f"ESIGN_ISO7816_S_{number}" for number in range(1, 25)],
    "EAC2_ISO7816_P": [f"EAC2_ISO7816_P_{each}" for each in (*range(1, 21), "8a")],
}


@cache
def source_of(profile: str) -> EmulatedSource:
    """An emulated card of a profile."""
    return EmulatedSource.of(CardOptions(profile=profile))


def results(unit: Unit, profile: str) -> list[Result]:
    """What becomes of every run of a unit on the emulated card of a profile."""
    source = source_of(profile)
    return [execute(run, source) for case in unit.cases for run in runs(case, source.profile)]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_each_case_of_the_plan_is_there_once(unit: Unit) -> None:
    """The catalogue has the identifiers of the plan, none left out, none invented, none twice."""
    assert sorted(case.id for case in unit.cases) == sorted(PLANS[unit.name])


@pytest.mark.parametrize("profile", WITH_PACE)
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_emulated_card_is_green(unit: Unit, profile: str) -> None:
    """Every case that a shipped profile declares passes on its emulated card."""
    ended = results(unit, profile)
    said = {
        each.id: each.reason for each in ended if each.verdict in (Verdict.FAIL, Verdict.BLOCKED)
    }
    assert said == {}
    counts = Counter(each.verdict for each in ended)
    assert set(counts) <= {Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.NOT_IMPLEMENTED}


@pytest.mark.parametrize("unit", [iso7816_p.UNIT, pace.UNIT, sm.UNIT], ids=lambda unit: unit.name)
def test_every_kind_of_pace_is_green(unit: Unit) -> None:
    """Each group, mapping and cipher passes, and every case of the unit applies to one of them."""
    ended = results(unit, EVERY_PACE)
    assert {each.id: each.reason for each in ended if each.verdict is Verdict.FAIL} == {}
    passed = {each.id.partition("[")[0] for each in ended if each.verdict is Verdict.PASS}
    assert passed == set(PLANS[unit.name]) - {"PACE_16", "PACE_17"}  # a PIN of PACE
