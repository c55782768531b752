"""The full engine: real cryptography over the whole simulated stack, on a virtual clock."""

from __future__ import annotations

from dataclasses import replace

from harness.bench.result import TapResult, merged
from harness.bench.scenario import Scenario
from harness.bench.stack import Cards, Hands, Stopwatch, held
from harness.isodep.pcd_engine import Statistics
from harness.reading import Reading, TapOptions
from harness.station import Station
from harness.tap import Tap
from harness.terminal.pin_guard import PinGuard


class Simulated:
    """Taps of one scenario; the same seed and number give the same tap, to the last digit."""

    name = "full"

    def __init__(self, scenario: Scenario, seed: int = 0) -> None:
        self._scenario = scenario
        self._seed = seed
        self._cards = Cards.of(scenario)
        self._hands = Hands(scenario, seed)

    def tap(self, number: int) -> TapResult:
        """Hold a fresh card to the phone; the number draws hand and noise.

        Raises:
            UsageError: the phone cannot reach this type of card.
        """
        hold = self._hands.hold(number)
        station = held(self._cards.station(), self._scenario, hold, self._seed + number)
        watch = Stopwatch(station.icc, station)
        options = TapOptions(plan=self._scenario.plan)
        station = replace(station, icc=watch)
        tap = Tap(station, station.codes, PinGuard(0), options, policy=self._scenario.policy)
        return tap_result(tap.run(), station, watch.seconds)


def tap_result(reading: Reading, station: Station, hold: float) -> TapResult:
    """A tap with what its own journal and statistics counted."""
    journal = station.journal
    air = station.statistics() if station.statistics else Statistics()
    return TapResult(
        outcome=reading.outcome,
        hold=hold,
        attempts=reading.attempts,
        apdus=journal.apdus,
        bytes_sent=journal.bytes_sent,
        bytes_received=journal.bytes_received,
        retransmissions=air.retransmissions,
        wtx=air.wtx,
        phases=merged(journal.phases),
    )
