"""What operating systems do each in their own way; nothing above has to know which it is."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_superuser() -> bool:
    """Whether this process may do everything, as root may."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the block; a process started in it never hears of it.

    Windows cannot hold a signal: there such a process has to ignore it by itself.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # The tracker comes first, since it lets the signal through again when it starts.
    resource_tracker.ensure_running()
    heard: list[int] = []  # a thread that holds nothing, such as a progress bar's, may hear it
    handler = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGINT, handler)
        if heard:
            signal.raise_signal(signal.SIGINT)
