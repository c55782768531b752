"""Where card families differ in what the terminal sends for PINs, counters and keys."""

from __future__ import annotations

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

AUTHENTICATION, SIGNATURE, CONFIDENTIALITY = 0xA4, 0xB6, 0xB8
_DIGEST_INFO = MappingProxyType(
    {
        32: bytes.fromhex("3031300D060960864801650304020105000420"),
        48: bytes.fromhex("3041300D060960864801650304020205000430"),
        64: bytes.fromhex("3051300D060960864801650304020305000440"),
    }
)
"""What stands before a SHA-2 digest in PKCS#1 v1.5, by its length (RFC 8017, 9.2, note 1)."""


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
    size = max(1, (key.reference.bit_length() + 7) // 8)  # some cards have longer references
    data = chosen + tlv.encode(0x84, key.reference.to_bytes(size))
    channel.send(CommandApdu(0x00, INS.MANAGE_SECURITY_ENVIRONMENT, 0x41, template, data))


def agree_by(channel: CardChannel, key: KeyRules, point: bytes) -> Secret:
    """MSE:SET and PSO: DECIPHER with a point of the key's curve."""
    set_environment(channel, CONFIDENTIALITY, key, key.decipher[0])
    return Secret(channel.send(operation(0x8086, b"\x00" + point, 256)))


def operation(p1p2: int, data: bytes = b"", ne: int = 0) -> CommandApdu:
    """PERFORM SECURITY OPERATION (ISO/IEC 7816-8, 11.1)."""
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
        tries = inside(answer, 0x70, 0xBF8100 | number, 0xA0, 0x9B)
        return PinState(counter(tries, name))

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
        set_environment(self._channel, AUTHENTICATION, key, key.authenticate[0])
        data = _DIGEST_INFO[len(digest)] + digest if key.is_rsa else digest
        command = CommandApdu(0x00, INS.INTERNAL_AUTHENTICATE, 0x00, 0x00, data, 256)
        return self._channel.send(command)

    def sign(self, key: KeyRules, digest: bytes) -> bytes:
        """MSE:SET and PSO: COMPUTE DIGITAL SIGNATURE over the digest."""
        set_environment(self._channel, SIGNATURE, key, key.sign[0])
        return self._channel.send(operation(0x9E9A, digest, 256))

    def decipher(self, key: KeyRules, point: bytes) -> Secret:
        """MSE:SET and PSO: DECIPHER."""
        return agree_by(self._channel, key, point)


class IasClassic:
    """The commands of the Thales cards (IAS Classic)."""

    def __init__(self, channel: CardChannel, profile: Profile) -> None:
        self._channel = channel
        self._profile = profile

    def pin_state(self, name: PinName) -> PinState:
        """GET DATA for object A0; DF21 begins with the tries left, DF2F says whether changed."""
        data = bytes.fromhex("A0038301") + bytes((self._profile.pins[name].reference,))
        answer = self._channel.send(CommandApdu(0x00, INS.GET_DATA_ODD, 0x00, 0xFF, data, 256))
        changed = inside(answer, 0xA0, 0xDF2F)
        return PinState(counter(inside(answer, 0xA0, 0xDF21), name), changed != b"\x00")

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
        set_environment(self._channel, SIGNATURE, key, algorithm)
        self._channel.send(operation(0x90A0, tlv.encode(0x90, digest)))
        return self._channel.send(operation(0x9E9A, ne=256))

    def decipher(self, key: KeyRules, point: bytes) -> Secret:
        """MSE:SET and PSO: DECIPHER."""
        return agree_by(self._channel, key, point)


def inside(raw: bytes, *tags: int) -> bytes | None:
    """The value found by following `tags` inward, or None where one is missing."""
    value: bytes | None = raw
    try:
        for tag in tags:
            value = tlv.find(tlv.parse_all(value or b""), tag)
    except TlvError as error:
        message = f"malformed PIN information: {error}"
        raise ProtocolViolation(message, "ISO/IEC 7816-4, 7.4.2") from None
    return value


def counter(value: bytes | None, name: PinName) -> int:
    """The first byte of a PIN's state.

    Raises:
        ProtocolViolation: there is none.
    """
    if not value:
        message = f"the PIN information does not tell the tries left of {name}"
        raise ProtocolViolation(message, "ISO/IEC 7816-4, 7.4.2")
    return value[0]
