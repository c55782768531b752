"""How long a person has to hold the card: simulated, or measured with the one at hand."""

from __future__ import annotations

from harness.air.card_time import card_speed
from harness.air.phone import phone
from harness.bench.bound import lower_bound
from harness.bench.hardware import Bench, OnHardware
from harness.bench.measure import Engine, carry_out
from harness.bench.replayed import Replayed
from harness.bench.result import Summary
from harness.bench.scenario import Hand, Scenario
from harness.bench.simulated import Simulated
from harness.bench.stack import Cards
from harness.conformance.campaign.record import HoldPhase, HoldTime
from harness.errors import UsageError
from harness.profile import Profile
from harness.station import Codes, Station
from harness.tap import policy
from harness.terminal.pin_guard import PinGuard

TAPS, FEW_TAPS = 200, 20


def simulated(profile: Profile, seed: int) -> HoldTime:
    """Two hundred taps of a trembling hand, with an app for ID-cards on a common phone.

    A few where each must be simulated in full.

    Raises:
        UsageError: this card cannot be held against a phone.
    """
    scenario = Scenario(
        profile,
        phone("android-eid-app"),
        card_speed(profile.timing),
        Hand.named("tremor"),
        policy("resume"),
    )
    engine, taps = _engine(scenario, seed)
    summary = Summary.of(carry_out(engine, taps))
    bound = lower_bound(scenario, Cards.of(scenario).image).seconds
    return _told(engine.name, scenario.params, summary, bound)


def _engine(scenario: Scenario, seed: int) -> tuple[Engine, int]:
    try:
        return Replayed(scenario, seed), TAPS
    except UsageError:
        return Simulated(scenario, seed), FEW_TAPS


def measured(station: Station, codes: Codes, guard: PinGuard, bench: Bench, taps: int) -> HoldTime:
    """Taps of the card at hand by the wall clock, each a whole read.

    Raises:
        PinError: a code was refused or may not be offered.
        LinkError: the card is gone.
    """
    engine = OnHardware(station, codes, guard, bench)
    return _told(engine.name, bench.params, Summary.of(carry_out(engine, taps)), None)


def _told(engine: str, params: dict[str, str], summary: Summary, bound: float | None) -> HoldTime:
    return HoldTime(
        engine=engine,
        conditions={name: value for name, value in params.items() if value},
        taps=summary.taps,
        first_try=summary.first_try,
        within_policy=summary.within_policy,
        outcomes=summary.outcomes,
        hold=summary.hold,
        phases=tuple(
            HoldPhase(name=each.name, mean=each.mean, median=each.median) for each in summary.phases
        ),
        lower_bound=bound,
    )
