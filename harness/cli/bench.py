"""`eidrig bench`: many taps, simulated or on hardware, and what they add up to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from harness.air.card_time import CARD_SPEEDS, card_speed
from harness.air.faults import parse_fault
from harness.air.motion import AWAY, MOTIONS
from harness.air.phone import PHONES, phone
from harness.bench.bound import lower_bound
from harness.bench.compare import compare
from harness.bench.hardware import Bench, OnHardware
from harness.bench.machine import profile_hash
from harness.bench.measure import Engine, Measurement, carry_out
from harness.bench.replayed import Replayed
from harness.bench.saved import Saved, as_json, read_saved
from harness.bench.scenario import Hand, Matrix, Scenario
from harness.bench.simulated import Simulated
from harness.bench.stack import Cards
from harness.bench.sweep import DISTANCES, Reach, setups, sweep
from harness.cli.exit_code import REFUSED
from harness.cli.options import FILE, Finite, ask_codes, code_options, reading_codes
from harness.cli.output import show_wide
from harness.errors import UsageError
from harness.profiles import DEFAULT_PROFILE, load_profile
from harness.report.bench import changes, overview
from harness.report.bench_page import as_page, require_report
from harness.station import PLACES, CardOptions, Station
from harness.tap import POLICIES, policy
from harness.terminal.pin_guard import DEFAULT_FLOOR, PinGuard
from harness.transport.storage import read_text, require_all_writable, write_atomic

EMULATED = "emulated:"
_TAPS, _FEW_TAPS = 200, 10
_SWEEP_TAPS = 100
HEIGHT = Finite(0, AWAY)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Asked:
    """The options as they were given."""

    card: str
    profile: tuple[str, ...]
    phone: tuple[str, ...]
    preset: tuple[str, ...]
    motion: tuple[str, ...]
    motion_file: tuple[Path, ...]
    policy: tuple[str, ...]
    plan: tuple[str, ...]
    fault: tuple[str, ...]
    taps: int | None
    seed: int
    fast: bool
    no_pin: bool
    pin_floor: int | None
    position: str
    height_mm: tuple[float, ...]
    json_file: Path | None
    html_file: Path | None
    compare: Path | None
    threshold: float
    can_from: str | None
    mrz_from: str | None
    pin1_from: str | None
    pin2_from: str | None


def _listed(names: Sequence[str]) -> str:
    return f"one of {', '.join(names)}"


def _several(
    name: str, metavar: str, help_text: str, kind: click.ParamType[Any] | None = None
) -> Callable[[Any], Any]:
    return click.option(name, multiple=True, metavar=metavar, help=help_text, type=kind)


@click.command("bench")
@click.option("--card", default=EMULATED, show_default=True, metavar="URI", help=PLACES)
@_several("--profile", "NAME|FILE", f"Card profile; default {DEFAULT_PROFILE}.")
@_several("--phone", "NAME", f"Default android; {_listed(tuple(PHONES))}.")
@_several("--preset", "NAME", f"The card's speed; default typical; {_listed(tuple(CARD_SPEEDS))}.")
@_several("--motion", "NAME", f"The hand; default tremor; {_listed(MOTIONS)}.")
@_several("--motion-file", "FILE", "A measured hand: CSV time_s,distance_mm.", FILE)
@_several("--height-mm", "MM", "How high it is held, default mostly 8; or lies.", HEIGHT)
@_several("--policy", "NAME", f"After a tear; default resume; {_listed(tuple(POLICIES))}.")
@_several("--plan", "NAME", "Read plan of the profile; default eidrig.")
@_several("--fault", "NAME[@…]", "Inject a fault into every tap, such as tag-lost@frame=12.")
@click.option("--taps", type=click.IntRange(1), help="Taps a scenario.  [default: 200; card: 10]")
@click.option("--seed", type=int, default=0, show_default=True, help="Draws hands and noise.")
@click.option("--fast", is_flag=True, help="Replay a recorded read: sizes and times only.")
@click.option("--no-pin", is_flag=True, help="On hardware: do not verify PIN1.")
@click.option("--pin-floor", type=click.IntRange(0, 15), help="Tries a wrong PIN must leave.")
@click.option("--position", default="", help="On hardware: where on the reader the card lies.")
@click.option("--json", "json_file", type=FILE, help="Write pytest-benchmark's JSON.")
@click.option("--html", "html_file", type=FILE, help="Write a page that opens without network.")
@click.option("--compare", type=FILE, help="Say what is slower than in this saved JSON; exit 1.")
@click.option(
    "--threshold",
    type=Finite(0),
    default=5.0,
    show_default=True,
    metavar="PERCENT",
    help="How much slower is slower, for --compare.",
)
@code_options
def command(**given: Any) -> int:  # noqa: ANN401 - click's options, typed by _Asked
    """Hold a card to a phone many times: how long, and how often it works.

    Options that may be repeated give every combination. On a real card the time is the wall
    clock's, less what a neutral APDU costs.
    """
    asked = _Asked(**given)
    _check_files(asked)
    earlier = _earlier(asked.compare)
    if asked.card == EMULATED:
        measurements, reaches = _simulate(asked)
    else:
        measurements, reaches = [_on_hardware(asked)], []
    if asked.json_file:
        write_atomic(asked.json_file, as_json(measurements))
    if asked.html_file:
        write_atomic(asked.html_file, as_page(measurements, reaches))
    show_wide(overview(measurements))
    return _judge(measurements, earlier, asked.threshold)


def _check_files(asked: _Asked) -> None:
    require_all_writable(asked.json_file, asked.html_file)
    if asked.html_file:
        require_report()


def _earlier(file: Path | None) -> tuple[Saved, ...] | None:
    return None if file is None else read_saved(read_text(file), str(file))


def _judge(
    measurements: Sequence[Measurement], earlier: tuple[Saved, ...] | None, threshold: float
) -> int:
    if earlier is None:
        return 0
    now = [Saved(each.case.name, each.summary) for each in measurements]
    found = compare(earlier, now, threshold)
    show_wide(changes(found, threshold))
    return REFUSED if any(change.worse for change in found) else 0


def _refuse(options: dict[str, object], reason: str) -> None:
    used = [name for name, value in options.items() if value]
    if used:
        message = f"{', '.join(used)}: {reason}"
        raise UsageError(message)


def _simulate(asked: _Asked) -> tuple[list[Measurement], list[Reach]]:
    _refuse(
        {
            "--position": asked.position,
            "--no-pin": asked.no_pin,
            "--pin-floor": asked.pin_floor is not None,
            "--can-from": asked.can_from,
            "--mrz-from": asked.mrz_from,
            "--pin1-from": asked.pin1_from,
            "--pin2-from": asked.pin2_from,
        },
        "only for a real card; name its place with --card",
    )
    scenarios = list(_matrix(asked).scenarios())
    taps = asked.taps or _TAPS
    kind = Replayed if asked.fast else Simulated
    total = taps * len(scenarios)
    total += len(DISTANCES) * len(setups(scenarios)) if asked.html_file else 0
    with _progress(total) as done:
        measurements = [
            _measured(kind(each, asked.seed), each, taps, asked, done) for each in scenarios
        ]
        reaches = list(_reaches(scenarios, asked, done)) if asked.html_file else []
    return measurements, reaches


def _measured(
    engine: Engine, scenario: Scenario, taps: int, asked: _Asked, done: Callable[[], None]
) -> Measurement:
    return Measurement(
        case=scenario,
        engine=engine.name,
        seed=asked.seed,
        taps=carry_out(engine, taps, done),
        bound=lower_bound(scenario, Cards.of(scenario).image),
        profile_hash=profile_hash(scenario.profile),
    )


def _reaches(
    scenarios: Sequence[Scenario], asked: _Asked, done: Callable[[], None]
) -> Iterator[Reach]:
    """By replay where that can be; a scenario that cannot is simulated with fewer taps."""
    for each in setups(scenarios).values():
        try:
            Replayed(each, asked.seed)
        except UsageError:
            yield from sweep([each], _FEW_TAPS, lambda it: Simulated(it, asked.seed), done)
        else:
            yield from sweep([each], _SWEEP_TAPS, lambda it: Replayed(it, asked.seed), done)


def _hands(asked: _Asked) -> list[Hand]:
    traced = [Hand.traced(read_text(file), file.name) for file in asked.motion_file]
    if traced and asked.height_mm:
        message = "--height-mm: a measured motion has its own heights; leave --motion-file away"
        raise UsageError(message)
    names = asked.motion or (() if traced else ("tremor",))
    return [Hand.named(*each) for each in product(names, asked.height_mm or (None,))] + traced


def _matrix(asked: _Asked) -> Matrix:
    return Matrix(
        profiles=[load_profile(name) for name in asked.profile or (DEFAULT_PROFILE,)],
        phones=[phone(name) for name in asked.phone or ("android",)],
        speeds=[card_speed(name) for name in asked.preset or ("typical",)],
        hands=_hands(asked),
        policies=[policy(name) for name in asked.policy or ("resume",)],
        plans=asked.plan or ("eidrig",),
        faults=tuple(parse_fault(text) for text in asked.fault),
    )


def _on_hardware(asked: _Asked) -> Measurement:
    _refuse(
        {
            "--preset": asked.preset,
            "--motion": asked.motion,
            "--motion-file": asked.motion_file,
            "--fault": asked.fault,
            "--fast": asked.fast,
        },
        "only for a simulated hold; leave --card away",
    )
    _refuse({"--pin2-from": asked.pin2_from}, "a benchmark signs nothing with PIN2")
    with closing(
        Station.open(asked.card, CardOptions(_one("--profile", asked.profile)))
    ) as station:
        given = {"CAN": asked.can_from, "MRZ": asked.mrz_from, "PIN1": asked.pin1_from}
        wanted = reading_codes(station, None, given, use_pin=not asked.no_pin)
        codes = ask_codes(station, wanted)
        bench = Bench(
            place=station.place,
            reader=_one("--phone", asked.phone) or "",
            policy=policy(_one("--policy", asked.policy) or "once"),
            plan=_one("--plan", asked.plan) or "eidrig",
            profile=station.profile.name if station.profile else "",
            position=asked.position,
            height=_one("--height-mm", asked.height_mm),
            use_pin=not asked.no_pin,
        )
        floor = DEFAULT_FLOOR if station.is_precious else 0
        guard = PinGuard(floor if asked.pin_floor is None else asked.pin_floor)
        engine, taps = OnHardware(station, codes, guard, bench), asked.taps or _FEW_TAPS
        with _progress(taps) as done:
            results = carry_out(engine, taps, done)
        known = profile_hash(station.profile) if station.profile else ""
    return Measurement(bench, engine.name, asked.seed, results, profile_hash=known)


def _one(option: str, values: tuple[Value, ...]) -> Value | None:
    if len(values) > 1:
        message = f"{option} may be given once for a real card"
        raise UsageError(message)
    return values[0] if values else None


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal; elsewhere nothing is shown."""
    console = Console(stderr=True)
    columns = (TextColumn("tapping"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("taps", total=total)
        yield lambda: bar.advance(task)
