"""Biometric data groups are judged template by template, and faces byte by byte."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from harness import tlv
from harness.conformance.acts.elementary import DATA_GROUPS
from harness.conformance.contents.biometric import CONSTRUCTED_BLOCK, PRIMITIVE_BLOCK, Biometric
from harness.conformance.contents.biometric_cases import (
    block,
    format_type,
    magic,
    standardized,
    subtype,
)
from harness.conformance.contents.facial import Facial
from harness.conformance.judgement import Failure
from harness.conformance.units.lds_c import decoded

FINGER = DATA_GROUPS[2]
TYPE = b"\x00\x07"
RECORD = b"FIR\x00010\x00"


def template(*elements: bytes, data: bytes = RECORD, tag: int = 0x5F2E) -> bytes:
    """One biometric information template."""
    header = tlv.encode(0xA1, *elements)
    return tlv.encode(0x7F60, header, tlv.encode(tag, data))


def group(*templates: bytes, count: int | None = None) -> Biometric:
    """DG3 with some templates."""
    number = tlv.encode(0x02, bytes((len(templates) if count is None else count,)))
    return Biometric(tlv.encode(0x63, tlv.encode(0x7F61, number, *templates)), FINGER)


ELEMENTS = (
    tlv.encode(0x82, b"\x05"),
    tlv.encode(0x87, b"\x01\x01"),
    tlv.encode(0x88, TYPE),
)
RIGHT = group(template(*ELEMENTS))


def test_a_finger_passes_every_step() -> None:
    """From the group template to the record: a data group as the standard has it."""
    assert len(RIGHT.templates()) == 1
    assert RIGHT.block(PRIMITIVE_BLOCK) == RECORD
    for step in (subtype, format_type(7, 0x28), block(PRIMITIVE_BLOCK), magic(b"FIR\0", 7)):
        step(RIGHT)


@pytest.mark.parametrize(
    ("broken", "step", "said"),
    [
        (Biometric(b"\x75\x00", FINGER), Biometric.group, "tag 75"),
        (Biometric(bytes.fromhex("6304 7F6000 00"), FINGER), Biometric.group, "tag 7F60"),
        (Biometric(bytes.fromhex("6304 7F6100 00"), FINGER), Biometric.group, "as what holds it"),
        (group(template(*ELEMENTS), count=2), Biometric.templates, "2 templates, as told"),
        (group(), Biometric.templates, "at least one"),
        (group(tlv.encode(0x7F60, b"\xa0\x00")), Biometric.header, "tag A0"),
        (group(template(*ELEMENTS[1:])), subtype, "82"),
        (group(template(tlv.encode(0x82, b""))), subtype, "one byte"),
        (group(template(tlv.encode(0x88, b"\x00\x08"))), format_type(7), "format type 0007"),
        (group(template(*ELEMENTS, tag=0x7F2E)), block(PRIMITIVE_BLOCK), "under 5F2E"),
        (group(template(*ELEMENTS, data=b"FAC\0")), magic(b"FIR\0", 7), "46495200"),
        (group(template(*ELEMENTS, tag=0x7F2E)), standardized, "A1"),
    ],
)
def test_what_is_wrong_is_named(
    broken: Biometric, step: Callable[[Biometric], object], said: str
) -> None:
    """Each fault fails its step, and the failure names it."""
    with pytest.raises(Failure, match=said):
        step(broken)


def test_new_formats_stand_in_a_constructed_block() -> None:
    """7F2E with A1 inside is data of ISO/IEC 39794."""
    new = group(template(*ELEMENTS, data=b"\xa1\x00", tag=0x7F2E))
    standardized(new)
    assert new.block(CONSTRUCTED_BLOCK) == b"\xa1\x00"


def face(  # noqa: PLR0913 - the parts of a record
    *,
    begin: bytes = b"FAC\x00010\x00",
    longer: int = 0,
    points: tuple[tuple[int, int, int], ...] = (),
    gender: int = 1,
    angle: int = 0,
    kind: bytes = b"\x01\x00",
    size: tuple[int, int] = (3, 4),
) -> Facial:
    """A facial record, right unless told otherwise."""
    drawn = io.BytesIO()
    Image.new("RGB", (3, 4)).save(drawn, "JPEG")
    looks = bytes((gender, 0, 0)) + bytes(5) + bytes((angle, 0, 0)) + bytes(3)
    marked = b"".join(
        bytes((form, 0)) + x.to_bytes(2) + y.to_bytes(2) + bytes(2) for form, x, y in points
    )
    told = kind + size[0].to_bytes(2) + size[1].to_bytes(2) + b"\x01\x00" + bytes(4)
    body = len(points).to_bytes(2) + looks + marked + told + drawn.getvalue()
    body = (len(body) + 4).to_bytes(4) + body
    return Facial(begin + (14 + len(body) + longer).to_bytes(4) + b"\x00\x01" + body)


def test_a_face_as_the_standard_has_it() -> None:
    """Header, information, points and image pass, and the image is the one inside."""
    right = face(points=((1, 2, 3),))
    right.demand_header()
    right.demand_information()
    right.demand_points()
    right.demand_image_information()
    assert decoded(right.image) == ("JPEG", right.size)


@pytest.mark.parametrize(
    ("broken", "step", "said"),
    [
        (face(begin=b"FAX\x00010\x00"), Facial.demand_header, "FAC and zero"),
        (face(begin=b"FAC\x00020\x00"), Facial.demand_header, "version 010"),
        (face(longer=1), Facial.demand_header, "as it says"),
        (face(gender=7), Facial.demand_information, "a gender"),
        (face(angle=200), Facial.demand_information, "pose angle"),
        (face(points=((9, 0, 0),)), Facial.demand_points, "type 1"),
        (face(points=((1, 3, 0),)), Facial.demand_points, "in the image"),
        (face(kind=b"\x01\x02"), Facial.demand_image_information, "JPEG 2000"),
        (face(kind=b"\x04\x00"), Facial.demand_image_information, "kind of face image"),
        (face(size=(0, 4)), Facial.demand_image_information, "width and a height"),
    ],
)
def test_what_is_wrong_with_a_face(
    broken: Facial, step: Callable[[Facial], None], said: str
) -> None:
    """Each fault fails its step, and the failure names it."""
    with pytest.raises(Failure, match=said):
        step(broken)


def test_no_image_at_all() -> None:
    """Bytes that are no image, or only half of one, are not decoded; the reason is always one."""
    whole = face().image
    for image in (b"", b"\xff\xd8\xff", whole[: len(whole) // 2]):
        with pytest.raises(Failure, match="an image that can be decoded"):
            decoded(image)


def clause_or_none(step: Callable[[], object]) -> str | None:
    """The clause of a failure, or None where a step passes."""
    try:
        step()
    except Failure as failure:
        return failure.clause
    return None


@given(st.binary(max_size=60))
def test_whatever_a_record_holds_is_judged(raw: bytes) -> None:
    """No bytes make a judgement crash: it passes or fails."""
    record = Facial(raw)
    steps = (
        record.demand_header,
        record.demand_information,
        record.demand_points,
        record.demand_image_information,
        Biometric(raw, FINGER).header,
    )
    assert all(clause_or_none(step) != "" for step in steps)
