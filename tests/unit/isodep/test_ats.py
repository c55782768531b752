"""RATS, ATS in all its forms, PPS, and the ATR made of an ATS."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ProtocolViolation, UsageError
from harness.isodep.ats import Ats, Pps, Rats, contactless_atr, historical_bytes
from harness.isodep.limits import BitRates

BYTE = st.none() | st.integers(0, 255)


@pytest.mark.parametrize("present", list(product([False, True], repeat=4)))
def test_every_form(present: tuple[bool, ...]) -> None:
    """Each of TA1, TB1, TC1 and the historical bytes may be there or not (5.2.1)."""
    a, b, c, h = present
    frame = bytes([(a << 4) | (b << 5) | (c << 6) | 8])
    frame += b"\x77" * a + b"\x95" * b + b"\x03" * c + b"hist" * h
    frame = bytes([len(frame) + 1]) + frame
    ats = Ats.decode(frame)
    assert ats.encode() == frame
    assert ats.fsc == 256
    assert ats.rates == (BitRates.decode(0x77) if a else BitRates())
    assert ats.fwi == (9 if b else 4)
    assert ats.sfgt == pytest.approx(4096 / 13.56e6 * 2**5 if b else 0)
    assert (ats.supports_cid, ats.supports_nad) == (True, c)
    assert ats.historical == b"hist" * h


def test_nothing_but_its_length() -> None:
    """An ATS of one byte stands for all defaults: FSCI 2, FWI 4, SFGI 0, CID but no NAD (5.2)."""
    ats = Ats.decode(b"\x01")
    assert ats == Ats()
    assert ats.encode() == b"\x01"
    assert (ats.fsc, ats.fwi, ats.sfgt) == (32, 4, 0.0)
    assert (ats.supports_cid, ats.supports_nad) == (True, False)


def test_reserved_values_are_read_as_the_standard_says() -> None:
    """FSCI D to F count as C, FWI 15 as 4, SFGI 15 as 0, and TC1 without bits as no CID (5.2)."""
    ats = Ats.decode(bytes.fromhex("04 6f ff 00"))
    assert (ats.fsc, ats.fwi, ats.sfgt) == (4096, 4, 0.0)
    assert (ats.supports_cid, ats.supports_nad) == (False, False)


@pytest.mark.parametrize("frame", ["", "00", "02", "0378", "0278", "037877", "04787700"])
def test_broken_ats(frame: str) -> None:
    """An ATS whose TL is wrong, or that ends within its interface bytes, is a violation (5.2)."""
    with pytest.raises(ProtocolViolation, match=r"ISO/IEC 14443-4, 5\.2"):
        Ats.decode(bytes.fromhex(frame))


@settings(deadline=None)
@given(st.integers(0, 15), BYTE, BYTE, BYTE, st.binary(max_size=20))
def test_ats_round_trip(
    fsci: int, ta1: int | None, tb1: int | None, tc1: int | None, historical: bytes
) -> None:
    """What is encoded is decoded to the same value."""
    ats = Ats(fsci, ta1, tb1, tc1, historical)
    assert Ats.decode(ats.encode()) == ats


def test_configured() -> None:
    """A card of ours announces what it was configured with."""
    rates = BitRates((1, 2), (1, 4))
    ats = Ats.configured(fsc=128, fwi=10, sfgi=1, rates=rates, historical=b"x")
    assert ats.encode().hex() == "067721" + "a1" + "02" + "78"
    assert (ats.fsc, ats.fwi, ats.rates) == (128, 10, rates)


@pytest.mark.parametrize(("fsc", "fwi", "sfgi"), [(15, 8, 0), (256, 15, 0), (256, 8, 15)])
def test_contradictions_are_refused(fsc: int, fwi: int, sfgi: int) -> None:
    """FSC under 16, FWI 15 and SFGI 15 may be received, but not configured."""
    with pytest.raises(UsageError):
        Ats.configured(fsc, fwi, sfgi)


def test_impossible_ats() -> None:
    """Interface bytes without a format byte, or more than 254 bytes, cannot be built."""
    with pytest.raises(UsageError, match="FSCI"):
        Ats(ta1=0)
    with pytest.raises(UsageError, match="254"):
        Ats(8, historical=bytes(253))
    assert len(Ats(8, historical=bytes(252)).encode()) == 254


def test_rats() -> None:
    """RATS carries FSDI and CID; CID 15 and other frames are no RATS (5.1)."""
    assert Rats(8, 3).encode() == b"\xe0\x83"
    assert Rats.decode(b"\xe0\x83") == Rats(8, 3)
    assert Rats.decode(b"\xe0\xf0").fsd == 4096
    for frame in (b"\xe0\x8f", b"\xe0", b"\xe1\x80", b"\xe0\x80\x00", b""):
        with pytest.raises(ProtocolViolation):
            Rats.decode(frame)


def test_pps() -> None:
    """PPS carries the divisors of both ways, and is answered with its first byte (5.3, 5.4)."""
    pps = Pps(to_card=2, to_reader=8, cid=5)
    assert pps.encode().hex() == "d5110d"
    assert Pps.decode(pps.encode()) == pps
    assert pps.answer == b"\xd5"
    assert Pps.decode(b"\xd5\x01") == Pps(cid=5)


@pytest.mark.parametrize("frame", ["", "d0", "d011", "d01110", "d000", "d0010000", "df01", "c001"])
def test_no_pps(frame: str) -> None:
    """Truncated frames and reserved bits are no PPS request (5.3)."""
    with pytest.raises(ProtocolViolation):
        Pps.decode(bytes.fromhex(frame))


def test_atr_form() -> None:
    """The ATR is 3B 8n 80 01, historical bytes, and the XOR of all but the first (PC/SC 3)."""
    assert Ats(8, historical=b"").atr.hex() == "3b80800101"
    assert Ats(8, historical=bytes.fromhex("c1052f2f01bcd6")).atr.hex() == (
        "3b878001c1052f2f01bcd6a9"
    )


def test_atr_keeps_fifteen_historical_bytes() -> None:
    """The ATR has room for fifteen historical bytes; more are cut."""
    atr = contactless_atr(bytes(20))
    assert len(atr) == 4 + 15 + 1
    assert historical_bytes(atr) == bytes(15)


@pytest.mark.parametrize(
    ("atr", "historical"),
    [
        ("3b80800101", ""),
        ("3b848001636172640d", "63617264"),
        ("3bdb960080b1fe451f830012233f536549440f9000f7", "0012233f536549440f9000"),
        ("3b02aabb", "aabb"),
    ],
)
def test_historical_bytes(atr: str, historical: str) -> None:
    """They are found behind any interface bytes, also those of a contact ATR."""
    assert historical_bytes(bytes.fromhex(atr)).hex() == historical


@pytest.mark.parametrize("atr", ["", "3b", "3b05aa", "3bf0", "3b808080"])
def test_short_atr(atr: str) -> None:
    """An ATR that ends too early is refused."""
    with pytest.raises(UsageError, match="too early"):
        historical_bytes(bytes.fromhex(atr))
