"""BER-TLV data objects."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import tlv
from harness.tlv import Tlv, TlvError

TAGS = (0x04, 0x30, 0x7C, 0x5F2D, 0x7F49, 0xBF8101, 0xDF21)
objects = st.builds(Tlv, st.sampled_from(TAGS), st.binary(max_size=300))


@given(objects)
def test_an_object_survives_its_encoding(one: Tlv) -> None:
    """Reading an encoded object gives its tag and value."""
    assert tlv.parse_one(one.encode()) == one
    assert tlv.whole_length(one.encode()) == len(one.encode())


@given(st.lists(objects, max_size=4))
def test_a_row_survives_its_encoding(row: list[Tlv]) -> None:
    """A constructed object gives back the objects it was made of."""
    whole = tlv.parse_one(tlv.encode(0x30, *row))
    assert whole.children() == tuple(row)


def offset_of_error(raw: bytes) -> int | None:
    """Where reading a row of objects fails, or None where it does not."""
    try:
        tlv.parse_all(raw)
    except TlvError as error:
        return error.offset
    return None


@given(st.binary(max_size=24))
@settings(max_examples=400)
def test_bytes_are_objects_or_a_tlv_error(raw: bytes) -> None:
    """Any bytes are a row of objects, or an error whose offset lies within them."""
    offset = offset_of_error(raw)
    assert offset is None or 0 <= offset <= len(raw)


@given(st.binary(max_size=12))
def test_the_whole_length_never_crashes(head: bytes) -> None:
    """The length of an object is told from its head, unknown, or a TlvError."""
    try:
        length = tlv.whole_length(head)
    except TlvError:
        return
    assert length is None or length >= 2


@pytest.mark.parametrize(
    ("raw", "offset"),
    [
        ("04", 1),
        ("0402AA", 0),
        ("040180" + "0405AA", 3),
        ("5F", 1),
        ("5F80", 0),
        ("DF8080808001", 0),
        ("0480", 1),
        ("0485", 1),
        ("0482", 2),
        ("048201", 3),
    ],
)
def test_errors_are_located(raw: str, offset: int) -> None:
    """A malformed object is refused with the place where that shows."""
    with pytest.raises(TlvError) as caught:
        tlv.parse_all(bytes.fromhex(raw))
    assert caught.value.offset == offset


def test_exactly_one() -> None:
    """Bytes behind the one object that was expected are an error at the place they begin."""
    with pytest.raises(TlvError) as caught:
        tlv.parse_one(bytes.fromhex("0401AA00"))
    assert caught.value.offset == 3


@pytest.mark.parametrize(
    ("length", "encoded"),
    [(0, "00"), (127, "7F"), (128, "8180"), (255, "81FF"), (256, "820100"), (65536, "83010000")],
)
def test_lengths_take_the_fewest_bytes(length: int, encoded: str) -> None:
    """A length is written in the shortest form and read back in any allowed one."""
    assert tlv.length_bytes(length).hex().upper() == encoded
    assert tlv.parse_one(bytes.fromhex("0484") + (1).to_bytes(4, "big") + b"\0").value == b"\0"


def test_find_and_show() -> None:
    """The first object of a tag is found, a missing one is None, and no value is shown."""
    found = tlv.parse_all(bytes.fromhex("8001AA8001BB"))
    assert tlv.find(found, 0x80) == b"\xaa"
    assert tlv.find(found, 0x81) is None
    assert repr(found[0]) == "<80 1 bytes>"
    assert [Tlv(tag).is_constructed for tag in (0x7C, 0x04, 0x7F49, 0x5F2D)] == [True, False] * 2


@pytest.mark.parametrize(
    ("head", "length"), [("", None), ("30", None), ("3082", None), ("30820403", 1031)]
)
def test_length_of_a_certificate_from_its_head(head: str, length: int | None) -> None:
    """A file's header tells its whole length once it is all there."""
    assert tlv.whole_length(bytes.fromhex(head)) == length
