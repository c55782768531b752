"""The fast engine: a recorded read sent again through the channel, sizes and times only.

Each state that a read can be in, whole or torn after any of its APDUs, is recorded once with real
cryptography over a quiet channel. The taps are these recordings, laid into the noise and the motion
of each hand by `harness.air.replayed`; nothing is encrypted and no card answers. The hold times
are those of the full engine, for the same seeds.
"""

from __future__ import annotations

from bisect import bisect_right
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import accumulate

from harness.air.channel import Hold, Noise, Sojourn
from harness.air.coupling import Field
from harness.air.faults import Fault, When
from harness.air.faulty_icc import FaultyIcc
from harness.air.frame import Frame
from harness.air.motion import Motion
from harness.air.recording import Question, Recording
from harness.air.replayed import Host, Outcome, Replay
from harness.attempt import Attempt
from harness.bench.result import TapResult, merged
from harness.bench.scenario import Scenario
from harness.bench.stack import Cards, Hands, held
from harness.errors import EidrigError, LinkError, NoCardError, UsageError
from harness.profile import Content
from harness.reading import OK, Reading, TapOptions
from harness.station import Station
from harness.terminal.pin_guard import PinGuard
from harness.trace import Exchange, Level, Phase

State = tuple[object, ...]


@dataclass(slots=True)
class _Sizes:
    """An observer that keeps how much crossed the wire in each APDU."""

    sent: list[int] = field(default_factory=list)
    received: list[int] = field(default_factory=list)

    def note(self, exchange: Exchange) -> None:
        """Count an exchange on the wire."""
        if exchange.level is Level.WIRE:
            self.sent.append(len(exchange.command))
            self.received.append(len(exchange.response))


@dataclass(frozen=True, slots=True)
class Chapter:
    """What one activation does that begins with `reading`, at `state`; counts are running sums.

    `apdus` are the steps that begin one. Of `grants`, the card's requests for time, those that it
    repeats after noise are not counted.
    """

    reading: Reading
    state: State
    replay: Replay
    apdus: tuple[int, ...]
    sent: tuple[int, ...]
    received: tuple[int, ...]
    grants: tuple[int, ...]
    phases: tuple[Phase, ...]

    def begun(self, outcome: Outcome) -> int:
        """How many APDUs were begun before it ended."""
        return bisect_right(self.apdus, outcome.steps)


@dataclass(slots=True)
class _Tally:
    """What a tap adds up to over its attempts."""

    attempts: int = 0
    apdus: int = 0
    sent: int = 0
    received: int = 0
    retransmissions: int = 0
    wtx: int = 0

    def add(self, chapter: Chapter, outcome: Outcome) -> None:
        begun = chapter.begun(outcome)
        self.attempts += outcome.found
        self.apdus += begun
        self.sent += chapter.sent[begun]
        self.received += chapter.received[begun if outcome.finished else max(begun - 1, 0)]
        self.retransmissions += outcome.retransmissions
        self.wtx += chapter.grants[min(outcome.steps + 1, len(chapter.grants) - 1)]


class Replayed:
    """Taps of one scenario, as `Simulated` makes them but without cryptography.

    Raises:
        UsageError: the scenario has faults, or its read fails even where nothing disturbs it.
    """

    name = "fast"

    def __init__(self, scenario: Scenario, seed: int = 0) -> None:
        if scenario.faults:
            message = "a recorded exchange meets no faults; leave away --fast or --fault"
            raise UsageError(message)
        self._scenario = scenario
        self._seed = seed
        self._hands = Hands(scenario, seed)
        self._sojourn = Sojourn()
        self._story = _Story(scenario)
        self._first = self._story.chapter(Reading())

    def tap(self, number: int) -> TapResult:
        """Replay a tap; the number draws hand and noise."""
        policy, hold = self._scenario.policy, self._hands.hold(number)
        noise = Noise(hold, self._seed + number, self._sojourn)
        chapter, time, tally = self._first, 0.0, _Tally()
        while True:
            outcome = chapter.replay.run(hold, noise, time)
            tally.add(chapter, outcome)
            time = outcome.end
            spent = tally.attempts == policy.attempts or not (outcome.found or policy.polls)
            if outcome.finished or spent or time + policy.pause > policy.limit:
                return self._result(outcome, tally)
            time += policy.pause
            if policy.resume:
                chapter = self._story.after(chapter, outcome)

    def _result(self, outcome: Outcome, tally: _Tally) -> TapResult:
        failure = LinkError if outcome.found else NoCardError
        return TapResult(
            outcome=OK if outcome.finished else failure.outcome,
            hold=outcome.end,
            attempts=tally.attempts,
            apdus=tally.apdus,
            bytes_sent=tally.sent,
            bytes_received=tally.received,
            retransmissions=tally.retransmissions,
            wtx=tally.wtx,
            phases=self._first.phases,
        )


class _Story:
    """The chapters of a scenario, each recorded when a tap first comes to it."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._cards = Cards.of(scenario)
        phone = scenario.phone
        self._host = Host(phone.timeout.value, phone.host_time.value / 2)
        quiet = replace(Field.of(phone), burst_floor=0.0)
        self._quiet = Hold(Motion("in contact", lambda _: 0.0), quiet)
        self._chapters: dict[State, Chapter] = {}
        self._torn: dict[tuple[State, int], Chapter] = {}

    def chapter(self, reading: Reading) -> Chapter:
        """What the next activation does where `reading` has been read.

        Raises:
            UsageError: it fails even where nothing disturbs it.
        """
        state = _state(reading)
        if state not in self._chapters:
            self._chapters[state] = self._record(reading, state)
        return self._chapters[state]

    def after(self, chapter: Chapter, outcome: Outcome) -> Chapter:
        """What comes after a chapter that was torn."""
        begun = chapter.begun(outcome)
        if not begun:
            return chapter
        place = chapter.state, begun
        if place not in self._torn:
            self._torn[place] = self.chapter(self._tear(chapter.reading, begun))
        return self._torn[place]

    def _record(self, reading: Reading, state: State) -> Chapter:
        frames, sizes = list[Frame](), _Sizes()
        station = self._cards.station((sizes,))
        station = held(station, self._scenario, self._quiet, 0, (frames.append,))
        try:
            self._attempt(station, _copy(reading)).run()
        except EidrigError as error:
            name = self._scenario.name
            message = f"{name} fails undisturbed, so measure it without --fast: {error}"
            raise UsageError(message) from error
        recording = Recording.of(frames)
        grants = (step.question is Question.GRANT for step in recording.steps)
        return Chapter(
            reading,
            state,
            Replay(recording, host=self._host),
            recording.apdus,
            tuple(accumulate(sizes.sent, initial=0)),
            tuple(accumulate(sizes.received, initial=0)),
            tuple(accumulate(grants, initial=0)),
            merged(station.journal.phases),
        )

    def _tear(self, reading: Reading, apdu: int) -> Reading:
        """What has been read when the card is lost in an APDU, counted from 1."""
        station, left = self._cards.station(), _copy(reading)
        fault = Fault("link-lost", When.APDU, apdu)
        station = replace(station, icc=FaultyIcc(station.icc, [fault], station.journal.clock))
        with suppress(LinkError):
            self._attempt(station, left).run()
        return left

    def _attempt(self, station: Station, reading: Reading) -> Attempt:
        options = TapOptions(plan=self._scenario.plan)
        return Attempt(station, station.codes, PinGuard(0), options, None, reading)


def _copy(reading: Reading) -> Reading:
    return replace(
        reading,
        tries_left=dict(reading.tries_left),
        verified=dict(reading.verified),
        personal_data=dict(reading.personal_data),
        certificates=dict(reading.certificates),
        chains=dict(reading.chains),
        signatures=dict(reading.signatures),
        pieces=deepcopy(reading.pieces),
    )


def _state(reading: Reading) -> State:
    """All that the next activation depends on."""
    pieces = reading.pieces
    return (
        frozenset(reading.tries_left),
        frozenset(reading.personal_data),
        frozenset(reading.certificates),
        frozenset(reading.signatures),
        tuple((pieces.whole(each) is not None, len(pieces.begun(each))) for each in Content),
    )
