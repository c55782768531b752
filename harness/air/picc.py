"""The card as the air sees it, and one that keeps asking for more time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Answer(Protocol):
    """A block of the card and the seconds it computes before sending it."""

    @property
    def frame(self) -> bytes:
        """The block without CRC."""
        ...

    @property
    def delay(self) -> float:
        """Seconds of computing after the end of the reader's block."""
        ...


class Picc(Protocol):
    """The card's side of a link: fed with intact frames, answering with one or with silence."""

    @property
    def divisors(self) -> tuple[int, int]:
        """The bit rate divisors to the card and to the reader, in force after the last answer."""
        ...

    def receive(self, frame: bytes) -> Answer | None:
        """Take one frame (no CRC) and answer with one, or stay silent."""
        ...

    def reset(self) -> None:
        """Lose the field, and with it everything that was not written to memory."""
        ...


@dataclass(frozen=True)
class Held:
    """An answer of our own making."""

    frame: bytes
    delay: float


class StormyPicc:
    """A card that holds back an answer and sends S(WTX) again and again (ISO/IEC 14443-4, 7.3)."""

    def __init__(self, picc: Picc) -> None:
        self._picc = picc
        self._left, self._every = 0, 0.0
        self._held: Answer | None = None
        self._request = b""

    @property
    def divisors(self) -> tuple[int, int]:
        """Those of the card."""
        return self._picc.divisors

    def storm(self, count: int, every: float) -> None:
        """Ask `count` times for more time before the next answer, `every` seconds apart."""
        if self._held is None:
            self._left, self._every = count, every

    def reset(self) -> None:
        """Forget what was held back, too."""
        self._held, self._left = None, 0
        self._picc.reset()

    def receive(self, frame: bytes) -> Answer | None:
        """Pass the block on, unless it belongs to the storm."""
        held = self._held
        if held is None:
            return self._begin(frame)
        if frame[0] & 0xC0 == 0x80:  # an R-block: the request was damaged on its way
            return Held(self._request, 0.0)
        if frame == self._request and self._left:
            return self._ask()
        self._held = None
        if frame == self._request:
            return held
        self._left = 0  # S(DESELECT), or a reader that starts again
        return self._picc.receive(frame)

    def _begin(self, frame: bytes) -> Answer | None:
        answer = self._picc.receive(frame)
        is_information = answer is not None and answer.frame[0] & 0xE2 == 0x02
        if not (self._left and answer and is_information):
            return answer
        self._held = answer
        with_cid = answer.frame[0] & 0x08
        cid = answer.frame[1:2] if with_cid else b""
        self._request = bytes([0xF2 | with_cid]) + cid + b"\x01"
        return self._ask()

    def _ask(self) -> Answer:
        self._left -= 1
        return Held(self._request, self._every)
