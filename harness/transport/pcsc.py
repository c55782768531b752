"""PC/SC readers through pyscard, the only file that knows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from harness.errors import EidrigError, LinkError, NoCardError, NoReaderError, UsageError
from harness.transport.limits import (
    EXTENDED,
    SHORT_ONLY,
    longest_command,
    properties_control,
    t0_command,
)

try:
    scard: Any = import_module("smartcard.scard")
except ImportError as error:
    _message = f"PC/SC readers need pyscard ({error}); install it with: pip install 'eidrig[pcsc]'"
    raise UsageError(_message) from error

_BOTH_PROTOCOLS = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
_GET_FEATURES = scard.SCARD_CTL_CODE(3400)  # PC/SC part 10, 2.2

_START_SERVICE = (
    "the smart card service is not running; start it"
    " (on Linux: systemctl start pcscd.socket, or pcscd --foreground)"
)
_REMOVED = "the card was removed from {}"
_NO_CARD = "there is no card in {}; put one in or on it"
_UNPLUGGED = "{} is gone; plug it in again"
_MUTE = "the card in {} does not answer; lay it on the middle of the reader or turn it over"
_SHARED = "another program uses the card in {}; close that program and try again"
_FORBIDDEN = (
    "you may not use {}; let polkit allow you the actions"
    " org.debian.pcsc-lite.access_pcsc and org.debian.pcsc-lite.access_card"
)

_FAILURES: dict[int, tuple[type[EidrigError], str]] = {
    scard.SCARD_E_NO_SERVICE: (NoReaderError, _START_SERVICE),
    scard.SCARD_E_SERVICE_STOPPED: (NoReaderError, _START_SERVICE),
    scard.SCARD_E_UNKNOWN_READER: (NoReaderError, _UNPLUGGED),
    scard.SCARD_E_READER_UNAVAILABLE: (NoReaderError, _UNPLUGGED),
    scard.SCARD_E_NO_SMARTCARD: (NoCardError, _NO_CARD),
    scard.SCARD_W_REMOVED_CARD: (LinkError, _REMOVED),
    scard.SCARD_W_RESET_CARD: (LinkError, _SHARED),
    scard.SCARD_W_UNPOWERED_CARD: (LinkError, _MUTE),
    scard.SCARD_W_UNRESPONSIVE_CARD: (LinkError, _MUTE),
    scard.SCARD_E_SHARING_VIOLATION: (LinkError, _SHARED),
    scard.SCARD_W_SECURITY_VIOLATION: (UsageError, _FORBIDDEN),
}


@dataclass(frozen=True)
class Reader:
    """A reader as PC/SC knows it; `atr` is empty while no card is in it."""

    name: str
    card_present: bool
    atr: bytes


@dataclass(frozen=True)
class _Held:
    """A card held exclusively: PC/SC's handles, its reader, its protocol."""

    context: int
    card: int
    reader: str
    protocol: int


class PcscCard:
    """An `Icc`: the card in the one reader whose name `reader_pattern` finds, case ignored.

    Raises:
        UsageError: the pattern is not a regular expression.
    """

    def __init__(self, reader_pattern: str) -> None:
        try:
            self._pattern = re.compile(reader_pattern, re.IGNORECASE)
        except re.error as error:
            message = f"{reader_pattern!r} is not a regular expression for a reader name ({error})"
            raise UsageError(message) from error
        self._held: _Held | None = None
        self._max_command = EXTENDED

    @property
    def max_command(self) -> int:
        """The longest command in bytes that reader and protocol take, known once connected.

        `limits.SHORT_ONLY` means that neither extended commands nor extended answers pass.
        """
        return self._max_command

    def connect(self) -> bytes:
        """Take the card for us alone, power it off and on, and return its ATR.

        Raises:
            NoReaderError: no service, no reader, or none that matches.
            NoCardError: the reader is empty.
            UsageError: more than one reader matches, or you may not use it.
            LinkError: another program holds the card, or it does not come up.
        """
        self.disconnect()
        self._held = _hold(self._pattern)
        self._max_command = _max_command(self._held)
        return _atr(self._held)

    def transmit(self, command: bytes) -> bytes:
        """Send one command APDU and return the response APDU.

        Under T=0 the answer to a command with data and Le is 61xx, as the card gave it.

        Raises:
            UsageError: the command is longer than `max_command`.
            LinkError: the card is gone, or `connect` was never called.
        """
        if self._held is None:
            message = "no card is connected; connect first"
            raise LinkError(message)
        if len(command) > self._max_command:
            message = (
                f"{self._held.reader} takes commands of at most {self._max_command} bytes,"
                f" not {len(command)}; send shorter ones or chain them"
            )
            raise UsageError(message)
        return _transmit(self._held, command)

    def disconnect(self) -> None:
        """Power the card off and let other programs have it."""
        if self._held is not None:
            scard.SCardDisconnect(self._held.card, scard.SCARD_UNPOWER_CARD)
            scard.SCardReleaseContext(self._held.context)
            self._held = None


def list_readers() -> list[Reader]:
    """Return the readers there are, in PC/SC's order, without touching a card.

    Raises:
        NoReaderError: there is no smart card service to ask.
        UsageError: you may not ask it.
    """
    context = _context()
    try:
        return [_look(context, name) for name in _names(context)]
    finally:
        scard.SCardReleaseContext(context)


def _check(code: int, reader: str = "this reader") -> None:
    if code == scard.SCARD_S_SUCCESS:
        return
    unknown = f"PC/SC failed on {{}}: {scard.SCardGetErrorMessage(code).rstrip('. ')}"
    kind, sentence = _FAILURES.get(code, (LinkError, unknown))
    raise kind(sentence.format(reader))


def _context() -> int:
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _check(code, "the smart card service")
    return int(context)


def _names(context: int) -> list[str]:
    code, names = scard.SCardListReaders(context, [])
    if code == scard.SCARD_E_NO_READERS_AVAILABLE:
        return []
    _check(code)
    return list(names)


def _look(context: int, name: str) -> Reader:
    code, states = scard.SCardGetStatusChange(context, 0, [(name, scard.SCARD_STATE_UNAWARE)])
    _check(code, name)
    _, state, atr = states[0]
    return Reader(name, bool(state & scard.SCARD_STATE_PRESENT), bytes(atr))


def _only_match(pattern: re.Pattern[str], names: list[str]) -> str:
    if not names:
        message = "there is no card reader; plug one in"
        raise NoReaderError(message)
    matching = [name for name in names if pattern.search(name)]
    if not matching:
        message = f"no reader matches {pattern.pattern!r}; there are: {', '.join(names)}"
        raise NoReaderError(message)
    if len(matching) > 1:
        found = ", ".join(matching)
        message = f"{pattern.pattern!r} matches more than one reader: {found}; name one whole"
        raise UsageError(message)
    return matching[0]


def _hold(pattern: re.Pattern[str]) -> _Held:
    context = _context()
    try:
        reader = _only_match(pattern, _names(context))
        card = _connected(context, reader)
        return _Held(context, card, reader, _powered_afresh(card, reader))
    except EidrigError:
        scard.SCardReleaseContext(context)  # with every card connected in it
        raise


def _connected(context: int, reader: str) -> int:
    code, card, _ = scard.SCardConnect(
        context, reader, scard.SCARD_SHARE_EXCLUSIVE, _BOTH_PROTOCOLS
    )
    _check(scard.SCARD_E_NO_SMARTCARD if code == scard.SCARD_W_REMOVED_CARD else code, reader)
    return int(card)


def _powered_afresh(card: int, reader: str) -> int:
    """Power the card off and on and return the protocol it then speaks.

    Whoever had it before may have left an application selected or a PIN verified.
    """
    code, protocol = scard.SCardReconnect(
        card, scard.SCARD_SHARE_EXCLUSIVE, _BOTH_PROTOCOLS, scard.SCARD_UNPOWER_CARD
    )
    _check(code, reader)
    return int(protocol)


def _atr(held: _Held) -> bytes:
    code, _, _, _, atr = scard.SCardStatus(held.card)
    _check(code, held.reader)
    return bytes(atr)


def _transmit(held: _Held, command: bytes) -> bytes:
    if held.protocol == scard.SCARD_PROTOCOL_T0:
        command, header = t0_command(command), scard.SCARD_PCI_T0
    else:
        header = scard.SCARD_PCI_T1
    code, response = scard.SCardTransmit(held.card, header, list(command))
    _check(code, held.reader)
    if len(response) < 2:
        # The vpcd driver calls it a success of no bytes when its card is gone.
        raise LinkError(_REMOVED.format(held.reader))
    return bytes(response)


def _max_command(held: _Held) -> int:
    if held.protocol == scard.SCARD_PROTOCOL_T0:
        return SHORT_ONLY
    control = properties_control(_control(held, _GET_FEATURES))
    return longest_command(b"" if control is None else _control(held, control))


def _control(held: _Held, code: int) -> bytes:
    """Ask the driver; one that does not know the question has nothing to say."""
    result, answer = scard.SCardControl(held.card, code, [])
    return bytes(answer) if result == scard.SCARD_S_SUCCESS else b""
