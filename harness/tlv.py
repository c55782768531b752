"""BER-TLV data objects (ISO/IEC 7816-4, 5.2.2; ISO/IEC 8825-1, 8.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


class TlvError(ValueError):
    """These bytes are not well-formed BER-TLV; `offset` is where that shows, in bytes."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message} at byte {offset}")
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Tlv:
    """One data object: `tag` as written (0x5F2D, not its number) and the value's bytes."""

    tag: int
    value: bytes = b""

    def __repr__(self) -> str:
        return f"<{self.tag:X} {len(self.value)} bytes>"

    @property
    def is_constructed(self) -> bool:
        """Whether the value is itself made of data objects (bit 6 of the first tag byte)."""
        return bool(tag_bytes(self.tag)[0] & 0x20)

    def encode(self) -> bytes:
        """Tag, length in the fewest bytes, value."""
        return tag_bytes(self.tag) + length_bytes(len(self.value)) + self.value

    def children(self) -> tuple[Tlv, ...]:
        """The data objects inside.

        Raises:
            TlvError: the value is not a row of whole data objects.
        """
        return parse_all(self.value)


def tag_bytes(tag: int) -> bytes:
    """A tag as its bytes: 0x5F2D is two."""
    return tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big")


def length_bytes(length: int) -> bytes:
    """A length in the fewest bytes: one up to 127, else a count and that many."""
    if length < 0x80:  # short form
        return bytes((length,))
    size = (length.bit_length() + 7) // 8
    return bytes((0x80 | size,)) + length.to_bytes(size, "big")


def encode(tag: int, *parts: bytes | Tlv) -> bytes:
    """One data object whose value is `parts` joined."""
    value = b"".join(part.encode() if isinstance(part, Tlv) else part for part in parts)
    return tag_bytes(tag) + length_bytes(len(value)) + value


def parse(raw: bytes, offset: int = 0) -> tuple[Tlv, int]:
    """Read the data object at `offset` and return it with the offset behind it.

    Raises:
        TlvError: a tag or length is malformed or reaches beyond the end of `raw`.
    """
    tag, at = _parse_tag(raw, offset)
    length, at = _parse_length(raw, at)
    if at + length > len(raw):
        message = f"data object {tag:X} wants {length} bytes but {len(raw) - at} are there"
        raise TlvError(message, offset)
    return Tlv(tag, raw[at : at + length]), at + length


def parse_one(raw: bytes) -> Tlv:
    """Read `raw` as exactly one data object.

    Raises:
        TlvError: it is malformed, or bytes follow it.
    """
    tlv, end = parse(raw)
    if end != len(raw):
        message = f"{len(raw) - end} bytes follow data object {tlv.tag:X}"
        raise TlvError(message, end)
    return tlv


def parse_all(raw: bytes) -> tuple[Tlv, ...]:
    """Read `raw` as a row of data objects with nothing between or behind them.

    Raises:
        TlvError: one of them is malformed.
    """
    return tuple(_iterate(raw))


def parse_filled(raw: bytes) -> tuple[Tlv, ...]:
    """Read `raw` as a row of data objects that zeros may follow, as in a file with fill.

    Raises:
        TlvError: one of them is malformed, or something else follows.
    """
    objects, offset = [], 0
    while any(raw[offset:]):
        each, offset = parse(raw, offset)
        objects.append(each)
    return tuple(objects)


def _iterate(raw: bytes) -> Iterator[Tlv]:
    offset = 0
    while offset < len(raw):
        tlv, offset = parse(raw, offset)
        yield tlv


def find(objects: tuple[Tlv, ...], tag: int) -> bytes | None:
    """The value of the first object with this tag, or None."""
    return next((tlv.value for tlv in objects if tlv.tag == tag), None)


def whole_length(head: bytes) -> int | None:
    """How long the object that begins with `head` is in all, or None if `head` is too short.

    Raises:
        TlvError: `head` cannot begin a data object.
    """
    try:
        _, at = _parse_tag(head, 0)
        length, at = _parse_length(head, at)
    except _TooShort:
        return None
    return at + length


class _TooShort(TlvError):
    """The bytes end inside a tag or a length."""


def _byte(raw: bytes, offset: int, inside: str) -> int:
    if offset >= len(raw):
        message = f"the bytes end inside a {inside}"
        raise _TooShort(message, len(raw))
    return raw[offset]


def _parse_tag(raw: bytes, offset: int) -> tuple[int, int]:
    tag = _byte(raw, offset, "tag")
    at = offset + 1
    if tag & 0x1F != 0x1F:  # low-tag-number form
        return tag, at
    while True:
        more = _byte(raw, at, "tag")
        if at == offset + 1 and more == 0x80:
            message = "a tag number is padded with zeros"  # ISO/IEC 8825-1, 8.1.2.4.2 c
            raise TlvError(message, offset)
        tag, at = tag << 8 | more, at + 1
        if at - offset > 4:  # longer tags are not in use
            message = "a tag is longer than 4 bytes"
            raise TlvError(message, offset)
        if not more & 0x80:
            return tag, at


def _parse_length(raw: bytes, offset: int) -> tuple[int, int]:
    first = _byte(raw, offset, "length")
    at = offset + 1
    if first < 0x80:  # short form
        return first, at
    size = first & 0x7F
    if not 1 <= size <= 4:  # ISO/IEC 7816-4, 5.2.2.2
        message = f"a length of form {first:02X} is not allowed"
        raise TlvError(message, offset)
    _byte(raw, at + size - 1, "length")
    return int.from_bytes(raw[at : at + size], "big"), at + size
