"""The vsmartcard protocol (vpcd and vpicc) over TCP, both as the reader and as the card.

The reader sends frames: of one byte to control the card, longer ones to hand it a command APDU.
The card answers only the request for its ATR and the commands.
"""

from __future__ import annotations

from contextlib import closing, contextmanager, suppress
from enum import Enum
from typing import TYPE_CHECKING, Self

from harness.clock import Clock, WallClock
from harness.errors import LinkError, NoCardError, UsageError
from harness.transport.slot import Control, Slot
from harness.transport.tcp import LONGEST, Dialling, Listening, Place, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.icc import Icc

_ATR_SIZES = range(2, 34)  # ISO/IEC 7816-3, 8.2: TS and T0, at most 32 bytes after TS
_ANSWER_SECONDS = 60.0
_STALL_SECONDS = 5.0
_POLL_SECONDS = 0.1
_REST_SECONDS = 0.2
_PULLED_SECONDS = 1.0  # pcscd looks for a card every 0.4 s and must once find none


class Visit(Enum):
    """What happens to a card that waits to be used."""

    BEGUN = "a reader came"
    ENDED = "the reader left"


class VpcdReader:
    """An `Icc`: a card that speaks the vsmartcard protocol to us, who are its reader.

    `connect` waits up to `wait_seconds` for a card to be there; when the card hangs up, the next
    `connect` waits for another one. A card has `answer_seconds` for each answer. `max_command` is
    the longest command in bytes that a frame carries.
    """

    max_command = LONGEST

    def __init__(
        self, place: Place, wait_seconds: float, answer_seconds: float = _ANSWER_SECONDS
    ) -> None:
        self._place = place
        self._wait_seconds = wait_seconds
        self._answer_seconds = answer_seconds
        self._wire: Wire | None = None

    @classmethod
    def listen(cls, port: int, wait_seconds: float = 60.0, host: str = "127.0.0.1") -> Self:
        """Listen on a port for a card; other machines reach us only if `host` says so.

        Raises:
            UsageError: the port is taken or may not be used.
        """
        return cls(Listening(port, host), wait_seconds)

    @classmethod
    def dial(cls, host: str, port: int, wait_seconds: float = 0.0) -> Self:
        """Call a card that listens."""
        return cls(Dialling(host, port), wait_seconds)

    def connect(self) -> bytes:
        """Power the card off and on and return its ATR, 2 to 33 bytes.

        Raises:
            NoCardError: no card came.
            LinkError: the card hung up or answered with something that is no ATR.
        """
        if self._wire is not None and self._wire.has_news(0):
            self._hang_up()  # a card says nothing unasked: it left while nobody looked
        wire = self._wire = self._wire or self._meet()
        with self._whole_or_hung_up():
            wire.send(Control.POWER_OFF)
            wire.send(Control.POWER_ON)
            wire.send(Control.GET_ATR)
            return _atr(wire.receive())

    def transmit(self, command: bytes) -> bytes:
        """Send one command APDU of 4 to 65535 bytes and return the response APDU.

        Raises:
            UsageError: the command does not fit a frame, or would be taken for a control.
            LinkError: the card is gone, stalled, or sent no status word.
        """
        if not 4 <= len(command) <= LONGEST:
            message = f"a virtual card takes commands of 4 to {LONGEST} bytes, not {len(command)}"
            raise UsageError(message)
        if self._wire is None:
            message = "no card is connected; connect first"
            raise LinkError(message)
        with self._whole_or_hung_up():
            self._wire.send(command)
            return _response(self._wire.receive())

    def disconnect(self) -> None:
        """Power the card off and stay connected to it, ready for the next `connect`."""
        if self._wire is not None:
            with suppress(LinkError), self._whole_or_hung_up():
                self._wire.send(Control.POWER_OFF)

    def close(self) -> None:
        """Power the card off, hang up, and meet no other."""
        self.disconnect()
        self._hang_up()
        self._place.close()

    def _meet(self) -> Wire:
        peer = self._place.meet(self._wait_seconds)
        if peer is None:
            message = (
                f"no card was at {self._place} within {self._wait_seconds:g} s;"
                " start the card, or the app on the phone, and point it there"
            )
            raise NoCardError(message)
        return Wire(peer, self._answer_seconds)

    @contextmanager
    def _whole_or_hung_up(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            # Also when interrupted: an answer still under way would be taken for the next one.
            self._hang_up()
            raise

    def _hang_up(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None


def _atr(answer: bytes) -> bytes:
    if len(answer) in _ATR_SIZES:
        return answer
    message = f"the card answered with {len(answer)} bytes where its ATR was due"
    raise LinkError(message)


def _response(answer: bytes) -> bytes:
    if len(answer) >= 2:
        return answer
    message = "the card answered with a single byte, which holds no status word"
    raise LinkError(message)


class VpcdCard:
    """Plugs any `Icc` into a reader that speaks the vsmartcard protocol, such as pcscd's.

    `observe` is told when a reader begins to use the card and when it left. A `LinkError` of the
    card is a card pulled out: the reader is hung up on, and a second later the card is back. So it
    is when the reader did not notice that one card was swapped for this one.
    """

    def __init__(
        self,
        icc: Icc,
        place: Place,
        observe: Callable[[Visit], None] = lambda _visit: None,
        clock: Clock | None = None,
    ) -> None:
        self._icc = icc
        self._place = place
        self._observe = observe
        self._clock = clock or WallClock()
        self._stopping = False

    def serve(self, *, once: bool = False) -> None:
        """Serve one reader after the other until `stop`, or with `once` only the first.

        Raises:
            UsageError: the address to call is none.
        """
        try:
            while not self._stopping:
                if self._serve_next() and once:
                    return
        finally:
            self._place.close()

    def stop(self) -> None:
        """Make `serve` return within a fraction of a second; safe in a signal handler."""
        self._stopping = True

    def _serve_next(self) -> bool:
        peer = self._place.meet(_POLL_SECONDS)
        if peer is None:
            return False
        slot = Slot(self._icc)
        with closing(Wire(peer, _STALL_SECONDS)) as wire:
            away_seconds = self._attend(slot, wire)
        self._rest(away_seconds)
        return slot.used and not slot.overlooked

    def _attend(self, slot: Slot, wire: Wire) -> float:
        """Let the reader use the card until either is gone; return how long to stay away."""
        try:
            for frame in self._frames(wire):
                if not slot.used:
                    self._observe(Visit.BEGUN)
                answer = slot.obey(frame)
                if slot.overlooked:
                    return _PULLED_SECONDS
                if answer is not None:
                    wire.send(answer)
        except LinkError:
            return _PULLED_SECONDS
        finally:
            slot.power_off()
            if slot.used:
                self._observe(Visit.ENDED)
        return _REST_SECONDS

    def _frames(self, wire: Wire) -> Iterator[bytes]:
        while not self._stopping:
            if not wire.has_news(_POLL_SECONDS):
                continue
            try:
                yield wire.receive()
            except LinkError:
                return

    def _rest(self, seconds: float) -> None:
        until = self._clock.now() + seconds
        while not self._stopping and self._clock.now() < until:
            self._clock.sleep(_POLL_SECONDS)
