"""The arithmetic of PACE and secure messaging against OpenPACE, suite by suite, in both roles.

The library knows the generic mapping as ICAO 9303-11 has it, over numbers and over curves. Its
integrated mapping is a draft from before the standard and it has no chip authentication mapping,
so those rest on the worked examples.
"""

from __future__ import annotations

import ctypes
import secrets
from collections.abc import Iterator

import pytest

from fixtures.openpace import LIBRARY, Openpace
from fixtures.pace_runs import COMBINATIONS, name_of
from harness import tlv
from harness.crypto.cipher import pad
from harness.crypto.kdf import SessionKeys, password_key
from harness.crypto.pace import Agreement, GenericMapping, decrypt_nonce, encrypt_nonce
from harness.crypto.standardized import DOMAINS
from harness.crypto.suite import PaceSuite
from harness.secret import Can
from harness.secure_messaging import _Keyed
from harness.security_info import PaceInfo, encode_pace_info


def _is_missing() -> bool:
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        return True
    return False


pytestmark = pytest.mark.skipif(
    _is_missing(), reason=f"{LIBRARY} is missing: install Debian's package libeac3"
)
CAN = Can("123456")
every_combination = pytest.mark.parametrize(
    ("suite", "parameter_id"),
    [each for each in COMBINATIONS if each[0].mapping == "GM"],
    ids=name_of,
)


@pytest.fixture
def peer() -> Iterator[Openpace]:
    """The library in a process of its own."""
    openpace = Openpace()
    yield openpace
    openpace.close()


def start(peer: Openpace, suite: PaceSuite, parameter_id: int) -> GenericMapping:
    """Begin a run on both sides."""
    info = PaceInfo(suite.oid, 2, parameter_id)
    peer.start(tlv.encode(0x31, encode_pace_info(info)), "CAN", "123456")
    return GenericMapping(suite, DOMAINS[parameter_id], secrets.randbelow)


def finish(peer: Openpace, agreement: Agreement) -> SessionKeys | None:
    """Agree on keys and hold both tokens against the library's.

    None for a shared number that begins with zeros: the library drops them, PKCS #3, 8.3 does not.
    """
    theirs = peer.step("ephemeral_key")
    domain = agreement._domain
    secret = domain.shared_secret(domain.decode(theirs), agreement._private)
    if domain.key_agreement == "DH" and not secret[0]:
        return None
    peer.step("shared_secret", agreement.public)
    confirmation = agreement.confirm(theirs)
    assert peer.step("token", agreement.public) == confirmation.peer_token
    peer.step("verify_token", confirmation.own_token)
    peer.step("open_channel")
    return confirmation.keys


def first(runs: Iterator[SessionKeys | None]) -> SessionKeys:
    """The keys of the first run that the library can end."""
    return next(keys for keys in runs if keys is not None)


def hold_messages_against(peer: Openpace, keys: SessionKeys) -> None:
    """Every counter gives the same ciphertext and the same MAC on both sides."""
    keyed, block = _Keyed(keys), keys.cipher.keyed.block_size
    for plain in (b"", b"a", bytes(15), bytes(range(16)), bytes(range(200))):
        keyed.advance()
        peer.step("count")
        encrypted = keyed.encrypt(plain)
        assert peer.step("encrypt", pad(plain, block)) == encrypted
        assert peer.step("decrypt", encrypted) == pad(plain, block)
        assert peer.step("authenticate", pad(encrypted, block)) == keyed.mac(encrypted)


@every_combination
def test_their_chip(peer: Openpace, suite: PaceSuite, parameter_id: int) -> None:
    """As terminal we agree with the library on keys, tokens and messages."""

    def run() -> SessionKeys | None:
        mapping = start(peer, suite, parameter_id)
        encrypted = peer.step("encrypted_nonce")
        nonce = decrypt_nonce(encrypted, password_key(CAN, suite.cipher), suite.cipher)
        theirs = peer.step("mapping_data")
        peer.step("map_generator", mapping.public)
        return finish(peer, mapping.agree(nonce, theirs))

    hold_messages_against(peer, first(run() for _ in range(9)))


@every_combination
def test_their_terminal(peer: Openpace, suite: PaceSuite, parameter_id: int) -> None:
    """As chip we agree with the library on keys, tokens and messages."""

    def run() -> SessionKeys | None:
        mapping, nonce = start(peer, suite, parameter_id), secrets.token_bytes(16)
        key = password_key(CAN, suite.cipher)
        peer.step("decrypt_nonce", encrypt_nonce(nonce, key, suite.cipher))
        theirs = peer.step("mapping_data")
        peer.step("map_generator", mapping.public)
        return finish(peer, mapping.agree(nonce, theirs))

    hold_messages_against(peer, first(run() for _ in range(9)))
