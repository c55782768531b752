"""Commands that come in parts and answers that leave in parts (ISO/IEC 7816-4, 5.3.3, 5.3.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness.apdu import (
    CLA_CHAINING,
    INS,
    MAX_EXTENDED_NC,
    MAX_SHORT_NE,
    SW,
    ApduFormatError,
    CommandApdu,
    ResponseApdu,
)

Responder = Callable[[CommandApdu], ResponseApdu]


def answer_bytes(respond: Responder, command: bytes) -> bytes:
    """One command and its answer as bytes; what is no command APDU is answered 6700."""
    try:
        decoded = CommandApdu.decode(command)
    except ApduFormatError:
        return ResponseApdu(sw=SW.WRONG_LENGTH).encode()
    return respond(decoded).encode()


class AnswerParts:
    """Cuts answers that are longer than Ne and hands the rest to GET RESPONSE, which is plain.

    A card that has answers `fetched` keeps all of them back for GET RESPONSE where the command had
    data of its own (ISO/IEC 7816-3, 12.2.1: T=0 carries data one way only).
    """

    def __init__(self, respond: Responder, *, fetched: bool = False) -> None:
        self._respond = respond
        self._fetched = fetched
        self._rest = ResponseApdu()

    def __call__(self, command: CommandApdu) -> ResponseApdu:
        """Answer a command, or go on with the answer to the one before."""
        if command.ins == INS.GET_RESPONSE and not command.is_secured:
            answer, self._rest = self._rest, ResponseApdu()
            if not answer.data:
                return ResponseApdu(sw=SW.CONDITIONS_NOT_SATISFIED)
        else:
            self._rest = ResponseApdu()
            answer = self._respond(command)
        if self._fetched and command.data:
            return self._first_part(answer, 0)
        return self._first_part(answer, command.ne or MAX_SHORT_NE)

    def _first_part(self, answer: ResponseApdu, room: int) -> ResponseApdu:
        if len(answer.data) <= room:
            return answer
        self._rest = replace(answer, data=answer.data[room:])
        more = min(len(self._rest.data), MAX_SHORT_NE) & 0xFF
        return ResponseApdu(answer.data[:room], 0x6100 | more)


class CommandParts:
    """Joins the commands of a chain; GENERAL AUTHENTICATE chains in a way of its own."""

    def __init__(self, respond: Responder) -> None:
        self._respond = respond
        self._begun: CommandApdu | None = None

    def __call__(self, command: CommandApdu) -> ResponseApdu:
        """Keep one part, or answer the whole command with its last part."""
        begun, self._begun = self._begun, None
        if command.ins == INS.GENERAL_AUTHENTICATE:
            return self._respond(command)
        if begun is not None:
            if begun.header[1:] != command.header[1:]:
                return ResponseApdu(sw=SW.LAST_COMMAND_OF_CHAIN_EXPECTED)
            command = replace(command, data=begun.data + command.data)
        if command.cla & CLA_CHAINING:
            self._begun = replace(command, data=command.data[:MAX_EXTENDED_NC])
            return ResponseApdu()
        return self._respond(command)
