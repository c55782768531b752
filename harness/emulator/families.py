"""The families by the name a profile gives them, and those with few commands of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from harness.apdu import INS, SW, CommandApdu
from harness.emulator.belpic import Belpic
from harness.emulator.family import Family, Handler, IasClassic, IasEcc
from harness.emulator.keys import SIGNATURE, KeyStore
from harness.emulator.pins import PinPad
from harness.emulator.status import Refused, SecurityStatus


class Mtcos:
    """The commands of the MaskTech cards: counters in FCPs, signatures over a finished hash."""

    templates: Mapping[int, tuple[str, ...]] = MappingProxyType(
        {SIGNATURE: ("authenticate", "sign")}
    )

    def __init__(self, pins: PinPad, keys: KeyStore, status: SecurityStatus) -> None:
        del pins, status
        self._keys = keys

    @property
    def commands(self) -> Mapping[int, Handler]:
        """Signatures; how this card unblocks is not known."""
        return {INS.PERFORM_SECURITY_OPERATION: self.security_operation}

    def environment(self, data: bytes) -> bytes:
        """The data itself."""
        return data

    def security_operation(self, command: CommandApdu) -> bytes:
        """Sign the hash in the data."""
        if (command.p1, command.p2) != (0x9E, 0x9A):
            raise Refused(SW.INCORRECT_P1_P2)
        return self._keys.sign(command.data, "authenticate", "sign")


class Npa:
    """The German identity card as far as it goes without terminal authentication."""

    templates: Mapping[int, tuple[str, ...]] = MappingProxyType({})

    def __init__(self, pins: PinPad, keys: KeyStore, status: SecurityStatus) -> None:
        del keys, status
        self._pins = pins

    @property
    def commands(self) -> Mapping[int, Handler]:
        """New tries and values for the PIN; what only authenticated terminals may is refused."""
        return {
            INS.RESET_RETRY_COUNTER: self.reset_retry_counter,
            INS.ACTIVATE: self.activate,
            INS.DEACTIVATE: self.activate,
        }

    def environment(self, data: bytes) -> bytes:
        """The data itself."""
        return data

    def activate(self, command: CommandApdu) -> bytes:
        """ACTIVATE and DEACTIVATE of the PIN, for authenticated terminals only (B.7)."""
        if (command.p1, command.p2) != (0x10, self._pins.rules("PIN1").reference):
            raise Refused(SW.INCORRECT_P1_P2)
        raise Refused(SW.SECURITY_STATUS_NOT_SATISFIED)

    def reset_retry_counter(self, command: CommandApdu) -> bytes:
        """New tries (P1 = 03) or a new value (P1 = 02) for the PIN (BSI TR-03110-3, B.7).

        A channel opened with the PUK gives new tries, one opened with the PIN itself a new value.
        The CAN, and the PIN in any other channel, need an authenticated terminal, which this card
        does not know.
        """
        pin = self._pins.rules("PIN1")
        match command.p1, command.p2:
            case 0x03, pin.reference:
                self._pins.require("PUK")
                if command.data:
                    raise Refused(SW.WRONG_LENGTH)
                self._pins.restore("PIN1")
            case 0x02, pin.reference:
                if not (pin.puk_renews and self._pins.is_verified("PUK")):
                    self._pins.require("PIN1")
                self._pins.renew("PIN1", command.data)
            case 0x02, 0x02:
                raise Refused(SW.SECURITY_STATUS_NOT_SATISFIED)
            case _:
                raise Refused(SW.INCORRECT_P1_P2)
        return b""


class Emrtd:
    """Passports and ICAO identity cards: no codes, and no keys that a code opens."""

    templates: Mapping[int, tuple[str, ...]] = MappingProxyType({})

    def __init__(self, pins: PinPad, keys: KeyStore, status: SecurityStatus) -> None:
        del pins, keys, status

    @property
    def commands(self) -> Mapping[int, Handler]:
        """None of its own."""
        return {}

    def environment(self, data: bytes) -> bytes:
        """The data itself."""
        return data


FAMILIES: Mapping[str, Callable[[PinPad, KeyStore, SecurityStatus], Family]] = MappingProxyType(
    {
        "ias-ecc": IasEcc,
        "ias-classic": IasClassic,
        "belpic": Belpic,
        "mtcos": Mtcos,
        "npa": Npa,
        "emrtd": Emrtd,
    }
)
"""The families by the name a profile gives them."""
