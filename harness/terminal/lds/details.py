"""DG11, DG12 and DG16: what is told of holder, document and people to notify (4.7.11 to 16)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from harness.terminal.lds.groups import TAGS, children, opened
from harness.terminal.lds.image import Image
from harness.tlv import Tlv

_TAG_LIST, _OTHERS, _COUNT = 0x5C, 0xA0, 0x02

_PERSONAL: Mapping[int, str] = MappingProxyType(
    {
        0x5F0E: "full_name",
        0x5F0F: "other_names",
        0x5F10: "personal_number",
        0x5F2B: "full_birth_date",
        0x5F11: "place_of_birth",
        0x5F42: "address",
        0x5F12: "telephone",
        0x5F13: "profession",
        0x5F14: "title",
        0x5F15: "personal_summary",
        0x5F16: "proof_of_citizenship",
        0x5F17: "other_documents",
        0x5F18: "custody",
    }
)
_DOCUMENT: Mapping[int, str] = MappingProxyType(
    {
        0x5F19: "issuing_authority",
        0x5F26: "date_of_issue",
        0x5F1A: "other_persons",
        0x5F1B: "endorsements",
        0x5F1C: "tax_or_exit_requirements",
        0x5F1D: "image_of_front",
        0x5F1E: "image_of_rear",
        0x5F55: "personalized_at",
        0x5F56: "personalization_system",
    }
)
_CONTACT: Mapping[int, str] = MappingProxyType(
    {0x5F50: "recorded", 0x5F51: "name", 0x5F52: "telephone", 0x5F53: "address"}
)
_NAMES = frozenset({"full_name", "other_names", "other_persons", "name"})
_LISTS = frozenset({"place_of_birth", "address", "other_documents"})
_DATES = frozenset({"full_birth_date", "date_of_issue", "personalized_at", "recorded"})
_IMAGES = frozenset({"proof_of_citizenship", "image_of_front", "image_of_rear"})


@dataclass(frozen=True, slots=True)
class Details:
    """What a data group says, by meaning; `unknown` are the tags that have none, with sizes."""

    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    images: Mapping[str, Image] = field(default_factory=dict, repr=False)
    unknown: tuple[tuple[int, int], ...] = ()


def decode_personal_details(raw: bytes) -> Details:
    """DG11, about the holder.

    Raises:
        ProtocolViolation: it is malformed.
    """
    return _decode(raw, 11, _PERSONAL)


def decode_document_details(raw: bytes) -> Details:
    """DG12, about the document.

    Raises:
        ProtocolViolation: it is malformed.
    """
    return _decode(raw, 12, _DOCUMENT)


def decode_contacts(raw: bytes) -> tuple[Details, ...]:
    """DG16: whom to notify, one after the other.

    Raises:
        ProtocolViolation: it is malformed.
    """
    templates = (each for each in opened(raw, TAGS[16], "DG16") if each.tag & 0xF0 == 0xA0)
    return tuple(_details(children(each, "DG16"), _CONTACT) for each in templates)


def _decode(raw: bytes, number: int, names: Mapping[int, str]) -> Details:
    name = f"DG{number}"
    found = opened(raw, TAGS[number], name)
    return _details(tuple(_flat(found, name)), names)


def _flat(objects: tuple[Tlv, ...], name: str) -> Iterator[Tlv]:
    """The objects, those of a content-specific template (A0) in its place."""
    for each in objects:
        if each.tag == _OTHERS:
            yield from children(each, name)
        else:
            yield each


def _details(objects: tuple[Tlv, ...], names: Mapping[int, str]) -> Details:
    texts: dict[str, str] = {}
    images: dict[str, Image] = {}
    unknown = []
    for each in objects:
        name = names.get(each.tag)
        if name in _IMAGES:
            images[name] = Image.of(each.value)
        elif name is not None:
            said = _said(name, each.value)
            texts[name] = f"{texts[name]}; {said}" if name in texts else said
        elif each.tag not in (_TAG_LIST, _COUNT):
            unknown.append((each.tag, len(each.value)))
    return Details(texts, images, tuple(unknown))


def _said(name: str, value: bytes) -> str:
    if name in _DATES:
        return _date(value)
    text = value.decode("utf-8", errors="replace").rstrip("<\0 ")
    if name in _NAMES:
        text = text.replace("<<", ", ")
    return text.replace("<", ", " if name in _LISTS else " ")


def _date(value: bytes) -> str:
    """YYYY-MM-DD and perhaps a time, from digits or, as the first documents had it, from BCD."""
    digits = value.hex() if len(value) in (4, 7) else value.decode("ascii", errors="replace")
    if not (digits.isascii() and digits.isdigit() and len(digits) in (8, 14)):
        return digits
    day = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"
    return day if len(digits) == 8 else f"{day} {digits[8:10]}:{digits[10:12]}:{digits[12:]}"
