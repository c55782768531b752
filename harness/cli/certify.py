"""`eidrig certify`: the conformance catalogue on a card, and its report."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from harness.certification import EMULATED, Certification, Order, Watch
from harness.cli.exit_code import LINK, PIN, REFUSED
from harness.cli.options import (
    FILE,
    Finite,
    code_sources,
    database_option,
    emulated_options,
    opened_history,
)
from harness.cli.output import show_wide
from harness.conformance.campaign.bench_file import BenchFile, Reader, Sources, read_bench_file
from harness.conformance.campaign.examination import Rules
from harness.conformance.campaign.outcome import Outcome
from harness.conformance.campaign.record import Record, Report
from harness.conformance.case import Verdict
from harness.errors import UsageError
from harness.profile import Interface
from harness.report.certify import overview
from harness.report.manifest import checking_key, signing_key, verify
from harness.secret import Secret
from harness.station import PLACES
from harness.terminal.certificate import load_certificates
from harness.terminal.pin_guard import DEFAULT_FLOOR
from harness.transport.credential import CODES, ask_any
from harness.transport.machine import processors
from harness.transport.storage import read_bytes

_FOLDER = click.Path(path_type=Path, file_okay=False)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The options as they were given."""

    profile: str | None
    card: str | None
    station: Path | None
    unit: tuple[str, ...]
    case: tuple[str, ...]
    samples: int
    allow_destructive: bool
    seed: int
    out: Path | None
    pdf: bool
    sign_with: Path | None
    verify: Path | None
    key: Path | None
    with_personal_data: bool
    processes: int | None
    person: Path | None
    interface: str | None
    trust: tuple[Path, ...]
    pin_floor: int
    position: str
    height_mm: float | None
    history: bool
    db: str | None
    can_from: str | None
    mrz_from: str | None
    pin1_from: str | None
    pin2_from: str | None
    puk_from: str | None


@click.command("certify")
@click.option("--profile", metavar="NAME|FILE", help="The card profile to certify.")
@click.option("--card", metavar="URI", help=f"Default: emulated:. {PLACES}")
@click.option("--station", type=FILE, help="TOML file with card, profile, reader and codes.")
@click.option("--unit", multiple=True, metavar="NAME", help="Only this unit; may be repeated.")
@click.option("--case", multiple=True, metavar="ID", help="Only this case; may be repeated.")
@click.option("--samples", type=click.IntRange(1), default=1, show_default=True, help="Runs each.")
@click.option("--allow-destructive", is_flag=True, help="Real card: also what spends or changes.")
@click.option("--seed", type=int, default=0, show_default=True, help="Draws everything random.")
@click.option("--out", type=_FOLDER, help="Folder of the report; the same again resumes a run.")
@click.option("--pdf", is_flag=True, help="Also print the report, where Chromium is installed.")
@click.option("--sign-with", type=FILE, help="Private key (eidrig keys new) that seals the report.")
@click.option("--verify", type=_FOLDER, help="Check that a report is as it was sealed, no more.")
@click.option("--key", type=FILE, help="Public key of the one who sealed it, for --verify.")
@click.option("--with-personal-data", is_flag=True, help="Show the holder's data in traces.")
@click.option("--processes", type=click.IntRange(1), help="For emulated cards; default: all cores.")
@click.option("--person", type=FILE, help="TOML file with the person an emulated card is made for.")
@click.option("--interface", type=click.Choice([each.value for each in Interface]), help="Of it.")
@click.option("--trust", type=FILE, multiple=True, help="PEM or DER certificates of the issuers.")
@click.option(
    "--pin-floor",
    type=click.IntRange(0, 15),
    default=DEFAULT_FLOOR,
    show_default=True,
    help="Real card: tries a wrong PIN must leave.",
)
@click.option("--position", default="", help="Real card: where on the reader it lies.")
@click.option("--height-mm", type=Finite(0), help="Real card: how high it lies.")
@click.option("--history", is_flag=True, help="Record the run in the history, see eidrig history.")
@database_option
@code_sources
def command(**given: Any) -> int:  # noqa: ANN401 - click's options, typed by _Asked
    """Run the conformance catalogue on a card, and write a report that proves what was found.

    Ends with 0 if nothing fails but what the profile declares, with 1 if a case fails, with 3 if
    a case is inconclusive or was not run, with 4 if a code that was given could not be used.
    """
    asked = _Asked(**given)
    if asked.verify is not None:
        _refuse_run(asked)
        return _verified(asked.verify, asked.key)
    order = _order(asked)
    history = opened_history(asked.db) if asked.history else None
    with _interruptible(), _progress() as watch:
        certification = Certification(order, watch)
        report = certification.run()
    if history is not None:
        with closing(history):
            click.echo(f"run {history.add(Outcome.of(report))} of the history")
    show_wide(overview(report))
    click.echo(f"report: {order.out / 'report.html'}")
    return _status(report, certification.unused)


def _refuse_run(asked: _Asked) -> None:
    """Whoever checks a report runs nothing."""
    run = {"--profile": asked.profile, "--card": asked.card, "--station": asked.station}
    run |= {"--out": asked.out, "--sign-with": asked.sign_with}
    if given := [option for option, value in run.items() if value is not None]:
        message = f"--verify only checks a report; leave {', '.join(given)} away"
        raise UsageError(message)


def _verified(folder: Path, key: Path | None) -> int:
    sealed = verify(folder, None if key is None else checking_key(key))
    by = f"signed by {sealed.fingerprint}" if sealed.fingerprint else "no key given: unsigned"
    click.echo(f"{folder}: {sealed.files} files are as they were sealed; {by}")
    return 0


def _status(report: Report, unused: tuple[str, ...]) -> int:
    if report.counts.get(Verdict.FAIL):
        return REFUSED
    unclear = (Verdict.INCONCLUSIVE, Verdict.NOT_RUN)
    if any(report.counts.get(each) for each in unclear):
        return LINK
    return PIN if unused else 0


def _order(asked: _Asked) -> Order:
    if asked.key is not None:
        message = "--key is for --verify; a report is sealed with --sign-with"
        raise UsageError(message)
    bench = _bench(asked)
    if asked.out is None:
        message = "name the folder of the report with --out"
        raise UsageError(message)
    place = asked.card or bench.card
    seed = asked.seed if place == EMULATED else 0
    options = emulated_options(
        asked.profile or bench.profile, asked.person, seed, None, asked.interface
    )
    return Order(
        out=asked.out,
        options=options,
        place=place,
        units=asked.unit,
        cases=asked.case,
        rules=Rules(asked.seed, asked.samples, asked.with_personal_data),
        allow_destructive=asked.allow_destructive,
        pin_floor=asked.pin_floor,
        codes=_codes(asked, bench, place),
        authorities=_authorities(asked, bench),
        reader=bench.reader.name,
        position=asked.position or bench.reader.position,
        height_mm=bench.reader.height_mm if asked.height_mm is None else asked.height_mm,
        processes=asked.processes or processors(),
        pdf=asked.pdf,
        key=None if asked.sign_with is None else signing_key(asked.sign_with),
    )


def _bench(asked: _Asked) -> BenchFile:
    """Where the card is and what it is said to be: from a file, or as the options say."""
    if asked.station is not None:
        if asked.card is not None:
            message = f"{asked.station} names the card already; leave --card away"
            raise UsageError(message)
        return read_bench_file(asked.station)
    if asked.profile is None:
        message = "name the profile that is to be certified with --profile, or a --station"
        raise UsageError(message)
    return BenchFile.model_construct(
        card=asked.card or EMULATED,
        profile=asked.profile,
        trust=(),
        reader=Reader(),
        codes=Sources(),
    )


def _codes(asked: _Asked, bench: BenchFile, place: str) -> dict[str, Secret]:
    """Every code that has a source, fetched before the card is touched."""
    sources = {
        name: getattr(asked, f"{name.lower()}_from") or getattr(bench.codes, name.lower())
        for name in CODES
    }
    given = {name: source for name, source in sources.items() if source}
    if given and place == EMULATED:
        message = "an emulated card has its person's codes; leave the --…-from options away"
        raise UsageError(message)
    return {name: ask_any(source, name) for name, source in given.items()}


def _authorities(asked: _Asked, bench: BenchFile) -> tuple[bytes, ...]:
    beside = asked.station.parent if asked.station else Path()
    files = asked.trust or tuple(beside / name for name in bench.trust)
    return tuple(der for file in files for der in load_certificates(read_bytes(file), str(file)))


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl-C does: with a report of what was found."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress() -> Iterator[Watch]:
    """A bar with an estimate on a terminal; elsewhere nothing but what must be known."""
    console = Console(stderr=True, markup=False, highlight=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("certifying", total=None)
        failed = 0

        def began(every: int, left: int) -> None:
            bar.update(task, total=every, completed=every - left)

        def done(record: Record) -> None:
            nonlocal failed
            failed += record.verdict is Verdict.FAIL
            bar.update(task, advance=1, description=f"{record.id} ({failed} failed)")

        yield Watch(began, done, lambda note: click.echo(f"eidrig: {note}", err=True))
