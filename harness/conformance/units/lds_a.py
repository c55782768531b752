"""Unit LDS_A: the content of EF.COM."""

from __future__ import annotations

from harness.apdu import SW
from harness.conformance.acts.elementary import COM, DATA_GROUPS, Elementary
from harness.conformance.case import Unit
from harness.conformance.contents.content import (
    demand_form,
    member,
    objects_in,
    only_object,
    well_formed,
)
from harness.conformance.contents.content_cases import FileCases
from harness.conformance.judgement import demand
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3
from harness.profile import Content
from harness.tlv import Tlv

_CLAUSE = "ICAO 9303-10, 4.6.1"
_VERSION, _UNICODE, _TAGS = 0x5F01, 0x5F36, 0x5C
_CASES = FileCases("LDS_A", COM, Content.LDS_COM, ("LDS", "COM"))
_BY_TAG = {group.tag: group for group in DATA_GROUPS}
_MANDATORY = ("DG1", "DG2")


def com_objects(raw: bytes) -> tuple[Tlv, ...]:
    """The data objects of EF.COM.

    Raises:
        Failure: it is malformed.
    """
    return objects_in(only_object(raw, COM.tag, COM.name, _CLAUSE).value, COM.name)


def listed_groups(raw: bytes) -> tuple[Elementary, ...]:
    """The data groups that EF.COM lists, each by its tag.

    Raises:
        Failure: malformed, or a tag that is no data group's, or one twice.
    """
    tags = member(com_objects(raw), _TAGS, "the tag list of EF.COM", _CLAUSE)
    unknown = [f"{tag:02X}" for tag in tags if tag not in _BY_TAG]
    demand(not unknown, "tags of data groups", f"tag {' '.join(unknown)}", _CLAUSE)
    demand(len(set(tags)) == len(tags), "each tag once", "a tag twice", _CLAUSE)
    return tuple(_BY_TAG[tag] for tag in tags)


def _version(raw: bytes, subject: Subject) -> None:
    version = member(com_objects(raw), _VERSION, "the LDS version", _CLAUSE)
    with well_formed("the LDS version in digits", _CLAUSE):
        told = version.decode("ascii")
    demand_form(told, r"01(07|08)", "LDS version 0107 or 0108", _CLAUSE)
    declared = subject.profile.lds
    assert declared is not None  # noqa: S101 - the case needs LDS
    demand(told == declared.version, f"LDS version {declared.version}", told, _CLAUSE)


def _unicode(raw: bytes, subject: Subject) -> None:
    del subject
    version = member(com_objects(raw), _UNICODE, "the Unicode version", _CLAUSE)
    with well_formed("the Unicode version in digits", _CLAUSE):
        told = version.decode("ascii")
    demand_form(told, r"[0-9]{6}", "six digits of a Unicode version", _CLAUSE)
    demand(told >= "040000", "Unicode 4.0 or later", told, _CLAUSE)


def _tags(raw: bytes, subject: Subject) -> None:
    groups, channel = listed_groups(raw), subject.access()
    subject.enter_lds(channel)
    words = {group.word for group in groups}
    for word in _MANDATORY:
        demand(word in words, f"{word} listed in EF.COM", " ".join(sorted(words)), _CLAUSE)
    for group in DATA_GROUPS:
        found = subject.transmit(group.select, channel).sw != SW.FILE_NOT_FOUND
        expected = f"{group.name} {'there' if group.word in words else 'not there'}, as EF.COM says"
        got = f"{group.name} {'found' if found else 'not found'} by SELECT"
        demand(found == (group.word in words), expected, got, _CLAUSE)


UNIT = Unit(
    "LDS_A",
    "What EF.COM holds",
    ICAO_3,
    (
        *_CASES.template(),
        _CASES.case(
            3,
            _CLAUSE,
            "EF.COM tells the LDS version.",
            "5F01 holds a version that there is, and the one the profile declares.",
            _version,
        ),
        _CASES.case(
            4,
            _CLAUSE,
            "EF.COM tells the Unicode version.",
            "5F36 holds six digits: major version, minor version and release.",
            _unicode,
        ),
        _CASES.case(
            5,
            _CLAUSE,
            "EF.COM lists the data groups that are there, and no others.",
            "5C holds the tags of the data groups; SELECT finds those listed and only those.",
            _tags,
        ),
    ),
)
