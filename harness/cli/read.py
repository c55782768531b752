"""`eidrig read`: one whole read of a card."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from harness.cli.exit_code import exit_code
from harness.cli.options import (
    FILE,
    ask_codes,
    card_options,
    code_options,
    emulated_options,
    trusted,
)
from harness.recording import Recorder
from harness.report.reading import as_json, summary
from harness.station import PLACES, Station
from harness.tap import Reading, Tap, TapOptions
from harness.terminal.certificate import Authorities
from harness.terminal.pin_guard import DEFAULT_FLOOR, PinGuard
from harness.trace import Journal, Trace
from harness.transport.storage import write_atomic


@click.command("read")
@click.option("--card", default="emulated:", show_default=True, metavar="URI", help=PLACES)
@click.option("--profile", metavar="NAME|FILE", help="Card profile; default: told by the ATR.")
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object.")
@click.option("--no-pin", is_flag=True, help="Do not verify PIN1 and do not prove the login.")
@click.option("--sign", is_flag=True, help="Also sign a test document with PIN2.")
@click.option("--plan", default="eidrig", show_default=True, help="Read plan of the profile.")
@click.option("--record", type=FILE, help="Write a recording for replay:; holds personal data.")
@click.option("--trace", "trace_file", type=FILE, help="Write a redacted trace (JSON lines).")
@click.option("--trust", type=FILE, multiple=True, help="PEM or DER certificates of the issuers.")
@click.option("--pin-floor", type=click.IntRange(0, 15), help="Tries a wrong PIN must leave.")
@card_options
@code_options
def command(  # noqa: PLR0913 - one parameter an option
    *,
    card: str,
    profile: str | None,
    as_object: bool,
    no_pin: bool,
    sign: bool,
    plan: str,
    record: Path | None,
    trace_file: Path | None,
    trust: tuple[Path, ...],
    pin_floor: int | None,
    person: Path | None,
    seed: int,
    state: Path | None,
    interface: str,
    can_from: str | None,
    pin1_from: str | None,
    pin2_from: str | None,
) -> int:
    """Read a card as a phone does, and say how long each part took.

    CAN and PINs are asked for before the card is touched; they are never given on the command line.
    """
    trace, recorder = Trace(), Recorder()
    options = emulated_options(profile, person, seed, state, interface)
    station = Station.open(card, options, observers=(trace, recorder))
    authorities = trusted(station, trust)
    wanted = {"CAN": can_from} | ({} if no_pin else {"PIN1": pin1_from})
    codes = ask_codes(station, wanted | ({"PIN2": pin2_from} if sign else {}))
    default_floor = DEFAULT_FLOOR if station.is_precious else 0
    guard = PinGuard(default_floor if pin_floor is None else pin_floor)
    tap = Tap(
        station,
        codes,
        guard,
        TapOptions(use_pin=not no_pin, sign=sign, plan=plan),
        Authorities(authorities) if authorities else None,
    )
    with _progress(station.journal):
        reading = tap.run()
    if trace_file is not None:
        write_atomic(trace_file, trace.to_jsonl())
    if record is not None and reading.profile is not None:
        write_atomic(record, recorder.recording(reading.profile.name, reading.atr).to_json())
    return _show(reading, station, as_object=as_object)


@contextmanager
def _progress(journal: Journal) -> Iterator[None]:
    """Show the running phase on a terminal; elsewhere nothing is shown."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("hold the card to the reader")
        journal.announce = lambda name: bar.update(task, description=name)
        yield


def _show(reading: Reading, station: Station, *, as_object: bool) -> int:
    if as_object:
        click.echo(as_json(reading, station.journal, station.place))
    else:
        Console(soft_wrap=False).print(summary(reading, station.journal, station.place))
    if reading.error is None:
        return 0
    click.echo(f"eidrig: {reading.error}", err=True)
    return exit_code(reading.error)
