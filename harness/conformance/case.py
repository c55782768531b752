"""One requirement and the way to test it; a unit of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.conformance.subject import Subject


class Verdict(StrEnum):
    """What became of a case; only the first three are statements about the card."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    DEVIATION = "declared deviation"
    """A fail that the profile declares, with its reason."""
    INCONCLUSIVE = "inconclusive"
    """The link failed: nothing was learned."""
    NOT_APPLICABLE = "not applicable"
    """The profile does not declare what the case needs."""
    BLOCKED = "blocked"
    """Something that the case needs is missing here: a code, a permission, an earlier case."""
    NOT_RUN = "not run"
    NOT_IMPLEMENTED = "not implemented"


class Effect(StrEnum):
    """What a case leaves behind on the card, from harmless to final."""

    NONE = "none"
    SPENDS_TRIES = "spends tries"
    """Tries are spent and given back by the right code at the end."""
    CHANGES_CARD = "changes the card"
    """Codes or contents are other than before."""
    BLOCKS = "blocks a code"
    """A code is blocked, and unblocked with the PUK at the end."""
    FINAL = "blocks a code for good"
    """Nothing gives that code back."""


class Target(StrEnum):
    """Who is under test."""

    CARD = "card"
    TERMINAL = "terminal"


Run = Callable[["Subject"], None]


@dataclass(frozen=True, slots=True)
class Case:
    """A case of a test plan, under the identifier that the plan gives it.

    `needs` are words of `declared`, all of which the profile must declare; "A|B" is either of two,
    "!A" is that it does not declare A. `expected` are the results that pass, step by step. A case
    without `run` is not implemented, and `why_not` says why.
    """

    id: str
    clause: str
    title: str
    purpose: str
    expected: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    preconditions: tuple[str, ...] = ()
    effect: Effect = Effect.NONE
    per_suite: bool = False
    """Whether it is run once for every PACE protocol that the profile declares."""
    target: Target = Target.CARD
    run: Run | None = None
    why_not: str = ""

    def __post_init__(self) -> None:
        if (self.run is None) != bool(self.why_not):
            message = f"{self.id}: a case has either a run or a reason why it has none"
            raise ValueError(message)

    def missing(self, declared: frozenset[str]) -> tuple[str, ...]:
        """Which of its needs a profile with these words does not meet."""
        return tuple(need for need in self.needs if not _meets(need, declared))


def _meets(need: str, declared: frozenset[str]) -> bool:
    return any(
        (word[1:] not in declared) if word[0] == "!" else word in declared
        for word in need.split("|")
    )


@dataclass(frozen=True, slots=True)
class Unit:
    """The cases of one unit of a test plan, in its order; `source` is the plan and its version."""

    name: str
    title: str
    source: str
    cases: tuple[Case, ...]


def case(  # noqa: PLR0913 - what a test plan says of a case
    identifier: str,
    clause: str,
    *expected: str,
    needs: tuple[str, ...] = (),
    preconditions: tuple[str, ...] = (),
    effect: Effect = Effect.NONE,
    per_suite: bool = False,
    target: Target = Target.CARD,
) -> Callable[[Run], Case]:
    """Make a case of a function: its docstring is the title and, behind a blank line, purpose."""

    def made(run: Run) -> Case:
        title, _, purpose = (inspect.getdoc(run) or "").partition("\n\n")
        return Case(
            identifier,
            clause,
            " ".join(title.split()),
            " ".join(purpose.split()),
            expected,
            needs,
            preconditions,
            effect,
            per_suite,
            target,
            run,
        )

    return made


def not_implemented(
    identifier: str, clause: str, title: str, why_not: str, *, target: Target = Target.CARD
) -> Case:
    """A case of the plan that this catalogue knows but does not test, and why."""
    return Case(identifier, clause, title, "", target=target, why_not=why_not)
