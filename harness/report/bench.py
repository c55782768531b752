"""Benchmarks as tables of text, and what changed since an earlier run."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.bench.compare import Change
from harness.bench.measure import Measurement
from harness.bench.result import PhaseTime, Summary

_QUANTILES = ("p50", "p90", "p95", "p99", "max")
_BAR = 40  # characters


def overview(measurements: Sequence[Measurement]) -> RenderableType:
    """One row a scenario; for a single one the waterfall of its phases, too."""
    shown: list[RenderableType] = [_results(measurements)]
    shown += [note for each in measurements for note in _notes(each)]
    if len(measurements) == 1 and measurements[0].summary.hold:
        shown += [Text(), waterfall(measurements[0].summary)]
    return Group(*shown)


def _results(measurements: Sequence[Measurement]) -> Table:
    """The columns in which scenarios differ, success, hold time in seconds, and counts."""
    apart = differing(measurements)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in apart or ("scenario",):
        table.add_column(name, no_wrap=True)
    for name in ("1st try", "success", *_QUANTILES, "taps", "APDUs", "rtx", "of bound"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in measurements:
        params = each.case.params
        names = [params[key] for key in apart] or [each.case.name]
        table.add_row(*names, *_cells(each))
    shared = measurements[0].case.params
    kept = [f"{key} {value}" for key, value in shared.items() if value and key not in apart]
    about = [f"{len(measurements[0].taps)} taps each, engine {measurements[0].engine}"]
    about += ["hold times in seconds", *([", ".join(kept)] if apart else [])]
    table.caption = "; ".join(about)
    table.caption_justify = "left"
    return table


def differing(measurements: Sequence[Measurement]) -> list[str]:
    """The parts in which the cases are not all the same."""
    names = measurements[0].case.params
    return [key for key in names if len({each.case.params[key] for each in measurements}) > 1]


def _cells(measured: Measurement) -> list[str]:
    summary = measured.summary
    times = [f"{summary.hold[key]:.3f}" if summary.hold else "-" for key in _QUANTILES]
    bound = "-"
    if measured.bound is not None and summary.hold:
        bound = f"{summary.hold['p50'] / measured.bound.seconds:.2f}"
    return [
        f"{summary.first_try:.1%}",
        f"{summary.within_policy:.1%}",
        *times,
        f"{summary.attempts:.2f}",
        f"{summary.apdus:.1f}",
        f"{summary.retransmissions:.2f}",
        bound,
    ]


def _notes(measured: Measurement) -> list[Text]:
    summary = measured.summary
    failed = {name: count for name, count in summary.outcomes.items() if name != "ok"}
    notes = []
    if failed:
        counts = ", ".join(f"{count} {name}" for name, count in failed.items())
        notes.append(Text(f"{measured.case.name}: not completed: {counts}", style="yellow"))
    if summary.moved:
        text = f"{measured.case.name}: the baseline moved in {summary.moved} of {summary.taps} taps"
        notes.append(Text(text, style="bold yellow"))
    baselines = [tap.baseline for tap in measured.taps if tap.baseline]
    if baselines:
        middle = sum(each.seconds for each in baselines) / len(baselines)
        spread = max(each.spread for each in baselines)
        text = f"a neutral APDU takes {middle * 1000:.2f} ms, spread up to {spread * 1000:.2f} ms"
        notes.append(Text(f"{text}; it is subtracted for every APDU"))
    return notes


def waterfall(summary: Summary) -> Table:
    """The phases in turn, each as a bar that begins where the one before it ends."""
    whole = sum(phase.mean for phase in summary.phases) or 1.0
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("phase", no_wrap=True)
    table.add_column("mean ms", justify="right")
    table.add_column("median ms", justify="right")
    table.add_column("", no_wrap=True)
    before = 0.0
    for phase in summary.phases:
        table.add_row(*_numbers(phase), _bar(before / whole, phase.mean / whole))
        before += phase.mean
    return table


def _numbers(phase: PhaseTime) -> tuple[str, str, str]:
    return phase.name, f"{phase.mean * 1000:.1f}", f"{phase.median * 1000:.1f}"


def _bar(start: float, length: float) -> Text:
    first, last = round(start * _BAR), round((start + length) * _BAR)
    return Text(" " * first + "█" * max(last - first, 1), style="cyan")


def changes(found: Sequence[Change], threshold: float) -> RenderableType:
    """What got slower or less sure; a line that all is well where nothing did."""
    worse = [change for change in found if change.worse]
    if not worse:
        cases = len({change.name for change in found})
        names = "scenario" if cases == 1 else "scenarios"
        return Text(f"{cases} {names} compared: nothing got slower by more than {threshold:g} %")
    table = Table("scenario", "what", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("before", "now", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    for change in worse:
        table.add_row(change.name, change.what, *_before_and_after(change))
    return table


def _before_and_after(change: Change) -> tuple[str, str, str]:
    if change.what in ("first try", "within policy"):
        return f"{change.before:.1%}", f"{change.after:.1%}", f"{change.percent:+.1f} points"
    return f"{change.before:.4f} s", f"{change.after:.4f} s", f"{change.percent:+.1f} %"
