"""EF.CardAccess: what is offered, what is taken, and what is wrong with it."""

from __future__ import annotations

import pytest
from fastecdsa import curve as fast

from harness import tlv
from harness.crypto.card_access import CardAccess, Preference
from harness.crypto.curve import EcDomain
from harness.crypto.parameters import encode_parameters, parse_parameters
from harness.crypto.standardized import DOMAINS
from harness.crypto.suite import TRIPLE_DES
from harness.errors import UsageError
from harness.security_info import (
    PaceInfo,
    SecurityInfoError,
    encode_integer,
    encode_oid,
    encode_pace_info,
)

ID_PACE = "0.4.0.127.0.7.2.2.4"
STRANGER = EcDomain(None, "secp256k1", fast.secp256k1)


def pace(last: str, number: int | None = None, version: int = 2) -> bytes:
    """A PACEInfo; `last` are the last two arcs."""
    return encode_pace_info(PaceInfo(f"{ID_PACE}.{last}", version, number))


def explicit(arc: int, domain: bytes, number: int | None = None) -> bytes:
    """A PACEDomainParameterInfo."""
    tail = b"" if number is None else encode_integer(number)
    return tlv.encode(0x30, tlv.encode(0x06, encode_oid(f"{ID_PACE}.{arc}")), domain, tail)


def spelt(number: int) -> bytes:
    """A standardized group, spelt out."""
    return encode_parameters(DOMAINS[number], explicit=True)


def read(*infos: bytes) -> CardAccess:
    """EF.CardAccess with these entries, read."""
    return CardAccess.read(tlv.encode(0x31, *infos))


TERMINAL_AUTHENTICATION = bytes.fromhex("300D060804007F0007020202020102")


def test_several_offers() -> None:
    """All offers are there in the chip's order, entries of other protocols are kept as they are."""
    access = read(pace("2.4", 12), TERMINAL_AUTHENTICATION, pace("1.1", 0), pace("6.2", 13))
    assert [(each.suite.oid[-3:], each.domain.name) for each in access.offers] == [
        ("2.4", "secp256r1"),
        ("1.1", "1024-bit group with 160-bit order"),
        ("6.2", "brainpoolP256r1"),
    ]
    assert [info.oid for info in access.others] == ["0.4.0.127.0.7.2.2.2"]
    assert access.unusable == ()
    assert all(offer.is_ambiguous for offer in access.offers)


def test_one_group_is_not_ambiguous() -> None:
    """Several suites over one group need no tag 84."""
    access = read(pace("2.4", 12), pace("4.2", 12))
    assert not any(offer.is_ambiguous for offer in access.offers)


@pytest.mark.parametrize(
    ("preference", "chosen"),
    [
        (Preference(), ("6.3", 13)),
        (Preference(mappings=("GM", "IM")), ("2.4", 16)),
        (Preference(mappings=("IM",)), ("4.4", 12)),
        (Preference(mappings=("GM",), key_agreements=("DH",)), ("1.2", 2)),
        (Preference(mappings=(), key_agreements=(), ciphers=(TRIPLE_DES,)), ("1.1", 0)),
        (Preference(mappings=(), key_agreements=(), ciphers=()), ("6.2", 17)),
    ],
)
def test_preferences(preference: Preference, chosen: tuple[str, int]) -> None:
    """Mapping, then key agreement, then cipher, then the size of the group decide."""
    access = read(
        pace("1.1", 0),
        pace("1.2", 1),
        pace("4.4", 12),
        pace("2.4", 9),
        pace("2.4", 16),
        pace("6.2", 17),
        pace("6.3", 13),
        pace("1.2", 2),
    )
    offer = access.choose(preference)
    assert (offer.suite.oid[-3:], offer.info.parameter_id) == chosen


@pytest.mark.parametrize("number", [None, 32, 65, 255])
@pytest.mark.parametrize(("arc", "group"), [(1, 0), (1, 2), (2, 12), (3, 1), (4, 13), (6, 18)])
def test_explicit_parameters(arc: int, group: int, number: int | None) -> None:
    """A group that is spelt out is recognised as the one it is, by number or as the only one."""
    access = read(pace(f"{arc}.2", number), explicit(arc, spelt(group), number))
    (offer,) = access.offers
    assert offer.domain is DOMAINS[group]
    assert offer.info.parameter_id == number


def test_parameters_by_number_in_an_algorithm() -> None:
    """An AlgorithmIdentifier may name a standardized group instead of spelling it out."""
    access = read(pace("2.2", 65), explicit(2, encode_parameters(DOMAINS[13]), 65))
    assert access.offers[0].domain is DOMAINS[13]


def test_groups_of_a_stranger() -> None:
    """Explicit parameters that nobody vouches for are reported and not used, unless trusted."""
    raw = tlv.encode(0x31, pace("2.2", 40), explicit(2, encode_parameters(STRANGER), 40))
    access = CardAccess.read(raw)
    assert access.offers == ()
    assert {each.reason for each in access.unusable} == {
        "the explicit domain parameters are not known to be secure"
    }
    with pytest.raises(UsageError, match="not known to be secure"):
        access.choose()
    assert CardAccess.read(raw, [STRANGER]).choose().domain is STRANGER


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (pace("9.2", 12), f"{ID_PACE}.9.2 is not a known PACE protocol"),
        (pace("2.5", 12), f"{ID_PACE}.2.5 is not a known PACE protocol"),
        (pace("6.1", 12), f"{ID_PACE}.6.1.* is not a known PACE protocol"),
        (pace("2.2.2", 12), f"{ID_PACE}.2.2.2 is not a known PACE protocol"),
        (pace("2.2", 12, version=1), "is of version 1"),
        (pace("2.2", 12, version=3), "is of version 3"),
        (pace("2.2", 19), "the domain parameters 19 are not defined yet"),
        (pace("1.2", 3), "the domain parameters 3 are not defined yet"),
        (pace("2.2", 256), "the domain parameters 256 cannot be named"),
        (pace("4.2", 10), "secp224r1 cannot be used with the integrated mapping"),
    ],
)
def test_what_cannot_be_used_is_reported(info: bytes, reason: str) -> None:
    """Unknown protocols, versions and groups are kept with the reason, the rest is offered."""
    access = read(info, pace("2.4", 12))
    assert [each.suite.oid[-3:] for each in access.offers] == ["2.4"]
    (unusable,) = access.unusable
    assert unusable.info.oid.startswith(ID_PACE)
    with pytest.raises(UsageError, match=reason):
        read(info).choose()


def test_nothing_about_pace() -> None:
    """A file that lists no PACE at all offers none."""
    with pytest.raises(UsageError, match="it lists none"):
        read(TERMINAL_AUTHENTICATION).choose()


CONTRADICTIONS = {
    "the same twice": (pace("2.4", 12), pace("2.4", 12)),
    "the same unknown twice": (pace("9.9", 12), pace("9.9", 12)),
    "a suite for numbers over a curve": (pace("1.4", 12),),
    "a suite for curves over numbers": (pace("2.4", 1),),
    "explicit ones of the wrong kind": (pace("2.4", 40), explicit(2, spelt(0), 40)),
    "explicit ones missing": (pace("2.4", 40),),
    "explicit ones of another protocol": (pace("2.4", 40), explicit(4, spelt(12), 40)),
    "no number and none given": (pace("2.4"),),
    "no number and two given": (
        pace("2.4"),
        explicit(2, spelt(12), 40),
        explicit(2, spelt(13), 41),
    ),
    "one number for two": (pace("2.4", 40), explicit(2, spelt(12), 40), explicit(2, spelt(13), 40)),
    "a reserved number": (pace("2.4", 12), explicit(2, spelt(12), 12)),
    "a reserved number to come": (pace("2.4", 20), explicit(2, spelt(12), 20)),
    "no parameters inside": (pace("2.4", 40), explicit(2, b"", None)),
    "parameters of another kind": (pace("2.4", 40), explicit(2, bytes.fromhex("3003060101"), 40)),
    "a negative number": (tlv.encode(0x30, pace("2.4")[2:], bytes.fromhex("0201FF")),),
    "a padded number": (tlv.encode(0x30, pace("2.4")[2:], bytes.fromhex("0202000C")),),
    "three numbers": (tlv.encode(0x30, pace("2.4", 12)[2:], bytes.fromhex("020101")),),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_contradictions(case: str) -> None:
    """Entries that are doubled, malformed, or contradict each other are refused with one error."""
    with pytest.raises(SecurityInfoError):
        read(*CONTRADICTIONS[case])


def test_trailing_bytes() -> None:
    """Zeros behind the file are fill, anything else is an error."""
    raw = tlv.encode(0x31, pace("2.4", 12))
    assert CardAccess.read(raw + bytes(50)).offers
    with pytest.raises(SecurityInfoError, match="not fill"):
        CardAccess.read(raw + bytes(50) + b"\x01")


@pytest.mark.parametrize("number", DOMAINS)
def test_every_group_survives_its_encoding(number: int) -> None:
    """Named or spelt out, every standardized group is read as itself."""
    for is_explicit in (False, True):
        raw = encode_parameters(DOMAINS[number], explicit=is_explicit)
        assert parse_parameters(tlv.parse_one(raw)) is DOMAINS[number]
