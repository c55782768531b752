"""Earlier runs as tables of text: over time, and two side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.conformance.campaign.outcome import HOLD, Change, Outcome, changes
from harness.conformance.case import Verdict
from harness.report.printable import printable

_COUNTED = (Verdict.PASS, Verdict.FAIL, Verdict.DEVIATION)


def table(runs: Sequence[Outcome], phases: Sequence[str] = ()) -> RenderableType:
    """A row for each run; `changed` counts verdicts that the run before, of the same card, lacks.

    Times are seconds.
    """
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("run", "started", "profile", "card"):
        shown.add_column(name, no_wrap=True)
    numbers = ("pass", "fail", "deviation", "other", "changed", "hold p50", "hold p95")
    for name in (*numbers, *(f"{phase} p50" for phase in phases)):
        shown.add_column(name, justify="right", no_wrap=True)
    latest: dict[tuple[str, str], Outcome] = {}
    for run in runs:
        before = latest.get((run.profile, run.card))
        latest[run.profile, run.card] = run
        shown.add_row(*_cells(run, before, phases))
    return shown


def _cells(run: Outcome, before: Outcome | None, phases: Sequence[str]) -> Iterator[Text]:
    counts = run.counts
    counted = [counts.get(verdict, 0) for verdict in _COUNTED]
    changed = "" if before is None else str(len(list(changes(before, run))))
    started = run.started[:16].replace("T", " ") + ("" if run.complete else " (part)")
    yield from map(Text, (str(run.number), started, printable(run.profile), printable(run.card)))
    yield Text(str(counted[0]))
    yield Text(str(counted[1]), style="bold red" if counted[1] else "")
    yield Text(str(counted[2]))
    yield Text(str(sum(counts.values()) - sum(counted)))
    yield Text(changed)
    yield from (Text(_seconds(run.hold.get(name))) for name in ("p50", "p95"))
    for phase in phases:
        found = run.latency.get(phase)
        yield Text(_seconds(found.p50 if found else None))


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def comparison(one: Outcome, other: Outcome) -> RenderableType:
    """Verdicts that differ, then times; B against A."""
    heads = Group(Text(f"A  {printable(one.name)}"), Text(f"B  {printable(other.name)}"), Text())
    found = list(changes(one, other))
    verdicts: RenderableType = _verdicts(found) if found else Text("Every case has one verdict.")
    return Group(heads, _counts(one, other), Text(), verdicts, Text(), _times(one, other))


def _counts(one: Outcome, other: Outcome) -> Table:
    shown = Table("verdict", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("A", "B"):
        shown.add_column(name, justify="right")
    for verdict in Verdict:
        pair = [run.counts.get(verdict, 0) for run in (one, other)]
        if any(pair):
            shown.add_row(verdict.value, *map(str, pair))
    return shown


def _verdicts(found: Sequence[Change]) -> Table:
    shown = Table("case", "A", "B", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for change in found:
        pair = (each.verdict.value if each else "not run" for each in (change.first, change.second))
        shown.add_row(change.id, *pair, style="bold red" if change.is_worse else "")
    return shown


def _times(one: Outcome, other: Outcome) -> RenderableType:
    rows = list(time_rows(one, other))
    if not rows:
        return Text("Neither run was timed.")
    shown = Table("seconds", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("A", "B", "B to A"):
        shown.add_column(name, justify="right")
    for name, first, second in rows:
        ratio = f"{100 * (second / first - 1):+.1f} %" if first and second is not None else "-"
        shown.add_row(name, _seconds(first), _seconds(second), ratio)
    return shown


def time_rows(one: Outcome, other: Outcome) -> Iterator[tuple[str, float | None, float | None]]:
    """Each hold time and the median of each phase, of both runs where they have it."""
    for name in HOLD:
        if name in one.hold or name in other.hold:
            yield f"hold {name}", one.hold.get(name), other.hold.get(name)
    for phase in dict.fromkeys((*one.latency, *other.latency)):
        first, second = (run.latency.get(phase) for run in (one, other))
        yield f"{phase} p50", first.p50 if first else None, second.p50 if second else None
