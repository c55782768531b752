"""The arithmetic of PACE, pinned to the standard's worked example in both roles."""

from __future__ import annotations

import secrets

import pytest

from fixtures.cards import scalars
from fixtures.vectors import ICAO_G1
from harness.crypto.curve import STANDARDIZED, EcDomain
from harness.crypto.pace import (
    GenericMapping,
    KeyAgreementError,
    authentication_token,
    decrypt_nonce,
    encrypt_nonce,
)
from harness.crypto.suite import AES_128, SUITES, PaceSuite
from harness.secret import Secret

SUITE, DOMAIN = PaceSuite.of(ICAO_G1.oid), STANDARDIZED[ICAO_G1.parameter_id]
TERMINAL = (ICAO_G1.terminal_mapping, ICAO_G1.terminal_ephemeral)
CHIP = (ICAO_G1.chip_mapping, ICAO_G1.chip_ephemeral)


def test_nonce_of_appendix_g1() -> None:
    """The chip's encryption and the terminal's decryption of the nonce are those published."""
    key = Secret(ICAO_G1.password_key)
    assert encrypt_nonce(ICAO_G1.nonce, key, AES_128) == ICAO_G1.encrypted_nonce
    assert decrypt_nonce(ICAO_G1.encrypted_nonce, key, AES_128) == ICAO_G1.nonce


@pytest.mark.parametrize(
    ("own", "peer", "own_token", "peer_token"),
    [
        pytest.param(TERMINAL, CHIP, ICAO_G1.terminal_token, ICAO_G1.chip_token, id="terminal"),
        pytest.param(CHIP, TERMINAL, ICAO_G1.chip_token, ICAO_G1.terminal_token, id="chip"),
    ],
)
def test_appendix_g1(
    own: tuple[tuple[int, bytes], ...],
    peer: tuple[tuple[int, bytes], ...],
    own_token: bytes,
    peer_token: bytes,
) -> None:
    """Each role, given its private keys, makes every public value of the worked example."""
    mapping = GenericMapping(SUITE, DOMAIN, scalars(own[0][0], own[1][0]))
    assert mapping.public == own[0][1]
    agreement = mapping.agree(ICAO_G1.nonce, peer[0][1])
    assert agreement.public == own[1][1]
    confirmation = agreement.confirm(peer[1][1])
    assert confirmation.keys.enc.reveal() == ICAO_G1.key_enc
    assert confirmation.keys.mac.reveal() == ICAO_G1.key_mac
    assert (confirmation.own_token, confirmation.peer_token) == (own_token, peer_token)


def test_mapped_generator_of_appendix_g1() -> None:
    """With the private key one, the agreement's public key is the mapped generator itself."""
    mapping = GenericMapping(SUITE, DOMAIN, scalars(ICAO_G1.terminal_mapping[0], 1))
    assert mapping.agree(ICAO_G1.nonce, ICAO_G1.chip_mapping[1]).public == ICAO_G1.mapped_generator


@pytest.mark.parametrize(
    "suite",
    [each for each in SUITES.values() if (each.key_agreement, each.mapping) == ("ECDH", "GM")],
    ids=lambda suite: suite.cipher.name,
)
@pytest.mark.parametrize("domain", STANDARDIZED.values(), ids=lambda domain: domain.name)
def test_both_roles_agree(suite: PaceSuite, domain: EcDomain) -> None:
    """On every curve and with every cipher both roles end with the same keys and cross tokens."""
    nonce = secrets.token_bytes(32)
    one, other = (GenericMapping(suite, domain, secrets.randbelow) for _ in range(2))
    one_agreed, other_agreed = one.agree(nonce, other.public), other.agree(nonce, one.public)
    left, right = one_agreed.confirm(other_agreed.public), other_agreed.confirm(one_agreed.public)
    assert left.keys == right.keys
    assert (left.own_token, left.peer_token) == (right.peer_token, right.own_token)
    assert left.own_token != left.peer_token


@pytest.mark.parametrize("size", [0, 8, 17])
def test_malformed_nonce(size: int) -> None:
    """An encrypted nonce that is not whole blocks is refused."""
    with pytest.raises(KeyAgreementError, match="multiple of 16"):
        decrypt_nonce(bytes(size), Secret(ICAO_G1.password_key), AES_128)


def test_reflected_keys_are_refused() -> None:
    """Neither step accepts our own public key back (ICAO 9303-11, 4.4.1 step 3 c)."""
    mapping = GenericMapping(SUITE, DOMAIN, secrets.randbelow)
    with pytest.raises(KeyAgreementError, match="our own"):
        mapping.agree(ICAO_G1.nonce, mapping.public)
    agreement = mapping.agree(ICAO_G1.nonce, ICAO_G1.chip_mapping[1])
    with pytest.raises(KeyAgreementError, match="our own"):
        agreement.confirm(agreement.public)


@pytest.mark.parametrize("bad", [b"", b"\0", b"\x04" + bytes(64), ICAO_G1.chip_mapping[1][:-1]])
def test_unusable_points_are_refused(bad: bytes) -> None:
    """Both steps refuse points that are malformed or off the curve."""
    mapping = GenericMapping(SUITE, DOMAIN, secrets.randbelow)
    with pytest.raises(KeyAgreementError):
        mapping.agree(ICAO_G1.nonce, bad)
    agreement = mapping.agree(ICAO_G1.nonce, ICAO_G1.chip_mapping[1])
    with pytest.raises(KeyAgreementError):
        agreement.confirm(bad)


def test_a_mapping_to_infinity_is_refused() -> None:
    """A peer who steers the mapped generator to infinity is refused."""
    mapping = GenericMapping(SUITE, DOMAIN, scalars(1, 1))
    peer = DOMAIN.encode(DOMAIN.multiply_generator(-5 % DOMAIN.curve.q))
    with pytest.raises(KeyAgreementError, match="infinity"):
        mapping.agree((5).to_bytes(16, "big"), peer)


def test_token_input_of_appendix_g1() -> None:
    """The tokens of the worked example are made over the other side's ephemeral key."""
    mapping = GenericMapping(
        SUITE, DOMAIN, scalars(ICAO_G1.terminal_mapping[0], ICAO_G1.terminal_ephemeral[0])
    )
    keys = (
        mapping.agree(ICAO_G1.nonce, ICAO_G1.chip_mapping[1])
        .confirm(ICAO_G1.chip_ephemeral[1])
        .keys
    )
    assert authentication_token(SUITE, keys, ICAO_G1.chip_ephemeral[1]) == ICAO_G1.terminal_token
    assert authentication_token(SUITE, keys, ICAO_G1.terminal_ephemeral[1]) == ICAO_G1.chip_token
