"""Unit LDS_I: the content of EF.CardAccess."""

from __future__ import annotations

from harness.conformance.acts.elementary import CARD_ACCESS
from harness.conformance.case import Unit
from harness.conformance.contents.content_cases import FileCases
from harness.conformance.contents.infos import (
    PACE_DOMAIN,
    PACE_INFO,
    about_pace,
    demand_pace_domain,
    demand_pace_info,
    demand_pace_usable,
    domain_infos,
    infos_in,
)
from harness.conformance.judgement import demand
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3
from harness.crypto.suite import SUITES
from harness.profile import Content
from harness.security_info import describe_oid, parse_pace_info

_CASES = FileCases(
    "LDS_I", CARD_ACCESS, Content.CARD_ACCESS, ("PACE", "CARD-ACCESS"), Subject.power_up
)
_CLAUSE = "ICAO 9303-10, 3.11.3"


def _security_infos(raw: bytes, subject: Subject) -> None:
    del subject
    found = about_pace(infos_in(raw, CARD_ACCESS.name))
    demand(found, "a PACEInfo in EF.CardAccess", "none", _CLAUSE)


def _pace_infos(raw: bytes, subject: Subject) -> None:
    found = about_pace(infos_in(raw, CARD_ACCESS.name))
    for info in found:
        demand_pace_info(info)
    demand_pace_usable(raw)
    declared = {(each.oid, each.reference) for each in subject.profile.own_pace.offers}
    parsed = map(parse_pace_info, found)
    listed = {(each.oid, each.parameter_id) for each in parsed}
    # The number may be left out where it is the only one (9303-11, 9.2.1).
    unlike = {oid for oid, _ in declared ^ listed if (oid, None) not in listed}
    got = ", ".join(sorted(map(describe_oid, unlike)))
    demand(not unlike, "the PACE protocols that the profile declares", got, PACE_INFO)


def _domains(raw: bytes, subject: Subject) -> None:
    del subject
    found = domain_infos(infos_in(raw, CARD_ACCESS.name))
    demand(found, "a PACEDomainParameterInfo", "none", PACE_DOMAIN)
    for info in found:
        demand_pace_domain(info, several=len(found) > 1)


def _another_mapping(raw: bytes, subject: Subject) -> None:
    del subject
    found = about_pace(infos_in(raw, CARD_ACCESS.name))
    mappings = {SUITES[info.oid].mapping for info in found if info.oid in SUITES}
    got = " and ".join(sorted(mappings))
    demand(mappings & {"GM", "IM"}, "generic or integrated mapping beside CAM", got, PACE_INFO)


UNIT = Unit(
    "LDS_I",
    "What EF.CardAccess holds",
    ICAO_3,
    (
        _CASES.case(
            1,
            _CLAUSE,
            "EF.CardAccess holds SecurityInfos, and a PACEInfo among them.",
            "A SET of infos in DER; only fill of zeros may follow.",
            _security_infos,
        ),
        _CASES.case(
            2,
            PACE_INFO,
            "Every PACEInfo can be used, and they are those that the profile declares.",
            "Protocol and version are of the standard, and the domain parameters suit the key "
            "agreement.",
            _pace_infos,
        ),
        _CASES.case(
            3,
            PACE_DOMAIN,
            "Domain parameters of the card's own are spelt out.",
            "Each PACEDomainParameterInfo holds a whole group, under a number above 31.",
            _domains,
            "EXPLICIT-DOMAIN",
        ),
        _CASES.case(
            4,
            PACE_INFO,
            "Beside chip authentication mapping there is another one.",
            "Terminals that do not know the mapping need generic or integrated mapping.",
            _another_mapping,
            "PACE-CAM",
        ),
    ),
)
