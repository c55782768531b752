"""What was said between terminal and card, when, and in which phase.

A `Journal` is shared by the wrappers of one stack: the one at the bottom notes what crosses the
wire, the channel at the top notes the plain commands inside. Observers receive each exchange as it
ends; what they keep is redacted before it leaves memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from harness.apdu import CLA_SECURE, INS
from harness.clock import Clock, WallClock
from harness.icc import Icc

HIDDEN = "**"
CARD_ACCESS_PHASE = "EF.CardAccess"
_READS = (bytes((INS.READ_BINARY,)), bytes((INS.READ_BINARY_ODD,)))


class Level(StrEnum):
    """Where an exchange was seen."""

    FRAME = "frame"
    WIRE = "wire"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """One command and its answer, in the clear; times are seconds of the journal's clock.

    `response` is empty where the card was lost before it answered.
    """

    level: Level
    phase: str
    start: float
    seconds: float
    command: bytes
    response: bytes


class Observer(Protocol):
    """Someone who is told of every exchange."""

    def note(self, exchange: Exchange) -> None:
        """Take notice of one exchange that has just ended."""
        ...


@dataclass(frozen=True, slots=True)
class Phase:
    """A named stretch of the run."""

    name: str
    seconds: float


@dataclass(slots=True)
class Journal:
    """The phases, counts and observers of one run."""

    clock: Clock = field(default_factory=WallClock)
    observers: Sequence[Observer] = ()
    phases: list[Phase] = field(default_factory=list)
    apdus: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    announce: Callable[[str], None] = lambda _: None
    """Told the name of each phase as it begins."""
    current_phase: str = ""
    carries_code: bool = False
    """Whether the command now on its way holds a PIN or PUK in the clear."""

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count everything inside to this phase; also when it fails. Phases do not nest."""
        self.announce(name)
        start, self.current_phase = self.clock.now(), name
        try:
            yield
        finally:
            self.phases.append(Phase(name, self.clock.now() - start))
            self.current_phase = ""

    def note(self, level: Level, start: float, command: bytes, response: bytes) -> None:
        """Tell the observers of an exchange that began at `start` and ends now."""
        if level is Level.WIRE:
            self.apdus += 1
            self.bytes_sent += len(command)
            self.bytes_received += len(response)
        seconds = self.clock.now() - start
        exchange = Exchange(level, self.current_phase, start, seconds, command, response)
        for observer in self.observers:
            observer.note(exchange)


class Journaled:
    """An `Icc` around an `Icc` that notes in a journal what crosses the wire."""

    def __init__(self, icc: Icc, journal: Journal) -> None:
        self._icc = icc
        self._journal = journal

    def connect(self) -> bytes:
        """Activate the card."""
        return self._icc.connect()

    def disconnect(self) -> None:
        """Power the card off."""
        self._icc.disconnect()

    def transmit(self, command: bytes) -> bytes:
        """Pass one command on, and note it with its answer, or with none if the card was lost."""
        start, response = self._journal.clock.now(), b""
        self._journal.carries_code = HIDDEN in hide_codes(command)
        try:
            response = self._icc.transmit(command)
        finally:
            self._journal.carries_code = False
            self._journal.note(Level.WIRE, start, command, response)
        return response


class Trace:
    """An observer that keeps a redacted line of every exchange."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def note(self, exchange: Exchange) -> None:
        """Keep one exchange, without codes and without the holder's data."""
        entry = {
            "level": exchange.level,
            "phase": exchange.phase,
            "start": round(exchange.start, 6),
            "seconds": round(exchange.seconds, 6),
            "command": hide_codes(exchange.command),
            "response": hide_data(exchange),
        }
        self._lines.append(json.dumps(entry))

    def note_frame(self, entry: Mapping[str, object], *, hidden: bool) -> None:
        """Keep one frame; of a hidden one only its first byte and its length."""
        data = str(entry["data"])
        if hidden:
            data = data[:2] + HIDDEN * (len(data) // 2 - 1)
        self._lines.append(json.dumps({"level": Level.FRAME, **entry, "data": data}))

    def to_jsonl(self) -> str:
        """One JSON object a line, in the order of the exchanges."""
        return "".join(f"{line}\n" for line in self._lines)


_CODES = (
    INS.VERIFY,
    INS.CHANGE_REFERENCE_DATA,
    INS.RESET_RETRY_COUNTER,
    INS.EXTERNAL_AUTHENTICATE,
)
"""Commands that bring a code in the clear; each may come with its odd instruction, too (BER)."""


def is_secured(command: bytes) -> bool:
    """Whether the data of this command is already ciphertext."""
    return command[0] & 0xE0 == 0 and bool(command[0] & CLA_SECURE)


def hide_codes(command: bytes) -> str:
    """A command in hexadecimal with each byte of a plain PIN or PUK replaced by `**`.

    The cryptogram of BAC goes the same way: from it an MRZ is found by trying (9303-11, A).
    """
    if len(command) <= 5 or is_secured(command) or command[1] & 0xFE not in _CODES:
        return command.hex().upper()
    return command[:5].hex().upper() + HIDDEN * (len(command) - 5)


def hide_data(exchange: Exchange, *, shows_files: bool = False) -> str:
    """A plain answer in hexadecimal with file contents and shared secrets replaced by `**`.

    With `shows_files` what READ BINARY delivers is left as it is.
    """
    command, response = exchange.command, exchange.response
    reads = command[1:2] in _READS and exchange.phase != CARD_ACCESS_PHASE
    # GET RESPONSE delivers the rest of any answer, so of a file and of a secret too.
    fetches = command[1:2] == bytes((INS.GET_RESPONSE,)) and exchange.phase != CARD_ACCESS_PHASE
    deciphers = command[1:4] == bytes((INS.PERFORM_SECURITY_OPERATION, 0x80, 0x86))
    proves_mrz = command[1:2] == bytes((INS.EXTERNAL_AUTHENTICATE,))
    hides = (reads and not shows_files) or fetches or deciphers or proves_mrz
    if not command or is_secured(command) or not hides:
        return response.hex().upper()
    return HIDDEN * (len(response) - 2) + response[-2:].hex().upper()
