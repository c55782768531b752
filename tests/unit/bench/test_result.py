"""Percentiles, sums over taps, and what changed between two runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.bench.compare import compare
from harness.bench.result import PhaseTime, Summary, TapResult, merged, percentile
from harness.bench.saved import Saved
from harness.errors import UsageError
from harness.trace import Phase

TAP = TapResult("ok", 1.0, 1, 43, 1300, 3300, 0, 0, (Phase("activate", 0.25),))
LOST = replace(TAP, outcome="link-lost", hold=60.0, attempts=9, phases=())


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(1, 100))
def test_percentile(values: list[float], rank: float) -> None:
    """At least that share of all values is not more, and no smaller value will do."""
    ordered = sorted(values)
    found = percentile(ordered, rank)
    assert sum(each <= found for each in values) >= rank / 100 * len(values) - 1e-9
    assert sum(each < found for each in values) < rank / 100 * len(values)


def test_phases_of_one_name_are_one() -> None:
    """A phase that came in two attempts stands once, where it stood first."""
    phases = merged([Phase("a", 1.0), Phase("b", 2.0), Phase("a", 0.5)])
    assert phases == (Phase("a", 1.5), Phase("b", 2.0))


def test_summary() -> None:
    """Success counts all taps, times only those that completed."""
    summary = Summary.of([TAP, replace(TAP, hold=3.0, attempts=2), LOST, LOST])
    assert (summary.first_try, summary.within_policy) == (0.25, 0.5)
    assert summary.hold == {"p50": 1.0, "p90": 3.0, "p95": 3.0, "p99": 3.0, "max": 3.0}
    assert (summary.attempts, summary.most_attempts) == (5.25, 9)
    assert summary.outcomes == {"ok": 2, "link-lost": 2}
    assert summary.phases == (PhaseTime("activate", 0.25, 0.25),)


def test_nothing_completed() -> None:
    """Without a completed tap there is no time to speak of."""
    summary = Summary.of([LOST])
    assert summary.hold == {}
    assert summary.phases == ()


def saved(*taps: TapResult, name: str = "a") -> Saved:
    """A run of some taps."""
    return Saved(name, Summary.of(taps))


def worse(old: Saved, new: Saved, threshold: float = 5.0) -> list[str]:
    """What passed the threshold."""
    return [change.what for change in compare([old], [new], threshold) if change.worse]


def test_slower_by_more_than_the_threshold() -> None:
    """A time that grew by more is named, one that grew by less or shrank is not."""
    assert worse(saved(TAP), saved(replace(TAP, hold=1.06))) == ["hold p50", "hold p95", "hold max"]
    assert worse(saved(TAP), saved(replace(TAP, hold=1.04))) == []
    assert worse(saved(TAP), saved(replace(TAP, hold=0.5))) == []
    assert worse(saved(TAP), saved(replace(TAP, hold=1.06)), 10.0) == []


def test_a_phase_that_is_slower() -> None:
    """A phase is named even where the whole is not slower."""
    slower = replace(TAP, phases=(Phase("activate", 0.3),))
    assert worse(saved(TAP), saved(slower)) == ["activate"]


def test_less_sure() -> None:
    """Success that fell by more points than the threshold is named."""
    assert worse(saved(TAP, TAP), saved(TAP, LOST)) == ["first try", "within policy"]
    assert worse(saved(TAP, LOST), saved(TAP, TAP)) == []


def test_nothing_in_common() -> None:
    """Two runs of other scenarios cannot be compared."""
    with pytest.raises(UsageError, match="no scenario in common"):
        compare([saved(TAP)], [saved(TAP, name="b")], 5.0)
