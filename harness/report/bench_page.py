"""Benchmarks as one page of HTML that opens without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

from harness.bench.machine import commit_info, machine_info, versions
from harness.bench.measure import Measurement
from harness.bench.sweep import DISTANCES, Reach
from harness.errors import UsageError
from harness.report.bench import differing

_POINTS = 400  # of a distribution, at most


def as_page(measurements: Sequence[Measurement], reaches: Sequence[Reach]) -> str:
    """The page: a table, the waterfall, the hold-time distribution, success against distance.

    Raises:
        UsageError: jinja2 or plotly is not installed.
    """
    require_report()
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - optional
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - optional

    environment = Environment(
        loader=PackageLoader("harness.report"), autoescape=True, undefined=StrictUndefined
    )
    template = environment.get_template("bench.html")
    labels = _labels(measurements)
    return template.render(
        plotly=get_plotlyjs(),
        data=_script_data(measurements, labels, reaches),
        rows=[_row(each, labels) for each in measurements],
        about=_about(measurements),
        has_reach=bool(reaches),
        is_replay=measurements[0].engine == "fast",
    )


def require_report() -> None:
    """See to it that the page can be made.

    Raises:
        UsageError: jinja2 or plotly is not installed.
    """
    for name in ("jinja2", "plotly"):
        if find_spec(name) is None:
            message = f"the page needs {name}: pip install 'eidrig[report]'"
            raise UsageError(message)


def _labels(measurements: Sequence[Measurement]) -> dict[str, str]:
    """For each case the parts in which it differs from the others, by its name."""
    keys = differing(measurements)
    return {
        each.case.name: " · ".join(_part(each, key) for key in keys) or each.case.name
        for each in measurements
    }


def _part(measured: Measurement, key: str) -> str:
    value = measured.case.params[key]
    return f"{value} mm" if key == "height_mm" and value else value


def _script_data(
    measurements: Sequence[Measurement], labels: Mapping[str, str], reaches: Sequence[Reach]
) -> str:
    """The numbers as JSON that may stand inside a script element."""
    data = {
        "cases": [_case(each, labels) for each in measurements],
        "distances": DISTANCES,
        "reaches": [asdict(each) for each in reaches],
    }
    return json.dumps(data).replace("<", "\\u003c")


def _case(measured: Measurement, labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": labels[measured.case.name],
        "phases": [asdict(phase) for phase in measured.summary.phases],
        "hold": _thinned(sorted(tap.hold for tap in measured.taps if tap.completed)),
        "success": measured.summary.within_policy,
    }


def _thinned(ordered: Sequence[float]) -> list[tuple[float, float]]:
    """(hold time, share of the completed taps that are not longer)."""
    every = max(len(ordered) // _POINTS, 1)
    last = len(ordered) - 1
    kept = (place for place in range(len(ordered)) if place % every == 0 or place == last)
    return [(round(ordered[place], 6), (place + 1) / len(ordered)) for place in kept]


def _row(measured: Measurement, labels: Mapping[str, str]) -> dict[str, Any]:
    summary = measured.summary
    bound = measured.bound.seconds if measured.bound else None
    return {
        "name": labels[measured.case.name],
        "first_try": summary.first_try,
        "within_policy": summary.within_policy,
        "hold": summary.hold,
        "attempts": summary.attempts,
        "apdus": summary.apdus,
        "retransmissions": summary.retransmissions,
        "bound": summary.hold["p50"] / bound if bound and summary.hold else None,
        "moved": summary.moved,
    }


def _about(measurements: Sequence[Measurement]) -> dict[str, str]:
    machine, commit = machine_info(), commit_info()
    first, apart = measurements[0], differing(measurements)
    shared = filter(None, (_part(first, key) for key in first.case.params if key not in apart))
    return {
        "shared": " · ".join(shared),
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "taps": f"{len(first.taps)} taps a scenario, seed {first.seed}, engine {first.engine}",
        "machine": f"{machine['node']}, {machine['system']} {machine['release']}",
        "commit": str(commit["id"])[:12],
        "versions": ", ".join(f"{name} {number}" for name, number in versions().items()),
    }
