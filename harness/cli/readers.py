"""`eidrig readers`: what PC/SC has on this machine."""

from __future__ import annotations

import click
from rich.table import Table

from harness.cli.output import show
from harness.transport.pcsc import list_readers


@click.command("readers")
def command() -> None:
    """List the PC/SC readers and the cards in them."""
    table = Table("Reader", "Card", box=None, pad_edge=False)
    for reader in list_readers():
        table.add_row(reader.name, reader.atr.hex().upper() if reader.card_present else "none")
    show(table)
