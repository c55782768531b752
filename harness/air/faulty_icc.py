"""An `Icc` around an `Icc` at which the faults of cards and phones strike, APDU by APDU."""

from __future__ import annotations

import math
from collections.abc import Iterable
from random import Random

from harness.air.faults import Fault, Level, When
from harness.air.mischief import Forward, Mischief, Occasion, mischief
from harness.apdu import ApduFormatError, CommandApdu
from harness.clock import Clock
from harness.errors import LinkError, NoCardError, UsageError
from harness.icc import Icc

_LINK_LOST = "link-lost"
_REMEMBERED = ("wrong-can-delay",)  # in the card's memory: a reset does not clear it


class FaultyIcc:
    """A card whose every APDU passes the `faults`, the first of them outermost.

    APDUs count from 1 over all activations, time is counted from the making of this wrapper, random
    faults are drawn from `seed`. A command that is no APDU goes to the card as it is.

    Raises:
        UsageError: a fault that acts on frames is among them.
    """

    def __init__(self, icc: Icc, faults: Iterable[Fault], clock: Clock, seed: int = 0) -> None:
        self._icc = icc
        self._faults = tuple(faults)
        for fault in self._faults:
            if fault.kind.level is not Level.APDU:
                message = f"{fault.name} acts on frames: give it to the link, not to the card"
                raise UsageError(message)
        self._clock = clock
        self._began = clock.now()
        self._rng = Random(f"faults {seed}")  # noqa: S311 - a simulation
        self._mischief: dict[int, Mischief] = {}
        self._spent: set[int] = set()
        self._count = 0
        self._gone_until = -math.inf
        self._power_up()

    def connect(self) -> bytes:
        """As the card below, unless a fault keeps it away.

        Raises:
            NoCardError: the card is lost for some time yet.
        """
        if self._now() < self._gone_until:
            message = "the card is away from the reader: put it back"
            raise NoCardError(message)
        self._power_up()
        return self._icc.connect()

    def disconnect(self) -> None:
        """As the card below."""
        self._icc.disconnect()

    def transmit(self, command: bytes) -> bytes:
        """Send a command through all faults.

        Raises:
            LinkError: a fault took the card away or swallowed the answer.
        """
        self._count += 1
        forward: Forward = self._icc.transmit
        struck = [self._strikes(index) for index in range(len(self._faults))]
        self._tear(struck)
        try:
            apdu = CommandApdu.decode(command)
        except ApduFormatError:
            return forward(command)
        for index in reversed(self._mischief):
            forward = self._behind(index, Occasion(apdu, command, struck[index]), forward)
        return forward(command)

    def _behind(self, index: int, occasion: Occasion, forward: Forward) -> Forward:
        """Pass this command through one fault; other commands are the outer faults' own."""
        at_work = self._mischief[index]

        def through(raw: bytes) -> bytes:
            return at_work(occasion, forward) if raw == occasion.raw else forward(raw)

        return through

    def _tear(self, struck: list[bool]) -> None:
        for fault, strikes in zip(self._faults, struck, strict=True):
            if strikes and fault.name == _LINK_LOST:
                self._gone_until = self._now() + fault.option("for")
                self._icc.disconnect()
                message = "the card was taken away during a command: tap again"
                raise LinkError(message)

    def _strikes(self, index: int) -> bool:
        fault = self._faults[index]
        match fault.when:
            case When.APDU:
                return self._count == fault.at
            case When.PROBABILITY:
                return self._rng.random() < fault.at
            case When.TIME:
                due = index not in self._spent and self._now() >= fault.at
                self._spent |= {index} if due else set()
                return due
        return True

    def _power_up(self) -> None:
        for index, fault in enumerate(self._faults):
            kept = fault.name in _REMEMBERED and index in self._mischief
            if fault.name != _LINK_LOST and not kept:
                self._mischief[index] = mischief(fault, self._clock)

    def _now(self) -> float:
        return self._clock.now() - self._began
