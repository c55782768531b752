"""A read torn at every single frame: the right data or a clear outcome, and every try counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.air.faults import Fault, When
from harness.air.frame import Frame
from harness.bench.scenario import Scenario
from harness.bench.stack import Cards, Hands
from harness.reading import OK, Reading
from harness.secret import Digits
from harness.simulation import AirConditions, in_air
from harness.station import Station
from harness.tap import Tap
from harness.terminal.pin_guard import PinGuard

MakeScenario = Callable[..., Scenario]
PROFILES = ["est-idemia-2018", "est-thales-2025"]
FAREWELL = 2  # frames of S(DESELECT), when all has been read
AWAY = (("for", 0.1),)  # seconds


class Torn:
    """One card read again and again, with a tear at another frame each time."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._cards = Cards.of(scenario)
        self._hold = Hands(scenario, 0).hold(0)
        frames = list[Frame]()
        self.whole, _ = self.read((), frames=frames)
        self.frames = len(frames)

    def at(self, *numbers: int, pin: str | None = None) -> tuple[Reading, Station]:
        """A read that loses the card for a moment at some frames."""
        return self.read(tuple(Fault("tag-lost", When.FRAME, each, AWAY) for each in numbers), pin)

    def read(
        self, faults: tuple[Fault, ...], pin: str | None = None, frames: list[Frame] | None = None
    ) -> tuple[Reading, Station]:
        """A read through the whole stack; `pin` is another PIN1 than the card's."""
        case = self._scenario
        conditions = AirConditions(
            case.phone, case.speed, case.hand.make(0), faults, seed=1, hold=self._hold
        )
        seen = [] if frames is None else [frames.append]
        station = in_air(self._cards.station(), conditions, seen)
        codes = station.codes if pin is None else replace(station.codes, pin1=Digits(pin))
        tap = Tap(station, codes, PinGuard(0), policy=case.policy)
        return tap.run(), station


def assert_tries_agree(reading: Reading, station: Station) -> None:
    """What we say of the tries is what the card counts."""
    assert station.emulated is not None
    memory = station.emulated.memory
    for name, tries in reading.tries_left.items():
        assert memory.tries(name) == tries


def assert_whole(reading: Reading, station: Station, whole: Reading) -> None:
    """The read has brought what an undisturbed one brings."""
    assert reading.outcome == OK
    assert reading.personal_data == whole.personal_data
    certificates = {name: each.der for name, each in reading.certificates.items()}
    assert certificates == {name: each.der for name, each in whole.certificates.items()}
    assert reading.signatures == whole.signatures
    assert reading.verified == whole.verified
    assert reading.tries_left == whole.tries_left
    assert_tries_agree(reading, station)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("preset", ["fast", "typical"])
@pytest.mark.parametrize("name", ["resume", "restart"])
def test_every_tear_is_overcome(
    scenario: MakeScenario, profile: str, preset: str, name: str
) -> None:
    """Wherever the card is lost, the read ends with the data of an undisturbed one."""
    torn = Torn(scenario("steady", name, profile=profile, preset=preset))
    assert_whole(*torn.read(()), torn.whole)
    for frame in range(1, torn.frames + 1):
        assert_whole(*torn.at(frame), torn.whole)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_tear_after_a_tear_is_overcome(scenario: MakeScenario, profile: str) -> None:
    """The same where the card is lost again while the read is resumed."""
    torn = Torn(scenario("steady", "resume", profile=profile))
    for frame in range(1, torn.frames + 1, 2):
        assert_whole(*torn.at(frame, frame + 5 + frame * 7 % 40), torn.whole)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_card_that_stays_away(scenario: MakeScenario, profile: str) -> None:
    """A card taken away for good is a lost link, whenever it is taken, and costs no try."""
    torn = Torn(scenario("steady", "once", profile=profile))
    for frame in range(1, torn.frames - FAREWELL, 4):
        reading, station = torn.read((Fault("tag-lost", When.FRAME, frame),))
        assert reading.outcome != OK
        assert reading.error is not None
        assert_tries_agree(reading, station)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", ["resume", "restart"])
def test_a_wrong_pin_is_offered_once(scenario: MakeScenario, profile: str, name: str) -> None:
    """A wrong PIN1 costs one try at most, wherever the card is lost, and the count is right."""
    torn = Torn(scenario("steady", name, profile=profile))
    for frame in range(1, torn.frames + 1, 2):
        reading, station = torn.at(frame, pin="9999")
        assert (frame, reading.outcome) == (frame, "pin1-wrong")
        assert station.emulated is not None
        assert station.emulated.memory.tries("PIN1") == 2
        assert_tries_agree(reading, station)
