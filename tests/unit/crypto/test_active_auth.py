"""Active Authentication held against the worked example and a recorded passport."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from functools import cache

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fixtures.emrtd_vectors import IcaoF, RecordedActive
from harness import tlv
from harness.crypto.active_auth import (
    ActiveAuthenticationInfo,
    _representative,
    active_authentication_info,
    sign,
    signature_oid,
    verify,
)
from harness.crypto.parameters import encode_parameters
from harness.crypto.public_key import (
    PublicKeyError,
    UnsupportedKeyError,
    load_public_key,
)
from harness.crypto.standardized import DOMAINS
from harness.errors import CheckError, UsageError
from harness.security_info import SecurityInfoError, parse_security_infos

CHALLENGE = bytes(range(8))
HASHES = ("sha1", "sha224", "sha256", "sha384", "sha512")
CURVES: dict[int, ec.EllipticCurve] = {
    10: ec.SECP224R1(),
    12: ec.SECP256R1(),
    13: ec.BrainpoolP256R1(),
    15: ec.SECP384R1(),
    16: ec.BrainpoolP384R1(),
    17: ec.BrainpoolP512R1(),
    18: ec.SECP521R1(),
}


@cache
def rsa_key(bits: int = 1024) -> rsa.RSAPrivateKey:
    """A key, made once."""
    return rsa.generate_private_key(65537, bits)


def test_the_representative_of_appendix_f() -> None:
    """Signing the published parts gives the published representative, which verifies."""
    key = rsa_key()
    signature = sign(key, IcaoF.CHALLENGE, "sha1", lambda size: IcaoF.OWN[:size])
    public = key.public_key().public_numbers()
    recovered = pow(int.from_bytes(signature, "big"), public.e, public.n)
    assert recovered.to_bytes(128, "big") == IcaoF.REPRESENTATIVE
    assert verify(key.public_key(), IcaoF.CHALLENGE, signature, None) == "sha1"


def test_a_recorded_passport() -> None:
    """The answer of a real passport verifies over its challenge, and over no other."""
    key = load_public_key(RecordedActive.PUBLIC_KEY)
    used = verify(key, RecordedActive.CHALLENGE, RecordedActive.SIGNATURE, None)
    assert used == "sha256"
    with pytest.raises(CheckError, match="not over our challenge"):
        verify(key, CHALLENGE, RecordedActive.SIGNATURE, None)


@pytest.mark.parametrize("name", HASHES)
def test_rsa_with_every_hash(name: str) -> None:
    """Each trailer is written and read; the signature tells its hash itself."""
    signature = sign(rsa_key(), CHALLENGE, name, secrets.token_bytes)
    assert verify(rsa_key().public_key(), CHALLENGE, signature, None) == name


def test_the_smaller_of_two_signatures() -> None:
    """A chip may send n minus the signature (ISO/IEC 9796-2, B.4)."""
    key = rsa_key()
    signature = sign(key, CHALLENGE, "sha256", secrets.token_bytes)
    n = key.public_key().public_numbers().n
    other = (n - int.from_bytes(signature, "big")).to_bytes(128, "big")
    assert verify(key.public_key(), CHALLENGE, other, None) == "sha256"


@pytest.mark.parametrize("group", CURVES)
def test_ecdsa_on_every_curve(group: int) -> None:
    """Signatures on curves named or spelt out verify, with the hash that DG14 names or without."""
    key = ec.generate_private_key(CURVES[group])
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    named = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    algorithm = encode_parameters(DOMAINS[group], explicit=True)
    explicit = tlv.encode(0x30, algorithm, tlv.encode(0x03, b"\0", point))
    for der in (named, explicit):
        public = load_public_key(der)
        for info in (None, ActiveAuthenticationInfo(signature_oid("sha224"))):
            used = "sha224" if info else verify_default(key)
            signature = sign(key, CHALLENGE, used, secrets.token_bytes)
            assert verify(public, CHALLENGE, signature, info) == used


def verify_default(key: ec.EllipticCurvePrivateKey) -> str:
    """The longest hash that the curve has room for (ICAO 9303-11, 6.1.2.3)."""
    sizes = {224: "sha224", 256: "sha256", 384: "sha384", 512: "sha512", 521: "sha512"}
    return sizes[key.curve.key_size]


def test_plain_signatures_are_ecdsa_of_openssl() -> None:
    """What is signed here is r and s of an ordinary ECDSA signature over the challenge."""
    key = ec.generate_private_key(ec.SECP256R1())
    raw = sign(key, CHALLENGE, "sha256", secrets.token_bytes)
    r, s = (int.from_bytes(part, "big") for part in (raw[:32], raw[32:]))
    key.public_key().verify(encode_dss_signature(r, s), CHALLENGE, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(
    "representative",
    [
        b"\x6b" + IcaoF.REPRESENTATIVE[1:],
        IcaoF.REPRESENTATIVE[:-1] + b"\xbd",
        IcaoF.REPRESENTATIVE[:-2] + b"\x33\xcc",
        b"\x6a" + b"\x22" * 126 + b"\xbc",
        bytes(127) + b"\xbc",
        bytes(126) + b"\x34\xcc",
    ],
    ids=["head", "trailer", "hash", "digest", "nothing", "nothing with a hash"],
)
def test_representatives_that_do_not_hold(representative: bytes) -> None:
    """A recovered value with another head, trailer or digest is refused."""
    numbers = rsa_key().private_numbers()
    signature = pow(int.from_bytes(representative, "big"), numbers.d, numbers.public_numbers.n)
    with pytest.raises(CheckError):
        verify(rsa_key().public_key(), CHALLENGE, signature.to_bytes(128, "big"), None)


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 127, 129, 200])
@pytest.mark.parametrize("fill", [0x00, 0x01, 0xFF])
def test_signatures_of_any_size(size: int, fill: int) -> None:
    """Bytes that are no signature are refused, for both kinds of key."""
    raw = bytes((fill,)) * size
    for key in (rsa_key(), ec.generate_private_key(ec.SECP256R1())):
        with pytest.raises(CheckError):
            verify(key.public_key(), CHALLENGE, raw, None)


def test_a_key_too_short_for_its_hash() -> None:
    """SHA-512 does not fit an RSA key of 512 bits, which is said."""
    with pytest.raises(UsageError, match="too short"):
        _representative(64, CHALLENGE, "sha512", secrets.token_bytes)


def test_the_info() -> None:
    """The info goes there and back, and an algorithm that is not plain ECDSA names no hash."""
    info = ActiveAuthenticationInfo(signature_oid("sha384"))
    found = active_authentication_info(parse_security_infos(tlv.encode(0x31, info.encode())))
    assert (found, info.hash_name) == (info, "sha384")
    assert active_authentication_info(()) is None
    key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(CheckError, match="unknown algorithm"):
        verify(key.public_key(), CHALLENGE, bytes(64), ActiveAuthenticationInfo("1.2.3"))
    broken = tlv.encode(0x31, tlv.encode(0x30, bytes.fromhex("0606678108010105020101")))
    with pytest.raises(SecurityInfoError):
        active_authentication_info(parse_security_infos(broken))


def test_public_keys_that_are_none() -> None:
    """Every cut and every spoilt byte of a key is read or refused with the one error."""
    key = ec.generate_private_key(ec.BrainpoolP256R1()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for raw in (der, RecordedActive.PUBLIC_KEY):
        for at in range(len(raw)):
            for spoilt in (raw[:at], raw[:at] + bytes((raw[at] ^ 0x40,)) + raw[at + 1 :]):
                with suppress(PublicKeyError):
                    load_public_key(spoilt)


def test_a_curve_that_no_library_verifies_on() -> None:
    """A curve too small for the library is told to be unsupported, not malformed."""
    domain = DOMAINS[9]
    point = domain.encode(domain.multiply_generator(3))
    der = tlv.encode(0x30, encode_parameters(domain, explicit=True), tlv.encode(0x03, b"\0", point))
    with pytest.raises(UnsupportedKeyError, match="brainpoolP192r1"):
        load_public_key(der)


def test_the_digest_of_appendix_f() -> None:
    """The published digest is that of the chip's part and the challenge."""
    digest = hashlib.sha1(IcaoF.OWN + IcaoF.CHALLENGE).digest()  # noqa: S324 - as published
    assert IcaoF.REPRESENTATIVE[-21:-1] == digest
