"""What a case proves of the card after an abuse: nothing was opened, and the session is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.apdu import INS, CommandApdu
from harness.conformance.acts.forged import Protected
from harness.conformance.judgement import Sws, demand, demand_sw, is_allowed
from harness.conformance.subject import Subject
from harness.crypto.kdf import SessionKeys
from harness.errors import ApduError
from harness.profile import Content, Profile
from harness.secure_messaging import TerminalSession
from harness.terminal.channel import CardChannel
from harness.terminal.files import Files

_SESSION_CLAUSE = "ICAO 9303-11, 9.8"
_CLOSED_CLAUSE = "ICAO 9303-11, 4.4"


def probe(profile: Profile) -> CommandApdu:
    """A harmless command with data that every card of this profile carries out in its channel."""
    for directory in profile.directories.values():
        if directory.aid:
            return CommandApdu(0x00, INS.SELECT, 0x04, 0x0C, directory.aid)
    fid = profile.file_with(Content.CARD_ACCESS).fid
    return CommandApdu(0x00, INS.SELECT, 0x02, 0x0C, fid)


def _read_access(profile: Profile, ne: int = 1) -> CommandApdu:
    sfi = profile.file_with(Content.CARD_ACCESS).sfi or 0x1C  # ICAO 9303-10, 3.11.3
    return CommandApdu(0x00, INS.READ_BINARY, 0x80 | sfi, 0x00, ne=ne)


def demand_channel(subject: Subject, channel: CardChannel) -> None:
    """A protected read shows that both sides have the same keys.

    Raises:
        Failure: EF.CardAccess is not read through the channel.
    """
    answer = subject.transmit(_read_access(subject.profile, 8), channel)
    demand_sw(answer, _SESSION_CLAUSE, 0x9000)
    demand(
        answer.data[:1] == b"\x31",
        "the SET of EF.CardAccess",
        answer.data[:1].hex(),
        "ICAO 9303-11, 9.2.11",
    )


def demand_closed(subject: Subject) -> None:
    """What is behind the channel is not read in the clear; nothing to prove where all is open.

    Raises:
        Failure: a file that is not open is read without a channel.
    """
    profile, session = subject.profile, subject.session
    closed = next((file for file in profile.files.values() if not file.open), None)
    if closed is None or not profile.needs_channel(session.interface):
        return
    try:
        data = Files(subject.plain, profile, profile.plans["eidrig"]).beginning(closed, 1)
    except ApduError:
        return
    got = f"{len(data)} bytes of {closed.fid.hex().upper()}"
    demand(not data, "no access without a channel", got, _CLOSED_CLAUSE)


@dataclass(frozen=True, slots=True)
class Opened:
    """A channel over which one command has gone; `counted` is where the card's counter stands."""

    subject: Subject
    keys: SessionKeys
    counted: int

    @classmethod
    def by_pace(cls, subject: Subject) -> Opened:
        """Open a channel and show that it carries.

        Raises:
            Failure: the card refuses a protected command.
        """
        established = subject.pace()
        answer = subject.transmit(probe(subject.profile), established.channel)
        demand_sw(answer, _SESSION_CLAUSE, 0x9000, to="a protected command")
        return cls(subject, established.keys, 2)

    def protected(self, command: CommandApdu | None = None) -> Protected:
        """The next command, a harmless one by default, as it is rightly protected."""
        command = probe(self.subject.profile) if command is None else command
        return Protected.of(self.keys, self.counted + 1, command)


def demand_session_ends(subject: Subject, abuse: Callable[[Opened], None], when: str) -> None:
    """An abuse ends the session: no rightly protected command is answered behind it.

    A card may have counted the abuse, its own answer, or neither; each is tried in a session of
    its own.

    Raises:
        Failure: `abuse` raises it, or the card goes on with the session.
    """
    for ahead in (0, 1, 2):
        opened = Opened.by_pace(subject)
        abuse(opened)
        demand_gone(subject, opened.keys, opened.counted + ahead, when)


def demand_gone(subject: Subject, keys: SessionKeys, ssc: int, when: str) -> None:
    """A rightly protected command is not answered under these keys.

    `ssc` is the send sequence counter before it.

    Raises:
        Failure: the card answers it.
    """
    command = TerminalSession(keys, ssc).protect(probe(subject.profile))
    answer = subject.transmit(command)
    got = "a protected answer" if answer.data else f"{answer.sw:04X}"
    refused = not answer.data and is_allowed(answer.sw, (Sws.ERROR,))
    demand(refused, f"no session {when}", got, _SESSION_CLAUSE)
