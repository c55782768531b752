"""How a hand holds a card: distance over time, built in or measured.

A motion is a function of the time since the first approach. The random parts (phases, moments of
a slip) are drawn from a seed when it is made, so the same seed is the same hand. All amplitudes and
moments are assumed unless a source is given; replace them by a measured trace to be sure.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from harness.air.fact import Fact, assumed, named
from harness.errors import UsageError

Distance = Callable[[float], float]

HOLD = assumed(8.0, "a card laid on the back of a phone in a thin case, in mm")
AWAY = 1000.0  # mm: as good as infinitely far
TREMOR_HZ = Fact((6.0, 12.0), "peak of physiological hand tremor, Lakie et al., J Physiol 2015")
TREMOR_MM = assumed(1.5, "two free hands holding phone and card: a few mm from peak to peak")
SWAY_HZ = assumed((0.2, 0.7), "breathing and slow correction of posture")
SWAY_MM = assumed(3.0, "slow drift of a hand without support")
SLIP_EVERY = assumed(4.0, "mean seconds between two slips of a card that is not supported")
SLIP_MM = assumed((20.0, 45.0), "how far the card slides away in a slip")
SLIP_FOR = assumed((0.3, 1.2), "seconds until the person has corrected a slip")
PULL_AFTER = assumed((0.4, 4.0), "seconds after which an impatient person lifts the card")
PULL_PAUSE = assumed((1.0, 2.5), "seconds until the person tries again")
SPEED = assumed(300.0, "mm/s of a hand that approaches or leaves without haste")
WALK_SPEED = assumed(250.0, "mm/s of a card that is swiped past a reader")
EDGE_MM = assumed(30.0, "a card held where the field of a phone is just enough")
CASE_MM = assumed(4.0, "thickness of a sturdy phone case, in mm")
METAL_DB = assumed(3.5, "detuning by a metal plate or ring between card and antenna")
HORIZON = 180.0  # seconds for which random moments are drawn: three times the longest session


@dataclass(frozen=True)
class Motion:
    """The distance in mm at every time in seconds, and what stands between as a loss in dB."""

    name: str
    distance: Distance
    loss: float = 0.0


def _steady(_: Random, height: float) -> Distance:
    return lambda _: height


def _shaken(rng: Random, centre: float) -> Distance:
    """`centre` with tremor and sway, two sinusoids each; never below contact."""
    waves = [
        (amplitude / 2, 2 * math.pi * rng.uniform(*band), rng.uniform(0, 2 * math.pi))
        for amplitude, band in ((TREMOR_MM.value, TREMOR_HZ.value), (SWAY_MM.value, SWAY_HZ.value))
        for _ in range(2)
    ]

    def distance(time: float) -> float:
        moved = sum(height * math.sin(pace * time + phase) for height, pace, phase in waves)
        return max(0.0, centre + moved)

    return distance


def _slip(rng: Random, height: float) -> Distance:
    held = _shaken(rng, height)
    slips: list[tuple[float, float, float]] = []
    start = rng.expovariate(1 / SLIP_EVERY.value)
    while start < HORIZON:
        end = start + rng.uniform(*SLIP_FOR.value)
        slips.append((start, end, rng.uniform(*SLIP_MM.value)))
        start = end + rng.expovariate(1 / SLIP_EVERY.value)
    starts = [slip[0] for slip in slips]

    def distance(time: float) -> float:
        last = bisect_right(starts, time) - 1
        if last < 0 or time >= slips[last][1]:
            return held(time)
        begin, end, away = slips[last]
        return held(time) + away * math.sin(math.pi * (time - begin) / (end - begin))

    return distance


def _pull_away(rng: Random, height: float) -> Distance:
    """Lifted once, too early, and put back; then held still."""
    held = _shaken(rng, height)
    leave = rng.uniform(*PULL_AFTER.value)
    back = leave + rng.uniform(*PULL_PAUSE.value)

    def distance(time: float) -> float:
        lifted = SPEED.value * min(time - leave, back - time)
        return held(time) + max(0.0, lifted)

    return distance


def _walk_by(rng: Random, height: float) -> Distance:
    """One pass; the distance is that of a straight line past the reader, `height` at its least."""
    closest = rng.uniform(0.1, 0.2)

    def distance(time: float) -> float:
        return math.hypot(height, WALK_SPEED.value * (time - closest))

    return distance


def _case_and_metal(rng: Random, height: float) -> Distance:
    return _shaken(rng, height + CASE_MM.value)


@dataclass(frozen=True, slots=True)
class _Built:
    """How a motion is made: by a hand at a height in mm, `loss` dB in between.

    `named_after_it`: the height is what the motion is about, and another one makes no sense.
    """

    make: Callable[[Random, float], Distance]
    height: float = HOLD.value
    loss: float = 0.0
    named_after_it: bool = False


_MOTIONS = {
    "steady": _Built(_steady),
    "tremor": _Built(_shaken),
    "slip": _Built(_slip),
    "pull-away": _Built(_pull_away),
    "walk-by": _Built(_walk_by),
    "edge-of-field": _Built(_shaken, EDGE_MM.value, named_after_it=True),
    "case-and-metal": _Built(_case_and_metal, loss=METAL_DB.value),
}
MOTIONS = tuple(_MOTIONS)


def motion(name: str, seed: int = 0, height: float | None = None) -> Motion:
    """The built-in motion `name` of the hand number `seed`, around a mean `height` in mm.

    Raises:
        UsageError: there is no such motion (the message lists them), or not at this height.
    """
    built = named("motion", name, _MOTIONS)
    usual = usual_height(name)
    if height is None:
        height = usual
    elif built.named_after_it:
        message = f"{name} is a height of its own, {usual:g} mm; choose one for tremor instead"
        raise UsageError(message)
    if not 0 <= height <= AWAY:
        message = f"a card is held 0 to {AWAY:g} mm away, not {height:g}"
        raise UsageError(message)
    rng = Random(f"{name} {seed}")  # noqa: S311 - a simulation
    return Motion(name, built.make(rng, height), built.loss)


def usual_height(name: str) -> float:
    """The height in mm at which a built-in motion is held where none is given.

    Raises:
        UsageError: there is no such motion; the message lists them.
    """
    return named("motion", name, _MOTIONS).height


def measured(text: str, name: str = "measured") -> Motion:
    """A motion from CSV text: `time_s,distance_mm`, a header and comments with # allowed.

    Between two lines the distance is interpolated; before the first and after the last the card is
    where that line says.

    Raises:
        UsageError: a line is not two numbers, goes back in time or is negative; it names the line.
    """
    points = list(_points(text))
    if not points:
        message = "the motion trace has no line of the form time_s,distance_mm"
        raise UsageError(message)
    times = [time for time, _ in points]

    def distance(time: float) -> float:
        after = bisect_right(times, time)
        if after in (0, len(times)):
            return points[max(after - 1, 0)][1]
        (t0, d0), (t1, d1) = points[after - 1], points[after]
        return d0 + (d1 - d0) * (time - t0) / (t1 - t0)

    return Motion(name, distance)


def _points(text: str) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        cells = [cell.strip() for cell in line.split(",")]
        if not any(cells) or cells[0].startswith("#") or cells == ["time_s", "distance_mm"]:
            continue
        point = _point(number, cells)
        if points and point[0] <= points[-1][0]:
            message = f"line {number} of the motion trace: time must grow from line to line"
            raise UsageError(message)
        points.append(point)
    return points


def _point(number: int, cells: list[str]) -> tuple[float, float]:
    try:
        time, distance = (float(cell) for cell in cells)
    except ValueError:
        time = distance = math.nan
    if not (math.isfinite(time) and math.isfinite(distance) and time >= 0 and distance >= 0):
        message = (
            f"line {number} of the motion trace: expected time_s,distance_mm as two numbers "
            f"of at least 0, found {','.join(cells)!r}"
        )
        raise UsageError(message)
    return time, distance
