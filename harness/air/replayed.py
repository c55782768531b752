"""A recorded exchange sent again through another hold: sizes and times only, no cryptography.

Frames that nothing disturbs are not simulated one by one: the next instant of noise or without
power is looked up, and only the step it falls into is worked through, by the rules of ISO/IEC
14443-4, 7.5.5 as the reader of this package follows them. The same hold and seed give the same
outcome, hold time and count of retransmissions as the full simulation.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from harness.air.channel import Hold, Noise
from harness.air.recording import Leg, Question, Recording, Step
from harness.air.timing import FIELD_OFF, detect_cycles, seconds

_DEACTIVATION_FWT = seconds(65_536)  # ISO/IEC 14443-4, 8.1
_RETRIES = 2  # repetitions of one step, the reader's own default

_Card = Callable[[], tuple[float, Leg] | None]  # what an intact question is answered with, and when


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a replayed read ended.

    `end` is its time in seconds of the hold, `steps` how many were answered, `retransmissions` how
    many frames the reader repeated; `found` is False where no card was there to activate.
    """

    finished: bool
    end: float
    steps: int
    retransmissions: int
    found: bool = True


@dataclass(frozen=True, slots=True)
class Host:
    """The host above the reader: its patience for one APDU, and its own time after each; seconds.

    When an APDU took longer, the host lets go of the card, as `PhoneHost` does.
    """

    patience: float = math.inf
    after: float = 0.0


class Replay:
    """A recording prepared for many runs; one instance serves any hold and any seed."""

    def __init__(
        self, recording: Recording, retries: int = _RETRIES, host: Host | None = None
    ) -> None:
        self._steps = recording.steps
        self._apdus = recording.apdus
        self._retries = retries
        self._host = host or Host()
        self._off = seconds(FIELD_OFF)
        self._detect = seconds(detect_cycles(recording.kind))
        parts = [step.timeout for step in self._steps if step.question is Question.PART]
        self._fwt = parts[0] if parts else 0.0
        self._starts: list[float] = []  # of all frames, since the card was found
        self._ends: list[float] = []
        self._answered: list[float] = []  # ends of the answers alone
        self._lay_out()

    def _lay_out(self) -> None:
        time = 0.0
        for step in self._steps:
            time += step.pause
            asked = time + step.ask.length
            answers = asked + step.gap
            self._starts += [time, answers]
            self._ends += [asked, answers + step.answer.length]
            self._answered.append(self._ends[-1])
            time = self._ends[-1] + step.turnaround

    def run(self, hold: Hold, noise: Noise, start: float = 0.0) -> Outcome:
        """Reset the field at `start` seconds of the hold, activate and read to the end or a tear.

        `noise` belongs to `hold`; runs that follow each other in one hold share it.
        """
        found = start + self._off
        time = found + self._detect
        lost = hold.power_lost(found, time) is not None
        if lost or noise.first_hit(found, time) is not None:
            return Outcome(finished=False, end=time, steps=0, retransmissions=0, found=False)
        return self._read(_Reader(hold, noise, time, self._fwt, self._retries))

    def _read(self, reader: _Reader) -> Outcome:
        """Leap from one disturbed step to the next; `late` watches a disturbed APDU to its end."""
        done, count = 0, len(self._steps)
        late: tuple[range, float] | None = None  # its steps, and when it began
        while done < count:
            stop = late[0].stop if late else count
            shift = reader.time + self._steps[done].pause - self._starts[2 * done]
            disturbed = self._next_disturbed(reader, done, stop, shift)
            if disturbed == stop:
                reader.time = shift + self._answered[stop - 1] + self._steps[stop - 1].turnaround
                done = stop
            else:
                reader.time = shift + self._starts[2 * disturbed]
                apdu = self._apdu_with(disturbed)
                late = late or (apdu, shift + self._starts[2 * apdu.start])
                if not reader.answered(self._steps[disturbed]):
                    return reader.outcome(disturbed, finished=False)
                done = disturbed + 1
            if late and done == late[0].stop:
                if reader.time - late[1] > self._host.patience:
                    reader.time += self._host.after
                    reader.deselect(self._steps[done - 1])
                    return reader.outcome(done - 1, finished=False)
                late = None
        reader.time += self._host.after
        return reader.outcome(count, finished=True)

    def _apdu_with(self, step: int) -> range:
        """The steps of the APDU that a step belongs to; the activation's steps stand alone."""
        place = bisect_right(self._apdus, step)
        if place == 0:
            return range(step, step + 1)
        ends = (*self._apdus[1:], len(self._steps))
        return range(self._apdus[place - 1], ends[place - 1])

    def _next_disturbed(self, reader: _Reader, done: int, stop: int, shift: float) -> int:
        """The first step from `done` up to `stop` that noise or a loss of power falls into."""
        end = shift + self._answered[stop - 1]
        lost = reader.hold.power_lost(reader.seen, end)
        torn = stop
        if lost is not None:
            torn = max(done, bisect_right(self._answered, lost - shift))
        frame = 2 * done
        while frame < 2 * torn:
            hit = reader.noise.first_hit(shift + self._starts[frame], end)
            if hit is None:
                return torn
            frame = max(frame, bisect_right(self._starts, hit - shift) - 1)
            if hit - shift < self._ends[frame]:
                return min(torn, frame // 2)
            frame += 1
        return torn


class _Reader:
    """The reader in one run: it works through a single step, whatever comes."""

    def __init__(self, hold: Hold, noise: Noise, time: float, fwt: float, retries: int) -> None:
        self.hold = hold
        self.noise = noise
        self.time = self.seen = time
        self.retransmissions = 0
        self._fwt = fwt
        self._retries = retries
        self._powered = True

    def outcome(self, steps: int, *, finished: bool) -> Outcome:
        """Where this run has got to."""
        return Outcome(finished, self.time, steps, self.retransmissions)

    def answered(self, step: Step) -> bool:
        """Ask until the answer is there; False when the card is given up."""
        if step.question is Question.OPENING:
            return self._open(step)
        if self._insist(step):
            return True
        self.deselect(step)
        return False

    def _open(self, step: Step) -> bool:
        """A card that has answered once does not know the frame any more."""
        card = _CardSide(step)
        return any(self._exchange(step, step.ask, step.timeout, card.opens) for _ in range(2))

    def _insist(self, step: Step) -> bool:
        card = _CardSide(step)
        invalid = repeats = 0
        if self._exchange(step, step.ask, step.timeout, card.answers):
            return True
        while invalid < self._retries:
            invalid += 1
            self.retransmissions += 1
            had_it = card.has_question
            if not self._exchange(step, step.bare_ask, self._fwt, card.reacts):
                continue
            if had_it or step.question is Question.ACKNOWLEDGE:
                return True
            if step.question is Question.PART:  # R(ACK): the I-block again, rule 6
                if repeats == self._retries:
                    return False
                repeats += 1
                self.retransmissions += 1
                timeout = self._fwt
            else:  # S(WTX) once more
                timeout = step.timeout
            invalid = 0
            if self._exchange(step, step.ask, timeout, card.answers):
                return True
        return False

    def deselect(self, step: Step) -> None:
        """Let go of the card."""
        card = _CardSide(step)
        for attempt in range(1 + self._retries):
            self.retransmissions += attempt > 0
            if self._exchange(step, step.bare_ask, _DEACTIVATION_FWT, card.acknowledges):
                return

    def _exchange(self, step: Step, ask: Leg, timeout: float, card: _Card) -> bool:
        """One frame there and one back; True when it came back whole."""
        asked = self._carries(ask)
        until = self.time + timeout
        reply = card() if asked == _INTACT else None
        if reply is None or self.time + reply[0] > until:
            return self._silence(until)
        gap, answer = reply
        self.time += gap
        if not self._has_power():
            return self._silence(until)
        fate = self._carries(answer)
        if fate == _LOST:
            return self._silence(until)
        self.time += step.turnaround
        return fate == _INTACT

    def _carries(self, leg: Leg) -> int:
        start = self.time
        self.time = start + leg.length
        hit = self.noise.first_hit(start, self.time)
        if not self._has_power():
            return _LOST
        if hit is None:
            return _INTACT
        return _LOST if hit < start + leg.opening else _DAMAGED

    def _silence(self, until: float) -> bool:
        self.time = max(self.time, until)
        return False

    def _has_power(self) -> bool:
        if self._powered and self.time > self.seen:
            self._powered = self.hold.power_lost(self.seen, self.time) is None
            self.seen = self.time
        return self._powered


_INTACT, _DAMAGED, _LOST = range(3)


class _CardSide:
    """What the card does in one step, by what it has understood so far."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self.has_question = False

    def answers(self) -> tuple[float, Leg] | None:
        """To the question itself: after computing; to its repetition at once (rule 11)."""
        gap = self._step.least_gap if self.has_question else self._step.gap
        self.has_question = True
        return gap, self._step.answer

    def opens(self) -> tuple[float, Leg] | None:
        """To RATS, PPS, WUPB or ATTRIB: only once."""
        if self.has_question:
            return None
        return self.answers()

    def reacts(self) -> tuple[float, Leg] | None:
        """To R(NAK), or to the R(ACK) said again: the last block, or R(ACK) (rules 11 to 13)."""
        step = self._step
        if self.has_question or step.question is Question.ACKNOWLEDGE:
            return self.answers()
        if step.question is Question.PART:
            return step.least_gap, step.bare_answer
        return step.least_gap, step.request

    def acknowledges(self) -> tuple[float, Leg] | None:
        """To S(DESELECT): the same."""
        return self._step.least_gap, self._step.bare_answer
