"""`eidrig trace`: a recorded trace for eyes."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.options import FILE
from harness.cli.output import show
from harness.report.trace import annotated
from harness.transport.storage import read_text


@click.command("trace")
@click.argument("file", type=FILE)
@click.option("--level", type=click.Choice(["all", "wire", "plain"]), default="all")
def command(*, file: Path, level: str) -> None:
    """Show FILE (written by --trace) as commands and answers, protected and plain."""
    empty = True
    for line in annotated(read_text(file), str(file), None if level == "all" else level):
        show(line, wrap=False)
        empty = False
    if empty:
        click.echo(f"eidrig: {file} has nothing to show", err=True)
