"""`eidrig doctor`: what this machine has, lacks, and what to do about it."""

from __future__ import annotations

import click
from rich.table import Table
from rich.text import Text

from harness.cli.output import show
from harness.transport.doctor import examine

_MARKS = {True: ("ok", "green"), False: ("missing", "red"), None: ("unknown", "yellow")}


@click.command("doctor")
def command() -> None:
    """Check Python extras, PC/SC, the virtual reader, permissions and programs."""
    table = Table("", "What", "Found", "What to do", box=None, pad_edge=False)
    for finding in examine():
        table.add_row(Text(*_MARKS[finding.ok]), finding.name, finding.detail, finding.advice)
    show(table)
