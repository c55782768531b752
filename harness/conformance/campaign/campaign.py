"""Which cases are run for a profile and in which order, and what has become of them so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.conformance.campaign.record import Record, Requirement, UnitRecord
from harness.conformance.case import Case, Effect, Target, Unit, Verdict
from harness.conformance.catalogue import chosen
from harness.conformance.execution import Run, runs
from harness.errors import UsageError
from harness.profile import Profile

_ORDER = tuple(Effect)
_AGAIN = (Verdict.INCONCLUSIVE, Verdict.BLOCKED, Verdict.NOT_RUN)
MOST_LOST = 3
"""Cases in a row that the link ends, after which the card is taken for gone."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """The chosen units, each with its cases in the order of the plan, for one profile."""

    profile: Profile
    units: tuple[Unit, ...]

    @classmethod
    def of(cls, profile: Profile, units: Sequence[str] = (), cases: Sequence[str] = ()) -> Campaign:
        """What is to be run; everything for a card where nothing is named.

        Raises:
            UsageError: there is no unit or case of a name, or the profile declares that a case
                deviates which is none.
        """
        _refuse_unknown_deviations(profile)
        picked = chosen(units, cases)
        if not units and not cases:
            picked = tuple(_for_cards(picked))
        return cls(profile, picked)

    @property
    def runs(self) -> tuple[Run, ...]:
        """Every run, the harmless first, then those that spend tries, those that block last."""
        every = (run for unit in self.units for case in unit.cases for run in self._of(case))
        return tuple(sorted(every, key=lambda run: _ORDER.index(run.case.effect)))

    def _of(self, case: Case) -> Iterator[Run]:
        return runs(case, self.profile)

    def left(self, records: Mapping[str, Record]) -> tuple[Run, ...]:
        """What is still to be run; also what was inconclusive or blocked: that may have changed."""
        return tuple(
            run for run in self.runs if run.id not in records or records[run.id].verdict in _AGAIN
        )

    def told(self, records: Mapping[str, Record]) -> tuple[UnitRecord, ...]:
        """Every unit with what became of its cases."""
        return tuple(
            UnitRecord(
                name=unit.name,
                title=unit.title,
                source=unit.source,
                cases=tuple(self._requirement(case, records) for case in unit.cases),
            )
            for unit in self.units
        )

    def _requirement(self, case: Case, records: Mapping[str, Record]) -> Requirement:
        return Requirement(
            id=case.id,
            clause=case.clause,
            title=case.title,
            purpose=case.purpose,
            expected=case.expected,
            needs=case.needs,
            preconditions=case.preconditions,
            effect=case.effect,
            results=tuple(records.get(run.id) or _not_run(run) for run in self._of(case)),
        )


def _not_run(run: Run) -> Record:
    return Record(id=run.id, case=run.case.id, suite=run.suite, verdict=Verdict.NOT_RUN)


def _for_cards(units: Iterable[Unit]) -> Iterator[Unit]:
    for unit in units:
        cases = tuple(case for case in unit.cases if case.target is Target.CARD)
        if cases:
            yield Unit(unit.name, unit.title, unit.source, cases)


def _refuse_unknown_deviations(profile: Profile) -> None:
    known = {run.id for unit in chosen() for case in unit.cases for run in runs(case, profile)}
    known |= {case.id for unit in chosen() for case in unit.cases}
    for each in profile.deviations:
        if each.case not in known:
            message = (
                f"the profile {profile.name} declares a deviation from {each.case}, "
                "which is no case of the catalogue"
            )
            raise UsageError(message)


def counts(records: Iterable[Record]) -> dict[Verdict, int]:
    """How many runs ended how, each verdict in its order."""
    found = Counter(record.verdict for record in records)
    return {verdict: found[verdict] for verdict in Verdict if found[verdict]}


def is_lost(latest: Sequence[Record]) -> bool:
    """Whether the link ended the latest cases one after the other."""
    last = latest[-MOST_LOST:]
    return len(last) == MOST_LOST and all(record.verdict is Verdict.INCONCLUSIVE for record in last)
