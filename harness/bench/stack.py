"""The parts that every simulated tap of a scenario shares, and a fresh card for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.air.channel import Hold
from harness.air.coupling import Field
from harness.air.link import Observer as FrameObserver
from harness.bench.scenario import Scenario
from harness.clock import VirtualClock
from harness.emulator.card import EmulatedCard
from harness.emulator.memory import CardMemory
from harness.emulator.person import Person
from harness.emulator.personalise import CardImage, personalise
from harness.icc import Icc
from harness.profile import Interface
from harness.simulation import AirConditions, in_air
from harness.station import Codes, Station, mrz_of
from harness.trace import Journal, Observer

HANDS = 100
"""How many different hands a run has: tap n is held by hand n modulo this."""


class Hands:
    """The holds of a scenario, each sampled once: tap n has hand n modulo `HANDS`."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._make = scenario.hand.make
        self._field = Field.of(scenario.phone)
        self._seed = seed
        self._holds: dict[int, Hold] = {}

    def hold(self, number: int) -> Hold:
        """The hold of tap `number`."""
        hand = number % HANDS
        if hand not in self._holds:
            self._holds[hand] = Hold(self._make(self._seed + hand), self._field)
        return self._holds[hand]


@dataclass(frozen=True, slots=True)
class Cards:
    """Fresh cards of one personalisation, each with a memory of its own."""

    image: CardImage
    person: Person = field(default_factory=Person)

    @classmethod
    def of(cls, scenario: Scenario) -> Cards:
        """The default person's card."""
        person = Person().fitted(scenario.profile)
        return cls(personalise(scenario.profile, person), person)

    def station(self, observers: Sequence[Observer] = ()) -> Station:
        """A station with a new card, on a virtual clock at 0."""
        clock, person = VirtualClock(), self.person
        card = EmulatedCard(self.image, Interface.CONTACTLESS, CardMemory(self.image), clock)
        return Station(
            icc=card,
            place="emulated:",
            journal=Journal(clock, observers),
            profile=self.image.profile,
            codes=Codes(person.can, person.pin1, person.pin2, mrz_of(self.image)),
            is_precious=False,
            emulated=card,
        )


def held(
    station: Station,
    scenario: Scenario,
    hold: Hold,
    seed: int,
    frame_observers: Sequence[FrameObserver] = (),
) -> Station:
    """The station with the scenario's phone and air put before its card."""
    conditions = AirConditions(
        scenario.phone, scenario.speed, scenario.hand.make(0), scenario.faults, seed, hold
    )
    return in_air(station, conditions, frame_observers)


class Stopwatch:
    """An `Icc` around an `Icc` that knows when the card was last let go of."""

    def __init__(self, icc: Icc, station: Station) -> None:
        self._icc = icc
        self._clock = station.journal.clock
        self._began = self._clock.now()
        self.seconds = 0.0

    def connect(self) -> bytes:
        """Activate the card."""
        return self._icc.connect()

    def transmit(self, command: bytes) -> bytes:
        """Pass a command on."""
        return self._icc.transmit(command)

    def disconnect(self) -> None:
        """Note the time since the beginning, and let go: the farewell is no part of a hold."""
        self.seconds = self._clock.now() - self._began
        self._icc.disconnect()
