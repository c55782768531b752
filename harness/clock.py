"""Time as an argument: a wall clock for hardware, a virtual one for exact simulated seconds."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A monotonic clock in seconds that can also be waited on."""

    def now(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class WallClock:
    """The machine's own monotonic clock."""

    def now(self) -> float:
        """Seconds of `time.perf_counter`."""
        return time.perf_counter()

    def sleep(self, seconds: float) -> None:
        """Wait for real."""
        time.sleep(seconds)


class VirtualClock:
    """A clock that moves only when told to, so that a simulated latency is exact."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        """The simulated time in seconds."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move the simulated time forward at once.

        Raises:
            ValueError: `seconds` is negative; time does not run backwards.
        """
        if seconds < 0:
            message = f"time cannot go back by {-seconds} s"
            raise ValueError(message)
        self._now += seconds
