"""Both engines: the same seed is the same run, and the fast one tells what the full one tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf

import pytest

from harness.air.fact import assumed
from harness.air.motion import MOTIONS
from harness.bench.measure import carry_out
from harness.bench.replayed import Replayed
from harness.bench.result import Summary, TapResult, percentile
from harness.bench.scenario import Scenario
from harness.bench.simulated import Simulated
from harness.errors import UsageError

MakeScenario = Callable[..., Scenario]
TAPS = 4


def counts(tap: TapResult) -> tuple[bool, int, int, int, int, int]:
    """What the engines must agree on to the last unit."""
    sizes = tap.bytes_sent, tap.bytes_received
    return tap.completed, tap.attempts, tap.apdus, *sizes, tap.retransmissions


def assert_same(scenario: Scenario, taps: int = TAPS, seed: int = 3) -> list[TapResult]:
    """Both engines, tap by tap; the hold times to the microsecond."""
    full = carry_out(Simulated(scenario, seed), taps)
    fast = carry_out(Replayed(scenario, seed), taps)
    assert [counts(tap) for tap in fast] == [counts(tap) for tap in full]
    assert [tap.hold for tap in fast] == pytest.approx([tap.hold for tap in full], abs=1e-6)
    return list(full)


@pytest.mark.parametrize("name", ["once", "restart", "resume"])
@pytest.mark.parametrize("motion", [name for name in MOTIONS if name != "walk-by"])
def test_fast_is_full(scenario: MakeScenario, motion: str, name: str) -> None:
    """Hold times, outcomes and counts agree for every motion and policy, tears included."""
    assert_same(scenario(motion, name))


@pytest.mark.parametrize("profile", ["est-idemia-2018", "est-thales-2025"])
@pytest.mark.parametrize("device", ["android-extended", "usb-reader", "pn532", "iphone"])
def test_fast_is_full_on_every_phone(scenario: MakeScenario, profile: str, device: str) -> None:
    """The same with other bit rates, frame sizes and cards, where a slip disturbs the read."""
    taps = assert_same(scenario("slip", profile=profile, device=device, preset="typical"), 8)
    assert any(tap.retransmissions for tap in taps)


@pytest.mark.parametrize("profile", ["est-idemia-2018", "est-thales-2025"])
def test_fast_is_full_where_the_field_ends(scenario: MakeScenario, profile: str) -> None:
    """The same where noise and loss of power tear a resumed read again and again."""
    taps = assert_same(scenario("slip", "resume", profile=profile, height=32.5), 6)
    assert max(tap.attempts for tap in taps) > 2


def test_fast_is_full_for_a_hasty_host(scenario: MakeScenario) -> None:
    """A phone that gives an APDU up which took too long does so at the same instant in both."""
    case = scenario("edge-of-field", "restart", preset="typical")
    hasty = replace(case, phone=replace(case.phone, timeout=assumed(0.345, "just enough")))
    taps = assert_same(hasty, 12)
    assert any(tap.attempts > 1 for tap in taps)


def test_a_card_that_never_comes(scenario: MakeScenario) -> None:
    """A card swiped past the phone is told by both engines alike, to the end of the patience."""
    case = scenario("walk-by", "once", preset="typical")
    assert not any(tap.completed for tap in assert_same(case))


@pytest.mark.parametrize("engine", [Simulated, Replayed])
def test_a_seed_is_a_run(
    scenario: MakeScenario, engine: Callable[[Scenario, int], Simulated | Replayed]
) -> None:
    """Two runs give identical numbers; another seed gives others."""
    case = scenario("slip")
    first, again, other = (carry_out(engine(case, seed), 12) for seed in (1, 1, 2))
    assert first == again
    assert [tap.hold for tap in first] != [tap.hold for tap in other]


def test_a_tap_stands_alone(scenario: MakeScenario) -> None:
    """A tap does not depend on which taps came before it."""
    case = scenario("slip", "restart")
    whole = carry_out(Simulated(case, 5), 6)
    assert Simulated(case, 5).tap(4) == whole[4]
    assert Replayed(case, 5).tap(4) == carry_out(Replayed(case, 5), 6)[4]


def test_phases_add_up(scenario: MakeScenario) -> None:
    """The phases of a quiet tap cover its whole hold time, under their standard names."""
    tap = Simulated(scenario("steady"), 1).tap(0)
    assert sum(phase.seconds for phase in tap.phases) == pytest.approx(tap.hold, abs=1e-6)
    assert [phase.name for phase in tap.phases][:7] == [
        "activate",
        "select",
        "MSE:Set AT",
        "get nonce",
        "map nonce",
        "key agreement",
        "mutual authentication",
    ]
    assert {"verify PIN1", "read personal data", "internal authenticate"} <= {
        phase.name for phase in tap.phases
    }


def summed(case: Scenario, taps: int) -> Summary:
    """So many replayed taps."""
    return Summary.of(carry_out(Replayed(case), taps))


def in_a_minute(taps: Sequence[TapResult]) -> float:
    """The share that was read within 60 seconds."""
    return sum(tap.completed and tap.hold <= 60 for tap in taps) / len(taps)


def p95_of_all(taps: Sequence[TapResult]) -> float:
    """The percentile in seconds where a tap that was not completed is longer than any other."""
    return percentile(sorted(tap.hold if tap.completed else inf for tap in taps), 95)


def test_resume_beats_restart(scenario: MakeScenario) -> None:
    """Where a slipping card tears reads, resuming is done sooner than starting again."""
    restart, resume = (
        summed(scenario("slip", name, preset="typical"), 300) for name in ("restart", "resume")
    )
    assert restart.first_try == resume.first_try < 0.9
    assert resume.within_policy >= restart.within_policy
    assert resume.hold["p95"] < 0.9 * restart.hold["p95"]


@pytest.mark.parametrize("motion", ["tremor", "slip"])
@pytest.mark.parametrize(
    ("profile", "device", "preset", "height"),
    [
        ("est-idemia-2018", "android-eid-app", "typical", 33.0),
        ("est-thales-2025", "iphone", "fast", 28.0),
    ],
)
def test_resume_beats_restart_where_the_field_ends(
    scenario: MakeScenario, motion: str, profile: str, device: str, preset: str, height: float
) -> None:
    """Two mm from the edge of the field it reads more cards in the minute, and these sooner."""
    parts = {"profile": profile, "device": device, "preset": preset, "height": height}
    restart, resume = (
        carry_out(Replayed(scenario(motion, name, **parts)), 100) for name in ("restart", "resume")
    )
    assert in_a_minute(resume) > in_a_minute(restart) + 0.1
    assert in_a_minute(resume) > 0.95
    assert p95_of_all(resume) < 60 < p95_of_all(restart)
    assert Summary.of(resume).hold["p95"] < 0.9 * Summary.of(restart).hold["p95"]


@pytest.mark.parametrize("profile", ["est-idemia-2018", "est-thales-2025"])
@pytest.mark.parametrize("height", [None, 31.0])
def test_the_policy_only_matters_after_a_tear(
    scenario: MakeScenario, profile: str, height: float | None
) -> None:
    """A tap that is read at the first try is the same; all together, resuming costs no time."""
    restart, resume = (
        carry_out(Replayed(scenario("tremor", name, profile=profile, height=height)), 200)
        for name in ("restart", "resume")
    )
    for one, other in zip(restart, resume, strict=True):
        if one.completed_first:
            assert other == one
    assert sum(tap.hold for tap in resume) <= sum(tap.hold for tap in restart)


def test_faults_strike_in_the_full_engine(scenario: MakeScenario) -> None:
    """A card that is lost at a frame costs an attempt in every tap."""
    taps = carry_out(Simulated(scenario("steady", faults=("tag-lost@frame=30,for=0.1",))), 2)
    assert [tap.attempts for tap in taps] == [2, 2]
    assert all(tap.completed for tap in taps)


def test_what_cannot_be_replayed(scenario: MakeScenario) -> None:
    """Faults, and a read that fails all by itself, are refused by the fast engine."""
    with pytest.raises(UsageError, match="leave away --fast or --fault"):
        Replayed(scenario(faults=("bit-error@frame=9",)))
    hopeless = scenario(profile="est-thales-2025", device="android", preset="typical")
    with pytest.raises(UsageError, match=r"without --fast: android waits 0\.618 s"):
        Replayed(hopeless)
