"""What differs between operating systems has one answer on each."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time

import pytest

from harness.transport import machine
from harness.transport.machine import interrupts_held, is_superuser, processors


def test_the_processors_are_counted_on_every_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is at least one, also where nobody tells how many a process may use."""
    assert 1 <= processors() <= (os.cpu_count() or 1)
    monkeypatch.delattr(machine.os, "sched_getaffinity", raising=False)
    assert processors() == os.cpu_count()
    monkeypatch.setattr(machine.os, "cpu_count", lambda: None)
    assert processors() == 1


def test_nobody_is_root_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who runs us is not asked for where there is no such number."""
    monkeypatch.delattr(machine.os, "geteuid", raising=False)
    assert is_superuser() is False


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot hold a signal")
def test_an_interrupt_waits_for_the_end() -> None:
    """Ctrl-C within is heard behind, and a process started within never hears it."""
    ended: list[int | None] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupt_all(ended)
    assert ended == [0]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot hold a signal")
def test_an_interrupt_waits_also_where_another_thread_hears_it() -> None:
    """A thread that was there before holds no signal; what it hears waits all the same."""
    done, ended = threading.Event(), list[bool]()
    bystander = threading.Thread(target=done.wait)
    bystander.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            _interrupt_thread(bystander, ended)
    finally:
        done.set()
        bystander.join()
    assert ended == [True]


def _interrupt_thread(thread: threading.Thread, ended: list[bool]) -> None:
    with interrupts_held():
        assert thread.ident is not None
        signal.pthread_kill(thread.ident, signal.SIGINT)
        time.sleep(0.05)
        ended.append(True)


def _interrupt_all(ended: list[int | None]) -> None:
    with interrupts_held():
        _interrupt_this()
        child = multiprocessing.get_context("spawn").Process(target=_interrupt_this)
        child.start()
        child.join()
        ended.append(child.exitcode)


def _interrupt_this() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_windows_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where signals cannot be held the block is run all the same."""
    monkeypatch.delattr(machine.signal, "pthread_sigmask", raising=False)
    with interrupts_held():
        ran = True
    assert ran
