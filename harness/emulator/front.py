"""What stands before every application of a card: PACE and secure messaging."""

from __future__ import annotations

from typing import Protocol

from harness.apdu import INS, SW, CommandApdu, ResponseApdu
from harness.crypto.kdf import SessionKeys
from harness.emulator.chaining import CommandParts
from harness.emulator.family import PROPRIETARY
from harness.emulator.pace import PaceChip
from harness.emulator.status import Refused
from harness.secure_messaging import ChipSession, SecureMessagingFault

_ALLOWED_CLASSES = frozenset((0x00, 0x0C, 0x10, 0x1C))


class Application(Protocol):
    """What answers the plain commands behind the front."""

    @property
    def takes_proprietary(self) -> bool:
        """Whether it has commands of class 80."""
        ...

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

    def __init__(self, pace: PaceChip | None, application: Application) -> None:
        self._pace = pace
        self._application = application
        self._session: ChipSession | None = None
        self._dispatch = CommandParts(self._execute)

    def __call__(self, command: CommandApdu) -> ResponseApdu:
        """Answer one command, protected if a channel stands (ICAO 9303-11, 9.8.9)."""
        if not self._allows(command.cla):
            return ResponseApdu(sw=SW.CLA_NOT_SUPPORTED)
        if command.is_secured:
            return self._respond_secured(command)
        if self._session is not None:
            self._drop()
        answer = self._dispatch(command)
        # The token that ends PACE still travels as the channel before had it.
        self._open_if_agreed()
        return answer

    def _allows(self, cla: int) -> bool:
        return cla in _ALLOWED_CLASSES or (
            cla == PROPRIETARY and self._application.takes_proprietary
        )

    def _open_if_agreed(self) -> None:
        if self._pace is not None and (keys := self._pace.agreed()) is not None:
            self._open(keys)

    def _respond_secured(self, command: CommandApdu) -> ResponseApdu:
        if self._session is None:
            return ResponseApdu(sw=SW.SM_DATA_OBJECTS_INCORRECT)
        try:
            plain = self._session.unprotect(command)
        except SecureMessagingFault as fault:
            self._drop()
            return ResponseApdu(sw=fault.sw)
        answer = self._session.protect(self._dispatch(plain), odd=bool(command.ins & 1))
        self._open_if_agreed()
        return answer

    def _open(self, keys: SessionKeys) -> None:
        self._session = ChipSession(keys)
        self._application.open_channel()

    def _drop(self) -> None:
        self._session = None
        self._application.close_channel()

    def _execute(self, command: CommandApdu) -> ResponseApdu:
        if self._pace is not None:
            try:
                if (answer := self._run_pace(self._pace, command)) is not None:
                    return answer
            except Refused as refusal:
                return ResponseApdu(sw=refusal.sw)
        return self._application.execute(command)

    def _run_pace(self, pace: PaceChip, command: CommandApdu) -> ResponseApdu | None:
        """The answer to a command of PACE; None to any other."""
        if command.ins == INS.GENERAL_AUTHENTICATE:
            return ResponseApdu(pace.general_authenticate(command))
        pace.abandon()
        if command.header[1:] != bytes((INS.MANAGE_SECURITY_ENVIRONMENT, 0xC1, 0xA4)):
            return None
        inside = self._session is not None
        return ResponseApdu(sw=pace.set_authentication_template(command, inside=inside))
