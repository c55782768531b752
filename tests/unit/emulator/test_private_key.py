"""Private keys from a seed."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from harness.emulator.private_key import private_key


def test_an_rsa_key() -> None:
    """It has the size asked for, and what it signs its public key verifies."""
    key = private_key(0, "a test", "rsa-2048")
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    signature = key.sign(b"text", padding.PKCS1v15(), hashes.SHA256())
    key.public_key().verify(signature, b"text", padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("kind", ["secp256r1", "secp384r1", "secp521r1"])
def test_a_key_on_a_curve(kind: str) -> None:
    """It lies on the curve asked for."""
    key = private_key(0, "a test", kind)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == kind


@pytest.mark.parametrize("kind", ["rsa-2048", "secp384r1"])
def test_the_same_seed_gives_the_same_key(kind: str) -> None:
    """Seed and purpose decide, and nothing else."""
    one, same = (private_key(1, "x", kind).private_numbers() for _ in range(2))
    assert one == same
    assert one != private_key(2, "x", kind).private_numbers()
    assert one != private_key(1, "y", kind).private_numbers()
