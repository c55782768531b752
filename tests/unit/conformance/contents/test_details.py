"""DG11 and DG12: the list of tags, and the form of each element."""

from __future__ import annotations

import pytest

from harness import tlv
from harness.conformance.acts.elementary import DATA_GROUPS
from harness.conformance.contents.details import (
    Detail,
    Details,
    Form,
    day,
    image,
    moment,
    name_of_holder,
    words,
)
from harness.conformance.judgement import Failure

ROWS = (
    Detail(0x5F0E, "the name", name_of_holder),
    Detail(0xA0, "other names", name_of_holder, inner=0x5F0F),
    Detail(0x5F11, "the place", words),
)
NAME, OTHERS, PLACE = ROWS


def dg11(tags: str, *objects: bytes) -> Details:
    """DG11 with a list of tags and some objects."""
    listed = tlv.encode(0x5C, bytes.fromhex(tags))
    return Details(tlv.encode(0x6B, listed, *objects), DATA_GROUPS[10], "y", ROWS)


HOLDER = tlv.encode(0x5F0E, b"TAMM<<MARI")
ALIAS = tlv.encode(0xA0, b"\x02\x01\x01", tlv.encode(0x5F0F, b"TAMM<<MARY"))


@pytest.mark.parametrize("others", ["A0", "5F0F"])
def test_a_group_as_the_standard_has_it(others: str) -> None:
    """The list may name a template or what stands in it; what is not listed is not there."""
    right = dg11(f"5F0E{others}", HOLDER, ALIAS)
    right.demand_coherent()
    for row in ROWS:
        right.demand(row)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (dg11("5F0E5F11", HOLDER), "other: 5F11"),
        (dg11("5F0E", HOLDER, ALIAS), "other: A0"),
        (dg11("5F0E5F0E", HOLDER), "one twice"),
        (dg11("5F0E5F79", HOLDER), "5F79"),
        (dg11("5F", HOLDER), "whole tags"),
        (Details(tlv.encode(0x6B, HOLDER), DATA_GROUPS[10], "y", ROWS), "the tag list"),
    ],
)
def test_a_list_that_is_not_what_is_there(broken: Details, said: str) -> None:
    """Elements that are missing, unlisted, listed twice or unknown are named."""
    with pytest.raises(Failure, match=said):
        broken.demand_coherent()


def test_an_element_that_is_not_listed() -> None:
    """It must not be there either."""
    with pytest.raises(Failure, match="as it is not listed"):
        dg11("5F0E", HOLDER, tlv.encode(0x5F11, b"X")).demand(PLACE)


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        (b"\x02\x01\x02" + tlv.encode(0x5F0F, b"TAMM"), "2 of other names"),
        (tlv.encode(0x5F0F, b"TAMM"), "the number of other names"),
        (b"\x02\x01\x01" + tlv.encode(0x5F0F, b"<TAMM"), "another form"),
    ],
)
def test_several_elements_in_a_template(inside: bytes, said: str) -> None:
    """They are as many as their number says, and each has its form."""
    with pytest.raises(Failure, match=said):
        dg11("A0", tlv.encode(0xA0, inside)).demand(OTHERS)


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (words, [b"Tallinn", "Põlva".encode()], [b"", b"\xff", b"a\0"]),
        (name_of_holder, [b"TAMM<<MARI", b"TAMM"], [b"", b"<TAMM", b"A<<B<<C"]),
        (
            day,
            [b"19800131", bytes.fromhex("19800131"), b"19800000", b"19800100"],
            [b"19801301", b"1980013", b"19800132", b"ABCDEFGH", b""],
        ),
        (moment, [b"20250131235959", bytes(7)[:0] + bytes.fromhex("20250131235959")], [b"2025"]),
    ],
)
def test_forms(form: Form, good: list[bytes], bad: list[bytes]) -> None:
    """Each form takes what the standard has, packed or not, and nothing else."""
    for value in good:
        form(value, "x", "y")
    for value in bad:
        with pytest.raises(Failure):
            form(value, "x", "y")


def test_a_day_that_no_calendar_has_is_not_shown() -> None:
    """A holder's date does not reach the reason of a failure, however wrong it is."""
    with pytest.raises(Failure) as caught:
        day(b"19801399", "the date", "y")
    assert "1980" not in str(caught.value)


def test_an_image_that_is_none() -> None:
    """Bytes that are no image fail."""
    with pytest.raises(Failure, match="can be decoded"):
        image(b"no image", "x", "y")
