"""The faults of a link at work: they look at every frame before it is sent."""

from __future__ import annotations

import math
from collections.abc import Iterable
from random import Random

from harness.air.channel import BITS_PER_SECOND, Hold
from harness.air.faults import Fault, Level, When
from harness.air.frame import Fate, Frame
from harness.air.picc import Picc, StormyPicc
from harness.errors import UsageError

_TWO_CARDS = "two-cards"
_INTERVALS = ("tag-lost", "burst", "weak-coupling")


def _begins_by_itself(fault: Fault) -> bool:
    """Whether it begins at a time known beforehand, be it between two frames."""
    return fault.name in _INTERVALS and fault.when in (When.TIME, When.ALWAYS)


class _Watch:
    """One fault waiting for its trigger."""

    def __init__(self, fault: Fault, rng: Random) -> None:
        self.fault = fault
        self._rng = rng
        self._spent = False

    def strikes(self, frame: Frame) -> float | None:
        """The instant at which the fault begins, if it does so in or before this frame."""
        instant = self._instant(frame)
        once = self.fault.when in (When.FRAME, When.BYTE, When.TIME)
        if self._spent or instant is None:
            return None
        self._spent = once
        return instant

    def _instant(self, frame: Frame) -> float | None:
        fault = self.fault
        if fault.when is When.FRAME and frame.number < fault.at:
            return None
        if fault.when is When.BYTE:
            return _byte_instant(frame, fault.at)
        if fault.when is When.TIME:
            return fault.at if fault.at < frame.end else None
        if fault.when is When.PROBABILITY and self._rng.random() >= fault.at:
            return None
        return frame.start


def _byte_instant(frame: Frame, number: float) -> float | None:
    before = number - frame.first_byte
    if before >= len(frame.data):
        return None
    return frame.start + max(0.0, before / len(frame.data)) * (frame.end - frame.start)


class LinkFaults:
    """All faults of one link; random ones are drawn from `rng` in the order of the frames.

    Raises:
        UsageError: a fault that acts on APDUs is among them.
    """

    def __init__(self, faults: Iterable[Fault], rng: Random, hold: Hold) -> None:
        faults = tuple(faults)
        for fault in faults:
            if fault.kind.level is not Level.LINK:
                message = f"{fault.name} acts on APDUs: give it to FaultyIcc, not to the link"
                raise UsageError(message)
        self._watches = [_Watch(fault, rng) for fault in faults if not _begins_by_itself(fault)]
        self._rng = rng
        self._hold = hold
        self._storms: StormyPicc | None = None
        self._dark: list[tuple[float, float]] = []
        self._bursts: list[tuple[float, float]] = []
        self._weak: list[tuple[float, float, float]] = []
        self._marked = {Fate.LOST: 0, Fate.CORRUPTED: 0}
        self._presence_check = False
        self.patience = math.inf
        for fault in faults:
            if _begins_by_itself(fault):
                self._strike(fault, fault.at)

    def around(self, picc: Picc) -> Picc:
        """The card, wrapped where a fault makes it misbehave."""
        if not any(watch.fault.name == "wtx-storm" for watch in self._watches):
            return picc
        self._storms = StormyPicc(picc)
        return self._storms

    def meet(self, frame: Frame) -> None:
        """Let every fault strike whose trigger this frame is."""
        for watch in self._watches:
            instant = None if watch.fault.name == _TWO_CARDS else watch.strikes(frame)
            if instant is not None:
                self._strike(watch.fault, instant)

    def second_card(self, frame: Frame) -> bool:
        """Whether a second card answers at this activation, which would begin with `frame`."""
        cards = [watch for watch in self._watches if watch.fault.name == _TWO_CARDS]
        return any(watch.strikes(frame) is not None for watch in cards)

    def _strike(self, fault: Fault, start: float) -> None:
        match fault.name:
            case "tag-lost":
                self._dark.append((start, start + fault.option("for")))
            case "burst":
                self._bursts.append((start, start + fault.option("for")))
            case "weak-coupling":
                self._weak.append((start, start + fault.option("for"), fault.option("db")))
            case "frame-lost":
                self._marked[Fate.LOST] = int(fault.option("count"))
            case "bit-error":
                self._marked[Fate.CORRUPTED] = int(fault.option("count"))
            case "timeout-short":
                self.patience = fault.option("seconds")
            case "presence-check":
                self._presence_check = True
        if fault.name == "wtx-storm" and self._storms:
            self._storms.storm(int(fault.option("count")), fault.option("every"))

    def takes_presence_check(self) -> bool:
        """Whether a presence check is due; asking settles it."""
        due, self._presence_check = self._presence_check, False
        return due

    def fate(self, frame: Frame) -> Fate:
        """What the faults do to this frame; asked once a frame."""
        for fate, left in self._marked.items():
            if left:
                self._marked[fate] = left - 1
                return fate
        if any(start < frame.end and frame.start < end for start, end in self._bursts):
            return Fate.CORRUPTED
        return Fate.CORRUPTED if self._is_drowned(frame) else Fate.INTACT

    def _is_drowned(self, frame: Frame) -> bool:
        for start, end, loss in self._weak:
            if start <= frame.start < end:
                errors = self._hold.conditions(frame.start, loss).good * BITS_PER_SECOND
                survives = math.exp(-errors * (frame.end - frame.start))
                if self._rng.random() >= survives:
                    return True
        return False

    def power_lost(self, start: float, end: float) -> float | None:
        """The first instant of [start, end) at which a fault takes the card's power."""
        gone = list(self._dark)
        gone += [
            (begin, stop)
            for begin, stop, loss in self._weak
            if not self._hold.conditions(max(begin, start), loss).powered
        ]
        instants = [max(begin, start) for begin, stop in gone if begin < end and start < stop]
        return min(instants, default=None)
