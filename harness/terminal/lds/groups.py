"""The data groups, their tags, and EF.COM, which lists those that are there (9303-10, 4.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness import tlv
from harness.errors import ProtocolViolation
from harness.tlv import Tlv, TlvError

TAGS: Mapping[int, int] = MappingProxyType(
    {
        1: 0x61,
        2: 0x75,
        3: 0x63,
        4: 0x76,
        5: 0x65,
        6: 0x66,
        7: 0x67,
        8: 0x68,
        9: 0x69,
        10: 0x6A,
        11: 0x6B,
        12: 0x6C,
        13: 0x6D,
        14: 0x6E,
        15: 0x6F,
        16: 0x70,
    }
)
"""The tag of each data group's file, by its number (ICAO 9303-10, table 38)."""

_EF_COM = 0x60
_CLAUSE = "ICAO 9303-10, 4"


def opened(raw: bytes, tag: int, name: str) -> tuple[Tlv, ...]:
    """The data objects inside a file, which is one object with this tag.

    Raises:
        ProtocolViolation: it is malformed, or has another tag.
    """
    return children(whole(raw, tag, name), name)


def whole(raw: bytes, tag: int, name: str) -> Tlv:
    """A file as the one object it is.

    Raises:
        ProtocolViolation: it is malformed, or has another tag.
    """
    try:
        found = tlv.parse_one(raw)
    except TlvError as error:
        raise malformed(name, str(error)) from error
    if found.tag != tag:
        raise malformed(name, f"its tag is {found.tag:X} where {tag:X} is due")
    return found


def children(data_object: Tlv, name: str) -> tuple[Tlv, ...]:
    """The data objects inside another.

    Raises:
        ProtocolViolation: they are malformed.
    """
    try:
        return data_object.children()
    except TlvError as error:
        raise malformed(name, str(error)) from error


def malformed(name: str, why: str) -> ProtocolViolation:
    """The error for a file whose content is not what it should be."""
    return ProtocolViolation(f"{name} is malformed: {why}", _CLAUSE)


@dataclass(frozen=True, slots=True)
class CommonData:
    """EF.COM: versions as digits, the data groups it lists, and tags that name none."""

    lds_version: str
    unicode_version: str
    groups: tuple[int, ...]
    unknown_tags: tuple[int, ...] = ()

    @classmethod
    def decode(cls, raw: bytes) -> CommonData:
        """Read EF.COM.

        Raises:
            ProtocolViolation: it is malformed, or lists nothing.
        """
        objects = opened(raw, _EF_COM, "EF.COM")
        listed = tlv.find(objects, 0x5C)
        if listed is None:
            raise malformed("EF.COM", "it has no list of data groups (5C)")
        numbers = {tag: number for number, tag in TAGS.items()}
        return cls(
            _text(tlv.find(objects, 0x5F01)),
            _text(tlv.find(objects, 0x5F36)),
            tuple(sorted({numbers[tag] for tag in listed if tag in numbers})),
            tuple(tag for tag in listed if tag not in numbers),
        )


def _text(value: bytes | None) -> str:
    return (value or b"").decode("ascii", errors="replace")
