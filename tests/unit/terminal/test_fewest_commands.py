"""How many commands and bytes a whole read costs, plan by plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.cards import IDEMIA, THALES
from harness.clock import VirtualClock
from harness.station import CardOptions, Station
from harness.tap import Tap, TapOptions
from harness.terminal.certificate import Authorities
from harness.terminal.pin_guard import PinGuard

README = Path(__file__).parents[3] / "README.md"
COST = {
    (IDEMIA, "eidrig"): (43, 1301, 3294),
    (IDEMIA, "official-app"): (58, 1618, 3485),
    (THALES, "eidrig"): (43, 1340, 3574),
    (THALES, "official-app"): (48, 1515, 3654),
}


def cost(name: str, plan: str, *, sign: bool = False) -> tuple[int, int, int]:
    """APDUs, bytes to the card and bytes from it, of a read that must succeed."""
    station = Station.open("emulated:", CardOptions(profile=name), clock=VirtualClock())
    options = TapOptions(use_pin=True, sign=sign, plan=plan)
    guard, authorities = PinGuard(0), Authorities(station.authorities)
    reading = Tap(station, station.codes, guard, options, authorities).run()
    assert reading.outcome == "ok"
    assert set(reading.tries_left.values()) == {3}
    assert reading.signatures["authentication"]
    journal = station.journal
    return journal.apdus, journal.bytes_sent, journal.bytes_received


@pytest.mark.parametrize(("name", "plan"), COST)
def test_the_cost_of_a_read(name: str, plan: str) -> None:
    """Commands and bytes of a whole read are exactly these, and the README says so."""
    assert cost(name, plan) == COST[name, plan]
    row = " | ".join(str(each) for each in (name, f"`{plan}`", *COST[name, plan]))
    assert f"| {row} |" in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [IDEMIA, THALES])
def test_ours_is_the_cheaper_plan(name: str) -> None:
    """The own plan costs fewer commands and fewer bytes each way than the official sequence."""
    ours, theirs = COST[name, "eidrig"], COST[name, "official-app"]
    assert all(one < other for one, other in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(("name", "more"), [(IDEMIA, 3), (THALES, 4)])
def test_a_signature_costs_few_more(name: str, more: int) -> None:
    """Signing adds VERIFY, MSE:SET and the signature, where needed the hash, and no selection."""
    assert cost(name, "eidrig", sign=True)[0] == COST[name, "eidrig"][0] + more
