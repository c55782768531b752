"""Chip Authentication held against recorded sessions of passports."""

from __future__ import annotations

import pytest

from fixtures.emrtd_vectors import (
    AES_KEY_ID,
    CHIP_SESSIONS,
    KAT_NO_INFO,
    ChipSessionExample,
)
from harness import tlv
from harness.crypto.chip_auth import (
    CHIP_AUTHENTICATION_SUITES,
    ID_CA,
    ChipAuthenticationInfo,
    agree,
    chip_authentication_infos,
    chip_authentication_offers,
)
from harness.crypto.chip_key import ChipKey, ChipPublicKey, chip_public_keys
from harness.crypto.pace import KeyAgreementError
from harness.crypto.standardized import DOMAINS
from harness.crypto.suite import AES_128, AES_256, TRIPLE_DES
from harness.security_info import (
    SecurityInfoError,
    describe_oid,
    encode_integer,
    encode_oid,
    parse_security_infos,
)

P = DOMAINS[0].prime
POINT = DOMAINS[12].encode(DOMAINS[12].multiply_generator(5))


@pytest.mark.parametrize("example", CHIP_SESSIONS, ids=lambda e: e.name)
def test_recorded_sessions(example: ChipSessionExample) -> None:
    """The infos of real passports give one offer, and its agreement the keys that were used."""
    (offer,) = chip_authentication_offers(parse_security_infos(example.infos))
    keys = agree(offer.key.domain, example.private, offer.key.public, offer.suite.cipher)
    assert (keys.enc.reveal(), keys.mac.reveal()) == (example.enc, example.mac)


def test_a_key_without_info_is_for_triple_des() -> None:
    """The first chips told only their key; it is taken for 3DES."""
    (offer,) = chip_authentication_offers(parse_security_infos(KAT_NO_INFO.infos))
    assert (offer.suite.cipher, offer.key_id) == (TRIPLE_DES, None)


@pytest.mark.parametrize(
    ("oid", "group"),
    [
        (oid, group)
        for oid, suite in CHIP_AUTHENTICATION_SUITES.items()
        for group in ((0, 1, 2) if suite.key_agreement == "DH" else (8, 12, 13, 16, 18))
    ],
)
def test_every_suite_in_both_roles(oid: str, group: int) -> None:
    """Infos go there and back, and terminal and chip agree with every suite and group."""
    suite, domain = CHIP_AUTHENTICATION_SUITES[oid], DOMAINS[group]
    chip, private = ChipKey(domain, 0x1234567, 65), 0x7654321
    info = ChipAuthenticationInfo(oid, 1, 65)
    raw = tlv.encode(0x31, info.encode(), chip.public.encode())
    infos = parse_security_infos(raw)
    assert chip_authentication_infos(infos) == (info,)
    (offer,) = chip_authentication_offers(infos)
    assert (offer.suite, offer.key, offer.key_id) == (suite, chip.public, 65)
    terminal = agree(domain, private, offer.key.public, suite.cipher)
    public = domain.encode(domain.multiply_generator(private))
    assert agree(domain, chip.private, public, suite.cipher) == terminal
    assert describe_oid(oid).startswith("id-CA-")


def test_the_strongest_cipher_first() -> None:
    """Among several offers AES-256 comes before AES-128 and 3DES; the terminal takes the first."""
    key = ChipKey(DOMAINS[13], 99, None).public
    told = (ChipAuthenticationInfo(f"{ID_CA}.2.{last}", 1).encode() for last in (1, 4, 2))
    raw = tlv.encode(0x31, *told, key.encode())
    offers = chip_authentication_offers(parse_security_infos(raw))
    assert [offer.suite.cipher for offer in offers] == [AES_256, AES_128, TRIPLE_DES]


def test_version_two_is_told_but_not_offered() -> None:
    """Version 2 is among the infos, and no way to authenticate by version 1."""
    key = ChipKey(DOMAINS[13], 99, 7).public
    raw = tlv.encode(0x31, ChipAuthenticationInfo(f"{ID_CA}.2.2", 2, 7).encode(), key.encode())
    infos = parse_security_infos(raw)
    assert [info.version for info in chip_authentication_infos(infos)] == [2]
    assert chip_authentication_offers(infos) == ()


def test_a_group_of_unknown_order_by_its_prime_and_generator() -> None:
    """A key in the form of PKCS#3, which tells no order, is taken where the group is known."""
    domain, key = DOMAINS[2], ChipKey(DOMAINS[2], 77, None).public
    numbers = tlv.encode(
        0x30, encode_integer(domain.parameters.p), encode_integer(domain.parameters.g)
    )
    oid = tlv.encode(0x06, encode_oid("1.2.840.113549.1.3.1"))
    algorithm = tlv.encode(0x30, oid, numbers)
    bits = tlv.encode(0x03, b"\0", encode_integer(int.from_bytes(key.public, "big")))
    oid = tlv.encode(0x06, encode_oid("0.4.0.127.0.7.2.2.1.1"))
    raw = tlv.encode(0x31, tlv.encode(0x30, oid, tlv.encode(0x30, algorithm, bits)))
    assert chip_public_keys(parse_security_infos(raw)) == (key,)


@pytest.mark.parametrize(
    "public",
    [
        b"",
        b"\x00",
        b"\x01",
        (P - 1).to_bytes(128, "big"),
        P.to_bytes(128, "big"),
        b"\xff" * 128,
        (P + 2).to_bytes(128, "big"),
        b"\x02",
        b"\x00" + b"\x05" * 127,
        b"\x07" * 64,
    ],
    ids=["empty", "0", "1", "p-1", "p", "ones", "p+2", "2", "padded", "short"],
)
def test_numbers_that_must_not_be_used(public: bytes) -> None:
    """Values out of range or out of the subgroup are refused."""
    with pytest.raises(KeyAgreementError):
        agree(DOMAINS[0], 5, public, TRIPLE_DES)


@pytest.mark.parametrize(
    "public",
    [
        b"",
        b"\0",
        b"\x04",
        POINT[:-1],
        POINT + b"\0",
        b"\x02" + POINT[1:33],
        POINT[:-1] + bytes((POINT[-1] ^ 1,)),
        b"\x04" + bytes(64),
        b"\x04" + b"\xff" * 64,
        DOMAINS[13].encode(DOMAINS[13].multiply_generator(5)),
    ],
    ids=[
        "empty",
        "infinity",
        "head",
        "short",
        "long",
        "compressed",
        "off-curve",
        "zero",
        "too-large",
        "other-curve",
    ],
)
def test_points_that_must_not_be_used(public: bytes) -> None:
    """Points of another size, form or curve are refused."""
    with pytest.raises(KeyAgreementError):
        agree(DOMAINS[12], 5, public, AES_128)


@pytest.mark.parametrize(
    "infos",
    [
        (ChipAuthenticationInfo(f"{ID_CA}.2.2", 1, 7).encode(),),
        (
            ChipAuthenticationInfo(f"{ID_CA}.2.2", 1).encode(),
            ChipPublicKey(DOMAINS[12], POINT, 1).encode(),
            ChipPublicKey(DOMAINS[12], POINT, 2).encode(),
        ),
        (
            ChipAuthenticationInfo(f"{ID_CA}.1.2", 1).encode(),
            ChipPublicKey(DOMAINS[12], POINT, 1).encode(),
        ),
        (tlv.encode(0x30, tlv.encode(0x06, encode_oid(f"{ID_CA}.2.2"))),),
    ],
    ids=["no key", "ambiguous", "other agreement", "no version"],
)
def test_infos_that_contradict(infos: tuple[bytes, ...]) -> None:
    """An info whose key is not there, or not told apart, is refused."""
    with pytest.raises(SecurityInfoError):
        chip_authentication_offers(parse_security_infos(tlv.encode(0x31, *infos)))


def test_the_key_id_of_a_recorded_passport() -> None:
    """A key id above 127 is read with its sign byte taken off."""
    (offer,) = chip_authentication_offers(parse_security_infos(AES_KEY_ID.infos))
    assert offer.key_id == 0xC3


def unknown_key(key_id: int) -> bytes:
    """A key of a group that nobody vouches for."""
    parameters = tlv.encode(0x30, *map(encode_integer, (23, 5)))
    oid = tlv.encode(0x06, encode_oid("1.2.840.113549.1.3.1"))
    bits = tlv.encode(0x03, b"\0", encode_integer(7))
    key = tlv.encode(0x30, tlv.encode(0x30, oid, parameters), bits)
    kind = tlv.encode(0x06, encode_oid("0.4.0.127.0.7.2.2.1.1"))
    return tlv.encode(0x30, kind, key, encode_integer(key_id))


def test_a_key_of_an_unknown_group() -> None:
    """It is left out beside another key, and told where it is the only one."""
    known = ChipKey(DOMAINS[13], 99, 2).public.encode()
    told = [ChipAuthenticationInfo(f"{ID_CA}.{arc}.2", 1, arc).encode() for arc in (1, 2)]
    both = tlv.encode(0x31, *told, unknown_key(1), known)
    (offer,) = chip_authentication_offers(parse_security_infos(both))
    assert (offer.key_id, offer.suite.key_agreement) == (2, "ECDH")
    alone = tlv.encode(0x31, told[0], unknown_key(1))
    with pytest.raises(SecurityInfoError, match="not known"):
        chip_authentication_offers(parse_security_infos(alone))
