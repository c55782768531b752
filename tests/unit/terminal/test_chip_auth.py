"""Chip Authentication from the terminal, held against recorded sessions."""

from __future__ import annotations

import pytest

from fixtures.cards import ScriptedCard, scalars
from fixtures.emrtd_vectors import (
    AES_KEY_ID,
    AES_NO_KEY_ID,
    KAT_NO_INFO,
    ChipSessionExample,
)
from harness.apdu import CommandApdu
from harness.crypto.chip_auth import (
    CHIP_AUTHENTICATION_SUITES,
    ID_CA,
    ChipAuthenticationOffer,
    chip_authentication_offers,
)
from harness.crypto.chip_key import ChipPublicKey
from harness.crypto.kdf import SessionKeys
from harness.crypto.standardized import DOMAINS
from harness.errors import ApduError, ProtocolViolation
from harness.secret import Secret
from harness.secure_messaging import TerminalSession
from harness.security_info import parse_security_infos
from harness.terminal.channel import CardChannel
from harness.terminal.chip_auth import ChipAuthenticationTerminal

SELECT_DG14 = CommandApdu(0x00, 0xA4, 0x02, 0x0C, bytes.fromhex("010E"))


@pytest.mark.parametrize("example", [AES_NO_KEY_ID, AES_KEY_ID, KAT_NO_INFO], ids=lambda e: e.name)
def test_recorded_sessions(example: ChipSessionExample) -> None:
    """The commands of real sessions come out, and the first one under the new keys as well."""
    cipher, enc, mac, ssc = example.old
    session = TerminalSession(SessionKeys(cipher, Secret(enc), Secret(mac)), ssc)
    card = ScriptedCard(example.exchanges)
    (offer,) = chip_authentication_offers(parse_security_infos(example.infos))
    terminal = ChipAuthenticationTerminal(offer, scalars(example.private))
    channel = terminal.establish(CardChannel(card, session=session))
    assert channel.send(SELECT_DG14) == b""
    assert card.is_finished


def offer(public: bytes, oid: str = f"{ID_CA}.2.2", group: int = 12) -> ChipAuthenticationOffer:
    """A chip with some key on a curve."""
    key = ChipPublicKey(DOMAINS[group], public, None)
    return ChipAuthenticationOffer(CHIP_AUTHENTICATION_SUITES[oid], key, None)


POINT = DOMAINS[12].encode(DOMAINS[12].multiply_generator(7))
ONE = DOMAINS[12].encode(DOMAINS[12].generator).hex().upper()
SET_AT = ("002241A40C800A04007F00070202030202", "9000")
GENERAL = f"00860000457C438041{ONE}00"


@pytest.mark.parametrize(
    "answer", ["", "7C", "7D00", "7C0000", "8000"], ids=["empty", "cut", "7D", "tail", "80"]
)
def test_malformed_answers(answer: str) -> None:
    """An answer that is not dynamic authentication data leads to no channel."""
    card = ScriptedCard([SET_AT, (GENERAL, answer + "9000")])
    with pytest.raises(ProtocolViolation):
        ChipAuthenticationTerminal(offer(POINT), scalars(1)).establish(CardChannel(card))
    assert card.is_finished


@pytest.mark.parametrize("script", [[(SET_AT[0], "6A88")], [SET_AT, (GENERAL, "6300")]])
def test_a_refusal(script: list[tuple[str, str]]) -> None:
    """A card that refuses either command is told with its status word."""
    with pytest.raises(ApduError):
        ChipAuthenticationTerminal(offer(POINT), scalars(1)).establish(
            CardChannel(ScriptedCard(script))
        )


@pytest.mark.parametrize("public", [b"", POINT[:-1], POINT[:-1] + b"\0", b"\x04" + bytes(64)])
def test_a_key_that_must_not_be_used(public: bytes) -> None:
    """With a malformed static key nothing is sent at all."""
    with pytest.raises(ProtocolViolation):
        ChipAuthenticationTerminal(offer(public), scalars(1)).establish(
            CardChannel(ScriptedCard([]))
        )


def test_a_long_key_goes_with_extended_length() -> None:
    """A public value of 2048 bits needs an extended command, which this step may have."""
    domain = DOMAINS[2]
    public = domain.encode(domain.multiply_generator(9))
    own = domain.encode(domain.parameters.g).hex().upper()
    chip = offer(public, f"{ID_CA}.1.4", 2)
    card = ScriptedCard(
        [
            ("002241A40C800A04007F00070202030104", "9000"),
            (f"008600000001087C82010480820100{own}0000", "7C009000"),
        ]
    )
    channel = ChipAuthenticationTerminal(chip, scalars(1)).establish(CardChannel(card))
    assert channel.is_secured
    assert card.is_finished
