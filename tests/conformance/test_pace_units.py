"""Units about PACE, codes and secure messaging: what they hold; every emulated card is green."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from harness.clock import VirtualClock
from harness.conformance.acts.codes import another
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
from harness.emulator.card import EmulatedCard
from harness.emulator.memory import CardMemory
from harness.profile import Profile
from harness.profiles import builtin, builtin_names
from harness.secret import Secret
from harness.station import CardOptions, Station
from harness.trace import Journaled, Observer

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
    "PACE": [f"PACE_{number}" for number in range(1, 19)],
    "SM": [f"SM_{number}" for number in range(1, 21)],
    "ESIGN_ISO7816_S": [f"ESIGN_ISO7816_S_{number}" for number in range(1, 25)],
    "EAC2_ISO7816_P": [f"EAC2_ISO7816_P_{each}" for each in (*range(1, 21), "8a")],
}


@dataclass(frozen=True)
class OneCard:
    """A source that gives every case the same card, as a reader does."""

    right: EmulatedSource
    memory: CardMemory
    is_precious: bool = False

    @property
    def profile(self) -> Profile:
        """The card's profile."""
        return self.right.profile

    @property
    def authorities(self) -> tuple[bytes, ...]:
        """Those of the card's certificates."""
        return self.right.authorities

    def secret(self, name: str) -> Secret:
        """A code of the card."""
        return self.right.secret(name)

    def sample(self, *, pin_active: bool = True, pin2_changed: bool = True) -> None:
        """There is no other card."""

    def station(self, observer: Observer, seed: int) -> Station:
        """The card, with what it remembers."""
        station = self.right.station(observer, seed)
        card = EmulatedCard(self.right.image, None, self.memory, VirtualClock())
        return replace(station, icc=Journaled(card, station.journal), emulated=card)


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


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
@pytest.mark.parametrize("profile", ["est-idemia-2018", "est-thales-2025", "deu-npa"])
def test_a_card_is_left_as_it_was(unit: Unit, profile: str) -> None:
    """On one card for all cases each passes, and leaves every code with its value and tries."""
    right = source_of(profile)
    memory = CardMemory(right.image)
    card = OneCard(right, memory)
    full = {name: rules.tries for name, rules in right.profile.pins.items()}
    for case in unit.cases:
        for run in runs(case, right.profile):
            result = execute(run, card)
            assert result.verdict is not Verdict.FAIL, (result.id, result.reason)
            assert {name: memory.tries(name) for name in full} == full, result.id
            assert memory.wrong_passwords == 0, result.id
            codes = {name: memory.code(name) for name in full}
            assert codes == right.image.codes, result.id
            assert memory.password("PIN") in (None, right.image.passwords.get("PIN")), result.id


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
@pytest.mark.parametrize("profile", ["est-thales-2025", "deu-npa"])
def test_no_code_is_kept(unit: Unit, profile: str) -> None:
    """Neither a code nor the wrong one made of it is in what is kept of a run."""
    source = source_of(profile)
    right = [source.secret(name) for name in ("PIN1", "PIN2", "PUK", "CAN")]
    hidden = [code.reveal().hex().upper() for code in (*right, *map(another, right))]
    for result in results(unit, profile):
        kept = "".join(step.command + step.response for step in result.evidence)
        assert [code for code in hidden if code in kept] == [], result.id


@pytest.mark.parametrize("unit", [iso7816_p.UNIT, pace.UNIT, sm.UNIT], ids=lambda unit: unit.name)
def test_every_kind_of_pace_is_green(unit: Unit) -> None:
    """Each group, mapping and cipher passes, and every case of the unit applies to one of them."""
    ended = results(unit, EVERY_PACE)
    assert {each.id: each.reason for each in ended if each.verdict is Verdict.FAIL} == {}
    passed = {each.id.partition("[")[0] for each in ended if each.verdict is Verdict.PASS}
    assert passed == set(PLANS[unit.name]) - {
        *("PACE_16", "PACE_17"),  # a PIN of PACE
        "PACE_18",  # EF.CardSecurity
    }
