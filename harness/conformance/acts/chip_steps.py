"""Chip authentication step by step, so that each step can be taken wrongly (9303-11, 6.2.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness import tlv
from harness.apdu import INS, MAX_EXTENDED_NE, MAX_SHORT_NC, MAX_SHORT_NE, CommandApdu, ResponseApdu
from harness.conformance.contents.content import well_formed
from harness.conformance.judgement import Failure
from harness.conformance.subject import Subject
from harness.crypto.chip_auth import (
    ChipAuthenticationOffer,
    agree,
    chip_authentication_offers,
)
from harness.crypto.domain import Domain
from harness.crypto.suite import TRIPLE_DES
from harness.profile import Content
from harness.security_info import encode_oid, parse_security_infos
from harness.terminal.channel import CardChannel

_CLAUSE = "ICAO 9303-11, 6.2"
PUBLIC_AT_ONCE, PUBLIC, REFERENCE, PROTOCOL = 0x91, 0x80, 0x84, 0x80
_SET_KAT, _SET_AT, _DYNAMIC = 0xA6, 0xA4, 0x7C


def offers(subject: Subject, channel: CardChannel) -> tuple[ChipAuthenticationOffer, ...]:
    """What DG14 offers.

    Raises:
        Failure: DG14 cannot be read as such an offer.
    """
    with well_formed("chip authentication in DG14", _CLAUSE):
        value = tlv.parse_one(subject.read(Content.DG14, channel)).value
        return chip_authentication_offers(parse_security_infos(value))


@dataclass(frozen=True, slots=True)
class Way:
    """How a chip is authenticated: `at_once` by MSE:Set KAT, else by MSE:Set AT and more.

    `agreement` is DH or ECDH, or empty where either will do.
    """

    at_once: bool
    agreement: str = ""

    def suits(self, offer: ChipAuthenticationOffer) -> bool:
        """Whether an offer is run this way; 3DES is the one that is agreed on at once."""
        is_at_once = offer.suite.cipher == TRIPLE_DES
        return is_at_once == self.at_once and self.agreement in ("", offer.suite.key_agreement)


@dataclass(frozen=True, slots=True)
class ChipAuthentication:
    """One way to authenticate the chip, in the channel it is run in."""

    subject: Subject
    channel: CardChannel
    offer: ChipAuthenticationOffer
    private: int

    @classmethod
    def begin(cls, subject: Subject, channel: CardChannel, way: Way) -> ChipAuthentication:
        """Take the first offer of DG14 that is run this way.

        Raises:
            Failure: DG14 offers none such, though the profile declares it.
        """
        for offer in offers(subject, channel):
            if way.suits(offer):
                private = offer.key.domain.random_scalar(subject.chance.randrange)
                return cls(subject, channel, offer, private)
        expected = "the chip authentication that the profile declares"
        raise Failure(expected, "none such in DG14", _CLAUSE)

    @property
    def domain(self) -> Domain[Any]:
        """The group of the chip's key."""
        return self.offer.key.domain

    @property
    def is_at_once(self) -> bool:
        """Whether one command does it all."""
        return self.offer.suite.cipher == TRIPLE_DES

    @property
    def public(self) -> bytes:
        """Our right public key."""
        return self.domain.encode(self.domain.multiply_generator(self.private))

    def agreed(self) -> CardChannel:
        """The channel under the keys that our right public key leads to."""
        key = self.offer.key.public
        return self.channel.secured(agree(self.domain, self.private, key, self.offer.suite.cipher))

    def reference(self, number: int | None = None) -> bytes:
        """The data object with the number of the key: the chip's own, or another."""
        chosen = self.offer.key_id if number is None else number
        if chosen is None:
            return b""
        return tlv.encode(REFERENCE, chosen.to_bytes(max(1, (chosen.bit_length() + 7) // 8), "big"))

    def set_at_once(
        self, public: bytes, reference: bytes, tag: int = PUBLIC_AT_ONCE
    ) -> CommandApdu:
        """MSE:Set KAT with a public key."""
        return self._set(_SET_KAT, tlv.encode(tag, public) + reference)

    def choose(self, reference: bytes) -> CommandApdu:
        """MSE:Set AT with the protocol."""
        protocol = tlv.encode(PROTOCOL, encode_oid(self.offer.suite.oid))
        return self._set(_SET_AT, protocol + reference)

    def _set(self, template: int, data: bytes) -> CommandApdu:
        return CommandApdu(0x00, INS.MANAGE_SECURITY_ENVIRONMENT, 0x41, template, data)

    def authenticate(self, public: bytes, tag: int = PUBLIC) -> CommandApdu:
        """GENERAL AUTHENTICATE with a public key."""
        data = tlv.encode(_DYNAMIC, tlv.encode(tag, public))
        ne = MAX_EXTENDED_NE if len(data) > MAX_SHORT_NC else MAX_SHORT_NE
        return CommandApdu(0x00, INS.GENERAL_AUTHENTICATE, 0x00, 0x00, data, ne)

    def run(
        self,
        public: bytes,
        through: CardChannel | None = None,
        *,
        tag: int | None = None,
        number: int | None = None,
    ) -> ResponseApdu:
        """Send a public key the way the protocol has it; the answer to the command that ends it.

        A refusal of MSE:Set AT is the answer as well.
        """
        channel, reference = through or self.channel, self.reference(number)
        if self.is_at_once:
            command = self.set_at_once(public, reference, tag or PUBLIC_AT_ONCE)
            return self.subject.transmit(command, channel)
        chosen = self.subject.transmit(self.choose(reference), channel)
        if not chosen.ok:
            return chosen
        return self.subject.transmit(self.authenticate(public, tag or PUBLIC), channel)
