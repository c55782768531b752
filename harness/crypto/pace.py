"""The arithmetic of PACE, the same for both roles (ICAO 9303-11, 4.4).

Terminal and chip do the same sums with the peer's numbers in place of their own. One party is
three values, each made from the one before: a mapping, `Agreement`, `Confirmation`. A step cannot
be taken twice or out of order, because only the step before it can make it. The generic mapping is
here; the others have modules of their own and end in the same `Agreement`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from harness import tlv
from harness.crypto.domain import Domain, InvalidElementError, RandBelow
from harness.crypto.kdf import SessionKeys, session_keys
from harness.crypto.suite import Cipher, PaceSuite
from harness.secret import Secret
from harness.security_info import encode_oid

_PUBLIC_VALUE = {"DH": 0x84, "ECDH": 0x86}  # ICAO 9303-11, 9.4.3 and 9.4.4


class KeyAgreementError(ValueError):
    """The peer's contribution must not be used."""


def encrypt_nonce(nonce: bytes, key: Secret, cipher: Cipher) -> bytes:
    """The chip's z = E(K_pi, s): CBC, IV zero, no padding (ICAO 9303-11, 4.4.3.3)."""
    return cipher.keyed(key).encrypt(nonce, bytes(cipher.keyed.block_size))


def decrypt_nonce(encrypted: bytes, key: Secret, cipher: Cipher) -> bytes:
    """The terminal's s = D(K_pi, z).

    Raises:
        KeyAgreementError: `encrypted` is empty or not whole blocks.
    """
    size = cipher.keyed.block_size
    if not encrypted or len(encrypted) % size:
        message = f"an encrypted nonce is a multiple of {size} bytes, got {len(encrypted)}"
        raise KeyAgreementError(message)
    return cipher.keyed(key).decrypt(encrypted, bytes(size))


class Mapping(Protocol):
    """The first step: agree on a fresh generator that depends on the nonce."""

    @property
    def public(self) -> bytes:
        """The mapping data to send."""
        ...

    def agree(self, nonce: bytes, peer_data: bytes) -> Agreement:
        """Map the nonce with the peer's mapping data and go on to the key agreement.

        Raises:
            KeyAgreementError: nonce or mapping data must not be used.
        """
        ...


class GenericMapping:
    """G' = s·G + H over any group (ICAO 9303-11, 4.4.3.3.1)."""

    def __init__(self, suite: PaceSuite, domain: Domain[Any], randbelow: RandBelow) -> None:
        self._suite = suite
        self._domain = domain
        self._randbelow = randbelow
        self.private = domain.random_scalar(randbelow)
        self.public = domain.encode(domain.multiply_generator(self.private))

    def agree(self, nonce: bytes, peer_data: bytes, chip_data: bytes | None = None) -> Agreement:
        """Map the nonce to a fresh generator and go on to the key agreement.

        `chip_data` is what a chip with chip authentication mapping proves itself with at the end.

        Raises:
            KeyAgreementError: the peer's key is our own, not of the group, or leads to its
                neutral element.
        """
        _refuse_reflection(self.public, peer_data)
        domain, private, number = self._domain, self.private, int.from_bytes(nonce, "big")
        try:
            peer = domain.decode(peer_data)
        except InvalidElementError as error:
            raise KeyAgreementError(str(error)) from error

        def times(scalar: int) -> Any:  # noqa: ANN401 - an element of whatever group
            # One product fewer than finding G' first: x·G' = xs·G + xk·P, where H = k·P.
            base = domain.multiply_generator(scalar * number)
            return domain.add(base, domain.multiply(peer, scalar * private))

        return Agreement(self._suite, domain, times, self._randbelow, chip_data)


class Agreement:
    """Diffie-Hellman on the mapped generator (ICAO 9303-11, 4.4.1 step 3).

    `times` multiplies the mapped generator.

    Raises:
        KeyAgreementError: the mapped generator is the neutral element.
    """

    def __init__(
        self,
        suite: PaceSuite,
        domain: Domain[Any],
        times: Callable[[int], Any],
        randbelow: RandBelow,
        chip_data: bytes | None = None,
    ) -> None:
        self._suite = suite
        self._domain = domain
        self._chip_data = chip_data
        self._private = domain.random_scalar(randbelow)
        try:
            self.public = domain.encode(domain.finite(times(self._private)))
        except InvalidElementError as error:
            raise KeyAgreementError(str(error)) from error

    def confirm(self, peer_public: bytes) -> Confirmation:
        """Derive the session keys and both authentication tokens.

        Raises:
            KeyAgreementError: the peer's key is our own (ICAO 9303-11, 4.4.1 step 3 c), not of
                the group, or leads to its neutral element.
        """
        _refuse_reflection(self.public, peer_public)
        try:
            peer = self._domain.decode(peer_public)
            shared = self._domain.shared_secret(peer, self._private)
        except InvalidElementError as error:
            raise KeyAgreementError(str(error)) from error
        keys = session_keys(shared, self._suite.cipher)
        return Confirmation(
            keys=keys,
            own_token=authentication_token(self._suite, keys, peer_public),
            peer_token=authentication_token(self._suite, keys, self.public),
            chip_data=self._chip_data,
        )


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The end of the arithmetic: keys, the token to send, and the token the peer must send.

    `chip_data` is what a chip adds for the chip authentication mapping, still to be encrypted.
    """

    keys: SessionKeys
    own_token: bytes
    peer_token: bytes
    chip_data: bytes | None = None


def authentication_token(suite: PaceSuite, keys: SessionKeys, public: bytes) -> bytes:
    """A MAC over the other side's ephemeral public key (ICAO 9303-11, 4.4.3.4 and 9.4)."""
    data_object = tlv.encode(
        0x7F49,
        tlv.encode(0x06, encode_oid(suite.oid)),
        tlv.encode(_PUBLIC_VALUE[suite.key_agreement], public),
    )
    return suite.cipher.keyed(keys.mac).authenticate(data_object)


def _refuse_reflection(own: bytes, peer: bytes) -> None:
    if own == peer:
        message = "the peer sent our own public key back"
        raise KeyAgreementError(message)
