"""Signatures of issuers, and what is said where one does not hold (ICAO 9303-12, 4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from harness.crypto.public_key import (
    PublicKey,
    PublicKeyError,
    UnsupportedKeyError,
    load_public_key,
)
from harness.errors import CheckError

HASHES: Mapping[str, hashes.HashAlgorithm] = MappingProxyType(
    {
        "sha1": hashes.SHA1(),  # noqa: S303 - documents of its time are still valid
        "sha224": hashes.SHA224(),
        "sha256": hashes.SHA256(),
        "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512(),
    }
)
"""The hash functions of documents (ICAO 9303-12, 4.4.3), by the name that asn1crypto gives them."""

MALFORMED_ASN1 = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
"""What asn1crypto raises, as it parses late, where it is asked for what is not there."""


class Fault(StrEnum):
    """In which way what an issuer signed does not hold."""

    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    HASH = "hash"
    SIGNATURE = "signature"
    CHAIN = "chain"
    VALIDITY = "validity"


class SecurityObjectError(CheckError):
    """Something an issuer signed does not hold.

    `fault` says in which way; `subject` names the file, the data group or the certificate.
    """

    def __init__(self, fault: Fault, subject: str, message: str) -> None:
        super().__init__(f"{subject} {message}")
        self.fault = fault
        self.subject = subject


def hash_named(name: str, subject: str) -> hashes.HashAlgorithm:
    """A hash function by name.

    Raises:
        SecurityObjectError: `ALGORITHM`, it is none of a document's.
    """
    if name not in HASHES:
        raise SecurityObjectError(Fault.ALGORITHM, subject, f"uses the unknown hash {name}")
    return HASHES[name]


def check_signature(
    key: bytes,
    algorithm: Any,  # noqa: ANN401 - asn1crypto has no types
    digest: str | None,
    signature: bytes,
    data: bytes,
    subject: str,
) -> None:
    """Verify a signature over `data` by a SubjectPublicKeyInfo.

    `algorithm` is the AlgorithmIdentifier as asn1crypto reads it; where it names no hash, `digest`
    does. `subject` is who signed or what was signed, for messages.

    Raises:
        SecurityObjectError: `SIGNATURE`, `ALGORITHM` or, of the key, `MALFORMED`.
    """
    public = _loaded(key, subject)
    try:
        kind, hash_name = _described(algorithm, digest)
        chosen = hash_named(hash_name, subject)
        _verify(public, kind, chosen, algorithm, signature, data)
    except InvalidSignature:
        raise SecurityObjectError(
            Fault.SIGNATURE, subject, "carries a signature that is not its signer's"
        ) from None
    except (*MALFORMED_ASN1, UnsupportedAlgorithm) as error:
        raise SecurityObjectError(
            Fault.ALGORITHM, subject, f"is signed in a way that is not supported: {error}"
        ) from None


def _loaded(key: bytes, subject: str) -> PublicKey:
    try:
        return load_public_key(key)
    except UnsupportedKeyError as error:
        message = f"is signed with a key that is not supported: {error}"
        raise SecurityObjectError(Fault.ALGORITHM, subject, message) from None
    except PublicKeyError as error:
        message = f"is signed with a key that cannot be read: {error}"
        raise SecurityObjectError(Fault.MALFORMED, subject, message) from None


def _described(algorithm: Any, digest: str | None) -> tuple[str, str]:  # noqa: ANN401
    """The kind of a signature and its hash; some name the key's algorithm in its place."""
    oid = algorithm["algorithm"].dotted
    if oid == "1.2.840.10045.2.1" and digest:  # ecPublicKey
        return "ecdsa", digest
    kind = algorithm.signature_algo
    if oid == "1.2.840.113549.1.1.1" and digest:  # rsaEncryption
        return kind, digest
    return kind, algorithm.hash_algo


def _verify(
    key: PublicKey,
    kind: str,
    chosen: hashes.HashAlgorithm,
    algorithm: Any,  # noqa: ANN401
    signature: bytes,
    data: bytes,
) -> None:
    match kind, key:
        case "ecdsa", ec.EllipticCurvePublicKey():
            key.verify(signature, data, ec.ECDSA(chosen))
        case "rsassa_pkcs1v15", rsa.RSAPublicKey():
            key.verify(signature, data, padding.PKCS1v15(), chosen)
        case "rsassa_pss", rsa.RSAPublicKey():
            key.verify(signature, data, _pss(algorithm["parameters"]), chosen)
        case _:
            raise InvalidSignature  # made with a key of another kind


def _pss(parameters: Any) -> padding.PSS:  # noqa: ANN401
    mask = parameters["mask_gen_algorithm"]
    if mask["algorithm"].native != "mgf1":
        message = f"the mask function {mask['algorithm'].native} is unknown"
        raise ValueError(message)
    name = mask["parameters"]["algorithm"].native
    if name not in HASHES:
        message = f"the hash {name} is unknown"
        raise ValueError(message)
    return padding.PSS(padding.MGF1(HASHES[name]), int(parameters["salt_length"].native))
