"""`eidrig ics`: a profile as an implementation conformance statement."""

from __future__ import annotations

import click
from rich.console import Group
from rich.table import Table
from rich.text import Text

from harness.cli.output import show_wide
from harness.conformance.campaign.ics import statement
from harness.conformance.campaign.record import Statement
from harness.profiles import load_profile


@click.command("ics")
@click.argument("profile")
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object.")
def command(*, profile: str, as_object: bool) -> None:
    """Show what PROFILE (a name or a .toml file) declares, as a form of yes and no.

    Cases that need what is not declared are not applicable.
    """
    said = statement(load_profile(profile))
    if as_object:
        click.echo(said.model_dump_json(indent=2))
    else:
        show_wide(_form(said))


def _form(said: Statement) -> Group:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("declared", "word", "meaning"):
        table.add_column(title, no_wrap=True)
    for word in said.words:
        style = "" if word.declared else "dim"
        table.add_row("yes" if word.declared else "no", word.word, word.meaning, style=style)
    parts: list[Text | Table] = [Text(f"{said.profile}: {said.title}", style="bold"), table, Text()]
    parts += [Text(f"PACE protocol: {suite}") for suite in said.suites]
    parts += [Text(f"{name}: {rules}") for name, rules in said.codes.items()]
    parts += [Text(f"deviates from {case}: {why}") for case, why in said.deviations.items()]
    parts += [Text(f"unknown: {each}") for each in said.unknown]
    return Group(*parts)
