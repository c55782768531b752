"""Cards that misbehave in one way, to be held against terminals and phones.

Each lies at one moment of PACE or of the channel behind it and is a right card otherwise. A good
terminal ends there: it believes nothing, tells nothing, and sends no further command of that run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from harness import tlv
from harness.apdu import INS, ApduFormatError, CommandApdu, ResponseApdu
from harness.emulator.personalise import CardImage
from harness.icc import Icc
from harness.tlv import Tlv, TlvError


class Moment(StrEnum):
    """When a card lies: in which answer."""

    SET_AT = "MSE:Set AT"
    NONCE = "the encrypted nonce"
    MAPPING = "the mapping data"
    KEY = "the ephemeral key"
    TOKEN = "the authentication token"  # noqa: S105 - the protocol's word
    PROTECTED = "a protected answer"


_SENT = {None: Moment.NONCE, 0x81: Moment.MAPPING, 0x83: Moment.KEY, 0x85: Moment.TOKEN}


@dataclass(frozen=True, slots=True)
class Said:
    """One exchange as the right card would end it; `before` is the protected answer before."""

    command: CommandApdu
    answer: ResponseApdu
    before: ResponseApdu | None = None

    @property
    def sent(self) -> bytes:
        """The value that the terminal sent in its dynamic authentication data."""
        return tlv.parse_one(self.command.data).children()[0].value

    @property
    def objects(self) -> tuple[Tlv, ...]:
        """The objects of the answer: of dynamic authentication data, or of a protected one.

        There are none where the answer is a part of a longer one, or a refusal.
        """
        try:
            objects = tlv.parse_all(self.answer.data)
            return objects[0].children() if objects and objects[0].tag == 0x7C else objects
        except TlvError:
            return ()

    def with_value(self, value: bytes, tag: int | None = None) -> ResponseApdu:
        """The answer with another value in its first object."""
        first, *rest = self.objects
        inner = tlv.encode(first.tag if tag is None else tag, value)
        return ResponseApdu(tlv.encode(0x7C, inner, *rest))

    def without(self, tag: int) -> ResponseApdu:
        """The protected answer without one of its objects."""
        kept = b"".join(each.encode() for each in self.objects if each.tag != tag)
        return replace(self.answer, data=kept)


Lie = Callable[[Said], ResponseApdu]


def _as_it_is(image: CardImage) -> CardImage:
    return image


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """One way to misbehave: what the card does, and what a tester must see the terminal do."""

    does: str
    due: str
    lies: Mapping[Moment, Lie] = field(default_factory=dict)
    image: Callable[[CardImage], CardImage] = _as_it_is
    """How the card is made, where what it holds is wrong."""


class MisbehavingCard:
    """An `Icc` around a right card that lies as `misbehaviour` says.

    `lies` are the moments at which it has lied, `heard` counts the commands that came after the
    last of them in the same activation. `ended` is told both when an activation with lies ends.
    """

    def __init__(
        self,
        icc: Icc,
        misbehaviour: Misbehaviour,
        ended: Callable[[frozenset[Moment], int], None] = lambda _, __: None,
    ) -> None:
        self._icc = icc
        self._ended = ended
        self._told = misbehaviour.lies
        self._before: ResponseApdu | None = None
        self.lies: set[Moment] = set()
        self.heard = 0

    def connect(self) -> bytes:
        """Power the card up; what it heard is forgotten."""
        self._end()
        return self._icc.connect()

    def _end(self) -> None:
        if self.lies:
            self._ended(frozenset(self.lies), self.heard)
        self._before, self.lies, self.heard = None, set(), 0

    def disconnect(self) -> None:
        """Take the power away."""
        self._end()
        self._icc.disconnect()

    def transmit(self, command: bytes) -> bytes:
        """Answer as the right card, but for the lie.

        Raises:
            LinkError: the card has no power.
        """
        answer = self._icc.transmit(command)
        self.heard += bool(self.lies)
        try:
            said = Said(CommandApdu.decode(command), ResponseApdu.decode(answer), self._before)
        except ApduFormatError:
            return answer
        moment = moment_of(said.command)
        if moment is Moment.PROTECTED:
            self._before = said.answer
        if moment is None or moment not in self._told:
            return answer
        told = self._told[moment](said)
        if told != said.answer and moment not in self.lies:
            self.lies.add(moment)
            self.heard = 0
        return told.encode()


def moment_of(command: CommandApdu) -> Moment | None:
    """Which answer a command asks for; None where no card lies."""
    if command.is_secured:
        return Moment.PROTECTED
    if command.header[1:] == bytes((INS.MANAGE_SECURITY_ENVIRONMENT, 0xC1, 0xA4)):
        return Moment.SET_AT
    if command.ins != INS.GENERAL_AUTHENTICATE:
        return None
    try:
        inner = tlv.parse_one(command.data).children()
    except TlvError:
        return None
    return _SENT.get(inner[0].tag if inner else None)
