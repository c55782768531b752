"""The air itself: it carries a block to the card and one back, in simulated time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random

from harness.air.channel import Hold, Noise
from harness.air.coupling import Field
from harness.air.faults import Fault
from harness.air.frame import Fate, Frame
from harness.air.link_faults import LinkFaults
from harness.air.motion import motion
from harness.air.phone import phone
from harness.air.picc import Picc
from harness.air.timing import (
    CRC_BYTES,
    FIELD_OFF,
    Direction,
    Kind,
    RfTiming,
    cycles,
    detect_cycles,
    seconds,
)
from harness.clock import Clock
from harness.errors import LinkError, NoCardError, UsageError

Observer = Callable[[Frame], None]


class AnswerTimeoutError(LinkError):
    """No answer began within the time the reader waits."""


class DamagedFrameError(LinkError):
    """An answer came and its CRC does not hold."""


class Air:
    """A `FrameLink` over which a card is held into a field.

    The card computes, frames take their time, the hand moves, noise destroys bits, faults strike;
    `clock` is moved by all of it. Time 0 of the hand is the moment the link is made. `seed` draws
    the noise and the random faults. `timing` is that of a fresh activation: 106 kbit/s both ways.

    A frame that is damaged on the way to the card leaves the card silent; every error that CRC
    could miss is taken as found (CRC_A and CRC_B: 16 bits, ISO/IEC 14443-3, annex B).
    """

    def __init__(  # noqa: PLR0913 - each is one independent condition of the hold
        self,
        picc: Picc,
        clock: Clock,
        *,
        hold: Hold | None = None,
        kind: Kind = Kind.A,
        seed: int = 0,
        faults: Iterable[Fault] = (),
        observers: Iterable[Observer] = (),
    ) -> None:
        self._hold = hold or Hold(motion("steady"), Field.of(phone("android")))
        self._noise = Noise(self._hold, seed)
        self._faults = LinkFaults(faults, Random(f"faults {seed}"), self._hold)  # noqa: S311
        self._picc = self._faults.around(picc)
        self._clock = clock
        self._began = clock.now()
        self._observers = tuple(observers)
        self._timing = RfTiming(kind)
        self._powered = False
        self._seen_until = 0.0
        self._late: tuple[bytes, float] | None = None
        self._frames = self._bytes = 0

    @property
    def timing(self) -> RfTiming:
        """The bit rates in force: 106 kbit/s until a PPS or ATTRIB was answered."""
        return self._timing

    def now(self) -> float:
        """Seconds since the link began: the time of the hand."""
        return self._clock.now() - self._began

    def field_off(self) -> None:
        """Switch the field off for the 5 ms after which every card has forgotten all."""
        self._lose_power()
        self._wait(seconds(FIELD_OFF))

    def reset(self) -> None:
        """Field off and on, guard time, and the card found: ready for RATS or WUPB.

        Raises:
            NoCardError: no card has power, or noise spoiled its answers.
            LinkError: two cards answered.
        """
        self.field_off()
        self._timing = RfTiming(self._timing.kind)
        start = self.now()
        self._seen_until, self._powered = start, True
        self._wait(seconds(detect_cycles(self._timing.kind)))
        if self._faults.second_card(self._frame(Direction.TO_CARD, b"", start, 0.0)):
            self._lose_power()
            message = "two cards answer in the field: take one of them away"
            raise LinkError(message)
        heard = self._noise.first_hit(start, self.now()) is None
        if not (self._has_power() and heard):
            self._lose_power()
            message = "no card answers in the field: hold it closer"
            raise NoCardError(message)

    def exchange(self, block: bytes, timeout: float) -> bytes:
        """Carry one block to the card and its answer back, and take the time that this takes.

        Raises:
            UsageError: the block is empty.
            AnswerTimeoutError: no answer began within `timeout` seconds after the block.
            DamagedFrameError: an answer came and its CRC does not hold.
        """
        if not block:
            message = "a block has at least one byte"
            raise UsageError(message)
        if self._late and self._late[1] < self.now():
            self._late = None  # the card has answered into silence and listens again
        asked = self._carry(block, Direction.TO_CARD, timeout)
        until = self.now() + min(timeout, self._faults.patience)
        answer = self._answer(block, asked, until)
        heard = Fate.LOST if answer is None else self._carry(answer, Direction.TO_READER)
        if answer is None or heard is Fate.LOST:
            raise self._silence(until)
        self._wait(seconds(self._timing.turnaround_cycles()))
        if heard is Fate.CORRUPTED:
            message = "the card's answer arrived with a wrong CRC: hold it still"
            raise DamagedFrameError(message)
        self._timing = RfTiming(self._timing.kind, *self._picc.divisors)
        self._check_presence(answer, timeout)
        return answer

    def _carry(self, data: bytes, direction: Direction, timeout: float = 0.0) -> Fate:
        """Send one frame and let its time pass; what it met on the way."""
        frame = self._frame(direction, data, self.now(), timeout)
        self._faults.meet(frame)
        self._frames += 1
        self._bytes += len(data)
        self._wait(frame.end - frame.start)
        fate = self._fate(frame)
        for observer in self._observers:
            observer(replace(frame, fate=fate))
        return fate

    def _frame(self, direction: Direction, data: bytes, start: float, timeout: float) -> Frame:
        length = seconds(self._timing.block_cycles(len(data), direction)) if data else 0.0
        number, first = self._frames + 1, self._bytes + 1
        return Frame(number, direction, data, first, start, start + length, self._timing, timeout)

    def _fate(self, frame: Frame) -> Fate:
        """Power first, then faults, then noise; noise in the first character hides the frame."""
        hit = self._noise.first_hit(frame.start, frame.end)
        fate = self._faults.fate(frame)
        if not self._has_power():
            return Fate.LOST
        if fate is not Fate.INTACT or hit is None:
            return fate
        opening = (frame.end - frame.start) / (len(frame.data) + CRC_BYTES)
        return Fate.LOST if hit < frame.start + opening else Fate.CORRUPTED

    def _answer(self, block: bytes, asked: Fate, until: float) -> bytes | None:
        """The card's answer if it starts by `until`, the clock then at its start."""
        still_computing = self._late is not None
        if asked is Fate.INTACT and not still_computing:
            self._take(block)
        if self._late is None or self._late[1] > until:
            return None
        (answer, start), self._late = self._late, None
        if still_computing and start < self.now():  # it began while the reader was sending
            return None
        self._wait(start - self.now())
        return answer if self._has_power() else None

    def _take(self, block: bytes) -> None:
        heard = self.now()
        answer = self._picc.receive(block)
        if answer is not None:
            gap = self._timing.answer_gap_cycles(cycles(answer.delay))
            self._late = answer.frame, heard + seconds(gap)

    def _silence(self, until: float) -> AnswerTimeoutError:
        self._wait(until - self.now())
        self._has_power()
        return AnswerTimeoutError("the card did not answer in time: hold it closer and still")

    def _check_presence(self, last: bytes, timeout: float) -> None:
        """Look by R(NAK) whether the card is there, where a fault wants it.

        It has the number that the reader uses next, so the card answers R(ACK) and nothing else
        changes (ISO/IEC 14443-4, 7.5.5, rule 12).
        """
        if last[0] & 0xF2 != 0x02 or not self._faults.takes_presence_check():
            return  # only between two commands: the card's last block ended a response
        with_cid = last[0] & 0x08
        question = bytes([0xB2 | with_cid | last[0] & 0x01 ^ 0x01]) + last[1 : 1 + with_cid // 8]
        asked = self._carry(question, Direction.TO_CARD, timeout)
        until = self.now() + min(timeout, self._faults.patience)
        answer = self._answer(question, asked, until)
        if answer is None:
            self._wait(until - self.now())
        else:
            self._carry(answer, Direction.TO_READER)
            self._wait(seconds(self._timing.turnaround_cycles()))

    def _has_power(self) -> bool:
        """Whether the card has had power without a break since its activation, up to now."""
        start, now = self._seen_until, self.now()
        if self._powered and now > start:
            self._seen_until = now
            lost = self._hold.power_lost(start, now), self._faults.power_lost(start, now)
            if lost != (None, None):
                self._lose_power()
        return self._powered

    def _lose_power(self) -> None:
        self._powered, self._late = False, None
        self._picc.reset()

    def _wait(self, duration: float) -> None:
        self._clock.sleep(max(0.0, duration))  # a wall clock may be late already
