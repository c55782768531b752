"""A card on real hardware, by the wall clock, with what a neutral APDU costs taken off.

The neutral APDU is SELECT of the master file, in an activation of its own before and after each
tap: whatever the card answers, nothing of it outlives that activation. What it takes is the host,
the reader, and the shortest of exchanges; the rest of a tap is the card's own time and the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median, quantiles

from harness.apdu import INS, CommandApdu
from harness.bench.result import Baseline, TapResult
from harness.bench.simulated import tap_result
from harness.bench.stack import Stopwatch
from harness.errors import PinError
from harness.isodep.pcd_engine import Statistics
from harness.reading import TapOptions
from harness.station import Codes, Station
from harness.tap import Policy, Tap
from harness.terminal.pin_guard import PinGuard
from harness.trace import Journal, Journaled

NEUTRAL = CommandApdu(0x00, INS.SELECT, 0x00, 0x0C, b"\x3f\x00")
REPEATS = 11
"""Neutral APDUs on each side of a tap; the first, which warms up, does not count."""

MOVED = 0.25
"""A baseline that differs by more than this part of itself between before and after has moved."""

LEAST_MOVE = 0.001
"""Seconds that a baseline may differ in any case."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A real card in its place, as the record names it; `height` in mm, None where unknown."""

    place: str
    reader: str
    policy: Policy
    plan: str = "eidrig"
    profile: str = ""
    position: str = ""
    height: float | None = None
    use_pin: bool = True

    @property
    def params(self) -> dict[str, str]:
        """Each part by its name, as the benchmark record has it."""
        return {
            "profile": self.profile,
            "place": self.place,
            "phone": self.reader,
            "policy": self.policy.name,
            "plan": self.plan,
            "pin": "" if self.use_pin else "without PIN1",
            "position": self.position,
            "height_mm": "" if self.height is None else f"{self.height:g}",
        }

    @property
    def name(self) -> str:
        """The names of all parts, joined."""
        return "/".join(value for value in self.params.values() if value)


class OnHardware:
    """Taps of the one card that lies there; it is not moved between them."""

    name = "wall"

    def __init__(self, station: Station, codes: Codes, guard: PinGuard, bench: Bench) -> None:
        self._station = station
        self._codes = codes
        self._guard = guard
        self._bench = bench

    def tap(self, number: int) -> TapResult:  # noqa: ARG002 - every tap is the same here
        """Read the card once, between two baselines.

        Raises:
            PinError: a code was refused or may not be offered; nothing is tried again.
            LinkError: the card is not there for the baseline.
        """
        before = self._neutral()
        journal = Journal(self._station.journal.clock, self._station.journal.observers)
        start = self._station.statistics() if self._station.statistics else Statistics()
        watch = Stopwatch(Journaled(self._station.icc, journal), self._station)
        station = replace(self._station, icc=watch, journal=journal)
        bench = self._bench
        options = TapOptions(use_pin=bench.use_pin, plan=bench.plan)
        reading = Tap(station, self._codes, self._guard, options, policy=bench.policy).run()
        if isinstance(reading.error, PinError):
            raise reading.error
        found = tap_result(reading, station, watch.seconds)
        baseline = compared(before, self._neutral())
        return replace(
            found,
            hold=max(0.0, found.hold - found.apdus * baseline.seconds),
            retransmissions=found.retransmissions - start.retransmissions,
            wtx=found.wtx - start.wtx,
            baseline=baseline,
        )

    def _neutral(self) -> list[float]:
        """How long the neutral APDU takes, again and again; seconds."""
        icc, clock = self._station.icc, self._station.journal.clock
        icc.connect()
        try:
            marks = [clock.now()]
            for _ in range(REPEATS):
                icc.transmit(NEUTRAL.encode())
                marks.append(clock.now())
        finally:
            icc.disconnect()
        return [end - start for start, end in pairwise(marks[1:])]


def compared(before: Sequence[float], after: Sequence[float]) -> Baseline:
    """Both sides of a tap as one baseline."""
    first, last = median(before), median(after)
    low, _, high = quantiles((*before, *after), n=4)
    moved = abs(last - first) > max(MOVED * min(first, last), LEAST_MOVE)
    return Baseline(first, last, high - low, moved)
