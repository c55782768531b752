"""`eidrig profile new|lint|show|schema|diff`: the tools of those who write profiles."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from harness.cli.exit_code import REFUSED
from harness.cli.output import show
from harness.cli.profiles import list_profiles, show_profile
from harness.errors import UsageError
from harness.lint import differences, lint
from harness.profile import Profile
from harness.profiles import builtin_names, find_text, load_profile
from harness.transport.storage import write_atomic

_TEMPLATE = "generic-eid"


@click.group("profile")
def command() -> None:
    """Write, check, show and compare card profiles."""


@command.command("list")
@click.option("--json", "as_object", is_flag=True, help="Print the names as JSON.")
def list_command(*, as_object: bool) -> None:
    """List the profiles that come with the package."""
    list_profiles(as_object=as_object)


@command.command("new")
@click.argument("name")
@click.option("--extends", "base", metavar="NAME", help="Begin with what another profile says.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to; default: NAME.toml.")
def new(*, name: str, base: str | None, out: Path | None) -> None:
    """Write a commented profile NAME to begin with."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name):
        message = f"{name} is no name for a profile: lower-case letters, digits, dots and hyphens"
        raise UsageError(message)
    path = out or Path(f"{name}.toml")
    if path.exists():
        message = f"{path} is there already; name another file with --out"
        raise UsageError(message)
    text = _extending(name, base, path) if base else _template(name)
    write_atomic(path, text.encode())
    click.echo(f"{path} is written; now: eidrig profile lint {path}")


def _template(name: str) -> str:
    text, _ = find_text(_TEMPLATE)
    return text.replace(f'name = "{_TEMPLATE}"', f'name = "{name}"', 1)


def _extending(name: str, base: str, path: Path) -> str:
    load_profile(base)
    if base not in builtin_names():  # a file, and named as seen from the new one
        base = Path(os.path.relpath(base, path.parent)).as_posix()
    return (
        f"# Only what is otherwise than in {base}: tables are laid over its tables, anything else\n"
        "# replaces what it has.\n\n"
        f'schema = 1\nextends = "{base}"\nname = "{name}"\ntitle = "{name}"\n\n'
        "# What that card has and this one has not, as dotted paths:\n"
        '# remove = ["files.expiry-date"]\n'
    )


@command.command("lint")
@click.argument("profile")
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object.")
def lint_command(*, profile: str, as_object: bool) -> int:
    """Check PROFILE (a .toml file or a name); each problem is told with its place."""
    verdict = lint(profile)
    if as_object:
        document = {
            "problems": [
                {"file": p.where, "line": p.line, "key": p.key, "said": p.said}
                for p in verdict.problems
            ],
            "unknown": list(verdict.unknown),
            "assumed": list(verdict.assumed),
        }
        click.echo(json.dumps(document, indent=2))
        return REFUSED if verdict.problems else 0
    for problem in verdict.problems:
        click.echo(str(problem))
    for each in verdict.unknown:
        click.echo(f"unknown: {each}")
    for each in verdict.assumed:
        click.echo(f"assumed: {each}")
    count = len(verdict.problems)
    rest = f"{len(verdict.unknown)} unknown, {len(verdict.assumed)} tables assumed"
    click.echo(f"{profile}: {count or 'no'} problem{'' if count == 1 else 's'}, {rest}")
    return REFUSED if verdict.problems else 0


@command.command("show")
@click.argument("profile")
@click.option("--json", "as_object", is_flag=True, help="Print the whole profile as JSON.")
def show_command(*, profile: str, as_object: bool) -> None:
    """Show every fact of PROFILE with its source, and what is unknown about it."""
    show_profile(profile, as_object=as_object)


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of a profile, for editors that complete and check TOML."""
    document = Profile.model_json_schema(by_alias=True)
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    document["properties"] |= {
        "extends": {"type": "string", "examples": builtin_names()} | _OR_PATH,
        "remove": {"type": "array", "items": {"type": "string"}},
    }
    click.echo(json.dumps(document, indent=2))


_OR_PATH = {"description": "The profile that this one is laid over: a built-in name, or a path."}


@command.command("diff")
@click.argument("first")
@click.argument("second")
@click.option("--json", "as_object", is_flag=True, help="Print a JSON array.")
def diff(*, first: str, second: str, as_object: bool) -> None:
    """Show in which facts the profiles FIRST and SECOND differ."""
    found = differences(first, second)
    if as_object:
        rows = [{"key": each.key, "first": each.first, "second": each.second} for each in found]
        click.echo(json.dumps(rows, indent=2))
        return
    if not found:
        show(Text(f"{first} and {second} do not differ in any fact."))
        return
    table = Table(box=None, pad_edge=False)
    for title in ("Fact", first, second):
        table.add_column(title, overflow="fold")
    for each in found:
        table.add_row(each.key, _told(each.first), _told(each.second))
    show(table)


def _told(value: str | None) -> str:
    return "none" if value is None else value or '""'
