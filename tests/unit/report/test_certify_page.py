"""The report of six hundred cases in a real browser: quick, usable without a mouse, on its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.browser import Shown, shown
from harness.conformance.campaign.campaign import Campaign, counts
from harness.conformance.campaign.examination import Rules
from harness.conformance.campaign.ics import statement
from harness.conformance.campaign.parallel import Making
from harness.conformance.campaign.record import Conditions, Report, UnitRecord
from harness.conformance.case import Verdict
from harness.profiles import load_profile
from harness.report.certify import latencies, records_of
from harness.report.certify_page import as_page
from harness.station import CardOptions

pytest.importorskip("jinja2", reason="jinja2 is not installed: eidrig[certify]")
PROFILE = "est-idemia-2018"
CASES = 600
HOSTILE = "</script><img src=x onerror=alert(1)>&"


def unit_of(folder: Path) -> UnitRecord:
    """The cases of PACE with what was really said."""
    campaign = Campaign.of(load_profile(PROFILE), ["ISO7816_P"])
    (folder / "traces").mkdir()
    examiner = Making(CardOptions(profile=PROFILE), Rules(), folder).examiner()
    return campaign.told({run.id: examiner.examine(run) for run in campaign.runs})[0]


def copied(unit: UnitRecord, number: int) -> UnitRecord:
    """The same unit under another name; one of its cases fails."""
    cases = []
    for place, case in enumerate(unit.cases):
        (result,) = case.results
        update: dict[str, Any] = {"id": f"{result.id}#{number}"}
        if place == 1:
            update |= {
                "verdict": Verdict.FAIL,
                "expected": "9000",
                "got": HOSTILE,
                "clause": "9303-11, 4.4",
                "apdu": 3,
                "reason": "expected 9000",
            }
        results = (result.model_copy(update=update),)
        cases.append(case.model_copy(update={"id": f"{case.id}#{number}", "results": results}))
    return unit.model_copy(update={"name": f"UNIT_{number}", "cases": tuple(cases)})


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """A report of at least six hundred cases, as a file."""
    folder = tmp_path_factory.mktemp("report")
    unit = unit_of(folder)
    units = tuple(copied(unit, n) for n in range(-(-CASES // len(unit.cases))))
    records = tuple(records_of(units))
    made = Report(
        started="2026-11-26T18:00:00+00:00",
        ended="2026-11-26T18:01:00+00:00",
        complete=True,
        conditions=Conditions(
            place="emulated:",
            profile=PROFILE,
            profile_hash="00",
            seed=0,
            samples=1,
            interface="contactless",
            atr="3B",
        ),
        statement=statement(load_profile(PROFILE)),
        environment={
            "versions": {"eidrig": "0"},
            "commit": {"id": "unversioned", "dirty": False},
            "machine": {"system": "Linux", "release": "6", "machine": "x86_64"},
        },
        counts=counts(records),
        units=units,
        latency=latencies(records),
        hold_why_not="Not simulated here.",
    )
    file = folder / "report.html"
    file.write_text(as_page(made, folder), encoding="utf-8")
    return file, made


@pytest.fixture
def opened(report: tuple[Path, Report]) -> Iterator[Shown]:
    """The report in the browser."""
    with shown(report[0], viewport={"width": 1280, "height": 900}) as page:
        yield page


def focused(opened: Shown) -> str:
    """The run whose line has the focus."""
    script = "document.activeElement.closest('.run')?.dataset.run ?? document.activeElement.id"
    return str(opened.page.evaluate(script))


def test_six_hundred_cases_open_in_two_seconds(report: tuple[Path, Report]) -> None:
    """From the address to a page that is drawn and reacts, with all evidence in it."""
    with shown(report[0]) as opened:
        began = time.monotonic()
        opened.page.reload()
        opened.page.keyboard.press("/")
        opened.page.wait_for_function("document.activeElement.id === 'search'")
        took = time.monotonic() - began
        assert opened.page.locator(".run").count() >= CASES
        assert "of 6" in opened.page.locator("#shown").inner_text()
    assert took < 2.0


def test_it_asks_nobody_for_anything(opened: Shown) -> None:
    """No address is looked up, nothing is logged, and a hostile card's text stays text."""
    opened.page.locator('.run[data-verdict="fail"] summary').first.click()
    assert opened.page.locator(".run[open] dd", has_text=HOSTILE).count() == 1
    assert opened.seen == []


def test_it_is_used_without_a_mouse(opened: Shown) -> None:
    """Search, go from case to case and open one, with nothing but keys."""
    page = opened.page
    page.keyboard.press("/")
    page.keyboard.type("P_2#3")
    assert page.locator("#shown").inner_text().startswith("1 of")
    page.keyboard.press("Escape")
    page.keyboard.type("#3")
    page.keyboard.press("ArrowDown")
    first = focused(opened)
    page.keyboard.press("ArrowDown")
    second = focused(opened)
    assert first != second
    assert first.endswith("#3")
    page.keyboard.press("ArrowUp")
    assert focused(opened) == first
    page.keyboard.press("ArrowUp")
    assert focused(opened) == "search"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator(".run[open] .said").wait_for()
    assert page.locator(".run[open] .said tbody tr").count() > 5


def test_filters_leave_what_fits(opened: Shown, report: tuple[Path, Report]) -> None:
    """A verdict and a unit can be chosen; units without a case that fits are gone."""
    page = opened.page
    failed = page.locator('.chip[data-verdict="fail"]')
    failed.press("Enter")
    visible = page.locator(".run:not([hidden])")
    assert visible.count() == report[1].counts[Verdict.FAIL]
    page.select_option("#unit", "UNIT_2")
    assert visible.count() == 1
    assert page.locator(".unit:not([hidden])").count() == 1
    failed.press("Enter")
    assert visible.count() > 50
    page.fill("#search", "no such case")
    assert page.locator("#none").is_visible()


def test_the_command_that_failed_is_marked(opened: Shown) -> None:
    """The evidence of a fail shows every command, and at which one it failed."""
    page = opened.page
    page.locator('.run[data-verdict="fail"] summary').first.click()
    marked = page.locator(".run[open] .said tr.at")
    assert marked.count() == 1
    assert marked.locator("td").first.inner_text() == "3"


def test_what_speaks_for_itself_has_a_name(opened: Shown) -> None:
    """Every control has a name for those who do not see it, and headings are in order."""
    page = opened.page
    nameless = """() => [...document.querySelectorAll('input, select, button, [role=img]')]
        .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim())).length"""
    assert page.evaluate(nameless) == 0
    assert page.locator("h1").count() == 1
    assert page.locator("html[lang=en]").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(report: tuple[Path, Report], scheme: str) -> None:
    """Body text and verdicts stand out from their ground by 4.5 to 1, by day and by night."""
    # Contrast as WCAG 2.2 defines it, 1.4.3.
    script = """() => {
        const linear = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const light = colour => {
            const [r, g, b] = colour.match(/[0-9.]+/g).map(v => linear(v / 255));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const style = selector => getComputedStyle(document.querySelector(selector));
        const ground = light(style('section').backgroundColor);
        return ['.title', '.verdict.pass', '.verdict.fail', '.soft'].map(selector => {
            const ink = light(style('section ' + selector).color);
            return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
        });
    }"""
    with shown(report[0], color_scheme=scheme) as opened:
        assert min(opened.page.evaluate(script)) > 4.5


def test_on_paper_nothing_is_folded_away(opened: Shown) -> None:
    """Printed, the fails are open with their evidence, and what is only for screens is gone."""
    opened.page.emulate_media(media="print")
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    fails = opened.page.locator('.run[data-verdict="fail"]').count()
    assert opened.page.locator('.run[data-verdict="fail"][open] .said').count() == fails
    assert not opened.page.locator(".tools").is_visible()
