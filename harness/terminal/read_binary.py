"""READ BINARY of the selected file, as much at once as the card takes (ISO/IEC 7816-4, 7.2.3)."""

from __future__ import annotations

from harness import tlv
from harness.apdu import INS, MAX_SHORT_NE, SW, CommandApdu, ResponseApdu, describe_sw
from harness.errors import ApduError, ProtocolViolation
from harness.profile import Plan, Profile, Transmission
from harness.secure_messaging import UnprotectedStatusError, largest_plain_answer
from harness.terminal.channel import CardChannel
from harness.tlv import TlvError

LAST_OFFSET = 0x7FFF
"""The last that P1 and P2 can name; what lies behind is read with the odd instruction."""

CLAUSE = "ISO/IEC 7816-4, 7.2.3"

_LADDER = (224, 160, 112)
"""What is asked for instead, one after the other, where a card refuses more."""


class ReadBinary:
    """Reads from wherever the card stands, and learns how much it gives at once.

    A refused length is not asked for again; each read after a refusal is a new, smaller one.
    """

    def __init__(self, channel: CardChannel, profile: Profile, plan: Plan) -> None:
        self._channel = channel
        self._ends = (SW.WRONG_OFFSET, profile.transmission.end_of_file)
        self.largest_ne = profile.quirks.largest_ne or MAX_SHORT_NE
        room = _room(profile.transmission, plan)
        most = largest_plain_answer(room) if channel.is_secured else room
        wanted = plan.ne or min(most, profile.transmission.max_read)
        self.chunk = wanted if room > MAX_SHORT_NE else min(wanted, self.largest_ne)

    def at(self, offset: int, ne: int, sfi: int | None = None) -> bytes:
        """Up to `ne` bytes from `offset`; none where the file ends there.

        With a short identifier that file is read and selected; the offset is below 256 then.

        Raises:
            ApduError: the card refuses.
            ProtocolViolation: it answers success and nothing.
        """
        if offset > LAST_OFFSET:
            return self._far(offset, ne)
        p1 = offset >> 8 if sfi is None else 0x80 | sfi
        command = CommandApdu(0x00, INS.READ_BINARY, p1, offset & 0xFF, ne=ne)
        return self._data(self._channel.transmit(command), command, offset)

    def exactly(self, offset: int, size: int) -> bytes:
        """Some of `size` bytes that should be there; none where the file ends all the same.

        Raises:
            ApduError: the card refuses every length.
            ProtocolViolation: it answers success and nothing.
        """
        wanted, refusal = min(self.chunk, size), None
        for ne in (wanted, *(rung for rung in _LADDER if rung < wanted)):
            try:
                data = self.at(offset, ne)
            except ApduError as error:
                if not is_refused_length(error):
                    raise
                data, refusal = b"", error
            if data:
                self.chunk = ne if ne < wanted else self.chunk
                return data
        if refusal is not None:
            raise refusal
        return b""

    def _far(self, offset: int, ne: int) -> bytes:
        """Data object 54 tells the offset, 53 brings the data (ISO/IEC 7816-4, 7.2.3)."""
        place = tlv.encode(0x54, offset.to_bytes((offset.bit_length() + 7) // 8, "big"))
        wanted = min(1 + len(tlv.length_bytes(ne)) + ne, self.chunk)
        command = CommandApdu(0x00, INS.READ_BINARY_ODD, 0x00, 0x00, place, wanted)
        data = self._data(self._channel.transmit(command), command, offset)
        try:
            found = tlv.parse_one(data) if data else None
        except TlvError as error:
            message = f"malformed answer to READ BINARY: {error}"
            raise ProtocolViolation(message, CLAUSE) from None
        if found is not None and (found.tag != 0x53 or not found.value):
            message = f"expected data in 53, got {found.tag:X} with {len(found.value)} bytes"
            raise ProtocolViolation(message, CLAUSE)
        return found.value[:ne] if found else b""

    def _data(self, answer: ResponseApdu, command: CommandApdu, offset: int) -> bytes:
        if answer.ok or (answer.sw == SW.END_OF_FILE and answer.data):
            if not answer.data:
                message = f"the card answers 9000 and nothing at offset {offset}"
                raise ProtocolViolation(message, CLAUSE)
            return answer.data
        if answer.sw in self._ends:
            return b""
        raise ApduError(answer.sw, command.name, describe_sw(answer.sw))


def _room(transmission: Transmission, plan: Plan) -> int:
    """The most bytes of an answer; a card must tell before it gets more (9303-11, 9.3.1.2)."""
    told = transmission.largest_answer if transmission.extended_length else None
    return told - 2 if plan.extended and told else MAX_SHORT_NE


def is_refused_length(error: ApduError) -> bool:
    """Whether it may mean that too many bytes were asked for (6700, 6282, 6Cxx), and no more."""
    told = error.sw in (SW.WRONG_LENGTH, SW.END_OF_FILE) or error.sw >> 8 == 0x6C
    return told and not isinstance(error, UnprotectedStatusError)
