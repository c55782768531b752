"""PACE on the card: MSE:Set AT and four GENERAL AUTHENTICATE (ICAO 9303-11, 4.4.4)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from harness import tlv
from harness.apdu import CLA_CHAINING, SW, CommandApdu
from harness.clock import Clock
from harness.crypto import pace
from harness.crypto.chat import TAG as CHAT
from harness.crypto.chat import Chat, ChatError
from harness.crypto.chip_key import ChipKey
from harness.crypto.chip_mapping import ChipAuthenticationMapping, encrypt_chip_data
from harness.crypto.domain import Domain, RandBelow
from harness.crypto.integrated import IntegratedMappingChip
from harness.crypto.kdf import SessionKeys, password_key
from harness.crypto.pace import (
    Agreement,
    Confirmation,
    GenericMapping,
    KeyAgreementError,
    encrypt_nonce,
)
from harness.crypto.standardized import DOMAINS
from harness.crypto.suite import PaceSuite
from harness.emulator.pace_codes import PaceCodes
from harness.emulator.status import Refused
from harness.errors import UsageError
from harness.profile import Pace, PaceOffer
from harness.secret import Secret
from harness.security_info import describe_oid, encode_oid
from harness.tlv import Tlv, TlvError

_PASSWORDS = {b"\x01": "MRZ", b"\x02": "CAN", b"\x03": "PIN", b"\x04": "PUK"}
_MAPPINGS: Mapping[str, Callable[[PaceSuite, Domain[Any], RandBelow], pace.Mapping]] = (
    MappingProxyType({"GM": GenericMapping, "IM": IntegratedMappingChip})
)
_NO_KEYS: Mapping[int, ChipKey] = MappingProxyType({})
_DYNAMIC = 0x7C
_TEMPLATE_TAGS = frozenset((0x80, 0x83, 0x84, 0x65, 0x67, CHAT))


@dataclass(frozen=True, slots=True)
class _Protocol:
    """One protocol of the card; `chip_key` is set where it proves the chip."""

    suite: PaceSuite
    domain: Domain[Any]
    reference: int
    chip_key: ChipKey | None

    def begin(self, randbelow: RandBelow) -> pace.Mapping:
        """Take the first step of the arithmetic."""
        if self.chip_key is not None:
            return ChipAuthenticationMapping(self.suite, self.domain, randbelow, self.chip_key)
        return _MAPPINGS[self.suite.mapping](self.suite, self.domain, randbelow)


@dataclass(frozen=True, slots=True)
class _Chosen:
    protocol: _Protocol
    password: Secret


@dataclass(frozen=True, slots=True)
class _Nonce:
    nonce: bytes
    mapping: pace.Mapping


_Step = _Chosen | _Nonce | Agreement | Confirmation


class WrongPasswords(Protocol):
    """The count of wrong passwords in a row, which outlives the power."""

    @property
    def wrong_passwords(self) -> int:
        """How many there were since the last right one."""
        ...

    def set_wrong_passwords(self, count: int) -> None:
        """Store a new count."""
        ...


class PaceChip:
    """The card's side of PACE, one run after the other.

    `chip_keys` are the static keys by the parameter id of the protocol they prove.

    Raises:
        UsageError: the profile has a protocol that does not exist or that the card cannot run.
    """

    def __init__(  # noqa: PLR0913 - what one card is made of
        self,
        rules: Pace,
        passwords: Mapping[str, Secret],
        counter: WrongPasswords,
        clock: Clock,
        randbelow: RandBelow,
        chip_keys: Mapping[int, ChipKey] = _NO_KEYS,
        *,
        codes: PaceCodes | None = None,
        refuses_ne: bool = False,
    ) -> None:
        self._rules = rules
        self._passwords = passwords
        self._protocols = [_protocol(offer, chip_keys) for offer in rules.offers]
        self._counter = counter
        self._clock = clock
        self._randbelow = randbelow
        self._codes = codes or PaceCodes.none()
        self._refuses_ne = refuses_ne
        self._password = ""
        self._asks = False
        self._step: _Step | None = None
        self._agreed: SessionKeys | None = None

    def agreed(self) -> SessionKeys | None:
        """The keys of a run that just ended well, handed out once."""
        keys, self._agreed = self._agreed, None
        return keys

    def abandon(self) -> None:
        """Forget a run that was begun; any other command in between does this."""
        self._step = None

    def set_authentication_template(self, command: CommandApdu, *, inside: bool = False) -> int:
        """MSE:Set AT with protocol (80), password (83) and perhaps parameters (84).

        `inside` says that a channel stands already. Returns 9000, or how many tries the password
        has left where that is not all of them (63Cx; BSI TR-03110-3, B.14.1).

        Raises:
            Refused: 6A80 for malformed data, a protocol or parameters the card has not, or a kind
                of terminal (7F4C) that may not use the password; 6A87
                where tag 84 is missing but needed; 6A88 for an unknown password; 6985 for
                a second PACE that does not resume a suspended password; 6283 for one that is
                deactivated.
        """
        self.abandon()
        if self._refuses_ne and command.ne:
            raise Refused(SW.WRONG_LENGTH)
        objects = _template(command.data)
        protocol = self._choose(tlv.find(objects, 0x80), tlv.find(objects, 0x84))
        name = _PASSWORDS.get(tlv.find(objects, 0x83) or b"", "")
        if name not in self._rules.passwords or name not in self._passwords:
            raise Refused(SW.REFERENCED_DATA_NOT_FOUND)
        self._asks = self._is_shown(tlv.find(objects, CHAT), name)
        state = self._codes.choose(name, inside=inside)
        password = self._codes.replaced(name) or self._passwords[name]
        self._password, self._step = name, _Chosen(protocol, password)
        return state

    def _is_shown(self, chat: bytes | None, password: str) -> bool:
        """Whether a terminal shows what it wants to be; cards without trust points do not look."""
        if chat is None or not self._rules.authorities:
            return False
        try:
            if Chat.parse(chat).allows(password):
                return True
        except ChatError:
            pass
        raise Refused(SW.WRONG_DATA)

    def _choose(self, oid: bytes | None, reference: bytes | None) -> _Protocol:
        named = [each for each in self._protocols if encode_oid(each.suite.oid) == oid]
        if not named:
            raise Refused(SW.WRONG_DATA)
        if reference is not None:
            named = [each for each in named if bytes((each.reference,)) == reference]
        elif len(named) > 1 or self._rules.parameter_reference == "required":
            raise Refused(SW.LC_INCONSISTENT_WITH_P1_P2)
        if not named:
            raise Refused(SW.WRONG_DATA)
        return named[0]

    def general_authenticate(self, command: CommandApdu) -> bytes:
        """Take the next step of the run; any fault ends it.

        Raises:
            Refused: 6985 without MSE:Set AT, 6A80 for malformed data, 6A86 for another P1 or P2,
                the profile's answer (6300) for a bad key or token.
        """
        step, self._step = self._step, None
        if command.p1 or command.p2:
            raise Refused(SW.INCORRECT_P1_P2)
        tag, value = _dynamic_data(command.data)
        last = not command.cla & CLA_CHAINING
        match step, tag, last:
            case _Chosen(), None, False:
                return self._send_nonce(step)
            case _Nonce(), 0x81, False:
                return self._map(step, value)
            case Agreement(), 0x83, False:
                return self._agree(step, value)
            case Confirmation(), 0x85, True:
                return self._confirm(step, value)
            case None, _, _:
                raise Refused(SW.CONDITIONS_NOT_SATISFIED)
        raise Refused(SW.WRONG_DATA)

    def _send_nonce(self, step: _Chosen) -> bytes:
        self._codes.begin(self._password)
        cipher = step.protocol.suite.cipher
        is_integrated = step.protocol.suite.mapping == "IM"  # ICAO 9303-11, 4.4.3.3
        size: int = cipher.nonce_size if is_integrated else self._rules.nonce_size
        nonce = self._randbelow(1 << 8 * size).to_bytes(size, "big")
        self._step = _Nonce(nonce, step.protocol.begin(self._randbelow))
        encrypted = encrypt_nonce(nonce, password_key(step.password, cipher), cipher)
        return tlv.encode(_DYNAMIC, tlv.encode(0x80, encrypted))

    def _map(self, step: _Nonce, peer: bytes) -> bytes:
        try:
            self._step = step.mapping.agree(step.nonce, peer)
        except KeyAgreementError:
            raise Refused(self._rules.wrong_password) from None
        return tlv.encode(_DYNAMIC, tlv.encode(0x82, step.mapping.public))

    def _agree(self, step: Agreement, peer: bytes) -> bytes:
        try:
            self._step = step.confirm(peer)
        except KeyAgreementError:
            raise Refused(self._rules.wrong_password) from None
        return tlv.encode(_DYNAMIC, tlv.encode(0x84, step.public))

    def _confirm(self, step: Confirmation, token: bytes) -> bytes:
        wrong = self._counter.wrong_passwords
        delay = self._rules.delay
        if delay is not None and wrong >= delay.after:
            self._clock.sleep(delay.seconds)
        if not hmac.compare_digest(token, step.peer_token):
            self._counter.set_wrong_passwords(wrong + 1)
            raise Refused(self._codes.refusal(self._password) or self._rules.wrong_password)
        self._counter.set_wrong_passwords(0)
        self._codes.accept(self._password)
        self._agreed = step.keys
        named = self._rules.authorities if self._asks else ()
        references = [
            tlv.encode(tag, name.encode("ascii"))
            for tag, name in zip((0x87, 0x88), named, strict=False)
        ]
        token = tlv.encode(0x86, step.own_token)
        return tlv.encode(_DYNAMIC, token, *references, _chip_data(step))


def _protocol(offer: PaceOffer, chip_keys: Mapping[int, ChipKey]) -> _Protocol:
    suite, domain = PaceSuite.of(offer.oid), DOMAINS[offer.parameter_id]
    is_proving = suite.mapping == "CAM"
    key = chip_keys.get(offer.reference) if is_proving else None
    if not suite.suits(domain) or (is_proving and key is None):
        message = f"the emulated card cannot run {describe_oid(offer.oid)} over {domain.name}"
        raise UsageError(message)
    return _Protocol(suite, domain, offer.reference, key)


def _chip_data(step: Confirmation) -> bytes:
    if step.chip_data is None:
        return b""
    return tlv.encode(0x8A, encrypt_chip_data(step.chip_data, step.keys))


def _template(data: bytes) -> tuple[Tlv, ...]:
    """The objects of MSE:Set AT, each known and at most once (BSI TR-03110-3, B.14.1)."""
    try:
        objects = tlv.parse_all(data)
    except TlvError:
        raise Refused(SW.WRONG_DATA) from None
    tags = [each.tag for each in objects]
    if len(set(tags)) < len(tags) or not _TEMPLATE_TAGS.issuperset(tags):
        raise Refused(SW.WRONG_DATA)
    return objects


def _dynamic_data(data: bytes) -> tuple[int | None, bytes]:
    """The one data object inside 7C, or None where 7C is empty."""
    try:
        outer = tlv.parse_one(data)
        inner = outer.children() if outer.tag == _DYNAMIC else None
    except TlvError:
        raise Refused(SW.WRONG_DATA) from None
    if inner is None or len(inner) > 1:
        raise Refused(SW.WRONG_DATA)
    return (inner[0].tag, inner[0].value) if inner else (None, b"")
