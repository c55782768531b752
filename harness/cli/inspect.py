"""`eidrig inspect`: describe whatever card is there."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from harness.cli.options import card_options, emulated_options
from harness.cli.output import show
from harness.errors import UsageError
from harness.inspection import Inspection, inspect
from harness.profiles import builtin_names, load_profile
from harness.report.printable import printable
from harness.secret import Secret
from harness.station import PLACES, Station
from harness.transport.credential import SOURCES, ask_any


@click.command("inspect")
@click.option("--card", default="emulated:", show_default=True, metavar="URI", help=PLACES)
@click.option("--profile", metavar="NAME|FILE", help="Hold the card against this profile only.")
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object.")
@click.option(
    "--can-from",
    metavar="SOURCE",
    help=f"Also open the card by PACE with this CAN: {SOURCES}.",
)
@click.option("--mrz-from", metavar="SOURCE", help="The same with the machine readable zone.")
@card_options
def command(  # noqa: PLR0913 - one parameter an option
    *,
    card: str,
    profile: str | None,
    as_object: bool,
    can_from: str | None,
    mrz_from: str | None,
    person: Path | None,
    seed: int,
    state: Path | None,
    interface: str | None,
) -> None:
    """Describe a card: ATR, EF.CardAccess, EF.ATR/INFO, EF.DIR, and which profile fits.

    Only what is open to everyone is read and no code is asked for, unless --can-from or --mrz-from
    is given: then PACE is run as EF.CardAccess offers it, and what can be reached inside is told.
    No PIN is offered.
    """
    options = emulated_options(profile, person, seed, state, interface)
    names = [profile] if profile else builtin_names()
    profiles = [load_profile(name) for name in names]
    with closing(Station.open(card, options)) as station:
        found = inspect(station, profiles, _password(can_from, mrz_from))
    if as_object:
        click.echo(as_json(found))
    else:
        _show(found)


def _password(can_from: str | None, mrz_from: str | None) -> Secret | None:
    if can_from and mrz_from:
        message = "PACE takes one password: give --can-from or --mrz-from"
        raise UsageError(message)
    if mrz_from:
        return ask_any(mrz_from, "MRZ")
    return ask_any(can_from, "CAN") if can_from else None


def as_json(found: Inspection) -> str:
    """The object that `eidrig inspect --json` prints."""
    opened = found.opened
    document = {
        "atr": found.atr.hex().upper(),
        "ef_card_access": found.card_access.raw.hex().upper() or None,
        "ef_atr_info": found.ef_atr.raw.hex().upper() or None,
        "ef_dir": found.ef_dir.raw.hex().upper() or None,
        "pace": opened
        and {
            "oid": opened.info.oid,
            "parameter_id": opened.info.parameter_id,
            "password": opened.password,
            "ef_card_security": opened.card_security.raw.hex().upper() or None,
            "applications": [aid.hex().upper() for aid in opened.applications],
        },
        "described": {
            title: [{"what": what, "said": said} for what, said in lines]
            for title, lines in found.sections().items()
        },
        "profiles": [
            {
                "name": fit.profile.name,
                "by": list(fit.reasons),
                "differences": list(fit.differences),
            }
            for fit in found.fits
        ],
    }
    return json.dumps(document, indent=2)


def _show(found: Inspection) -> None:
    for title, lines in found.sections().items():
        show(Text(title, style="bold"))
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim")
        table.add_column(overflow="fold")
        for what, said in lines:
            table.add_row(f"  {what}", printable(said))
        show(table)
