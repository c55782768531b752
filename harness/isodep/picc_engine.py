"""The card's side of the half-duplex block protocol (ISO/IEC 14443-4, 7.5), without any I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from harness.errors import ProtocolViolation
from harness.isodep.block import Block, DeselectBlock, IBlock, RBlock, WtxBlock, decode
from harness.isodep.crc import CRC_SIZE
from harness.isodep.limits import FWT_MAX, MOST_WTXM, Limits, check_range

_MARGIN = 0.9  # assumed: a card speaks up when this share of its time is over


@dataclass(frozen=True, slots=True)
class Reply:
    """A block to send, `delay` seconds of computing after the end of the PCD's block."""

    frame: bytes
    delay: float = 0.0


class PiccEngine:
    """One activated card, from the card: every block that arrives has one reply or none.

    `handler` executes a command APDU; `work_time` says afterwards how many seconds the card
    computes on it (infinity: it asks for time for ever), None for none. What exceeds the frame
    waiting time (FWT) is bridged by S(WTX) with at most `most_wtxm` times the FWT. The card
    computes only while the reader waits.

    Raises:
        UsageError: `most_wtxm` is not within 1...59.
    """

    def __init__(
        self,
        handler: Callable[[bytes], bytes],
        limits: Limits,
        work_time: Callable[[], float] | None = None,
        most_wtxm: int = MOST_WTXM,
    ) -> None:
        self._handler = handler
        self._limits = limits
        self._work_time = work_time
        self._most_wtxm = check_range("WTXM", most_wtxm, MOST_WTXM, least=1)
        self._fwt = limits.fwt
        self._number = 1  # rule C
        self._command = bytearray()
        self._response = b""
        self._offset = 0
        self._work = 0.0  # seconds still to compute
        self._wtxm = 0  # asked for and not yet granted
        self._cid: int | None = None  # of the block being answered
        self._last = b""
        self._halted = False

    @property
    def halted(self) -> bool:
        """Whether the card was deselected and stays silent until it is activated again."""
        return self._halted

    def receive(self, frame: bytes) -> Reply | None:
        """Take one block; None is silence, also the answer to anything invalid (7.5.7)."""
        block = None if self._halted else self._understand(frame)
        match block:
            case IBlock():
                return self._on_i(block)
            case RBlock():
                return self._on_r(block)
            case WtxBlock():
                return self._on_wtx(block)
            case DeselectBlock():
                self._halted = True
                return Reply(DeselectBlock(self._cid).encode())
        return None

    def _understand(self, frame: bytes) -> Block | None:
        try:
            block = decode(frame, self._limits.fsc)
        except ProtocolViolation:
            return None
        # 7.1.2: only blocks with its CID; a card with CID 0 also takes those without one.
        if block.cid != self._limits.cid and (block.cid is not None or self._limits.cid):
            return None
        self._cid = block.cid
        return block

    def _on_i(self, block: IBlock) -> Reply | None:
        if block.number == self._number:  # taken already: a command is never executed twice
            return self._repeat()
        if block.nad is not None or self._wtxm or self._chaining():
            return None
        self._number ^= 1  # rule D
        self._command += block.inf
        if block.more:
            return self._say(RBlock(self._number, cid=self._cid))  # rule 2
        command = bytes(self._command)
        self._command.clear()
        self._response = self._handler(command)
        self._offset = 0
        self._work = self._work_time() if self._work_time else 0.0
        return self._compute(1)  # rule 10

    def _on_r(self, block: RBlock) -> Reply | None:
        if block.number == self._number:
            return self._repeat()  # rule 11
        if block.nak:
            # Rule 12. It does not become the last block: a later R(NAK) still asks for that one.
            return Reply(RBlock(self._number, cid=self._cid).encode())
        if self._wtxm or not self._chaining():
            return None
        self._number ^= 1  # rule E
        return self._next_part()  # rule 13

    def _on_wtx(self, block: WtxBlock) -> Reply | None:
        if not self._wtxm or block.wtxm != self._wtxm:
            return None
        self._wtxm = 0
        return self._compute(block.wtxm)

    def _compute(self, granted: int) -> Reply:
        """Work through the time granted, in FWT; then answer or ask for more (rule 9)."""
        time = self._window(granted)
        if self._work <= time:
            work, self._work = self._work, 0.0
            return self._next_part(work)
        self._work -= time
        self._wtxm = ceil(min(self._most_wtxm, self._work / self._window(1)))
        return self._say(WtxBlock(self._wtxm, self._cid), time)

    def _window(self, granted: int) -> float:
        return min(self._fwt * granted, FWT_MAX) * _MARGIN

    def _chaining(self) -> bool:
        return self._offset < len(self._response)

    def _next_part(self, delay: float = 0.0) -> Reply:
        size = self._limits.fsd - CRC_SIZE - (1 if self._cid is None else 2)
        part = self._response[self._offset : self._offset + size]
        self._offset += len(part)
        return self._say(IBlock(self._number, part, self._chaining(), self._cid), delay)

    def _say(self, block: Block, delay: float = 0.0) -> Reply:
        self._last = block.encode()
        return Reply(self._last, delay)

    def _repeat(self) -> Reply | None:
        return Reply(self._last) if self._last else None
