"""What can go wrong, sorted by who is at fault.

`LinkError` blames the field, the reader or the wire; `CardError` blames the card; `UsageError`
blames whoever called. The class alone decides the verdict and the exit code.
"""

from __future__ import annotations

from typing import ClassVar


class EidrigError(Exception):
    """Any failure this package reports; `outcome` is its stable name in reports."""

    outcome: ClassVar[str] = "error"


class UsageError(EidrigError):
    """The caller asked for something that cannot be done; the message says what to do instead."""

    outcome = "usage"


class LinkError(EidrigError):
    """The card cannot be reached or stopped answering; a whole new tap may be tried."""

    outcome = "link-lost"


class NoReaderError(LinkError):
    """There is no reader (or no service that knows readers) to look for a card with."""

    outcome = "no-reader"


class NoCardError(LinkError):
    """A reader is there but no card answers in it."""

    outcome = "no-card"


class CardError(EidrigError):
    """The card answered, and its answer is the failure."""

    outcome = "card-refused"


class ApduError(CardError):
    """The card answered a command with a status word that is not success.

    `sw` is the status word (int, 16 bits); `command` names the command without its data.
    """

    def __init__(self, sw: int, command: str, meaning: str) -> None:
        super().__init__(f"{command} was answered {sw:04X} ({meaning})")
        self.sw = sw
        self.command = command


class ProtocolViolation(CardError):
    """The card broke a rule of the protocol; `clause` names the rule."""

    outcome = "protocol-violation"

    def __init__(self, message: str, clause: str) -> None:
        super().__init__(f"{message} [{clause}]")
        self.clause = clause


class CheckError(CardError):
    """What the card delivered was read whole but does not hold: a signature, a chain, a field."""

    outcome = "check-failed"


class PinError(CardError):
    """A password was refused or must not be offered.

    `name` is the password's name ("CAN", "PIN1", "PIN2", "PUK"); `tries_left` is None where the
    card keeps no count (CAN, MRZ) or did not say.
    """

    def __init__(self, message: str, name: str, tries_left: int | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.tries_left = tries_left

    @property
    def code(self) -> str:
        """The stable name of this failure for this password, such as `pin1-wrong`."""
        return f"{self.name.lower()}-{self.outcome}"


class WrongPinError(PinError):
    """The card compared the password and it was not the right one."""

    outcome = "wrong"


class BlockedPinError(PinError):
    """The password has no tries left (or was never activated) and cannot be used."""

    outcome = "blocked"


class PinFloorError(PinError):
    """The password was not offered, because a wrong one would leave fewer tries than the floor."""

    outcome = "floor"
