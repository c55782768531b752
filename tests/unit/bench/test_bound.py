"""The lower bound: never above a read, and not far below ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.air.card_time import CARD_SPEEDS
from harness.bench.bound import lower_bound
from harness.bench.result import TapResult
from harness.bench.scenario import Scenario
from harness.bench.simulated import Simulated
from harness.bench.stack import Cards
from harness.profile import LDS_FILES

MakeScenario = Callable[..., Scenario]
PROFILES = ["est-idemia-2018", "est-thales-2025"]


def quiet(scenario: Scenario) -> TapResult:
    """A tap that nothing disturbs: the first of the first seeds without a repetition."""
    taps = (Simulated(scenario, seed).tap(0) for seed in range(20))
    return next(tap for tap in taps if tap.completed_first and not tap.retransmissions)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("preset", CARD_SPEEDS)
def test_our_plan_is_near_the_bound(scenario: MakeScenario, profile: str, preset: str) -> None:
    """With every preset our plan needs no command too many, and at most a tenth more time."""
    case = scenario("steady", "once", profile=profile, preset=preset)
    bound, tap = lower_bound(case, Cards.of(case).image), quiet(case)
    assert tap.apdus == bound.apdus
    assert bound.seconds <= tap.hold <= 1.1 * bound.seconds


@pytest.mark.parametrize("device", ["usb-reader", "pn532", "iphone"])
def test_no_read_is_under_the_bound(scenario: MakeScenario, device: str) -> None:
    """The bound holds at other bit rates and frame sizes, too."""
    case = scenario("steady", "once", device=device)
    assert lower_bound(case, Cards.of(case).image).seconds <= quiet(case).hold


@pytest.mark.parametrize("profile", PROFILES)
def test_ours_beats_the_official_one(scenario: MakeScenario, profile: str) -> None:
    """For the same data our plan takes fewer commands and less time than the official one."""
    ours, official = (
        quiet(scenario("steady", "once", profile=profile, plan=plan))
        for plan in ("eidrig", "official-app")
    )
    assert ours.apdus <= 0.9 * official.apdus
    assert ours.hold < official.hold


def test_parts_add_up(scenario: MakeScenario) -> None:
    """The bound is the sum of its parts, and the host's part is that of its commands."""
    case = scenario("steady", "once")
    bound = lower_bound(case, Cards.of(case).image)
    assert bound.seconds == bound.field + bound.frames + bound.host + bound.card
    assert bound.host == bound.apdus * case.phone.host_time.value


@pytest.mark.parametrize(
    ("profile", "opening", "proofs"),
    [("icao-passport", 6, 3), ("icao-passport-bac", 3, 3), ("icao-id-card", 6, 2)],
)
def test_the_bound_of_a_document(
    scenario: MakeScenario, profile: str, opening: int, proofs: int
) -> None:
    """PACE or BAC, the application, each open file in as few reads as it has, and the proofs."""
    case = scenario("steady", "once", profile=profile)
    image = Cards.of(case).image
    most = case.profile.transmission.max_read
    sizes = [len(image.contents[each]) for each in LDS_FILES if each in image.contents]
    reads = sum(-(-size // most) for size in sizes) - 1  # DG3 stays closed
    entering = 0 if profile == "icao-passport-bac" else 1
    assert lower_bound(case, image).apdus == opening + entering + reads + proofs
