"""`eidrig compare`: two runs, two cards, two generations side by side."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import click

from harness.cli.exit_code import REFUSED
from harness.cli.options import FILE, database_option, opened_history
from harness.cli.output import show_wide
from harness.conformance.campaign.outcome import Change, Outcome, changes
from harness.errors import UsageError
from harness.report.bench_page import require_report
from harness.report.certify_folder import read_report
from harness.report.compare_page import as_page
from harness.report.history import comparison
from harness.transport.storage import require_writable, write_atomic


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@database_option
@click.option("--html", "html_file", type=FILE, help="Write a page with plots.")
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object.")
def command(
    *, first: str, second: str, db: str | None, html_file: Path | None, as_object: bool
) -> int:
    """Compare two runs, each a number of the history or the folder of a report.

    Ends with 1 if a case fails in B that does not fail in A.
    """
    if html_file is not None:
        require_report()
        require_writable(html_file)
    one, other = _outcome(first, db), _outcome(second, db)
    found = list(changes(one, other))
    if html_file is not None:
        write_atomic(html_file, as_page(one, other))
    if as_object:
        click.echo(json.dumps(_object(one, other, found), indent=2))
    else:
        show_wide(comparison(one, other))
    return REFUSED if any(change.is_worse for change in found) else 0


def _outcome(named: str, db: str | None) -> Outcome:
    if Path(named).is_dir():
        return Outcome.of(read_report(Path(named)))
    if not (named.isascii() and named.isdigit()):
        message = f"{named} is neither the folder of a report nor the number of a run"
        raise UsageError(message)
    with closing(opened_history(db)) as history:
        return history.run(int(named))


def _object(one: Outcome, other: Outcome, found: list[Change]) -> dict[str, object]:
    phases = dict.fromkeys((*one.latency, *other.latency))
    return {
        "runs": [one.name, other.name],
        "changes": [
            {
                "case": change.id,
                "first": change.first.verdict if change.first else None,
                "second": change.second.verdict if change.second else None,
            }
            for change in found
        ],
        "latency": {
            phase: [
                run.latency[phase].model_dump() if phase in run.latency else None
                for run in (one, other)
            ]
            for phase in phases
        },
        "hold": [dict(run.hold) for run in (one, other)],
    }
