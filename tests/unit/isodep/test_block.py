"""The block codec: each form of ISO/IEC 14443-4, 7.1, and everything it reserves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ProtocolViolation
from harness.isodep.block import Block, DeselectBlock, IBlock, RBlock, WtxBlock, decode

CIDS = st.none() | st.integers(0, 14)
POWER = st.integers(0, 3)


@pytest.mark.parametrize(
    ("frame", "block"),
    [
        ("0200a4040c", IBlock(0, bytes.fromhex("00a4040c"))),
        ("03", IBlock(1)),
        ("12aa", IBlock(0, b"\xaa", more=True)),
        ("0b05aa", IBlock(1, b"\xaa", cid=5)),
        ("0f0511aa", IBlock(1, b"\xaa", cid=5, nad=0x11)),
        ("06ff", IBlock(0, nad=0xFF)),
        ("0a85", IBlock(0, cid=5, power=2)),
        ("a2", RBlock(0)),
        ("a3", RBlock(1)),
        ("b2", RBlock(0, nak=True)),
        ("bb0e", RBlock(1, nak=True, cid=14)),
        ("f201", WtxBlock(1)),
        ("f2fb", WtxBlock(59, level=3)),
        ("fa073b", WtxBlock(59, cid=7)),
        ("c2", DeselectBlock()),
        ("ca03", DeselectBlock(cid=3)),
    ],
)
def test_forms(frame: str, block: Block) -> None:
    """Each form of block is encoded and decoded bit by bit as clause 7.1 has it."""
    assert decode(bytes.fromhex(frame)) == block
    assert block.encode().hex() == frame


@pytest.mark.parametrize(
    "frame",
    [
        "",  # nothing
        "0a",  # CID announced, missing
        "06",  # NAD announced, missing
        "0e05",  # NAD announced after the CID, missing
        "a200",  # R-block with content
        "aa",  # R-block without its CID
        "f2",  # S(WTX) without its byte
        "f20101",  # S(WTX) with two
        "f200",  # WTXM 0
        "c200",  # S(DESELECT) with content
        "0a0f",  # CID 15
        "0a10",  # reserved bits beside the CID
        "00",  # b2 of an I-block
        "22",  # b6 of an I-block
        "a0",  # b2 of an R-block
        "a6",  # NAD in an R-block
        "82",  # b6 of an R-block
        "e2",  # S-block that is neither
        "f0",  # S(PARAMETERS), which we do not speak
        "c6",  # NAD in an S-block
        "c3",  # number in an S-block
        "42",  # no block at all
        "e080",  # RATS
    ],
)
def test_reserved_and_truncated_are_refused(frame: str) -> None:
    """A reserved bit or a missing byte is a typed error that names its clause."""
    with pytest.raises(ProtocolViolation, match=r"ISO/IEC 14443-4, 7\.") as caught:
        decode(bytes.fromhex(frame))
    assert caught.value.clause.startswith("ISO/IEC 14443-4, 7.")


def test_the_limit_counts_the_crc() -> None:
    """A block fills the frame size together with two bytes of CRC, and no byte more."""
    assert decode(b"\x02" + bytes(13), limit=16) == IBlock(0, bytes(13))
    with pytest.raises(ProtocolViolation, match="longer than the frame size"):
        decode(b"\x02" + bytes(14), limit=16)


@settings(deadline=None)
@given(
    st.one_of(
        st.builds(IBlock, st.integers(0, 1), st.binary(max_size=99), st.booleans(), CIDS),
        st.builds(RBlock, st.integers(0, 1), st.booleans(), CIDS),
        st.builds(WtxBlock, st.integers(1, 63), CIDS, POWER),
        st.builds(DeselectBlock, CIDS),
    )
)
def test_decode_reverses_encode(block: Block) -> None:
    """What is encoded is decoded to the same value."""
    assert decode(block.encode()) == block


@settings(deadline=None)
@given(st.binary(max_size=12))
def test_any_bytes_are_a_block_or_a_violation(frame: bytes) -> None:
    """No input breaks the decoder, and what it accepts encodes to the same bytes."""
    try:
        block = decode(frame)
    except ProtocolViolation:
        return
    assert block.encode() == frame
