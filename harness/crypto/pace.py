"""The arithmetic of PACE, the same for both roles (ICAO 9303-11, 4.4).

Terminal and chip do the same sums with the peer's numbers in place of their own. One party is
three values, each made from the one before: `GenericMapping`, `Agreement`, `Confirmation`. A step
cannot be taken twice or out of order, because only the step before it can make it.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from fastecdsa.rust import Point

from harness import tlv
from harness.crypto.curve import EcDomain, InvalidPointError, RandBelow
from harness.crypto.kdf import SessionKeys, session_keys
from harness.crypto.suite import PaceSuite
from harness.secret import Secret
from harness.security_info import encode_oid

TOKEN_SIZE = 8


class KeyAgreementError(ValueError):
    """The peer's contribution must not be used."""


def encrypt_nonce(nonce: bytes, key: Secret) -> bytes:
    """The chip's z = E(K_pi, s): AES-CBC, IV zero, no padding (ICAO 9303-11, 4.4.3.2)."""
    encryptor = _cbc(key).encryptor()
    return encryptor.update(nonce) + encryptor.finalize()


def decrypt_nonce(encrypted: bytes, key: Secret) -> bytes:
    """The terminal's s = D(K_pi, z).

    Raises:
        KeyAgreementError: `encrypted` is empty or not whole AES blocks.
    """
    if not encrypted or len(encrypted) % 16:
        message = f"an encrypted nonce is a multiple of 16 bytes, got {len(encrypted)}"
        raise KeyAgreementError(message)
    decryptor = _cbc(key).decryptor()
    return decryptor.update(encrypted) + decryptor.finalize()


def _cbc(key: Secret) -> BlockCipher[modes.CBC]:
    return BlockCipher(algorithms.AES(key.reveal()), modes.CBC(bytes(16)))


class GenericMapping:
    """G' = s·G + H over an elliptic curve (ICAO 9303-11, 4.4.3.3.1)."""

    def __init__(self, suite: PaceSuite, domain: EcDomain, randbelow: RandBelow) -> None:
        self._suite = suite
        self._domain = domain
        self._randbelow = randbelow
        self._private = domain.random_scalar(randbelow)
        self.public = domain.encode(domain.multiply_generator(self._private))

    def agree(self, nonce: bytes, peer_public: bytes) -> Agreement:
        """Map the nonce to a fresh generator and go on to the key agreement.

        Raises:
            KeyAgreementError: the peer's point is our own, off the curve, or leads to infinity.
        """
        _refuse_reflection(self.public, peer_public)
        try:
            peer = self._domain.decode(peer_public)
            shared = self._domain.finite(self._domain.multiply(peer, self._private))
            base = self._domain.multiply_generator(int.from_bytes(nonce, "big"))
            generator = self._domain.finite(base + shared)
        except InvalidPointError as error:
            raise KeyAgreementError(str(error)) from error
        return Agreement(self._suite, self._domain, generator, self._randbelow)


class Agreement:
    """Diffie-Hellman on the mapped generator (ICAO 9303-11, 4.4.1 step 3)."""

    def __init__(
        self, suite: PaceSuite, domain: EcDomain, generator: Point, randbelow: RandBelow
    ) -> None:
        self._suite = suite
        self._domain = domain
        self._private = domain.random_scalar(randbelow)
        self.public = domain.encode(domain.multiply(generator, self._private))

    def confirm(self, peer_public: bytes) -> Confirmation:
        """Derive the session keys and both authentication tokens.

        Raises:
            KeyAgreementError: the peer's point is our own (ICAO 9303-11, 4.4.1 step 3 c), off
                the curve, or leads to infinity.
        """
        _refuse_reflection(self.public, peer_public)
        try:
            shared = self._domain.shared_x(self._domain.decode(peer_public), self._private)
        except InvalidPointError as error:
            raise KeyAgreementError(str(error)) from error
        keys = session_keys(shared, self._suite.cipher)
        return Confirmation(
            keys=keys,
            own_token=authentication_token(self._suite, keys, peer_public),
            peer_token=authentication_token(self._suite, keys, self.public),
        )


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The end of the arithmetic: keys, the token to send, and the token the peer must send."""

    keys: SessionKeys
    own_token: bytes
    peer_token: bytes


def authentication_token(suite: PaceSuite, keys: SessionKeys, public: bytes) -> bytes:
    """A MAC over the other side's ephemeral public key (ICAO 9303-11, 4.4.3.4 and 9.4.5)."""
    data_object = tlv.encode(
        0x7F49, tlv.encode(0x06, encode_oid(suite.oid)), tlv.encode(0x86, public)
    )
    mac = CMAC(algorithms.AES(keys.mac.reveal()))
    mac.update(data_object)
    return mac.finalize()[:TOKEN_SIZE]


def _refuse_reflection(own: bytes, peer: bytes) -> None:
    if own == peer:
        message = "the peer sent our own public key back"
        raise KeyAgreementError(message)
