"""The rules that keep a real card's PIN from being spent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from harness.errors import BlockedPinError, PinFloorError, UsageError, WrongPinError
from harness.secret import Secret

DEFAULT_FLOOR = 2


@dataclass(slots=True, repr=False)
class Refusals:
    """What became of codes that were offered; one memory serves as long as the card is at hand."""

    refused: set[tuple[str, Secret]] = field(default_factory=set)
    torn: dict[tuple[str, Secret], int] = field(default_factory=dict)


class PinGuard:
    """Decides whether a code may be offered.

    A code is offered only if a wrong one would still leave `floor` tries: with the default of 2,
    a code whose counter stands at 3 or more. A code that was once refused is never offered again
    by a guard with the same `memory`. With `only`, no code but these is offered at all.
    """

    def __init__(
        self,
        floor: int = DEFAULT_FLOOR,
        memory: Refusals | None = None,
        only: Collection[Secret] | None = None,
    ) -> None:
        self._floor = floor
        self._memory = memory or Refusals()
        self._only = only

    def admit(self, name: str, code: Secret, tries_left: int) -> None:
        """Let a code pass on its way to the card.

        Raises:
            UsageError: this is none of the codes that the guard is limited to.
            BlockedPinError: no tries are left.
            WrongPinError: this very code was refused before, or cost a try when the card was lost.
            PinFloorError: a wrong code would leave fewer tries than the floor.
        """
        if self._only is not None and code not in self._only:
            message = f"{name} was not offered: it is none of the codes given for this real card"
            raise UsageError(message)
        if tries_left == 0:
            message = f"{name} is blocked; unblock it with the PUK"
            raise BlockedPinError(message, name, 0)
        if (name, code) in self._memory.refused:
            message = f"this {name} was already refused and is not offered again"
            raise WrongPinError(message, name, tries_left)
        before = self._memory.torn.get((name, code), 0)
        if tries_left < before:
            message = f"the card was lost while {name} was offered and has counted a try since"
            raise WrongPinError(message, name, tries_left)
        if tries_left - 1 < self._floor and self._floor:
            message = (
                f"{name} was not offered: it has {tries_left} tries left, and a wrong one must "
                f"leave {self._floor}; lower the PIN floor if you are sure"
            )
            raise PinFloorError(message, name, tries_left)

    def torn(self, name: str, code: Secret, tries_before: int) -> None:
        """Remember that the card was lost while it held this code."""
        self._memory.torn[name, code] = tries_before

    def accept(self, name: str, code: Secret) -> None:
        """Forget what was unclear about a code, now that the card accepted it."""
        self._memory.torn.pop((name, code), None)

    def refuse(self, name: str, code: Secret) -> None:
        """Remember that the card refused this code."""
        self._memory.refused.add((name, code))
