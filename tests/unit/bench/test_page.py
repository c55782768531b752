"""The page in a real browser: its plots are drawn, and it asks no network for anything."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.bench.bound import lower_bound
from harness.bench.measure import Measurement, carry_out
from harness.bench.replayed import Replayed
from harness.bench.scenario import Hand, Scenario
from harness.bench.stack import Cards
from harness.bench.sweep import DISTANCES, sweep
from harness.errors import UsageError
from harness.report import bench_page

MakeScenario = Callable[..., Scenario]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


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
def page(scenario: MakeScenario, tmp_path: Path) -> Iterator[tuple[Any, list[str]]]:
    """The page as Chromium shows it, and every address that it asked for or error that it made."""
    for library in ("plotly", "jinja2"):
        pytest.importorskip(library, reason=f"{library} is not installed: eidrig[report]")
    browsing = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    file, seen = tmp_path / "bench.html", list[str]()
    scenarios = [scenario("slip", name) for name in ("restart", "resume")]
    file.write_text(page_of(scenarios), encoding="utf-8")
    with browsing.sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        shown = browser.new_page()
        shown.on("request", lambda request: seen.append(request.url))
        shown.on("pageerror", lambda error: seen.append(str(error)))
        shown.on("console", lambda message: seen.append(message.text))
        shown.goto(file.as_uri())
        yield shown, [each for each in seen if each != file.as_uri()]
        browser.close()


def test_plots_are_drawn_without_network(page: tuple[Any, list[str]]) -> None:
    """Waterfall, distribution and reach have their marks; nothing else was loaded or went wrong."""
    shown, seen = page
    assert shown.locator("#waterfall .bars path").count() >= 12
    assert shown.locator("#distribution .scatterlayer .trace").count() == 2
    assert shown.locator("#reach .scatterlayer .trace").count() == 1
    assert shown.locator("#reach .scatterlayer .point").count() == len(DISTANCES)
    assert shown.locator("#results tbody tr").count() == 2
    assert seen == []


def test_another_scenario_can_be_chosen(page: tuple[Any, list[str]]) -> None:
    """The waterfall follows the choice of a scenario."""
    shown, _ = page
    options = shown.locator("#case option").all_inner_texts()
    assert options == ["restart", "resume"]
    shown.select_option("#case", "1")
    assert shown.locator("#waterfall .bars path").count() >= 12


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
