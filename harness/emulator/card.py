"""The emulated card: an `Icc` that behaves as its profile says."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from harness.apdu import INS, SW, ApduFormatError, CommandApdu, ResponseApdu
from harness.clock import Clock, WallClock
from harness.crypto.domain import RandBelow
from harness.emulator.chaining import AnswerParts, Responder
from harness.emulator.family import FAMILIES
from harness.emulator.files import FileSystem
from harness.emulator.front import SecureFront
from harness.emulator.keys import KeyStore
from harness.emulator.memory import CardMemory
from harness.emulator.pace import PaceChip
from harness.emulator.personalise import CardImage
from harness.emulator.pins import PinPad
from harness.emulator.status import Refused, SecurityStatus
from harness.errors import LinkError, UsageError
from harness.profile import Interface, Recognition

_BEHIND_PACE = frozenset(
    (
        INS.VERIFY,
        INS.CHANGE_REFERENCE_DATA,
        INS.RESET_RETRY_COUNTER,
        INS.GET_DATA_ODD,
        INS.INTERNAL_AUTHENTICATE,
        INS.PERFORM_SECURITY_OPERATION,
    )
)
"""What the contactless interface offers only inside a channel."""


class EmulatedCard:
    """A card in memory; `memory` outlives activations, everything else ends with the power."""

    def __init__(
        self,
        image: CardImage,
        interface: Interface = Interface.CONTACTLESS,
        memory: CardMemory | None = None,
        clock: Clock | None = None,
        randbelow: RandBelow = secrets.randbelow,
    ) -> None:
        self._image = image
        self._interface = interface
        self._memory = memory or CardMemory(image)
        self._clock = clock or WallClock()
        self._randbelow = randbelow
        self._respond: Responder | None = None

    @property
    def interface(self) -> Interface:
        """How this card is reached."""
        return self._interface

    @property
    def atr(self) -> bytes:
        """The ATR that PC/SC shows for this card on this interface."""
        return self._recognition().atr

    def _recognition(self) -> Recognition:
        for entry in self._image.profile.recognise:
            if entry.interface is self._interface:
                return entry
        message = f"{self._image.profile.name} has no {self._interface} interface"
        raise UsageError(message)

    @property
    def memory(self) -> CardMemory:
        """The card's counters, to look at from outside."""
        return self._memory

    def connect(self) -> bytes:
        """Power the card up, or reset it, and return its ATR."""
        atr = self.atr
        status = SecurityStatus(self._interface)
        application = EidApplication(self._image, status, self._memory, self._randbelow)
        pace = PaceChip(
            self._image.profile.pace,
            self._image.passwords,
            self._memory,
            self._clock,
            self._randbelow,
            self._image.chip_keys,
        )
        self._respond = AnswerParts(SecureFront(pace, application))
        return atr

    def disconnect(self) -> None:
        """Take the power away."""
        self._respond = None

    def transmit(self, command: bytes) -> bytes:
        """Answer one command APDU.

        Raises:
            LinkError: the card has no power.
        """
        if self._respond is None:
            message = "the emulated card is not powered; connect to it first"
            raise LinkError(message)
        try:
            decoded = CommandApdu.decode(command)
        except ApduFormatError:
            return ResponseApdu(sw=SW.WRONG_LENGTH).encode()
        if decoded.extended and not self._image.profile.transmission.extended_length:
            return ResponseApdu(sw=SW.WRONG_LENGTH).encode()
        return self._respond(decoded).encode()


class EidApplication:
    """The files, codes and keys of one activation of a national ID-card."""

    def __init__(
        self,
        image: CardImage,
        status: SecurityStatus,
        memory: CardMemory,
        randbelow: RandBelow,
    ) -> None:
        self._status = status
        self._randbelow = randbelow
        self._files = FileSystem(image, status)
        self._pins = PinPad(image, memory, status)
        self._keys = KeyStore(image, self._pins, status)
        self._family = FAMILIES[image.profile.family](self._pins, self._keys, status)
        self._handlers: dict[int, Callable[[CommandApdu], bytes]] = {
            INS.SELECT: self._files.select,
            INS.READ_BINARY: self._files.read,
            INS.MANAGE_SECURITY_ENVIRONMENT: self._manage_environment,
            INS.VERIFY: self._verify,
            INS.CHANGE_REFERENCE_DATA: self._change,
            INS.RESET_RETRY_COUNTER: self._family.unblock,
            INS.GET_CHALLENGE: self._get_challenge,
            INS.GET_DATA_ODD: self._family.get_data,
            INS.INTERNAL_AUTHENTICATE: self._internal_authenticate,
            INS.PERFORM_SECURITY_OPERATION: self._family.security_operation,
        }

    def open_channel(self) -> None:
        """PACE succeeded."""
        self._status.pace = True

    def close_channel(self) -> None:
        """The channel ended, and with it all that was proved inside."""
        self._status.leave_channel()

    def execute(self, command: CommandApdu) -> ResponseApdu:
        """Answer one plain command."""
        handler = self._handlers.get(command.ins)
        if handler is None:
            return ResponseApdu(sw=SW.INS_NOT_SUPPORTED)
        try:
            if command.ins in _BEHIND_PACE:
                self._status.require_channel()
            return ResponseApdu(handler(command))
        except Refused as refusal:
            return ResponseApdu(sw=refusal.sw)

    def _manage_environment(self, command: CommandApdu) -> bytes:
        uses = self._family.templates.get(command.p2, ())
        if command.p1 != 0x41 or not uses:
            raise Refused(SW.INCORRECT_P1_P2)
        self._keys.set_environment(uses, command.data)
        return b""

    def _verify(self, command: CommandApdu) -> bytes:
        _require_p1(command, 0x00)
        self._pins.verify(command.p2, command.data)
        return b""

    def _change(self, command: CommandApdu) -> bytes:
        _require_p1(command, 0x00)
        self._pins.change(command.p2, command.data)
        return b""

    def _internal_authenticate(self, command: CommandApdu) -> bytes:
        _require_p1(command, 0x00)
        return self._keys.sign(command.data, "authenticate")

    def _get_challenge(self, command: CommandApdu) -> bytes:
        if not command.ne:
            raise Refused(SW.WRONG_LENGTH)
        return self._randbelow(1 << 8 * command.ne).to_bytes(command.ne, "big")


def _require_p1(command: CommandApdu, p1: int) -> None:
    if command.p1 != p1:
        raise Refused(SW.INCORRECT_P1_P2)
