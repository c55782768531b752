"""A chip's static keys, for chip authentication and its mapping (ICAO 9303-11, 9.2.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from harness import tlv
from harness.crypto.domain import Domain, InvalidElementError
from harness.crypto.parameters import encode_parameters, parse_parameters
from harness.security_info import (
    SecurityInfo,
    SecurityInfoError,
    decode_integer,
    encode_integer,
    encode_oid,
)
from harness.tlv import Tlv, TlvError

ID_PK: Mapping[str, str] = MappingProxyType(
    {"DH": "0.4.0.127.0.7.2.2.1.1", "ECDH": "0.4.0.127.0.7.2.2.1.2"}
)
"""How a ChipAuthenticationPublicKeyInfo names the key agreement (ICAO 9303-11, 9.2.7)."""

_LONGEST_NUMBER = 1024


@dataclass(frozen=True, slots=True)
class ChipPublicKey:
    """A chip's static public key: an element of `domain`, encoded, and the number of the key."""

    domain: Domain[Any]
    public: bytes
    key_id: int | None

    def encode(self) -> bytes:
        """The ChipAuthenticationPublicKeyInfo as DER (ICAO 9303-11, 9.2.6)."""
        public = self.public
        if self.domain.key_agreement == "DH":  # an INTEGER (RFC 3279, 2.3.3)
            public = encode_integer(int.from_bytes(public, "big"))
        key = tlv.encode(0x30, encode_parameters(self.domain), tlv.encode(0x03, b"\0", public))
        oid = tlv.encode(0x06, encode_oid(ID_PK[self.domain.key_agreement]))
        number = b"" if self.key_id is None else encode_integer(self.key_id)
        return tlv.encode(0x30, oid, key, number)


def chip_public_keys(infos: Iterable[SecurityInfo]) -> tuple[ChipPublicKey, ...]:
    """The static public keys that EF.CardSecurity or DG14 lists.

    Raises:
        SecurityInfoError: one of them is malformed, of an unknown group, or not of its group.
    """
    kinds = {oid: agreement for agreement, oid in ID_PK.items()}
    return tuple(_parse_public_key(info, kinds[info.oid]) for info in infos if info.oid in kinds)


def _parse_public_key(info: SecurityInfo, agreement: str) -> ChipPublicKey:
    match info.values:
        case (Tlv(tag=0x30) as key, *rest) if len(rest) <= 1:
            number = decode_integer(rest[0]) if rest else None
            found = _parse_subject_key(key, number)
            if found.domain.key_agreement == agreement:
                return found
    message = "a ChipAuthenticationPublicKeyInfo is a public key and perhaps its number"
    raise SecurityInfoError(message)


def _parse_subject_key(key: Tlv, number: int | None) -> ChipPublicKey:
    try:
        match key.children():
            case (algorithm, Tlv(tag=0x03, value=bits)) if bits[:1] == b"\0":
                domain = parse_parameters(algorithm)
                public = _public_value(domain, bits[1:])
                domain.decode(public)
                return ChipPublicKey(domain, public, number)
    except (TlvError, InvalidElementError) as error:
        message = f"the chip's public key is malformed: {error}"
        raise SecurityInfoError(message) from error
    message = "the chip's public key is not an algorithm and a bit string"
    raise SecurityInfoError(message)


def _public_value(domain: Domain[Any], bits: bytes) -> bytes:
    if domain.key_agreement != "DH":
        return bits
    number = decode_integer(tlv.parse_one(bits), _LONGEST_NUMBER)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


@dataclass(frozen=True, slots=True)
class ChipKey:
    """A chip's static key pair."""

    domain: Domain[Any]
    private: int = field(repr=False)
    key_id: int | None

    @property
    def public(self) -> ChipPublicKey:
        """The public half."""
        element = self.domain.multiply_generator(self.private)
        return ChipPublicKey(self.domain, self.domain.encode(element), self.key_id)
