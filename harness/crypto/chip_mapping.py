"""The chip authentication mapping: PACE that also proves the chip (ICAO 9303-11, 4.4.3.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness.crypto.chip_key import ChipKey, ChipPublicKey
from harness.crypto.cipher import pad, unpad
from harness.crypto.domain import Domain, RandBelow
from harness.crypto.kdf import SessionKeys
from harness.crypto.pace import Agreement, GenericMapping, KeyAgreementError
from harness.crypto.suite import PaceSuite
from harness.errors import CheckError


def prove(key: ChipKey, mapping_private: int) -> bytes:
    """Chip authentication data: the mapping key divided by the static key (4.4.3.5.1)."""
    order = key.domain.order
    quotient = pow(key.private, -1, order) * mapping_private % order
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
        return self._generic.agree(nonce, peer_data, prove(self._key, self._generic.private))


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
    oid: str = ""
    """The PACE protocol that was run."""

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
