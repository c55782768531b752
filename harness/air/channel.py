"""The channel over time: when the card has power, and at which instants a bit is destroyed.

Noise is a process in time that knows nothing of the traffic: a two-state channel (Gilbert, Elliott)
whose bit errors follow the margin of the moving hand. A frame is damaged when one of these instants
falls into it. So the same seed meets the same noise whatever is sent, a full simulation and a
replay of recorded sizes agree exactly, and silence costs nothing to simulate.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from math import log
from random import Random

from harness.air.coupling import Conditions, Field
from harness.air.fact import assumed
from harness.air.motion import Motion
from harness.errors import UsageError

BITS_PER_SECOND = 13_560_000 / 128  # errors per bit at 106 kbit/s become errors per second
STEP = assumed(0.005, "seconds between two looks at the hand; tremor has periods above 80 ms")
GOOD_FOR = assumed(2.0, "mean seconds between two disturbances")
BAD_FOR = assumed(0.010, "mean seconds a disturbance lasts, about half a long frame")
_WINDOW = 2.0  # seconds; noise is drawn, and its hold sampled, no farther ahead
_CHUNK = 200  # steps sampled at once


@dataclass(frozen=True)
class Sojourn:
    """Mean seconds the channel stays in its good and in its bad state.

    Raises:
        UsageError: one of them is not more than 0.
    """

    good: float = GOOD_FOR.value
    bad: float = BAD_FOR.value

    def __post_init__(self) -> None:
        if not (self.good > 0 and self.bad > 0):
            message = "the mean stay in a channel state must be more than 0 seconds"
            raise UsageError(message)


class Hold:
    """One hand in one field: power and error intensity over time, sampled once and kept.

    Between two steps both are constant. Many runs with different noise may share one hold.
    `sampled_until` is the time in seconds up to which nothing has to be sampled any more.
    """

    def __init__(self, motion: Motion, field: Field, step: float = STEP.value) -> None:
        self._motion, self._field, self._step = motion, field, step
        self._rates: tuple[list[float], list[float]] = ([], [])  # good, bad; per second
        self._sums: tuple[list[float], list[float]] = ([0.0], [0.0])
        self._switches: list[float] = [0.0]  # power on at even, off at odd places
        self._powered = True
        self.sampled_until = 0.0

    def distance(self, time: float) -> float:
        """Where the card is, in mm."""
        return self._motion.distance(time)

    def conditions(self, time: float, loss: float = 0.0) -> Conditions:
        """Power and bit error rates at a time, with `loss` dB more than the motion has."""
        return self._field.conditions(self._motion.distance(time), self._motion.loss + loss)

    def powered(self, time: float) -> bool:
        """Whether the field feeds the card."""
        self._sample(time)
        return bool(bisect_right(self._switches, time) % 2)

    def power_lost(self, start: float, end: float) -> float | None:
        """The first instant of [start, end) without power."""
        if end >= self.sampled_until:
            self._sample(end)
        place = bisect_right(self._switches, start)
        if place % 2 == 0:
            return start
        if place < len(self._switches) and self._switches[place] < end:
            return self._switches[place]
        return None

    def hazard(self, state: int, time: float) -> float:
        """How many destroyed instants to expect until `time`, had the state never changed."""
        if time >= self.sampled_until:
            self._sample(time)
        index = int(time / self._step)
        return self._sums[state][index] + (time - index * self._step) * self._rates[state][index]

    def instant(self, state: int, hazard: float) -> float:
        """The time at which `hazard` reaches a value that it has been seen to exceed."""
        sums = self._sums[state]
        index = bisect_right(sums, hazard) - 1
        return (index + (hazard - sums[index]) / (sums[index + 1] - sums[index])) * self._step

    def _sample(self, time: float) -> None:
        while time >= self.sampled_until:
            for _ in range(_CHUNK):
                self._sample_step(len(self._rates[0]) * self._step)
            self.sampled_until = (len(self._rates[0]) - 1) * self._step

    def _sample_step(self, time: float) -> None:
        now = self.conditions(time)
        for rates, sums, errors in zip(self._rates, self._sums, (now.good, now.bad), strict=True):
            rates.append(errors * BITS_PER_SECOND if now.powered else 0.0)
            sums.append(sums[-1] + rates[-1] * self._step)
        if now.powered != self._powered:
            self._switches.append(time)
            self._powered = now.powered


class Noise:
    """The disturbances of one run, drawn as far as they are asked for, in the order of time."""

    def __init__(self, hold: Hold, seed: int, sojourn: Sojourn | None = None) -> None:
        self._hold = hold
        self._draw = Random(seed).random  # noqa: S311 - a simulation
        sojourn = sojourn or Sojourn()
        self._means = (sojourn.good, sojourn.bad)
        self._state = 0
        self._stays_until = self._means[0] * self._exponential()
        self._known_until = 0.0
        self._due = self._exponential()  # the hazard at which the next instant is destroyed
        self._hits: list[float] = []
        self._index = 0

    def first_hit(self, start: float, end: float) -> float | None:
        """The first destroyed instant of [start, end); never ask about an earlier time again."""
        while True:
            self._index = bisect_left(self._hits, start, self._index)
            if self._index < len(self._hits):
                hit = self._hits[self._index]
                return hit if hit < end else None
            if self._known_until >= end:
                return None
            self._go_on()

    def _exponential(self) -> float:
        return -log(1.0 - self._draw())

    def _go_on(self) -> None:
        """Draw up to the end of this stay, or of the window of time it is in if none went beyond.

        What is drawn does not depend on where a window ends.
        """
        hold, state, end = self._hold, self._state, self._stays_until
        if end >= hold.sampled_until:
            end = min(end, (int(self._known_until / _WINDOW) + 1) * _WINDOW)
        top, due, hits = hold.hazard(state, end), self._due, []
        while due < top:
            hits.append(hold.instant(state, due))
            due -= log(1.0 - self._draw())
        if end == self._stays_until:
            self._state = 1 - state
            due += hold.hazard(self._state, end) - top
            self._stays_until += self._means[self._state] * self._exponential()
        self._hits, self._index, self._due, self._known_until = hits, 0, due, end
