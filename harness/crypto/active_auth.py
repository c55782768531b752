"""Active Authentication: a chip signs a challenge (ICAO 9303-11, 6.1; ISO/IEC 9796-2)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

from harness import tlv
from harness.crypto.public_key import PublicKey
from harness.errors import CheckError, UsageError
from harness.security_info import (
    SecurityInfo,
    SecurityInfoError,
    decode_integer,
    decode_oid,
    encode_integer,
    encode_oid,
)

CHALLENGE_SIZE = 8
ID_AA = "2.23.136.1.1.5"
VERSION = 1

_TRAILERS: Mapping[str, bytes] = MappingProxyType(
    {
        "sha1": b"\xbc",
        "sha224": b"\x38\xcc",
        "sha256": b"\x34\xcc",
        "sha384": b"\x36\xcc",
        "sha512": b"\x35\xcc",
    }
)
"""The last bytes of a signature's representative, by hash (ICAO 9303-11, 6.1.2.2)."""

_PARTIAL_RECOVERY = 0x6A
_PLAIN_ECDSA: Mapping[str, str] = MappingProxyType(
    {
        f"0.4.0.127.0.7.1.1.4.1.{last}": name
        for last, name in ((1, "sha1"), (2, "sha224"), (3, "sha256"), (4, "sha384"), (5, "sha512"))
    }
)
"""The hash of ecdsa-plain-signatures, by object identifier (BSI TR-03111, 5.2.1)."""

_HASHES: Mapping[str, hashes.HashAlgorithm] = MappingProxyType(
    {
        each.name: each
        for each in (
            hashes.SHA1(),  # noqa: S303 - a chip may declare it, and then it is reported
            hashes.SHA224(),
            hashes.SHA256(),
            hashes.SHA384(),
            hashes.SHA512(),
        )
    }
)


@dataclass(frozen=True, slots=True)
class ActiveAuthenticationInfo:
    """Which algorithm a chip signs with; mandatory for ECDSA (ICAO 9303-11, 9.2.4)."""

    signature_oid: str
    version: int = VERSION

    def encode(self) -> bytes:
        """The info as DER."""
        oid, signature = (tlv.encode(0x06, encode_oid(x)) for x in (ID_AA, self.signature_oid))
        return tlv.encode(0x30, oid, encode_integer(self.version), signature)

    @property
    def hash_name(self) -> str | None:
        """The hash of the algorithm, or None where it is not one of plain ECDSA."""
        return _PLAIN_ECDSA.get(self.signature_oid)


def signature_oid(hash_name: str) -> str:
    """The object identifier of plain ECDSA with a hash (BSI TR-03111, 5.2.1)."""
    return next(oid for oid, name in _PLAIN_ECDSA.items() if name == hash_name)


def active_authentication_info(
    infos: Iterable[SecurityInfo],
) -> ActiveAuthenticationInfo | None:
    """The ActiveAuthenticationInfo among `infos`, or None.

    Raises:
        SecurityInfoError: it is malformed.
    """
    found = next((info for info in infos if info.oid == ID_AA), None)
    if found is None:
        return None
    if len(found.values) != 2 or found.values[1].tag != 0x06:
        message = "an ActiveAuthenticationInfo is a version and an algorithm"
        raise SecurityInfoError(message)
    return ActiveAuthenticationInfo(
        decode_oid(found.values[1].value), decode_integer(found.values[0])
    )


def sign(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    challenge: bytes,
    hash_name: str,
    random: Callable[[int], bytes],
) -> bytes:
    """The chip's signature over a challenge; `random` gives the chip's own part with RSA.

    Raises:
        UsageError: the RSA key is too short for the hash.
    """
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        size = (key.key_size + 7) // 8
        representative = _representative(size, challenge, hash_name, random)
        signed = pow(representative, numbers.d, numbers.public_numbers.n)
        return signed.to_bytes(size, "big")
    digest = hashlib.new(hash_name, challenge).digest()
    # RFC 6979 lets a seeded card answer the same twice.
    scheme = ec.ECDSA(Prehashed(_HASHES[hash_name]), deterministic_signing=True)
    r, s = decode_dss_signature(key.sign(digest, scheme))
    size = _scalar_size(key.curve)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _representative(
    size: int, challenge: bytes, hash_name: str, random: Callable[[int], bytes]
) -> int:
    trailer = _TRAILERS[hash_name]
    room = size - 1 - hashlib.new(hash_name).digest_size - len(trailer)
    if room < 1:
        message = f"an RSA key of {size} bytes is too short for {hash_name}"
        raise UsageError(message)
    own = random(room)
    digest = hashlib.new(hash_name, own + challenge).digest()
    return int.from_bytes(bytes((_PARTIAL_RECOVERY,)) + own + digest + trailer, "big")


def verify(
    key: PublicKey, challenge: bytes, signature: bytes, info: ActiveAuthenticationInfo | None
) -> str:
    """Check a chip's signature over our challenge, and return the name of the hash it used.

    RSA tells its hash itself; ECDSA uses that of `info`, or without one the longest that the key
    has room for.

    Raises:
        CheckError: the signature was not made by this key over this challenge.
    """
    if isinstance(key, rsa.RSAPublicKey):
        return _verify_rsa(key, challenge, signature)
    return _verify_ecdsa(key, challenge, signature, info)


def _verify_rsa(key: rsa.RSAPublicKey, challenge: bytes, signature: bytes) -> str:
    numbers = key.public_numbers()
    value = int.from_bytes(signature, "big")
    if len(signature) != (key.key_size + 7) // 8 or value >= numbers.n:
        message = f"the active authentication signature of {len(signature)} bytes is no RSA one"
        raise CheckError(message)
    recovered = pow(value, numbers.e, numbers.n)
    if recovered & 0x0F != 0x0C:  # the smaller of two was sent (ISO/IEC 9796-2, B.4)
        recovered = numbers.n - recovered
    own, digest, hash_name = _split(recovered.to_bytes((key.key_size + 7) // 8, "big"))
    if not hmac.compare_digest(hashlib.new(hash_name, own + challenge).digest(), digest):
        message = "the active authentication signature is not over our challenge"
        raise CheckError(message)
    return hash_name


def _split(representative: bytes) -> tuple[bytes, bytes, str]:
    """The chip's own part, the digest and the hash of a recovered representative."""
    for hash_name, trailer in _TRAILERS.items():
        size = hashlib.new(hash_name).digest_size
        own, rest = representative[1 : -size - len(trailer)], len(representative) - len(trailer)
        if representative[:1] == b"\x6a" and representative.endswith(trailer) and own:
            return own, representative[rest - size : rest], hash_name
    message = "the active authentication signature was not made by the key of DG15"
    raise CheckError(message)


def _verify_ecdsa(
    key: ec.EllipticCurvePublicKey,
    challenge: bytes,
    signature: bytes,
    info: ActiveAuthenticationInfo | None,
) -> str:
    hash_name = _longest_hash(key.curve) if info is None else info.hash_name
    if hash_name is None:
        message = "DG14 names an unknown algorithm for active authentication"
        raise CheckError(message)
    size = _scalar_size(key.curve)
    if len(signature) != 2 * size:
        message = f"a signature of {len(signature)} bytes came where {2 * size} are due"
        raise CheckError(message)
    r, s = (int.from_bytes(part, "big") for part in (signature[:size], signature[size:]))
    algorithm = ec.ECDSA(Prehashed(_HASHES[hash_name]))
    try:
        digest = hashlib.new(hash_name, challenge).digest()
        key.verify(encode_dss_signature(r, s), digest, algorithm)
    except InvalidSignature:
        message = "the active authentication signature was not made by the key of DG15"
        raise CheckError(message) from None
    return hash_name


def _longest_hash(curve: ec.EllipticCurve) -> str:
    fitting = [each for each in _HASHES.values() if each.digest_size * 8 <= curve.key_size]
    return max(fitting, key=lambda each: each.digest_size).name


def _scalar_size(curve: ec.EllipticCurve) -> int:
    return (curve.key_size + 7) // 8
