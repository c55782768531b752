"""The chip authentication mapping: PACE that also proves the chip (ICAO 9303-11, 4.4.3.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from harness import tlv
from harness.crypto.cipher import pad, unpad
from harness.crypto.curve import EcDomain
from harness.crypto.domain import Domain, InvalidElementError, RandBelow
from harness.crypto.kdf import SessionKeys
from harness.crypto.pace import Agreement, GenericMapping, KeyAgreementError
from harness.crypto.parameters import encode_parameters, parse_parameters
from harness.crypto.suite import PaceSuite
from harness.errors import CheckError
from harness.security_info import (
    SecurityInfo,
    SecurityInfoError,
    decode_integer,
    encode_integer,
    encode_oid,
)
from harness.tlv import Tlv, TlvError

ID_PK_ECDH = "0.4.0.127.0.7.2.2.1.2"


@dataclass(frozen=True, slots=True)
class ChipPublicKey:
    """A chip's static public key: a point of `domain`, encoded, and the number of the key."""

    domain: Domain[Any]
    public: bytes
    key_id: int | None

    def encode(self) -> bytes:
        """The ChipAuthenticationPublicKeyInfo as DER (ICAO 9303-11, 9.2.6)."""
        key = tlv.encode(0x30, encode_parameters(self.domain), tlv.encode(0x03, b"\0", self.public))
        number = b"" if self.key_id is None else encode_integer(self.key_id)
        return tlv.encode(0x30, tlv.encode(0x06, encode_oid(ID_PK_ECDH)), key, number)


def chip_public_keys(infos: Iterable[SecurityInfo]) -> tuple[ChipPublicKey, ...]:
    """The static public keys on elliptic curves that EF.CardSecurity or DG14 lists.

    Raises:
        SecurityInfoError: one of them is malformed, on an unknown curve, or off its curve.
    """
    return tuple(_parse_public_key(info) for info in infos if info.oid == ID_PK_ECDH)


def _parse_public_key(info: SecurityInfo) -> ChipPublicKey:
    match info.values:
        case (Tlv(tag=0x30) as key, *rest) if len(rest) <= 1:
            number = decode_integer(rest[0]) if rest else None
            return _parse_subject_key(key, number)
    message = "a ChipAuthenticationPublicKeyInfo is a public key and perhaps its number"
    raise SecurityInfoError(message)


def _parse_subject_key(key: Tlv, number: int | None) -> ChipPublicKey:
    try:
        match key.children():
            case (algorithm, Tlv(tag=0x03, value=bits)) if bits[:1] == b"\0":
                domain = parse_parameters(algorithm)
                domain.decode(bits[1:])
                return ChipPublicKey(domain, bits[1:], number)
    except (TlvError, InvalidElementError) as error:
        message = f"the chip's public key is malformed: {error}"
        raise SecurityInfoError(message) from error
    message = "the chip's public key is not an algorithm and a bit string"
    raise SecurityInfoError(message)


@dataclass(frozen=True, slots=True)
class ChipKey:
    """A chip's static key pair."""

    domain: EcDomain
    private: int = field(repr=False)
    key_id: int

    @property
    def public(self) -> ChipPublicKey:
        """The public half."""
        point = self.domain.multiply_generator(self.private)
        return ChipPublicKey(self.domain, self.domain.encode(point), self.key_id)

    def prove(self, mapping_private: int) -> bytes:
        """Chip authentication data: the mapping key divided by the static key (4.4.3.5.1)."""
        order = self.domain.order
        quotient = pow(self.private, -1, order) * mapping_private % order
        return quotient.to_bytes((order.bit_length() + 7) // 8, "big")


class ChipAuthenticationMapping:
    """The chip's part: the generic mapping with a proof behind it."""

    def __init__(
        self, suite: PaceSuite, domain: Domain[Any], randbelow: RandBelow, key: ChipKey
    ) -> None:
        self._generic = GenericMapping(suite, domain, randbelow)
        self._key = key
        self.public = self._generic.public

    def agree(self, nonce: bytes, peer_data: bytes) -> Agreement:
        """As the generic mapping.

        Raises:
            KeyAgreementError: as the generic mapping.
        """
        return self._generic.agree(nonce, peer_data, self._key.prove(self._generic.private))


def encrypt_chip_data(chip_data: bytes, keys: SessionKeys) -> bytes:
    """Encrypted chip authentication data: CBC, IV = E(KS_Enc, -1) (ICAO 9303-11, 4.4.3.5.4)."""
    cipher = keys.cipher.keyed(keys.enc)
    return cipher.encrypt(pad(chip_data), _iv(keys))


def decrypt_chip_data(encrypted: bytes, keys: SessionKeys) -> bytes:
    """The chip authentication data that a chip encrypted.

    Raises:
        KeyAgreementError: not whole blocks, or not padded.
    """
    cipher = keys.cipher.keyed(keys.enc)
    whole = encrypted and not len(encrypted) % cipher.block_size
    plain = unpad(cipher.decrypt(encrypted, _iv(keys))) if whole else None
    if plain is None:
        message = "the encrypted chip authentication data is not padded whole blocks"
        raise KeyAgreementError(message)
    return plain


def _iv(keys: SessionKeys) -> bytes:
    cipher = keys.cipher.keyed(keys.enc)
    return cipher.message_iv(b"\xff" * cipher.block_size)


@dataclass(frozen=True, slots=True)
class ChipEvidence:
    """What a run with chip authentication mapping leaves to be checked.

    It proves the chip only together with an authentic static public key.
    """

    domain: Domain[Any]
    key_id: int | None
    mapping_public: bytes
    chip_data: bytes

    def check(self, keys: Iterable[ChipPublicKey]) -> ChipPublicKey:
        """Check against the chip's static keys and return the one that fits (4.4.3.5.2).

        Raises:
            CheckError: no key has the number of the PACE parameters, it is on another curve, or
                the chip does not hold its private half.
        """
        key = next((each for each in keys if each.key_id == self.key_id), None)
        if key is None:
            message = f"the chip lists no static public key with the number {self.key_id}"
            raise CheckError(message)
        if key.domain.parameters != self.domain.parameters:
            message = f"the chip's static public key is not on {self.domain.name}"
            raise CheckError(message)
        if not self._fits(key):
            message = "the chip does not hold its static private key: it may be a copy"
            raise CheckError(message)
        return key

    def _fits(self, key: ChipPublicKey) -> bool:
        quotient, order = int.from_bytes(self.chip_data, "big"), self.domain.order
        if len(self.chip_data) != (order.bit_length() + 7) // 8 or not 0 < quotient < order:
            return False
        product = self.domain.multiply(self.domain.decode(key.public), quotient)
        return self.domain.encode(product) == self.mapping_public
