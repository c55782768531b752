"""The emulated card: an `Icc` that behaves as its profile says."""

from __future__ import annotations

import secrets

from harness.apdu import INS, SW, CommandApdu, ResponseApdu
from harness.clock import Clock, WallClock
from harness.crypto.domain import RandBelow
from harness.emulator.active_authentication import ActiveAuthenticationChip
from harness.emulator.bac import BacChip
from harness.emulator.chaining import AnswerParts, Responder, answer_bytes
from harness.emulator.channels import Opener
from harness.emulator.chip_authentication import ChipAuthenticationChip
from harness.emulator.families import FAMILIES
from harness.emulator.family import PROPRIETARY, Handler
from harness.emulator.files import FileSystem
from harness.emulator.front import SecureFront
from harness.emulator.keys import KeyStore
from harness.emulator.memory import CardMemory
from harness.emulator.pace import PaceChip
from harness.emulator.pace_codes import PaceCodes
from harness.emulator.personalise import CardImage
from harness.emulator.pins import PinPad
from harness.emulator.status import Refused, SecurityStatus
from harness.emulator.travel import TravelDocument
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
        interface: Interface | None = None,
        memory: CardMemory | None = None,
        clock: Clock | None = None,
        randbelow: RandBelow = secrets.randbelow,
    ) -> None:
        self._image = image
        self._interface = interface or image.profile.interfaces[0]
        self._memory = memory or CardMemory(image)
        self._clock = clock or WallClock()
        self._randbelow = randbelow
        self._respond: Responder | None = None

    @property
    def atr(self) -> bytes:
        """The ATR that PC/SC shows for this card on this interface."""
        return self._recognition().atr

    @property
    def interface(self) -> Interface:
        """How this card is reached."""
        return self._interface

    def _recognition(self) -> Recognition:
        if self._interface not in self._image.profile.interfaces:
            there = ", ".join(self._image.profile.interfaces)
            message = (
                f"nothing is known of {self._image.profile.name} on the {self._interface} "
                f"interface; emulate it with {there}"
            )
            raise UsageError(message)
        for entry in self._image.profile.recognise:
            if entry.interface is self._interface:
                return entry
        message = f"{self._image.profile.name} has no {self._interface} interface"
        raise UsageError(message)

    @property
    def image(self) -> CardImage:
        """What the card was made of."""
        return self._image

    @property
    def memory(self) -> CardMemory:
        """The card's counters, to look at from outside."""
        return self._memory

    def connect(self) -> bytes:
        """Power the card up, or reset it, and return its ATR."""
        atr = self.atr
        profile = self._image.profile
        needs_channel = profile.needs_channel(self._interface)
        status = SecurityStatus(self._interface, needs_channel, profile.quirks.before_pace)
        application = EidApplication(self._image, status, self._memory, self._randbelow)
        front = SecureFront(self._pace(status), application, self._openers(status))
        self._respond = AnswerParts(front, fetched=profile.quirks.fetch_answers)
        return atr

    def _pace(self, status: SecurityStatus) -> PaceChip | None:
        profile = self._image.profile
        if profile.pace is None:
            return None
        return PaceChip(
            profile.pace,
            self._image.passwords,
            self._memory,
            self._clock,
            self._randbelow,
            self._image.chip_keys,
            codes=PaceCodes(profile.pins, self._memory, status),
            refuses_ne="mse" in profile.quirks.no_ne_on,
        )

    def _openers(self, status: SecurityStatus) -> list[Opener]:
        """What opens a channel beside PACE."""
        profile, travel, openers = self._image.profile, self._image.travel, list[Opener]()
        if travel is None:
            return openers
        if profile.bac is not None:
            home = profile.lds_directory
            openers.append(BacChip(profile.bac, travel.password, home, status, self._randbelow))
        if travel.static_keys:
            is_alone = not profile.keys
            chip = ChipAuthenticationChip(travel.static_keys, status, is_alone=is_alone)
            openers.append(chip)
        return openers

    def disconnect(self) -> None:
        """Take the power away."""
        self._respond = None

    def transmit(self, command: bytes) -> bytes:
        """Answer one command APDU.

        Raises:
            LinkError: the card has no power.
        """
        respond = self._respond
        if respond is None:
            message = "the emulated card is not powered; connect to it first"
            raise LinkError(message)

        def within_limits(decoded: CommandApdu) -> ResponseApdu:
            limits = self._image.profile.transmission
            is_too_long = limits.largest_command and len(command) > limits.largest_command
            if is_too_long or (decoded.extended and not limits.extended_length):
                return ResponseApdu(sw=SW.WRONG_LENGTH)
            return respond(decoded)

        return answer_bytes(within_limits, command)


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
        self._image = image
        self._files = FileSystem(image, status, memory)
        self._pins = PinPad(image, memory, status)
        self._keys = KeyStore(image, self._pins, status)
        self._family = FAMILIES[image.profile.family](self._pins, self._keys, status)
        self._handlers: dict[int, Handler] = {
            INS.SELECT: self._files.select,
            INS.READ_BINARY: self._files.read,
            INS.READ_BINARY_ODD: self._files.read_odd,
            INS.MANAGE_SECURITY_ENVIRONMENT: self._manage_environment,
            **(self._of_holders() if _has_holders_part(image) else {}),
            **(self._of_documents(image.travel) if image.travel else {}),
            **self._family.commands,
        }

    def _of_holders(self) -> dict[int, Handler]:
        """What is for codes and keys of the holder."""
        return {
            INS.VERIFY: self._verify,
            INS.CHANGE_REFERENCE_DATA: self._change,
            INS.GET_CHALLENGE: self._get_challenge,
            INS.INTERNAL_AUTHENTICATE: self._internal_authenticate,
        }

    def _of_documents(self, travel: TravelDocument) -> dict[int, Handler]:
        """What a travel document has; the LDS application is where its key can be used."""
        rules, profile = self._image.profile.active_authentication, self._image.profile
        if rules is None or travel.active_key is None:
            return {}
        chip = ActiveAuthenticationChip(rules, travel.active_key, self._randbelow)
        if not profile.keys:
            return {INS.INTERNAL_AUTHENTICATE: chip.authenticate}

        def authenticate(command: CommandApdu) -> bytes:
            is_home = self._status.directory == profile.lds_directory
            return chip.authenticate(command) if is_home else self._internal_authenticate(command)

        return {INS.INTERNAL_AUTHENTICATE: authenticate}

    @property
    def takes_proprietary(self) -> bool:
        """Whether it has commands of class 80."""
        return any(key >> 8 for key in self._handlers)

    def open_channel(self) -> None:
        """A protocol that opens one succeeded."""
        self._status.channel = True

    def close_channel(self) -> None:
        """The channel ended, and with it all that was proved inside."""
        self._status.leave_channel()

    def execute(self, command: CommandApdu) -> ResponseApdu:
        """Answer one plain command."""
        handler = self._handlers.get((command.cla & PROPRIETARY) << 8 | command.ins)
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
        if "mse" in self._image.profile.quirks.no_ne_on and command.ne:
            raise Refused(SW.WRONG_LENGTH)
        self._keys.set_environment(uses, self._family.environment(command.data))
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


def _has_holders_part(image: CardImage) -> bool:
    """Whether there are codes or keys, or nothing that says the card is a travel document."""
    return image.travel is None or bool(image.profile.pins or image.profile.keys)
