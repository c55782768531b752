"""Unit LDS_E: the content of DG14."""

from __future__ import annotations

from harness.conformance.acts.elementary import CARD_ACCESS, DATA_GROUPS
from harness.conformance.case import Unit
from harness.conformance.contents.content import only_object, well_formed
from harness.conformance.contents.content_cases import FileCases
from harness.conformance.contents.infos import (
    CA_INFO,
    CA_KEY,
    TA_INFO,
    chip_keys,
    demand_chip_coherence,
    demand_chip_infos,
    demand_contained,
    demand_terminal_info,
    infos_in,
    is_pace,
)
from harness.conformance.judgement import demand
from harness.conformance.subject import Subject
from harness.conformance.units.lds_g import DG3_IDENTIFIER
from harness.conformance.units.sources import ICAO_3
from harness.crypto.active_auth import active_authentication_info
from harness.profile import Content
from harness.security_info import SecurityInfo

_DG14 = DATA_GROUPS[13]
_CASES = FileCases("LDS_E", _DG14, Content.DG14, ("LDS", "DG14"))
_CLAUSE = "ICAO 9303-10, 4.7.14"
_AA_INFO = "ICAO 9303-11, 9.2.4"


def infos_of(raw: bytes) -> tuple[SecurityInfo, ...]:
    """The SecurityInfos in DG14.

    Raises:
        Failure: DG14 holds something else, or more.
    """
    return infos_in(only_object(raw, _DG14.tag, _DG14.name, _CLAUSE).value, _DG14.name)


def _set(raw: bytes, subject: Subject) -> None:
    del subject
    infos_of(raw)


def _for_chip(raw: bytes, subject: Subject) -> None:
    del subject
    infos = infos_of(raw)
    chip_keys(infos)
    demand_chip_coherence(infos)


def _keys(raw: bytes, subject: Subject) -> None:
    keys = chip_keys(infos_of(raw))
    declared = {each.key_id for each in subject.profile.chip_authentication}
    numbers = {key.key_id for key in keys}
    # The keys of the chip authentication mapping may stand here as well.
    expected = "the key numbers that the profile declares"
    demand(declared <= numbers, expected, "others", CA_KEY)


def _infos(raw: bytes, subject: Subject) -> None:
    infos = infos_of(raw)
    demand_chip_infos(infos, 1, 2)
    declared = {each.oid for each in subject.profile.chip_authentication}
    listed = {info.oid for info in infos}
    expected = "the chip authentication protocols that the profile declares"
    demand(declared <= listed, expected, "not all of them", CA_INFO)


def _coherent(raw: bytes, subject: Subject) -> None:
    access = infos_in(subject.read(Content.CARD_ACCESS, subject.access()), CARD_ACCESS.name)
    pace = [info for info in access if is_pace(info)]
    demand_contained(pace, infos_of(raw), _DG14.name, "ICAO 9303-11, 4.4.1")


def _active(raw: bytes, subject: Subject) -> None:
    with well_formed("an ActiveAuthenticationInfo", _AA_INFO):
        found = active_authentication_info(infos_of(raw))
    demand(found, "an ActiveAuthenticationInfo, as ECDSA needs one", "none", _AA_INFO)
    assert found is not None  # noqa: S101 - demanded above
    demand(found.version == 1, "version 1", f"version {found.version}", _AA_INFO)
    name, active = found.hash_name, subject.profile.active_authentication
    assert active is not None  # noqa: S101 - the case needs AA
    demand(name == active.hash, f"plain ECDSA with {active.hash}", f"{name}", _AA_INFO)


def _terminal(raw: bytes, subject: Subject) -> None:
    del subject
    demand_terminal_info(infos_of(raw), 1)


UNIT = Unit(
    "LDS_E",
    "What DG14 holds",
    ICAO_3,
    (
        _CASES.case(
            1,
            _CLAUSE,
            "DG14 begins with its tag and holds SecurityInfos.",
            "6E around one SET of infos in DER, with nothing behind it.",
            _set,
        ),
        _CASES.case(
            2,
            CA_INFO,
            "DG14 holds what chip authentication needs.",
            "There is a static public key, and each protocol has a key that is for it.",
            _for_chip,
            "CA",
        ),
        _CASES.case(
            3,
            CA_KEY,
            "The static public keys in DG14 are elements of their groups.",
            "Point and number are valid, and several keys are told apart by their numbers.",
            _keys,
            "CA",
        ),
        _CASES.case(
            4,
            CA_INFO,
            "The ChipAuthenticationInfos in DG14 are those of the profile.",
            "Protocol and version are of the standard.",
            _infos,
            "CA",
        ),
        _CASES.case(
            5,
            "ICAO 9303-11, 4.4.1",
            "DG14 vouches for what EF.CardAccess says of PACE.",
            "EF.CardAccess is not signed; the same infos stand in DG14, which is.",
            _coherent,
            "PACE",
            "CARD-ACCESS",
        ),
        _CASES.case(
            6,
            _AA_INFO,
            "DG14 says which hash active authentication by ECDSA uses.",
            "An ActiveAuthenticationInfo of version 1 names plain ECDSA with the declared hash.",
            _active,
            "AA-ECDSA",
        ),
        _CASES.case(
            7,
            "ICAO 9303-11, 4.4.3.5",
            "A chip with chip authentication mapping has chip authentication, too.",
            "DG14 holds a protocol and a key for terminals that do not know the mapping.",
            _for_chip,
            "PACE-CAM",
        ),
        _CASES.case(
            8,
            TA_INFO,
            "DG14 says which terminal authentication the chip has.",
            "One TerminalAuthenticationInfo of version 1.",
            _terminal,
            "TA",
        ),
        _CASES.case(
            9,
            TA_INFO,
            "The TerminalAuthenticationInfo names EF.CVCA by a file identifier, if at all.",
            "Behind the version there is at most one FileID.",
            _terminal,
            "TA",
        ),
        DG3_IDENTIFIER,
    ),
)
