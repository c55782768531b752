"""One frame on the air and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from harness.air.timing import BASE_A, Direction, RfTiming


class Fate(Enum):
    """How a frame arrives."""

    INTACT = "intact"
    CORRUPTED = "corrupted"  # its CRC does not hold
    LOST = "lost"  # its start was not recognised, or nobody was there


@dataclass(frozen=True)
class Frame:
    """A frame that was sent.

    `number` counts both directions together from 1, `first_byte` the bytes before it likewise;
    `data` is without CRC; `start` and `end` are seconds since the link began; `timeout` is how
    long the reader waits for an answer (0 in a frame of the card).
    """

    number: int
    direction: Direction
    data: bytes
    first_byte: int
    start: float
    end: float
    timing: RfTiming = BASE_A
    timeout: float = 0.0
    fate: Fate = Fate.INTACT
