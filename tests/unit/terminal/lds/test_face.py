"""DG2: the face, as several standards have it."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from harness import tlv
from harness.errors import ProtocolViolation
from harness.terminal.lds.face import Face, decode_faces
from harness.terminal.lds.image import Image


def drawn(form: str, size: tuple[int, int] = (48, 64), **how: object) -> bytes:
    """A small image that Pillow wrote."""
    buffer = BytesIO()
    Pillow.new("RGB", size, (90, 120, 150)).save(buffer, form, **how)
    return buffer.getvalue()


JPEG, JP2 = drawn("JPEG"), drawn("JPEG2000")
CODESTREAM = drawn("JPEG2000", no_jp2=True)


def face_block(image: bytes, points: int = 0) -> bytes:
    """One face with feature points (ISO/IEC 19794-5, 5.5 to 5.7); the type inside is wrong."""
    information = points.to_bytes(2, "big") + bytes(14)
    described = bytes((1, 0x7F)) + bytes(10)
    body = information + bytes(8 * points) + described + image
    return (4 + len(body)).to_bytes(4, "big") + body


def record(*faces: bytes) -> bytes:
    """A facial record."""
    body = b"".join(faces)
    head = b"FAC\x00010\x00" + (14 + len(body)).to_bytes(4, "big")
    return head + len(faces).to_bytes(2, "big") + body


HEADER = bytes.fromhex(
    "A12880020101810102830720020315133000850820020401200703318604000100018702010188020008"
)
"""Appendix A.3 of ICAO 9303-10: the header of one face; its length is printed as 26."""


def dg2(block: bytes, tag: int = 0x5F2E) -> bytes:
    """DG2 with one template as in appendix A.3."""
    template = tlv.encode(0x7F60, HEADER, tlv.encode(tag, block))
    return tlv.encode(0x75, tlv.encode(0x7F61, b"\x02\x01\x01", template))


def test_the_lengths_of_the_example() -> None:
    """With 12642 bytes of data the template is as long as appendix A.3 says."""
    raw = dg2(record(face_block(b"\xff\xd8\xff".ljust(12642 - 14 - 20 - 12, b"\0"))))
    assert raw[4:9] == bytes.fromhex("7F61823199")
    assert raw[12:17] == bytes.fromhex("7F60823191")
    assert len(decode_faces(raw)[0].image.data) == 12642 - 46


@pytest.mark.parametrize(
    ("image", "form", "suffix"),
    [(JPEG, "jpeg", ".jpg"), (JP2, "jpeg2000", ".jp2"), (CODESTREAM, "jpeg2000", ".j2k")],
    ids=["JPEG", "JP2", "codestream"],
)
@pytest.mark.parametrize("points", [0, 3])
def test_a_facial_record(image: bytes, form: str, suffix: str, points: int) -> None:
    """The image comes out whole, and its own bytes say what it is and how large."""
    (face,) = decode_faces(dg2(record(face_block(image, points))))
    assert face == Face(Image(image, form, 48, 64), "ISO/IEC 19794-5")
    assert face.image.suffix == suffix


def test_several_faces() -> None:
    """All faces of a record and of several templates come out in their order."""
    raw = dg2(record(face_block(JPEG), face_block(JP2)))
    assert [face.image.form for face in decode_faces(raw)] == ["jpeg", "jpeg2000"]


def test_the_newer_standard() -> None:
    """An image is found in the nested objects of ISO/IEC 39794-5, however deep."""
    image = tlv.encode(0xA1, tlv.encode(0x80, b"\x01"), tlv.encode(0xA0, tlv.encode(0x80, JP2)))
    block = tlv.encode(0x65, tlv.encode(0xA0, b"\x80\x01\x03"), tlv.encode(0xA1, image))
    (face,) = decode_faces(dg2(block, 0x7F2E))
    assert face == Face(Image(JP2, "jpeg2000", 48, 64), "ISO/IEC 39794-5")


def test_an_image_of_another_kind() -> None:
    """An image that is neither is told as unknown, with its bytes."""
    (face,) = decode_faces(dg2(record(face_block(b"GIF89a..."))))
    assert (face.image.form, face.image.suffix, face.image.width) == ("unknown", ".bin", None)


def test_images_are_not_shown() -> None:
    """The bytes of a face are not in its repr."""
    assert "xff" not in repr(decode_faces(dg2(record(face_block(JPEG)))))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        tlv.encode(0x75),
        tlv.encode(0x75, tlv.encode(0x7F61, b"\x02\x01\x00")),
        dg2(b""),
        dg2(b"FAC\x00"),
        dg2(record()),
        dg2(record(face_block(JPEG))[:-1]),
        dg2(record(face_block(JPEG)).replace(b"\x00\x01\x00", b"\x00\x02\x00", 1)),
        dg2(record(b"\0\0\0\5")),
        dg2(record(face_block(b""))),
        dg2(record(b"\xff\xff\xff\xff" + face_block(JPEG)[4:])),
        dg2(tlv.encode(0x65, b"nothing"), 0x7F2E),
    ],
    ids=[
        "empty",
        "no group",
        "no template",
        "no data",
        "cut header",
        "no face",
        "cut image",
        "one face too many",
        "cut face",
        "no image",
        "length",
        "no image in 39794",
    ],
)
def test_what_holds_no_face(raw: bytes) -> None:
    """Anything without a whole image is a violation."""
    with pytest.raises(ProtocolViolation, match="DG2 is malformed"):
        decode_faces(raw)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_bytes(data: st.DataObject) -> None:
    """Any bytes put in anywhere are read or refused with the one error."""
    raw = dg2(record(face_block(JPEG[:64]), face_block(CODESTREAM[:64])))
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 6)))
    with suppress(ProtocolViolation):
        decode_faces(raw[:start] + data.draw(st.binary(max_size=8)) + raw[end:])


@pytest.mark.parametrize("cut", range(3, 40))
def test_images_cut_short(cut: int) -> None:
    """An image that ends before it tells its size has none; nothing is made up."""
    for image in (JPEG, CODESTREAM):
        assert Image.of(image[:cut]).width in (None, 48)
