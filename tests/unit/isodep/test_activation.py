"""The way from the field to the first block, both types, both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.clock import VirtualClock
from harness.errors import LinkError, NoCardError, ProtocolViolation, UsageError
from harness.isodep.activation import Activated, TypeA, TypeB
from harness.isodep.atqb import Atqb
from harness.isodep.ats import Ats, contactless_atr
from harness.isodep.limits import BitRates, Limits
from harness.isodep.picc import IsoDepPicc

if TYPE_CHECKING:
    from tests.unit.isodep.conftest import NotingCard, Wire

ALL_RATES = BitRates((1, 2, 4, 8), (1, 2, 4, 8))
PUPI = b"\x01\x02\x03\x04"


class Scripted:
    """A link that answers from a list; LinkError where it is None or over."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.sent: list[str] = []

    def exchange(self, block: bytes, timeout: float) -> bytes:
        """The next answer."""
        assert timeout > 0
        self.sent.append(block.hex())
        answer = self.answers.pop(0) if self.answers else None
        if answer is None:
            message = "silence"
            raise LinkError(message)
        return bytes.fromhex(answer)


def test_type_a(wire: Wire) -> None:
    """RATS leads to the limits of both sides; without a wish for speed no PPS is sent."""
    activated = TypeA(fsd=64).activate(wire, VirtualClock())
    assert activated == Activated(contactless_atr(b"card"), Limits(fsd=64, fsc=256, fwi=8))
    assert [block.hex() for block in wire.sent] == ["e050"]
    assert wire.timeouts == [65536 / 13.56e6]


def test_type_a_with_cid_and_speed(wire: Wire, card: NotingCard) -> None:
    """PPS names the CID and the fastest divisors both sides can do, and the card follows."""
    wire.picc = IsoDepPicc(card, Ats.configured(rates=BitRates((1, 2), (1, 2, 4))))
    activated = TypeA(cid=3, to_card=8, to_reader=8).activate(wire, VirtualClock())
    assert [block.hex() for block in wire.sent] == ["e083", "d31109"]
    assert (activated.to_card, activated.to_reader) == (2, 4)
    assert wire.picc.divisors == (2, 4)
    assert activated.limits.cid == 3


def test_card_without_cid(wire: Wire, card: NotingCard) -> None:
    """A card that supports no CID gets blocks without, though RATS named one (5.2.6)."""
    wire.picc = IsoDepPicc(card, Ats(8, tc1=0))
    assert TypeA(cid=3).activate(wire, VirtualClock()).limits.cid is None
    reply = wire.picc.receive(b"\x02\xaa")
    assert reply
    assert reply.frame == b"\x02\xaa\x90\x00"


def test_pause_after_the_ats() -> None:
    """SFGT passes before the next frame (5.2.5)."""
    clock = VirtualClock()
    ats = Ats.configured(sfgi=6)
    TypeA().activate(Scripted(ats.encode().hex()), clock)
    assert clock.now() == ats.sfgt > 0


def test_rats_is_repeated_once() -> None:
    """One RATS may get lost, two may not (5.6.1.1)."""
    assert TypeA().activate(Scripted(None, "0208"), VirtualClock()).limits.fsc == 256
    with pytest.raises(LinkError):
        TypeA().activate(Scripted(None, None, "0208"), VirtualClock())


def test_wrong_answers_are_violations() -> None:
    """A broken ATS, or another answer to PPS, is the card's fault."""
    with pytest.raises(ProtocolViolation, match=r"5\.2"):
        TypeA().activate(Scripted("0578"), VirtualClock())
    ats = Ats.configured(rates=ALL_RATES).encode().hex()
    with pytest.raises(ProtocolViolation, match=r"5\.4"):
        TypeA(to_card=2).activate(Scripted(ats, "d1"), VirtualClock())


@pytest.mark.parametrize("activation", [TypeA, TypeB])
def test_contradictory_wishes(activation: type[TypeA | TypeB]) -> None:
    """FSD under 16 and CID 15 are refused before anything is sent."""
    with pytest.raises(UsageError, match="at least 16"):
        activation(fsd=15)
    with pytest.raises(UsageError, match="CID"):
        activation(cid=15)


def test_type_b(wire: Wire, card: NotingCard) -> None:
    """WUPB and ATTRIB lead to the limits and bit rates of both sides."""
    wire.picc = IsoDepPicc(card, Atqb(PUPI, rates=ALL_RATES, fsci=5, raw_fwi=7))
    activated = TypeB(cid=2, to_card=2, to_reader=8).activate(wire, VirtualClock())
    assert activated.limits == Limits(fsd=256, fsc=64, fwi=7, cid=2)
    assert (activated.to_card, activated.to_reader) == wire.picc.divisors == (2, 8)
    assert activated.atr.hex().startswith("3b888001" + "00000000")
    assert [block.hex() for block in wire.sent] == ["050008", "1d0102030400d80102"]


def test_type_b_refusals() -> None:
    """A card without this protocol is no card for us, and a foreign CID is its fault."""
    other = Atqb(PUPI, iso_dep=False).encode().hex()
    with pytest.raises(NoCardError, match="does not speak"):
        TypeB().activate(Scripted(other), VirtualClock())
    atqb = Atqb(PUPI).encode().hex()
    for answer in ("", "05"):
        with pytest.raises(ProtocolViolation, match=r"7\.11"):
            TypeB().activate(Scripted(atqb, answer), VirtualClock())


def test_type_b_pause() -> None:
    """SFGT of an extended ATQB passes after ATTRIB."""
    clock = VirtualClock()
    atqb = Atqb(PUPI, raw_sfgi=5)
    TypeB().activate(Scripted(atqb.encode().hex(), "00"), clock)
    assert clock.now() == atqb.sfgt > 0


def test_a_lost_card_is_not_asked_twice() -> None:
    """When the link knows that there is no card, RATS is not repeated."""

    class Empty:
        asked = 0

        def exchange(self, block: bytes, timeout: float) -> bytes:
            self.asked += 1
            message = f"no card for {block.hex()} in {timeout} s"
            raise NoCardError(message)

    link = Empty()
    with pytest.raises(NoCardError):
        TypeA().activate(link, VirtualClock())
    assert link.asked == 1
