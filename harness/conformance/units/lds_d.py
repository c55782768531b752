"""Unit LDS_D: the content of EF.SOD, which vouches for all data groups."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from harness.conformance.acts.elementary import DATA_GROUPS, SOD
from harness.conformance.case import Unit
from harness.conformance.contents.content import only_object
from harness.conformance.contents.content_cases import Check, FileCases
from harness.conformance.contents.signed import (
    CERTIFICATE,
    SIGNED_DATA,
    SIGNER_INFO,
    Signed,
    holding,
)
from harness.conformance.judgement import demand
from harness.conformance.subject import Subject
from harness.conformance.units.lds_a import listed_groups
from harness.conformance.units.sources import ICAO_3
from harness.crypto.passive_auth import ID_LDS_SECURITY_OBJECT, SecurityObject
from harness.profile import Content

_CASES = FileCases("LDS_D", SOD, Content.LDS_SOD, ("LDS", "SOD"))
_CLAUSE = "ICAO 9303-10, 4.6.2"
_LEAST = (1, 2)


def _signed(raw: bytes) -> Signed:
    value = only_object(raw, SOD.tag, SOD.name, _CLAUSE).value
    return Signed(SOD.name, value, ID_LDS_SECURITY_OBJECT)


def _on_signed(step: Callable[[Signed], None]) -> Check:
    def check(raw: bytes, subject: Subject) -> None:
        del subject
        step(_signed(raw))

    return check


def _hashes(raw: bytes, subject: Subject) -> None:
    with holding("the hashes of the data groups", _CLAUSE):
        told = SecurityObject.parse(raw)
    _demand_versions(told, subject)
    size = hashlib.new(told.hash_name).digest_size
    for number, value in told.hashes.items():
        expected = f"{size} bytes of hash for DG{number}"
        demand(len(value) == size, expected, f"{len(value)} bytes", _CLAUSE)
    for number in _LEAST:
        demand(number in told.hashes, f"a hash of DG{number}", "none", _CLAUSE)
    _demand_groups(told, subject)


def _demand_versions(told: SecurityObject, subject: Subject) -> None:
    lds = subject.profile.lds
    assert lds is not None  # noqa: S101 - the case needs LDS
    demand(told.version in (0, 1), "version 0 or 1", f"version {told.version}", _CLAUSE)
    is_told = told.lds_version is not None
    expected = "LDS and Unicode version from version 1 on, and not before"
    demand(is_told == (told.version == 1), expected, "otherwise", _CLAUSE)
    demand(told.hash_name == lds.digest, f"hashes by {lds.digest}", told.hash_name, _CLAUSE)
    if is_told:
        got = f"{told.lds_version}"
        demand(told.lds_version == lds.version, f"LDS version {lds.version}", got, _CLAUSE)


def _demand_groups(told: SecurityObject, subject: Subject) -> None:
    channel = subject.access()
    if any(file.content is Content.LDS_COM for file in subject.profile.files.values()):
        listed = {group.sfi for group in listed_groups(subject.read(Content.LDS_COM, channel))}
        got = " ".join(f"DG{number}" for number in sorted(told.hashes))
        expected = "hashes of the data groups that EF.COM lists"
        demand(told.hashes.keys() == listed, expected, got, _CLAUSE)
    for file in subject.profile.files.values():
        words = [group.sfi for group in DATA_GROUPS if group.word == file.content.upper()]
        if words and file.needs == "channel":
            with holding(f"DG{words[0]} as EF.SOD vouches for it", _CLAUSE):
                told.check_group(words[0], subject.read(file.content, channel))


def _certificate(raw: bytes, subject: Subject) -> None:
    _signed(raw).demand_certificate(subject.source.authorities)


UNIT = Unit(
    "LDS_D",
    "What EF.SOD holds",
    ICAO_3,
    (
        *_CASES.template(),
        _CASES.case(
            3,
            SIGNED_DATA,
            "EF.SOD holds SignedData in DER.",
            "A ContentInfo that is read to its last byte, with every length in the fewest bytes.",
            _on_signed(Signed.demand_encoding),
        ),
        _CASES.case(
            4,
            SIGNED_DATA,
            "EF.SOD signs an LDS security object and brings its signer's certificate.",
            "Version 3, the signer's hash among those listed, and the right type of content.",
            _on_signed(Signed.demand_signed_data),
        ),
        _CASES.case(
            5,
            SIGNER_INFO,
            "The signature of EF.SOD is right.",
            "One signer, whose attributes name type and hash of the content, and whose signature "
            "over them verifies.",
            _on_signed(Signed.demand_signer),
        ),
        _CASES.case(
            6,
            _CLAUSE,
            "EF.SOD holds the hash of every data group, and each one is right.",
            "The data groups are those of EF.COM; those that can be read have the hash that was "
            "signed.",
            _hashes,
        ),
        _CASES.case(
            7,
            CERTIFICATE,
            "EF.SOD is signed by a document signer that a trusted authority issued.",
            "Fields and key usage are those of a document signer; chain and validity hold today.",
            _certificate,
        ),
    ),
)
