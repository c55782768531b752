"""Two runs side by side in a real browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.browser import shown
from harness.conformance.campaign.outcome import Found, Outcome
from harness.conformance.campaign.record import Quantiles
from harness.conformance.case import Verdict
from harness.report.compare_page import as_page

ONE = Outcome(
    started="2026-11-26T18:00:00+00:00",
    profile="one",
    profile_hash="",
    card="emulated:",
    atr="",
    reader="",
    eidrig="",
    commit="",
    seed=0,
    samples=1,
    complete=True,
    found={"X_1": Found("X", Verdict.PASS), "X_2": Found("X", Verdict.PASS)},
    latency={"map nonce": Quantiles(count=1, p50=0.1, p90=0.1, p95=0.1, p99=0.2, max=0.2)},
    hold={"p50": 1.0, "p90": 1.1, "p95": 1.2, "p99": 1.3, "max": 1.4},
)
OTHER = replace(
    ONE,
    profile="</script><b>",
    found={"X_1": Found("X", Verdict.FAIL, "<i>why</i>"), "X_2": Found("X", Verdict.PASS)},
    hold={name: 2 * seconds for name, seconds in ONE.hold.items()},
    latency={},
)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The page as a file."""
    for library in ("plotly", "jinja2"):
        pytest.importorskip(library, reason=f"{library} is not installed: eidrig[report]")
    file = tmp_path / "compare.html"
    file.write_text(as_page(ONE, OTHER), encoding="utf-8")
    return file


def test_plots_and_tables_show_both(page: Path) -> None:
    """Hold time and latency are drawn, what changed is listed, and no network is asked."""
    with shown(page) as opened:
        assert opened.page.locator("#hold .bars .point").count() == 10
        assert opened.page.locator("#latency .bars .point").count() >= 1
        rows = opened.page.locator("#changes tbody tr").all_inner_texts()
        assert [row.split("\t")[:3] for row in rows] == [["X_1", "pass", "fail"]]
        assert opened.page.locator("#changes tr.worse").count() == 1
        times = opened.page.locator("#times tbody tr").first.inner_text().split("\t")
        assert times == ["hold p50", "1.000", "2.000", "+100.0 %"]
        assert opened.seen == []


def test_names_are_text(page: Path) -> None:
    """What a profile is called cannot become a part of the page's code."""
    assert "</script><b>" not in page.read_text()
