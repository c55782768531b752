"""Key derivation from shared secrets and passwords (ICAO 9303-11, 9.7.1 and 9.7.3)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from harness.crypto.suite import Cipher
from harness.secret import Secret

_ENC, _MAC, _PI = 1, 2, 3


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The two keys of one secure messaging session and the cipher they are for."""

    cipher: Cipher
    enc: Secret
    mac: Secret


def session_keys(shared_secret: bytes, cipher: Cipher) -> SessionKeys:
    """KDF_Enc and KDF_MAC of a shared secret (ICAO 9303-11, 9.7.1.1)."""
    return SessionKeys(
        cipher, _derive(shared_secret, _ENC, cipher), _derive(shared_secret, _MAC, cipher)
    )


def password_key(password: Secret, cipher: Cipher) -> Secret:
    """KDF_pi, the key that encrypts the PACE nonce (ICAO 9303-11, 9.7.3).

    `password` is what the standard calls f(pi): the digits of a CAN, PIN or PUK, or the SHA-1 of
    the MRZ information.
    """
    return _derive(password.reveal(), _PI, cipher)


def _derive(secret: bytes, counter: int, cipher: Cipher) -> Secret:
    digest = hashlib.new(cipher.hash_name, secret + counter.to_bytes(4, "big")).digest()
    return Secret(cipher.keyed.form_key(digest[: cipher.key_size]))
