"""Typed APDUs over an `Icc`, in the clear or protected."""

from __future__ import annotations

from harness.apdu import (
    INS,
    MAX_EXTENDED_NE,
    SW,
    ApduFormatError,
    CommandApdu,
    ResponseApdu,
    describe_sw,
)
from harness.crypto.kdf import SessionKeys
from harness.errors import ApduError, ProtocolViolation
from harness.icc import Icc
from harness.secure_messaging import TerminalSession
from harness.trace import Journal, Level


class CardChannel:
    """One way to speak to the card; `secured` makes another, protected one over the same card."""

    def __init__(
        self, icc: Icc, journal: Journal | None = None, session: TerminalSession | None = None
    ) -> None:
        self._icc = icc
        self.journal = journal or Journal()
        self._session = session

    @property
    def is_secured(self) -> bool:
        """Whether commands leave protected."""
        return self._session is not None

    def secured(self, keys: SessionKeys, ssc: int = 0) -> CardChannel:
        """A channel over the same card whose commands are protected under `keys`.

        `ssc` is where the send sequence counter stands before the first command.
        """
        return CardChannel(self._icc, self.journal, TerminalSession(keys, ssc))

    def protected(self, command: CommandApdu) -> CommandApdu:
        """A command as it leaves for the card; a protected one counts as sent.

        Raises:
            ProtocolViolation: the session ended with an earlier fault.
        """
        return command if self._session is None else self._session.protect(command)

    def send(self, command: CommandApdu) -> bytes:
        """Send a command that must succeed, and return the data of the answer.

        Raises:
            ApduError: the card answered anything but 9000.
            LinkError, ProtocolViolation: as `transmit`.
        """
        answer = self.transmit(command)
        if not answer.ok:
            raise ApduError(answer.sw, command.name, describe_sw(answer.sw))
        return answer.data

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        """Send a command and return the whole answer, whatever its status word.

        An answer in parts is collected (61xx); a wrong Le is corrected once (6Cxx), but never by
        sending a protected command twice.

        Raises:
            LinkError: the card is gone.
            ProtocolViolation: the answer is no APDU, never ends, or fails secure messaging.
        """
        start, heard = self.journal.clock.now(), b""
        try:
            if self._session is None:
                answer = self._corrected(command)
            else:
                protected = self._collected(self._session.protect(command))
                answer = self._session.unprotect(protected, command)
            heard = answer.encode()
        finally:
            self.journal.note(Level.PLAIN, start, command.encode(), heard)
        return answer

    def _corrected(self, command: CommandApdu) -> ResponseApdu:
        answer = self._collected(command)
        if answer.sw >> 8 == 0x6C and command.ne:
            return self._collected(command.with_ne(answer.sw & 0xFF or 256))
        return answer

    def _collected(self, command: CommandApdu) -> ResponseApdu:
        """One answer of all its parts; GET RESPONSE is never protected (cards join first)."""
        answer = self._once(command)
        data = answer.data
        while answer.sw >> 8 == 0x61:
            more = CommandApdu(0x00, INS.GET_RESPONSE, 0x00, 0x00, ne=answer.sw & 0xFF or 256)
            answer = self._once(more)
            data += answer.data
            if answer.sw >> 8 == 0x61 and (not answer.data or len(data) > MAX_EXTENDED_NE):
                message = f"the answer to {command.name} never ends"
                raise ProtocolViolation(message, "ISO/IEC 7816-4, 5.3.4")
        return ResponseApdu(data, answer.sw)

    def _once(self, command: CommandApdu) -> ResponseApdu:
        raw = self._icc.transmit(command.encode())
        try:
            return ResponseApdu.decode(raw)
        except ApduFormatError as error:
            message = f"the answer to {command.name} is no APDU: {error}"
            raise ProtocolViolation(message, "ISO/IEC 7816-4, 5.1") from None


def is_authentication_failure(sw: int) -> bool:
    """Whether a status word says that a password or token was wrong (6300, 63Cx)."""
    return sw == SW.AUTHENTICATION_FAILED or sw & 0xFFF0 == 0x63C0
