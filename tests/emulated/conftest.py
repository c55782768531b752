"""What the tests of whole reads share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from harness.emulator.pins import PinPad
from harness.icc import Icc
from harness.transport.tcp import Listening
from harness.transport.vpcd import VpcdCard

Served = Callable[[Icc], AbstractContextManager[str]]


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The references of all codes that reach an emulated card with VERIFY, in order."""
    references: list[int] = []
    genuine = PinPad.verify

    def verify(pad: PinPad, reference: int, code: bytes) -> None:
        references.append(reference)
        genuine(pad, reference, code)

    monkeypatch.setattr(PinPad, "verify", verify)
    return references


@pytest.fixture
def served() -> Served:
    """Puts a card behind a port of this machine; gives the place where a reader finds it."""

    @contextmanager
    def serve(card: Icc) -> Iterator[str]:
        place = Listening(0)
        server = VpcdCard(card, place)
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield f"vpcd:127.0.0.1:{place.port}"
        finally:
            server.stop()
            thread.join(10)
        assert not thread.is_alive()

    return serve
