"""Cases of one's own, and cards to try them on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.conformance import catalogue
from harness.conformance.case import Case, Effect, Run, Unit
from harness.conformance.source import EmulatedSource
from harness.station import CardOptions

MakeCase = Callable[..., Case]


@pytest.fixture(scope="module")
def source() -> EmulatedSource:
    """An emulated Estonian card, as new for each case."""
    return EmulatedSource.of(CardOptions(profile="est-idemia-2018"))


@pytest.fixture
def make_case() -> MakeCase:
    """Make a case of a function."""

    def make(
        run: Run,
        identifier: str = "X_1",
        *needs: str,
        effect: Effect = Effect.NONE,
        per_suite: bool = False,
    ) -> Case:
        return Case(
            identifier,
            "the clause",
            "title",
            "purpose",
            needs=needs,
            effect=effect,
            per_suite=per_suite,
            run=run,
        )

    return make


@pytest.fixture
def use_catalogue(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Unit]:
    """Let the catalogue be one unit of these cases."""

    def use(*cases: Case) -> Unit:
        unit = Unit("X", "A unit", "A plan, 1.0", cases)
        monkeypatch.setattr(catalogue, "UNITS", (unit,))
        return unit

    return use
