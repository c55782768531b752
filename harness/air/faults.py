"""What goes wrong, as data: every fault by name, where it strikes, and its text on a command line.

`tag-lost@frame=12,for=0.2` is the fault `tag-lost` at frame 12 for 0.2 seconds. A fault has at most
one trigger; without one it is there from the beginning on, at every occasion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from harness.air.fact import named
from harness.errors import UsageError


class Level(Enum):
    """Where a fault acts: on the frames of a link or on the APDUs of a card."""

    LINK = "link"
    APDU = "apdu"


class When(Enum):
    """What a trigger counts: frames and bytes both ways and APDUs from 1, seconds, odds."""

    ALWAYS = "always"
    FRAME = "frame"
    BYTE = "byte"
    APDU = "apdu"
    TIME = "time"
    PROBABILITY = "p"


_TRIGGERS = {
    Level.LINK: (When.FRAME, When.BYTE, When.TIME, When.PROBABILITY),
    Level.APDU: (When.APDU, When.TIME, When.PROBABILITY),
}
_HEXADECIMAL = "sw"


@dataclass(frozen=True)
class FaultKind:
    """A fault that exists: what it does, who saw it, and its options with their defaults."""

    level: Level
    effect: str
    seen: str
    options: tuple[tuple[str, float], ...] = ()


FOR_GOOD = math.inf
_L, _A = Level.LINK, Level.APDU

FAULTS: dict[str, FaultKind] = {
    "tag-lost": FaultKind(
        _L, "no power for `for` seconds", "every issue tracker", (("for", FOR_GOOD),)
    ),
    "frame-lost": FaultKind(
        _L, "`count` frames are not noticed by their receiver", "physics", (("count", 1),)
    ),
    "bit-error": FaultKind(
        _L, "`count` frames arrive with a wrong CRC", "physics", (("count", 1),)
    ),
    "burst": FaultKind(
        _L, "frames within `for` seconds arrive with a wrong CRC", "physics", (("for", 0.02),)
    ),
    "weak-coupling": FaultKind(
        _L,
        "`db` less margin for `for` seconds: errors, and no power where nothing is left",
        "physics",
        (("db", 6.0), ("for", FOR_GOOD)),
    ),
    "timeout-short": FaultKind(
        _L,
        "the reader waits `seconds` at most",
        "tananaev/passport-reader 16 and 36, vsmartcard 123",
        (("seconds", 0.005),),
    ),
    "wtx-storm": FaultKind(
        _L,
        "the card asks `count` times for more time, `every` seconds apart",
        "cards with slow cryptography",
        (("count", 20), ("every", 0.001)),
    ),
    "presence-check": FaultKind(
        _L,
        "the phone looks with R(NAK) whether the card is there, before a command",
        "AusweisApp 52, flutter_nfc_kit 228, react-native-nfc-manager 789",
    ),
    "two-cards": FaultKind(_L, "a second card answers: the reader refuses both", "NFC-I"),
    "link-lost": FaultKind(
        _A,
        "a command is not answered, the card is powered off and away for `for` seconds",
        "every issue tracker",
        (("for", 0.0),),
    ),
    "foreign-command": FaultKind(
        _A,
        "the phone's system sends a plain command of its own before this one",
        "AusweisApp 52, flutter_nfc_kit 228, react-native-nfc-manager 789",
    ),
    "session-dead": FaultKind(
        _A,
        "protected commands are answered `sw` until a reset or a new MSE:Set AT",
        "sessions after a presence check",
        (("sw", 0x6988),),
    ),
    "pace-aborted": FaultKind(
        _A,
        "a step of the PACE chain fails with `sw`; the next other command is answered 6883",
        "selfxyz/self 73",
        (("sw", 0x6A80),),
    ),
    "wrong-can-delay": FaultKind(
        _A,
        "after `after` wrong passwords every attempt takes `seconds` more; a right one clears it",
        "the official Estonian phone library",
        (("after", 10), ("seconds", 30.0)),
    ),
    "le-refused": FaultKind(
        _A,
        "READ BINARY for more than `above` bytes is answered `sw`",
        "NFCPassportReader 25, 89 and 91, gmrtd 5 and 410",
        (("above", 224), ("sw", 0x6700)),
    ),
    "le-refused-select": FaultKind(
        _A, "SELECT with Le is answered `sw`", "NFCPassportReader 153", (("sw", 0x6700),)
    ),
    "le-refused-mse": FaultKind(
        _A, "MSE with Le is answered `sw`", "NFCPassportReader 153", (("sw", 0x6700),)
    ),
    "tag-84-needed": FaultKind(
        _A,
        "MSE:Set AT without a domain parameter reference (84) is answered `sw`",
        "NFCPassportReader 269, Cosmo X",
        (("sw", 0x6A80),),
    ),
    "no-extended-length": FaultKind(
        _A,
        "extended APDUs and those over `limit` bytes are answered `sw`, or not at all for 0000",
        "openecard, pagopa/io-app 3245",
        (("limit", 261), ("sw", 0x6700)),
    ),
    "response-in-parts": FaultKind(
        _A,
        "responses come in parts of `part` bytes with 61xx, the rest by plain GET RESPONSE",
        "IDEMIA cards, OpenSC 3777",
        (("part", 128),),
    ),
    "zero-fill": FaultKind(
        _A,
        "EF.CardAccess is followed by zeros up to `size` bytes",
        "the Estonian IDEMIA card, iOS 26.4",
        (("size", 256),),
    ),
}


@dataclass(frozen=True)
class Fault:
    """One fault to inject: its name, its trigger with a value, and the options that differ.

    Raises:
        UsageError: there is no such fault, or it has no such trigger or option.
    """

    name: str
    when: When = When.ALWAYS
    at: float = 0.0
    options: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        allowed = (When.ALWAYS, *_TRIGGERS[self.kind.level])
        if self.when not in allowed:
            names = ", ".join(when.value for when in allowed)
            message = f"{self.name} cannot be triggered by {self.when.value}; it can by {names}"
            raise UsageError(message)
        known = dict(self.kind.options)
        for option, value in self.options:
            named(f"option of {self.name}", option, known)
            if not value >= 0:
                message = f"{option} of {self.name} must be at least 0, not {value}"
                raise UsageError(message)
        self._check_trigger()

    def _check_trigger(self) -> None:
        counted = self.when in (When.FRAME, When.BYTE, When.APDU)
        if counted and not (self.at >= 1 and float(self.at).is_integer()):
            message = f"{self.when.value} counts from 1 in whole numbers, not {self.at:g}"
            raise UsageError(message)
        if self.when is When.PROBABILITY and not 0 <= self.at <= 1:
            message = f"p is a probability from 0 to 1, not {self.at:g}"
            raise UsageError(message)
        if self.when is When.TIME and not 0 <= self.at < math.inf:
            message = f"time is in seconds from 0, not {self.at:g}"
            raise UsageError(message)

    @property
    def kind(self) -> FaultKind:
        """What this fault is."""
        return named("fault", self.name, FAULTS)

    def option(self, name: str) -> float:
        """The value of an option, or its default."""
        return dict(self.kind.options + self.options)[name]

    def __str__(self) -> str:
        parts = [] if self.when is When.ALWAYS else [f"{self.when.value}={_number(self.at)}"]
        parts += [
            f"{name}={int(value):04X}" if name == _HEXADECIMAL else f"{name}={_number(value)}"
            for name, value in self.options
        ]
        return f"{self.name}@{','.join(parts)}" if parts else self.name


def _number(value: float) -> str:
    return str(int(value)) if value == int(min(value, 1e15)) else repr(value)


def parse_fault(text: str) -> Fault:
    """Read `name`, or `name@key=value,...` with at most one trigger among the keys.

    Raises:
        UsageError: the text has another form, or names something that does not exist.
    """
    name, _, tail = text.strip().partition("@")
    named("fault", name, FAULTS)
    pairs = [_pair(text, part) for part in tail.split(",")] if tail else []
    whens = {when.value: when for when in When if when is not When.ALWAYS}
    triggers = [(whens[key], value) for key, value in pairs if key in whens]
    options = tuple((key, value) for key, value in pairs if key not in whens)
    if len(triggers) > 1 or len({key for key, _ in pairs}) < len(pairs):
        message = f"in {text!r} give one trigger at most and every option once"
        raise UsageError(message)
    when, at = triggers[0] if triggers else (When.ALWAYS, 0.0)
    return Fault(name, when, at, options)


def _pair(text: str, part: str) -> tuple[str, float]:
    key, equals, value = (piece.strip() for piece in part.partition("="))
    try:
        number = int(value, 16) if key == _HEXADECIMAL else float(value)
    except ValueError:
        number = math.nan
    if not equals or math.isnan(number):
        message = f"{part!r} in the fault {text!r} is not of the form key=number"
        raise UsageError(message)
    return key, number
