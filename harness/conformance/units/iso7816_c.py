"""Unit ISO7816_C: BAC, and secure messaging under its keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness import tlv
from harness.apdu import INS, CommandApdu, ResponseApdu
from harness.conformance.case import Unit, case
from harness.conformance.elementary import COM, odd_read, read
from harness.conformance.judgement import Blocked, Sws, demand, demand_sw
from harness.conformance.reading import (
    SOME,
    demand_closed_to_short,
    demand_file,
    demand_odd,
    demand_session_gone,
)
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3
from harness.crypto.bac import CRYPTOGRAM_SIZE, HALF_SIZE, NONCE_SIZE, Contribution, document_keys
from harness.mrz import Mrz
from harness.terminal.channel import CardChannel

_CLAUSE, _SM_CLAUSE = "ICAO 9303-11, 4.3.4", "ICAO 9303-11, 9.8"
_NEEDS = ("BAC", "LDS", "COM")
_MAC = 0x8E
_GET_CHALLENGE = CommandApdu(0x00, INS.GET_CHALLENGE, 0x00, 0x00, ne=NONCE_SIZE)
_REFUSED = ("6300 or a checking error", "no file opened")

Change = Callable[[CommandApdu], CommandApdu]


def _begin(subject: Subject) -> None:
    subject.power_up()
    subject.require_closed()
    subject.enter_lds(subject.plain)


def _challenge(subject: Subject) -> bytes:
    answer = demand_sw(subject.transmit(_GET_CHALLENGE), _CLAUSE, 0x9000)
    size = len(answer.data)
    demand(size == NONCE_SIZE, f"a challenge of {NONCE_SIZE} bytes", f"{size} bytes", _CLAUSE)
    return answer.data


def _mrz(subject: Subject) -> Mrz:
    mrz = subject.secret("MRZ")
    if not isinstance(mrz, Mrz):
        message = "BAC takes a machine readable zone"
        raise Blocked(message)
    return mrz


def _cryptogram(subject: Subject, challenge: bytes, mrz: Mrz) -> bytes:
    random = subject.chance.randbytes
    own = Contribution(random(NONCE_SIZE), challenge, random(HALF_SIZE))
    return own.seal(document_keys(mrz))


def _authenticate(subject: Subject, cryptogram: bytes) -> ResponseApdu:
    command = CommandApdu(0x00, INS.EXTERNAL_AUTHENTICATE, 0x00, 0x00, cryptogram, CRYPTOGRAM_SIZE)
    return subject.transmit(command)


def _demand_refused(subject: Subject, answer: ResponseApdu, why: str) -> None:
    """The card neither authenticates itself nor opens anything."""
    demand(not answer.data, f"{why} refused", f"{len(answer.data)} bytes of data", _CLAUSE)
    demand_sw(answer, f"{_CLAUSE}: {why}", 0x6300, Sws.CHECKING_ERROR)
    demand_closed_to_short(subject, COM, _CLAUSE)


@case("ISO7816_C_1", _CLAUSE, "9000 and 8 bytes", "9000 and 8 other bytes", needs=_NEEDS)
def _two_challenges(subject: Subject) -> None:
    """GET CHALLENGE brings a new challenge each time.

    Eight bytes, and not the same ones twice.
    """
    _begin(subject)
    first, second = _challenge(subject), _challenge(subject)
    demand(first != second, "two challenges", "the same twice", _CLAUSE)


@case("ISO7816_C_2", _CLAUSE, "9000", "9000 and 40 bytes", "a channel", needs=_NEEDS)
def _authenticated(subject: Subject) -> None:
    """BAC with the keys of the document opens a channel.

    The card's cryptogram answers our nonce, and a protected read shows that both have the same
    keys.
    """
    channel = subject.bac()
    demand_file(subject.transmit(COM.by_short_identifier(SOME), channel), COM, _SM_CLAUSE)


@case("ISO7816_C_3", _CLAUSE, "9000", *_REFUSED, needs=_NEEDS)
def _other_document(subject: Subject) -> None:
    """BAC with the keys of another document is refused.

    The card does not answer with a cryptogram, and its files stay closed.
    """
    _begin(subject)
    other = Mrz("X00000000", "700101", "301231")
    answer = _authenticate(subject, _cryptogram(subject, _challenge(subject), other))
    _demand_refused(subject, answer, "a cryptogram with the keys of another document")


@case("ISO7816_C_4", _CLAUSE, *_REFUSED, needs=_NEEDS)
def _stale_challenge(subject: Subject) -> None:
    """BAC without a challenge, or with one that was replaced or used up, is refused.

    A cryptogram over zeros without GET CHALLENGE, one over the challenge before the last, and one
    that was recorded before the power went.
    """
    mrz = _mrz(subject)
    _begin(subject)
    zeros = _authenticate(subject, _cryptogram(subject, bytes(NONCE_SIZE), mrz))
    _demand_refused(subject, zeros, "a cryptogram without a challenge")
    first, _ = _challenge(subject), _challenge(subject)
    recorded = _cryptogram(subject, first, mrz)
    _demand_refused(subject, _authenticate(subject, recorded), "a cryptogram over an old challenge")
    _begin(subject)
    recorded = _cryptogram(subject, _challenge(subject), mrz)
    demand_sw(_authenticate(subject, recorded), _CLAUSE, 0x9000)
    _begin(subject)
    _challenge(subject)
    _demand_refused(subject, _authenticate(subject, recorded), "a recorded cryptogram")


@case("ISO7816_C_6", _CLAUSE, "9000", *_REFUSED, needs=_NEEDS)
def _wrong_mac(subject: Subject) -> None:
    """BAC with a cryptogram whose MAC is wrong is refused.

    All else of it is right.
    """
    _begin(subject)
    cryptogram = _cryptogram(subject, _challenge(subject), _mrz(subject))
    wrong = cryptogram[:-1] + bytes((cryptogram[-1] ^ 0x01,))
    _demand_refused(subject, _authenticate(subject, wrong), "a cryptogram with a wrong MAC")


@case("ISO7816_C_8", _SM_CLAUSE, "9000 in DO87, DO99, DO8E", needs=_NEEDS)
def _read_short(subject: Subject) -> None:
    """READ BINARY by short identifier is answered protected.

    Data, status and MAC stand in their objects, in their order, and the MAC is right.
    """
    channel = subject.bac()
    demand_file(channel.transmit(COM.by_short_identifier(SOME)), COM, _SM_CLAUSE)


@case("ISO7816_C_9", _SM_CLAUSE, "9000 in DO85, DO99, DO8E", needs=(*_NEEDS, "ODD-READ"))
def _read_short_odd(subject: Subject) -> None:
    """READ BINARY with the odd instruction by short identifier is answered protected.

    The data stands in DO85 both ways, as the instruction is odd.
    """
    channel = subject.bac()
    demand_odd(channel.transmit(COM.odd_by_short_identifier(SOME)), COM)


@case("ISO7816_C_10", _SM_CLAUSE, "9000", "9000 in DO87, DO99, DO8E", needs=_NEEDS)
def _select_read(subject: Subject) -> None:
    """SELECT and READ BINARY are answered protected.

    SELECT is answered with status and MAC alone.
    """
    channel = subject.bac()
    demand_sw(channel.transmit(COM.select), _SM_CLAUSE, 0x9000)
    demand_file(channel.transmit(read(SOME)), COM, _SM_CLAUSE)


@case("ISO7816_C_11", _SM_CLAUSE, "9000", "9000 in DO85", needs=(*_NEEDS, "ODD-READ"))
def _select_read_odd(subject: Subject) -> None:
    """SELECT and READ BINARY with the odd instruction are answered protected.

    The data stands in DO85 both ways, as the instruction is odd.
    """
    channel = subject.bac()
    demand_sw(channel.transmit(COM.select), _SM_CLAUSE, 0x9000)
    demand_odd(channel.transmit(odd_read(0x00, SOME)), COM)


def _without_mac(command: CommandApdu) -> CommandApdu:
    objects = tlv.parse_all(command.data)
    left = b"".join(each.encode() for each in objects if each.tag != _MAC)
    return replace(command, data=left)


def _with_wrong_mac(command: CommandApdu) -> CommandApdu:
    return replace(command, data=command.data[:-1] + bytes((command.data[-1] ^ 0x01,)))


def _demand_rejected(
    subject: Subject, channel: CardChannel, command: CommandApdu, change: Change, what: str
) -> None:
    """A command that was tampered with is refused in the clear, and the session is gone."""
    answer = subject.transmit_altered(command, channel, change)
    demand(not answer.data, f"{what} refused in the clear", "a protected answer", _SM_CLAUSE)
    demand_sw(answer, f"{_SM_CLAUSE}: {what}", 0x6987, 0x6988, 0x6982)
    demand_session_gone(subject, channel)
    demand_closed_to_short(subject, COM, _SM_CLAUSE)


_TAMPERED = ("6987, 6988 or 6982 in the clear", "an error in the clear", "6982")


@case("ISO7816_C_12", _SM_CLAUSE, *_TAMPERED, needs=_NEEDS)
def _select_without_mac(subject: Subject) -> None:
    """SELECT without a MAC ends the session.

    The refusal is not protected, and a right command afterwards finds no session.
    """
    channel = subject.bac()
    _demand_rejected(subject, channel, COM.select, _without_mac, "SELECT without a MAC")


@case("ISO7816_C_13", _SM_CLAUSE, *_TAMPERED, needs=_NEEDS)
def _select_with_wrong_mac(subject: Subject) -> None:
    """SELECT with a wrong MAC ends the session.

    The refusal is not protected, and a right command afterwards finds no session.
    """
    channel = subject.bac()
    _demand_rejected(subject, channel, COM.select, _with_wrong_mac, "SELECT with a wrong MAC")


@case("ISO7816_C_14", _SM_CLAUSE, *_TAMPERED, needs=_NEEDS)
def _select_with_wrong_counter(subject: Subject) -> None:
    """SELECT with a send sequence counter that is ahead ends the session.

    The MAC is right for a counter that the card has not reached.
    """
    channel = subject.bac()
    channel.protected(COM.select)
    what = "SELECT with a wrong counter"
    _demand_rejected(subject, channel, COM.select, lambda command: command, what)


@case("ISO7816_C_16", _SM_CLAUSE, "9000 or an error", "an error in the clear", needs=_NEEDS)
def _plain_select(subject: Subject) -> None:
    """SELECT in the clear ends the session.

    The file may be found, as before BAC, but it is closed again, as the session is gone.
    """
    channel = subject.bac()
    # A chip that lets files be selected before BAC may let this one be, too.
    demand_sw(subject.transmit(COM.select), _SM_CLAUSE, 0x9000, 0x6982, 0x6987, 0x6988)
    demand_session_gone(subject, channel)
    demand_closed_to_short(subject, COM, _SM_CLAUSE)


@case("ISO7816_C_17", _SM_CLAUSE, *_TAMPERED, needs=_NEEDS)
def _read_without_mac(subject: Subject) -> None:
    """READ BINARY without a MAC ends the session.

    No byte is read, and a right command afterwards finds no session.
    """
    channel, command = subject.bac(), COM.by_short_identifier(SOME)
    _demand_rejected(subject, channel, command, _without_mac, "READ BINARY without a MAC")


@case("ISO7816_C_18", _SM_CLAUSE, *_TAMPERED, needs=_NEEDS)
def _read_with_wrong_mac(subject: Subject) -> None:
    """READ BINARY with a wrong MAC ends the session.

    No byte is read, and a right command afterwards finds no session.
    """
    channel, command = subject.bac(), COM.by_short_identifier(SOME)
    _demand_rejected(subject, channel, command, _with_wrong_mac, "READ BINARY with a wrong MAC")


UNIT = Unit(
    "ISO7816_C",
    "BAC, and secure messaging after it",
    ICAO_3,
    (
        _two_challenges,
        _authenticated,
        _other_document,
        _stale_challenge,
        _wrong_mac,
        _read_short,
        _read_short_odd,
        _select_read,
        _select_read_odd,
        _select_without_mac,
        _select_with_wrong_mac,
        _select_with_wrong_counter,
        _plain_select,
        _read_without_mac,
        _read_with_wrong_mac,
    ),
)
