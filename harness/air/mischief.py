"""What each APDU fault does with a command on its way to the card.

Behind PACE these faults see protected APDUs and have no keys. They read what secure messaging
leaves readable (header, the Le in DO 97, lengths), and what they answer themselves is a bare status
word, as cards and phones with these faults send it. A session that fails closed ends there; a
smaller Le is then a matter of the next session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.air.faults import Fault
from harness.apdu import INS, SW, CommandApdu, ResponseApdu
from harness.clock import Clock
from harness.errors import LinkError
from harness.tlv import Tlv, TlvError, find, parse_all

Forward = Callable[[bytes], bytes]

_FOREIGN = bytes.fromhex("03B0000001")  # a presence check: READ BINARY on logical channel 3
_SET_AT = 0xC1A4  # P1 P2 of MSE:Set AT for mutual authentication, ICAO 9303-11, 4.4.4.1
_CARD_ACCESS, _CARD_ACCESS_SFI = b"\x01\x1c", 0x1C  # ICAO 9303-11, 9.2.11
_BY_SFI = 0x80  # P1 of READ BINARY, ISO/IEC 7816-4, 11.3.3
_LE, _CURVE = 0x97, 0x84  # DO of secure messaging; DO of MSE:Set AT
_READS_ON = (SW.OK, SW.END_OF_FILE, SW.WRONG_OFFSET)


@dataclass(frozen=True)
class Occasion:
    """A command that comes by, decoded and raw, and whether the fault's trigger is there."""

    command: CommandApdu
    raw: bytes
    struck: bool


class Mischief(Protocol):
    """One fault at work between a caller and a card."""

    def __call__(self, occasion: Occasion, forward: Forward) -> bytes:
        """Answer the command, with or without asking the card.

        Raises:
            LinkError: the fault swallows the answer.
        """
        ...


def _status(sw: float) -> bytes:
    return ResponseApdu(sw=int(sw)).encode()


def _is_set_at(command: CommandApdu) -> bool:
    return (
        command.ins == INS.MANAGE_SECURITY_ENVIRONMENT and command.p1 << 8 | command.p2 == _SET_AT
    )


def _objects(command: CommandApdu) -> tuple[Tlv, ...]:
    try:
        return parse_all(command.data)
    except TlvError:
        return ()


def wanted(command: CommandApdu) -> int:
    """The bytes a command asks for: its Le, or that in DO 97 (ISO/IEC 7816-4, 10.2.2)."""
    if not command.is_secured:
        return command.ne
    inner = find(_objects(command), _LE)
    if inner is None:
        return 0
    return int.from_bytes(inner, "big") or 256 ** len(inner)


class Refuse:
    """Answers `sw` where `applies`, or nothing for `sw` 0; 6C00 gets the length that would do."""

    def __init__(self, fault: Fault, applies: Callable[[Occasion], bool]) -> None:
        self._sw = int(fault.option("sw"))
        if self._sw == 0x6C00 and fault.name == "le-refused":
            self._sw |= int(fault.option("above")) & 0xFF
        self._applies = applies

    def __call__(self, occasion: Occasion, forward: Forward) -> bytes:
        """Refuse, or let the command through."""
        if not (occasion.struck and self._applies(occasion)):
            return forward(occasion.raw)
        if not self._sw:
            message = f"{occasion.command.name} got no answer: it is too long for this phone"
            raise LinkError(message)
        return _status(self._sw)


class ForeignCommand:
    """Sends a plain command of somebody else first."""

    def __call__(self, occasion: Occasion, forward: Forward) -> bytes:
        """The foreign command's answer is dropped."""
        if occasion.struck:
            forward(_FOREIGN)
        return forward(occasion.raw)


class SessionDead:
    """From a protected command on, refuses all of them until MSE:Set AT."""

    def __init__(self, fault: Fault) -> None:
        self._answer = _status(fault.option("sw"))
        self._armed = self._dead = False

    def __call__(self, occasion: Occasion, forward: Forward) -> bytes:
        """Let plain commands through."""
        self._armed |= occasion.struck
        if _is_set_at(occasion.command):
            self._dead = False
        elif occasion.command.is_secured and self._armed:
            self._armed, self._dead = False, True
        if self._dead and occasion.command.is_secured:
            return self._answer
        return forward(occasion.raw)


class PaceAborted:
    """Fails one step of a PACE chain; the card then still expects the chain's end."""

    def __init__(self, fault: Fault) -> None:
        self._answer = _status(fault.option("sw"))
        self._armed = self._open = False

    def __call__(self, occasion: Occasion, forward: Forward) -> bytes:
        """6883 for the first command that is not part of the chain (ISO/IEC 7816-4, 5.3.3)."""
        self._armed |= occasion.struck
        is_step = occasion.command.ins == INS.GENERAL_AUTHENTICATE
        if self._open and not is_step:
            self._open = False
            return _status(SW.LAST_COMMAND_OF_CHAIN_EXPECTED)
        if self._armed and is_step and occasion.command.is_chained:
            self._armed, self._open = False, True
            return self._answer
        return forward(occasion.raw)


class WrongCanDelay:
    """Counts passwords that failed in PACE and makes the next attempts slow."""

    def __init__(self, fault: Fault, clock: Clock) -> None:
        self._after, self._seconds = int(fault.option("after")), fault.option("seconds")
        self._clock = clock
        self._active, self._wrong = False, 0

    def __call__(self, occasion: Occasion, forward: Forward) -> bytes:
        """The last command of a chain tells whether the password was right."""
        self._active |= occasion.struck
        command = occasion.command
        if self._active and self._wrong >= self._after and _is_set_at(command):
            self._clock.sleep(self._seconds)
        answer = forward(occasion.raw)
        if command.ins == INS.GENERAL_AUTHENTICATE and not command.is_chained:
            right = ResponseApdu.decode(answer).ok
            self._wrong = 0 if right else self._wrong + 1
        return answer


class ResponseInParts:
    """Hands long responses out in parts with 61xx (ISO/IEC 7816-4, 5.3.4)."""

    def __init__(self, fault: Fault) -> None:
        self._part = max(1, int(fault.option("part")))
        self._rest = b""
        self._sw = int(SW.OK)

    def __call__(self, occasion: Occasion, forward: Forward) -> bytes:
        """A plain GET RESPONSE fetches the next part; any other command drops the rest."""
        command = occasion.command
        if command.ins == INS.GET_RESPONSE and not command.is_secured and self._rest:
            return self._hand_out(min(self._part, command.ne or self._part))
        answer = ResponseApdu.decode(forward(occasion.raw))
        self._rest, self._sw = b"", answer.sw
        if not occasion.struck or len(answer.data) <= self._part:
            return answer.encode()
        self._rest = answer.data
        return self._hand_out(self._part)

    def _hand_out(self, size: int) -> bytes:
        part, self._rest = self._rest[:size], self._rest[size:]
        left = len(self._rest)
        sw = 0x6100 | (left if left < 256 else 0) if left else self._sw
        return ResponseApdu(part, sw).encode()


class ZeroFill:
    """Reads EF.CardAccess, in plain, as if its file were longer than its content."""

    def __init__(self, fault: Fault) -> None:
        self._size = int(fault.option("size"))
        self._selected = False

    def __call__(self, occasion: Occasion, forward: Forward) -> bytes:
        """Zeros behind what the card gives, up to the size of the file."""
        command = occasion.command
        answer = ResponseApdu.decode(forward(occasion.raw))
        if command.ins == INS.SELECT:
            self._selected = command.data == _CARD_ACCESS
        if command.ins != INS.READ_BINARY or command.is_secured:
            return answer.encode()
        if command.p1 & _BY_SFI:
            self._selected = command.p1 & 0x1F == _CARD_ACCESS_SFI
        offset = command.p2 if command.p1 & _BY_SFI else command.p1 << 8 | command.p2
        size = min(command.ne, self._size - offset)
        fills = occasion.struck and self._selected and answer.sw in _READS_ON
        if not fills or len(answer.data) >= size:
            return answer.encode()
        return ResponseApdu(answer.data.ljust(size, b"\x00")).encode()


def mischief(fault: Fault, clock: Clock) -> Mischief:
    """The fault at work."""
    if fault.name == "foreign-command":
        return ForeignCommand()
    if fault.name == "wrong-can-delay":
        return WrongCanDelay(fault, clock)
    make = _STATEFUL.get(fault.name)
    return make(fault) if make else Refuse(fault, _reason(fault))


_STATEFUL: dict[str, Callable[[Fault], Mischief]] = {
    "session-dead": SessionDead,
    "pace-aborted": PaceAborted,
    "response-in-parts": ResponseInParts,
    "zero-fill": ZeroFill,
}


def _reason(fault: Fault) -> Callable[[Occasion], bool]:
    """When a fault that only refuses does so."""
    match fault.name:
        case "le-refused":
            reads, most = (INS.READ_BINARY, INS.READ_BINARY_ODD), fault.option("above")
            return lambda seen: seen.command.ins in reads and wanted(seen.command) > most
        case "le-refused-select":
            return lambda seen: seen.command.ins == INS.SELECT and wanted(seen.command) > 0
        case "le-refused-mse":
            ins = INS.MANAGE_SECURITY_ENVIRONMENT
            return lambda seen: seen.command.ins == ins and wanted(seen.command) > 0
        case "tag-84-needed":
            return lambda seen: (
                _is_set_at(seen.command) and find(_objects(seen.command), _CURVE) is None
            )
    limit = fault.option("limit")  # no-extended-length
    return lambda seen: seen.command.extended or len(seen.raw) > limit
