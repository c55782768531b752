"""Images in documents: what they are and how large, as their own bytes tell."""

from __future__ import annotations

from dataclasses import dataclass, field

_JPEG = b"\xff\xd8\xff"
_JP2 = bytes.fromhex("0000000C6A5020200D0A870A")
_CODESTREAM = bytes.fromhex("FF4FFF51")
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers that begin a frame (ISO/IEC 10918-1, table B.1)."""


@dataclass(frozen=True, slots=True)
class Image:
    """One image file; `width` and `height` are pixels, None where it does not tell."""

    data: bytes = field(repr=False)
    form: str
    """`jpeg`, `jpeg2000`, or `unknown`."""
    width: int | None = None
    height: int | None = None

    @property
    def suffix(self) -> str:
        """The usual end of the name of such a file."""
        if self.form == "jpeg2000":
            return ".jp2" if self.data.startswith(_JP2) else ".j2k"
        return {"jpeg": ".jpg"}.get(self.form, ".bin")

    @classmethod
    def of(cls, data: bytes) -> Image:
        """Take bytes for the image that they say they are."""
        if data.startswith(_JPEG):
            return cls(data, "jpeg", *_size_of_jpeg(data))
        if data.startswith((_JP2, _CODESTREAM)):
            return cls(data, "jpeg2000", *_size_of_codestream(data))
        return cls(data, "unknown")


def is_image(data: bytes) -> bool:
    """Whether these bytes begin as an image does."""
    return data.startswith((_JPEG, _JP2, _CODESTREAM))


def _size_of_jpeg(data: bytes) -> tuple[int | None, int | None]:
    """Width and height in the first frame header (ISO/IEC 10918-1, B.2.2)."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _FRAMES:
            height, width = data[at + 5 : at + 7], data[at + 7 : at + 9]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
        at += 2 + length
    return None, None


def _size_of_codestream(data: bytes) -> tuple[int | None, int | None]:
    """Width and height in the marker SIZ (ISO/IEC 15444-1, A.5.1)."""
    at = data.find(_CODESTREAM)
    numbers = data[at + 8 : at + 24]
    if at < 0 or len(numbers) < 16:
        return None, None
    right, bottom, left, top = (int.from_bytes(numbers[i : i + 4], "big") for i in (0, 4, 8, 12))
    return right - left, bottom - top
