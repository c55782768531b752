"""Chip Authentication from the terminal (ICAO 9303-11, 6.2.4)."""

from __future__ import annotations

import secrets

from harness import tlv
from harness.apdu import INS, MAX_EXTENDED_NE, MAX_SHORT_NC, MAX_SHORT_NE, CommandApdu
from harness.crypto.chip_auth import ChipAuthenticationOffer, agree
from harness.crypto.domain import RandBelow
from harness.crypto.pace import KeyAgreementError
from harness.crypto.suite import TRIPLE_DES
from harness.errors import ProtocolViolation
from harness.security_info import encode_oid
from harness.terminal.channel import CardChannel
from harness.tlv import TlvError

_KEY_AGREEMENT, _AUTHENTICATION = 0xA6, 0xA4
_DYNAMIC = 0x7C
_CLAUSE = "ICAO 9303-11, 6.2.4"


class ChipAuthenticationTerminal:
    """One way to authenticate the chip, ready to be run.

    3DES is agreed on by MSE:Set KAT, which every chip with 3DES has, AES by MSE:Set AT and
    GENERAL AUTHENTICATE.
    """

    def __init__(
        self, offer: ChipAuthenticationOffer, randbelow: RandBelow = secrets.randbelow
    ) -> None:
        self._offer = offer
        self._randbelow = randbelow

    def establish(self, channel: CardChannel) -> CardChannel:
        """Agree on new keys, and return a channel under them.

        That the chip has them shows with the first answer through the new channel.

        Raises:
            ApduError: the card refuses the protocol or our key.
            ProtocolViolation: malformed data, or a key of the chip that must not be used.
        """
        domain, cipher = self._offer.key.domain, self._offer.suite.cipher
        private = domain.random_scalar(self._randbelow)
        public = domain.encode(domain.multiply_generator(private))
        try:
            keys = agree(domain, private, self._offer.key.public, cipher)
        except KeyAgreementError as error:
            raise ProtocolViolation(str(error), _CLAUSE) from error
        with channel.journal.phase("chip authentication"):
            if cipher == TRIPLE_DES:
                self._set(channel, _KEY_AGREEMENT, tlv.encode(0x91, public))
            else:
                oid = encode_oid(self._offer.suite.oid)
                self._set(channel, _AUTHENTICATION, tlv.encode(0x80, oid))
                _authenticate(channel, public)
        return channel.secured(keys)

    def _set(self, channel: CardChannel, template: int, data: bytes) -> None:
        key_id = self._offer.key_id
        if key_id is not None:
            size = max(1, (key_id.bit_length() + 7) // 8)
            data += tlv.encode(0x84, key_id.to_bytes(size, "big"))
        channel.send(CommandApdu(0x00, INS.MANAGE_SECURITY_ENVIRONMENT, 0x41, template, data))


def _authenticate(channel: CardChannel, public: bytes) -> None:
    dynamic = tlv.encode(_DYNAMIC, tlv.encode(0x80, public))
    # Extended length is allowed here where the key needs it (ICAO 9303-11, 9.3.1.2).
    ne = MAX_EXTENDED_NE if len(dynamic) > MAX_SHORT_NC else MAX_SHORT_NE
    answer = channel.send(CommandApdu(0x00, INS.GENERAL_AUTHENTICATE, 0, 0, dynamic, ne))
    try:
        tag = tlv.parse_one(answer).tag
    except TlvError as error:
        message = f"malformed dynamic authentication data: {error}"
        raise ProtocolViolation(message, _CLAUSE) from error
    if tag != _DYNAMIC:
        message = f"expected dynamic authentication data (7C), got {tag:X}"
        raise ProtocolViolation(message, _CLAUSE)
