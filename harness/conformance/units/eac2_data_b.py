"""Unit EAC2_DATA_B: the content of EF.CardSecurity of a card with EAC, version 2."""

from __future__ import annotations

from harness.conformance.acts.elementary import CARD_SECURITY
from harness.conformance.acts.reading import after_pace
from harness.conformance.case import Unit
from harness.conformance.contents.content import well_formed
from harness.conformance.contents.content_cases import FileCases
from harness.conformance.contents.infos import CA_KEY, about_pace, chip_keys, demand_chip_coherence
from harness.conformance.judgement import demand
from harness.conformance.subject import Subject
from harness.conformance.units.lds_k import coherent, infos_of
from harness.conformance.units.sources import BSI_3_3
from harness.crypto.parameters import parse_parameters
from harness.profile import Content
from harness.security_info import SecurityInfo, decode_integer

_CASES = FileCases(
    "EAC2_DATA_B", CARD_SECURITY, Content.CARD_SECURITY, ("CARD-SECURITY",), after_pace
)
_CLAUSE = "BSI TR-03110-3, A.1.2.2"
_RI = "BSI TR-03110-3, A.1.1.5"
_ID_RI = "0.4.0.127.0.7.2.2.5"
_RI_AGREEMENTS = (f"{_ID_RI}.1", f"{_ID_RI}.2")

Infos = tuple[SecurityInfo, ...]


def _infos(raw: bytes, subject: Subject) -> None:
    del subject
    infos = infos_of(raw)
    demand(about_pace(infos), "a PACEInfo in EF.CardSecurity", "none", _CLAUSE)


def _keys(raw: bytes, subject: Subject) -> None:
    del subject
    infos = infos_of(raw)
    chip_keys(infos)
    demand_chip_coherence(infos)


def restricted(infos: Infos) -> None:
    """Each RestrictedIdentificationInfo holds version, key number and whether it is for anybody.

    Raises:
        Failure: there is none, or one that is not so.
    """
    found = [
        info
        for info in infos
        if info.oid.startswith(f"{_ID_RI}.") and info.oid not in _RI_AGREEMENTS
    ]
    demand(found, "a RestrictedIdentificationInfo", "none", _RI)
    for info in found:
        tags = [value.tag for value in info.values]
        demand(tags[:1] == [0x30], "params (30)", f"{tags}", _RI)
        with well_formed("version, key number and authorizedOnly", _RI):
            version, key, only = info.values[0].children()
            number = decode_integer(version)
            decode_integer(key)
        demand(number == 1, "version 1", f"version {number}", _RI)
        is_boolean = only.tag == 0x01 and len(only.value) == 1
        demand(is_boolean, "authorizedOnly as BOOLEAN", f"tag {only.tag:X}", _RI)


def restricted_domain(infos: Infos) -> None:
    """The domain parameters of restricted identification are of a known group.

    Raises:
        Failure: there are none, or others.
    """
    found = [info for info in infos if info.oid in _RI_AGREEMENTS]
    demand(found, "a RestrictedIdentificationDomainParameterInfo", "none", _RI)
    for info in found:
        count = len(info.values)
        demand(count == 1, "domain parameters alone", f"{count} values", _RI)
        with well_formed("domain parameters of a known group", _RI):
            parse_parameters(info.values[0])


def _restricted(raw: bytes, subject: Subject) -> None:
    del subject
    restricted(infos_of(raw))


def _restricted_domain(raw: bytes, subject: Subject) -> None:
    del subject
    restricted_domain(infos_of(raw))


UNIT = Unit(
    "EAC2_DATA_B",
    "What EF.CardSecurity of an eID card holds",
    BSI_3_3,
    (
        _CASES.case(
            1,
            _CLAUSE,
            "EF.CardSecurity signs SecurityInfos, with PACE among them.",
            "The content is one SET of infos in DER.",
            _infos,
            "PACE",
            "TA2",
            "CA2|CA3",
        ),
        _CASES.case(
            8,
            CA_KEY,
            "EF.CardSecurity holds the public keys of chip authentication.",
            "Each is an element of its group, and each protocol has a key that is for it.",
            _keys,
            "CA2|CA3",
        ),
        _CASES.case(
            9,
            _RI,
            "The RestrictedIdentificationInfo is of version 1.",
            "Version, number of the key, and whether only authorized terminals may use it.",
            _restricted,
            "RI",
        ),
        _CASES.case(
            10,
            _RI,
            "The domain parameters of restricted identification are of a known group.",
            "They stand alone in their info.",
            _restricted_domain,
            "RI-DOMAIN",
        ),
        _CASES.case(
            11,
            _CLAUSE,
            "EF.CardSecurity vouches for what EF.CardAccess says.",
            "EF.CardAccess is not signed; the same infos stand here, byte for byte.",
            coherent,
            "CARD-ACCESS",
            "PACE",
        ),
    ),
)
