"""Runs in a database: an SQLite file, or PostgreSQL by its URL."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.resources import as_file, files
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from platformdirs import user_state_path
from sqlalchemy import Connection, Engine, Row, create_engine, event, insert, or_, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from harness.conformance.campaign.outcome import Found, Outcome
from harness.conformance.campaign.record import Quantiles
from harness.conformance.case import Verdict
from harness.errors import UsageError
from harness.store.tables import LATENCIES, QUANTILES, RESULTS, RUNS

_LAST = 2**31 - 1
"""The largest number of a run: PostgreSQL's integer."""


def default_url() -> str:
    """The SQLite file in the place where programs of this user keep their state."""
    folder = user_state_path("eidrig")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{folder} cannot be made for the history: {error.strerror}; name one with --db"
        raise UsageError(message) from error
    return f"sqlite:///{folder / 'history.sqlite'}"


class History:
    """The runs in the database at a URL, brought to the present form when it is opened.

    `tell` is given a sentence if an older form was upgraded.

    Raises:
        UsageError: there is no such database, or it is not eidrig's, or a newer eidrig made it.
    """

    def __init__(self, url: str, tell: Callable[[str], None] = lambda _: None) -> None:
        self._url = _understood(url)
        self._engine = _engine(self._url)
        try:
            with self._clearly():
                _upgrade(self._engine, self._name, tell)
        except BaseException:
            self.close()
            raise

    @property
    def _name(self) -> str:
        return self._url.render_as_string(hide_password=True)

    @contextmanager
    def _clearly(self) -> Iterator[None]:
        """Say in one sentence what went wrong; the database's own words could hold a password."""
        try:
            yield
        except DBAPIError as error:
            kind = type(error).__name__
            message = f"the history at {self._name} cannot be used ({kind}); is it there, and ours?"
            raise UsageError(message) from None

    def add(self, outcome: Outcome) -> int:
        """Record a run, and return its number; the number it has if it was recorded before."""
        fingerprint = _fingerprint(outcome)
        with self._clearly(), self._engine.begin() as connection:
            known = connection.scalar(select(RUNS.c.id).where(RUNS.c.fingerprint == fingerprint))
            if known is not None:
                return int(known)
            return _insert(connection, outcome, fingerprint)

    def run(self, number: int) -> Outcome:
        """One run by its number.

        Raises:
            UsageError: there is none.
        """
        with self._clearly(), self._engine.connect() as connection:
            row = None
            if number <= _LAST:
                row = connection.execute(select(RUNS).where(RUNS.c.id == number)).first()
            if row is not None:
                return _outcome(connection, row)
        message = f"there is no run {number} in the history at {self._name}; see eidrig history"
        raise UsageError(message)

    def runs(self, about: str | None = None, limit: int = 50) -> list[Outcome]:
        """The latest runs, oldest first, of a profile or of a card by its place or ATR."""
        query = select(RUNS).order_by(RUNS.c.id.desc()).limit(limit)
        if about is not None:
            columns = (RUNS.c.profile, RUNS.c.card, RUNS.c.atr)
            query = query.where(or_(*(column == about for column in columns)))
        with self._clearly(), self._engine.connect() as connection:
            rows = connection.execute(query).all()
            return [_outcome(connection, row) for row in reversed(rows)]

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def _understood(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        message = "that is no URL of a database; use sqlite:///FILE or postgresql://USER@HOST/NAME"
        raise UsageError(message) from None
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        message = f"{parsed.drivername} is no database for the history; use sqlite or postgresql"
        raise UsageError(message)
    return parsed


def _engine(url: URL) -> Engine:
    try:
        engine = create_engine(url)
    except ImportError:
        message = "PostgreSQL needs psycopg: pip install 'eidrig[history]'"
        raise UsageError(message) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _: object) -> None:  # noqa: ANN401 - sqlite3's own
    connection.isolation_level = None  # else sqlite3 would end a transaction at CREATE TABLE
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA busy_timeout = 10000")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _upgrade(engine: Engine, name: str, tell: Callable[[str], None]) -> None:
    with as_file(files("harness.store") / "migrations") as folder, engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        newest = ScriptDirectory.from_config(config).get_current_head()
        present = MigrationContext.configure(connection).get_current_revision()
        if present == newest:
            return
        try:
            command.upgrade(config, "head")
        except CommandError:
            message = f"the history at {name} has the form {present}, made by a newer eidrig"
            raise UsageError(message) from None
    if present is not None:
        tell(f"the history at {name} was upgraded from {present} to {newest}")


def _fingerprint(outcome: Outcome) -> str:
    document = asdict(outcome) | {"number": None, "latency": None}
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _insert(connection: Connection, outcome: Outcome, fingerprint: str) -> int:
    hold = {f"hold_{name}": outcome.hold.get(name) for name in QUANTILES}
    columns = {
        column.name: getattr(outcome, column.name)
        for column in RUNS.columns
        if column.name not in ("id", "fingerprint", *hold)
    }
    done = connection.execute(insert(RUNS).values(fingerprint=fingerprint, **columns, **hold))
    number = int(done.inserted_primary_key[0])  # type: ignore[index]  # an insert has one
    if outcome.found:
        connection.execute(
            insert(RESULTS),
            [
                {
                    "run": number,
                    "place": place,
                    "case": name,
                    "unit": each.unit,
                    "verdict": each.verdict.value,
                    "reason": each.reason,
                    "seconds": each.seconds,
                }
                for place, (name, each) in enumerate(outcome.found.items())
            ],
        )
    if outcome.latency:
        connection.execute(
            insert(LATENCIES),
            [
                {"run": number, "phase": phase, **each.model_dump()}
                for phase, each in outcome.latency.items()
            ],
        )
    return number


def _outcome(connection: Connection, row: Row[Any]) -> Outcome:
    run = dict(row._mapping)  # noqa: SLF001 - public in spite of its name
    results = select(RESULTS).where(RESULTS.c.run == run["id"]).order_by(RESULTS.c.place)
    times = select(LATENCIES).where(LATENCIES.c.run == run["id"]).order_by(LATENCIES.c.phase)
    hold = {name: run[f"hold_{name}"] for name in QUANTILES}
    return Outcome(
        number=run["id"],
        found={
            each.case: Found(each.unit, Verdict(each.verdict), each.reason, each.seconds)
            for each in connection.execute(results)
        },
        latency={
            each["phase"]: Quantiles(**{name: each[name] for name in ("count", *QUANTILES)})
            for each in connection.execute(times).mappings()
        },
        hold={name: seconds for name, seconds in hold.items() if seconds is not None},
        **{
            name: run[name]
            for name in Outcome.__dataclass_fields__
            if name not in ("number", "found", "latency", "hold")
        },
    )
