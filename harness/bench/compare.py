"""Two runs side by side: what has got slower, or less sure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.bench.result import Summary
from harness.bench.saved import Saved
from harness.errors import UsageError

_SURE = (("first try", "first_try"), ("within policy", "within_policy"))
_QUANTILES = ("p50", "p95", "max")


@dataclass(frozen=True, slots=True)
class Change:
    """A number that was `before` and is `after`; `worse` says that it passed the threshold.

    Times are in seconds, `percent` is relative to before; shares run from 0 to 1, and their
    `percent` is the difference in points.
    """

    name: str
    what: str
    before: float
    after: float
    percent: float
    worse: bool


def compare(old: Sequence[Saved], new: Sequence[Saved], threshold: float) -> tuple[Change, ...]:
    """What changed in the cases that both runs have; `threshold` in per cent.

    Raises:
        UsageError: the runs have no case in common.
    """
    known = {each.name: each.summary for each in old}
    pairs = [(each.name, known[each.name], each.summary) for each in new if each.name in known]
    if not pairs:
        message = "the two runs have no scenario in common; run the same scenarios to compare them"
        raise UsageError(message)
    return tuple(
        change for name, was, now in pairs for change in _changes(name, was, now, threshold)
    )


def _changes(name: str, was: Summary, now: Summary, threshold: float) -> Iterator[Change]:
    for key in _QUANTILES:
        before, after = was.hold.get(key), now.hold.get(key)
        if before and after:
            percent = 100 * (after / before - 1)
            yield Change(name, f"hold {key}", before, after, percent, percent > threshold)
    for what, field in _SURE:
        before, after = getattr(was, field), getattr(now, field)
        points = 100 * (after - before)
        yield Change(name, what, before, after, points, -points > threshold)
    for phase in now.phases:
        earlier = next((each.median for each in was.phases if each.name == phase.name), 0.0)
        if earlier:
            percent = 100 * (phase.median / earlier - 1)
            worse = percent > threshold
            yield Change(name, phase.name, earlier, phase.median, percent, worse)
