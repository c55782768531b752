"""A national ID-card as its holder's phone uses it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator

from harness.apdu import INS, SW, CommandApdu, ResponseApdu, describe_sw
from harness.errors import (
    ApduError,
    BlockedPinError,
    LinkError,
    PinError,
    ProtocolViolation,
    UsageError,
    WrongPinError,
)
from harness.profile import Content, File, KeyName, KeyRules, PinName, PinRules, Plan, Profile
from harness.secret import Digits, Secret
from harness.terminal.certificate import Certificate
from harness.terminal.channel import CardChannel
from harness.terminal.families import FAMILIES
from harness.terminal.family import PinState
from harness.terminal.files import Files
from harness.terminal.key_directory import KeyDirectory
from harness.terminal.pieces import Pieces
from harness.terminal.pin_guard import PinGuard

CHALLENGE_SIZE = 64  # the longest digest that a key signs; shorter ones are cut from it
_BLOCKED = (SW.AUTHENTICATION_METHOD_BLOCKED, SW.REFERENCE_DATA_NOT_USABLE)


class Eid:
    """The card behind a channel: personal data, certificates, codes and keys.

    `challenge` gives the digest that a login proof is made over, random by default; `guard`
    decides whether a code may be offered at all; what is read of files is kept in `pieces`.
    """

    def __init__(
        self,
        channel: CardChannel,
        profile: Profile,
        guard: PinGuard | None = None,
        *,
        plan: Plan | None = None,
        challenge: Callable[[], bytes] | None = None,
        pieces: Pieces | None = None,
    ) -> None:
        self.channel = channel
        self.profile = profile
        self._guard = guard or PinGuard()
        self.files = Files(channel, profile, plan or profile.plans["eidrig"], pieces)
        self._keys = KeyDirectory(self.files, profile)
        self._family = FAMILIES[profile.family](channel, profile)
        self._challenge = challenge or _random_challenge
        self._states: dict[PinName, PinState] = {}

    def personal_data(self) -> dict[Content, str]:
        """Every personal data file of the profile, decoded as UTF-8 without fill.

        Raises:
            ApduError: a file is missing or may not be read.
        """
        return dict(self.personal_data_by_file())

    def personal_data_by_file(self) -> Iterator[tuple[Content, str]]:
        """The same, file by file as they are read."""
        for position, file in enumerate(self.profile.personal_files):
            raw = self.files.read(file, within=position > 0)
            held = records(raw, file) if file.records else ((file.content, raw),)
            for content, value in held:
                yield content, value.decode("utf-8", errors="replace").strip("\0 ")

    def certificate(self, name: KeyName) -> Certificate:
        """Read and parse the certificate of a key.

        Raises:
            ProtocolViolation: the file is cut short or holds no certificate.
        """
        return Certificate.parse(self.files.read(self._keys.certificate(name)))

    def file_with(self, content: Content) -> File:
        """The file of this card that holds `content`.

        Raises:
            UsageError: it has none.
        """
        for name, key in self.profile.keys.items():
            if key.certificate is content:
                return self._keys.certificate(name)
        return self.profile.file_with(content)

    def tries_left(self, name: PinName) -> int:
        """How many tries a code has left, as the card counts.

        Raises:
            ApduError: the card does not tell.
        """
        return self._pin_state(name).tries_left

    def is_beside(self, name: PinName) -> bool:
        """Whether the card stands where a code's counter is, so that it costs one command."""
        return self.files.stands_in(self.profile.pins[name].directory)

    def _pin_state(self, name: PinName) -> PinState:
        self.files.enter(self.profile.pins[name].directory)
        self._states[name] = self._family.pin_state(name)
        return self._states[name]

    def _known_state(self, name: PinName) -> PinState:
        return self._states.get(name) or self._pin_state(name)

    def verify(self, name: PinName, code: Digits) -> None:
        """VERIFY a code in the directory of the key it protects (ISO/IEC 7816-4, 7.5.6).

        The tries left are read first unless they are known, and the guard must admit the code.

        Raises:
            WrongPinError: the card says that it is wrong, with the tries left.
            BlockedPinError: it has no tries left, or must be changed before use.
            PinFloorError: it was not offered.
        """
        rules = self._verified_code(name)
        padded = self._admitted(name, code)
        self.enter_for(name)
        command = CommandApdu(0x00, INS.VERIFY, 0x00, rules.reference, padded.reveal())
        self._offer(name, code, command)

    def _verified_code(self, name: PinName) -> PinRules:
        """The rules of a code that is offered by VERIFY.

        Raises:
            UsageError: it is one of PACE.
        """
        rules = self.profile.pins[name]
        if rules.method != "verify":
            message = f"{name} of {self.profile.name} is given by PACE, not by VERIFY"
            raise UsageError(message)
        return rules

    def enter_for(self, name: PinName) -> None:
        """Go where a code is verified: to the key that it protects, else to its own directory."""
        for key in self.profile.keys.values():
            if key.pin == name:
                self.enter_key(key)
                return
        self.files.enter(self.profile.pins[name].directory)

    def enter_key(self, key: KeyRules) -> None:
        """Go where a key can be used; a global one can be used everywhere."""
        if key.scope == "local":
            self.files.enter(key.directory)

    def _admitted(self, name: PinName, code: Digits) -> Secret:
        """The padded code, once length, counter and guard allow it to be offered."""
        padded = self._padded(name, code)
        state = self._known_state(name)
        if not state.changed:
            message = f"{name} must be changed before its first use"
            raise BlockedPinError(message, name, state.tries_left)
        self._guard.admit(name, code, state.tries_left)
        return padded

    def _padded(self, name: PinName, code: Digits) -> Secret:
        rules = self.profile.pins[name]
        if not rules.allows(code.reveal()):
            message = f"{name} has {rules.min_length} to {rules.most_digits} digits"
            raise UsageError(message)
        return Secret(rules.block(code.reveal()))

    def _offer(self, name: PinName, code: Digits, command: CommandApdu) -> None:
        """Send a command that carries a code, and learn from the answer what became of it."""
        state = self._states.pop(name)
        try:
            answer = self.channel.transmit(command)
        except (LinkError, ProtocolViolation):  # nobody knows whether the card has counted
            self._guard.torn(name, code, state.tries_left)
            raise
        except ApduError as error:
            answer = ResponseApdu(sw=error.sw)
        if not answer.ok:
            raise self._refusal(name, code, answer, command)
        self._guard.accept(name, code)

    def _refusal(
        self, name: PinName, code: Digits, answer: ResponseApdu, command: CommandApdu
    ) -> PinError | ApduError:
        tries = 0 if answer.sw in _BLOCKED else answer.tries_left
        if tries is None:
            return ApduError(answer.sw, command.name, describe_sw(answer.sw))
        self._guard.refuse(name, code)
        if tries == 0:
            return BlockedPinError(f"{name} was refused and is now blocked", name, 0)
        return WrongPinError(f"{name} is wrong; {tries} tries left", name, tries)

    def authenticate(self, certificate: Certificate) -> bytes:
        """Prove the login: sign a fresh challenge with PIN1's key and verify the signature.

        PIN1 must have been verified just before.

        Raises:
            ApduError: the card refuses, 6982 where PIN1 was not verified.
            CheckError: the signature is not the certificate's.
        """
        key = self._keys.rules("authentication")
        challenge = self._challenge()[: hashlib.new(key.hash).digest_size]
        self.enter_key(key)
        signature = self._family.authenticate(key, challenge)
        certificate.check_signature(signature, challenge)
        return signature

    def sign(self, certificate: Certificate, document: bytes) -> bytes:
        """Sign the hash of a document with the signing key and verify the signature.

        Its PIN must have been verified just before.

        Raises:
            ApduError: the card refuses, 6982 where its PIN was not verified.
            CheckError: the signature is not the certificate's.
        """
        key = self._keys.rules("signing")
        digest = hashlib.new(key.hash, document).digest()
        self.enter_key(key)
        signature = self._family.sign(key, digest)
        certificate.check_signature(signature, digest)
        return signature

    def decipher(self, point: bytes) -> Secret:
        """Agree on a secret with an uncompressed P-384 point by the authentication key (ECDH).

        PIN1 must have been verified just before.

        Raises:
            ApduError: the card refuses.
        """
        key = self._keys.rules("authentication")
        self.enter_key(key)
        return self._family.decipher(key, point)

    def change(self, name: PinName, old: Digits, new: Digits) -> None:
        """CHANGE REFERENCE DATA (ISO/IEC 7816-4, 7.5.7).

        Raises:
            PinError: as `verify`, for the old code.
            UsageError: this generation's code cannot be changed, or the new one is too short.
        """
        rules = self._verified_code(name)
        if not rules.changeable:
            message = f"{name} of {self.profile.name} cannot be changed"
            raise UsageError(message)
        fresh = self._padded(name, new)
        self._guard.admit(name, old, self._known_state(name).tries_left)
        self.files.enter(rules.directory)
        data = Secret(self._padded(name, old).reveal() + fresh.reveal())
        ins = INS.CHANGE_REFERENCE_DATA
        command = CommandApdu(0x00, ins, 0x00, rules.reference, data.reveal())
        self._offer(name, old, command)

    def unblock(self, name: PinName, puk: Digits, new: Digits) -> None:
        """Give a blocked code a new value by means of the PUK (ISO/IEC 7816-4, 7.5.10).

        Raises:
            PinError: as `verify`, for the PUK.
        """
        self._verified_code(name)
        fresh, unblocker = self._padded(name, new), self._admitted("PUK", puk)
        first, *rest = self._family.unblock_commands(name, unblocker.reveal(), fresh.reveal())
        self.files.enter(first[0])
        self._offer("PUK", puk, first[1])
        for directory, command in rest:
            self.files.enter(directory)
            self.channel.send(command)
        self._states.pop(name, None)


def records(raw: bytes, file: File) -> Iterator[tuple[Content, bytes]]:
    """The records of a file by their content: tag, length in bytes FF… and a last one, value.

    Records of no meaning here are left out.

    Raises:
        ProtocolViolation: a record reaches beyond the end of the file.
    """
    at = 0
    while at < len(raw) and raw[at]:
        tag, at, length = raw[at], at + 1, 0
        while at < len(raw) and raw[at] == 0xFF:
            length, at = length + 0xFF, at + 1
        length, at = length + int.from_bytes(raw[at : at + 1]), at + 1
        if at + length > len(raw):
            message = f"record {tag} of {file.fid.hex().upper()} is cut short"
            raise ProtocolViolation(message, "the profile's records")
        content = file.records.get(str(tag), Content.EMPTY)
        if content is not Content.EMPTY:
            yield content, raw[at : at + length]
        at += length


def _random_challenge() -> bytes:
    return secrets.token_bytes(CHALLENGE_SIZE)
