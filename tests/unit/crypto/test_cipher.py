"""Block ciphers, their MACs and paddings."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from fixtures.triple_des_vectors import KEY_SEED, MACED, RETAIL_MAC, SEED_ENC, SEED_MAC
from harness.crypto.cipher import Aes, TwoKeyTripleDes
from harness.crypto.kdf import session_keys
from harness.crypto.suite import AES_128, AES_192, AES_256, TRIPLE_DES, Cipher
from harness.secret import Secret


def test_keys_of_appendix_d1() -> None:
    """3DES keys come from the seed with the published parity bits."""
    keys = session_keys(KEY_SEED, TRIPLE_DES)
    assert (keys.enc.reveal(), keys.mac.reveal()) == (SEED_ENC, SEED_MAC)


def test_parity_is_odd() -> None:
    """Every byte gets an odd number of ones by its lowest bit alone."""
    formed = TwoKeyTripleDes.form_key(bytes(range(256)))
    assert all(each.bit_count() % 2 for each in formed)
    assert [each | 1 for each in formed] == [each | 1 for each in range(256)]


def test_retail_mac_of_appendix_d3() -> None:
    """The MAC over the encrypted data of appendix D.3 is the published one."""
    assert TwoKeyTripleDes(Secret(SEED_MAC)).authenticate(MACED) == RETAIL_MAC


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 16])
def test_a_mac_over_any_length(size: int) -> None:
    """Any length can be authenticated, and one block more is another MAC."""
    cipher = TwoKeyTripleDes(Secret(SEED_MAC))
    assert len(cipher.authenticate(bytes(size))) == 8
    assert cipher.authenticate(bytes(size)) != cipher.authenticate(bytes(size + 1))


@pytest.mark.parametrize("cipher", [TRIPLE_DES, AES_128, AES_192, AES_256], ids=lambda c: c.name)
def test_encryption_is_undone(cipher: Cipher) -> None:
    """What is encrypted under a key and an IV is decrypted under the same."""
    keyed = cipher.keyed(Secret(bytes(range(cipher.key_size))))
    blocks, iv = bytes(range(48)), bytes(range(keyed.block_size))
    encrypted = keyed.encrypt(blocks, iv)
    assert (len(encrypted), keyed.decrypt(encrypted, iv)) == (48, blocks)
    assert encrypted != keyed.encrypt(blocks, bytes(keyed.block_size))


def test_aes_mac_is_cmac() -> None:
    """The MAC of AES is CMAC, cut to eight bytes, for whole blocks as for any length."""
    key = bytes(range(24))
    for data in (b"", b"data", bytes(32)):
        whole = CMAC(algorithms.AES(key))
        whole.update(data)
        expected = whole.finalize()[:8]
        assert Aes(Secret(key)).authenticate(data) == expected
        assert Aes(Secret(key)).authenticate_blocks(data) == expected


@pytest.mark.parametrize(
    ("cipher", "size"), [(TRIPLE_DES, 16), (AES_128, 16), (AES_192, 32), (AES_256, 32)]
)
def test_nonces_of_the_integrated_mapping(cipher: Cipher, size: int) -> None:
    """The chip's nonce is as many whole blocks as hold a key (ICAO 9303-11, 4.4.3.3)."""
    assert cipher.nonce_size == size
