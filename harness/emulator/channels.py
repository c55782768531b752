"""What opens a channel on a card, and what it ends in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from harness.apdu import INS, CommandApdu, ResponseApdu
from harness.crypto.kdf import SessionKeys
from harness.emulator.pace import PaceChip

_SET_AT_FOR_PACE = bytes((INS.MANAGE_SECURITY_ENVIRONMENT, 0xC1, 0xA4))


@dataclass(frozen=True, slots=True)
class Opened:
    """The keys of a new channel, and where its send sequence counter stands."""

    keys: SessionKeys
    ssc: int = 0


class Opener(Protocol):
    """A protocol that may end in a channel."""

    def answer(self, command: CommandApdu, *, inside: bool) -> ResponseApdu | None:
        """The answer to a command of this protocol; None to any other, which also ends a run.

        `inside` says that a channel stands.

        Raises:
            Refused: with the status word of the refusal.
        """
        ...

    def abandon(self) -> None:
        """Forget a run that was begun."""
        ...

    def opened(self) -> Opened | None:
        """The channel of a run that just ended well, handed out once."""
        ...


class PaceOpener:
    """The commands of PACE among all others."""

    def __init__(self, chip: PaceChip) -> None:
        self._chip = chip

    def answer(self, command: CommandApdu, *, inside: bool) -> ResponseApdu | None:
        """Answer MSE:Set AT for PACE and GENERAL AUTHENTICATE.

        Raises:
            Refused: as PACE.
        """
        if command.ins == INS.GENERAL_AUTHENTICATE:
            return ResponseApdu(self._chip.general_authenticate(command))
        self._chip.abandon()
        if command.header[1:] != _SET_AT_FOR_PACE:
            return None
        return ResponseApdu(sw=self._chip.set_authentication_template(command, inside=inside))

    def abandon(self) -> None:
        """Forget a run that was begun."""
        self._chip.abandon()

    def opened(self) -> Opened | None:
        """The channel of a run that just ended well, handed out once."""
        keys = self._chip.agreed()
        return None if keys is None else Opened(keys)
