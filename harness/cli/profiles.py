"""`eidrig profiles`: the card profiles that come with the package."""

from __future__ import annotations

import json

import click
from rich.table import Table
from rich.text import Text

from harness.cli.output import show
from harness.profile import Profile
from harness.profiles import builtin, builtin_names, load_profile
from harness.security_info import describe_oid


@click.command("profiles")
@click.argument("name", required=False)
@click.option("--json", "as_object", is_flag=True, help="Print the whole profile as JSON.")
def command(*, name: str | None, as_object: bool) -> None:
    """List the profiles, or show NAME (or a .toml file) with what is unknown about it."""
    if name is None:
        list_profiles(as_object=as_object)
    else:
        show_profile(name, as_object=as_object)


def show_profile(name: str, *, as_object: bool) -> None:
    """Show one profile, by name or file.

    Raises:
        UsageError: there is no such profile, or it is not valid.
    """
    profile = load_profile(name)
    if as_object:
        click.echo(profile.model_dump_json(indent=2, by_alias=True))
    else:
        _show(profile)


def list_profiles(*, as_object: bool) -> None:
    """List the built-in profiles."""
    if as_object:
        click.echo(json.dumps(builtin_names()))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("Name", "Card", "PACE"):
        table.add_column(heading, overflow="fold")
    for name in builtin_names():
        profile = builtin(name)
        table.add_row(name, profile.title, _pace(profile))
    show(table)


def _pace(profile: Profile) -> str:
    if profile.pace is None:
        return "none"
    return f"{describe_oid(profile.pace.oid)}, parameters {profile.pace.parameter_id}"


def _show(profile: Profile) -> None:
    show(Text.assemble((profile.name, "bold"), f": {profile.title}"))
    table = Table(box=None, pad_edge=False)
    for heading in ("What", "Fact", "Source"):
        table.add_column(heading, overflow="fold")
    for entry in profile.recognise:
        chip = f" ({entry.personality})" if entry.personality else ""
        table.add_row(f"{entry.interface} ATR{chip}", entry.atr.hex().upper(), entry.source)
    if profile.pace is not None:
        table.add_row("PACE", _pace(profile), profile.pace.source)
    for name, directory in profile.directories.items():
        aid = f", AID {directory.aid.hex().upper()}" if directory.aid else ""
        table.add_row(f"directory {name}", f"{directory.path}{aid}", directory.source)
    for name, file in profile.files.items():
        place = profile.directories[file.directory].path
        table.add_row(f"file {name}", f"{place}/{file.fid.hex().upper()}", file.source)
    for name, pin in profile.pins.items():
        how = "PACE password" if pin.method == "pace" else "reference"
        rules = f"{how} {pin.reference:02X}, {pin.tries} tries, from {pin.min_length} digits"
        table.add_row(name, rules, pin.source)
    for name, key in profile.keys.items():
        table.add_row(
            f"{name} key", f"reference {key.reference:02X}, {key.pin}, {key.kind}", key.source
        )
    show(table)
    if profile.unknown:
        show(Text("\nUnknown", style="bold"))
    for each in profile.unknown:
        show(f"  {each}")
