"""The integrated mapping: two nonces become a generator directly (ICAO 9303-11, 4.4.3.3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from harness.crypto.domain import Domain, InvalidElementError, RandBelow
from harness.crypto.pace import Agreement, KeyAgreementError
from harness.crypto.suite import Cipher, PaceSuite
from harness.secret import Secret

_CONSTANTS = {
    16: tuple(
        bytes.fromhex(each)
        for each in ("A668892A7C41E3CA739F40B057D85904", "A4E136AC725F738B01C1F60217C188AD")
    ),
    32: tuple(
        bytes.fromhex(each)
        for each in (
            "D463D65234124EF7897054986DCA0A174E28DF758CBAA03F240616414D5A1676",
            "54BD7255F0AAF831BEC3423FCF39D69B6CBF066677D0FAAE5AADD99DF8E53517",
        )
    ),
}
"""c0, which leads to the next key, and c1, which leads to output, by the size of the nonce s."""

_MARGIN = 64  # bits of output beyond those of the prime


class IntegratedMapping:
    """The terminal's part: a nonce of its own, in the clear."""

    def __init__(self, suite: PaceSuite, domain: Domain[Any], randbelow: RandBelow) -> None:
        self._suite = suite
        self._domain = domain
        self._randbelow = randbelow
        size = suite.cipher.key_size
        self.public = randbelow(1 << 8 * size).to_bytes(size, "big")

    def agree(self, nonce: bytes, peer_data: bytes) -> Agreement:
        """Map both nonces to a generator and go on to the key agreement.

        Raises:
            KeyAgreementError: the chip sent mapping data, its nonce has another size, or the
                nonces lead to no generator.
        """
        if peer_data:
            message = "the chip's mapping data of the integrated mapping must be empty"
            raise KeyAgreementError(message)
        return _agreement(self._suite, self._domain, (nonce, self.public), self._randbelow)


class IntegratedMappingChip:
    """The chip's part: nothing to send, the terminal's nonce to take."""

    public = b""

    def __init__(self, suite: PaceSuite, domain: Domain[Any], randbelow: RandBelow) -> None:
        self._suite = suite
        self._domain = domain
        self._randbelow = randbelow

    def agree(self, nonce: bytes, peer_data: bytes) -> Agreement:
        """Map both nonces to a generator and go on to the key agreement.

        Raises:
            KeyAgreementError: a nonce has another size, or they lead to no generator.
        """
        return _agreement(self._suite, self._domain, (nonce, peer_data), self._randbelow)


def _agreement(
    suite: PaceSuite, domain: Domain[Any], nonces: tuple[bytes, bytes], randbelow: RandBelow
) -> Agreement:
    sizes = suite.cipher.nonce_size, suite.cipher.key_size
    if tuple(map(len, nonces)) != sizes:
        message = f"the nonces of the integrated mapping are {sizes[0]} and {sizes[1]} bytes long"
        raise KeyAgreementError(message)
    number = pseudo_random(suite.cipher, *nonces, domain.prime)
    try:
        generator = domain.from_field(number)
    except InvalidElementError as error:
        raise KeyAgreementError(str(error)) from error
    return Agreement(suite, domain, partial(domain.multiply, generator), randbelow)


def pseudo_random(cipher: Cipher, chip_nonce: bytes, terminal_nonce: bytes, prime: int) -> int:
    """R_p(s, t): a number below `prime` from both nonces (ICAO 9303-11, figure 2)."""
    wanted = prime.bit_length() + _MARGIN
    blocks = islice(
        _blocks(cipher, chip_nonce, terminal_nonce), -(-wanted // (8 * len(chip_nonce)))
    )
    return int.from_bytes(b"".join(blocks), "big") % prime


def _blocks(cipher: Cipher, chip_nonce: bytes, terminal_nonce: bytes) -> Iterator[bytes]:
    to_key, to_output = _CONSTANTS[len(chip_nonce)]
    key = _encrypt(cipher, terminal_nonce, chip_nonce)
    while True:
        yield _encrypt(cipher, key, to_output)
        key = _encrypt(cipher, key, to_key)


def _encrypt(cipher: Cipher, key: bytes, blocks: bytes) -> bytes:
    keyed = cipher.keyed(Secret(key[: cipher.key_size]))  # AES-192 makes more than its keys take
    return keyed.encrypt(blocks, bytes(keyed.block_size))
