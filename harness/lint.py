"""What is wrong with a profile in a file, what is doubtful, and where two profiles differ."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.air.card_time import CARD_SPEEDS
from harness.atr import Atr, AtrError
from harness.crypto.domain import DhParameters
from harness.crypto.standardized import DOMAINS
from harness.crypto.suite import PaceSuite
from harness.errors import UsageError
from harness.profile import Content, Interface, Pace, PaceOffer, Profile, merged
from harness.profile.card import problems
from harness.profile.document import Document, line_of
from harness.profile.faults import sentence
from harness.profiles import document_of, find_text
from harness.secure_messaging import largest_plain_answer
from harness.security_info import describe_oid

_ASSUMED = "assumed"
_LONGEST_SHORT_KEY = 255 - 6  # in 7C and 81 with two bytes of length each
_NO_FACTS = ("name", "title", "source", "unknown", "extends", "remove", "schema")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to be changed: in which file, at which line if that is known, at which key."""

    where: str
    line: int | None
    key: str
    said: str

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        return f"{place}: {sentence((self.key,), self.said)}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a check: problems, and what is still unknown or assumed."""

    problems: tuple[Problem, ...]
    unknown: tuple[str, ...]
    assumed: tuple[str, ...]


def lint(name_or_path: str) -> Verdict:
    """Check a profile.

    Raises:
        UsageError: it cannot be found or read at all.
    """
    text, where = find_text(name_or_path)
    try:
        document = merged(text, where, find_text)
    except UsageError as error:
        return Verdict((Problem(where, None, "document", str(error)),), (), ())
    found = [Problem(where, line_of(text, at), _dotted(at), said) for at, said in _all(document)]
    return Verdict(tuple(found), tuple(document.get("unknown", ())), tuple(_assumed(document)))


def _all(document: Document) -> Iterator[tuple[tuple[str | int, ...], str]]:
    wrong = list(problems(document))
    yield from wrong
    if not wrong:
        yield from _deeper(Profile.model_validate(document))


def _deeper(profile: Profile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What the schema cannot see."""
    if profile.timing not in CARD_SPEEDS:
        yield ("timing",), f"there is no such preset; there are {', '.join(CARD_SPEEDS)}"
    if profile.pace is not None:
        yield from _impossible_pace(("pace",), profile.pace)
        for number, offer in enumerate(profile.pace.others):
            yield from _impossible_pace(("pace", "others", number), offer)
        yield from _unopened(profile, profile.pace)
    yield from _impossible_chip_keys(profile)
    yield from _of_family(profile)
    yield from _too_long_reads(profile)
    for number, entry in enumerate(profile.recognise):
        if said := _atr_fault(entry.atr, entry.interface):
            yield ("recognise", number, "atr"), said
    yield from _doubled(profile)
    for name, file in profile.files.items():
        if file.content is Content.CARD_ACCESS and profile.pace is None and file.value is None:
            yield ("files", name, "content"), "has nothing to tell without a table pace or a value"
    if not profile.unknown:
        yield ("unknown",), "nothing is listed; write one sentence for each thing nobody knows"


def _impossible_pace(
    at: tuple[str | int, ...], offer: PaceOffer
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """A protocol that nobody speaks, or that cannot be run over its group."""
    try:
        suite = PaceSuite.of(offer.oid)
    except UsageError as error:
        yield (*at, "oid"), str(error)
        return
    domain = DOMAINS[offer.parameter_id]
    if not suite.suits(domain):
        fitting = ", ".join(str(number) for number, each in DOMAINS.items() if suite.suits(each))
        said = f"{describe_oid(offer.oid)} cannot be run over this group; it can over {fitting}"
        yield (*at, "parameter_id"), said


def _unopened(profile: Profile, pace: Pace) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """A card that has PACE, and yet cannot be opened by it."""
    if pace.opens_with not in pace.passwords:
        said = f"is {pace.opens_with}, but passwords has only {', '.join(pace.passwords)}"
        yield ("pace", "opens_with"), said
    group = DOMAINS[pace.parameter_id].parameters
    size = (group.p.bit_length() + 7) // 8
    is_long = isinstance(group, DhParameters) and size > _LONGEST_SHORT_KEY
    if is_long and not profile.transmission.extended_length:
        said = f"keys of {size} bytes do not fit without transmission.extended_length"
        yield ("pace", "parameter_id"), said


def _of_family(profile: Profile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What a family's commands make of references that the schema allows."""
    for code, rules in profile.pins.items():
        is_local = bool(rules.reference & 0x80)
        if profile.family == "ias-ecc" and is_local != (rules.scope == "local"):
            said = f"IAS ECC sets bit 8 just where scope is local, and here it is {rules.scope}"
            yield ("pins", code, "reference"), said
    for name, key in profile.keys.items():
        wanted = bytes((0x24 + hashlib.new(key.hash).digest_size,))
        for use in ("authenticate", "sign"):
            named = getattr(key, use)
            if profile.family == "ias-classic" and named and wanted not in named:
                said = f"lacks {wanted.hex().upper()}, which IAS Classic has for {key.hash}"
                yield ("keys", name, use), said


def _impossible_chip_keys(profile: Profile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Keys for chip authentication whose protocol cannot be run over their group."""
    for number, key in enumerate(profile.chip_authentication):
        domain = DOMAINS[key.parameter_id]
        if f"-{domain.key_agreement}-" not in describe_oid(key.oid):
            said = f"{describe_oid(key.oid)} cannot be run over the {domain.name}"
            yield ("chip_authentication", number, "parameter_id"), said


def _too_long_reads(profile: Profile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Reads whose protected answer is longer than the card says any answer is."""
    most = profile.transmission.largest_answer
    if most and profile.transmission.max_read > largest_plain_answer(most - 2):
        yield ("transmission", "max_read"), f"so much does not fit a protected {most}-byte answer"


def _atr_fault(raw: bytes, interface: Interface) -> str | None:
    try:
        atr = Atr.parse(raw)
    except AtrError as error:
        return str(error)
    if atr.check is False:
        return "the check byte is wrong: all bytes behind the first must give 00 when XORed"
    if atr.is_contactless != (interface is Interface.CONTACTLESS):
        return f"this is not the form of a {interface} ATR (3B 8n 80 01 is a contactless one)"
    return None


def _doubled(profile: Profile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Two files in one place, or two codes that one VERIFY could mean."""
    places: dict[tuple[str, bytes], str] = {}
    for name, file in profile.files.items():
        first = places.setdefault((profile.directories[file.directory].path, file.fid), name)
        if first != name:
            yield ("files", name, "fid"), f"files.{first} has the same identifier there"
    codes: dict[tuple[str, int], str] = {}
    for code, rules in profile.pins.items():
        first = codes.setdefault((rules.method, rules.reference), code)
        if first != code:
            yield ("pins", code, "reference"), f"pins.{first} has the same reference"


def _assumed(document: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The tables whose source says that they are assumed, whole or in part."""
    for key, value in document.items():
        here = f"{path}.{key}" if path else key
        tables = value if isinstance(value, list) else [value]
        for number, table in enumerate(tables):
            if not isinstance(table, Mapping):
                continue
            place = f"{here}.{number}" if isinstance(value, list) else here
            if _ASSUMED in str(table.get("source", "")):
                yield place
            yield from _assumed(table, place)


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path))


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact that two profiles do not share; None where one of them has none."""

    key: str
    first: str | None
    second: str | None


def differences(first: str, second: str) -> list[Difference]:
    """Where two profiles differ in facts, with everything they inherit; sources are no facts.

    Raises:
        UsageError: one cannot be found or is not TOML.
    """
    one, other = (dict(_facts(document_of(name))) for name in (first, second))
    keys = dict.fromkeys((*one, *other))
    return [
        Difference(key, one.get(key), other.get(key))
        for key in keys
        if one.get(key) != other.get(key)
    ]


def _facts(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key not in _NO_FACTS:
                yield from _facts(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for number, each in enumerate(value):
            yield from _facts(each, f"{path}.{number}")
    else:
        yield path, _written(value)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value} (0x{value:02X})" if value > 9 else str(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
