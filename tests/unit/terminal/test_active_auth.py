"""Active Authentication from the terminal, held against a recorded passport."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from fixtures.cards import AnsweringCard, ScriptedCard
from fixtures.emrtd_vectors import RecordedActive
from harness.crypto.active_auth import sign
from harness.crypto.kdf import SessionKeys
from harness.crypto.public_key import load_public_key
from harness.crypto.suite import TRIPLE_DES
from harness.errors import ApduError, CheckError
from harness.secret import Secret
from harness.secure_messaging import TerminalSession
from harness.terminal.active_auth import ActiveAuthenticationTerminal
from harness.terminal.channel import CardChannel


def test_a_recorded_passport() -> None:
    """The recorded command comes out, and the recorded answer holds."""
    keys = SessionKeys(TRIPLE_DES, Secret(RecordedActive.KS_ENC), Secret(RecordedActive.KS_MAC))
    card = ScriptedCard([(RecordedActive.COMMAND, RecordedActive.ANSWER)])
    channel = CardChannel(card, session=TerminalSession(keys, RecordedActive.SSC))
    key = load_public_key(RecordedActive.PUBLIC_KEY)
    terminal = ActiveAuthenticationTerminal(key, random=lambda _: RecordedActive.CHALLENGE)
    assert terminal.run(channel) == "sha256"


def answering(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> AnsweringCard:
    """A chip with this key."""
    return AnsweringCard(lambda raw: sign(key, raw[5:13], "sha256", bytes) + b"\x90\0")


@pytest.mark.parametrize(("extended", "le"), [(False, "00"), (True, "0000")])
def test_a_long_signature(le: str, *, extended: bool) -> None:
    """A signature longer than a short answer is asked for as such only where the card allows it."""
    key = rsa.generate_private_key(65537, 3072)
    seen: list[bytes] = []

    def answer(raw: bytes) -> bytes:
        seen.append(raw)
        at = 7 if extended else 5
        return sign(key, raw[at : at + 8], "sha256", bytes) + b"\x90\0"

    terminal = ActiveAuthenticationTerminal(key.public_key(), extended_length=extended)
    assert terminal.run(CardChannel(AnsweringCard(answer))) == "sha256"
    assert seen[0].hex().endswith(le)
    assert (seen[0][4] == 0) == extended


def test_a_copied_chip() -> None:
    """A chip with another key than DG15 says is found out."""
    one, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    with pytest.raises(CheckError, match="DG15"):
        ActiveAuthenticationTerminal(other.public_key()).run(CardChannel(answering(one)))
    assert ActiveAuthenticationTerminal(one.public_key()).run(CardChannel(answering(one)))


def test_every_challenge_is_new() -> None:
    """Two runs do not use the same challenge."""
    key = ec.generate_private_key(ec.SECP256R1())
    card = answering(key)
    for _ in range(2):
        ActiveAuthenticationTerminal(key.public_key()).run(CardChannel(card))
    assert card.sent[0] != card.sent[1]


def test_a_refusal() -> None:
    """A card that refuses is told with its status word."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    card = AnsweringCard(lambda _: b"\x6d\x00")
    with pytest.raises(ApduError):
        ActiveAuthenticationTerminal(key).run(CardChannel(card))
