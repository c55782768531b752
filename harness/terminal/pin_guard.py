"""The rules that keep a real card's PIN from being spent."""

from __future__ import annotations

from harness.errors import BlockedPinError, PinFloorError, WrongPinError
from harness.secret import Secret

DEFAULT_FLOOR = 2


class PinGuard:
    """Decides whether a code may be offered; one guard serves as long as the card is at hand.

    A code is offered only if a wrong one would still leave `floor` tries: with the default of 2,
    a code whose counter stands at 3 or more. A code that was once refused is never offered again.
    """

    def __init__(self, floor: int = DEFAULT_FLOOR) -> None:
        self._floor = floor
        self._refused: set[tuple[str, Secret]] = set()
        self._torn: dict[tuple[str, Secret], int] = {}

    def admit(self, name: str, code: Secret, tries_left: int) -> None:
        """Let a code pass on its way to the card.

        Raises:
            BlockedPinError: no tries are left.
            WrongPinError: this very code was refused before, or cost a try when the card was lost.
            PinFloorError: a wrong code would leave fewer tries than the floor.
        """
        if tries_left == 0:
            message = f"{name} is blocked; unblock it with the PUK"
            raise BlockedPinError(message, name, 0)
        if (name, code) in self._refused:
            message = f"this {name} was already refused and is not offered again"
            raise WrongPinError(message, name, tries_left)
        before = self._torn.get((name, code), 0)
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
        self._torn[name, code] = tries_before

    def refuse(self, name: str, code: Secret) -> None:
        """Remember that the card refused this code."""
        self._refused.add((name, code))
