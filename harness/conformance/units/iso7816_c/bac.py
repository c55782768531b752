"""BAC itself: challenges, cryptograms, and what must not open a passport."""

from __future__ import annotations

from harness.apdu import INS, CommandApdu, ResponseApdu
from harness.conformance.acts.elementary import COM
from harness.conformance.acts.reading import (
    CLOSED,
    SOME,
    demand_closed_to_short,
    demand_file,
)
from harness.conformance.case import case
from harness.conformance.judgement import Sws, demand, demand_sw
from harness.conformance.subject import Subject
from harness.crypto.bac import CRYPTOGRAM_SIZE, HALF_SIZE, NONCE_SIZE, Contribution, document_keys
from harness.mrz import Mrz

_CLAUSE, _SM_CLAUSE = "ICAO 9303-11, 4.3.4", "ICAO 9303-11, 9.8"
_NEEDS = ("BAC", "LDS", "COM")
_GET_CHALLENGE = CommandApdu(0x00, INS.GET_CHALLENGE, 0x00, 0x00, ne=NONCE_SIZE)
_REFUSED = ("6300 or a checking error", "no file opened")


def _begin(subject: Subject) -> None:
    subject.power_up()
    subject.require_closed()
    subject.enter_lds(subject.plain)


def _challenge(subject: Subject) -> bytes:
    answer = demand_sw(subject.transmit(_GET_CHALLENGE), _CLAUSE, 0x9000)
    size = len(answer.data)
    demand(size == NONCE_SIZE, f"a challenge of {NONCE_SIZE} bytes", f"{size} bytes", _CLAUSE)
    return answer.data


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


@case(
    "ISO7816_C_1",
    _CLAUSE,
    "9000 and 8 bytes",
    "9000 and 8 other bytes",
    needs=_NEEDS,
    preconditions=(CLOSED,),
)
def _two_challenges(subject: Subject) -> None:
    """GET CHALLENGE brings a new challenge each time.

    Eight bytes, and not the same ones twice.
    """
    _begin(subject)
    first, second = _challenge(subject), _challenge(subject)
    demand(first != second, "two challenges", "the same twice", _CLAUSE)


@case(
    "ISO7816_C_2",
    _CLAUSE,
    "9000",
    "9000 and 40 bytes",
    "a channel",
    needs=_NEEDS,
    preconditions=(CLOSED,),
)
def _authenticated(subject: Subject) -> None:
    """BAC with the keys of the document opens a channel.

    The card's cryptogram answers our nonce, and a protected read shows that both have the same
    keys.
    """
    channel = subject.bac()
    demand_file(subject.transmit(COM.by_short_identifier(SOME), channel), COM, _SM_CLAUSE)


@case("ISO7816_C_3", _CLAUSE, "9000", *_REFUSED, needs=_NEEDS, preconditions=(CLOSED,))
def _other_document(subject: Subject) -> None:
    """BAC with the keys of another document is refused.

    The card does not answer with a cryptogram, and its files stay closed.
    """
    _begin(subject)
    other = Mrz("X00000000", "700101", "301231")
    answer = _authenticate(subject, _cryptogram(subject, _challenge(subject), other))
    _demand_refused(subject, answer, "a cryptogram with the keys of another document")


@case("ISO7816_C_4", _CLAUSE, *_REFUSED, needs=_NEEDS, preconditions=(CLOSED,))
def _stale_challenge(subject: Subject) -> None:
    """BAC without a challenge, or with one that was replaced or used up, is refused.

    A cryptogram over zeros without GET CHALLENGE, one over the challenge before the last, and one
    that was recorded before the power went.
    """
    mrz = subject.mrz
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


@case("ISO7816_C_6", _CLAUSE, "9000", *_REFUSED, needs=_NEEDS, preconditions=(CLOSED,))
def _wrong_mac(subject: Subject) -> None:
    """BAC with a cryptogram whose MAC is wrong is refused.

    All else of it is right.
    """
    _begin(subject)
    cryptogram = _cryptogram(subject, _challenge(subject), subject.mrz)
    wrong = cryptogram[:-1] + bytes((cryptogram[-1] ^ 0x01,))
    _demand_refused(subject, _authenticate(subject, wrong), "a cryptogram with a wrong MAC")


CASES = (_two_challenges, _authenticated, _other_document, _stale_challenge, _wrong_mac)
