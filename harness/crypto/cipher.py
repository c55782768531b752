"""Block ciphers as PACE and secure messaging use them (ICAO 9303-11, 4.4.3 and 9.8)."""

from __future__ import annotations

from typing import ClassVar, Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from harness.secret import Secret

MAC_SIZE = 8


def pad(data: bytes, block_size: int = 16) -> bytes:
    """Padding method 2 of ISO/IEC 9797-1: 80, then zeros to whole blocks."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block_size)


def unpad(padded: bytes, block_size: int = 16) -> bytes | None:
    """What was padded, or None where the padding is not there."""
    data, mark, fill = padded.rpartition(b"\x80")
    return data if mark and not any(fill) and len(fill) < block_size else None


def _whole(context: CipherContext, blocks: bytes) -> bytes:
    return context.update(blocks) + context.finalize()


class BlockCipher(Protocol):
    """One key, used for encryption or for MACs of `MAC_SIZE` bytes."""

    block_size: ClassVar[int]

    def __init__(self, key: Secret) -> None: ...

    @staticmethod
    def form_key(derived: bytes) -> bytes:
        """Derived bytes as a key (ICAO 9303-11, 9.7.1)."""
        ...

    def encrypt(self, blocks: bytes, iv: bytes) -> bytes:
        """CBC over whole blocks."""
        ...

    def decrypt(self, blocks: bytes, iv: bytes) -> bytes:
        """CBC over whole blocks, backwards."""
        ...

    def message_iv(self, counter: bytes) -> bytes:
        """The IV of the message with this send sequence counter."""
        ...

    def authenticate(self, data: bytes) -> bytes:
        """The MAC over bytes of any length."""
        ...

    def authenticate_blocks(self, blocks: bytes) -> bytes:
        """The MAC over whole blocks, which secure messaging has padded itself (9.8.1)."""
        ...


class Aes:
    """AES in CBC and CMAC (ICAO 9303-11, 9.8.7)."""

    block_size: ClassVar[int] = 16

    def __init__(self, key: Secret) -> None:
        self._key = algorithms.AES(key.reveal())
        self._blocks = Cipher(self._key, modes.ECB()).encryptor()  # noqa: S305 - single blocks
        self._mac = CMAC(self._key)  # never fed: copied for every message

    @staticmethod
    def form_key(derived: bytes) -> bytes:
        """The bytes as they are."""
        return derived

    def encrypt(self, blocks: bytes, iv: bytes) -> bytes:
        """CBC over whole blocks."""
        return _whole(Cipher(self._key, modes.CBC(iv)).encryptor(), blocks)

    def decrypt(self, blocks: bytes, iv: bytes) -> bytes:
        """CBC over whole blocks, backwards."""
        return _whole(Cipher(self._key, modes.CBC(iv)).decryptor(), blocks)

    def message_iv(self, counter: bytes) -> bytes:
        """The counter, one block, encrypted (9.8.7.1)."""
        return self._blocks.update(counter)

    def authenticate(self, data: bytes) -> bytes:
        """CMAC, cut to eight bytes."""
        mac = self._mac.copy()
        mac.update(data)
        return mac.finalize()[:MAC_SIZE]

    def authenticate_blocks(self, blocks: bytes) -> bytes:
        """CMAC as well: it tells padded from whole by itself."""
        return self.authenticate(blocks)


class TwoKeyTripleDes:
    """3DES with two keys in CBC, and the retail MAC (ICAO 9303-11, 9.8.6)."""

    block_size: ClassVar[int] = 8

    def __init__(self, key: Secret) -> None:
        first, second = key.reveal()[:8], key.reveal()[8:]
        self._key = TripleDES(first + second + first)
        self._first = TripleDES(first * 3)  # single DES

    @staticmethod
    def form_key(derived: bytes) -> bytes:
        """The bytes with the lowest bit of each set to odd parity (9.7.1.1)."""
        return bytes(byte & 0xFE | (byte >> 1).bit_count() & 1 ^ 1 for byte in derived)

    def encrypt(self, blocks: bytes, iv: bytes) -> bytes:
        """CBC over whole blocks."""
        return _whole(Cipher(self._key, modes.CBC(iv)).encryptor(), blocks)

    def decrypt(self, blocks: bytes, iv: bytes) -> bytes:
        """CBC over whole blocks, backwards."""
        return _whole(Cipher(self._key, modes.CBC(iv)).decryptor(), blocks)

    def message_iv(self, counter: bytes) -> bytes:  # noqa: ARG002 - 3DES does without it
        """Zeros (9.8.6.1)."""
        return bytes(self.block_size)

    def authenticate(self, data: bytes) -> bytes:
        """The retail MAC with padding method 2 (4.4.3.4)."""
        return self.authenticate_blocks(pad(data, self.block_size))

    def authenticate_blocks(self, blocks: bytes) -> bytes:
        """MAC algorithm 3 of ISO/IEC 9797-1: DES along the blocks, 3DES for the last one."""
        encryptor = Cipher(self._first, modes.CBC(bytes(self.block_size))).encryptor()
        chain = bytes(self.block_size) + encryptor.update(blocks[: -self.block_size])
        return self.encrypt(blocks[-self.block_size :], chain[-self.block_size :])
