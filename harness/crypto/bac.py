"""Basic Access Control: keys and cryptograms, the same for both roles (ICAO 9303-11, 4.3)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from harness.crypto.cipher import MAC_SIZE
from harness.crypto.kdf import SessionKeys, session_keys
from harness.crypto.suite import TRIPLE_DES
from harness.mrz import Mrz

NONCE_SIZE = 8
HALF_SIZE = 16
CRYPTOGRAM_SIZE = 2 * NONCE_SIZE + HALF_SIZE + MAC_SIZE
_SEED_SIZE = 16


class BacError(ValueError):
    """The other side's cryptogram must not be accepted."""


def document_keys(mrz: Mrz) -> SessionKeys:
    """K_Enc and K_MAC of a document, from its machine readable zone (9303-11, 9.7.2)."""
    return session_keys(mrz.reveal()[:_SEED_SIZE], TRIPLE_DES)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one side puts into its cryptogram: its nonce, the other one's, its half of the key."""

    nonce: bytes
    peer_nonce: bytes
    half: bytes = field(repr=False)

    def seal(self, keys: SessionKeys) -> bytes:
        """The 40 bytes of a cryptogram: encrypted, with a MAC behind (9303-11, 4.3.4.1)."""
        cipher = keys.cipher.keyed(keys.enc)
        plain = self.nonce + self.peer_nonce + self.half
        encrypted = cipher.encrypt(plain, bytes(cipher.block_size))
        return encrypted + keys.cipher.keyed(keys.mac).authenticate(encrypted)

    @classmethod
    def unseal(cls, cryptogram: bytes, keys: SessionKeys) -> Contribution:
        """Check and open the other side's cryptogram.

        Raises:
            BacError: another size, or a wrong MAC.
        """
        if len(cryptogram) != CRYPTOGRAM_SIZE:
            message = f"a cryptogram is {CRYPTOGRAM_SIZE} bytes long, got {len(cryptogram)}"
            raise BacError(message)
        encrypted, mac = cryptogram[:-MAC_SIZE], cryptogram[-MAC_SIZE:]
        if not hmac.compare_digest(mac, keys.cipher.keyed(keys.mac).authenticate(encrypted)):
            message = "the MAC of the cryptogram is wrong"
            raise BacError(message)
        cipher = keys.cipher.keyed(keys.enc)
        plain = cipher.decrypt(encrypted, bytes(cipher.block_size))
        return cls(plain[:NONCE_SIZE], plain[NONCE_SIZE : 2 * NONCE_SIZE], plain[2 * NONCE_SIZE :])


@dataclass(frozen=True, slots=True)
class BacSession:
    """What both sides end up with: session keys, and where the send sequence counter starts."""

    keys: SessionKeys
    ssc: int


def agree(terminal: Contribution, chip: Contribution) -> BacSession:
    """The session of two contributions that answer each other (9303-11, 4.3.4.1 and 9.8.6.3).

    Raises:
        BacError: one of them does not hold the other's nonce.
    """
    answers = hmac.compare_digest(
        terminal.nonce + terminal.peer_nonce, chip.peer_nonce + chip.nonce
    )
    if not answers:
        message = "the cryptogram does not answer our nonce"
        raise BacError(message)
    seed = bytes(one ^ other for one, other in zip(terminal.half, chip.half, strict=True))
    ssc = int.from_bytes(chip.nonce[-4:] + terminal.nonce[-4:], "big")
    return BacSession(session_keys(seed, TRIPLE_DES), ssc)
