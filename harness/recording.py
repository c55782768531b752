"""A recorded run that can be played back as a card.

A recording holds the plain commands inside the channel with their answers, never the channel
itself: whoever plays it back opens a fresh channel with fresh keys. So no key, no CAN and no PIN is
needed in the file, and none is there; the holder's data is, because that is what a replay is for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from harness.apdu import INS, CommandApdu, ResponseApdu
from harness.errors import UsageError
from harness.trace import Exchange, Level, hide_codes

FORMAT = "eidrig-recording"
VERSION = 1
_INFO_SIZE = 19  # what a DigestInfo has before its SHA-2 digest
_INFOS = tuple(_INFO_SIZE + size for size in (32, 48, 64))


@dataclass(frozen=True, slots=True)
class Recorded:
    """One plain exchange in hexadecimal; the bytes of codes stand as `**`."""

    command: str
    response: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Recording:
    """A run against a card: which profile, what it answered to power-up, and every exchange."""

    profile: str
    atr: bytes
    exchanges: tuple[Recorded, ...]

    def to_json(self) -> str:
        """The file's text."""
        document = {
            "format": FORMAT,
            "version": VERSION,
            "profile": self.profile,
            "atr": self.atr.hex().upper(),
            "exchanges": [
                {"command": e.command, "response": e.response, "seconds": e.seconds}
                for e in self.exchanges
            ],
        }
        return json.dumps(document, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> Recording:
        """Read a recording; `where` names it in errors.

        Raises:
            UsageError: this is not a recording, or one of another version.
        """
        try:
            document = json.loads(text)
            if (document["format"], document["version"]) != (FORMAT, VERSION):
                message = f"{where} is not a recording of version {VERSION}"
                raise UsageError(message)
            exchanges = tuple(Recorded(**each) for each in document["exchanges"])
            for each in exchanges:
                CommandApdu.decode(bytes.fromhex(each.command.replace("**", "00")))
                ResponseApdu.decode(bytes.fromhex(each.response))
            return cls(str(document["profile"]), bytes.fromhex(document["atr"]), exchanges)
        except KeyError as error:
            message = f"{where} is not a recording that eidrig made: it has no {error.args[0]}"
        except (ValueError, TypeError, AttributeError):
            message = f"{where} is not a recording that eidrig made; make one with --record"
        raise UsageError(message) from None

    @property
    def challenges(self) -> tuple[bytes, ...]:
        """What the card was asked to sign for a login, in order: a replay must ask the same."""
        logins = self._digests(f"00{INS.INTERNAL_AUTHENTICATE:02X}0000", "002A90A0")
        # Where both are signed by one command, the login comes first.
        return logins or self._digests("002A9E9A")[:1]

    def _digests(self, *beginnings: str) -> tuple[bytes, ...]:
        asked = (each for each in self.exchanges if each.command.startswith(beginnings))
        return tuple(_digest_in(bytes.fromhex(each.command)) for each in asked)


def _digest_in(command: bytes) -> bytes:
    """The digest to be signed: alone, in data object 90, or in a DigestInfo (RFC 8017, 9.2)."""
    decoded = CommandApdu.decode(command)
    if (decoded.p1, decoded.p2) == (0x90, 0xA0):
        return decoded.data[2:]
    return decoded.data[_INFO_SIZE:] if len(decoded.data) in _INFOS else decoded.data


class Recorder:
    """An observer that keeps the plain exchanges for a recording."""

    def __init__(self) -> None:
        self._exchanges: list[Recorded] = []

    def note(self, exchange: Exchange) -> None:
        """Keep a plain exchange that was answered; codes are hidden at once."""
        if exchange.level is Level.PLAIN and exchange.response and not _is_private(exchange):
            command, response = hide_codes(exchange.command), exchange.response.hex().upper()
            self._exchanges.append(Recorded(command, response, round(exchange.seconds, 6)))

    def recording(self, profile: str, atr: bytes) -> Recording:
        """All that was noted so far."""
        return Recording(profile, atr, tuple(self._exchanges))


def _is_private(exchange: Exchange) -> bool:
    """Key agreement and shared secrets belong to one session and stay out of the file."""
    command = exchange.command[1:4]
    return command[0] == INS.GENERAL_AUTHENTICATE or command in (
        bytes((INS.MANAGE_SECURITY_ENVIRONMENT, 0xC1, 0xA4)),
        bytes((INS.PERFORM_SECURITY_OPERATION, 0x80, 0x86)),
    )
