"""The units about files, access and the passport's contents, on every built-in card."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from harness.conformance.case import Unit, Verdict
from harness.conformance.catalogue import UNITS
from harness.conformance.execution import execute, runs
from harness.conformance.source import EmulatedSource
from harness.profiles import builtin_names
from harness.station import CardOptions

IDS = {
    "ISO7816_A": (*range(1, 4),),
    "ISO7816_B": (*range(1, 55),),
    "ISO7816_C": (*range(1, 5), 6, *range(8, 15), *range(16, 19)),
    "ISO7816_D": (1, *range(6, 24)),
    "ISO7816_E": (1, *range(3, 23)),
    "ISO7816_I": (*range(1, 31),),
    "ISO7816_O": (*range(1, 59),),
    "ISO7816_Q": (*range(1, 5),),
    "ISO7816_R": (*range(2, 8),),
    "ISO7816_S": (*range(1, 9),),
    "ISO7816_T": (*range(1, 5),),
    "ISO7816_U": (*range(1, 5),),
    "LDS_A": (*range(1, 6),),
    "LDS_B": (*range(1, 15),),
    "LDS_C": (*range(1, 26),),
    "LDS_D": (*range(1, 8),),
    "LDS_E": (*range(1, 11),),
    "LDS_F": (1,),
    "LDS_G": (*range(1, 16),),
    "LDS_H": (*range(1, 16),),
    "LDS_I": (*range(1, 5),),
    "LDS_J": (*range(1, 6),),
    "LDS_K": (*range(1, 10),),
    "LDS_L": (*range(1, 6),),
    "LDS_N": (*range(2, 17),),
    "LDS_O": (*range(2, 13),),
    "EAC2_ISO7816_T": (*range(1, 6),),
    "EAC2_DATA_A": ("1a", "1b", *range(3, 10)),
    "EAC2_DATA_B": (1, *range(8, 12)),
}
"""What the plans number, without what they deleted."""
OURS = [unit for unit in UNITS if unit.name in IDS]
EVERY_DOCUMENT = str(Path(__file__).parents[2] / "fixtures" / "profiles" / "every-document.toml")
PROFILES = (*builtin_names(), EVERY_DOCUMENT)
UNTRIED = {
    *(f"LDS_C_{number}" for number in range(14, 20)),  # a face as ISO/IEC 39794-5
    *(f"LDS_G_{number}" for number in range(12, 15)),  # fingers as ISO/IEC 39794-4
    *(f"LDS_H_{number}" for number in range(12, 16)),  # irises as ISO/IEC 39794-6
    *("LDS_E_8", "LDS_E_9"),  # terminal authentication
    *(f"EAC2_DATA_A_{number}" for number in ("1a", "1b", 4, 5, 6, 7, 8, 9)),  # EAC, version 2
    *(f"EAC2_DATA_B_{number}" for number in range(1, 11) if number not in range(2, 8)),
}
"""What no emulated card has; tests/unit/conformance judges handmade files with these checks."""
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
        assert (case.purpose and case.expected) or case.why_not, case.id


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
