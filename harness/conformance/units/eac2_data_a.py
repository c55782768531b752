"""Unit EAC2_DATA_A: the content of EF.CardAccess of a card with EAC, version 2."""

from __future__ import annotations

from collections.abc import Callable

from harness import tlv
from harness.conformance.acts.elementary import CARD_ACCESS
from harness.conformance.case import Unit
from harness.conformance.contents.content import objects_in, text, well_formed
from harness.conformance.contents.content_cases import Check, FileCases
from harness.conformance.contents.infos import (
    CA_INFO,
    ID_TA,
    PACE_DOMAIN,
    TA_INFO,
    about_pace,
    demand_chip_infos,
    demand_pace_domain,
    demand_pace_info,
    demand_pace_usable,
    demand_terminal_info,
    domain_infos,
    infos_in,
)
from harness.conformance.judgement import demand
from harness.conformance.subject import Subject
from harness.conformance.units.sources import BSI_3_3
from harness.crypto.parameters import parse_parameters
from harness.profile import Content
from harness.security_info import SecurityInfo, decode_integer, parse_security_infos

_CASES = FileCases(
    "EAC2_DATA_A", CARD_ACCESS, Content.CARD_ACCESS, ("CARD-ACCESS",), Subject.power_up
)
_CLAUSE = "BSI TR-03110-3, A.1.1"
_CA_DOMAIN, _CARD_INFO = "BSI TR-03110-3, A.1.1.2", "BSI TR-03110-3, A.1.1.6"
_PSA, _PRIVILEGED = "BSI TR-03110-3, A.1.1.4", "BSI TR-03110-3, A.1.1.8"
_CA_AGREEMENTS = ("0.4.0.127.0.7.2.2.3.1", "0.4.0.127.0.7.2.2.3.2")
_ID_CI, _ID_PT, _ID_PS = "0.4.0.127.0.7.2.2.6", "0.4.0.127.0.7.2.2.8", "0.4.0.127.0.7.2.2.11"

Infos = tuple[SecurityInfo, ...]


def pace(raw: bytes, infos: Infos) -> None:
    """PACEInfos that can be used, and terminal authentication beside them.

    Raises:
        Failure: one of them is missing or otherwise.
    """
    found = about_pace(infos)
    demand(found, "a PACEInfo", "none", _CLAUSE)
    for info in found:
        demand_pace_info(info)
    demand_pace_usable(raw)
    terminal(raw, infos)


def chip(raw: bytes, infos: Infos) -> None:
    """Chip authentication, with the domain parameters of its key.

    Raises:
        Failure: one of them is missing or otherwise.
    """
    chip_infos(raw, infos)
    chip_domains(raw, infos)


def explicit(raw: bytes, infos: Infos) -> None:
    """Each PACEDomainParameterInfo spells out a group under a number of its own.

    Raises:
        Failure: one does not, or there is none.
    """
    del raw
    found = domain_infos(infos)
    demand(found, "a PACEDomainParameterInfo", "none", PACE_DOMAIN)
    for info in found:
        demand_pace_domain(info, several=len(found) > 1)


def chip_infos(raw: bytes, infos: Infos) -> None:
    """ChipAuthenticationInfos of version 2 or 3.

    Raises:
        Failure: there is none, or one of another version.
    """
    del raw
    demand_chip_infos(infos, 2, 3)


def chip_domains(raw: bytes, infos: Infos) -> None:
    """ChipAuthenticationDomainParameterInfos with known groups, numbered where there are several.

    Raises:
        Failure: there is none, or one that is not so.
    """
    del raw
    found = [info for info in infos if info.oid in _CA_AGREEMENTS]
    demand(found, "a ChipAuthenticationDomainParameterInfo", "none", _CA_DOMAIN)
    for info in found:
        count = len(info.values)
        demand(1 <= count <= 2, "parameters and perhaps a number", f"{count} values", _CA_DOMAIN)
        with well_formed("domain parameters of a known group", _CA_DOMAIN):
            domain = parse_parameters(info.values[0])
            numbers = [decode_integer(value) for value in info.values[1:]]
        agreement = "DH" if info.oid == _CA_AGREEMENTS[0] else "ECDH"
        got = domain.key_agreement
        demand(got == agreement, f"a group for {agreement}", got, _CA_DOMAIN)
        demand(numbers or len(found) == 1, "a number for each of several", "none", _CA_DOMAIN)


def terminal(raw: bytes, infos: Infos) -> None:
    """One TerminalAuthenticationInfo of version 2.

    Raises:
        Failure: it is not so.
    """
    del raw
    demand_terminal_info(infos, 2)


def card_info(raw: bytes, infos: Infos) -> None:
    """The place of a description of the card, as a URL.

    Raises:
        Failure: it is not so.
    """
    del raw
    values = _only(infos, _ID_CI, _CARD_INFO)
    demand(values[0].tag == 0x16, "an IA5String with a URL", f"tag {values[0].tag:X}", _CARD_INFO)
    url = text(values[0].value, "a URL", _CARD_INFO)
    demand("://" in url, "a URL with its scheme", "another text", _CARD_INFO)


def psa(raw: bytes, infos: Infos) -> None:
    """Pseudonymous signatures: version 1, and what they need.

    Raises:
        Failure: it is not so.
    """
    del raw
    found = [info for info in infos if info.oid.startswith(f"{_ID_PS}.")]
    demand(found, "a PSAInfo", "none", _PSA)
    for info in found:
        tags = [value.tag for value in info.values]
        demand(tags[:1] == [0x30], "requiredData (30)", f"{tags}", _PSA)
        inside = objects_in(info.values[0].value, "requiredData")
        demand(inside, "a version in requiredData", "nothing", _PSA)
        with well_formed("the version of requiredData", _PSA):
            version = decode_integer(inside[0])
        demand(version == 1, "version 1", f"version {version}", _PSA)


def privileged(raw: bytes, infos: Infos) -> None:
    """Security infos that only privileged terminals use, in a SET of their own.

    Raises:
        Failure: it is not so.
    """
    del raw
    values = _only(infos, _ID_PT, _PRIVILEGED)
    with well_formed("SecurityInfos for privileged terminals", _PRIVILEGED):
        inner = parse_security_infos(values[0].encode())
    about_chip = [info for info in inner if info.oid.startswith("0.4.0.127.0.7.2.2.3")]
    demand(about_chip, "chip authentication among them", "none", _PRIVILEGED)


def _only(infos: Infos, oid: str, clause: str) -> tuple[tlv.Tlv, ...]:
    found = [info for info in infos if info.oid == oid]
    demand(len(found) == 1 and found[0].values, f"one info {_name(oid)}", "none", clause)
    return found[0].values


def _name(oid: str) -> str:
    """How a message names one of these infos."""
    return {_ID_CI: "id-CI", _ID_PT: "id-PT", ID_TA: "id-TA"}.get(oid, oid)


def _on_infos(step: Callable[[bytes, Infos], None]) -> Check:
    def check(raw: bytes, subject: Subject) -> None:
        del subject
        step(raw, infos_in(raw, CARD_ACCESS.name))

    return check


UNIT = Unit(
    "EAC2_DATA_A",
    "What EF.CardAccess of an eID card holds",
    BSI_3_3,
    (
        _CASES.case(
            "1a",
            _CLAUSE,
            "EF.CardAccess offers PACE and names terminal authentication.",
            "Each PACEInfo can be used, and there is one TerminalAuthenticationInfo.",
            _on_infos(pace),
            *("PACE", "TA2", "CA2|CA3"),
        ),
        _CASES.case(
            "1b",
            _CLAUSE,
            "EF.CardAccess offers chip authentication.",
            "Protocol and domain parameters of the chip's key are listed.",
            _on_infos(chip),
            *("PACE", "TA2", "CA2|CA3"),
        ),
        _CASES.case(
            3,
            PACE_DOMAIN,
            "Domain parameters of the card's own are spelt out.",
            "Each PACEDomainParameterInfo holds a whole group, under a number above 31.",
            _on_infos(explicit),
            *("PACE", "EXPLICIT-DOMAIN"),
        ),
        _CASES.case(
            4,
            CA_INFO,
            "Every ChipAuthenticationInfo is of version 2 or 3.",
            "Protocol and version are of the standard.",
            _on_infos(chip_infos),
            "CA2|CA3",
        ),
        _CASES.case(
            5,
            _CA_DOMAIN,
            "The domain parameters of chip authentication are of a known group.",
            "Several are told apart by their numbers.",
            _on_infos(chip_domains),
            "CA2|CA3",
        ),
        _CASES.case(
            6,
            TA_INFO,
            "The TerminalAuthenticationInfo is of version 2.",
            "It is there once and holds no more than its version.",
            _on_infos(terminal),
            "TA2",
        ),
        _CASES.case(
            7,
            _CARD_INFO,
            "The CardInfo holds a URL.",
            "An IA5String tells where the card is described.",
            _on_infos(card_info),
            "CARD-INFO",
        ),
        _CASES.case(
            8,
            _PSA,
            "The PSAInfo is of version 1.",
            "Its required data begins with the version.",
            _on_infos(psa),
            "PSA-INFO",
        ),
        _CASES.case(
            9,
            _PRIVILEGED,
            "The PrivilegedTerminalInfo holds SecurityInfos.",
            "They are a SET, with chip authentication among them.",
            _on_infos(privileged),
            "PRIVILEGED-INFO",
        ),
    ),
)
