"""Judging SecurityInfos, wherever they stand (ICAO 9303-11, 9.2; BSI TR-03110-3, A.1.1)."""

from __future__ import annotations

from collections.abc import Iterable

from harness import tlv
from harness.conformance.contents.content import demand_der, head_at, well_formed
from harness.conformance.judgement import demand
from harness.crypto.card_access import CardAccess
from harness.crypto.chip_auth import CHIP_AUTHENTICATION_SUITES, chip_authentication_infos
from harness.crypto.chip_key import ChipPublicKey, chip_public_keys
from harness.crypto.parameters import parse_parameters
from harness.crypto.standardized import RESERVED_IDS
from harness.crypto.suite import SUITES
from harness.security_info import (
    ID_PACE,
    SecurityInfo,
    decode_integer,
    describe_oid,
    is_pace_protocol,
    parse_pace_info,
    parse_security_infos,
)

INFOS = "ICAO 9303-11, 9.2"
PACE_INFO, PACE_DOMAIN = "ICAO 9303-11, 9.2.1", "ICAO 9303-11, 9.2.2"
CA_INFO, CA_KEY = "ICAO 9303-11, 9.2.5", "ICAO 9303-11, 9.2.6"
TA_INFO = "BSI TR-03110-3, A.1.1.3"
ID_TA = "0.4.0.127.0.7.2.2.2"
_PACE_MAPPINGS = frozenset(oid.rpartition(".")[0] for oid in SUITES)


def infos_in(raw: bytes, what: str) -> tuple[SecurityInfo, ...]:
    """The SecurityInfos of a file: one SET in DER, behind which only zeros may follow.

    Raises:
        Failure: they are not.
    """
    head = head_at(raw, 0, what)
    with well_formed(f"SecurityInfos in {what}", INFOS):
        infos = parse_security_infos(raw)
    demand_der(raw[: head.end], what)
    demand(infos, f"SecurityInfos in {what}", "none", INFOS)
    return infos


def about_pace(infos: Iterable[SecurityInfo]) -> tuple[SecurityInfo, ...]:
    """The PACEInfos among them."""
    return tuple(info for info in infos if is_pace_protocol(info.oid))


def demand_pace_info(info: SecurityInfo) -> None:
    """A PACEInfo names a protocol there is, version 2, and perhaps domain parameters.

    Raises:
        Failure: it does not.
    """
    name = describe_oid(info.oid)
    demand(info.oid in SUITES, "a PACE protocol of the standard", name, PACE_INFO)
    with well_formed(f"version and perhaps parameter id of {name}", PACE_INFO):
        parsed = parse_pace_info(info)
    demand(parsed.version == 2, f"version 2 of {name}", f"version {parsed.version}", PACE_INFO)


def demand_pace_usable(raw: bytes) -> None:
    """Each PACEInfo has domain parameters that suit it, its own or standardized ones.

    Raises:
        Failure: one is doubled, ambiguous, of another kind of group, or of a group nobody knows.
    """
    with well_formed("PACEInfos with domain parameters that suit them", PACE_DOMAIN):
        found = CardAccess.read(raw)
    reasons = "; ".join(each.reason for each in found.unusable)
    demand(not found.unusable, "PACEInfos that can be used", reasons, PACE_DOMAIN)


def domain_infos(infos: Iterable[SecurityInfo]) -> tuple[SecurityInfo, ...]:
    """The PACEDomainParameterInfos among them."""
    return tuple(info for info in infos if info.oid in _PACE_MAPPINGS)


def demand_pace_domain(info: SecurityInfo, *, several: bool) -> None:
    """A PACEDomainParameterInfo spells out a group, under a number that no standard group has.

    Raises:
        Failure: it does not.
    """
    name = f"{describe_oid(info.oid)} domain parameters"
    demand(1 <= len(info.values) <= 2, name, f"{len(info.values)} values", PACE_DOMAIN)
    with well_formed(name, PACE_DOMAIN):
        parse_parameters(info.values[0])
        number = decode_integer(info.values[1]) if len(info.values) > 1 else None
    demand(number is not None or not several, "a number for each of several", "none", PACE_DOMAIN)
    demand(number not in RESERVED_IDS, "a number above 31", f"{number}", PACE_DOMAIN)


def chip_keys(infos: Iterable[SecurityInfo]) -> tuple[ChipPublicKey, ...]:
    """The static public keys of the chip, each an element of a known group.

    Raises:
        Failure: there is none, or one is malformed or not of its group.
    """
    with well_formed("ChipAuthenticationPublicKeyInfos with keys of their groups", CA_KEY):
        keys = chip_public_keys(infos)
    demand(keys, "a ChipAuthenticationPublicKeyInfo", "none", CA_KEY)
    numbers = [key.key_id for key in keys]
    unlike = len(set(numbers)) == len(numbers) and (len(numbers) == 1 or None not in numbers)
    demand(unlike, "keys told apart by their numbers", "keys without or with one number", CA_KEY)
    return keys


def demand_chip_infos(infos: tuple[SecurityInfo, ...], *versions: int) -> None:
    """Each ChipAuthenticationInfo is of an allowed version and has one key that it is for.

    Raises:
        Failure: there is none, or one that is not so.
    """
    with well_formed("ChipAuthenticationInfos", CA_INFO):
        told = chip_authentication_infos(infos)
    demand(told, "a ChipAuthenticationInfo", "none", CA_INFO)
    for info in told:
        name = describe_oid(info.oid)
        got = f"version {info.version}"
        demand(info.version in versions, f"{name} of version {versions[0]}", got, CA_INFO)


def demand_chip_coherence(infos: tuple[SecurityInfo, ...]) -> None:
    """Every ChipAuthenticationInfo has a key of its agreement, under its number where it has one.

    Raises:
        Failure: one has none, or a key is for no protocol.
    """
    keys = chip_keys(infos)
    with well_formed("ChipAuthenticationInfos", CA_INFO):
        told = chip_authentication_infos(infos)
    for info in told:
        agreement = CHIP_AUTHENTICATION_SUITES[info.oid].key_agreement
        fitting = [k for k in keys if k.domain.key_agreement == agreement]
        if info.key_id is not None:
            fitting = [key for key in fitting if key.key_id == info.key_id]
        name = describe_oid(info.oid)
        demand(fitting, f"a public key for {name}", "none of its kind and number", CA_INFO)


def demand_terminal_info(infos: Iterable[SecurityInfo], version: int) -> None:
    """There is one TerminalAuthenticationInfo of a version; version 1 may name EF.CVCA.

    Raises:
        Failure: it is not so.
    """
    found = [info for info in infos if info.oid == ID_TA]
    demand(len(found) == 1, "one TerminalAuthenticationInfo", f"{len(found)}", TA_INFO)
    values = found[0].values
    most = 2 if version == 1 else 1
    demand(1 <= len(values) <= most, "version and no more", f"{len(values)} values", TA_INFO)
    with well_formed("the version of terminal authentication", TA_INFO):
        told = decode_integer(values[0])
    demand(told == version, f"terminal authentication {version}", f"version {told}", TA_INFO)
    for named in values[1:]:
        with well_formed("FileID of EF.CVCA", TA_INFO):
            is_file = named.tag == 0x30 and tlv.find(named.children(), 0x04) is not None
        demand(is_file, "FileID of EF.CVCA", f"tag {named.tag:X}", TA_INFO)


def demand_contained(
    inner: Iterable[SecurityInfo], outer: Iterable[SecurityInfo], where: str, clause: str
) -> None:
    """What stands in one file stands in the signed other one, byte for byte.

    Raises:
        Failure: something is missing there, or is another.
    """
    known = set(outer)
    missing = [describe_oid(info.oid) for info in inner if info not in known]
    expected = f"all SecurityInfos of EF.CardAccess in {where}"
    demand(not missing, expected, f"{' and '.join(missing)} missing or other", clause)


def is_pace(info: SecurityInfo) -> bool:
    """Whether an info is about PACE at all."""
    return info.oid.startswith(f"{ID_PACE}.")
