"""Demands on what files hold: data objects that are where, and as long as, they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness import tlv
from harness.conformance.judgement import Failure, demand
from harness.crypto.signature import MALFORMED_ASN1
from harness.tlv import Tlv

BER = "ISO/IEC 8825-1, 8.1"
DER = "ISO/IEC 8825-1, 10.1"


@contextmanager
def well_formed(expected: str, clause: str) -> Iterator[None]:
    """Let a parser's objection be a failure of the card.

    Raises:
        Failure: what is read inside is malformed.
    """
    try:
        yield
    except MALFORMED_ASN1 as error:
        raise Failure(expected, str(error), clause) from None


@dataclass(frozen=True, slots=True)
class Head:
    """Tag and length of a data object: where it and its value begin, and where it ends."""

    tag: int
    begin: int
    start: int
    end: int


def head_at(raw: bytes, offset: int, what: str) -> Head:
    """The head of the data object at `offset`, whose value need not be there.

    Raises:
        Failure: it is malformed, or its length is not in the fewest bytes.
    """
    with well_formed(f"tag and length of {what}", BER):
        rest = raw[offset:]
        size = tlv.whole_length(rest)
        demand(size is not None, f"tag and length of {what}", f"{len(rest)} bytes", BER)
        assert size is not None  # noqa: S101 - demanded above
        behind_tag = tag_size(rest)
        tag = int.from_bytes(rest[:behind_tag], "big")
        start = behind_tag + _length_size(rest[behind_tag])
        shortest = behind_tag + len(tlv.length_bytes(size - start))
        got = f"{start - behind_tag} bytes of length for {size - start}"
        demand(start == shortest, f"the length of {what} in the fewest bytes", got, DER)
    return Head(tag, offset, offset + start, offset + size)


def tag_size(raw: bytes) -> int:
    """How many bytes the tag at the start takes; IndexError where it is cut off."""
    size = 1
    if raw[0] & 0x1F == 0x1F:
        while raw[size] & 0x80:
            size += 1
        size += 1
    return size


def _length_size(first: int) -> int:
    return 1 if first < 0x80 else 1 + (first & 0x7F)


def demand_tag(head: Head, tag: int, what: str, clause: str) -> None:
    """A data object has this tag.

    Raises:
        Failure: it has another one.
    """
    demand(head.tag == tag, f"tag {tag:X} of {what}", f"tag {head.tag:X}", clause)


def only_object(raw: bytes, tag: int, what: str, clause: str) -> Tlv:
    """A file's one data object, with nothing behind it.

    Raises:
        Failure: it has another tag, is malformed, or is not all there is.
    """
    head = head_at(raw, 0, what)
    demand_tag(head, tag, what, clause)
    expected = f"{what} as long as it says, {head.end} bytes"
    demand(head.end == len(raw), expected, f"{len(raw)} bytes", BER)
    return Tlv(tag, raw[head.start :])


def objects_in(value: bytes, what: str) -> tuple[Tlv, ...]:
    """The data objects of a template, each with its length in the fewest bytes.

    Raises:
        Failure: they are malformed.
    """
    offset = 0
    while offset < len(value):
        offset = head_at(value, offset, f"a data object in {what}").end
    with well_formed(f"whole data objects in {what}", BER):
        return tlv.parse_all(value)


def member(objects: tuple[Tlv, ...], tag: int, what: str, clause: str) -> bytes:
    """The value of the one data object with a tag.

    Raises:
        Failure: there is none, or several.
    """
    found = [each.value for each in objects if each.tag == tag]
    there = " ".join(f"{each.tag:X}" for each in objects) or "nothing"
    demand(len(found) == 1, f"{what} ({tag:X}) once", there, clause)
    return found[0]


def text(value: bytes, what: str, clause: str) -> str:
    """UTF-8 without control characters.

    Raises:
        Failure: it is none.
    """
    with well_formed(f"{what} in UTF-8", clause):
        decoded = value.decode("utf-8")
    demand(decoded.isprintable(), f"{what} of printable characters", "control characters", clause)
    return decoded


def demand_form(value: str, form: str, what: str, clause: str) -> None:
    """A text matches a regular expression as a whole.

    What it holds is the holder's and is not shown.

    Raises:
        Failure: it does not.
    """
    got = f"{len(value)} characters of another form"
    demand(re.fullmatch(form, value), what, got, clause)


def demand_der(raw: bytes, what: str) -> None:
    """Every length, down to the last data object, is in the fewest bytes.

    Raises:
        Failure: one is not, or something is malformed.
    """
    left = [raw]
    while left:
        found = objects_in(left.pop(), what)
        left.extend(each.value for each in found if each.is_constructed)
