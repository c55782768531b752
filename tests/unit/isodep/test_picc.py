"""The emulated card at the end of the air: activation, block protocol, halt and reset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.isodep.atqb import Atqb, Attrib, Reqb
from harness.isodep.ats import Ats
from harness.isodep.limits import BitRates
from harness.isodep.picc import IsoDepPicc

if TYPE_CHECKING:
    from tests.unit.isodep.conftest import NotingCard

PUPI = b"\x01\x02\x03\x04"


def hear(picc: IsoDepPicc, *frames: str) -> str | None:
    """Feed frames in hex and return the last reply in hex, None for silence."""
    reply = None
    for frame in frames:
        reply = picc.receive(bytes.fromhex(frame))
    return reply.frame.hex() if reply else None


def test_default_ats_carries_the_historical_bytes(card: NotingCard) -> None:
    """Without an ATS of its own the card announces the historical bytes of its ATR."""
    assert hear(IsoDepPicc(card), "e080") == Ats.configured(historical=b"card").encode().hex()


def test_powered_by_rats_and_reset(card: NotingCard) -> None:
    """The chip is powered by RATS, loses its power by a reset, and can be activated again."""
    picc = IsoDepPicc(card)
    hear(picc, "e080", "02aa")
    picc.reset()
    assert hear(picc, "02bb") is None
    assert hear(picc, "e080", "02cc") == "02cc9000"
    assert card.power == [True, False, True]
    assert card.executed == [b"\xaa", b"\xcc"]


@pytest.mark.parametrize("frame", ["", "02aa", "e08f", "c2", "050008", "d01100"])
def test_silent_before_activation(card: NotingCard, frame: str) -> None:
    """Before RATS nothing else is answered, and a RATS with the reserved CID is none (5.6.1.2)."""
    assert hear(IsoDepPicc(card), frame) is None
    assert card.power == []


def test_rats_is_answered_once(card: NotingCard) -> None:
    """5.6.1.2: after the ATS a second RATS is not answered."""
    assert hear(IsoDepPicc(card), "e080", "e080") is None


def test_pps_changes_the_bit_rates(card: NotingCard) -> None:
    """5.6.2.2: PPS right after the ATS is answered and takes effect."""
    picc = IsoDepPicc(card, Ats.configured(rates=BitRates((1, 8), (1, 4))))
    assert hear(picc, "e083", "d3110b") == "d3"
    assert picc.divisors == (8, 4)
    assert hear(picc, "0a03aa") == "0a03aa9000"
    picc.reset()
    assert picc.divisors == (1, 1)


@pytest.mark.parametrize("frames", [("d01100",), ("d31100", "d31100"), ("b2", "d31100")])
def test_pps_out_of_place(card: NotingCard, frames: tuple[str, ...]) -> None:
    """5.6.2.2: PPS for another CID, a second PPS, or one after the first block is not answered."""
    assert hear(IsoDepPicc(card), "e083", *frames) is None


def test_halted_until_reset(card: NotingCard) -> None:
    """After S(DESELECT) type A needs WUPA, which no frame of this level is (ISO/IEC 14443-3, 6)."""
    picc = IsoDepPicc(card)
    assert hear(picc, "e080", "c2") == "c2"
    assert hear(picc, "e080") is None
    picc.reset()
    assert hear(picc, "e080") is not None


def test_frame_sizes_of_both_sides(card: NotingCard) -> None:
    """The card obeys the reader's FSD and its own FSC."""
    picc = IsoDepPicc(card, Ats.configured(fsc=16))
    assert hear(picc, "e000") is not None
    assert hear(picc, "02" + "11" * 14) is None
    assert hear(picc, "02" + "11" * 13) == "12" + "11" * 13
    assert hear(picc, "a3") == "039000"


def test_type_b(card: NotingCard) -> None:
    """WUPB, ATTRIB with its own PUPI, and then the same block protocol."""
    atqb = Atqb(PUPI)
    picc = IsoDepPicc(card, atqb)
    attrib = Attrib(PUPI, cid=1).encode().hex()
    assert hear(picc, attrib) is None
    assert hear(picc, "050000") == atqb.encode().hex()
    assert hear(picc, Attrib(b"\xff\xff\xff\xff").encode().hex()) is None
    assert card.power == []
    assert hear(picc, attrib) == "01"
    assert hear(picc, "0a01aa") == "0a01aa9000"
    assert card.power == [True]


def test_type_b_is_found_as_often_as_it_is_asked_for(card: NotingCard) -> None:
    """A type B card that was found answers another REQB or WUPB before its ATTRIB (7.4)."""
    atqb = Atqb(PUPI)
    picc = IsoDepPicc(card, atqb)
    for request in (Reqb(), Reqb(wake=True), Reqb()):
        assert hear(picc, request.encode().hex()) == atqb.encode().hex()
    assert hear(picc, Attrib(PUPI).encode().hex()) == "00"


def test_type_b_wakes_from_the_halt(card: NotingCard) -> None:
    """A halted type B card hears WUPB but not REQB, and was powered all the time (7.4.6)."""
    picc = IsoDepPicc(card, Atqb(PUPI))
    attrib = Attrib(PUPI).encode().hex()
    assert hear(picc, "050008", attrib, "c2") == "c2"
    assert hear(picc, Reqb().encode().hex()) is None
    assert hear(picc, Reqb(wake=True).encode().hex(), attrib) == "00"
    assert hear(picc, "02aa") == "02aa9000"
    assert card.power == [True]


def test_work_time_reaches_the_reader(card: NotingCard) -> None:
    """The card's computing is the delay of the reply."""
    picc = IsoDepPicc(card, work_time=lambda: 0.01)
    hear(picc, "e080")
    reply = picc.receive(b"\x02\xaa")
    assert reply
    assert reply.delay == 0.01
