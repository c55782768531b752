"""Cases on emulated cards, spread over processes."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from harness.conformance.campaign.campaign import Campaign
from harness.conformance.campaign.examination import Examiner, Rules
from harness.conformance.campaign.in_field import in_field
from harness.conformance.campaign.record import Record
from harness.conformance.catalogue import UNITS
from harness.conformance.execution import Run
from harness.conformance.source import EmulatedSource
from harness.errors import UsageError
from harness.station import CardOptions
from harness.transport.machine import interrupts_held
from harness.transport.storage import write_atomic

_CHUNK = 4
"""Runs that a process takes at once."""


@dataclass(frozen=True, slots=True)
class Making:
    """All that a process must know to examine emulated cards on its own."""

    options: CardOptions
    rules: Rules
    folder: Path | None = None

    def examiner(self) -> Examiner:
        """An examiner of such cards, who keeps traces in the folder.

        Raises:
            UsageError: the profile or person cannot be read or is not valid.
        """
        source = in_field(EmulatedSource.of(self.options), shows_data=self.rules.shows_data)
        return Examiner(source, self.rules, keep=self._keep if self.folder else None)

    def _keep(self, name: str, content: bytes) -> None:
        assert self.folder is not None  # noqa: S101 - else nothing is kept
        write_atomic(self.folder / name, content)


def examine_all(making: Making, todo: Sequence[Run], processes: int) -> Generator[Record]:
    """A record of every run as they come; with one process in this one.

    Raises:
        UsageError: as `Making.examiner`, or a process broke down.
    """
    examiner = making.examiner()
    if processes == 1 or len(todo) <= _CHUNK:
        yield from map(examiner.examine, todo)
        return
    names = [run.id for run in todo]
    chunks = [names[at : at + _CHUNK] for at in range(0, len(names), _CHUNK)]
    workers = _started(making, min(processes, len(chunks)))
    try:
        yield from _spread(chunks, [connection for _, connection in workers])
    finally:
        for process, connection in workers:
            connection.close()
            process.terminate()
            process.join()


def _started(making: Making, count: int) -> list[tuple[BaseProcess, Connection]]:
    """Processes that each wait for work at a pipe, and end when it is closed, by us or our end."""
    context = multiprocessing.get_context("spawn")
    workers: list[tuple[BaseProcess, Connection]] = []
    # Ctrl-C reaches every process of a terminal; this one alone decides what becomes of it.
    with interrupts_held():
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(making, theirs), daemon=True)
            process.start()
            theirs.close()
            workers.append((process, ours))
    return workers


def _spread(chunks: Sequence[list[str]], idle: Sequence[Connection]) -> Iterator[Record]:
    """Give every process work until there is none, and take what it brings."""
    left, busy = deque(chunks), set[Connection]()
    for connection in idle:
        connection.send(left.popleft())
        busy.add(connection)
    while busy:
        for ready in wait(list(busy)):
            assert isinstance(ready, Connection)  # noqa: S101 - no others were given
            try:
                records: list[Record] = ready.recv()
                if left:
                    ready.send(left.popleft())
                else:
                    busy.remove(ready)
            except (EOFError, OSError):
                message = "a process that ran cases broke down; the same command goes on from here"
                raise UsageError(message) from None
            yield from records


def _work(making: Making, connection: Connection) -> None:
    """What a process does: records for names, until nobody is there any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    examiner = making.examiner()
    every = Campaign(EmulatedSource.of(making.options).profile, UNITS).runs
    known = {run.id: run for run in every}
    with suppress(EOFError, OSError):
        while True:
            names: list[str] = connection.recv()
            connection.send([examiner.examine(known[name]) for name in names])
