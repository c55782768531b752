"""Signatures that come out the same twice, held against what cryptography verifies."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from harness.emulator.private_key import private_key
from harness.emulator.signatures import HASHES, algorithm_of, sign
from harness.profile import Signer

MESSAGE = b"data groups"
EVERY = [
    *(("secp256r1", "ecdsa", each) for each in HASHES),
    ("brainpoolP384r1", "ecdsa", "sha384"),
    ("brainpoolP512r1", "ecdsa", "sha512"),
    *(("rsa-2048", "rsa-pkcs1", each) for each in HASHES),
    *(("rsa-2048", "rsa-pss", each) for each in HASHES),
    ("rsa-1536", "rsa-pss", "sha512"),
]


@pytest.mark.parametrize(("kind", "scheme", "hash_name"), EVERY)
def test_every_scheme(kind: str, scheme: Any, hash_name: Any) -> None:
    """Each signature is the same twice, holds over its message, and over no other."""
    rules = Signer(kind=kind, scheme=scheme, hash=hash_name)
    key = private_key(0, "signature test", kind)
    signature = sign(key, rules, MESSAGE)
    assert signature == sign(key, rules, MESSAGE)
    verify(key, rules, signature, MESSAGE)
    with pytest.raises(InvalidSignature):
        verify(key, rules, signature, b"other groups")
    assert algorithm_of(rules).dump()


def verify(key: Any, rules: Signer, signature: bytes, message: bytes) -> None:
    """Check as a library would that knows nothing of how it was made."""
    algorithm, public = HASHES[rules.hash], key.public_key()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        public.verify(signature, message, ec.ECDSA(algorithm))
        return
    assert isinstance(key, rsa.RSAPrivateKey)
    pss = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
    scheme = pss if rules.scheme == "rsa-pss" else padding.PKCS1v15()
    public.verify(signature, message, scheme, algorithm)


def test_salts_differ_with_the_message() -> None:
    """A seeded salt does not make two PSS signatures alike."""
    rules = Signer(kind="rsa-2048", scheme="rsa-pss", hash="sha256")
    key = private_key(0, "signature test", "rsa-2048")
    assert sign(key, rules, b"one") != sign(key, rules, b"other")
