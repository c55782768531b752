"""The page in a real browser: its plots are drawn, and it asks no network for anything."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures.browser import Shown, shown
from harness.bench.bound import lower_bound
from harness.bench.measure import Measurement, carry_out
from harness.bench.replayed import Replayed
from harness.bench.scenario import Hand, Scenario
from harness.bench.stack import Cards
from harness.bench.sweep import DISTANCES, sweep
from harness.errors import UsageError
from harness.report import bench_page

MakeScenario = Callable[..., Scenario]


def page_of(scenarios: list[Scenario]) -> str:
    """The page of a few replayed taps."""
    measured = [
        Measurement(
            case=each,
            engine="fast",
            seed=0,
            taps=carry_out(Replayed(each), 30),
            bound=lower_bound(each, Cards.of(each).image),
        )
        for each in scenarios
    ]
    return bench_page.as_page(measured, list(sweep(scenarios, 5, Replayed)))


@pytest.fixture
def opened(scenario: MakeScenario, tmp_path: Path) -> Iterator[Shown]:
    """The page as Chromium shows it."""
    for library in ("plotly", "jinja2"):
        pytest.importorskip(library, reason=f"{library} is not installed: eidrig[report]")
    file = tmp_path / "bench.html"
    scenarios = [scenario("slip", name) for name in ("restart", "resume")]
    file.write_text(page_of(scenarios), encoding="utf-8")
    with shown(file) as found:
        yield found


def test_plots_are_drawn_without_network(opened: Shown) -> None:
    """Waterfall, distribution and reach have their marks; nothing else was loaded or went wrong."""
    page = opened.page
    assert page.locator("#waterfall .bars path").count() >= 12
    assert page.locator("#distribution .scatterlayer .trace").count() == 2
    assert page.locator("#reach .scatterlayer .trace").count() == 1
    assert page.locator("#reach .scatterlayer .point").count() == len(DISTANCES)
    assert page.locator("#results tbody tr").count() == 2
    assert opened.seen == []


def test_another_scenario_can_be_chosen(opened: Shown) -> None:
    """The waterfall follows the choice of a scenario."""
    page = opened.page
    options = page.locator("#case option").all_inner_texts()
    assert options == ["restart", "resume"]
    page.select_option("#case", "1")
    assert page.locator("#waterfall .bars path").count() >= 12


def test_no_success_far_away(scenario: MakeScenario) -> None:
    """A card held still is read in contact, and not at the end of the sweep."""
    (reach,) = sweep([scenario("slip"), scenario("tremor")], 5, Replayed)
    assert reach.shares[0] == 1.0
    assert reach.shares[-1] == 0.0


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where plotly is missing, the extra that brings it is named."""
    found = importlib.util.find_spec
    monkeypatch.setattr(
        bench_page, "find_spec", lambda name: None if name == "plotly" else found(name)
    )
    with pytest.raises(UsageError, match=r"pip install 'eidrig\[report\]'"):
        bench_page.require_report()


def test_names_are_text(scenario: MakeScenario) -> None:
    """What a file is called cannot become a part of the page's code."""
    pytest.importorskip("plotly", reason="plotly is not installed: eidrig[report]")
    pytest.importorskip("jinja2", reason="jinja2 is not installed: eidrig[report]")
    case = scenario("steady")
    hand = Hand.traced("0,5\n", "</script><b>&")
    text = page_of([Scenario(case.profile, case.phone, case.speed, hand, case.policy)])
    assert "</script><b>" not in text
