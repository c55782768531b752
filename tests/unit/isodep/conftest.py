"""A card that remembers what it executed, and a link without faults to it."""

from __future__ import annotations

import pytest

from harness.errors import LinkError
from harness.isodep.ats import contactless_atr
from harness.isodep.picc import IsoDepPicc


class NotingCard:
    """An `Icc` that answers a command with the command and 9000, and notes all that is done."""

    def __init__(self) -> None:
        self.executed: list[bytes] = []
        self.power: list[bool] = []

    def connect(self) -> bytes:
        """Note that the card was powered."""
        self.power.append(True)
        return contactless_atr(b"card")

    def transmit(self, command: bytes) -> bytes:
        """Execute and note."""
        self.executed.append(command)
        return command + b"\x90\x00"

    def disconnect(self) -> None:
        """Note that the card lost its power."""
        self.power.append(False)


class Wire:
    """A `FrameLink` straight into a card; exchanges named in `broken` (from 0) carry nothing."""

    def __init__(self) -> None:
        self.picc = IsoDepPicc(NotingCard())
        self.broken: set[int] = set()
        self.sent: list[bytes] = []
        self.timeouts: list[float] = []

    def exchange(self, block: bytes, timeout: float) -> bytes:
        """Carry one block there and the reply back."""
        self.sent.append(block)
        self.timeouts.append(timeout)
        reply = None if len(self.sent) - 1 in self.broken else self.picc.receive(block)
        if reply is None or reply.delay > timeout:
            message = "nothing came back in time"
            raise LinkError(message)
        return reply.frame


@pytest.fixture
def card() -> NotingCard:
    """A card that notes what it executes."""
    return NotingCard()


@pytest.fixture
def wire(card: NotingCard) -> Wire:
    """A link to a type A card around `card`; a test may put another `picc` in."""
    wire = Wire()
    wire.picc = IsoDepPicc(card)
    return wire
