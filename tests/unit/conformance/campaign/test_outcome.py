"""Two runs are compared case by case, whatever the PACE protocols are called."""

from __future__ import annotations

from harness.conformance.campaign.outcome import Change, Found, Outcome, changes
from harness.conformance.case import Verdict

PASS, FAIL, NONE = (Found("X", each) for each in (Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED))


def outcome(**found: Found) -> Outcome:
    """A run with these verdicts; two underscores stand for a PACE protocol."""
    named = {}
    for name, each in found.items():
        case, _, suite = name.partition("__")
        named[f"{case}[{suite}]" if suite else case] = each
    return Outcome("", "", "", "", "", "", "", "", 0, 1, complete=True, found=named)


def test_only_other_verdicts_are_changes() -> None:
    """A case with the same verdict is none; one that a run lacks is one."""
    first, second = outcome(X_1=PASS, X_2=PASS, X_3=PASS), outcome(X_1=PASS, X_2=FAIL, X_4=PASS)
    assert list(changes(first, second)) == [
        Change("X_2", PASS, FAIL),
        Change("X_3", PASS, None),
        Change("X_4", None, PASS),
    ]


def test_only_a_new_fail_is_worse() -> None:
    """A fail that was none before is worse; a pass that is gone is a matter of what was run."""
    pairs = [(PASS, FAIL), (None, FAIL), (FAIL, FAIL), (FAIL, PASS), (PASS, NONE), (PASS, None)]
    assert [Change("X", *pair).is_worse for pair in pairs] == [True, True, *4 * [False]]


def test_one_protocol_is_compared_with_another() -> None:
    """Two generations with one PACE protocol each run the same cases."""
    assert list(changes(outcome(X_1__256=PASS), outcome(X_1__384=PASS))) == []
    (change,) = changes(outcome(X_1__256=PASS), outcome(X_1__384=FAIL))
    assert change.id == "X_1"


def test_several_protocols_are_kept_apart() -> None:
    """Where a card has two of them, each run is compared by its own."""
    first, second = outcome(X_1__256=PASS, X_1__384=PASS), outcome(X_1__256=PASS, X_1__384=FAIL)
    assert [change.id for change in changes(first, second)] == ["X_1[384]"]
