"""What a phone's system adds: host time and limits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from harness.air.fact import assumed
from harness.air.host import PhoneHost
from harness.air.phone import phone
from harness.clock import VirtualClock
from harness.errors import LinkError, UsageError

COMMAND = bytes.fromhex("00B0000000")


@dataclass
class SlowCard:
    """Takes some time for every command."""

    clock: VirtualClock
    takes: float = 0.1
    size: int = 2
    on: bool = False

    def connect(self) -> bytes:
        """Power on."""
        self.on = True
        return b"\x3b"

    def transmit(self, command: bytes) -> bytes:
        """Zeros, late."""
        assert command
        self.clock.sleep(self.takes)
        return bytes(self.size)

    def disconnect(self) -> None:
        """Power off."""
        self.on = False


def _phone(card: SlowCard, **changes: object) -> PhoneHost:
    profile = replace(phone("android"), **{k: assumed(v, "test") for k, v in changes.items()})  # type: ignore[arg-type]
    host = PhoneHost(card, profile, card.clock)
    host.connect()
    return host


def test_host_time_is_added() -> None:
    """An APDU takes the card's time and the host's."""
    card = SlowCard(VirtualClock())
    assert _phone(card, host_time=0.02).transmit(COMMAND) == bytes(2)
    assert card.clock.now() == pytest.approx(0.12)


def test_too_long_to_send() -> None:
    """A command beyond the transceive limit is refused before the card sees it."""
    card = SlowCard(VirtualClock())
    with pytest.raises(UsageError, match="at most 261 bytes"):
        _phone(card).transmit(bytes(262))
    assert card.clock.now() == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"transceive_limit": 100}, "read in smaller parts"),
        ({"timeout": 0.05}, "waits 0.05 s"),
        ({"session_limit": 0.05}, "session after 0.05 s"),
    ],
)
def test_limits_end_the_session(changes: dict[str, float], reason: str) -> None:
    """An answer too long, too late or after the session's end powers the card off."""
    card = SlowCard(VirtualClock(), size=200)
    host = _phone(card, **changes)
    assert card.on
    with pytest.raises(LinkError, match=reason):
        host.transmit(COMMAND)
    assert not card.on


def test_a_new_session() -> None:
    """Connecting again starts the session's time anew."""
    card = SlowCard(VirtualClock())
    host = _phone(card, session_limit=0.15, host_time=0.0)
    host.transmit(COMMAND)
    host.disconnect()
    host.connect()
    assert host.transmit(COMMAND) == bytes(2)
