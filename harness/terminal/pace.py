"""PACE from the terminal: MSE:Set AT and four GENERAL AUTHENTICATE (ICAO 9303-11, 4.4.4)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from types import MappingProxyType

from harness import tlv
from harness.apdu import CLA_CHAINING, INS, CommandApdu, describe_sw
from harness.crypto.curve import STANDARDIZED, EcDomain, RandBelow
from harness.crypto.kdf import password_key
from harness.crypto.pace import GenericMapping, KeyAgreementError, decrypt_nonce
from harness.crypto.suite import PaceSuite
from harness.errors import ApduError, ProtocolViolation, UsageError, WrongPinError
from harness.mrz import Mrz
from harness.secret import Can, Pin, Puk, Secret
from harness.security_info import PaceInfo, encode_oid
from harness.terminal.channel import CardChannel, is_authentication_failure
from harness.tlv import TlvError

REFERENCES: Mapping[type[Secret], int] = MappingProxyType({Mrz: 1, Can: 2, Pin: 3, Puk: 4})
"""How MSE:Set AT names each password (ICAO 9303-11, 4.4.4.1; BSI TR-03110-3, B.14.2)."""

_DYNAMIC = 0x7C


class PaceTerminal:
    """One protocol that the card offers, ready to be run with a password.

    `set_at_ne` is the Ne of MSE:Set AT: 0 as the standard has it, 256 for cards used to that.

    Raises:
        UsageError: a suite or domain parameters this package does not speak.
    """

    def __init__(
        self, info: PaceInfo, set_at_ne: int = 0, randbelow: RandBelow = secrets.randbelow
    ) -> None:
        self._suite = PaceSuite.of(info.oid)
        self._parameter_id, self._domain = _domain(info.parameter_id)
        self._set_at_ne = set_at_ne
        self._randbelow = randbelow

    def establish(self, channel: CardChannel, password: Secret) -> CardChannel:
        """Open a protected channel over the card that `channel` speaks to.

        Raises:
            WrongPinError: the card refused the terminal's token: the password is wrong.
            ApduError: the card refused an earlier step.
            ProtocolViolation: a malformed answer, an unusable point, or a wrong token of the card.
        """
        phase = channel.journal.phase
        with phase("MSE:Set AT"):
            self._set_authentication_template(channel, password)
        try:
            with phase("get nonce"):
                encrypted = _authenticate(channel, None, 0x80)
                nonce = decrypt_nonce(encrypted, password_key(password, self._suite.cipher))
            with phase("map nonce"):
                mapping = GenericMapping(self._suite, self._domain, self._randbelow)
                agreement = mapping.agree(
                    nonce, _authenticate(channel, tlv.encode(0x81, mapping.public), 0x82)
                )
            with phase("key agreement"):
                own = tlv.encode(0x83, agreement.public)
                confirmation = agreement.confirm(_authenticate(channel, own, 0x84))
        except KeyAgreementError as error:
            raise ProtocolViolation(str(error), "ICAO 9303-11, 4.4.1") from error
        with phase("mutual authentication"):
            token = _exchange_tokens(channel, confirmation.own_token, password)
            if not hmac.compare_digest(token, confirmation.peer_token):
                message = "the card's authentication token is wrong: it does not hold the same keys"
                raise ProtocolViolation(message, "ICAO 9303-11, 4.4.1 step 4")
        return channel.secured(confirmation.keys)

    def _set_authentication_template(self, channel: CardChannel, password: Secret) -> None:
        data = (
            tlv.encode(0x80, encode_oid(self._suite.oid))
            + tlv.encode(0x83, bytes((_reference(password),)))
            + tlv.encode(0x84, bytes((self._parameter_id,)))
        )
        ins = INS.MANAGE_SECURITY_ENVIRONMENT
        command = CommandApdu(0x00, ins, 0xC1, 0xA4, data, self._set_at_ne)
        answer = channel.transmit(command)
        # A code that has lost tries is chosen with a warning (BSI TR-03110-3, B.11.1).
        if not answer.ok and not answer.tries_left:
            raise ApduError(answer.sw, command.name, describe_sw(answer.sw))


def _domain(parameter_id: int | None) -> tuple[int, EcDomain]:
    if parameter_id is None or parameter_id not in STANDARDIZED:
        known = ", ".join(str(each) for each in STANDARDIZED)
        message = f"PACE domain parameters {parameter_id} are not supported; supported are {known}"
        raise UsageError(message)
    return parameter_id, STANDARDIZED[parameter_id]


def _reference(password: Secret) -> int:
    try:
        return REFERENCES[type(password)]
    except KeyError:
        known = ", ".join(each.label for each in REFERENCES)
        message = f"PACE takes one of {known} as its password"
        raise UsageError(message) from None


def _authenticate(channel: CardChannel, sent: bytes | None, expected: int) -> bytes:
    """One GENERAL AUTHENTICATE within the chain; the value of the data object expected back."""
    return _dynamic_data(channel.send(_command(CLA_CHAINING, sent or b"")), expected)


def _command(cla: int, data: bytes) -> CommandApdu:
    dynamic = tlv.encode(_DYNAMIC, data)
    return CommandApdu(cla, INS.GENERAL_AUTHENTICATE, 0x00, 0x00, dynamic, 256)


def _exchange_tokens(channel: CardChannel, token: bytes, password: Secret) -> bytes:
    try:
        answer = channel.send(_command(0x00, tlv.encode(0x85, token)))
    except ApduError as error:
        if not is_authentication_failure(error.sw):
            raise
        tries = error.sw & 0x0F if error.sw & 0xF0 == 0xC0 else None
        message = f"the card refused the {password.label}: it is wrong"
        raise WrongPinError(message, password.label, tries) from None
    return _dynamic_data(answer, 0x86)


def _dynamic_data(raw: bytes, expected: int) -> bytes:
    """The value of the one object that dynamic authentication data must hold."""
    try:
        outer = tlv.parse_one(raw)
        inner = outer.children() if outer.tag == _DYNAMIC else ()
    except TlvError as error:
        message = f"malformed dynamic authentication data: {error}"
        raise ProtocolViolation(message, "ICAO 9303-11, 4.4.4.2") from error
    if len(inner) != 1 or inner[0].tag != expected:
        message = f"expected 7C with one object {expected:02X}"
        raise ProtocolViolation(message, "ICAO 9303-11, 4.4.4.2")
    return inner[0].value
