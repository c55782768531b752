"""What taps bring, one by one and many together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from harness.reading import OK
from harness.trace import Phase

PERCENTILES = (50, 90, 95, 99)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a neutral APDU costs on a piece of hardware, in seconds.

    `before` and `after` the tap are medians, `spread` is the range between the quartiles of both
    together; `moved` says that the two differ by more than they may.
    """

    before: float
    after: float
    spread: float
    moved: bool

    @property
    def seconds(self) -> float:
        """What is subtracted for every APDU."""
        return (self.before + self.after) / 2


@dataclass(frozen=True, slots=True)
class TapResult:
    """One tap; `hold` is the time in seconds from the first look for a card to the last answer.

    `attempts` counts activations that found a card. `apdus` and bytes are those on the wire.
    `phases` has each phase once, with the seconds of all its attempts. `baseline` is None in a
    simulation, else `hold` is what remains after it was subtracted.
    """

    outcome: str
    hold: float
    attempts: int
    apdus: int
    bytes_sent: int
    bytes_received: int
    retransmissions: int
    wtx: int
    phases: tuple[Phase, ...]
    baseline: Baseline | None = None

    @property
    def completed(self) -> bool:
        """Whether all was read in the end."""
        return self.outcome == OK

    @property
    def completed_first(self) -> bool:
        """Whether all was read in the first attempt."""
        return self.completed and self.attempts == 1


def merged(phases: Iterable[Phase]) -> tuple[Phase, ...]:
    """Phases of the same name as one, in the order in which they first came."""
    sums: dict[str, float] = {}
    for phase in phases:
        sums[phase.name] = sums.get(phase.name, 0.0) + phase.seconds
    return tuple(Phase(name, seconds) for name, seconds in sums.items())


def percentile(ordered: Sequence[float], rank: float) -> float:
    """The least value that `rank` per cent of all do not exceed (nearest rank); `ordered` grows."""
    place = max(math.ceil(rank / 100 * len(ordered)), 1)
    return ordered[place - 1]


@dataclass(frozen=True, slots=True)
class PhaseTime:
    """A phase over the completed taps; a tap that did without it counts as 0. Seconds."""

    name: str
    mean: float
    median: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Many taps of one scenario.

    Times are of the completed taps alone; counts are means over all taps. `hold` maps p50, p90,
    p95, p99 and max to seconds and is empty where no tap was completed.
    """

    taps: int
    first_try: float
    within_policy: float
    hold: dict[str, float]
    attempts: float
    most_attempts: int
    retransmissions: float
    wtx: float
    apdus: float
    bytes_sent: float
    bytes_received: float
    outcomes: dict[str, int]
    phases: tuple[PhaseTime, ...]
    moved: int

    @classmethod
    def of(cls, taps: Sequence[TapResult]) -> Summary:
        """Sum up at least one tap."""
        done = [tap for tap in taps if tap.completed]
        return cls(
            taps=len(taps),
            first_try=fmean(tap.completed_first for tap in taps),
            within_policy=fmean(tap.completed for tap in taps),
            hold=_hold(sorted(tap.hold for tap in done)),
            attempts=fmean(tap.attempts for tap in taps),
            most_attempts=max(tap.attempts for tap in taps),
            retransmissions=fmean(tap.retransmissions for tap in taps),
            wtx=fmean(tap.wtx for tap in taps),
            apdus=fmean(tap.apdus for tap in taps),
            bytes_sent=fmean(tap.bytes_sent for tap in taps),
            bytes_received=fmean(tap.bytes_received for tap in taps),
            outcomes=dict(Counter(tap.outcome for tap in taps)),
            phases=tuple(_phases(done)),
            moved=sum(tap.baseline is not None and tap.baseline.moved for tap in taps),
        )


def _hold(ordered: Sequence[float]) -> dict[str, float]:
    if not ordered:
        return {}
    ranks = {f"p{rank}": percentile(ordered, rank) for rank in PERCENTILES}
    return ranks | {"max": ordered[-1]}


def _phases(taps: Sequence[TapResult]) -> Iterable[PhaseTime]:
    times = [{phase.name: phase.seconds for phase in tap.phases} for tap in taps]
    for name in dict.fromkeys(name for each in times for name in each):
        seconds = [each.get(name, 0.0) for each in times]
        yield PhaseTime(name, fmean(seconds), median(seconds))
