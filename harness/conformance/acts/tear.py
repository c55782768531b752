"""Taking the card away in the middle: between commands, or within one where that is possible."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.conformance.judgement import Blocked
from harness.conformance.subject import Subject
from harness.emulator.card import EmulatedCard
from harness.errors import LinkError
from harness.icc import Icc


def require_cuttable(subject: Subject) -> EmulatedCard:
    """The card, if its power can be cut within a command.

    Raises:
        Blocked: this is not an emulated card; a real one can only be torn between commands.
    """
    card = subject.station.emulated
    if card is None:
        message = "power can be cut within a command on an emulated card only"
        raise Blocked(message)
    return card


@contextmanager
def cut_at_write(subject: Subject, number: int) -> Iterator[None]:
    """Let the power fail right after the card has stored something for the `number`-th time.

    Raises:
        Blocked: as `require_cuttable`.
    """
    memory, left = require_cuttable(subject).memory, number
    before = memory.keep

    def keep(state: bytes) -> None:
        nonlocal left
        before(state)
        left -= 1
        if not left:
            message = f"the power was cut after {number} writes"
            raise LinkError(message)

    memory.keep = keep
    try:
        yield
    finally:
        memory.keep = before


@dataclass(slots=True)
class TornCard:
    """An `Icc` around a card that is taken away after its `left`-th command was answered."""

    icc: Icc
    left: int

    def connect(self) -> bytes:
        """Power the card up."""
        return self.icc.connect()

    def disconnect(self) -> None:
        """Take the power away."""
        self.icc.disconnect()

    def transmit(self, command: bytes) -> bytes:
        """Pass a command on; the answer to the last one is lost.

        Raises:
            LinkError: the card is gone.
        """
        answer = self.icc.transmit(command)
        self.left -= 1
        if self.left <= 0:
            self.icc.disconnect()
            message = "the card was taken away"
            raise LinkError(message)
        return answer


@contextmanager
def torn_after(subject: Subject, commands: int) -> Iterator[None]:
    """Let the card be taken away with the answer to the `commands`-th command from now on."""
    station = subject.station
    icc = station.icc
    station.icc = TornCard(icc, commands)
    try:
        yield
    finally:
        station.icc = icc
