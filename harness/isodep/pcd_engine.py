"""The reader's side of the half-duplex block protocol (ISO/IEC 14443-4, 7.5), without any I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from harness.air.timing import seconds
from harness.errors import EidrigError, LinkError, ProtocolViolation, UsageError
from harness.isodep.block import Block, DeselectBlock, IBlock, RBlock, WtxBlock, decode
from harness.isodep.crc import CRC_SIZE
from harness.isodep.limits import FWT_MAX, MOST_WTXM, Limits

_DEACTIVATION_FWT = seconds(65_536)  # ISO/IEC 14443-4, 8.1
_LONGEST_RESPONSE = 65_536 + 2  # data and status word; ISO/IEC 7816-4, 5.2


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a reader insists: what keeps every exchange finite.

    `retries` repetitions of one step before it gives the card up; `wtx` extensions per APDU.
    """

    retries: int = 2
    wtx: int = 600


@dataclass(slots=True)
class Statistics:
    """What crossed the air: blocks both ways, bytes without CRC, repetitions, time extensions."""

    frames_sent: int = 0
    frames_received: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    retransmissions: int = 0
    wtx: int = 0


@dataclass(frozen=True, slots=True)
class Send:
    """Send this block; when nothing starts to come back within `timeout` seconds, say so."""

    frame: bytes
    timeout: float


@dataclass(frozen=True, slots=True)
class Done:
    """The exchange is over; `apdu` is the response (empty for a presence check or deselect)."""

    apdu: bytes = b""


@dataclass(frozen=True, slots=True)
class Failed:
    """The card is given up: reset the field and activate again."""

    error: EidrigError


Action = Send | Done | Failed


class _Phase(Enum):
    IDLE = auto()
    COMMAND = auto()  # our I-blocks are on their way
    RESPONSE = auto()  # the PICC chains
    PRESENCE = auto()
    DESELECT = auto()
    CLOSED = auto()


class PcdEngine:
    """One activated card, from the reader: start something, then feed what comes until it is over.

    `send`, `check_presence` and `deselect` start; each returns the first `Send`. Every `Send` is
    followed by one `receive`, whose action is the next to do.

    Raises:
        UsageError: started while something else runs or after the end.
    """

    def __init__(
        self,
        limits: Limits,
        patience: Patience | None = None,
        statistics: Statistics | None = None,
    ) -> None:
        self._limits = limits
        self._patience = patience or Patience()
        self._statistics = statistics or Statistics()
        self._fwt = limits.fwt
        self._part = limits.fsc - CRC_SIZE - (1 if limits.cid is None else 2)
        self._number = 0  # rule A
        self._phase = _Phase.IDLE
        self._command = b""
        self._offset = 0
        self._response = bytearray()
        self._i_block = b""  # the last one, for rule 6
        self._invalid = self._repeats = self._wtx = 0
        self._failure: EidrigError | None = None

    def send(self, apdu: bytes) -> Send:
        """Start a command APDU; it ends in `Done` with the response, or `Failed`."""
        self._start(_Phase.COMMAND)
        self._command = apdu
        self._offset = 0
        self._response = bytearray()
        return self._next_part()

    def check_presence(self) -> Send:
        """Start a harmless question whether the card is there (ISO/IEC 14443-4, 7.5.6)."""
        self._start(_Phase.PRESENCE)
        return self._say_r(nak=True)

    def deselect(self) -> Send:
        """Start the end of the protocol; it ends in `Done`, with or without the card's answer."""
        self._start(_Phase.DESELECT)
        return self._say_deselect()

    def receive(self, frame: bytes | None) -> Action:
        """Take the next block, or None after a time-out or a block with a wrong CRC."""
        block = self._understand(frame)
        if self._phase is _Phase.DESELECT:
            return self._on_deselect(block)
        match block:
            case IBlock():
                return self._on_i(block)
            case RBlock(nak=False):
                return self._on_ack(block)
            case WtxBlock():
                return self._on_wtx(block)
        return self._recover()

    def _start(self, phase: _Phase) -> None:
        if self._phase is not _Phase.IDLE:
            message = "one exchange at a time, and none after the end: activate the card again"
            raise UsageError(message)
        self._phase = phase
        self._invalid = self._repeats = self._wtx = 0

    def _understand(self, frame: bytes | None) -> Block | None:
        if frame is None:
            return None
        try:
            block = decode(frame, self._limits.fsd)
        except ProtocolViolation:
            return None
        if block.cid != self._limits.cid:  # 7.1.2: the CID of an answer is that of the question
            return None
        return block

    def _on_i(self, block: IBlock) -> Action:
        expected = self._phase is _Phase.RESPONSE or (
            self._phase is _Phase.COMMAND and self._offset == len(self._command)
        )
        if not expected or block.number != self._number or block.nad is not None:
            return self._recover()
        if block.more and not block.inf:
            return self._give_up(_endless("chains blocks without content"))
        self._response += block.inf
        if len(self._response) > _LONGEST_RESPONSE:
            return self._give_up(_endless(f"goes on after {_LONGEST_RESPONSE} bytes"))
        self._toggle()
        if block.more:  # rule 2
            self._phase = _Phase.RESPONSE
            return self._say_r(nak=False)
        self._phase = _Phase.IDLE
        return Done(bytes(self._response))

    def _on_ack(self, block: RBlock) -> Action:
        same = block.number == self._number
        if self._phase is _Phase.PRESENCE and not same:
            self._phase = _Phase.IDLE
            return Done()
        if self._phase is not _Phase.COMMAND:
            return self._recover()
        if not same:
            return self._repeat_part()
        if self._offset == len(self._command):
            return self._recover()
        self._toggle()
        return self._next_part()  # rule 7

    def _on_wtx(self, block: WtxBlock) -> Action:
        if self._wtx == self._patience.wtx:
            message = f"the card asked for more time {self._wtx} times: allow more, or reset it"
            return self._give_up(LinkError(message))
        self._wtx += 1
        self._invalid = 0
        self._statistics.wtx += 1
        answer = WtxBlock(block.wtxm, self._limits.cid).encode()  # rule 3
        # 7.3: for the next block only, reserved values count as 59, and never beyond FWTmax.
        return Send(answer, min(self._fwt * min(block.wtxm, MOST_WTXM), FWT_MAX))

    def _on_deselect(self, block: Block | None) -> Action:
        if not isinstance(block, DeselectBlock) and self._invalid < self._patience.retries:
            self._invalid += 1
            self._statistics.retransmissions += 1
            return self._say_deselect()  # rule 8
        self._phase = _Phase.CLOSED
        return Failed(self._failure) if self._failure else Done()

    def _toggle(self) -> None:
        self._number ^= 1  # rule B
        self._invalid = self._repeats = 0

    def _next_part(self) -> Send:
        part = self._command[self._offset : self._offset + self._part]
        self._offset += len(part)
        more = self._offset < len(self._command)
        self._i_block = IBlock(self._number, part, more, self._limits.cid).encode()
        return Send(self._i_block, self._fwt)

    def _repeat_part(self) -> Action:
        if self._repeats == self._patience.retries:
            return self._lost()
        self._repeats += 1
        self._invalid = 0
        self._statistics.retransmissions += 1
        return Send(self._i_block, self._fwt)  # rule 6

    def _recover(self) -> Action:
        if self._invalid == self._patience.retries:
            return self._lost()
        self._invalid += 1
        self._statistics.retransmissions += 1
        # Rule 4, or rule 5 while the PICC chains.
        return self._say_r(nak=self._phase is not _Phase.RESPONSE)

    def _lost(self) -> Action:
        tries = 1 + self._patience.retries
        message = f"the card gave no valid answer to {tries} blocks: hold it still and tap again"
        return self._give_up(LinkError(message))

    def _give_up(self, error: EidrigError) -> Send:
        self._failure = error
        self._phase = _Phase.DESELECT
        self._invalid = 0
        return self._say_deselect()

    def _say_r(self, *, nak: bool) -> Send:
        return Send(RBlock(self._number, nak, self._limits.cid).encode(), self._fwt)

    def _say_deselect(self) -> Send:
        return Send(DeselectBlock(self._limits.cid).encode(), _DEACTIVATION_FWT)


def _endless(what: str) -> ProtocolViolation:
    return ProtocolViolation(f"the card's response {what}", "ISO/IEC 14443-4, 7.5.3")
