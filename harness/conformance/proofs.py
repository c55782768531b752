"""What a case proves of the card after an abuse: nothing was opened, and the session is gone."""

from __future__ import annotations

from harness.apdu import INS, CommandApdu
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
_TRIED_COUNTERS = 4


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
    demand(answer.data[:1] == b"\x31", "the SET of EF.CardAccess", answer.data[:1].hex(), "9.2.11")


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


def demand_session_gone(subject: Subject, keys: SessionKeys, ssc: int) -> None:
    """No rightly protected command is answered any more, whatever the card has counted.

    `ssc` is the counter behind the last command that may have counted.

    Raises:
        Failure: the card answers one under the keys of the session.
    """
    for counter in range(ssc, ssc + _TRIED_COUNTERS):
        command = TerminalSession(keys, counter).protect(probe(subject.profile))
        answer = subject.transmit(command)
        got = "a protected answer" if answer.data else f"{answer.sw:04X}"
        refused = not answer.data and is_allowed(answer.sw, (Sws.ERROR,))
        demand(refused, "the session to be gone: an unprotected error", got, _SESSION_CLAUSE)
