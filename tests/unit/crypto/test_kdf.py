"""Key derivation."""

from __future__ import annotations

import hashlib

import pytest

from fixtures.vectors import ICAO_G1
from harness.crypto.kdf import password_key, session_keys
from harness.crypto.suite import (
    AES_128,
    AES_192,
    AES_256,
    SUITES,
    TRIPLE_DES,
    Cipher,
    PaceSuite,
)
from harness.errors import UsageError
from harness.secret import Can, Secret
from harness.security_info import describe_oid

MACS = {
    TRIPLE_DES: "3DES-CBC-CBC",
    AES_128: "AES-CBC-CMAC-128",
    AES_192: "AES-CBC-CMAC-192",
    AES_256: "AES-CBC-CMAC-256",
}


def test_keys_of_appendix_g1() -> None:
    """Password key and session keys of the worked example come out."""
    assert password_key(Secret(ICAO_G1.password), AES_128).reveal() == ICAO_G1.password_key
    keys = session_keys(ICAO_G1.shared_secret, AES_128)
    assert (keys.enc.reveal(), keys.mac.reveal()) == (ICAO_G1.key_enc, ICAO_G1.key_mac)


@pytest.mark.parametrize(("cipher", "size"), [(AES_192, 24), (AES_256, 32)])
def test_longer_keys_come_from_sha256(cipher: Cipher, size: int) -> None:
    """AES-192 and AES-256 keys are the first bytes of SHA-256, the counter behind the secret."""
    keys = session_keys(b"K", cipher)
    assert keys.enc.reveal() == hashlib.sha256(b"K\0\0\0\1").digest()[:size]
    assert keys.mac.reveal() == hashlib.sha256(b"K\0\0\0\2").digest()[:size]
    expected = hashlib.sha256(b"123456\0\0\0\3").digest()[:size]
    assert password_key(Can("123456"), cipher).reveal() == expected


def test_keys_are_secrets() -> None:
    """Session keys are not shown."""
    assert "f5f0" not in repr(session_keys(ICAO_G1.shared_secret, AES_128)).lower()


def test_suites_by_identifier() -> None:
    """All nineteen suites of the standard are there under their identifiers; others are refused."""
    names = {
        f"id-PACE-{suite.key_agreement}-{suite.mapping}-{MACS[suite.cipher]}": oid
        for oid, suite in SUITES.items()
    }
    assert len(names) == 19
    assert all(describe_oid(oid) == f"{name} ({oid})" for name, oid in names.items())
    with pytest.raises(UsageError, match=r"2\.2\.4\.6\.1\) is not supported"):
        PaceSuite.of("0.4.0.127.0.7.2.2.4.6.1")
