"""Runs recorded, listed and compared from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.command import Eidrig

for library in ("sqlalchemy", "alembic", "platformdirs", "junitparser", "jinja2"):
    pytest.importorskip(library, reason=f"{library} is not installed: eidrig[certify,history]")
PROFILE = "est-idemia-2018"


@pytest.fixture
def recorded(eidrig: Eidrig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Eidrig:
    """A history with a run of each of two profiles, named by the environment."""
    monkeypatch.setenv("EIDRIG_DB", f"sqlite:///{tmp_path / 'history.sqlite'}")
    monkeypatch.chdir(tmp_path)
    for number, profile in enumerate((PROFILE, "est-thales-2025"), 1):
        options = ("--profile", profile, "--unit", "ISO7816_Q", "--out", profile, "--history")
        ended = eidrig("certify", *options)
        assert ended.code == 0, ended
        assert f"run {number} of the history" in ended.out
    return eidrig


def test_runs_are_listed(recorded: Eidrig) -> None:
    """All of them, or those of a profile, with verdicts and times."""
    every = recorded("history", "--json").document
    assert [run["profile"] for run in every] == [PROFILE, "est-thales-2025"]
    assert every[0]["counts"]["pass"] > 0
    assert every[0]["hold"]["p50"] > 0.5
    lines = recorded("history", PROFILE, "--phase", "SELECT").out.splitlines()
    assert len(lines) == 2
    assert "SELECT p50" in lines[0]
    assert "There are no runs of nobody" in recorded("history", "nobody").out


def test_two_generations_are_compared(recorded: Eidrig, tmp_path: Path) -> None:
    """By number and by folder, as a table, an object and a page."""
    pytest.importorskip("plotly", reason="plotly is not installed: eidrig[report]")
    ended = recorded("compare", "1", "est-thales-2025", "--html", "page.html")
    assert ended.code == 0, ended
    assert "hold p50" in ended.out
    assert "Two runs compared" in (tmp_path / "page.html").read_text()
    document = recorded("compare", "1", "2", "--json").document
    assert document["runs"][0].startswith(f"1: {PROFILE} on emulated:")
    assert document["hold"][0]["p50"] < document["hold"][1]["p50"]


def test_a_new_fail_ends_with_1(recorded: Eidrig, tmp_path: Path) -> None:
    """A comparison in which B fails what A passes is a result for a program, too."""
    profile = tmp_path / "own.toml"
    profile.write_text(
        f'extends = "{PROFILE}"\nname = "own"\n\n[[deviations]]\ncase = "ISO7816_Q_1"\n'
        'reason = "an older mask"\nsource = "assumed: a lab"\n'
    )
    assert (
        recorded("certify", "--profile", profile, "--unit", "ISO7816_Q", "--out", "own").code == 1
    )
    ended = recorded("compare", PROFILE, "own")
    assert ended.code == 1
    assert any(line.split() == ["ISO7816_Q_1", "pass", "fail"] for line in ended.out.splitlines())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("compare", "1", "9"), "there is no run 9"),
        (("compare", "1", "x"), "x is neither the folder of a report nor the number"),
        (("compare", "1", "."), "report.json cannot be read"),
        (("history", "--db", "mysql://x"), "is no database for the history"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_told(recorded: Eidrig, options: tuple[str, ...], said: str) -> None:
    """Wrong usage ends with code 2 and one sentence."""
    assert said in recorded(*options).refused(2)


def test_without_the_extra(eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the libraries are missing, the extra that brings them is named."""
    monkeypatch.setattr("harness.cli.options.find_spec", lambda _: None)
    assert "pip install 'eidrig[history]'" in eidrig("history").refused(2)
