"""Ciphers and PACE suites by object identifier (ICAO 9303-11, 9.2.1 and 9.6 to 9.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness.errors import UsageError
from harness.security_info import describe_oid


@dataclass(frozen=True, slots=True)
class Cipher:
    """A block cipher for secure messaging with the hash that derives its keys (9303-11, 9.7.1)."""

    name: str
    key_size: int
    hash_name: str


AES_128 = Cipher("AES-128", 16, "sha1")
AES_192 = Cipher("AES-192", 24, "sha256")
AES_256 = Cipher("AES-256", 32, "sha256")


@dataclass(frozen=True, slots=True)
class PaceSuite:
    """What one PACE object identifier stands for: key agreement, mapping and cipher."""

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


SUITES: Mapping[str, PaceSuite] = MappingProxyType(
    {
        suite.oid: suite
        for suite in (
            PaceSuite("0.4.0.127.0.7.2.2.4.2.2", "ECDH", "GM", AES_128),
            PaceSuite("0.4.0.127.0.7.2.2.4.2.3", "ECDH", "GM", AES_192),
            PaceSuite("0.4.0.127.0.7.2.2.4.2.4", "ECDH", "GM", AES_256),
        )
    }
)
"""The suites this package speaks, by object identifier."""
