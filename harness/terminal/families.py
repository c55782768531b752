"""The families by the name a profile gives them, and those with few commands of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from harness.apdu import INS, SW, CommandApdu, describe_sw
from harness.errors import ApduError, UsageError
from harness.profile import KeyRules, PinName, Profile
from harness.secret import Secret
from harness.terminal.channel import CardChannel
from harness.terminal.family import (
    SIGNATURE,
    Family,
    IasClassic,
    IasEcc,
    PinState,
    counter,
    inside,
    operation,
    set_environment,
)
from harness.terminal.pace import declared

_BLOCKED = (SW.AUTHENTICATION_METHOD_BLOCKED, SW.REFERENCE_DATA_NOT_USABLE)


def asked_state(channel: CardChannel, profile: Profile, name: PinName) -> PinState:
    """What VERIFY without data says of a code (ISO/IEC 7816-4, 7.5.6)."""
    rules = profile.pins[name]
    command = CommandApdu(0x00, INS.VERIFY, 0x00, rules.reference)
    answer = channel.transmit(command)
    if answer.ok:
        return PinState(rules.tries)  # a verified code has all its tries
    tries = 0 if answer.sw in _BLOCKED else answer.tries_left
    if tries is None:
        raise ApduError(answer.sw, command.name, describe_sw(answer.sw))
    return PinState(tries)


class _Signer:
    """MSE:SET and PSO: COMPUTE DIGITAL SIGNATURE over the digest, for login and signature."""

    def __init__(self, channel: CardChannel, choose: Callable[[KeyRules, bytes], None]) -> None:
        self._channel = channel
        self._choose = choose

    def sign(self, key: KeyRules, algorithm: bytes, digest: bytes) -> bytes:
        self._choose(key, algorithm)
        return self._channel.send(operation(0x9E9A, digest, 256))


class Belpic:
    """The Belgian eID application (BELPIC applet 1.8 reference manual)."""

    def __init__(self, channel: CardChannel, profile: Profile) -> None:
        self._channel = channel
        self._profile = profile
        self._signer = _Signer(channel, self._choose)

    def pin_state(self, name: PinName) -> PinState:
        """VERIFY without data."""
        return asked_state(self._channel, self._profile, name)

    def unblock_commands(
        self, name: PinName, puk: bytes, new: bytes
    ) -> tuple[tuple[str, CommandApdu], ...]:
        """The holder has no PUK."""
        del puk, new
        raise _impossible(self._profile, f"unblock {name}")

    def _choose(self, key: KeyRules, algorithm: bytes) -> None:
        data = b"\x04\x80" + algorithm + b"\x84" + bytes((key.reference,))
        ins = INS.MANAGE_SECURITY_ENVIRONMENT
        self._channel.send(CommandApdu(0x00, ins, 0x41, SIGNATURE, data))

    def authenticate(self, key: KeyRules, digest: bytes) -> bytes:
        """Sign a login challenge's digest."""
        return self._signer.sign(key, key.authenticate[0], digest)

    def sign(self, key: KeyRules, digest: bytes) -> bytes:
        """Sign a document's digest."""
        return self._signer.sign(key, key.sign[0], digest)

    def decipher(self, key: KeyRules, point: bytes) -> Secret:
        """The card has no key for it."""
        del key, point
        raise _impossible(self._profile, "decipher")


class Mtcos:
    """The MaskTech cards (OpenSC, card-lteid.c)."""

    def __init__(self, channel: CardChannel, profile: Profile) -> None:
        self._channel = channel
        self._profile = profile
        self._signer = _Signer(channel, self._choose)

    def pin_state(self, name: PinName) -> PinState:
        """The FCP of the file that counts for this code, else VERIFY without data."""
        for file in self._profile.files.values():
            if file.counter == name:
                command = CommandApdu(0x00, INS.SELECT, 0x00, 0x04, file.fid, 256)
                information = self._channel.send(command)
                return PinState(counter(inside(information, 0x62, 0xA5, 0xA2, 0xA3, 0x82), name))
        return asked_state(self._channel, self._profile, name)

    def unblock_commands(
        self, name: PinName, puk: bytes, new: bytes
    ) -> tuple[tuple[str, CommandApdu], ...]:
        """Nobody published how."""
        del puk, new
        raise _impossible(self._profile, f"unblock {name}")

    def _choose(self, key: KeyRules, algorithm: bytes) -> None:
        set_environment(self._channel, SIGNATURE, key, algorithm)

    def authenticate(self, key: KeyRules, digest: bytes) -> bytes:
        """Sign a login challenge's digest."""
        return self._signer.sign(key, key.authenticate[0], digest)

    def sign(self, key: KeyRules, digest: bytes) -> bytes:
        """Sign a document's digest."""
        return self._signer.sign(key, key.sign[0], digest)

    def decipher(self, key: KeyRules, point: bytes) -> Secret:
        """Nobody published how."""
        del key, point
        raise _impossible(self._profile, "decipher")


class Keyless:
    """Cards with no key that a code opens: codes, if there are any, are passwords of PACE.

    The German identity card without terminal authentication, passports and ICAO cards are such.
    """

    def __init__(self, channel: CardChannel, profile: Profile) -> None:
        self._channel = channel
        self._profile = profile

    def pin_state(self, name: PinName) -> PinState:
        """Choosing the code for PACE says how many tries it has and costs none (B.14.1)."""
        rules = self._profile.pins.get(name)
        if rules is None:
            raise _impossible(self._profile, f"tell the tries left of {name}")
        terminal = declared(self._profile.own_pace)
        tries = terminal.tries_left(self._channel, rules.reference)
        return PinState(rules.tries if tries is None else tries)

    def unblock_commands(
        self, name: PinName, puk: bytes, new: bytes
    ) -> tuple[tuple[str, CommandApdu], ...]:
        """The PUK opens a channel and is never sent."""
        del puk, new
        raise _impossible(self._profile, f"unblock {name} by VERIFY")

    def authenticate(self, key: KeyRules, digest: bytes) -> bytes:
        """The card has no key for it."""
        del key, digest
        raise _impossible(self._profile, "authenticate")

    def sign(self, key: KeyRules, digest: bytes) -> bytes:
        """The card has no key for it."""
        del key, digest
        raise _impossible(self._profile, "sign")

    def decipher(self, key: KeyRules, point: bytes) -> Secret:
        """The card has no key for it."""
        del key, point
        raise _impossible(self._profile, "decipher")


def _impossible(profile: Profile, what: str) -> UsageError:
    return UsageError(f"nobody published how to {what} with {profile.name}; it is not done")


FAMILIES: Mapping[str, Callable[[CardChannel, Profile], Family]] = MappingProxyType(
    {
        "ias-ecc": IasEcc,
        "ias-classic": IasClassic,
        "belpic": Belpic,
        "mtcos": Mtcos,
        "npa": Keyless,
        "emrtd": Keyless,
    }
)
"""The families by the name a profile gives them."""
