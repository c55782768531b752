"""DG2: images of the holder's face (ICAO 9303-10, 4.7.2; ISO/IEC 19794-5 and 39794-5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness import tlv
from harness.terminal.lds.groups import TAGS, children, malformed, opened
from harness.terminal.lds.image import Image, is_image
from harness.tlv import Tlv, TlvError

_GROUP, _TEMPLATE, _HEADER = 0x7F61, 0x7F60, 0xA1
_BLOCKS = (0x5F2E, 0x7F2E)
_RECORD = b"FAC\x00"
_RECORD_HEADER = 14
_FACE_HEADER, _POINT, _IMAGE_HEADER = 20, 8, 12
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class Face:
    """One encoding of the face, and the standard it is encoded by."""

    image: Image
    standard: str


def decode_faces(raw: bytes) -> tuple[Face, ...]:
    """The faces in DG2, the one that all can read first.

    Raises:
        ProtocolViolation: it is malformed, or holds no image.
    """
    faces: list[Face] = []
    for group in opened(raw, TAGS[2], "DG2"):
        if group.tag == _GROUP:
            for template in children(group, "DG2"):
                if template.tag == _TEMPLATE:
                    faces += _faces_of(template)
    if not faces:
        raise malformed("DG2", "it holds no image of a face")
    return tuple(faces)


def _faces_of(template: Tlv) -> Iterator[Face]:
    for block in children(template, "DG2"):
        if block.tag not in _BLOCKS:
            continue
        if block.value.startswith(_RECORD):
            yield from (Face(image, "ISO/IEC 19794-5") for image in _record(block.value))
        else:
            yield from (Face(image, "ISO/IEC 39794-5") for image in _images_within(block.value))


def _record(record: bytes) -> Iterator[Image]:
    """The images of a facial record (ISO/IEC 19794-5:2005, 5.4 to 5.7)."""
    if len(record) < _RECORD_HEADER:
        raise malformed("DG2", "a facial record is shorter than its header")
    size, count = int.from_bytes(record[8:12], "big"), int.from_bytes(record[12:14], "big")
    if size > len(record):
        raise malformed("DG2", f"a facial record of {size} bytes has only {len(record)}")
    at = _RECORD_HEADER
    for _ in range(count):
        size = int.from_bytes(record[at : at + 4], "big")
        points = int.from_bytes(record[at + 4 : at + 6], "big")
        image = at + _FACE_HEADER + points * _POINT + _IMAGE_HEADER
        if not image < at + size <= len(record):
            raise malformed("DG2", f"a face of {size} bytes at byte {at} does not fit its record")
        # The declared type is wrong often enough; the image itself knows better.
        yield Image.of(record[image : at + size])
        at += size


def _images_within(block: bytes) -> Iterator[Image]:
    """The images in a block of nested data objects, however they are nested."""
    waiting = [(block, 0)]
    while waiting:
        value, depth = waiting.pop()
        if is_image(value):
            yield Image.of(value)
        elif depth < _DEEPEST:
            waiting += [(each.value, depth + 1) for each in reversed(_objects(value))]


def _objects(value: bytes) -> tuple[Tlv, ...]:
    try:
        return tlv.parse_all(value)
    except TlvError:
        return ()
