"""Signatures that come out the same for the same key and message (RFC 6979; RFC 8017)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from asn1crypto import algos
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from harness.emulator.private_key import PrivateKey
from harness.profile import Signer

HASHES: Mapping[str, hashes.HashAlgorithm] = MappingProxyType(
    {
        "sha1": hashes.SHA1(),  # noqa: S303 - documents have it
        "sha224": hashes.SHA224(),
        "sha256": hashes.SHA256(),
        "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512(),
    }
)
_PSS_TRAILER = 0xBC


def sign(key: PrivateKey, rules: Signer, message: bytes) -> bytes:
    """A signature over a message: DER for ECDSA, as long as the modulus for RSA."""
    algorithm = HASHES[rules.hash]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(algorithm, deterministic_signing=True))
    if rules.scheme == "rsa-pss":
        return _sign_pss(key, rules.hash, message)
    return key.sign(message, padding.PKCS1v15(), algorithm)


def algorithm_of(rules: Signer) -> algos.SignedDigestAlgorithm:
    """How certificates and signed data name what `sign` does (RFC 5754; RFC 4056)."""
    match rules.scheme:
        case "ecdsa":
            return algos.SignedDigestAlgorithm({"algorithm": f"{rules.hash}_ecdsa"})
        case "rsa-pkcs1":
            return algos.SignedDigestAlgorithm({"algorithm": f"{rules.hash}_rsa"})
    digest = {"algorithm": rules.hash}
    parameters = {
        "hash_algorithm": digest,
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": digest},
        "salt_length": HASHES[rules.hash].digest_size,
    }
    return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": parameters})


def raw_rsa(key: rsa.RSAPrivateKey, block: bytes) -> bytes:
    """The RSA signature primitive (RFC 8017, 5.2.1)."""
    numbers = key.private_numbers()
    return pow(int.from_bytes(block), numbers.d, numbers.public_numbers.n).to_bytes(
        key.key_size // 8
    )


def _sign_pss(key: rsa.RSAPrivateKey, hash_name: str, message: bytes) -> bytes:
    """RSASSA-PSS with a salt as long as the hash, made from key and message.

    The salt may be any bytes (RFC 8017, 9.1); libraries only draw random ones.
    """
    digest = hashlib.new(hash_name, message).digest()
    secret = key.private_numbers().d.to_bytes(key.key_size // 8)
    salt = hashlib.new(hash_name, secret + digest).digest()
    return raw_rsa(key, _encode_pss(digest, salt, hash_name, key.key_size // 8))


def _encode_pss(digest: bytes, salt: bytes, hash_name: str, size: int) -> bytes:
    """EMSA-PSS-ENCODE for a modulus of whole bytes (RFC 8017, 9.1.1)."""
    mark = hashlib.new(hash_name, bytes(8) + digest + salt).digest()
    block = (b"\1" + salt).rjust(size - len(mark) - 1, b"\0")
    masked = bytes(a ^ b for a, b in zip(block, _mask(mark, len(block), hash_name), strict=True))
    return bytes((masked[0] & 0x7F,)) + masked[1:] + mark + bytes((_PSS_TRAILER,))


def _mask(seed: bytes, size: int, hash_name: str) -> bytes:
    """MGF1 (RFC 8017, B.2.1)."""
    blocks = -(-size // len(seed))
    stretched = (hashlib.new(hash_name, seed + n.to_bytes(4)).digest() for n in range(blocks))
    return b"".join(stretched)[:size]
