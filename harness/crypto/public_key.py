"""Public keys and signatures as documents carry them (RFC 5280, 4.1.2.7; BSI TR-03111, 5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from harness import tlv
from harness.crypto.parameters import UnknownDomainError, parse_parameters
from harness.security_info import SecurityInfoError, encode_oid
from harness.tlv import Tlv, TlvError

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

_EC_PUBLIC_KEY = encode_oid("1.2.840.10045.2.1")
_RSA_SSA_PSS = encode_oid("1.2.840.113549.1.1.10")
_RSA_ENCRYPTION = tlv.encode(0x30, bytes.fromhex("06092A864886F70D0101010500"))
_LARGEST_KEY = 8192
_LONGEST_EXPONENT = 256
_CURVES: Mapping[int, type[ec.EllipticCurve]] = MappingProxyType(
    {
        8: ec.SECP192R1,
        10: ec.SECP224R1,
        12: ec.SECP256R1,
        13: ec.BrainpoolP256R1,
        15: ec.SECP384R1,
        16: ec.BrainpoolP384R1,
        17: ec.BrainpoolP512R1,
        18: ec.SECP521R1,
    }
)
"""The curves that OpenSSL knows by our number (ICAO 9303-11, table 12)."""


class PublicKeyError(ValueError):
    """These bytes are not a public key."""


class UnsupportedKeyError(PublicKeyError):
    """A well-formed public key of an algorithm or a curve that is not supported."""


def load_public_key(der: bytes) -> PublicKey:
    """Read a SubjectPublicKeyInfo; a curve may be named or spelt out, an RSA key be for PSS.

    Raises:
        UnsupportedKeyError: another algorithm or curve.
        PublicKeyError: malformed.
    """
    try:
        match tlv.parse_one(der).children():
            case (Tlv(0x30) as algorithm, Tlv(0x03, bits)) if bits[:1] == b"\0":
                return _load(algorithm, bits[1:], der)
    except TlvError as error:
        message = f"malformed public key: {error}"
        raise PublicKeyError(message) from None
    message = "a public key is an algorithm and a bit string"
    raise PublicKeyError(message)


def _load(algorithm: Tlv, bits: bytes, der: bytes) -> PublicKey:
    oid = tlv.find(algorithm.children(), 0x06)
    if oid == _EC_PUBLIC_KEY:
        return _load_point(algorithm, bits)
    if oid == _RSA_SSA_PSS:  # the restriction to PSS says nothing that is not checked elsewhere
        der = tlv.encode(0x30, _RSA_ENCRYPTION, tlv.encode(0x03, b"\0", bits))
    try:
        key = load_der_public_key(der)
    except UnsupportedAlgorithm as error:
        raise UnsupportedKeyError(str(error)) from None
    except ValueError as error:
        message = f"malformed public key: {error}"
        raise PublicKeyError(message) from None
    if not isinstance(key, rsa.RSAPublicKey):
        message = "a document's public key is of RSA or on an elliptic curve"
        raise UnsupportedKeyError(message)
    if key.key_size > _LARGEST_KEY or key.public_numbers().e.bit_length() > _LONGEST_EXPONENT:
        message = f"an RSA key of {key.key_size} bits is too large to be used"
        raise UnsupportedKeyError(message)
    return key


def _load_point(algorithm: Tlv, bits: bytes) -> ec.EllipticCurvePublicKey:
    try:
        domain = parse_parameters(algorithm)
        curve = _CURVES[-1 if domain.parameter_id is None else domain.parameter_id]
    except UnknownDomainError as error:
        raise UnsupportedKeyError(str(error)) from None
    except SecurityInfoError as error:
        raise PublicKeyError(str(error)) from None
    except KeyError:
        message = f"no library here verifies signatures on {domain.name}"
        raise UnsupportedKeyError(message) from None
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve(), bits)
    except (ValueError, UnsupportedAlgorithm) as error:
        message = f"malformed public key: {error}"
        raise PublicKeyError(message) from None
