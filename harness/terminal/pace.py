"""PACE from the terminal: MSE:Set AT and four GENERAL AUTHENTICATE (ICAO 9303-11, 4.4.4)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from harness import tlv
from harness.apdu import (
    CLA_CHAINING,
    INS,
    MAX_EXTENDED_NE,
    MAX_SHORT_NC,
    MAX_SHORT_NE,
    CommandApdu,
    describe_sw,
)
from harness.crypto import pace
from harness.crypto.chat import TAG as CHAT
from harness.crypto.chat import Chat
from harness.crypto.chip_mapping import ChipEvidence, decrypt_chip_data
from harness.crypto.domain import Domain, RandBelow
from harness.crypto.integrated import IntegratedMapping
from harness.crypto.kdf import SessionKeys, password_key
from harness.crypto.pace import GenericMapping, KeyAgreementError, decrypt_nonce
from harness.crypto.standardized import DOMAINS
from harness.crypto.suite import PaceSuite
from harness.errors import (
    ApduError,
    BlockedPinError,
    ProtocolViolation,
    UsageError,
    WrongPinError,
)
from harness.mrz import Mrz
from harness.profile import Pace
from harness.secret import Can, Pin, Puk, Secret
from harness.security_info import PaceInfo, describe_oid, encode_oid
from harness.terminal.channel import CardChannel, is_authentication_failure
from harness.tlv import Tlv, TlvError

REFERENCES: Mapping[type[Secret], int] = MappingProxyType({Mrz: 1, Can: 2, Pin: 3, Puk: 4})
"""How MSE:Set AT names each password (ICAO 9303-11, 4.4.4.1; BSI TR-03110-3, B.14.1)."""

_MAPPINGS: Mapping[str, Callable[[PaceSuite, Domain[Any], RandBelow], pace.Mapping]] = (
    MappingProxyType({"GM": GenericMapping, "IM": IntegratedMapping, "CAM": GenericMapping})
)
_DYNAMIC = 0x7C
_DATA_CLAUSE = "ICAO 9303-11, 4.4.4.2"


@dataclass(frozen=True, slots=True)
class Established:
    """What a run of PACE leads to: a channel protected under `keys`.

    `chip` is the proof of a chip with chip authentication mapping, still to be checked;
    `authorities` are the certification authority references that the card named, newest first.
    """

    channel: CardChannel
    keys: SessionKeys
    chip: ChipEvidence | None = None
    authorities: tuple[bytes, ...] = ()


class PaceTerminal:
    """One protocol that the card offers, ready to be run with a password.

    `set_at_ne` is the Ne of MSE:Set AT: 0 as the standard has it, 256 for cards used to that.
    `domain` is the group of a card with explicit parameters; without it `info` names one by its
    number. `names_domain` says whether MSE:Set AT names it as well (tag 84). `chat` is shown to
    cards that know terminals by their certificates; what they say to it ends up in `authorities`.

    Raises:
        UsageError: a suite or domain parameters this package does not speak.
    """

    def __init__(
        self,
        info: PaceInfo,
        set_at_ne: int = 0,
        randbelow: RandBelow = secrets.randbelow,
        domain: Domain[Any] | None = None,
        *,
        names_domain: bool = True,
        chat: Chat | None = None,
    ) -> None:
        self._suite = PaceSuite.of(info.oid)
        self.info = info
        self._domain = _suited(self._suite, info.parameter_id, domain)
        self._names_domain = names_domain and info.parameter_id is not None
        self._chat = chat
        self._set_at_ne = set_at_ne
        self._randbelow = randbelow

    @property
    def group(self) -> int | None:
        """The standardized number of the group that is used; None of one that has none."""
        return self._domain.parameter_id

    def establish(self, channel: CardChannel, password: Secret) -> CardChannel:
        """Open a protected channel over the card that `channel` speaks to.

        Raises:
            WrongPinError: the card refused the terminal's token: the password is wrong.
            BlockedPinError: the password has no tries left.
            ApduError: the card refused an earlier step.
            ProtocolViolation: malformed data, an unusable key, or a wrong token of the card.
        """
        return self.run(channel, password).channel

    def run(self, channel: CardChannel, password: Secret) -> Established:
        """Open a protected channel, and tell what else the card said.

        Raises:
            WrongPinError: the card refused the terminal's token: the password is wrong.
            BlockedPinError: the password has no tries left.
            ApduError: the card refused an earlier step.
            ProtocolViolation: malformed data, an unusable key, or a wrong token of the card.
        """
        with channel.journal.phase("MSE:Set AT"):
            if self.tries_left(channel, _reference(password)) == 0:
                message = f"the {password.label} is blocked"
                raise BlockedPinError(message, password.label, 0)
        try:
            mapped, confirmation = self._agree(channel, password)
            with channel.journal.phase("mutual authentication"):
                last = _exchange_tokens(channel, confirmation.own_token, password)
                if not hmac.compare_digest(last.token, confirmation.peer_token):
                    message = "the card's authentication token is wrong: it has not the same keys"
                    raise ProtocolViolation(message, "ICAO 9303-11, 4.4.1 step 3 f")
                evidence = self._evidence(confirmation.keys, mapped, last.chip_data)
        except KeyAgreementError as error:
            raise ProtocolViolation(str(error), "ICAO 9303-11, 4.4.1") from error
        keys = confirmation.keys
        return Established(channel.secured(keys), keys, evidence, last.authorities)

    def _agree(self, channel: CardChannel, password: Secret) -> tuple[bytes, pace.Confirmation]:
        """The first three steps: the card's mapping data, and keys with both tokens."""
        phase, cipher = channel.journal.phase, self._suite.cipher
        with phase("get nonce"):
            encrypted = _authenticate(channel, b"", 0x80)
            nonce = decrypt_nonce(encrypted, password_key(password, cipher), cipher)
        with phase("map nonce"):
            mapping = _MAPPINGS[self._suite.mapping](self._suite, self._domain, self._randbelow)
            mapped = _authenticate(channel, tlv.encode(0x81, mapping.public), 0x82)
            agreement = mapping.agree(nonce, mapped)
        with phase("key agreement"):
            public = _authenticate(channel, tlv.encode(0x83, agreement.public), 0x84)
            return mapped, agreement.confirm(public)

    def _evidence(
        self, keys: SessionKeys, mapped: bytes, chip_data: bytes | None
    ) -> ChipEvidence | None:
        if (self._suite.mapping == "CAM") != (chip_data is not None):
            told = "is missing" if chip_data is None else "belongs to its own mapping only"
            message = f"encrypted chip authentication data (8A) {told}"
            raise ProtocolViolation(message, "ICAO 9303-11, 4.4.5")
        if chip_data is None:
            return None
        plain = decrypt_chip_data(chip_data, keys)
        return ChipEvidence(self._domain, self.info.parameter_id, mapped, plain, self.info.oid)

    def tries_left(self, channel: CardChannel, reference: int) -> int | None:
        """Choose a password and let be: how many tries it has left; None where none was lost.

        This costs no try (BSI TR-03110-3, B.14.1).

        Raises:
            ApduError: the card has no such password, or it is deactivated.
        """
        data = tlv.encode(0x80, encode_oid(self._suite.oid))
        data += tlv.encode(0x83, bytes((reference,)))
        if self._names_domain and self.info.parameter_id is not None:
            data += tlv.encode(0x84, bytes((self.info.parameter_id,)))
        if self._chat is not None:
            data += tlv.encode(CHAT, self._chat.value)
        ins = INS.MANAGE_SECURITY_ENVIRONMENT
        command = CommandApdu(0x00, ins, 0xC1, 0xA4, data, self._set_at_ne)
        answer = channel.transmit(command)
        if not answer.ok and answer.tries_left is None:
            raise ApduError(answer.sw, command.name, describe_sw(answer.sw))
        return answer.tries_left


def declared(pace: Pace) -> PaceTerminal:
    """The protocol that a profile declares, ready to be run."""
    info = PaceInfo(pace.oid, 2, pace.reference)
    return PaceTerminal(info, pace.set_at_ne, domain=DOMAINS[pace.parameter_id])


def _suited(
    suite: PaceSuite, parameter_id: int | None, explicit: Domain[Any] | None
) -> Domain[Any]:
    """The explicit group if there is one, else the standardized one, checked against the suite."""
    domain = explicit or DOMAINS.get(-1 if parameter_id is None else parameter_id)
    if domain is not None and suite.suits(domain):
        return domain
    known = ", ".join(str(number) for number, each in DOMAINS.items() if suite.suits(each))
    message = (
        f"{describe_oid(suite.oid)} cannot be run with the domain parameters {parameter_id}; "
        f"supported are {known}"
    )
    raise UsageError(message)


def _reference(password: Secret) -> int:
    try:
        return REFERENCES[type(password)]
    except KeyError:
        known = ", ".join(each.label for each in REFERENCES)
        message = f"PACE takes one of {known} as its password"
        raise UsageError(message) from None


def _authenticate(channel: CardChannel, sent: bytes, expected: int) -> bytes:
    """One GENERAL AUTHENTICATE within the chain; the value of the data object expected back."""
    (inner,) = _dynamic_data(channel.send(_command(CLA_CHAINING, sent)), (expected,))
    return inner.value


def _command(cla: int, data: bytes) -> CommandApdu:
    dynamic = tlv.encode(_DYNAMIC, data)
    # Both public keys are about as long: where ours needs extended length, so does the answer.
    ne = MAX_EXTENDED_NE if len(dynamic) > MAX_SHORT_NC else MAX_SHORT_NE
    return CommandApdu(cla, INS.GENERAL_AUTHENTICATE, 0x00, 0x00, dynamic, ne)


@dataclass(frozen=True, slots=True)
class _LastAnswer:
    token: bytes
    authorities: tuple[bytes, ...]
    chip_data: bytes | None


def _exchange_tokens(channel: CardChannel, token: bytes, password: Secret) -> _LastAnswer:
    try:
        answer = channel.send(_command(0x00, tlv.encode(0x85, token)))
    except ApduError as error:
        if not is_authentication_failure(error.sw):
            raise
        tries = error.sw & 0x0F if error.sw & 0xF0 == 0xC0 else None
        message = f"the card refused the {password.label}: it is wrong"
        raise WrongPinError(message, password.label, tries) from None
    objects = _dynamic_data(answer, (0x86,), (0x87, 0x88, 0x8A))
    references = (tlv.find(objects, tag) for tag in (0x87, 0x88))
    return _LastAnswer(
        objects[0].value,
        tuple(each for each in references if each is not None),
        tlv.find(objects, 0x8A),
    )


def _dynamic_data(
    raw: bytes, required: tuple[int, ...], optional: tuple[int, ...] = ()
) -> tuple[Tlv, ...]:
    """The objects of dynamic authentication data, each at most once and in the order given."""
    try:
        outer = tlv.parse_one(raw)
        inner = outer.children() if outer.tag == _DYNAMIC else ()
    except TlvError as error:
        message = f"malformed dynamic authentication data: {error}"
        raise ProtocolViolation(message, _DATA_CLAUSE) from error
    found = tuple(each.tag for each in inner)
    extra = found[len(required) :]
    if found != required + tuple(tag for tag in optional if tag in extra):
        wanted = " ".join(f"{tag:02X}" for tag in required)
        message = (
            f"expected 7C with {wanted}, got {' '.join(f'{tag:X}' for tag in found) or 'none'}"
        )
        raise ProtocolViolation(message, _DATA_CLAUSE)
    return inner
