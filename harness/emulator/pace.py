"""PACE on the card: MSE:Set AT and four GENERAL AUTHENTICATE (ICAO 9303-11, 4.4.4)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from harness import tlv
from harness.apdu import CLA_CHAINING, SW, CommandApdu
from harness.clock import Clock
from harness.crypto.curve import STANDARDIZED, RandBelow
from harness.crypto.kdf import SessionKeys, password_key
from harness.crypto.pace import (
    Agreement,
    Confirmation,
    GenericMapping,
    KeyAgreementError,
    encrypt_nonce,
)
from harness.crypto.suite import PaceSuite
from harness.emulator.pace_codes import PaceCodes
from harness.emulator.status import Refused
from harness.profile import Pace
from harness.secret import Secret
from harness.security_info import encode_oid
from harness.tlv import TlvError

_PASSWORDS = {b"\x01": "MRZ", b"\x02": "CAN", b"\x03": "PIN", b"\x04": "PUK"}
_DYNAMIC = 0x7C


@dataclass(frozen=True, slots=True)
class _Chosen:
    password: Secret


@dataclass(frozen=True, slots=True)
class _Nonce:
    nonce: bytes
    mapping: GenericMapping


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
    """The card's side of PACE, one run after the other."""

    def __init__(  # noqa: PLR0913 - what one card is made of
        self,
        rules: Pace,
        passwords: Mapping[str, Secret],
        counter: WrongPasswords,
        clock: Clock,
        randbelow: RandBelow,
        *,
        codes: PaceCodes | None = None,
        refuses_ne: bool = False,
    ) -> None:
        self._rules = rules
        self._passwords = passwords
        self._suite = PaceSuite.of(rules.oid)
        self._domain = STANDARDIZED[rules.parameter_id]
        self._counter = counter
        self._clock = clock
        self._randbelow = randbelow
        self._codes = codes or PaceCodes.none()
        self._refuses_ne = refuses_ne
        self._password = ""
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
        has left where that is not all of them (63Cx; BSI TR-03110-3, B.11.1).

        Raises:
            Refused: 6A80 for malformed data, a protocol or parameters the card has not; 6A87
                where tag 84 is missing but required; 6A88 for an unknown password; 6985 for
                a second PACE that does not resume a suspended password; 6283 for one that is
                deactivated.
        """
        self.abandon()
        if self._refuses_ne and command.ne:
            raise Refused(SW.WRONG_LENGTH)
        try:
            objects = tlv.parse_all(command.data)
        except TlvError:
            raise Refused(SW.WRONG_DATA) from None
        if tlv.find(objects, 0x80) != encode_oid(self._rules.oid):
            raise Refused(SW.WRONG_DATA)
        self._check_parameters(tlv.find(objects, 0x84))
        name = _PASSWORDS.get(tlv.find(objects, 0x83) or b"", "")
        if name not in self._rules.passwords or name not in self._passwords:
            raise Refused(SW.REFERENCED_DATA_NOT_FOUND)
        state = self._codes.choose(name, inside=inside)
        self._password, self._step = name, _Chosen(self._passwords[name])
        return state

    def _check_parameters(self, reference: bytes | None) -> None:
        if reference is None:
            if self._rules.parameter_reference == "required":
                raise Refused(SW.LC_INCONSISTENT_WITH_P1_P2)
        elif reference != bytes((self._rules.parameter_id,)):
            raise Refused(SW.WRONG_DATA)

    def general_authenticate(self, command: CommandApdu) -> bytes:
        """Take the next step of the run; any fault ends it.

        Raises:
            Refused: 6985 without MSE:Set AT, 6A80 for malformed data, the profile's answer
                (6300) for a bad key or token.
        """
        step, self._step = self._step, None
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
        size = self._rules.nonce_size
        nonce = self._randbelow(1 << 8 * size).to_bytes(size, "big")
        key = password_key(step.password, self._suite.cipher)
        self._step = _Nonce(nonce, GenericMapping(self._suite, self._domain, self._randbelow))
        return tlv.encode(_DYNAMIC, tlv.encode(0x80, encrypt_nonce(nonce, key)))

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
        return tlv.encode(_DYNAMIC, tlv.encode(0x86, step.own_token))


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
