"""No case passes whatever the card does: each fails on one of a few thoroughly broken cards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from fixtures.file_units import EVERY_DOCUMENT, OURS, UNTRIED
from fixtures.mutants import access, passports
from fixtures.mutants.mutant import (
    Break,
    BrokenSource,
    Mutant,
    behaves,
    holds,
    obeys,
    unbroken,
)
from harness import tlv
from harness.apdu import INS, SW, CommandApdu
from harness.conformance.case import Verdict
from harness.conformance.execution import execute, runs
from harness.emulator.chip_authentication import ChipAuthenticationChip
from harness.emulator.files import FileSystem
from harness.emulator.front import SecureFront
from harness.emulator.personalise import CardImage
from harness.emulator.status import Refused, SecurityStatus
from harness.profile import LDS_FILES

OLD = "icao-passport-bac"


def both(*breaks: Break) -> Break:
    """A card that is broken in several ways at once."""

    @contextmanager
    def broken(image: CardImage) -> Iterator[CardImage]:
        with ExitStack() as stack:
            for each in breaks:
                image = stack.enter_context(each(image))
            yield image

    return broken


def refuses(*_: object, **__: object) -> Any:
    """A method that finds nothing."""
    raise Refused(SW.FILE_NOT_FOUND)


def does_nothing(*_: object, **__: object) -> None:
    """A method that lets everything pass."""


def in_files(change: Callable[[bytes], bytes]) -> Break:
    """A card whose files are all changed in one way."""

    def changed(image: CardImage) -> CardImage:
        names = [
            name
            for name, file in image.profile.files.items()
            if file.content in LDS_FILES or file.content.startswith(("card-", "atr-"))
        ]
        others = {name: change(image.files[name]) for name in names}
        return replace(image, files={**image.files, **others})

    return holds(changed)


def other_tag(raw: bytes) -> bytes:
    """The same behind another tag."""
    return bytes((raw[0] ^ 0x01,)) + raw[1:]


def in_file(**contents: bytes) -> Break:
    """A card with other content in some files."""
    return holds(lambda image: replace(image, files={**image.files, **contents}))


def details(tag: int, *tags: int) -> bytes:
    """DG11 or DG12 with every element, and a zero for each."""
    inside = {0xA0: b"\x02\x01\x02"}
    listed = tlv.encode(0x5C, *map(tlv.tag_bytes, tags))
    return tlv.encode(tag, listed, *(tlv.encode(each, inside.get(each, b"\0")) for each in tags))


def renamed(data: bytes) -> bytes:
    """The data objects of a command, the public key under the tag that it ought to have."""
    names = {0x93: 0x91, 0x81: 0x80}
    objects = [
        tlv.Tlv(0x7C, renamed(each.value))
        if each.tag == 0x7C
        else tlv.Tlv(names.get(each.tag, each.tag), each.value)
        for each in tlv.parse_all(data)
    ]
    return b"".join(each.encode() for each in objects)


def in_any_object(right: Any, chip: object, command: CommandApdu, *, inside: bool) -> Any:
    """Chip authentication with the public key under whatever tag."""
    if command.ins not in (INS.MANAGE_SECURITY_ENVIRONMENT, INS.GENERAL_AUTHENTICATE):
        return right(chip, command, inside=inside)
    return right(chip, replace(command, data=renamed(command.data)), inside=inside)


def named(name: str) -> Break:
    """A mutant's way to be broken."""
    mutants: tuple[Mutant, ...] = (*access.MUTANTS, *passports.MUTANTS)
    return next(mutant.breaks for mutant in mutants if mutant.name == name)


OPEN = both(
    behaves(SecurityStatus, "require_for", does_nothing),
    behaves(SecurityStatus, "require_channel", does_nothing),
    behaves(SecureFront, "_drop", does_nothing),
)
CLOSED = both(
    behaves(FileSystem, "_select_path", refuses),
    behaves(FileSystem, "_by_short_identifier", refuses),
)
DG11 = (0x5F0E, 0xA0, 0x5F10, 0x5F2B, 0x5F11, 0x5F42, *range(0x5F12, 0x5F18))
DG12 = (0x5F19, 0x5F26, 0xA0, *range(0x5F1B, 0x5F1F), 0x5F55, 0x5F56)

_READING = ("ISO7816_A", "ISO7816_B", *(f"ISO7816_{each}" for each in "DEOQSTU"), "LDS_L")
_CONTENT = ("LDS_", "EAC2_DATA_")
PASSPORT = "icao-passport"

CARDS: dict[str, tuple[Break, str, tuple[str, ...]]] = {
    "opens everything": (OPEN, EVERY_DOCUMENT, ("ISO7816_B", "ISO7816_O", "ISO7816_S")),
    "goes on after every fault": (OPEN, EVERY_DOCUMENT, ("ISO7816_C", "ISO7816_I")),
    "finds nothing": (CLOSED, EVERY_DOCUMENT, (*_READING, "ISO7816_C")),
    "has no application": (
        behaves(FileSystem, "_select_application", refuses),
        OLD,
        ("ISO7816_A",),
    ),
    "has other tags": (in_files(other_tag), EVERY_DOCUMENT, _CONTENT),
    "has empty files": (in_files(lambda raw: raw[:1] + b"\0"), EVERY_DOCUMENT, _CONTENT),
    "has an empty DG14": (in_files(lambda raw: raw[:1] + b"\0"), PASSPORT, ("LDS_E",)),
    "has longer files": (in_files(lambda raw: raw + b"\x01"), EVERY_DOCUMENT, _CONTENT),
    "has no details right": (
        in_file(dg11=details(0x6B, *DG11), dg12=details(0x6C, *DG12)),
        EVERY_DOCUMENT,
        ("LDS_N", "LDS_O"),
    ),
    "has no odd instruction": (
        obeys("transmission.odd_read", False),
        EVERY_DOCUMENT,
        ("ISO7816_C", "ISO7816_Q", "ISO7816_S", "ISO7816_T", "ISO7816_U"),
    ),
    "takes a key in any object": (
        behaves(ChipAuthenticationChip, "answer", in_any_object),
        EVERY_DOCUMENT,
        ("ISO7816_I",),
    ),
    "takes any reference": (named("ca-any-reference"), OLD, ("ISO7816_I",)),
    "signs a constant": (named("aa-signs-a-constant"), PASSPORT, ("ISO7816_R",)),
    **{
        name: (named(name), EVERY_DOCUMENT, (unit,))
        for name, unit in (
            ("select-finds-missing-files", "ISO7816_D"),
            ("reads-behind-the-end", "ISO7816_E"),
            ("reads-too-little", "ISO7816_E"),
            ("bac-same-challenge", "ISO7816_C"),
            ("bac-without-challenge", "ISO7816_C"),
            ("bac-wrong-mac", "ISO7816_C"),
            ("ca-any-point", "ISO7816_I"),
            ("ca-keeps-old-keys", "ISO7816_I"),
            ("ca-of-a-clone", "ISO7816_I"),
            ("ca-without-channel", "ISO7816_I"),
            ("ca-any-reference", "ISO7816_I"),
            ("aa-signs-a-constant", "ISO7816_R"),
            ("aa-takes-any-challenge", "ISO7816_R"),
        )
    },
}


def failed(breaks: Break, profile: str, units: tuple[str, ...]) -> set[str]:
    """The cases of some units that fail on a broken card."""
    right = unbroken(profile)
    with breaks(right.image) as image:
        source = BrokenSource(image, right)
        return {
            case.id
            for unit in OURS
            if unit.name.startswith(units)
            for case in unit.cases
            for run in runs(case, source.profile)
            if execute(run, source).verdict is Verdict.FAIL
        }


def test_every_case_fails_on_some_card() -> None:
    """No case passes whatever the card does; what no card has is tried by hand elsewhere."""
    implemented = {case.id for unit in OURS for case in unit.cases if not case.why_not}
    ended = set[str]().union(*(failed(*card) for card in CARDS.values()))
    assert implemented - UNTRIED - ended == set()
