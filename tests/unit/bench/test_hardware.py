"""Taps by a clock that runs: the baseline, what it is subtracted from, and when to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from harness.bench.hardware import REPEATS, Bench, OnHardware, compared
from harness.bench.result import TapResult
from harness.bench.scenario import Scenario
from harness.bench.stack import Cards
from harness.clock import VirtualClock
from harness.errors import NoCardError, WrongPinError
from harness.icc import Icc
from harness.secret import Digits
from harness.station import Station
from harness.tap import POLICIES
from harness.terminal.pin_guard import PinGuard
from harness.trace import Journaled

MakeScenario = Callable[..., Scenario]
HOST = 0.004
ON_SELECT = 0.020
"""Seconds: what every APDU takes, and what SELECT by AID takes beyond that."""


@dataclass
class SlowReader:
    """A card whose every APDU takes some time of a clock; the neutral ones are counted."""

    icc: Icc
    clock: VirtualClock
    neutral: int = 0
    drift: float = 0.0

    def connect(self) -> bytes:
        """Power on."""
        return self.icc.connect()

    def disconnect(self) -> None:
        """Power off."""
        self.icc.disconnect()

    def transmit(self, command: bytes) -> bytes:
        """Take the time, a little more with each neutral APDU where it drifts."""
        is_neutral = command == bytes.fromhex("00A4000C023F00")
        self.neutral += is_neutral
        extra = ON_SELECT if command.startswith(b"\x00\xa4\x04") else 0.0
        self.clock.sleep(HOST + self.drift * self.neutral + extra)
        return self.icc.transmit(command)


@pytest.fixture
def reader(scenario: MakeScenario) -> tuple[Station, SlowReader]:
    """An emulated card that pretends to lie on a reader."""
    station = Cards.of(scenario()).station()
    assert isinstance(station.journal.clock, VirtualClock)
    slow = SlowReader(station.icc, station.journal.clock)
    return replace(station, icc=Journaled(slow, station.journal)), slow


def bench(**parts: object) -> Bench:
    """A bench record."""
    return replace(Bench("pcsc:ACR", "ACR1252", POLICIES["once"]), **parts)  # type: ignore[arg-type]


def tapped(station: Station, **parts: object) -> TapResult:
    """One tap."""
    return OnHardware(station, station.codes, PinGuard(), bench(**parts)).tap(0)


def test_the_baseline_is_subtracted(reader: tuple[Station, SlowReader]) -> None:
    """What remains of a tap is what its APDUs take beyond a neutral one."""
    station, slow = reader
    tap = tapped(station)
    assert tap.completed
    assert tap.hold == pytest.approx(ON_SELECT, abs=1e-9)
    assert tap.baseline is not None
    assert tap.baseline.seconds == pytest.approx(HOST)
    assert tap.baseline.spread == pytest.approx(0.0, abs=1e-9)
    assert not tap.baseline.moved
    assert slow.neutral == 2 * REPEATS


def test_neutral_commands_are_not_counted(reader: tuple[Station, SlowReader]) -> None:
    """APDUs, bytes and phases are those of the tap, the second tap's not the first's too."""
    station, _ = reader
    engine = OnHardware(station, station.codes, PinGuard(), bench())
    first, second = engine.tap(0), engine.tap(1)
    assert first.apdus == second.apdus
    assert first.bytes_sent == second.bytes_sent
    assert [phase.name for phase in first.phases] == [phase.name for phase in second.phases]


def test_without_pin(reader: tuple[Station, SlowReader]) -> None:
    """A tap that leaves PIN1 out neither verifies it nor proves the login."""
    station, _ = reader
    names = [phase.name for phase in tapped(station, use_pin=False).phases]
    assert "verify PIN1" not in names
    assert "internal authenticate" not in names


def test_a_moving_baseline_is_marked(reader: tuple[Station, SlowReader]) -> None:
    """A reader that gets slower during a tap is told."""
    station, slow = reader
    slow.drift = 0.0005
    tap = tapped(station)
    assert tap.baseline is not None
    assert tap.baseline.moved
    assert tap.baseline.spread > 0


def test_what_has_moved() -> None:
    """A quarter more is too much, and less than a millisecond is nothing."""
    assert compared([0.010] * 4, [0.013] * 4).moved
    assert not compared([0.010] * 4, [0.012] * 4).moved
    assert not compared([0.001] * 4, [0.0019] * 4).moved


def test_a_wrong_pin_ends_the_run(reader: tuple[Station, SlowReader]) -> None:
    """A refused PIN is an error of the whole run: no second tap offers it again."""
    station, _ = reader
    codes = replace(station.codes, pin1=Digits("9999"))
    engine = OnHardware(station, codes, PinGuard(), bench())
    with pytest.raises(WrongPinError):
        engine.tap(0)
    assert station.emulated is not None
    assert station.emulated.memory.tries("PIN1") == 2


def test_no_card_for_the_baseline(reader: tuple[Station, SlowReader]) -> None:
    """Without a card there is no benchmark."""
    station, slow = reader

    def nobody() -> bytes:
        message = "no card"
        raise NoCardError(message)

    slow.connect = nobody  # type: ignore[method-assign]
    with pytest.raises(NoCardError):
        tapped(station)


def test_the_record_names_the_place() -> None:
    """Position and height are part of the case, so that runs elsewhere are not compared."""
    case = bench(position="centre", height=5.0, profile="est-idemia-2018", use_pin=False)
    assert case.params["position"] == "centre"
    assert case.params["height_mm"] == "5"
    assert case.name == ("est-idemia-2018/pcsc:ACR/ACR1252/once/eidrig/without PIN1/centre/5")
