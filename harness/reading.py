"""What a tap brings, and how far it was asked to go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from harness.errors import EidrigError, PinError
from harness.profile import Content, Interface, KeyName, PasswordName, PinName, Profile
from harness.security_info import PaceInfo
from harness.terminal.certificate import Certificate
from harness.terminal.lds.document import Document
from harness.terminal.pieces import Pieces

OK = "ok"


@dataclass(frozen=True, slots=True)
class TapOptions:
    """How far a tap goes: whether PIN1 is verified, whether PIN2 signs, by which read plan."""

    use_pin: bool = True
    sign: bool = False
    plan: str = "eidrig"


@dataclass(slots=True)
class Reading:
    """What one tap brought; fields stay None or empty where it did not get that far.

    `outcome` is "ok" or the name of the failure, `error` the failure itself. `attempts` counts
    activations that found a card; `held_seconds` is the time it was in use, `total_seconds` the
    whole tap with all waiting. `access` is the protocol that opened the channel, `document` what a
    passport or ICAO card told. `pieces` are the files as read so far.
    """

    outcome: str = OK
    error: EidrigError | None = None
    atr: bytes = b""
    profile: Profile | None = None
    interface: Interface | None = None
    pace: PaceInfo | None = None
    password: PasswordName | None = None
    tries_left: dict[PinName, int] = field(default_factory=dict)
    verified: dict[PinName, bool] = field(default_factory=dict)
    personal_data: dict[Content, str] = field(default_factory=dict)
    certificates: dict[KeyName, Certificate] = field(default_factory=dict)
    chains: dict[KeyName, bool] = field(default_factory=dict)
    signatures: dict[KeyName, bool] = field(default_factory=dict)
    access: Literal["pace", "bac"] | None = None
    document: Document = field(default_factory=Document)
    pieces: Pieces = field(default_factory=Pieces)
    attempts: int = 0
    held_seconds: float = 0.0
    total_seconds: float = 0.0

    def fail(self, error: EidrigError) -> None:
        """Take note of what stopped the tap."""
        self.error = error
        self.outcome = error.code if isinstance(error, PinError) else error.outcome
        if isinstance(error, PinError) and error.tries_left is not None:
            for name in ("PIN1", "PIN2", "PUK"):
                if name == error.name:
                    self.tries_left[name] = error.tries_left

    def forget(self) -> None:
        """Drop everything that was read, to start from nothing."""
        for kept in (
            self.tries_left,
            self.verified,
            self.personal_data,
            self.certificates,
            self.chains,
            self.signatures,
            self.pieces,
        ):
            kept.clear()
        self.document = Document()
