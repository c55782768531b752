"""`eidrig profiles`: the card profiles that come with the package."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
from rich.table import Table
from rich.text import Text

from harness.cli.output import show
from harness.profile import Profile
from harness.profiles import builtin, builtin_names, load_profile
from harness.security_info import describe_oid

_Row = tuple[str, str, str]
"""What it is, the fact, its source."""


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


def _protocols(profile: Profile) -> Iterator[_Row]:
    """How the card shows itself, and its PACE."""
    for entry in profile.recognise:
        chip = f" ({entry.personality})" if entry.personality else ""
        yield f"{entry.interface} ATR{chip}", entry.atr.hex().upper(), entry.source
    if profile.pace is not None:
        yield "PACE", _pace(profile), profile.pace.source
        for offer in profile.pace.others:
            fact = f"{describe_oid(offer.oid)}, parameters {offer.reference}"
            yield "PACE, too", fact, profile.pace.source


def _places(profile: Profile) -> Iterator[_Row]:
    """Directories and files."""
    for name, directory in profile.directories.items():
        aid = f", AID {directory.aid.hex().upper()}" if directory.aid else ""
        yield f"directory {name}", f"{directory.path}{aid}", directory.source
    for name, file in profile.files.items():
        place = profile.directories[file.directory].path
        yield f"file {name}", f"{place}/{file.fid.hex().upper()}", file.source


def _secrets(profile: Profile) -> Iterator[_Row]:
    """Codes and keys."""
    for name, pin in profile.pins.items():
        how = "PACE password" if pin.method == "pace" else "reference"
        rules = f"{how} {pin.reference:02X}, {pin.tries} tries, from {pin.min_length} digits"
        yield name, rules, pin.source
    for owner, key in profile.keys.items():
        fact = f"reference {key.reference:02X}, {key.pin}, {key.kind}"
        yield f"{owner} key", fact, key.source


def _travel(profile: Profile) -> Iterator[_Row]:
    """What an electronic passport has."""
    if (bac := profile.bac) is not None:
        yield "BAC", f"needed on {', '.join(bac.needed_on) or 'no interface'}", bac.source
    for key in profile.chip_authentication:
        number = "" if key.key_id is None else f", key {key.key_id}"
        fact = f"{describe_oid(key.oid)}, parameters {key.parameter_id}{number}"
        yield "chip authentication", fact, key.source
    if (active := profile.active_authentication) is not None:
        yield "active authentication", f"{active.kind}, {active.hash}", active.source
    if (lds := profile.lds) is not None:
        signer = f"{lds.signer.kind} {lds.signer.scheme} {lds.signer.hash}"
        fact = f"{lds.document}, {lds.version}, {lds.digest}, signed by {signer}"
        yield "LDS", f"{fact}, face {lds.face_format} of about {lds.face_size} bytes", lds.source


def _show(profile: Profile) -> None:
    show(Text.assemble((profile.name, "bold"), f": {profile.title}"))
    table = Table(box=None, pad_edge=False)
    for heading in ("What", "Fact", "Source"):
        table.add_column(heading, overflow="fold")
    for rows in (_protocols(profile), _travel(profile), _places(profile), _secrets(profile)):
        for row in rows:
            table.add_row(*row)
    show(table)
    if profile.unknown:
        show(Text("\nUnknown", style="bold"))
    for each in profile.unknown:
        show(f"  {each}")
