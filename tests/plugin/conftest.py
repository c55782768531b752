"""A card that the plugin takes for a real one, and a way to run tests against any."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# What a run inside a test imports is forgotten after it. What is here already stays: compiled
# libraries that load only once, and hypothesis, which its plugin loads at the end of every run.
import hypothesis  # noqa: F401
import pytest

from fixtures.cards import IDEMIA, image_of
from fixtures.echo_card import served
from harness.emulator.card import EmulatedCard
from harness.profile import Interface
from harness.transport.tcp import Listening
from harness.transport.vpcd import VpcdCard

RIGHT = {"CAN": "123456", "PIN1": "1234", "PIN2": "12345", "PUK": "12345678"}


@dataclass(frozen=True)
class RealCard:
    """An emulated card at a socket: for the plugin just a card that somebody plugged in."""

    card: EmulatedCard
    uri: str

    def tries(self, name: str) -> int:
        """The card's own count."""
        return self.card.memory.tries(name)


@contextmanager
def plugged_in(interface: Interface) -> Iterator[RealCard]:
    """Serve a card until the block ends."""
    card, place = EmulatedCard(image_of(IDEMIA), interface), Listening(0)
    with served(VpcdCard(card, place)):
        yield RealCard(card, f"vpcd:127.0.0.1:{place.port}")


@pytest.fixture
def real_card() -> Iterator[RealCard]:
    """A contactless card in a reader."""
    with plugged_in(Interface.CONTACTLESS) as card:
        yield card


@pytest.fixture
def real_contact_card() -> Iterator[RealCard]:
    """A card in a contact reader."""
    with plugged_in(Interface.CONTACT) as card:
        yield card


@pytest.fixture
def codes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The options that give every code of the default person, by the environment."""
    for name, digits in RIGHT.items():
        monkeypatch.setenv(f"EIDRIG_{name}", digits)
    return [f"--{name.lower()}-from=env:EIDRIG_{name}" for name in RIGHT]


@pytest.fixture
def strangers_test(pytester: pytest.Pytester) -> Path:
    """The three lines that a stranger writes first."""
    return pytester.makepyfile(
        test_stranger="""
        def test_card(eid, pin1):
            eid.verify("PIN1", pin1)
            assert eid.certificate("authentication").personal_code
        """
    )
