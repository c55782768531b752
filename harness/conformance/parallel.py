"""Cases on emulated cards, spread over processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.conformance.campaign import Campaign
from harness.conformance.catalogue import UNITS
from harness.conformance.examination import Examiner, Rules
from harness.conformance.execution import Run
from harness.conformance.in_field import in_field
from harness.conformance.record import Record
from harness.conformance.source import EmulatedSource
from harness.station import CardOptions
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


def examine_all(making: Making, todo: Sequence[Run], processes: int) -> Iterator[Record]:
    """A record of every run as they come; with one process in this one.

    Raises:
        UsageError: as `Making.examiner`.
    """
    if processes == 1 or len(todo) <= _CHUNK:
        examiner = making.examiner()
        yield from map(examiner.examine, todo)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _begin) as pool:
        names = [run.id for run in todo]
        chunks = [names[at : at + _CHUNK] for at in range(0, len(names), _CHUNK)]
        futures = [pool.submit(_examine, making, each) for each in chunks]
        try:
            for future in as_completed(futures):
                yield from future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _begin() -> None:
    # Ctrl-C reaches every process of a terminal; the first one decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@cache
def _at_work(making: Making) -> tuple[Examiner, dict[str, Run]]:
    """An examiner of this process, and every run by its name."""
    every = Campaign(EmulatedSource.of(making.options).profile, UNITS).runs
    return making.examiner(), {run.id: run for run in every}


def _examine(making: Making, names: Sequence[str]) -> list[Record]:
    examiner, known = _at_work(making)
    return [examiner.examine(known[name]) for name in names]
