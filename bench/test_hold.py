"""The whole read while a card is held, in simulated seconds; and how many taps a second we do.

Hold times run on the virtual clock, so two runs give identical numbers and a change of one is a
change of the code. The two throughputs are of this machine's own time.
"""

from __future__ import annotations

from dataclasses import asdict
from itertools import count
from time import process_time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from harness.air.card_time import card_speed
from harness.air.phone import phone
from harness.bench.bound import lower_bound
from harness.bench.machine import profile_hash, versions
from harness.bench.replayed import Replayed
from harness.bench.result import Summary, TapResult
from harness.bench.scenario import Hand, Scenario
from harness.bench.simulated import Simulated
from harness.bench.stack import HANDS, Cards
from harness.clock import VirtualClock
from harness.profiles import load_profile
from harness.tap import policy

PROFILES = ("est-idemia-2018", "est-thales-2025")
PHONES = ("android-eid-app", "iphone", "usb-reader")
PRESETS = ("fast", "typical")
MOTIONS = ("steady", "tremor", "slip")
POLICIES = ("restart", "resume")
TAPS = 20
MANY = 1000

CLOCK = VirtualClock()
"""Moved by the hold time of each tap; its `now` is the timer of these benchmarks."""


def made(profile: str, device: str, preset: str, motion: str, name: str) -> Scenario:
    """A scenario of names."""
    return Scenario(
        load_profile(profile),
        phone(device),
        card_speed(preset),
        Hand.named(motion),
        policy(name),
    )


@pytest.mark.benchmark(group="hold", timer=CLOCK.now, warmup=False)
@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("device", PHONES)
@pytest.mark.parametrize("profile", PROFILES)
def test_hold(
    benchmark: BenchmarkFixture, profile: str, device: str, preset: str, motion: str, name: str
) -> None:
    """The full read of a held card, with real cryptography, in simulated seconds."""
    scenario = made(profile, device, preset, motion, name)
    engine, numbers, taps = Simulated(scenario), count(), list[TapResult]()

    def hold() -> None:
        tap = engine.tap(next(numbers))
        CLOCK.sleep(tap.hold)
        taps.append(tap)

    benchmark.pedantic(hold, rounds=TAPS)
    bound = lower_bound(scenario, Cards.of(scenario).image)
    benchmark.extra_info.update(
        engine=engine.name,
        seed=0,
        summary=asdict(Summary.of(taps)),
        lower_bound=asdict(bound) | {"seconds": bound.seconds},
        profile_hash=profile_hash(scenario.profile),
        versions=versions(),
    )
    assert all(tap.completed for tap in taps)


every_profile = pytest.mark.parametrize("profile", PROFILES)


@every_profile
@pytest.mark.benchmark(group="throughput", timer=process_time)
def test_full_engine(benchmark: BenchmarkFixture, profile: str) -> None:
    """One tap with real cryptography over the whole stack; OPS is taps a second."""
    engine = Simulated(made(profile, "android-eid-app", "fast", "tremor", "resume"))
    numbers = count()
    assert benchmark(lambda: engine.tap(next(numbers) % HANDS)).completed


@every_profile
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("motion", ["tremor", "slip"])
@pytest.mark.benchmark(group="throughput", timer=process_time)
def test_fast_engine(benchmark: BenchmarkFixture, profile: str, preset: str, motion: str) -> None:
    """A thousand replayed taps; `taps_per_second` is the number to look at.

    Before the clock starts, every hand has been sampled and every tear recorded.
    """
    engine = Replayed(made(profile, "android-eid-app", preset, motion, "resume"))

    def replay() -> int:
        return sum(engine.tap(number).completed for number in range(MANY))

    assert replay() > 0
    assert benchmark(replay) > 0
    if benchmark.stats:
        benchmark.extra_info["taps_per_second"] = MANY / benchmark.stats["median"]
