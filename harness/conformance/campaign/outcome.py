"""What a run found, as far as it can be compared with another: of a report or of the history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from harness.conformance.campaign.record import Quantiles, Record, Report
from harness.conformance.case import Verdict

HOLD = ("p50", "p90", "p95", "p99", "max")


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one run of a case; `seconds` is the median of its samples."""

    unit: str
    verdict: Verdict
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole run: on what it was made, each case, the latency of each phase, the hold time."""

    started: str
    profile: str
    profile_hash: str
    card: str
    atr: str
    reader: str
    eidrig: str
    commit: str
    seed: int
    samples: int
    complete: bool
    found: Mapping[str, Found]
    latency: Mapping[str, Quantiles] = field(default_factory=dict)
    hold: Mapping[str, float] = field(default_factory=dict)
    hold_engine: str = ""
    number: int | None = None
    """Its number in the history."""

    @classmethod
    def of(cls, report: Report) -> Outcome:
        """The outcome of a report; cases that were not run are left out."""
        conditions, hold = report.conditions, report.hold
        versions, commit = report.environment["versions"], report.environment["commit"]
        return cls(
            started=report.started,
            profile=conditions.profile,
            profile_hash=conditions.profile_hash,
            card=conditions.place,
            atr=conditions.atr,
            reader=conditions.reader,
            eidrig=str(versions["eidrig"]) if isinstance(versions, dict) else "",
            commit=str(commit["id"]) if isinstance(commit, dict) else "",
            seed=conditions.seed,
            samples=conditions.samples,
            complete=report.complete,
            found={
                each.id: _found(unit.name, each)
                for unit in report.units
                for case in unit.cases
                for each in case.results
                if each.verdict is not Verdict.NOT_RUN
            },
            latency=report.latency,
            hold=hold.hold if hold else {},
            hold_engine=hold.engine if hold else "",
        )

    @property
    def name(self) -> str:
        """Number, profile, card and time, for eyes."""
        number = "" if self.number is None else f"{self.number}: "
        return f"{number}{self.profile} on {self.card}, {self.started[:16].replace('T', ' ')}"

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many runs ended how."""
        every = [each.verdict for each in self.found.values()]
        return {verdict: every.count(verdict) for verdict in Verdict if verdict in every}


def _found(unit: str, record: Record) -> Found:
    seconds = median(record.samples) if record.samples else 0.0
    return Found(unit, record.verdict, record.deviation or record.reason, round(seconds, 6))


@dataclass(frozen=True, slots=True)
class Change:
    """A case that two runs judge differently; None where a run did not have it."""

    id: str
    first: Found | None
    second: Found | None

    @property
    def is_worse(self) -> bool:
        """Whether the second run fails what the first did not."""
        failed = self.second is not None and self.second.verdict is Verdict.FAIL
        return failed and (self.first is None or self.first.verdict is not Verdict.FAIL)


def changes(first: Outcome, second: Outcome) -> Iterator[Change]:
    """Every case with another verdict, in the order of the first run, then of the second.

    A case that both run for just one PACE protocol is the same, whichever protocol that is.
    """
    one, other = _by_case(first.found), _by_case(second.found)
    for name in dict.fromkeys((*one, *other)):
        change = Change(name, one.get(name), other.get(name))
        verdicts = [each.verdict if each else None for each in (change.first, change.second)]
        if verdicts[0] is not verdicts[1]:
            yield change


def _by_case(found: Mapping[str, Found]) -> dict[str, Found]:
    """The runs by case, and by case and PACE protocol where there are several."""
    times = Counter(name.partition("[")[0] for name in found)
    alone = {name: name.partition("[")[0] for name in found}
    return {case if times[case] == 1 else name: found[name] for name, case in alone.items()}
