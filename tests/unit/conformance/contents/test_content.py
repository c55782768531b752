"""Demands on data objects: each kind of malformed content has its own objection."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import tlv
from harness.conformance.contents.content import (
    demand_der,
    head_at,
    member,
    objects_in,
    only_object,
    text,
)
from harness.conformance.judgement import Failure


def test_a_head_is_read_without_its_value() -> None:
    """Tag and length tell where the value begins and ends, though it is not there."""
    head = head_at(bytes.fromhex("FF7F6182012A"), 1, "x")
    assert (head.tag, head.begin, head.start, head.end) == (0x7F61, 1, 6, 6 + 0x12A)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("", "0 bytes"),
        ("7F", "1 bytes"),
        ("6182", "2 bytes"),
        ("618101", "2 bytes of length for 1"),
        ("61820080", "3 bytes of length for 128"),
        ("6180", "is not allowed"),
    ],
)
def test_a_head_that_is_none(raw: str, said: str) -> None:
    """A tag or length that is cut off, padded or of no form is a failure that says so."""
    with pytest.raises(Failure, match=said):
        head_at(bytes.fromhex(raw), 0, "x")


@pytest.mark.parametrize(
    ("raw", "said"),
    [("620101", "tag 62"), ("61010102", "4 bytes"), ("610201", "3 bytes")],
)
def test_one_object_is_all_there_is(raw: str, said: str) -> None:
    """Another tag, something behind it, or a value cut short is a failure."""
    assert only_object(bytes.fromhex("610101"), 0x61, "x", "y").value == b"\x01"
    with pytest.raises(Failure, match=said):
        only_object(bytes.fromhex(raw), 0x61, "x", "y")


def test_a_member_is_there_once() -> None:
    """None and two are failures that list what is there."""
    objects = objects_in(bytes.fromhex("5F010130 5C0161 5C0175"), "x")
    assert member(objects, 0x5F01, "x", "y") == b"0"
    for tag in (0x5F36, 0x5C):
        with pytest.raises(Failure, match="5F01 5C 5C"):
            member(objects, tag, "x", "y")


def test_der_is_demanded_all_the_way_down() -> None:
    """A long length deep inside is found."""
    demand_der(bytes.fromhex("3003300101".replace("300101", "020101")), "x")
    with pytest.raises(Failure, match="fewest bytes"):
        demand_der(bytes.fromhex("30053003028100"), "x")


@pytest.mark.parametrize("value", [b"\xff", b"a\nb", "\u202e".encode()])
def test_a_text_is_printable(value: bytes) -> None:
    """What is no UTF-8, or has control characters, is no text; the text itself is not shown."""
    assert text("Mäger".encode(), "x", "y") == "Mäger"
    with pytest.raises(Failure):
        text(value, "x", "y")


def clause_or_none(judge: Callable[[], object]) -> str | None:
    """The clause of a failure, or None where a judgement passes."""
    try:
        judge()
    except Failure as failure:
        return failure.clause
    return None


@given(st.binary(max_size=24))
def test_whatever_a_card_answers_is_judged(raw: bytes) -> None:
    """No bytes make a judgement crash: it passes or fails."""
    judges = (
        lambda: head_at(raw, 0, "x"),
        lambda: only_object(raw, 0x30, "x", "y"),
        lambda: demand_der(raw, "x"),
    )
    assert all(clause_or_none(judge) != "" for judge in judges)


def test_objects_nested_without_end_are_judged() -> None:
    """Thousands of objects inside each other are no reason to crash."""
    raw = b""
    for _ in range(3000):
        raw = tlv.encode(0x30, raw)
    demand_der(raw, "x")
