"""Scenarios to try the benchmark with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.air.card_time import card_speed
from harness.air.faults import parse_fault
from harness.air.phone import phone
from harness.bench.scenario import Hand, Scenario
from harness.profiles import load_profile
from harness.tap import policy

MakeScenario = Callable[..., Scenario]


@pytest.fixture
def scenario() -> MakeScenario:
    """Make a scenario of names."""

    def make(  # noqa: PLR0913 - the parts of a scenario
        motion: str = "tremor",
        policy_name: str = "resume",
        *,
        profile: str = "est-idemia-2018",
        device: str = "android-eid-app",
        preset: str = "fast",
        plan: str = "eidrig",
        height: float | None = None,
        faults: tuple[str, ...] = (),
    ) -> Scenario:
        return Scenario(
            load_profile(profile),
            phone(device),
            card_speed(preset),
            Hand.named(motion, height),
            policy(policy_name),
            plan,
            tuple(parse_fault(each) for each in faults),
        )

    return make
