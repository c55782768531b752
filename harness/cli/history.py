"""`eidrig history`: the verdicts and latencies of earlier runs."""

from __future__ import annotations

import json
from contextlib import closing

import click
from rich.text import Text

from harness.cli.options import database_option, opened_history
from harness.cli.output import show, show_wide
from harness.conformance.campaign.outcome import Outcome
from harness.report.history import table


@click.command("history")
@click.argument("about", metavar="[CARD|PROFILE]", required=False)
@database_option
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Runs shown."
)
@click.option("--phase", multiple=True, help="Also the median of this phase; may be repeated.")
@click.option("--json", "as_object", is_flag=True, help="Print a JSON array.")
def command(
    *, about: str | None, db: str | None, limit: int, phase: tuple[str, ...], as_object: bool
) -> None:
    """Show the latest runs of a card (its place or ATR) or a profile, or of all.

    Runs are recorded by `eidrig certify --history`.
    """
    with closing(opened_history(db)) as history:
        runs = history.runs(about, limit)
    if as_object:
        click.echo(json.dumps([_object(run) for run in runs], indent=2))
    elif runs:
        show_wide(table(runs, phase))
    else:
        show(Text(f"There are no runs{f' of {about}' if about else ''} in this history."))


def _object(run: Outcome) -> dict[str, object]:
    return {
        "run": run.number,
        "started": run.started,
        "profile": run.profile,
        "card": run.card,
        "atr": run.atr,
        "complete": run.complete,
        "counts": {verdict.value: count for verdict, count in run.counts.items()},
        "latency": {name: each.model_dump() for name, each in run.latency.items()},
        "hold": dict(run.hold),
    }
