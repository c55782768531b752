"""Runs are kept and found again, in a file and in a server, across forms of the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.conformance.campaign.outcome import Found, Outcome
from harness.conformance.campaign.record import Quantiles
from harness.conformance.case import Verdict
from harness.errors import UsageError

sqlalchemy = pytest.importorskip("sqlalchemy", reason="sqlalchemy is not installed")
alembic = pytest.importorskip("alembic", reason="alembic is not installed")

from alembic import command  # noqa: E402 - only if it is installed
from alembic.config import Config  # noqa: E402 - the same

import harness.store  # noqa: E402 - the same
from harness.store.history import History, default_url  # noqa: E402 - the same

FIRST = Outcome(
    started="2026-11-26T18:00:00+00:00",
    profile="est-idemia-2018",
    profile_hash="ab" * 32,
    card="pcsc:ACR1252",
    atr="3BDB",
    reader="ACR1252U",
    eidrig="0.4",
    commit="unversioned",
    seed=2**40,
    samples=3,
    complete=True,
    found={
        "X_2": Found("X", Verdict.PASS, "", 0.5),
        "X_1": Found("X", Verdict.FAIL, "expected 9000, got 6A82 — ärgerlich", 0.25),
    },
    latency={"map nonce": Quantiles(count=3, p50=0.1, p90=0.2, p95=0.2, p99=0.3, max=0.3)},
    hold={"p50": 1.5, "p90": 1.6, "p95": 1.7, "p99": 1.8, "max": 1.9},
    hold_engine="wall",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'history.sqlite'}"
        return
    place = request.getfixturevalue("postgresql")
    yield place
    engine = sqlalchemy.create_engine(place.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    engine.dispose()


@pytest.fixture
def history(url: str) -> Iterator[History]:
    """An empty history."""
    opened = History(url)
    yield opened
    opened.close()


def test_what_is_added_comes_back_whole(history: History) -> None:
    """Every fact, verdict, time and reason of a run is as it was, in its order."""
    number = history.add(FIRST)
    back = history.run(number)
    assert back == replace(FIRST, number=number)
    assert list(back.found) == ["X_2", "X_1"]


def test_a_run_is_one_run_however_often_it_is_added(history: History) -> None:
    """The same report recorded twice has one number; another run has another."""
    number = history.add(FIRST)
    assert history.add(FIRST) == number
    assert history.add(replace(FIRST, seed=1)) != number
    assert len(history.runs()) == 2


def test_runs_are_found_by_profile_and_by_card(history: History) -> None:
    """A profile, a place and an ATR each lead to their runs, the oldest first."""
    other = replace(FIRST, profile="est-thales-2025", card="emulated:", atr="3B00")
    later = replace(FIRST, started="2026-11-27T18:00:00+00:00")
    for outcome in (FIRST, other, later):
        history.add(outcome)
    assert [run.started[:10] for run in history.runs("est-idemia-2018")] == [
        "2026-11-26",
        "2026-11-27",
    ]
    assert [run.number for run in history.runs("emulated:")] == [2]
    assert [run.number for run in history.runs("3B00")] == [2]
    assert [run.number for run in history.runs(limit=2)] == [2, 3]
    assert history.runs("nothing") == []


def test_a_run_without_times_has_none(history: History) -> None:
    """What was not measured is not there, instead of 0."""
    number = history.add(replace(FIRST, latency={}, hold={}, hold_engine="", found={}))
    back = history.run(number)
    assert (back.latency, back.hold, back.found) == ({}, {}, {})


def test_a_number_that_is_none(history: History) -> None:
    """A run that does not exist is told, with where to look."""
    for number in (0, 7, 10**30):
        with pytest.raises(UsageError, match=f"there is no run {number} in the history"):
            history.run(number)


def at_form(url: str, revision: str, then: Callable[[object], None]) -> None:
    """Make a database as an older program left it."""
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    config = Config()
    folder = Path(harness.store.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        then(connection)
    engine.dispose()


def test_an_older_form_is_upgraded_with_a_word(url: str) -> None:
    """The runs that an older program recorded are still there, and the upgrade is told once."""

    def record(connection: object) -> None:
        connection.exec_driver_sql(  # type: ignore[attr-defined]
            "INSERT INTO runs (id, fingerprint, started, profile, profile_hash, card, atr, reader,"
            " eidrig, \"commit\", seed, samples, complete) VALUES (1, 'f', '2025', 'p', 'h',"
            " 'emulated:', '3B', '', '0.3', 'c', 0, 1, true)"
        )
        connection.exec_driver_sql(  # type: ignore[attr-defined]
            'INSERT INTO results (run, place, "case", unit, verdict, reason, seconds)'
            " VALUES (1, 0, 'X_1', 'X', 'pass', '', 0.5)"
        )

    at_form(url, "r0001", record)
    told: list[str] = []
    history = History(url, told.append)
    (run,) = history.runs()
    history.close()
    assert (run.started, run.hold, run.found["X_1"].verdict) == ("2025", {}, Verdict.PASS)
    assert len(told) == 1
    assert told[0].endswith("was upgraded from r0001 to r0002")
    History(url, told.append).close()
    assert len(told) == 1


def test_the_tables_are_what_the_steps_make(url: str) -> None:
    """Nothing that the program uses is missing after the last step, and nothing is left over."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from harness.store.tables import METADATA

    History(url).close()
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_a_newer_form_is_refused(url: str) -> None:
    """A database that a newer program made is left as it is."""
    at_form(
        url,
        "head",
        lambda connection: connection.exec_driver_sql(  # type: ignore[attr-defined]
            "UPDATE alembic_version SET version_num = 'r9999'"
        ),
    )
    with pytest.raises(UsageError, match="has the form r9999, made by a newer eidrig"):
        History(url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("history.sqlite", "that is no URL of a database"),
        ("mysql://root@localhost/x", "mysql is no database for the history"),
        ("sqlite:////nowhere/at/all/x.sqlite", "cannot be used (OperationalError)"),
        ("postgresql://me:sesame@127.0.0.1:1/x", "cannot be used (OperationalError)"),
    ],
)
def test_what_is_no_history_is_told_without_a_password(url: str, said: str) -> None:
    """A URL that leads nowhere is one sentence, which never repeats a password."""
    with pytest.raises(UsageError) as refused:
        History(url)
    assert said in str(refused.value)
    assert "sesame" not in str(refused.value)


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """A file that is no database is told, and stays as it is."""
    file = tmp_path / "notes.txt"
    file.write_text("not a database, whatever its name is\n" * 40)
    before = file.read_bytes()
    with pytest.raises(UsageError, match="cannot be used"):
        History(f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_by_default_it_is_a_file_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It lies where the desktop's conventions keep the state of programs."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    History(default_url()).close()
    assert (tmp_path / "eidrig" / "history.sqlite").is_file()
