"""How a case judges: what it demands of an answer, and how it says that the demand was not met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from harness.apdu import ResponseApdu, describe_sw


class Failure(Exception):
    """The card did not do what a clause demands; this is a verdict, not an error."""

    def __init__(self, expected: str, got: str, clause: str) -> None:
        super().__init__(f"expected {expected}, got {got} [{clause}]")
        self.expected = expected
        self.got = got
        self.clause = clause


class Blocked(Exception):
    """Something that the case needs is missing, so that it says nothing about the card."""


@dataclass(frozen=True, slots=True)
class SwClass:
    """A range of status words that a test plan names as one."""

    name: str
    holds: Callable[[int], bool]


class Sws(Enum):
    """The ranges that the test plans name (ISO/IEC 7816-4, table 6)."""

    WARNING_63CX = SwClass("63CX", lambda sw: sw & 0xFFF0 == 0x63C0)
    WARNING = SwClass("a warning (62XX or 63XX)", lambda sw: sw >> 8 in (0x62, 0x63))
    CHECKING_ERROR = SwClass("a checking error (67XX to 6FXX)", lambda sw: 0x67 <= sw >> 8 <= 0x6F)
    ERROR = SwClass("an error (64XX to 6FXX)", lambda sw: 0x64 <= sw >> 8 <= 0x6F)


Allowed = int | Sws


def named(allowed: tuple[Allowed, ...]) -> str:
    """Status words and ranges as a report writes them."""
    return " or ".join(
        f"{each:04X}" if isinstance(each, int) else each.value.name for each in allowed
    )


def is_allowed(sw: int, allowed: tuple[Allowed, ...]) -> bool:
    """Whether a status word is one of these or lies in one of these ranges."""
    return any(sw == each if isinstance(each, int) else each.value.holds(sw) for each in allowed)


def demand(holds: object, expected: str, got: str, clause: str) -> None:
    """Let a case go on only if something holds.

    Raises:
        Failure: it does not.
    """
    if not holds:
        raise Failure(expected, got, clause)


def demand_sw(answer: ResponseApdu, clause: str, *allowed: Allowed, to: str = "") -> ResponseApdu:
    """Let a case go on only if an answer has one of these status words; `to` says what was asked.

    Raises:
        Failure: it has another one.
    """
    got = f"{answer.sw:04X} ({describe_sw(answer.sw)})"
    expected = f"{named(allowed)} to {to}" if to else named(allowed)
    demand(is_allowed(answer.sw, allowed), expected, got, clause)
    return answer
