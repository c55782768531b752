"""What is run for a profile, in which order, and what a second start takes up again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.conformance.campaign.campaign import Campaign, counts, is_lost
from harness.conformance.campaign.record import Record
from harness.conformance.case import Case, Effect, Target, Verdict
from harness.conformance.source import EmulatedSource
from harness.conformance.subject import Subject
from harness.errors import UsageError
from harness.profile import Deviation


def passes(_: Subject) -> None:
    """A case that any card passes."""


def record(identifier: str, verdict: Verdict) -> Record:
    """The record of a run."""
    return Record(id=identifier, case=identifier, verdict=verdict)


def test_the_harmless_come_first_and_what_blocks_comes_last(
    source: EmulatedSource,
    make_case: Callable[..., Case],
    use_catalogue: Callable[..., object],
) -> None:
    """Cases are ordered by what they leave behind, else as in the plan."""
    effects = [Effect.BLOCKS, Effect.NONE, Effect.CHANGES_CARD, Effect.SPENDS_TRIES, Effect.NONE]
    use_catalogue(*(make_case(passes, f"X_{n}", effect=e) for n, e in enumerate(effects, 1)))
    order = [run.id for run in Campaign.of(source.profile).runs]
    assert order == ["X_2", "X_5", "X_4", "X_3", "X_1"]


def test_cases_for_terminals_are_run_only_by_name(
    source: EmulatedSource, make_case: Callable[..., Case], use_catalogue: Callable[..., object]
) -> None:
    """A card is not judged by cases that test who reads it, unless they are asked for."""
    use_catalogue(make_case(passes), replace(make_case(passes, "X_2"), target=Target.TERMINAL))
    assert [run.id for run in Campaign.of(source.profile).runs] == ["X_1"]
    named = Campaign.of(source.profile, cases=["X_2"]).runs
    assert [run.id for run in named] == ["X_2"]


def test_a_case_of_every_suite_is_as_many_runs(
    source: EmulatedSource, make_case: Callable[..., Case], use_catalogue: Callable[..., object]
) -> None:
    """Where a profile declares two PACE protocols such a case is run twice."""
    use_catalogue(make_case(passes, per_suite=True))
    pace = source.profile.own_pace
    two = pace.model_copy(update={"others": (pace.model_copy(update={"parameter_id": 13}),)})
    profile = source.profile.model_copy(update={"pace": two})
    ids = [run.id for run in Campaign.of(profile).runs]
    assert ids == ["X_1[ECDH-GM-AES-CBC-CMAC-256/12]", "X_1[ECDH-GM-AES-CBC-CMAC-256/13]"]


def test_what_may_end_otherwise_is_run_again(
    source: EmulatedSource, make_case: Callable[..., Case], use_catalogue: Callable[..., object]
) -> None:
    """A second start repeats what was inconclusive or blocked, and no verdict on the card."""
    verdicts = list(Verdict)
    use_catalogue(*(make_case(passes, f"X_{n}") for n in range(len(verdicts) + 1)))
    known = {f"X_{n}": record(f"X_{n}", verdict) for n, verdict in enumerate(verdicts)}
    left = {run.id for run in Campaign.of(source.profile).left(known)}
    again = {Verdict.INCONCLUSIVE, Verdict.BLOCKED, Verdict.NOT_RUN}
    assert left == {
        *(name for name, each in known.items() if each.verdict in again),
        f"X_{len(verdicts)}",
    }


def test_what_was_not_reached_is_told_as_not_run(
    source: EmulatedSource, make_case: Callable[..., Case], use_catalogue: Callable[..., object]
) -> None:
    """Each chosen case is in the report, whether or not it has a record."""
    use_catalogue(make_case(passes), make_case(passes, "X_2"))
    (unit,) = Campaign.of(source.profile).told({"X_1": record("X_1", Verdict.PASS)})
    assert [each.results[0].verdict for each in unit.cases] == [Verdict.PASS, Verdict.NOT_RUN]


def test_a_deviation_from_no_case_is_refused(source: EmulatedSource) -> None:
    """A deviation that names no case of the catalogue could never be noticed to be stale."""
    deviation = Deviation(case="ISO7816_P_999", reason="none", source="a lab")
    profile = source.profile.model_copy(update={"deviations": (deviation,)})
    with pytest.raises(UsageError, match="ISO7816_P_999, which is no case"):
        Campaign.of(profile)


def test_verdicts_are_counted_in_their_order() -> None:
    """Only verdicts that occur are counted, pass before fail before the rest."""
    found = counts([record("a", Verdict.BLOCKED), record("b", Verdict.PASS)])
    assert list(found.items()) == [(Verdict.PASS, 1), (Verdict.BLOCKED, 1)]


def test_a_card_is_lost_after_three_in_a_row() -> None:
    """One case that the link ended may be chance; three in a row are a card that is gone."""
    lost, fine = record("a", Verdict.INCONCLUSIVE), record("b", Verdict.PASS)
    assert not is_lost([lost, lost])
    assert not is_lost([lost, lost, fine])
    assert is_lost([fine, lost, lost, lost])
