"""From distance to power and errors, and how noise falls on time."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.air.channel import BITS_PER_SECOND, Hold, Noise, Sojourn
from harness.air.coupling import Field, coupling
from harness.air.motion import Motion, measured, motion
from harness.air.phone import phone
from harness.errors import UsageError

FIELD = Field.of(phone("android"))
LENGTHS = st.floats(1, 100)


def _hits(noise: Noise, end: float) -> list[float]:
    found, time = list[float](), 0.0
    while (hit := noise.first_hit(time, end)) is not None:
        found.append(hit)
        time = math.nextafter(hit, math.inf)
    return found


def test_coupling_by_hand() -> None:
    """Loops of 40 and 10 mm in one plane: 400^2 / (20 * 40^3) = 0.125."""
    assert coupling(0, 40, 10) == pytest.approx(0.125)
    assert coupling(0, 10, 40) == coupling(0, 40, 10)
    assert coupling(30, 40, 10) == pytest.approx(400**2 / (20 * 50**3))


@given(LENGTHS, LENGTHS, st.floats(0, 500), st.floats(0.001, 100))
def test_coupling_falls_with_distance(one: float, two: float, near: float, more: float) -> None:
    """Farther is never better, whatever the loops, and never more than 1."""
    assert coupling(near + more, one, two) <= coupling(near, one, two) <= 1


@given(st.floats(0, 200), st.floats(0.01, 50))
def test_conditions_get_worse(near: float, more: float) -> None:
    """Farther away there is less margin, no less error, and no power where there was none."""
    here, there = FIELD.conditions(near), FIELD.conditions(near + more)
    assert FIELD.margin(near + more) < FIELD.margin(near)
    assert here.good <= there.good <= 0.5
    assert here.bad <= there.bad <= 0.5
    assert here.powered >= there.powered


def test_reach_is_the_edge() -> None:
    """At the reach the margin is 0 dB and one bit in some hundred is wrong; beyond is no power."""
    assert FIELD.margin(FIELD.reach) == pytest.approx(0)
    assert FIELD.conditions(FIELD.reach - 0.1).powered
    assert not FIELD.conditions(FIELD.reach + 0.1).powered
    assert 1e-3 < FIELD.conditions(FIELD.reach).good < 1e-2
    assert FIELD.conditions(8).good < 1e-12
    assert not FIELD.conditions(8, loss=20).powered


def test_impossible_antenna() -> None:
    """An antenna without size is refused."""
    with pytest.raises(UsageError, match="more than 0 mm"):
        Field(loop_radius=0, reach=30)


def test_power_over_time() -> None:
    """Power goes where the trace leaves the field, and comes back with it."""
    hold = Hold(measured("0,5\n1,5\n1.001,900\n2,900\n2.001,5\n"), FIELD)
    assert hold.powered(0.5)
    assert not hold.powered(1.5)
    assert hold.powered(2.5)
    assert hold.power_lost(0.0, 1.0) is None
    assert hold.power_lost(0.0, 5.0) == pytest.approx(1.0, abs=0.006)
    assert hold.power_lost(1.5, 5.0) == 1.5
    assert hold.power_lost(2.5, 50.0) is None


def test_no_noise_without_power() -> None:
    """A card that is gone for ever meets no instant of noise, and asking for one ends."""
    hold = Hold(Motion("gone", lambda _: 900.0), FIELD)
    assert Noise(hold, 1).first_hit(0.0, 100.0) is None


@pytest.mark.parametrize("name", ["tremor", "slip", "edge-of-field", "pull-away"])
def test_noise_is_its_seed(name: str) -> None:
    """The same hold and seed give the same instants; the questions asked do not matter."""
    hold = Hold(motion(name, 4), FIELD)
    all_at_once = _hits(Noise(hold, 9), 20.0)
    again = Noise(hold, 9)
    piecewise = [
        hit
        for step in range(200)
        if (hit := again.first_hit(step / 10, (step + 1) / 10)) is not None
    ]
    firsts = {int(hit * 10): hit for hit in reversed(all_at_once)}
    assert piecewise == [firsts[step] for step in sorted(firsts)]
    assert all_at_once == sorted(all_at_once)
    assert all_at_once != _hits(Noise(hold, 10), 20.0)


def test_error_rate_is_the_stated_one() -> None:
    """Over a long time the noise of one state has as many instants as its bit error rate says."""
    at_edge = Hold(Motion("edge", lambda _: FIELD.reach - 1), FIELD)
    expected = FIELD.conditions(FIELD.reach - 1).good * BITS_PER_SECOND
    always_good = Sojourn(good=1e9)
    found = len(_hits(Noise(at_edge, 5, always_good), 100.0)) / 100
    assert found == pytest.approx(expected, rel=0.05)


def test_sojourn_of_no_time() -> None:
    """A channel state that lasts no time is refused."""
    for good in (0, -1, math.nan):
        with pytest.raises(UsageError, match="more than 0 seconds"):
            Sojourn(good=good)
