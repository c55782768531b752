"""A page on paper: printed by Chromium where it is installed, else a word about it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.transport import browser
from harness.transport.browser import print_to_pdf


def test_a_page_becomes_a_pdf(tmp_path: Path) -> None:
    """The file is a PDF that holds a page."""
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed")
    page, pdf = tmp_path / "a page.html", tmp_path / "page.pdf"
    page.write_text("<h1>Certified</h1>")
    print_to_pdf(page, pdf)
    printed = pdf.read_bytes()
    assert printed.startswith(b"%PDF-")
    assert b"/Type /Page" in printed


def test_without_chromium_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there is none, its package is named and nothing is written."""
    monkeypatch.setattr(browser.shutil, "which", lambda _: None)
    with pytest.raises(UsageError, match=r"needs Chromium, which is not installed \(Debian"):
        print_to_pdf(tmp_path / "page.html", tmp_path / "page.pdf")
    assert list(tmp_path.iterdir()) == []


def test_a_browser_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One that ends with an error, and one that prints nothing, are each one sentence."""
    programs = [shutil.which(name) for name in ("false", "true")]
    for path, said in zip(programs, ("cannot print", "printed nothing"), strict=True):
        monkeypatch.setattr(browser.shutil, "which", lambda _, path=path: path)
        with pytest.raises(UsageError, match=said):
            print_to_pdf(tmp_path / "page.html", tmp_path / "page.pdf")
