"""The frames of one undisturbed activation and read, as sizes and times without content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Self

from harness.air.frame import Fate, Frame
from harness.air.timing import CRC_BYTES, Direction, Kind, RfTiming, seconds
from harness.errors import UsageError

_NO_PAUSE = 1e-6  # seconds; below, it is the rounding of the simulated clock
_CID = 0x08  # in the protocol control byte, ISO/IEC 14443-4, 7.1.2
_WTX_INFORMATION = 1  # byte of S(WTX) beyond the prologue


class Question(Enum):
    """What the reader sent, by what it does when nothing valid comes back."""

    OPENING = auto()  # RATS, PPS, WUPB, ATTRIB: the same once more, ISO/IEC 14443-4, 5.6
    PART = auto()  # I-block: R(NAK), rule 4
    ACKNOWLEDGE = auto()  # R(ACK) while the card chains: the same again, rule 5
    GRANT = auto()  # S(WTX): R(NAK), and the card asks again
    DESELECT = auto()  # not part of a read


@dataclass(frozen=True, slots=True)
class Leg:
    """One frame: its length in seconds, and the part of it without which it is not noticed."""

    length: float
    opening: float

    @classmethod
    def of(cls, length: float, n_bytes: int) -> Self:
        """A frame of `n_bytes` without CRC that takes `length` seconds."""
        return cls(length, length / (n_bytes + CRC_BYTES))


@dataclass(frozen=True, slots=True)
class Step:
    """A question and its answer; times in seconds.

    `timeout` is how long the reader waits, `gap` from question to answer with the card's computing,
    `pause` the host's time before the question. `bare_ask` and `bare_answer` are blocks without
    content, as after noise: R(NAK), R(ACK) and S(DESELECT); `request` is S(WTX) of the card.
    """

    question: Question
    ask: Leg
    timeout: float
    gap: float
    answer: Leg
    pause: float
    timing: RfTiming
    bare_ask: Leg
    bare_answer: Leg
    request: Leg

    @property
    def least_gap(self) -> float:
        """From question to answer where the card has nothing to compute, in seconds."""
        return seconds(self.timing.answer_gap_cycles())

    @property
    def turnaround(self) -> float:
        """From the answer to the next question at least, in seconds."""
        return seconds(self.timing.turnaround_cycles())


@dataclass(frozen=True)
class Recording:
    """The steps of one activation and what follows it, all answered."""

    kind: Kind
    steps: tuple[Step, ...]

    @classmethod
    def of(cls, frames: Sequence[Frame]) -> Self:
        """Take the frames that an `Air` with nothing in its way has shown to an observer.

        Raises:
            UsageError: a frame was damaged or not answered, or it is not one activation.
        """
        asked, answered = frames[::2], frames[1::2]
        whole = bool(frames) and len(asked) == len(answered)
        in_turn = all(frame.direction is Direction.TO_CARD for frame in asked) and all(
            frame.direction is Direction.TO_READER for frame in answered
        )
        if not (whole and in_turn and all(frame.fate is Fate.INTACT for frame in frames)):
            message = "record an undisturbed read: one activation, every frame intact and answered"
            raise UsageError(message)
        began = asked[0].start
        ends = [began, *(_over(frame) for frame in answered)]
        steps = tuple(map(_step, asked, answered, ends))
        kept = tuple(step for step in steps if step.question is not Question.DESELECT)
        return cls(asked[0].timing.kind, kept)

    @property
    def apdus(self) -> tuple[int, ...]:
        """The steps that begin an APDU: a part of a command for which the host took its time."""
        return tuple(
            number
            for number, step in enumerate(self.steps)
            if step.question is Question.PART and step.pause > _NO_PAUSE
        )


def _over(answer: Frame) -> float:
    """When the reader may send again."""
    return answer.end + seconds(answer.timing.turnaround_cycles())


def _step(ask: Frame, answer: Frame, free_from: float) -> Step:
    bare = 2 if ask.data[0] & _CID else 1
    return Step(
        question=_question(ask.data[0]),
        ask=_leg(ask),
        timeout=ask.timeout,
        gap=answer.start - ask.end,
        answer=_leg(answer),
        pause=max(0.0, ask.start - free_from),
        timing=ask.timing,
        bare_ask=_block(ask.timing, bare, Direction.TO_CARD),
        bare_answer=_block(ask.timing, bare, Direction.TO_READER),
        request=_block(ask.timing, bare + _WTX_INFORMATION, Direction.TO_READER),
    )


def _leg(frame: Frame) -> Leg:
    return Leg.of(frame.end - frame.start, len(frame.data))


def _block(timing: RfTiming, n_bytes: int, direction: Direction) -> Leg:
    """A block of `n_bytes` without CRC."""
    return Leg.of(seconds(timing.block_cycles(n_bytes, direction)), n_bytes)


def _question(pcb: int) -> Question:
    """By the protocol control byte (ISO/IEC 14443-4, 7.1.2)."""
    if pcb & 0xE2 == 0x02:
        return Question.PART
    if pcb & 0xE6 == 0xA2:
        return Question.ACKNOWLEDGE
    if pcb & 0xF7 == 0xF2:
        return Question.GRANT
    return Question.DESELECT if pcb & 0xF7 == 0xC2 else Question.OPENING
