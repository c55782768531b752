"""Where card families differ in their commands for PINs, counters and keys.

A family is a small class over the same `PinPad` and `KeyStore`; which one a card speaks is one
word in its profile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from harness import tlv
from harness.apdu import INS, SW, CommandApdu
from harness.emulator.keys import (
    AUTHENTICATION,
    CONFIDENTIALITY,
    SIGNATURE,
    KeyStore,
)
from harness.emulator.pins import PinPad
from harness.emulator.status import Refused, SecurityStatus
from harness.profile import MF
from harness.tlv import TlvError

Handler = Callable[[CommandApdu], bytes]
PROPRIETARY = 0x80
"""The class byte of commands that ISO/IEC 7816-4 does not have."""


class Family(Protocol):
    """The commands in which card families differ."""

    templates: Mapping[int, tuple[str, ...]]
    """The control reference templates of MSE:SET and the key uses each can stand for."""

    @property
    def commands(self) -> Mapping[int, Handler]:
        """What it answers, by instruction; those of class 80 by 8000 and the instruction."""
        ...

    def environment(self, data: bytes) -> bytes:
        """The objects in the data of MSE:SET."""
        ...


class IasEcc:
    """The commands of the IDEMIA cards (IAS ECC)."""

    templates: Mapping[int, tuple[str, ...]] = MappingProxyType(
        {
            AUTHENTICATION: ("authenticate",),
            SIGNATURE: ("sign",),
            CONFIDENTIALITY: ("decipher",),
        }
    )
    # What a PIN object shows after its counters: access bytes, as libelectronic-id and OpenSC
    # recorded them from real cards.
    _ACCESS = bytes.fromhex("A1108C06F300007343009C06F30000734300")

    def __init__(self, pins: PinPad, keys: KeyStore, status: SecurityStatus) -> None:
        self._pins = pins
        self._keys = keys
        self._status = status

    @property
    def commands(self) -> Mapping[int, Handler]:
        """State of a PIN, unblocking, signatures."""
        return {
            INS.GET_DATA_ODD: self.get_data,
            INS.RESET_RETRY_COUNTER: self.unblock,
            INS.PERFORM_SECURITY_OPERATION: self.security_operation,
        }

    def environment(self, data: bytes) -> bytes:
        """The data itself."""
        return data

    def get_data(self, command: CommandApdu) -> bytes:
        """Answer 70 1E BF81xx …, which exists only in the directory the PIN belongs to."""
        if (command.p1, command.p2) != (0x3F, 0xFF):
            raise Refused(SW.INCORRECT_P1_P2)
        head, number, tail = command.data[:-4], command.data[6:7], command.data[-3:]
        if head != bytes.fromhex("4D087006BF81") or tail != bytes.fromhex("02A080") or not number:
            raise Refused(SW.WRONG_DATA)
        name = self._named(number[0])
        rules = self._pins.rules(name)
        counters = tlv.encode(0x9A, bytes((rules.tries,))) + tlv.encode(
            0x9B, bytes((self._pins.tries(name),))
        )
        described = tlv.encode(0xA0, counters, self._ACCESS)
        return tlv.encode(0x70, tlv.encode(0xBF8100 | number[0], described))

    def _named(self, number: int) -> str:
        local = self._status.directory != MF
        return self._pins.by_reference(number | 0x80 if local else number)

    def unblock(self, command: CommandApdu) -> bytes:
        """RESET RETRY COUNTER with the new PIN only, after a verified PUK (7816-4, 7.5.10)."""
        if command.p1 != 0x02:
            raise Refused(SW.INCORRECT_P1_P2)
        self._pins.require("PUK")
        self._pins.unblock(command.p2, command.data)
        return b""

    def security_operation(self, command: CommandApdu) -> bytes:
        """Sign the hash in the data, or decipher."""
        match command.p1 << 8 | command.p2:
            case 0x9E9A:
                return self._keys.sign(command.data, "sign")
            case 0x8086:
                return self._keys.decipher(command)
        raise Refused(SW.INCORRECT_P1_P2)


class IasClassic:
    """The commands of the Thales cards (IAS Classic)."""

    templates: Mapping[int, tuple[str, ...]] = MappingProxyType(
        {SIGNATURE: ("authenticate", "sign"), CONFIDENTIALITY: ("decipher",)}
    )

    def __init__(self, pins: PinPad, keys: KeyStore, status: SecurityStatus) -> None:
        self._pins = pins
        self._keys = keys
        self._status = status

    @property
    def commands(self) -> Mapping[int, Handler]:
        """State of a PIN, unblocking, signatures."""
        return {
            INS.GET_DATA_ODD: self.get_data,
            INS.RESET_RETRY_COUNTER: self.unblock,
            INS.PERFORM_SECURITY_OPERATION: self.security_operation,
        }

    def environment(self, data: bytes) -> bytes:
        """The data itself."""
        return data

    def get_data(self, command: CommandApdu) -> bytes:
        """Answer A0 with the PIN's reference, counter (DF21) and whether it was changed (DF2F)."""
        if (command.p1, command.p2) != (0x00, 0xFF):
            raise Refused(SW.INCORRECT_P1_P2)
        reference = _asked_reference(command.data)
        name = self._pins.by_reference(reference)
        rules = self._pins.rules(name)
        changed = name != "PIN2" or self._pins.pin2_changed
        return tlv.encode(
            0xA0,
            tlv.encode(0x83, bytes((reference,))),
            tlv.encode(0x8C, bytes.fromhex("F0000000")),
            tlv.encode(0xDF21, bytes((self._pins.tries(name),)) + bytes.fromhex("FFA503")),
            tlv.encode(0xDF27, bytes.fromhex("FFFF")),
            tlv.encode(0xDF28, bytes((rules.stored_length,))),
            tlv.encode(0xDF2F, bytes((changed,))),
        )

    def unblock(self, command: CommandApdu) -> bytes:
        """RESET RETRY COUNTER with PUK and new PIN in one command."""
        if command.p1 != 0x00:
            raise Refused(SW.INCORRECT_P1_P2)
        size = self._pins.rules("PUK").stored_length
        self._pins.compare("PUK", command.data[:size])
        self._pins.unblock(command.p2, command.data[size:])
        return b""

    def security_operation(self, command: CommandApdu) -> bytes:
        """Keep a hash, sign the kept hash, or decipher."""
        match command.p1 << 8 | command.p2:
            case 0x90A0:
                self._keep_hash(command.data)
                return b""
            case 0x9E9A if not command.data:
                digest, self._status.hash = self._status.hash, None
                if digest is None:
                    raise Refused(SW.CONDITIONS_NOT_SATISFIED)
                # ECDSA takes the leftmost bits of a longer hash (FIPS 186-5, 6.4.1).
                return self._keys.sign(digest[: self._keys.field_size], "authenticate", "sign")
            case 0x9E9A:
                raise Refused(SW.WRONG_LENGTH)
            case 0x8086:
                return self._keys.decipher(command)
        raise Refused(SW.INCORRECT_P1_P2)

    def _keep_hash(self, data: bytes) -> None:
        environment = self._status.environment
        if environment is None or not environment.algorithm:
            raise Refused(SW.CONDITIONS_NOT_SATISFIED)
        try:
            given = tlv.parse_one(data)
        except TlvError:
            raise Refused(SW.WRONG_DATA) from None
        # The algorithm reference is 24 and the length of the hash.
        if given.tag != 0x90 or len(given.value) != environment.algorithm[0] - 0x24:
            raise Refused(SW.WRONG_DATA)
        self._status.hash = given.value


def _asked_reference(data: bytes) -> int:
    if len(data) != 5 or data[:4] != bytes.fromhex("A0038301"):
        raise Refused(SW.WRONG_DATA)
    return data[4]
