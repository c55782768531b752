"""The markers: what a test needs, what it may destroy, and when it is skipped for that."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest

from harness.errors import EidrigError, PinError, UsageError
from harness.pytest_plugin.options import allows_destructive, is_chosen, setting, stated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.pytest_plugin.rig import Rig

DESTRUCTIVE = "destructive"
OUTCOME = "eidrig_outcome"
_NEEDS = (
    "contact",
    "contactless",
    "emulated",
    "real",
    "live",
    "can",
    "pin1",
    "pin2",
    "puk",
    "mrz",
    "lds",
    "person",
    "authorities",
)
_PROFILE = re.compile(r"profile:[a-z0-9][a-z0-9.-]*")
_RIG = pytest.StashKey["Rig"]()


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the markers."""
    config.addinivalue_line(
        "markers",
        "destructive: it spends tries or changes the card; "
        "skipped unless the card is emulated or --allow-destructive is given",
    )
    known = ", ".join(_NEEDS)
    config.addinivalue_line(
        "markers", f"needs(*names): skipped where the run does not give: {known}, profile:NAME"
    )


def rig_of(config: pytest.Config) -> Rig:
    """The one rig of a run, made when it is first needed.

    Raises:
        UsageError: a setting is malformed.
    """
    if _RIG not in config.stash:
        from harness.pytest_plugin.rig import Rig  # noqa: PLC0415 - only if a card is used

        config.stash[_RIG] = rig = Rig(partial(setting, config), partial(stated, config))
        config.add_cleanup(rig.close)
    return config.stash[_RIG]


@contextmanager
def said_plainly() -> Iterator[None]:
    """Report a failure of the card or the link around a test as one line, without a traceback."""
    try:
        yield
    except EidrigError as error:
        outcome = outcome_of(error)
        failure = pytest.fail.Exception(f"{outcome}: {error}", pytrace=False)
        failure.__dict__[OUTCOME] = outcome
        raise failure from None


def outcome_of(error: BaseException | None) -> str | None:
    """The stable name of a failure of ours, also of one that was said plainly; None for others."""
    if isinstance(error, PinError):
        return error.code
    if isinstance(error, EidrigError):
        return error.outcome
    return vars(error).get(OUTCOME) if error is not None else None


def uses_card(item: pytest.Item) -> bool:
    """Whether a test asks for any of the fixtures or markers here."""
    return "_eidrig_rig" in getattr(item, "fixturenames", ()) or any(
        item.get_closest_marker(name) for name in ("needs", DESTRUCTIVE)
    )


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem(collector: pytest.Collector) -> Generator[None, object, object]:
    """Refuse a test that needs what nobody has ever heard of: it would be skipped for ever."""
    made = yield
    for item in made if isinstance(made, list) else ():
        if isinstance(item, pytest.Item) and (problem := _problem(item)):
            message = f"{item.name}: {problem}"
            raise collector.CollectError(message)
    return made


def _problem(item: pytest.Item) -> str | None:
    for marker in item.iter_markers("needs"):
        if marker.kwargs or not marker.args:
            return "needs(...) takes one name or several"
        for name in marker.args:
            if name not in _NEEDS and not (isinstance(name, str) and _PROFILE.fullmatch(name)):
                known = ", ".join((*_NEEDS, "profile:NAME"))
                return f"nothing is known of needs({name!r}); there are {known}"
    return None


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where xdist spreads the tests, the process that starts the others looks first.

    An error there is one line; in the others it would be a crash.
    """
    if session.config.getoption("dist", "no") != "no" and is_chosen(session.config):
        _prepare(session.config, may_share=False)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch the codes and open the place before the first test, if any test needs them."""
    if will_use_card(session.config, session.items):
        _prepare(session.config, may_share=True)


def will_use_card(config: pytest.Config, items: Iterable[pytest.Item]) -> bool:
    """Whether tests are about to run, and any of them uses a card."""
    only_shows = ("collectonly", "showfixtures", "show_fixtures_per_test")
    return not any(map(config.getoption, only_shows)) and any(map(uses_card, items))


def _prepare(config: pytest.Config, *, may_share: bool) -> None:
    try:
        rig = rig_of(config)
        if rig.is_one_card and not may_share:
            message = f"{rig.place} is one card and cannot serve several processes; leave out -n"
            raise UsageError(message)
        rig.prepare()
    except EidrigError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that this run cannot or must not carry out."""
    if uses_card(item):
        with said_plainly():
            reason = _reason_to_skip(item)
        if reason:
            # pytest itself evaluates it next, and so names the test as the place of the skip.
            item.add_marker(pytest.mark.skip(reason=reason))


def _reason_to_skip(item: pytest.Item) -> str | None:
    rig = rig_of(item.config)
    if is_destructive(item) and not (rig.is_emulated or allows_destructive(item.config)):
        return "destructive: it spends tries or changes the card (--allow-destructive)"
    names = [cast("str", name) for marker in item.iter_markers("needs") for name in marker.args]
    reasons = (rig.unmet(name) for name in names)
    return next((f"needs {reason}" for reason in reasons if reason), None)


def is_destructive(item: pytest.Item) -> bool:
    """Whether a test is marked as one that spends tries or changes the card."""
    return item.get_closest_marker(DESTRUCTIVE) is not None
