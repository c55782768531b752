"""Ciphers and PACE suites by object identifier (ICAO 9303-11, 9.2.3 and 9.6 to 9.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from harness.crypto.cipher import Aes, BlockCipher, TwoKeyTripleDes
from harness.crypto.domain import Domain
from harness.errors import UsageError
from harness.security_info import ID_PACE, describe_oid


@dataclass(frozen=True, slots=True)
class Cipher:
    """A block cipher for secure messaging with the hash that derives its keys (9303-11, 9.7.1)."""

    name: str
    key_size: int
    hash_name: str
    keyed: type[BlockCipher] = Aes
    """What works with one key of this cipher."""

    @property
    def nonce_size(self) -> int:
        """Bytes of the chip's nonce for the integrated mapping: whole blocks that hold a key."""
        block_size = self.keyed.block_size
        return -(-self.key_size // block_size) * block_size


TRIPLE_DES = Cipher("3DES", 16, "sha1", TwoKeyTripleDes)
AES_128 = Cipher("AES-128", 16, "sha1")
AES_192 = Cipher("AES-192", 24, "sha256")
AES_256 = Cipher("AES-256", 32, "sha256")


@dataclass(frozen=True, slots=True)
class PaceSuite:
    """What one PACE object identifier stands for: key agreement, mapping and cipher.

    `mapping` is GM (generic), IM (integrated) or CAM (generic with chip authentication).
    """

    oid: str
    key_agreement: str
    mapping: str
    cipher: Cipher

    @classmethod
    def of(cls, oid: str) -> PaceSuite:
        """The suite with this object identifier.

        Raises:
            UsageError: it is not one of the suites this package speaks.
        """
        try:
            return SUITES[oid]
        except KeyError:
            known = ", ".join(describe_oid(each) for each in SUITES)
            message = f"PACE with {describe_oid(oid)} is not supported; supported are {known}"
            raise UsageError(message) from None

    def suits(self, domain: Domain[Any]) -> bool:
        """Whether this suite can be run over `domain` (ICAO 9303-11, table 12)."""
        mapped = self.mapping != "IM" or domain.takes_field_elements
        return self.key_agreement == domain.key_agreement and mapped


_AGREEMENTS = ((1, "DH", "GM"), (2, "ECDH", "GM"), (3, "DH", "IM"), (4, "ECDH", "IM"))
_CIPHERS = ((1, TRIPLE_DES), (2, AES_128), (3, AES_192), (4, AES_256))
_CHIP_AUTHENTICATION = (6, "ECDH", "CAM")

SUITES: Mapping[str, PaceSuite] = MappingProxyType(
    {
        suite.oid: suite
        for suite in (
            PaceSuite(f"{ID_PACE}.{arc}.{last}", agreement, mapping, cipher)
            for arc, agreement, mapping in (*_AGREEMENTS, _CHIP_AUTHENTICATION)
            for last, cipher in _CIPHERS
            if (mapping, cipher) != ("CAM", TRIPLE_DES)
        )
    }
)
"""All suites of the standard, by object identifier (ICAO 9303-11, tables 2 and 3)."""
