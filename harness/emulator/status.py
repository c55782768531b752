"""What the card knows while it has power, and how it refuses."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.apdu import SW
from harness.profile import MF, File, Interface


class Refused(Exception):
    """The card's answer to a command it will not carry out."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


@dataclass(slots=True)
class Environment:
    """The current security environment: which key, for which use, by which algorithm."""

    key: str
    use: str
    algorithm: bytes


@dataclass(slots=True)
class SecurityStatus:
    """The volatile state; a new one is made whenever the card is activated.

    `directory` is the path of the current DF, `file` the name of the current EF if any; `password`
    is the one of PACE that opened the channel, None where BAC did.
    """

    interface: Interface
    needs_channel: bool = True
    before_pace: int = SW.SECURITY_STATUS_NOT_SATISFIED
    directory: str = MF
    file: str | None = None
    channel: bool = False
    password: str | None = None
    chip_authenticated: bool = False
    verified: set[str] = field(default_factory=set)
    environment: Environment | None = None
    hash: bytes | None = None

    def enter(self, directory: str) -> None:
        """Make a DF the current one; the security environment belongs to the one left."""
        if directory != self.directory:
            self.environment = self.hash = None
        self.directory, self.file = directory, None

    def leave_channel(self) -> None:
        """Forget all that was proved inside a secure channel that ended."""
        self.channel, self.password, self.chip_authenticated = False, None, False
        self.verified.clear()
        self.environment = self.hash = None

    def require_channel(self) -> None:
        """Refuse what the interface does not show before PACE or BAC."""
        if self.needs_channel and not self.channel:
            raise Refused(self.before_pace)

    def require_for(self, file: File) -> None:
        """Refuse to read a file that is not open yet, or never is."""
        if not file.open:
            self.require_channel()
        held = {
            "channel": True,
            "pace": self.password is not None,
            "chip-authentication": self.chip_authenticated,
            "terminal-authentication": False,
        }
        if not held[file.needs]:
            raise Refused(SW.SECURITY_STATUS_NOT_SATISFIED)
