"""Protected commands in parts: put together rightly they are those of the standard."""

from __future__ import annotations

import pytest

from fixtures.vectors import ICAO_G1, ICAO_G1_SELECT
from harness import tlv
from harness.apdu import CommandApdu
from harness.conformance.acts.forged import Protected, flipped, shortened
from harness.crypto.kdf import SessionKeys
from harness.crypto.suite import AES_128, TRIPLE_DES
from harness.secret import Secret
from harness.secure_messaging import ChipSession, SecureMessagingFault

SELECT = CommandApdu.decode(bytes.fromhex(ICAO_G1_SELECT.exchanges[0].command))
READ = CommandApdu(0x00, 0xB0, 0x00, 0x00, ne=8)
KEYS = tuple(
    SessionKeys(cipher, Secret(bytes(range(16))), Secret(bytes(range(16, 32))))
    for cipher in (AES_128, TRIPLE_DES)
)
each_cipher = pytest.mark.parametrize("keys", KEYS, ids=lambda keys: keys.cipher.name)


def test_the_worked_example() -> None:
    """The parts of the example's command, put together, are its bytes (ICAO 9303-11, G)."""
    keys = SessionKeys(AES_128, Secret(ICAO_G1.key_enc), Secret(ICAO_G1.key_mac))
    parts = Protected.of(keys, 1, SELECT)
    assert parts.command().encode().hex().upper() == ICAO_G1_SELECT.exchanges[0].protected
    assert parts.sealed() == parts


@each_cipher
@pytest.mark.parametrize("command", [SELECT, READ], ids=["select", "read"])
def test_what_is_sealed_anew_is_taken(keys: SessionKeys, command: CommandApdu) -> None:
    """The MAC of our own making is the one the chip expects, with every cipher."""
    parts = Protected.of(keys, 1, command).with_wrong_mac()
    assert ChipSession(keys).unprotect(parts.sealed().command()) == command


@each_cipher
def test_what_is_encrypted_anew_is_taken(keys: SessionKeys) -> None:
    """Whole blocks of our own are what the chip finds in DO87."""
    block = keys.cipher.keyed.block_size
    parts = Protected.of(keys, 1, SELECT).encrypting(b"\x80" + bytes(block - 1))
    assert ChipSession(keys).unprotect(parts.command()).data == b""


@each_cipher
def test_another_counter(keys: SessionKeys) -> None:
    """A command for another counter is taken there, and only there."""
    parts = Protected.of(keys, 1, SELECT).at(7)
    assert ChipSession(keys, 6).unprotect(parts.command()) == SELECT
    with pytest.raises(SecureMessagingFault):
        ChipSession(keys).unprotect(parts.command())


def test_parts_can_be_left_out_and_cut() -> None:
    """Objects, class byte and MAC are what they are made to be."""
    parts = Protected.of(KEYS[0], 1, READ)
    assert parts.command(b"", cla=0x00).encode().hex() == "00b0000000"
    assert flipped(b"\x01\x02") == b"\x01\x03"
    assert tlv.parse_one(shortened(parts.mac)).value == parts.mac[:7]
