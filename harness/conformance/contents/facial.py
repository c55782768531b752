"""The facial record in DG2, byte by byte (ISO/IEC 19794-5:2005, 5.4 to 5.8)."""

from __future__ import annotations

from dataclasses import dataclass

from harness.conformance.judgement import demand

HEADER, INFORMATION, IMAGE = (f"ISO/IEC 19794-5, 5.{n}" for n in (4, 5, 7))
POINTS = "ISO/IEC 19794-5, 5.6"
_HEADER_SIZE, _INFORMATION_SIZE, _POINT_SIZE, _IMAGE_SIZE = 14, 20, 8, 12
_IDENTIFIER, _VERSION = b"FAC\0", b"010\0"


@dataclass(frozen=True, slots=True)
class Facial:
    """A biometric data block that ought to be a facial record.

    Every method raises `Failure` where the record is too short for what it looks at.
    """

    record: bytes

    def number(self, offset: int, size: int) -> int:
        """A number of some bytes, most significant first."""
        part = self.record[offset : offset + size]
        expected = f"a facial record of at least {offset + size} bytes"
        demand(len(part) == size, expected, f"{len(self.record)} bytes", HEADER)
        return int.from_bytes(part, "big")

    @property
    def points(self) -> int:
        """How many feature points the first face has."""
        return self.number(_HEADER_SIZE + 4, 2)

    @property
    def image_at(self) -> int:
        """Where the image information of the first face begins."""
        return _HEADER_SIZE + _INFORMATION_SIZE + self.points * _POINT_SIZE

    @property
    def block_end(self) -> int:
        """Where the first face ends."""
        return _HEADER_SIZE + self.number(_HEADER_SIZE, 4)

    @property
    def image_type(self) -> int:
        """0 where the image is JPEG, 1 where it is JPEG 2000."""
        return self.number(self.image_at + 1, 1)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as told."""
        return self.number(self.image_at + 2, 2), self.number(self.image_at + 4, 2)

    @property
    def image(self) -> bytes:
        """The image itself."""
        return self.record[self.image_at + _IMAGE_SIZE : self.block_end]

    def demand_header(self) -> None:
        """Identifier, version, length of the record, and one face.

        Raises:
            Failure: one of them is otherwise.
        """
        begin = self.record[:8]
        demand(begin[:4] == _IDENTIFIER, "FAC and zero", begin[:4].hex(), HEADER)
        demand(begin[4:] == _VERSION, "version 010", begin[4:].hex(), HEADER)
        told, got = self.number(8, 4), len(self.record)
        demand(told == got, f"a record of {told} bytes, as it says", f"{got} bytes", HEADER)
        faces = self.number(12, 2)
        demand(faces == 1, "one face (ICAO 9303-10, 4.7.2)", f"{faces}", HEADER)

    def demand_information(self) -> None:
        """The block's length, and codes of gender, eyes, hair, and expression that there are.

        Raises:
            Failure: one of them is otherwise.
        """
        end, whole = self.block_end, len(self.record)
        demand(
            end == whole, f"a facial block of {whole - _HEADER_SIZE} bytes", f"{end}", INFORMATION
        )
        base = _HEADER_SIZE + 6
        for offset, allowed, what in (
            (0, (0, 1, 2, 0xFF), "a gender"),
            (1, (*range(8), 0xFF), "an eye colour"),
            (2, (*range(8), 0xFF), "a hair colour"),
        ):
            value = self.number(base + offset, 1)
            demand(value in allowed, what, f"{value:02X}", INFORMATION)
        expression = self.number(base + 6, 2)
        demand(
            expression <= 7 or expression >= 0x8000, "an expression", f"{expression}", INFORMATION
        )
        for offset in range(3):
            angle = self.number(base + 8 + offset, 1)
            demand(angle <= 181, "a pose angle of 0 to 181", f"{angle}", INFORMATION)

    def demand_points(self) -> None:
        """Feature points of type 1 (MPEG-4) that lie within the image.

        Raises:
            Failure: one of them is otherwise.
        """
        width, height = self.size
        for position in range(self.points):
            at = _HEADER_SIZE + _INFORMATION_SIZE + position * _POINT_SIZE
            kind, x, y = self.number(at, 1), self.number(at + 2, 2), self.number(at + 4, 2)
            demand(kind == 1, "a feature point of type 1", f"{kind}", POINTS)
            demand(x < width and y < height, "a point in the image", f"{x}, {y}", POINTS)

    def demand_image_information(self) -> None:
        """Kind, coding and colour space that there are, and a size.

        Raises:
            Failure: one of them is otherwise.
        """
        at = self.image_at
        others = range(0x80, 0x100)  # an issuer's own
        for offset, allowed, what in (
            (0, (*range(4), *others), "a kind of face image"),
            (1, (0, 1), "JPEG (00) or JPEG 2000 (01)"),
            (6, (*range(5), *others), "a colour space"),
            (7, (*range(8), *others), "a source"),
        ):
            value = self.number(at + offset, 1)
            demand(value in allowed, what, f"{value:02X}", IMAGE)
        demand(all(self.size), "a width and a height", "zero", IMAGE)
