"""A contactless card as an `Icc`, by way of a link that carries its blocks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Protocol, runtime_checkable

from harness.air.timing import Direction
from harness.clock import Clock, WallClock
from harness.errors import LinkError, NoCardError, NoReaderError
from harness.icc import FrameLink
from harness.isodep.activation import Activation, TypeA
from harness.isodep.pcd_engine import Action, Failed, Patience, PcdEngine, Send, Statistics


class Observe(Protocol):
    """Somebody who is shown every block, without CRC, with the clock's time in seconds."""

    def __call__(self, direction: Direction, block: bytes, time: float) -> None:
        """See one block: sent at `time`, or completely received at `time`."""
        ...


@runtime_checkable
class FieldLink(FrameLink, Protocol):
    """A link that can also switch its field."""

    def reset(self) -> None:
        """Field off, on, and the card found again, ready for RATS or WUPB (ISO/IEC 14443-3, 5).

        Raises:
            LinkError: no card came up.
        """
        ...


class IsoDepPcd:
    """The reader: an `Icc` over a `FrameLink`.

    `activation` is `TypeA()` by default; `clock` times the pauses of the activation and what
    `observe` is shown. A link that can `reset` its field does so at every `connect`; with any other
    link its owner does, before `connect`. After a `LinkError` only `connect` helps.
    """

    def __init__(
        self,
        link: FrameLink,
        activation: Activation | None = None,
        clock: Clock | None = None,
        patience: Patience | None = None,
        observe: Observe | None = None,
    ) -> None:
        self._statistics = Statistics()
        self._clock = clock or WallClock()
        self._field = link if isinstance(link, FieldLink) else None
        self._link = _WatchedLink(link, self._statistics, self._clock, observe)
        self._activation = activation or TypeA()
        self._patience = patience or Patience()
        self._engine: PcdEngine | None = None

    @property
    def statistics(self) -> Statistics:
        """A copy of all counts so far, over every activation."""
        return replace(self._statistics)

    def connect(self) -> bytes:
        """Activate the card and return its ATR form.

        Raises:
            LinkError: the card did not come up.
            ProtocolViolation: it came up with something that is no ATS (or ATQB).
        """
        self._engine = None
        if self._field:
            self._field.reset()
        activated = self._activation.activate(self._link, self._clock)
        self._engine = PcdEngine(activated.limits, self._patience, self._statistics)
        return activated.atr

    def transmit(self, command: bytes) -> bytes:
        """Carry one command APDU to the card and its response back.

        Raises:
            LinkError: the card is gone; whether it saw the command is not known.
            ProtocolViolation: the card's response never ends.
        """
        return self._run(lambda engine: engine.send(command))

    def check_presence(self) -> None:
        """Ask whether the card is still there, without an APDU (ISO/IEC 14443-4, 7.5.6).

        Raises:
            LinkError: it is not.
        """
        self._run(PcdEngine.check_presence)

    def disconnect(self) -> None:
        """Deselect the card; harmless when it is already gone (ISO/IEC 14443-4, 8)."""
        with suppress(LinkError):
            self._run(PcdEngine.deselect)
        self._engine = None

    def _run(self, start: Callable[[PcdEngine], Action]) -> bytes:
        engine, self._engine = self._engine, None  # put back only after a good end
        if engine is None:
            message = "no card is activated: connect first"
            raise LinkError(message)
        action = start(engine)
        while isinstance(action, Send):
            action = engine.receive(self._hear(action))
        if isinstance(action, Failed):
            raise action.error
        self._engine = engine
        return action.apdu

    def _hear(self, question: Send) -> bytes | None:
        try:
            return self._link.exchange(question.frame, question.timeout)
        except (NoCardError, NoReaderError):
            raise
        except LinkError:
            return None


class _WatchedLink:
    """A `FrameLink` around a `FrameLink` that counts blocks and shows them."""

    def __init__(
        self, link: FrameLink, statistics: Statistics, clock: Clock, observe: Observe | None
    ) -> None:
        self._link = link
        self._statistics = statistics
        self._clock = clock
        self._observe = observe

    def exchange(self, block: bytes, timeout: float) -> bytes:
        """As the link below; a block that is not answered is shown and counted all the same."""
        self._statistics.frames_sent += 1
        self._statistics.bytes_sent += len(block)
        if self._observe:
            self._observe(Direction.TO_CARD, block, self._clock.now())
        answer = self._link.exchange(block, timeout)
        self._statistics.frames_received += 1
        self._statistics.bytes_received += len(answer)
        if self._observe:
            self._observe(Direction.TO_READER, answer, self._clock.now())
        return answer
