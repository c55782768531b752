"""Results outlive whatever ends a run, and never mix with those of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.conformance.campaign.ledger import FILE, Identity, Ledger
from harness.conformance.campaign.record import Record
from harness.conformance.case import Verdict
from harness.errors import UsageError

IDENTITY = Identity(
    started="2026-11-26T18:00:00+00:00",
    profile="est-idemia-2018",
    profile_hash="00",
    card="emulated:",
    seed=0,
    samples=1,
    eidrig="0",
)
FIRST = Record(id="X_1", case="X_1", verdict=Verdict.PASS, samples=(0.5,), phases={"PACE": (0.5,)})
SECOND = Record(id="X_2", case="X_2", verdict=Verdict.FAIL, reason="no", apdu=3)


def test_records_are_found_again(tmp_path: Path) -> None:
    """What was added is there for the next start, with the time of the first."""
    ledger = Ledger(tmp_path / "run", IDENTITY)
    ledger.add(FIRST)
    ledger.add(SECOND)
    later = Ledger(tmp_path / "run", IDENTITY.model_copy(update={"started": "later"}))
    assert later.records == {"X_1": FIRST, "X_2": SECOND}
    assert later.identity.started == IDENTITY.started


def test_the_latest_record_of_a_run_holds(tmp_path: Path) -> None:
    """A run that was repeated has one verdict, the last."""
    ledger = Ledger(tmp_path, IDENTITY)
    ledger.add(FIRST)
    ledger.add(FIRST.model_copy(update={"verdict": Verdict.FAIL}))
    assert Ledger(tmp_path, IDENTITY).records["X_1"].verdict is Verdict.FAIL


@pytest.mark.parametrize("cut", [1, 2, 17])
def test_a_torn_line_is_no_record(tmp_path: Path, cut: int) -> None:
    """A record that was not written to its end is as if it was never begun, for ever."""
    ledger = Ledger(tmp_path, IDENTITY)
    ledger.add(FIRST)
    ledger.add(SECOND)
    file = tmp_path / FILE
    file.write_bytes(file.read_bytes()[:-cut])
    again = Ledger(tmp_path, IDENTITY)
    assert again.records == {"X_1": FIRST}
    again.add(SECOND)
    assert Ledger(tmp_path, IDENTITY).records == {"X_1": FIRST, "X_2": SECOND}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"profile_hash": "01"}, "the facts of the profile"),
        ({"seed": 7, "card": "pcsc:x"}, "the card and the seed"),
        ({"eidrig": "1"}, "the version of eidrig"),
    ],
)
def test_results_of_another_run_are_refused(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    """A run under other conditions is told in what it differs, and changes nothing."""
    Ledger(tmp_path, IDENTITY).add(FIRST)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(UsageError, match=f"differs in {said}; name another --out"):
        Ledger(tmp_path, IDENTITY.model_copy(update=change))
    assert (tmp_path / FILE).read_bytes() == before


def test_a_run_that_found_nothing_binds_nobody(tmp_path: Path) -> None:
    """A folder begun under a mistyped place is free for the right one."""
    Ledger(tmp_path, IDENTITY.model_copy(update={"card": "pcsc:ACS1252"}))
    Ledger(tmp_path, IDENTITY).add(FIRST)
    assert Ledger(tmp_path, IDENTITY).records == {"X_1": FIRST}


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """A report never spreads among the files of others."""
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(UsageError, match=r"holds thesis\.txt and no results"):
        Ledger(tmp_path, IDENTITY)


def test_a_ledger_of_something_else_is_refused(tmp_path: Path) -> None:
    """A file of that name that holds something else is told as such."""
    (tmp_path / FILE).write_text('{"a": 1}\n')
    with pytest.raises(UsageError, match="holds no results of eidrig certify"):
        Ledger(tmp_path, IDENTITY)
