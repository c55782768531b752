"""Chip Authentication: what chips offer, and the agreement of both roles (ICAO 9303-11, 6.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from harness import tlv
from harness.crypto.chip_key import ID_PK, ChipPublicKey, chip_public_keys
from harness.crypto.domain import Domain, InvalidElementError
from harness.crypto.kdf import SessionKeys, session_keys
from harness.crypto.pace import KeyAgreementError
from harness.crypto.parameters import UnknownDomainError
from harness.crypto.suite import AES_128, AES_192, AES_256, TRIPLE_DES, Cipher
from harness.security_info import (
    SecurityInfo,
    SecurityInfoError,
    decode_integer,
    describe_oid,
    encode_integer,
    encode_oid,
)

ID_CA = "0.4.0.127.0.7.2.2.3"
VERSION = 1
_LONGEST_KEY_ID = 16


@dataclass(frozen=True, slots=True)
class ChipAuthenticationSuite:
    """What one object identifier of chip authentication stands for: key agreement and cipher."""

    oid: str
    key_agreement: str
    cipher: Cipher


CHIP_AUTHENTICATION_SUITES: Mapping[str, ChipAuthenticationSuite] = MappingProxyType(
    {
        oid: ChipAuthenticationSuite(oid, agreement, cipher)
        for arc, agreement in ((1, "DH"), (2, "ECDH"))
        for last, cipher in ((1, TRIPLE_DES), (2, AES_128), (3, AES_192), (4, AES_256))
        for oid in (f"{ID_CA}.{arc}.{last}",)
    }
)
"""All suites of the standard, by object identifier (ICAO 9303-11, tables 5 and 6)."""


@dataclass(frozen=True, slots=True)
class ChipAuthenticationInfo:
    """A protocol the chip offers, and the number of the key it is for (9303-11, 9.2.5)."""

    oid: str
    version: int
    key_id: int | None = None

    def encode(self) -> bytes:
        """The info as DER."""
        number = b"" if self.key_id is None else encode_integer(self.key_id)
        oid = tlv.encode(0x06, encode_oid(self.oid))
        return tlv.encode(0x30, oid, encode_integer(self.version), number)


def chip_authentication_infos(
    infos: Iterable[SecurityInfo],
) -> tuple[ChipAuthenticationInfo, ...]:
    """The ChipAuthenticationInfos among `infos`, of every version, in the chip's order.

    Raises:
        SecurityInfoError: one without version, or with values that are not integers.
    """
    about = (info for info in infos if info.oid in CHIP_AUTHENTICATION_SUITES)
    return tuple(_parse_info(info) for info in about)


def _parse_info(info: SecurityInfo) -> ChipAuthenticationInfo:
    if not 1 <= len(info.values) <= 2:
        message = f"{describe_oid(info.oid)} is not a version and perhaps a key id"
        raise SecurityInfoError(message)
    key_id = decode_integer(info.values[1], _LONGEST_KEY_ID) if len(info.values) > 1 else None
    return ChipAuthenticationInfo(info.oid, decode_integer(info.values[0]), key_id)


@dataclass(frozen=True, slots=True)
class ChipAuthenticationOffer:
    """One way to authenticate this chip: a suite with the static key it is for.

    `key_id` is the number by which the chip tells its keys apart, if it has one.
    """

    suite: ChipAuthenticationSuite
    key: ChipPublicKey
    key_id: int | None


def chip_authentication_offers(
    infos: Iterable[SecurityInfo],
) -> tuple[ChipAuthenticationOffer, ...]:
    """The ways of version 1 that DG14 or EF.CardSecurity offers, the strongest cipher first.

    A key without any info is for 3DES: the first chips with EAC told no more than their key. A key
    of a group that nobody vouches for is left out where there is another.

    Raises:
        SecurityInfoError: malformed, or an info whose key is missing, ambiguous or of no use.
    """
    infos = _without_unknown_groups(tuple(infos))
    keys, told = chip_public_keys(infos), chip_authentication_infos(infos)
    if not told:
        told = tuple(
            ChipAuthenticationInfo(f"{ID_CA}.{1 if agreement == 'DH' else 2}.1", VERSION)
            for agreement in dict.fromkeys(key.domain.key_agreement for key in keys)
        )
    offers = [_offer(info, keys) for info in told if info.version == VERSION]
    return tuple(sorted(offers, key=lambda offer: offer.suite.oid.rpartition(".")[2], reverse=True))


def _without_unknown_groups(infos: tuple[SecurityInfo, ...]) -> tuple[SecurityInfo, ...]:
    """The infos without keys of unknown groups, and without what is for these, if any key is left.

    Raises:
        SecurityInfoError: malformed.
    """
    unknown = {info for info in infos if info.oid in ID_PK.values() and _is_unknown(info)}
    left = [info for info in infos if info.oid in ID_PK.values() and info not in unknown]
    if not unknown or not left:
        return infos
    numbers = {info.values[1:] for info in unknown}
    told = (info for info in infos if info.oid in CHIP_AUTHENTICATION_SUITES)
    useless = {info for info in told if info.values[1:] in numbers}
    return tuple(info for info in infos if info not in unknown | useless)


def _is_unknown(info: SecurityInfo) -> bool:
    try:
        chip_public_keys((info,))
    except UnknownDomainError:
        return True
    return False


def _offer(
    info: ChipAuthenticationInfo, keys: tuple[ChipPublicKey, ...]
) -> ChipAuthenticationOffer:
    suite = CHIP_AUTHENTICATION_SUITES[info.oid]
    fitting = [
        key
        for key in keys
        if key.domain.key_agreement == suite.key_agreement
        and (info.key_id is None or key.key_id in (None, info.key_id))
    ]
    if len(fitting) != 1:
        message = f"the public key for {describe_oid(info.oid)} is missing or ambiguous"
        raise SecurityInfoError(message)
    return ChipAuthenticationOffer(suite, fitting[0], info.key_id)


def agree(domain: Domain[Any], private: int, peer_public: bytes, cipher: Cipher) -> SessionKeys:
    """The session keys of one's own private and the other side's public key (9303-11, 6.2.1).

    Raises:
        KeyAgreementError: the public key is malformed, not of the group, or leads to its neutral
            element.
    """
    try:
        shared = domain.shared_secret(domain.decode(peer_public), private)
    except InvalidElementError as error:
        raise KeyAgreementError(str(error)) from error
    return session_keys(shared, cipher)
