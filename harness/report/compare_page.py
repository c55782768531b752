"""Two runs side by side as one page of HTML with plots that opens without a network."""

from __future__ import annotations

import json

from harness.conformance.campaign.outcome import HOLD, Outcome, changes
from harness.conformance.case import Verdict
from harness.report.bench_page import require_report
from harness.report.history import time_rows


def as_page(one: Outcome, other: Outcome) -> str:
    """The page: counts, verdicts that differ, hold times and the latency of each phase.

    Raises:
        UsageError: jinja2 or plotly is not installed.
    """
    require_report()
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - optional
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - optional

    environment = Environment(
        loader=PackageLoader("harness.report"), autoescape=True, undefined=StrictUndefined
    )
    runs = (one, other)
    return environment.get_template("compare.html").render(
        plotly=get_plotlyjs(),
        runs=runs,
        counts=[
            (verdict.value, [run.counts.get(verdict, 0) for run in runs])
            for verdict in Verdict
            if any(run.counts.get(verdict) for run in runs)
        ],
        changes=list(changes(one, other)),
        times=list(time_rows(one, other)),
        data=_script_data(runs),
    )


def _script_data(runs: tuple[Outcome, Outcome]) -> str:
    """The numbers as JSON that may stand inside a script element; times in milliseconds."""
    phases = list(dict.fromkeys(phase for run in runs for phase in run.latency))
    data = {
        "names": [run.name for run in runs],
        "hold": {
            "quantiles": [name for name in HOLD if any(name in run.hold for run in runs)],
            "runs": [[run.hold.get(name) for name in HOLD] for run in runs],
        },
        "phases": phases,
        "latency": [
            [
                [1000 * found.p50, 1000 * found.p99] if (found := run.latency.get(phase)) else None
                for phase in phases
            ]
            for run in runs
        ],
    }
    return json.dumps(data).replace("<", "\\u003c")
