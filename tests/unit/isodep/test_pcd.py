"""A contactless card as an `Icc`: connect, transmit, presence, disconnect, and what is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.air.timing import Direction
from harness.clock import VirtualClock
from harness.errors import LinkError, NoCardError
from harness.icc import Icc
from harness.isodep.activation import TypeA, TypeB
from harness.isodep.atqb import Atqb
from harness.isodep.ats import Ats, contactless_atr
from harness.isodep.pcd import IsoDepPcd
from harness.isodep.pcd_engine import Patience
from harness.isodep.picc import IsoDepPicc

if TYPE_CHECKING:
    from tests.unit.isodep.conftest import NotingCard, Wire


def test_is_an_icc(wire: Wire, card: NotingCard) -> None:
    """Connect returns the ATR form, and commands of any length come back answered."""
    icc = IsoDepPcd(wire)
    assert isinstance(icc, Icc)
    assert icc.connect() == contactless_atr(b"card")
    commands = [b"\x00\xa4\x04\x0c", bytes(5000), b"\xff" * 261]
    for command in commands:
        assert icc.transmit(command) == command + b"\x90\x00"
    assert card.executed == commands


@pytest.mark.parametrize("fsd", [16, 24, 256, 4096])
@pytest.mark.parametrize("fsc", [16, 40, 256, 4096])
@pytest.mark.parametrize("cid", [None, 0, 14])
def test_any_frame_sizes(wire: Wire, card: NotingCard, fsd: int, fsc: int, cid: int | None) -> None:
    """Chaining both ways works for every pair of frame sizes, with CID and without."""
    wire.picc = IsoDepPicc(card, Ats.configured(fsc=fsc))
    icc = IsoDepPcd(wire, TypeA(fsd=fsd, cid=cid))
    icc.connect()
    command = bytes(range(256)) * 3
    assert icc.transmit(command) == command + b"\x90\x00"
    assert card.executed == [command]
    assert max(len(block) + 2 for block in wire.sent) <= fsc


def test_type_b_card(wire: Wire, card: NotingCard) -> None:
    """The same over type B."""
    wire.picc = IsoDepPicc(card, Atqb(b"1234"))
    icc = IsoDepPcd(wire, TypeB())
    assert icc.connect()[:4].hex() == "3b888001"
    assert icc.transmit(b"\xaa") == b"\xaa\x90\x00"
    icc.disconnect()
    icc.connect()
    assert icc.transmit(b"\xbb") == b"\xbb\x90\x00"


def test_nothing_before_connect(wire: Wire) -> None:
    """Without a connected card nothing is sent."""
    icc = IsoDepPcd(wire)
    with pytest.raises(LinkError, match="connect first"):
        icc.transmit(b"\xaa")
    icc.disconnect()
    assert wire.sent == []


def test_lost_card(wire: Wire, card: NotingCard) -> None:
    """A card that falls silent is given up until connect, and executes no command later."""
    icc = IsoDepPcd(wire, patience=Patience(retries=1))
    icc.connect()
    wire.broken = set(range(2, 20))
    assert icc.transmit(b"\xaa") == b"\xaa\x90\x00"
    with pytest.raises(LinkError, match="no valid answer to 2 blocks"):
        icc.transmit(b"\xbb")
    sent = len(wire.sent)
    with pytest.raises(LinkError, match="connect first"):
        icc.transmit(b"\xbb")
    assert len(wire.sent) == sent
    wire.broken = set()
    wire.picc.reset()
    icc.connect()
    assert icc.transmit(b"\xcc") == b"\xcc\x90\x00"
    assert card.executed == [b"\xaa", b"\xcc"]


def test_presence(wire: Wire) -> None:
    """The presence check sees the card and, later, that it is gone."""
    icc = IsoDepPcd(wire)
    icc.connect()
    icc.check_presence()
    icc.transmit(b"\xaa")
    icc.check_presence()
    assert icc.transmit(b"\xbb") == b"\xbb\x90\x00"
    wire.broken = set(range(100))
    with pytest.raises(LinkError):
        icc.check_presence()


def test_disconnect_deselects(wire: Wire) -> None:
    """Disconnect sends S(DESELECT) once, and a second one does nothing."""
    icc = IsoDepPcd(wire)
    icc.connect()
    icc.disconnect()
    icc.disconnect()
    assert [block.hex() for block in wire.sent] == ["e080", "c2"]


class Field:
    """A link that can reset its field, and whose reader may see that the card is gone."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.resets = 0
        self.gone = False

    def exchange(self, block: bytes, timeout: float) -> bytes:
        """As the wire, unless the card is gone."""
        if self.gone:
            message = "no card in the field"
            raise NoCardError(message)
        return self.wire.exchange(block, timeout)

    def reset(self) -> None:
        """Field off and on."""
        self.resets += 1
        self.wire.picc.reset()


def test_connect_resets_the_field(wire: Wire, card: NotingCard) -> None:
    """A link that can reset its field does so at every connect, so that a new tap always works."""
    field = Field(wire)
    icc = IsoDepPcd(field)
    icc.connect()
    icc.transmit(b"\xaa")
    icc.connect()
    assert icc.transmit(b"\xbb") == b"\xbb\x90\x00"
    assert field.resets == 2
    assert card.power == [False, True, False, True]


def test_a_card_known_to_be_gone_is_not_asked_again(wire: Wire) -> None:
    """`NoCardError` of the link ends the exchange at once."""
    field = Field(wire)
    icc = IsoDepPcd(field)
    icc.connect()
    field.gone = True
    sent = len(wire.sent)
    with pytest.raises(NoCardError):
        icc.transmit(b"\xaa")
    assert len(wire.sent) == sent
    with pytest.raises(LinkError, match="connect first"):
        icc.transmit(b"\xaa")


def test_observer_sees_every_block(wire: Wire) -> None:
    """An observer is shown all blocks of activation and protocol, in order, with the time."""
    clock = VirtualClock()
    seen: list[tuple[Direction, str, float]] = []
    icc = IsoDepPcd(
        wire,
        clock=clock,
        observe=lambda direction, block, time: seen.append((direction, block.hex(), time)),
    )
    icc.connect()
    clock.sleep(1.0)
    wire.broken = {1}
    icc.transmit(b"\xaa")
    ats = Ats.configured(historical=b"card").encode().hex()
    to_card, to_reader = Direction.TO_CARD, Direction.TO_READER
    assert seen == [
        (to_card, "e080", 0.0),
        (to_reader, ats, 0.0),
        (to_card, "02aa", 1.0),
        (to_card, "b2", 1.0),
        (to_reader, "a3", 1.0),
        (to_card, "02aa", 1.0),
        (to_reader, "02aa9000", 1.0),
    ]


def test_statistics(wire: Wire, card: NotingCard) -> None:
    """Blocks, bytes, repetitions and time extensions are counted over every activation."""
    wire.picc = IsoDepPicc(card, Ats(8), work_time=lambda: 0.006)
    icc = IsoDepPcd(wire)
    icc.connect()
    wire.broken = {1}
    icc.transmit(b"\xaa")
    before = icc.statistics
    assert (before.frames_sent, before.frames_received) == (5, 4)
    assert (before.bytes_sent, before.bytes_received) == (2 + 2 + 1 + 2 + 2, 2 + 1 + 2 + 4)
    assert (before.retransmissions, before.wtx) == (2, 1)
    wire.picc.reset()
    icc.connect()
    assert icc.statistics.frames_sent == 6
    assert before.frames_sent == 5


def test_clock_is_used_for_the_pause(wire: Wire, card: NotingCard) -> None:
    """The pause after the ATS passes on the clock given."""
    clock = VirtualClock()
    wire.picc = IsoDepPicc(card, Ats.configured(sfgi=8))
    IsoDepPcd(wire, clock=clock).connect()
    assert clock.now() == Ats.configured(sfgi=8).sfgt
