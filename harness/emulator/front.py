"""What stands before every application of a card: PACE and secure messaging."""

from __future__ import annotations

from typing import Protocol

from harness.apdu import INS, SW, CommandApdu, ResponseApdu
from harness.crypto.kdf import SessionKeys
from harness.emulator.chaining import CommandParts
from harness.emulator.pace import PaceChip
from harness.emulator.status import Refused
from harness.secure_messaging import ChipSession, SecureMessagingFault

_ALLOWED_CLASSES = frozenset((0x00, 0x0C, 0x10, 0x1C))


class Application(Protocol):
    """What answers the plain commands behind the front."""

    def execute(self, command: CommandApdu) -> ResponseApdu:
        """Answer one whole, plain command."""
        ...

    def open_channel(self) -> None:
        """A PACE channel now stands."""
        ...

    def close_channel(self) -> None:
        """The channel is gone, and with it all that was proved inside."""
        ...


class SecureFront:
    """Opens a channel by PACE, unwraps commands, wraps answers, and drops it at the first fault."""

    def __init__(self, pace: PaceChip, application: Application) -> None:
        self._pace = pace
        self._application = application
        self._session: ChipSession | None = None
        self._dispatch = CommandParts(self._execute)

    def __call__(self, command: CommandApdu) -> ResponseApdu:
        """Answer one command, protected if a channel stands (ICAO 9303-11, 9.8.9)."""
        if command.cla not in _ALLOWED_CLASSES:
            return ResponseApdu(sw=SW.CLA_NOT_SUPPORTED)
        if command.is_secured:
            return self._respond_secured(command)
        if self._session is not None:
            self._drop()
        answer = self._dispatch(command)
        # The token that ends PACE still travels in the clear.
        if (keys := self._pace.agreed()) is not None:
            self._open(keys)
        return answer

    def _respond_secured(self, command: CommandApdu) -> ResponseApdu:
        if self._session is None:
            return ResponseApdu(sw=SW.SM_DATA_OBJECTS_INCORRECT)
        try:
            plain = self._session.unprotect(command)
        except SecureMessagingFault as fault:
            self._drop()
            return ResponseApdu(sw=fault.sw)
        return self._session.protect(self._dispatch(plain), odd=bool(command.ins & 1))

    def _open(self, keys: SessionKeys) -> None:
        self._session = ChipSession(keys)
        self._application.open_channel()

    def _drop(self) -> None:
        self._session = None
        self._application.close_channel()

    def _execute(self, command: CommandApdu) -> ResponseApdu:
        try:
            if command.ins == INS.GENERAL_AUTHENTICATE:
                return ResponseApdu(self._pace.general_authenticate(command))
            self._pace.abandon()
            if command.header[1:] == bytes((INS.MANAGE_SECURITY_ENVIRONMENT, 0xC1, 0xA4)):
                self._set_authentication_template(command)
                return ResponseApdu()
        except Refused as refusal:
            return ResponseApdu(sw=refusal.sw)
        return self._application.execute(command)

    def _set_authentication_template(self, command: CommandApdu) -> None:
        if self._session is not None:  # no second PACE within a channel (BSI TR-03110-2, 3.2)
            raise Refused(SW.CONDITIONS_NOT_SATISFIED)
        self._pace.set_authentication_template(command.data)
