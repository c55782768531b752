"""`eidrig read`: one whole read of a card."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from harness.air.card_time import CARD_SPEEDS
from harness.air.motion import MOTIONS
from harness.air.phone import PHONES
from harness.cli.exit_code import exit_code
from harness.cli.options import (
    FILE,
    ask_codes,
    card_options,
    code_options,
    emulated_options,
    reading_codes,
    trusted,
)
from harness.cli.output import show
from harness.cli.streams import complain
from harness.clock import VirtualClock, WallClock
from harness.errors import UsageError
from harness.profile import Interface
from harness.recording import Recorder
from harness.report.capture import FrameCapture, as_pcapng
from harness.report.reading import as_json, summary
from harness.simulation import AirConditions, in_air
from harness.station import PLACES, Station
from harness.tap import POLICIES, Reading, Tap, TapOptions, policy
from harness.terminal.certificate import Authorities
from harness.terminal.pin_guard import DEFAULT_FLOOR, PinGuard
from harness.trace import Journal, Observer, Trace
from harness.transport.storage import require_all_writable, write_atomic

_POLICIES = ", ".join(POLICIES)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The options as they were given."""

    card: str
    profile: str | None
    as_object: bool
    no_pin: bool
    sign: bool
    plan: str
    record: Path | None
    trace_file: Path | None
    trust: tuple[Path, ...]
    face: Path | None
    pin_floor: int | None
    policy: str
    phone: str | None
    preset: str | None
    motion: str | None
    height_mm: float | None
    fault: tuple[str, ...]
    person: Path | None
    seed: int
    state: Path | None
    interface: str | None
    can_from: str | None
    mrz_from: str | None
    pin1_from: str | None
    pin2_from: str | None

    @property
    def in_air(self) -> bool:
        """Whether the card is to be held against a simulated phone."""
        has_height = self.height_mm is not None
        return bool(self.phone or self.preset or self.motion or self.fault or has_height)

    @property
    def captures_frames(self) -> bool:
        """Whether the trace is a capture for Wireshark."""
        return self.trace_file is not None and self.trace_file.suffix == ".pcapng"

    def check(self) -> None:
        """Refuse a code that nothing asked for would use.

        Raises:
            UsageError: there is one; the message names its option and the one that goes with it.
        """
        if self.pin2_from and not self.sign:
            message = "--pin2-from: PIN2 is only for --sign; add that, or leave PIN2 away"
            raise UsageError(message)
        if self.pin1_from and self.no_pin:
            message = "--pin1-from: with --no-pin no PIN1 is verified; leave one of them away"
            raise UsageError(message)
        if self.can_from and self.mrz_from:
            message = "a card is opened with one code: give --can-from or --mrz-from"
            raise UsageError(message)

    def codes(self, station: Station) -> dict[str, str | None]:
        """Which codes are needed, and where each comes from."""
        interface = Interface(self.interface) if self.interface else None
        given = {"CAN": self.can_from, "MRZ": self.mrz_from, "PIN1": self.pin1_from}
        wanted = reading_codes(station, interface, given, use_pin=not self.no_pin)
        return wanted | ({"PIN2": self.pin2_from} if self.sign else {})


@click.command("read")
@click.option("--card", default="emulated:", show_default=True, metavar="URI", help=PLACES)
@click.option("--profile", metavar="NAME|FILE", help="Card profile; default: told by the ATR.")
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object.")
@click.option("--no-pin", is_flag=True, help="Do not verify PIN1 and do not prove the login.")
@click.option("--sign", is_flag=True, help="Also sign a test document with PIN2.")
@click.option("--plan", default="eidrig", show_default=True, help="Read plan of the profile.")
@click.option("--record", type=FILE, help="Write a recording for replay:; holds personal data.")
@click.option(
    "--trace",
    "trace_file",
    type=FILE,
    help="Write a redacted trace in JSON lines, or frames for Wireshark if it ends in .pcapng.",
)
@click.option(
    "--trust",
    type=FILE,
    multiple=True,
    help="PEM or DER certificates of the issuers; of passports, the country's or a master list.",
)
@click.option("--face", type=FILE, help="Write the face of a passport, as it is in DG2.")
@click.option("--pin-floor", type=click.IntRange(0, 15), help="Tries a wrong PIN must leave.")
@click.option("--policy", default="once", show_default=True, help=f"After a tear: {_POLICIES}.")
@click.option("--phone", metavar="NAME", help=f"Simulate a phone: {', '.join(PHONES)}.")
@click.option("--preset", metavar="NAME", help=f"And a card's speed: {', '.join(CARD_SPEEDS)}.")
@click.option("--motion", metavar="NAME", help=f"And a hand: {', '.join(MOTIONS)}.")
@click.option("--height-mm", type=float, metavar="MM", help="And how high it holds the card.")
@click.option("--fault", metavar="NAME[@…]", multiple=True, help="And a fault in the air.")
@card_options
@code_options
def command(**given: Any) -> int:  # noqa: ANN401 - click's options, typed by _Asked
    """Read a card as a phone does, and say how long each part took.

    CAN, MRZ and PINs are asked for before the card is touched; they are never given on the command
    line. An MRZ is given whole, all its lines, or as NUMBER,YYMMDD,YYMMDD (birth, then expiry).
    """
    asked = _Asked(**given)
    require_all_writable(asked.trace_file, asked.record, asked.face)
    asked.check()
    trace, recorder = Trace(), Recorder()
    with closing(_opened(asked, (trace, recorder))) as station:
        capture = FrameCapture(station.journal, trace)
        if asked.in_air:
            station = in_air(station, _conditions(asked, station), [capture])  # noqa: PLW2901
        elif asked.captures_frames:
            message = "frames are seen only with a simulated phone; add --phone android"
            raise UsageError(message)
        with _progress(station.journal):
            reading = _tap(asked, station).run()
    try:
        return _show(reading, station, as_object=asked.as_object)
    finally:
        if asked.trace_file is not None:
            frames = as_pcapng(capture.frames) if asked.captures_frames else None
            write_atomic(asked.trace_file, trace.to_jsonl() if frames is None else frames)
        if asked.face is not None:
            _keep_face(asked.face, reading)
        if asked.record is not None and reading.profile is not None:
            recording = recorder.recording(reading.profile.name, reading.atr)
            write_atomic(asked.record, recording.to_json())


def _keep_face(file: Path, reading: Reading) -> None:
    if reading.document.faces:
        write_atomic(file, reading.document.faces[0].image.data)
    elif reading.error is None:
        click.echo(f"eidrig: no face was read, so {file} is not written", err=True)


def _opened(asked: _Asked, observers: tuple[Observer, ...]) -> Station:
    options = emulated_options(
        asked.profile, asked.person, asked.seed, asked.state, asked.interface
    )
    clock = VirtualClock() if asked.in_air else WallClock()
    return Station.open(asked.card, options, observers=observers, clock=clock)


def _conditions(asked: _Asked, station: Station) -> AirConditions:
    return AirConditions.named(
        asked.phone or "android",
        asked.preset or (station.profile.timing if station.profile else "typical"),
        asked.motion or "steady",
        asked.fault,
        asked.seed,
        asked.height_mm,
    )


def _tap(asked: _Asked, station: Station) -> Tap:
    authorities = trusted(station, asked.trust)
    default_floor = DEFAULT_FLOOR if station.is_precious else 0
    return Tap(
        station,
        ask_codes(station, asked.codes(station)),
        PinGuard(default_floor if asked.pin_floor is None else asked.pin_floor),
        TapOptions(use_pin=not asked.no_pin, sign=asked.sign, plan=asked.plan),
        Authorities(authorities) if authorities else None,
        policy(asked.policy),
    )


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
        click.echo(as_json(reading, station))
    else:
        show(summary(reading, station))
    if reading.error is None:
        return 0
    complain(reading.error)
    return exit_code(reading.error)
