"""What stands before every application of a card: what opens a channel, and the channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from harness.apdu import SW, CommandApdu, ResponseApdu
from harness.emulator.chaining import CommandParts
from harness.emulator.channels import Opener, PaceOpener
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
        """A channel now stands."""
        ...

    def close_channel(self) -> None:
        """The channel is gone, and with it all that was proved inside."""
        ...


class SecureFront:
    """Opens channels, unwraps commands, wraps answers, and drops a channel at the first fault.

    `others` are what opens a channel beside PACE.
    """

    def __init__(
        self, pace: PaceChip | None, application: Application, others: Sequence[Opener] = ()
    ) -> None:
        by_pace = () if pace is None else (PaceOpener(pace),)
        self._openers: tuple[Opener, ...] = (*others, *by_pace)
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
        # The answer that ends a protocol still travels as the channel before had it.
        self._open_if_agreed()
        return answer

    def _allows(self, cla: int) -> bool:
        return cla in _ALLOWED_CLASSES or (
            cla == PROPRIETARY and self._application.takes_proprietary
        )

    def _open_if_agreed(self) -> None:
        for opener in self._openers:
            if (opened := opener.opened()) is not None:
                self._session = ChipSession(opened.keys, opened.ssc)
                self._application.open_channel()

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

    def _drop(self) -> None:
        self._session = None
        self._application.close_channel()

    def _execute(self, command: CommandApdu) -> ResponseApdu:
        for opener in self._openers:
            if (answer := self._answer_of(opener, command)) is not None:
                self._abandon_but(opener)
                return answer
        return self._application.execute(command)

    def _answer_of(self, opener: Opener, command: CommandApdu) -> ResponseApdu | None:
        try:
            return opener.answer(command, inside=self._session is not None)
        except Refused as refusal:
            return ResponseApdu(sw=refusal.sw)

    def _abandon_but(self, opener: Opener) -> None:
        """A command of one protocol ends the runs of the others."""
        for each in self._openers:
            if each is not opener:
                each.abandon()
