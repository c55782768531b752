"""Each mapping pinned to the standard's worked examples: the arithmetic of both roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes

from fixtures.cards import scalars
from fixtures.pace_vectors import (
    DH_IM,
    ECDH_CAM,
    ECDH_IM,
    H1_PSEUDO_RANDOM,
    H2_PSEUDO_RANDOM,
    I1_CHIP_DATA,
    I1_PUBLIC_KEY_INFO,
    MAPPING_EXAMPLES,
    MappingExample,
    Party,
)
from harness import tlv
from harness.crypto.chip_key import chip_public_keys
from harness.crypto.chip_mapping import (
    ChipEvidence,
    decrypt_chip_data,
    encrypt_chip_data,
)
from harness.crypto.integrated import IntegratedMapping, IntegratedMappingChip, pseudo_random
from harness.crypto.kdf import session_keys
from harness.crypto.pace import GenericMapping, Mapping, decrypt_nonce, encrypt_nonce
from harness.crypto.standardized import DOMAINS
from harness.crypto.suite import AES_128, AES_192, AES_256, TRIPLE_DES, Cipher, PaceSuite
from harness.errors import CheckError
from harness.secret import Secret
from harness.security_info import parse_security_infos

ROLES = ("terminal", "chip")
MAPPINGS: dict[tuple[str, str], Callable[..., Mapping]] = {
    ("GM", "terminal"): GenericMapping,
    ("GM", "chip"): GenericMapping,
    ("CAM", "terminal"): GenericMapping,
    ("CAM", "chip"): GenericMapping,
    ("IM", "terminal"): IntegratedMapping,
    ("IM", "chip"): IntegratedMappingChip,
}
every_example = pytest.mark.parametrize("example", MAPPING_EXAMPLES, ids=lambda e: e.name)
every_role = pytest.mark.parametrize("role", ROLES)


def parties(example: MappingExample, role: str) -> tuple[Party, Party]:
    """Ourselves in that role, and the other one."""
    both = (example.terminal, example.chip)
    return both if role == "terminal" else (both[1], both[0])


def begin(example: MappingExample, role: str, *drawn: int) -> Mapping:
    """The first step of that role, with these draws instead of the published ones if given."""
    suite, domain = PaceSuite.of(example.oid), DOMAINS[example.parameter_id]
    own, _ = parties(example, role)
    return MAPPINGS[suite.mapping, role](suite, domain, scalars(*(drawn or own.drawn)))


@every_example
def test_the_nonce(example: MappingExample) -> None:
    """The chip's encryption and the terminal's decryption of the nonce are those published."""
    key = Secret(example.password_key)
    assert encrypt_nonce(example.nonce, key, AES_128) == example.encrypted_nonce
    assert decrypt_nonce(example.encrypted_nonce, key, AES_128) == example.nonce


@every_example
@every_role
def test_a_whole_run(example: MappingExample, role: str) -> None:
    """Given what it drew, each role makes every public value, both keys and both tokens."""
    own, peer = parties(example, role)
    mapping = begin(example, role)
    assert mapping.public == own.mapping
    agreement = mapping.agree(example.nonce, peer.mapping)
    assert agreement.public == own.ephemeral
    confirmation = agreement.confirm(peer.ephemeral)
    assert confirmation.keys.enc.reveal() == example.key_enc
    assert confirmation.keys.mac.reveal() == example.key_mac
    assert (confirmation.own_token, confirmation.peer_token) == (own.token, peer.token)


@every_example
def test_the_mapped_generator(example: MappingExample) -> None:
    """With the private key one, the public key is the mapped generator itself."""
    own, peer = parties(example, "terminal")
    mapping = begin(example, "terminal", own.drawn[0], 1)
    assert mapping.agree(example.nonce, peer.mapping).public == example.mapped


@every_example
def test_the_shared_secret(example: MappingExample) -> None:
    """Both products of the ephemeral keys are the published secret, which leads to the keys."""
    domain: Any = DOMAINS[example.parameter_id]
    for role in ROLES:
        own, peer = parties(example, role)
        secret = domain.shared_secret(domain.decode(peer.ephemeral), own.drawn[-1])
        assert secret == example.shared_secret
    assert session_keys(example.shared_secret, AES_128).enc.reveal() == example.key_enc


@pytest.mark.parametrize(
    ("example", "number"),
    [(ECDH_IM, H1_PSEUDO_RANDOM), (DH_IM, H2_PSEUDO_RANDOM)],
    ids=["H.1", "H.2"],
)
def test_the_pseudo_random_function(example: MappingExample, number: int) -> None:
    """R_p makes the published number of both nonces."""
    prime = DOMAINS[example.parameter_id].prime
    assert pseudo_random(AES_128, example.nonce, example.terminal.mapping, prime) == number


C0_128, C1_128 = (
    bytes.fromhex(each)
    for each in ("A668892A7C41E3CA739F40B057D85904", "A4E136AC725F738B01C1F60217C188AD")
)
C0_256, C1_256 = (
    bytes.fromhex(each)
    for each in (
        "D463D65234124EF7897054986DCA0A174E28DF758CBAA03F240616414D5A1676",
        "54BD7255F0AAF831BEC3423FCF39D69B6CBF066677D0FAAE5AADD99DF8E53517",
    )
)


@pytest.mark.parametrize(
    ("cipher", "count"),
    [(TRIPLE_DES, 5), (AES_128, 5), (AES_192, 3), (AES_256, 3)],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_pseudo_random_function_written_out(cipher: Cipher, count: int) -> None:
    """With every cipher R_p is the chain of the standard's figure, written out for 521 bits."""

    def encrypt(key: bytes, blocks: bytes) -> bytes:
        if cipher is TRIPLE_DES:
            context = BlockCipher(TripleDES(key + key[:8]), modes.CBC(bytes(8)))
        else:
            context = BlockCipher(algorithms.AES(key[: cipher.key_size]), modes.CBC(bytes(16)))
        return context.encryptor().update(blocks)

    prime = DOMAINS[18].prime
    chip, terminal = bytes(range(cipher.nonce_size)), bytes(range(100, 100 + cipher.key_size))
    c0, c1 = (C0_128, C1_128) if cipher.nonce_size == 16 else (C0_256, C1_256)
    keys = [encrypt(terminal, chip)]
    while len(keys) < count:
        keys.append(encrypt(keys[-1], c0))
    expected = int.from_bytes(b"".join(encrypt(key, c1) for key in keys), "big") % prime
    assert pseudo_random(cipher, chip, terminal, prime) == expected


def test_the_encrypted_chip_data() -> None:
    """Appendix I.1's chip authentication data is encrypted and decrypted as published."""
    keys = session_keys(ECDH_CAM.shared_secret, AES_128)
    encrypted = ECDH_CAM.last_answer[-48:]
    assert encrypt_chip_data(I1_CHIP_DATA, keys) == encrypted
    assert decrypt_chip_data(encrypted, keys) == I1_CHIP_DATA


def evidence(chip_data: bytes = I1_CHIP_DATA, key_id: int = 13) -> ChipEvidence:
    """What the run of appendix I.1 leaves, or something near it."""
    return ChipEvidence(DOMAINS[13], key_id, ECDH_CAM.chip.mapping, chip_data)


def test_the_chip_is_authentic() -> None:
    """The terminal finds the chip of appendix I.1 authentic with its public key as published."""
    infos = parse_security_infos(tlv.encode(0x31, I1_PUBLIC_KEY_INFO))
    (key,) = chip_public_keys(infos)
    assert (key.domain, key.key_id) == (DOMAINS[13], 13)
    assert evidence().check([key]) == key
    assert key.encode() == I1_PUBLIC_KEY_INFO


@pytest.mark.parametrize(
    ("doubtful", "said"),
    [
        (evidence(I1_CHIP_DATA[:-1] + b"\0"), "may be a copy"),
        (evidence(bytes(32)), "may be a copy"),
        (evidence(b"\xff" * 32), "may be a copy"),
        (evidence(b"\0" + I1_CHIP_DATA), "may be a copy"),
        (evidence(b""), "may be a copy"),
        (evidence(key_id=14), "no static public key with the number 14"),
    ],
)
def test_a_chip_that_is_not_authentic(doubtful: ChipEvidence, said: str) -> None:
    """Other data, data out of range and an unknown key are told apart and refused."""
    infos = parse_security_infos(tlv.encode(0x31, I1_PUBLIC_KEY_INFO))
    with pytest.raises(CheckError, match=said):
        doubtful.check(chip_public_keys(infos))
