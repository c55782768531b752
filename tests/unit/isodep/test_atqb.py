"""Type B: REQB, ATQB and ATTRIB (ISO/IEC 14443-3, 7)."""

from __future__ import annotations

import pytest

from harness.errors import ProtocolViolation, UsageError
from harness.isodep.atqb import Atqb, Attrib, Reqb
from harness.isodep.limits import BitRates

PUPI = bytes.fromhex("01020304")
BASIC = bytes.fromhex("50 01020304 a1a2a3a4 b3 81 93")


def test_basic_atqb() -> None:
    """A basic ATQB gives FSC, FWI, bit rates and frame options (7.9)."""
    atqb = Atqb.decode(BASIC)
    assert (atqb.pupi, atqb.application) == (PUPI, bytes.fromhex("a1a2a3a4"))
    assert (atqb.fsc, atqb.fwi, atqb.sfgt) == (256, 9, 0.0)
    assert (atqb.iso_dep, atqb.supports_nad, atqb.supports_cid) == (True, True, True)
    assert atqb.rates == BitRates((1, 2, 4), (1, 2, 4), same=True)
    assert atqb.encode() == BASIC


def test_extended_atqb() -> None:
    """The extended ATQB adds SFGI (7.9.4)."""
    atqb = Atqb.decode(BASIC + b"\x30")
    assert atqb.sfgt == pytest.approx(4096 / 13.56e6 * 8)
    assert atqb.encode() == BASIC + b"\x30"


def test_reserved_values() -> None:
    """A maximum frame size code from D counts as C, FWI 15 as 4, SFGI 15 as 0."""
    atqb = Atqb.decode(BASIC[:10] + bytes.fromhex("e0 f0 f0"))
    assert (atqb.fsc, atqb.fwi, atqb.sfgt) == (4096, 4, 0.0)
    assert (atqb.iso_dep, atqb.supports_nad, atqb.supports_cid) == (False, False, False)


@pytest.mark.parametrize("frame", [b"", BASIC[:-1], BASIC + b"\0\0", b"\x51" + BASIC[1:]])
def test_no_atqb(frame: bytes) -> None:
    """Another length or first byte is no ATQB."""
    with pytest.raises(ProtocolViolation, match=r"7\.9"):
        Atqb.decode(frame)


def test_configured() -> None:
    """A card of ours refuses what contradicts the standard."""
    assert Atqb.configured(PUPI, fsc=64, fwi=3, sfgi=1).encode()[9:].hex() == "00513110"
    for limits in ({"fsc": 15}, {"fwi": 15}, {"sfgi": 15}):
        with pytest.raises(UsageError):
            Atqb.configured(PUPI, **limits)
    with pytest.raises(UsageError, match="four bytes"):
        Atqb(b"123")


def test_atr_of_type_b() -> None:
    """Its historical bytes are application data, protocol info and MBLI (PC/SC part 3)."""
    atr = Atqb.decode(BASIC).atr(mbli=2)
    assert atr[:-1].hex() == "3b888001" + "a1a2a3a4" + "b38193" + "20"


def test_reqb() -> None:
    """REQB and WUPB differ in one bit, and nothing else is taken for them (7.7)."""
    assert Reqb().encode().hex() == "050000"
    assert Reqb(wake=True).encode().hex() == "050008"
    assert Reqb.decode(b"\x05\x00\x08") == Reqb(wake=True)
    for frame in (b"", b"\x05\x00", b"\x06\x00\x00"):
        with pytest.raises(ProtocolViolation, match=r"7\.7"):
            Reqb.decode(frame)


def test_attrib() -> None:
    """ATTRIB carries PUPI, bit rates, FSDI and CID, and is answered with MBLI and CID (7.10)."""
    attrib = Attrib(PUPI, fsdi=5, cid=3, to_card=2, to_reader=8, higher=b"\xaa")
    assert attrib.encode().hex() == "1d01020304" + "00d50103" + "aa"
    assert Attrib.decode(attrib.encode()) == attrib
    assert attrib.fsd == 64
    assert attrib.answer(mbli=1) == b"\x13"


@pytest.mark.parametrize("frame", ["", "1d0102030400080100"[:-2], "1d010203040008010f", "1e" * 9])
def test_no_attrib(frame: str) -> None:
    """Truncated frames and the reserved CID 15 are no ATTRIB (7.10)."""
    with pytest.raises(ProtocolViolation, match=r"7\.10"):
        Attrib.decode(bytes.fromhex(frame))
