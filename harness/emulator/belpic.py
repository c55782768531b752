"""The commands of the Belgian eID application (BELPIC applet 1.8 reference manual)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from harness.apdu import INS, SW, CommandApdu
from harness.emulator.family import PROPRIETARY, Handler
from harness.emulator.keys import SIGNATURE, KeyStore
from harness.emulator.pins import PinPad
from harness.emulator.status import Refused, SecurityStatus

_GET_CARD_DATA, _LOGOFF = 0xE4, 0xE6
_CARD_DATA_SIZE, _VERSION_AT, _VERSION = 28, 21, 0x18


class Belpic:
    """One PIN, signatures over a finished hash, and two commands of class 80."""

    templates: Mapping[int, tuple[str, ...]] = MappingProxyType(
        {SIGNATURE: ("authenticate", "sign")}
    )

    def __init__(self, pins: PinPad, keys: KeyStore, status: SecurityStatus) -> None:
        del status
        self._pins = pins
        self._keys = keys

    @property
    def commands(self) -> Mapping[int, Handler]:
        """Signatures, GET CARD DATA and LOGOFF."""
        return {
            INS.PERFORM_SECURITY_OPERATION: self.security_operation,
            PROPRIETARY << 8 | _GET_CARD_DATA: self.get_card_data,
            PROPRIETARY << 8 | _LOGOFF: self.log_off,
        }

    def get_card_data(self, command: CommandApdu) -> bytes:
        """Zeros but for the version of the applet: no source tells the other bytes."""
        if command.p1 != 0x00 or command.p2 not in (0x00, 0x01):
            raise Refused(SW.INCORRECT_P1_P2)
        data = bytearray(_CARD_DATA_SIZE)
        data[_VERSION_AT] = _VERSION
        counter = bytes((0, 0, self._pins.tries("PIN1"))) if command.p2 else b""
        return bytes(data) + counter

    def log_off(self, command: CommandApdu) -> bytes:
        """End the verification of the PIN."""
        if (command.p1, command.p2) != (0x00, 0x00):
            raise Refused(SW.INCORRECT_P1_P2)
        self._pins.forget()
        return b""

    def environment(self, data: bytes) -> bytes:
        """The objects of `04 80 algorithm 84 key` as ISO/IEC 7816-4 would have them."""
        if len(data) != 5 or data[0] != 0x04 or (data[1], data[3]) != (0x80, 0x84):
            raise Refused(SW.WRONG_DATA)
        return bytes((0x80, 0x01, data[2], 0x84, 0x01, data[4]))

    def security_operation(self, command: CommandApdu) -> bytes:
        """Sign the hash in the data."""
        if (command.p1, command.p2) != (0x9E, 0x9A):
            raise Refused(SW.INCORRECT_P1_P2)
        return self._keys.sign(command.data[: self._keys.field_size], "authenticate", "sign")
