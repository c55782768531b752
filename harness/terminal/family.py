"""Where card families differ in what the terminal sends for PINs, counters and keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from harness import tlv
from harness.apdu import INS, CommandApdu
from harness.errors import ProtocolViolation
from harness.profile import KeyRules, PinName, PinRules, Profile
from harness.secret import Secret
from harness.terminal.channel import CardChannel
from harness.tlv import TlvError

_AUTHENTICATION, _SIGNATURE, _CONFIDENTIALITY = 0xA4, 0xB6, 0xB8


@dataclass(frozen=True, slots=True)
class PinState:
    """What the card says of a code; `changed` is False while it must be changed before use."""

    tries_left: int
    changed: bool = True


class Family(Protocol):
    """The commands in which card families differ."""

    def pin_state(self, name: PinName) -> PinState:
        """Ask for a counter, standing in the code's directory."""
        ...

    def unblock_commands(
        self, name: PinName, puk: bytes, new: bytes
    ) -> tuple[tuple[str, CommandApdu], ...]:
        """What gives a blocked code a new value: (directory, command), in order.

        The first command is the one that offers the PUK.
        """
        ...

    def authenticate(self, key: KeyRules, digest: bytes) -> bytes:
        """Sign a login challenge's digest."""
        ...

    def sign(self, key: KeyRules, digest: bytes) -> bytes:
        """Sign a document's digest."""
        ...

    def decipher(self, key: KeyRules, point: bytes) -> Secret:
        """Agree on a secret with an uncompressed point."""
        ...


def set_environment(channel: CardChannel, template: int, key: KeyRules, algorithm: bytes) -> None:
    """MSE:SET for computation with a key and, unless empty, an algorithm (7816-4, 7.5.11)."""
    chosen = tlv.encode(0x80, algorithm) if algorithm else b""
    data = chosen + tlv.encode(0x84, bytes((key.reference,)))
    channel.send(CommandApdu(0x00, INS.MANAGE_SECURITY_ENVIRONMENT, 0x41, template, data))


def _decipher(channel: CardChannel, key: KeyRules, point: bytes) -> Secret:
    set_environment(channel, _CONFIDENTIALITY, key, key.decipher[0])
    return Secret(channel.send(_operation(0x8086, b"\x00" + point, 256)))


def _operation(p1p2: int, data: bytes = b"", ne: int = 0) -> CommandApdu:
    ins = INS.PERFORM_SECURITY_OPERATION
    return CommandApdu(0x00, ins, p1p2 >> 8, p1p2 & 0xFF, data, ne)


class IasEcc:
    """The commands of the IDEMIA cards (IAS ECC)."""

    def __init__(self, channel: CardChannel, profile: Profile) -> None:
        self._channel = channel
        self._profile = profile

    def pin_state(self, name: PinName) -> PinState:
        """GET DATA for object BF81xx; tag 9B holds the tries left."""
        number = self._profile.pins[name].reference & 0x7F
        data = bytes.fromhex("4D087006BF81") + bytes((number,)) + bytes.fromhex("02A080")
        answer = self._channel.send(CommandApdu(0x00, INS.GET_DATA_ODD, 0x3F, 0xFF, data, 256))
        tries = _inside(answer, 0x70, 0xBF8100 | number, 0xA0, 0x9B)
        return PinState(_counter(tries, name))

    def unblock_commands(
        self, name: PinName, puk: bytes, new: bytes
    ) -> tuple[tuple[str, CommandApdu], ...]:
        """VERIFY of the PUK, then RESET RETRY COUNTER with the new code only."""
        pin, unblocker = self._profile.pins[name], self._profile.pins["PUK"]
        verify = CommandApdu(0x00, INS.VERIFY, 0x00, unblocker.reference, puk)
        reset = CommandApdu(0x00, INS.RESET_RETRY_COUNTER, 0x02, pin.reference, new)
        return (unblocker.directory, verify), (pin.directory, reset)

    def authenticate(self, key: KeyRules, digest: bytes) -> bytes:
        """MSE:SET and INTERNAL AUTHENTICATE."""
        set_environment(self._channel, _AUTHENTICATION, key, key.authenticate[0])
        command = CommandApdu(0x00, INS.INTERNAL_AUTHENTICATE, 0x00, 0x00, digest, 256)
        return self._channel.send(command)

    def sign(self, key: KeyRules, digest: bytes) -> bytes:
        """MSE:SET and PSO: COMPUTE DIGITAL SIGNATURE over the digest."""
        set_environment(self._channel, _SIGNATURE, key, key.sign[0])
        return self._channel.send(_operation(0x9E9A, digest, 256))

    def decipher(self, key: KeyRules, point: bytes) -> Secret:
        """MSE:SET and PSO: DECIPHER."""
        return _decipher(self._channel, key, point)


class IasClassic:
    """The commands of the Thales cards (IAS Classic)."""

    def __init__(self, channel: CardChannel, profile: Profile) -> None:
        self._channel = channel
        self._profile = profile

    def pin_state(self, name: PinName) -> PinState:
        """GET DATA for object A0; DF21 begins with the tries left, DF2F says whether changed."""
        data = bytes.fromhex("A0038301") + bytes((self._profile.pins[name].reference,))
        answer = self._channel.send(CommandApdu(0x00, INS.GET_DATA_ODD, 0x00, 0xFF, data, 256))
        changed = _inside(answer, 0xA0, 0xDF2F)
        return PinState(_counter(_inside(answer, 0xA0, 0xDF21), name), changed != b"\x00")

    def unblock_commands(
        self, name: PinName, puk: bytes, new: bytes
    ) -> tuple[tuple[str, CommandApdu], ...]:
        """RESET RETRY COUNTER with PUK and new code in one."""
        pin: PinRules = self._profile.pins[name]
        reset = CommandApdu(0x00, INS.RESET_RETRY_COUNTER, 0x00, pin.reference, puk + new)
        return ((pin.directory, reset),)

    def authenticate(self, key: KeyRules, digest: bytes) -> bytes:
        """MSE:SET, PSO: HASH with the finished digest, PSO: COMPUTE DIGITAL SIGNATURE."""
        return self._compute(key, key.authenticate, digest)

    def sign(self, key: KeyRules, digest: bytes) -> bytes:
        """The same commands with the signing key."""
        return self._compute(key, key.sign, digest)

    def _compute(self, key: KeyRules, algorithms: tuple[bytes, ...], digest: bytes) -> bytes:
        # The algorithm reference is 24 and the length of the hash.
        wanted = bytes((0x24 + len(digest),))
        algorithm = wanted if wanted in algorithms else algorithms[0]
        set_environment(self._channel, _SIGNATURE, key, algorithm)
        self._channel.send(_operation(0x90A0, tlv.encode(0x90, digest)))
        return self._channel.send(_operation(0x9E9A, ne=256))

    def decipher(self, key: KeyRules, point: bytes) -> Secret:
        """MSE:SET and PSO: DECIPHER."""
        return _decipher(self._channel, key, point)


def _inside(raw: bytes, *tags: int) -> bytes | None:
    """The value found by following `tags` inward, or None where one is missing."""
    value: bytes | None = raw
    try:
        for tag in tags:
            value = tlv.find(tlv.parse_all(value or b""), tag)
    except TlvError as error:
        message = f"malformed PIN information: {error}"
        raise ProtocolViolation(message, "ISO/IEC 7816-4, 7.4.2") from None
    return value


def _counter(value: bytes | None, name: PinName) -> int:
    if not value:
        message = f"the PIN information does not tell the tries left of {name}"
        raise ProtocolViolation(message, "ISO/IEC 7816-4, 7.4.2")
    return value[0]


FAMILIES: Mapping[str, type[IasEcc | IasClassic]] = MappingProxyType(
    {"ias-ecc": IasEcc, "ias-classic": IasClassic}
)
"""The families by the name a profile gives them."""
