"""A number that says where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from harness.errors import UsageError

T = TypeVar("T")


@dataclass(frozen=True)
class Fact(Generic[T]):
    """A value, where it was seen, and whether it is only assumed (then `source` is the reason)."""

    value: T
    source: str
    assumed: bool = False


def assumed(value: T, reason: str) -> Fact[T]:
    """A value nobody measured for us, with the reason for choosing it."""
    return Fact(value, reason, assumed=True)


def named(what: str, name: str, known: dict[str, T]) -> T:
    """The entry `name` of `known`.

    Raises:
        UsageError: there is none; the message lists what there is.
    """
    if name not in known:
        message = f"there is no {what} {name}; there are {', '.join(sorted(known))}"
        raise UsageError(message)
    return known[name]
