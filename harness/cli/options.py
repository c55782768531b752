"""Options that several commands share, and the secrets behind some of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from harness.errors import UsageError
from harness.mrz import Mrz
from harness.profile import Interface
from harness.secret import Can, Digits, Pin
from harness.station import CardOptions, Codes, Station
from harness.transport.credential import CODES, SOURCES, ask, ask_any
from harness.transport.storage import read_bytes

if TYPE_CHECKING:
    from harness.store.history import History

Command = TypeVar("Command", bound=Callable[..., Any])
FILE = click.Path(path_type=Path, dir_okay=False)


class Finite(click.FloatRange):
    """A number within a range; what is none (nan) lies in no range."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """The number itself."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no number that can be measured", param, ctx)
        return number


def card_options(command: Command) -> Command:
    """The options that say which emulated card to make."""
    for option in (
        click.option("--state", type=FILE, help="Keep the emulated card's counters in this file."),
        click.option("--seed", type=int, default=0, show_default=True, help="Seed of its keys."),
        click.option("--person", type=FILE, help="TOML file with the person it is made for."),
        click.option(
            "--interface",
            type=click.Choice([each.value for each in Interface]),
            help="How the card is reached; default: as its profile has it first.",
        ),
    ):
        command = option(command)
    return command


def code_options(command: Command) -> Command:
    """The options that say where CAN and PINs come from."""
    for name in ("pin2", "pin1", "mrz", "can"):
        command = click.option(
            f"--{name}-from",
            metavar="SOURCE",
            help=f"Where the {name.upper()} comes from: {SOURCES}. "
            "Default: prompt for a real card, the person's own for an emulated one.",
        )(command)
    return command


def code_sources(command: Command) -> Command:
    """The options that say where every code of a real card comes from; none is prompted for."""
    for name in reversed(CODES):
        command = click.option(
            f"--{name.lower()}-from",
            metavar="SOURCE",
            help=f"Real card: where the {name} comes from; {SOURCES}.",
        )(command)
    return command


def database_option(command: Command) -> Command:
    """The option that names the database of the history."""
    return click.option(
        "--db",
        metavar="URL",
        envvar="EIDRIG_DB",
        help="The history: sqlite:///FILE or postgresql://USER@HOST/NAME; default: your own file.",
    )(command)


def opened_history(url: str | None) -> History:
    """The history at a URL, or at its usual place.

    Raises:
        UsageError: its libraries are not installed, or the database cannot be used.
    """
    for name in ("sqlalchemy", "alembic", "platformdirs"):
        if find_spec(name) is None:
            message = f"the history needs {name}: pip install 'eidrig[history]'"
            raise UsageError(message)
    from harness.store.history import History, default_url  # noqa: PLC0415 - an extra

    return History(url or default_url(), lambda told: click.echo(f"eidrig: {told}", err=True))


def ask_codes(station: Station, wanted: dict[str, str | None]) -> Codes:
    """Fetch every code in `wanted` (name to source or None) before the card is touched.

    Raises:
        UsageError: a source has none, or it is malformed.
    """
    own = station.codes
    return Codes(
        can=_code("CAN", Can, wanted, own.can),
        pin1=_code("PIN1", Pin, wanted, own.pin1),
        pin2=_code("PIN2", Pin, wanted, own.pin2),
        mrz=_zone(wanted, own.mrz),
    )


def _zone(wanted: dict[str, str | None], own: Mrz | None) -> Mrz | None:
    if "MRZ" not in wanted:
        return None
    source = wanted["MRZ"]
    if source is None and own is not None:
        return own
    found = ask_any(source or "prompt", "MRZ")
    return found if isinstance(found, Mrz) else None


D = TypeVar("D", bound=Digits)


def _code(name: str, kind: type[D], wanted: dict[str, str | None], own: D | None) -> D | None:
    if name not in wanted:
        return None
    source = wanted[name]
    if source is None and own is not None:
        return own
    return ask(source or "prompt", kind, name)


def opening_code(
    station: Station, interface: Interface | None, given: Mapping[str, str | None]
) -> dict[str, str | None]:
    """The code that opens the card, with its source: one with a source, else the usual one.

    That goes by what is known of the card before it is touched.
    """
    named = {name: source for name, source in given.items() if source is not None}
    if named:
        return dict(named)
    profile = station.profile
    if profile is None:
        return {} if interface is Interface.CONTACT else {"CAN": None}
    reached = interface or station.interface or profile.interfaces[0]
    if profile.needs_pace(reached):
        return {"MRZ" if profile.own_pace.opens_with == "MRZ" else "CAN": None}
    return {"MRZ": None} if profile.needs_channel(reached) else {}


def reading_codes(
    station: Station,
    interface: Interface | None,
    given: Mapping[str, str | None],
    *,
    use_pin: bool,
) -> dict[str, str | None]:
    """The codes of a read, each with its source: what opens the card, and PIN1 if it has one."""
    opening = {name: given[name] for name in ("CAN", "MRZ")}
    wanted, pin1 = opening_code(station, interface, opening), given["PIN1"]
    # A zone opens a travel document, which has no PIN.
    unnamed = station.profile is None and (pin1 or not given["MRZ"])
    has_pin = "PIN1" in station.profile.pins if station.profile else unnamed
    return wanted | ({"PIN1": pin1} if has_pin and use_pin else {})


def trusted(station: Station, files: tuple[Path, ...]) -> tuple[bytes, ...]:
    """The DER certificates to check chains against: the files given, else the card's own test CA.

    Raises:
        UsageError: a file holds no certificate.
    """
    if not files:
        return station.authorities
    from harness.terminal.certificate import load_certificates  # noqa: PLC0415

    return tuple(der for file in files for der in load_certificates(read_bytes(file), str(file)))


def emulated_options(
    profile: str | None, person: Path | None, seed: int, state: Path | None, interface: str | None
) -> CardOptions:
    """The values of `card_options` as one value."""
    return CardOptions(profile, person, seed, state, Interface(interface) if interface else None)
