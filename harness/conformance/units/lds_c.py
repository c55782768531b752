"""Unit LDS_C: the content of DG2, the face."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

from PIL import Image

from harness.conformance.acts.elementary import DATA_GROUPS
from harness.conformance.case import Case, Unit, not_implemented
from harness.conformance.contents.biometric import (
    CLAUSE,
    CONSTRUCTED_BLOCK,
    PRIMITIVE_BLOCK,
    Biometric,
    demand_value,
)
from harness.conformance.contents.biometric_cases import (
    block,
    format_type,
    on,
    standardized,
    templates,
)
from harness.conformance.contents.content import Head, demand_tag, head_at, objects_in
from harness.conformance.contents.content_cases import Check, FileCases
from harness.conformance.contents.facial import HEADER, IMAGE, INFORMATION, POINTS, Facial
from harness.conformance.judgement import Failure, demand
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3
from harness.profile import Content

_CASES = FileCases("LDS_C", DATA_GROUPS[1], Content.DG2, ("LDS", "DG2"))
_FACE, _FACE_39794 = 0x0008, 0x002A
_FORMATS = {0: "JPEG", 1: "JPEG2000"}
_NEW = "ICAO 9303-10, 4.7.2; ISO/IEC 39794-5"
_FACE_BLOCK, _VERSION_BLOCK, _REPRESENTATIONS = 0x65, 0xA0, 0xA1
_WHY_NOT = (
    "what ISO/IEC 39794-5 has inside a representation block is not judged here; no profile "
    "declares such a face"
)


def _on_record(step: Callable[[Facial], None]) -> Check:
    def check(raw: bytes, subject: Subject) -> None:
        del subject
        step(Facial(Biometric(raw, DATA_GROUPS[1]).block(PRIMITIVE_BLOCK)))

    return check


def decoded(image: bytes) -> tuple[str, tuple[int, int]]:
    """Format and size in pixels of an image that was decoded to its last line.

    Raises:
        Failure: it cannot be decoded.
    """
    try:
        with Image.open(io.BytesIO(image), formats=tuple(_FORMATS.values())) as opened:
            opened.load()
            return str(opened.format), opened.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        got = f"{len(image)} bytes: {type(error).__name__}"
        raise Failure("an image that can be decoded", got, IMAGE) from None


def _image(face: Facial) -> None:
    face.demand_image_information()
    kind, size = decoded(face.image)
    expected = _FORMATS[face.image_type]
    demand(kind == expected, f"an image in {expected}, as told", kind, IMAGE)
    told = _written(face.size)
    got = _written(size)
    demand(size == face.size, f"an image of {told} pixels, as told", got, IMAGE)


def _written(size: tuple[int, int]) -> str:
    return f"{size[0]} by {size[1]}"


def _new_face(group: Biometric) -> tuple[bytes, Head]:
    """The data of ISO/IEC 39794-5, and where the face image data block stands in it."""
    value = group.block(CONSTRUCTED_BLOCK)
    outer = head_at(value, 0, "data in standardized format")
    demand_tag(outer, 0xA1, "data in standardized format", _NEW)
    head = head_at(value, outer.start, "the face image data block")
    demand_tag(head, _FACE_BLOCK, "the face image data block", _NEW)
    return value, head


def _blocks(group: Biometric) -> dict[int, bytes]:
    value, head = _new_face(group)
    found = objects_in(value[head.start : head.end], "the face image data block")
    return {each.tag: each.value for each in found}


def _version_block(group: Biometric) -> None:
    value = _blocks(group).get(_VERSION_BLOCK, b"")
    inside = {each.tag: each.value for each in objects_in(value, "the version block")}
    demand_value(inside.get(0x80, b""), b"\x03", "generation")
    demand(inside.get(0x81), "a year of the version", "none", _NEW)


def _one_representation(group: Biometric) -> None:
    value = _blocks(group).get(_REPRESENTATIONS, b"")
    tags = [each.tag for each in objects_in(value, "the representation blocks")]
    demand(tags == [0x30], "one representation block", f"{len(tags)}", _NEW)


def _old_cases() -> Iterator[Case]:
    needs = "19794-5"
    yield _CASES.case(
        8,
        CLAUSE,
        "DG2 names the format type of ISO/IEC 19794-5.",
        "88 is 0008.",
        on(_CASES, format_type(_FACE)),
        needs,
    )
    yield _CASES.case(
        9,
        CLAUSE,
        "DG2 holds its face in a primitive biometric data block.",
        "5F2E fills the template behind the header.",
        on(_CASES, block(PRIMITIVE_BLOCK)),
        needs,
    )
    yield _CASES.case(
        10,
        HEADER,
        "The facial record begins with its identifier and its length.",
        "FAC, version 010, as many bytes as it says, and one face.",
        _on_record(Facial.demand_header),
        needs,
    )
    yield _CASES.case(
        11,
        INFORMATION,
        "The facial information has codes that there are.",
        "Length of the block, gender, colour of eyes and hair, expression and pose.",
        _on_record(Facial.demand_information),
        needs,
    )
    yield _CASES.case(
        12,
        POINTS,
        "The feature points of the face lie in the image.",
        "Each is of type 1; there may be none, and then nothing stands before the image.",
        _on_record(Facial.demand_points),
        needs,
    )
    yield _CASES.case(
        13,
        IMAGE,
        "The face is an image that can be decoded, of the size that is told.",
        "Coding and size of the decoded image are those of the image information.",
        _on_record(_image),
        needs,
    )


def _new_cases() -> Iterator[Case]:
    rows = (
        (
            "names the format type of ISO/IEC 39794-5",
            "88 is 002A.",
            format_type(_FACE_39794),
        ),
        (
            "holds its face in a constructed biometric data block",
            "7F2E fills the template behind the header.",
            block(CONSTRUCTED_BLOCK),
        ),
        (
            "marks its face as data of ISO/IEC 39794",
            "The data block holds A1.",
            standardized,
        ),
        (
            "holds a face image data block",
            "Inside A1 stands the application tag of ISO/IEC 39794-5, 65.",
            _new_face,
        ),
        (
            "tells generation and year of its format",
            "The version block is of generation 3.",
            _version_block,
        ),
        (
            "holds one representation of the face",
            "The representation blocks are one.",
            _one_representation,
        ),
    )
    for number, (title, purpose, step) in enumerate(rows, start=14):
        yield _CASES.case(number, _NEW, f"DG2 {title}.", purpose, on(_CASES, step), "39794-5")


def _left_out() -> Iterator[Case]:
    for number, what in enumerate(
        (
            "The one representation block is well formed.",
            "The gender in the identity metadata is a code that there is.",
            "The image representation is a two-dimensional one.",
            "The two-dimensional representation holds its image and its information.",
            "The image data format is JPEG or JPEG 2000.",
            "The kind of face image is one that documents use.",
        ),
        start=20,
    ):
        yield not_implemented(f"LDS_C_{number}", _NEW, what, _WHY_NOT)


UNIT = Unit(
    "LDS_C",
    "What DG2 holds: the face",
    ICAO_3,
    (
        *_CASES.template(),
        *templates(_CASES, 3),
        *_old_cases(),
        *_new_cases(),
        *_left_out(),
    ),
)
