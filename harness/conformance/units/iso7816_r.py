"""Unit ISO7816_R: active authentication."""

from __future__ import annotations

from harness import tlv
from harness.apdu import INS, MAX_EXTENDED_NE, MAX_SHORT_NE, CommandApdu
from harness.conformance.acts.reading import OPENED
from harness.conformance.case import Unit, case
from harness.conformance.contents.content import well_formed
from harness.conformance.judgement import Failure, Sws, demand, demand_sw
from harness.conformance.subject import Subject
from harness.conformance.units.iso7816_d import entered
from harness.conformance.units.sources import ICAO_3
from harness.crypto.active_auth import (
    CHALLENGE_SIZE,
    ActiveAuthenticationInfo,
    active_authentication_info,
    verify,
)
from harness.crypto.public_key import PublicKey, load_public_key
from harness.errors import CheckError
from harness.profile import Content
from harness.security_info import parse_security_infos
from harness.terminal.channel import CardChannel

_CLAUSE = "ICAO 9303-11, 6.1"
_NEEDS = ("LDS", "AA", "DG15")


def _key(subject: Subject, channel: CardChannel) -> PublicKey:
    with well_formed("a public key in DG15", _CLAUSE):
        return load_public_key(tlv.parse_one(subject.read(Content.DG15, channel)).value)


def _info(subject: Subject, channel: CardChannel) -> ActiveAuthenticationInfo | None:
    if not any(file.content is Content.DG14 for file in subject.profile.files.values()):
        return None
    with well_formed("SecurityInfos in DG14", _CLAUSE):
        value = tlv.parse_one(subject.read(Content.DG14, channel)).value
        return active_authentication_info(parse_security_infos(value))


def _sign(subject: Subject, channel: CardChannel, challenge: bytes) -> bytes:
    ne = MAX_EXTENDED_NE if subject.profile.transmission.extended_length else MAX_SHORT_NE
    return channel.send(CommandApdu(0x00, INS.INTERNAL_AUTHENTICATE, 0, 0, challenge, ne))


def _demand_signed(subject: Subject, channel: CardChannel) -> None:
    """Two challenges are each signed by the key of DG15, with the declared hash."""
    key, info = _key(subject, channel), _info(subject, channel)
    active = subject.profile.active_authentication
    assert active is not None  # noqa: S101 - the case needs AA
    subject.enter_lds(channel)
    for _ in range(2):
        challenge = subject.chance.randbytes(CHALLENGE_SIZE)
        signature = _sign(subject, channel, challenge)
        try:
            name = verify(key, challenge, signature, info)
        except CheckError as error:
            raise Failure("a signature over our challenge", str(error), _CLAUSE) from None
        demand(name == active.hash, f"a signature with {active.hash}", name, _CLAUSE)


def _demand_refused(subject: Subject, challenge: bytes) -> None:
    channel = entered(subject)
    command = CommandApdu(0x00, INS.INTERNAL_AUTHENTICATE, 0, 0, challenge, MAX_SHORT_NE)
    answer = channel.transmit(command)
    expected = f"a challenge of {len(challenge)} bytes refused"
    demand(not answer.data, expected, f"{len(answer.data)} bytes of signature", _CLAUSE)
    demand_sw(answer, f"{_CLAUSE}: {expected}", Sws.CHECKING_ERROR)


@case(
    "ISO7816_R_2",
    _CLAUSE,
    "9000 and a signature over the challenge",
    needs=(*_NEEDS, "BAC"),
    preconditions=(OPENED,),
)
def _after_bac(subject: Subject) -> None:
    """INTERNAL AUTHENTICATE after BAC is answered with a signature.

    It verifies over the challenge with the key of DG15, twice over different challenges.
    """
    _demand_signed(subject, subject.bac())


@case("ISO7816_R_3", _CLAUSE, "a checking error and no data", needs=_NEEDS, preconditions=(OPENED,))
def _too_short(subject: Subject) -> None:
    """A challenge of four bytes is refused.

    The chip signs eight bytes of the terminal and nothing else.
    """
    _demand_refused(subject, bytes.fromhex("11223344"))


@case("ISO7816_R_4", _CLAUSE, "a checking error and no data", needs=_NEEDS, preconditions=(OPENED,))
def _too_long(subject: Subject) -> None:
    """A challenge of nine bytes is refused.

    The chip signs eight bytes of the terminal and nothing else.
    """
    _demand_refused(subject, bytes.fromhex("112233445566778899"))


@case(
    "ISO7816_R_5",
    "ISO/IEC 9796-2, 8",
    "a signature of RSA",
    needs=(*_NEEDS, "AA-RSA"),
    preconditions=(OPENED,),
)
def _rsa(subject: Subject) -> None:
    """The RSA signature recovers the chip's part and the hash over our challenge.

    Scheme 1 of ISO/IEC 9796-2: header, trailer and hash are as the trailer says.
    """
    _demand_signed(subject, subject.access())


@case(
    "ISO7816_R_6",
    "BSI TR-03111, 4.2.1",
    "a signature of ECDSA",
    needs=(*_NEEDS, "AA-ECDSA"),
    preconditions=(OPENED,),
)
def _ecdsa(subject: Subject) -> None:
    """The ECDSA signature is r and s, as long as the order, and verifies over our challenge.

    The hash is the one that DG14 names.
    """
    _demand_signed(subject, subject.access())


@case(
    "ISO7816_R_7",
    _CLAUSE,
    "9000 and a signature over the challenge",
    needs=(*_NEEDS, "PACE"),
    preconditions=(OPENED,),
)
def _after_pace(subject: Subject) -> None:
    """INTERNAL AUTHENTICATE after PACE is answered with a signature.

    It verifies over the challenge with the key of DG15, twice over different challenges.
    """
    _demand_signed(subject, subject.pace().channel)


UNIT = Unit(
    "ISO7816_R",
    "Active authentication",
    ICAO_3,
    (_after_bac, _too_short, _too_long, _rsa, _ecdsa, _after_pace),
)
