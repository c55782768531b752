"""Typed APDUs over a card."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.cards import AnsweringCard, ScriptedCard
from fixtures.vectors import GMRTD_AES_256
from harness.apdu import CommandApdu
from harness.crypto.kdf import SessionKeys
from harness.errors import ApduError, LinkError, ProtocolViolation
from harness.secret import Secret
from harness.secure_messaging import SecureMessagingError, UnprotectedStatusError
from harness.terminal.channel import CardChannel, is_authentication_failure
from harness.trace import Exchange, Journal, Level

READ = CommandApdu(0x00, 0xB0, 0x00, 0x00, ne=256)
KEYS = SessionKeys(GMRTD_AES_256.cipher, Secret(GMRTD_AES_256.enc), Secret(GMRTD_AES_256.mac))


class Notes:
    """An observer that keeps what it was told."""

    def __init__(self) -> None:
        self.seen: list[Exchange] = []

    def note(self, exchange: Exchange) -> None:
        """Keep it."""
        self.seen.append(exchange)


def test_an_answer_in_parts() -> None:
    """61xx is followed by GET RESPONSE with that length until 9000, and the parts are joined."""
    card = ScriptedCard(
        [("00B0000000", "AA6102"), ("00C0000002", "BBCC6100"), ("00C0000000", "DD9000")]
    )
    assert CardChannel(card).send(READ) == bytes.fromhex("AABBCCDD")
    assert card.is_finished


def test_a_wrong_le_is_corrected_once() -> None:
    """6Cxx repeats the plain command with the right Le, once and not for ever."""
    card = ScriptedCard([("00B0000000", "6C10"), ("00B0000010", "AA9000")])
    assert CardChannel(card).send(READ) == b"\xaa"
    again = ScriptedCard([("00B0000000", "6C10"), ("00B0000010", "6C20")])
    assert CardChannel(again).transmit(READ).sw == 0x6C20


def test_without_le_nothing_is_corrected() -> None:
    """A command that wants nothing is not repeated for 6Cxx."""
    card = ScriptedCard([("00A4000C", "6C10")])
    assert CardChannel(card).transmit(CommandApdu(0x00, 0xA4, 0x00, 0x0C)).sw == 0x6C10


def test_an_answer_that_never_ends() -> None:
    """61xx for ever, with data or without, ends in a violation."""
    for more in ("6100", "AA" * 256 + "6100"):
        card = AnsweringCard(lambda _, more=more: bytes.fromhex(more))  # type: ignore[misc]
        with pytest.raises(ProtocolViolation, match="never ends"):
            CardChannel(card).transmit(READ)
        assert len(card.sent) < 300


@pytest.mark.parametrize("raw", [b"", b"\x90"])
def test_garbage_is_no_answer(raw: bytes) -> None:
    """Fewer than two bytes are a violation, not a crash."""
    with pytest.raises(ProtocolViolation, match="is no APDU"):
        CardChannel(AnsweringCard(lambda _: raw)).transmit(READ)


def test_send_wants_9000() -> None:
    """Anything but 9000 is an ApduError that names command and meaning, not the data."""
    command = CommandApdu(0x00, 0x20, 0x00, 0x01, b"1234")
    with pytest.raises(ApduError) as caught:
        CardChannel(AnsweringCard(lambda _: b"\x63\xc2")).send(command)
    assert (
        str(caught.value)
        == "VERIFY (00200001) was answered 63C2 (verification failed, 2 tries left)"
    )
    with pytest.raises(ApduError, match=r"62FF \(unknown status word\)"):
        CardChannel(AnsweringCard(lambda _: b"\x62\xff")).send(READ)


def secured(answers: list[str]) -> tuple[CardChannel, AnsweringCard]:
    """A channel under known keys over a card that gives these answers."""
    left: Iterator[str] = iter(answers)
    card = AnsweringCard(lambda _: bytes.fromhex(next(left)))
    channel = CardChannel(card).secured(KEYS)
    assert channel._session is not None
    channel._session._keyed._ssc = GMRTD_AES_256.ssc
    return channel, card


SELECT = CommandApdu.decode(bytes.fromhex(GMRTD_AES_256.exchanges[0].command))
GOOD = GMRTD_AES_256.exchanges[0].protected_answer


def test_a_secured_channel_is_another_one() -> None:
    """`secured` leaves the plain channel as it was."""
    plain = CardChannel(AnsweringCard(lambda _: b"\x90\x00"))
    assert plain.secured(KEYS).is_secured
    assert not plain.is_secured
    assert plain.secured(KEYS).journal is plain.journal


def test_a_command_as_it_leaves() -> None:
    """A protected command can be had without being sent, and the next one counts on from it."""
    plain, secured = CardChannel(ScriptedCard([])), CardChannel(ScriptedCard([])).secured(KEYS)
    assert plain.protected(READ) == READ
    first, second = secured.protected(READ), secured.protected(READ)
    assert first.is_secured
    assert first.data[-8:] != second.data[-8:]


def test_a_published_run_through_the_channel() -> None:
    """Three published exchanges pass through the channel byte for byte."""
    channel, card = secured([each.protected_answer for each in GMRTD_AES_256.exchanges])
    for each in GMRTD_AES_256.exchanges:
        answer = channel.transmit(CommandApdu.decode(bytes.fromhex(each.command)))
        assert answer.encode().hex().upper() == each.answer
    assert card.sent == [each.protected for each in GMRTD_AES_256.exchanges]


def test_a_protected_answer_in_parts() -> None:
    """GET RESPONSE goes in the clear and counts for nothing; the joined answer is unwrapped."""
    channel, card = secured([GOOD[:8] + "610A", GOOD[8:-4] + "9000"])
    assert channel.transmit(SELECT).ok
    assert card.sent[1] == "00C000000A"


@pytest.mark.parametrize("answer", ["6C10", "6700", "6988", "6982"])
def test_a_protected_command_is_never_sent_twice(answer: str) -> None:
    """Whatever the card answers in the clear, the command went out once and the channel is over."""
    channel, card = secured([answer])
    with pytest.raises(UnprotectedStatusError):
        channel.transmit(SELECT)
    with pytest.raises(SecureMessagingError):
        channel.transmit(SELECT)
    assert len(card.sent) == 1


def test_a_naked_success() -> None:
    """9000 without protection is no success."""
    channel, _ = secured(["9000"])
    with pytest.raises(SecureMessagingError, match="carries no MAC"):
        channel.transmit(SELECT)


def test_what_the_observers_hear() -> None:
    """The plain exchange is noted once, with no answer where the card was lost."""
    notes, lost = Notes(), LinkError("gone")

    def vanish(_: bytes) -> bytes:
        raise lost

    journal = Journal(observers=(notes,))
    CardChannel(AnsweringCard(lambda _: b"\xaa\x90\x00"), journal).send(READ)
    with pytest.raises(LinkError), journal.phase("read"):
        CardChannel(AnsweringCard(vanish), journal).send(READ)
    assert [(each.level, each.phase, each.response.hex()) for each in notes.seen] == [
        (Level.PLAIN, "", "aa9000"),
        (Level.PLAIN, "read", ""),
    ]


@pytest.mark.parametrize(
    ("sw", "failed"),
    [(0x6300, True), (0x63C0, True), (0x63C5, True), (0x6301, False), (0x6982, False)],
)
def test_authentication_failures(sw: int, *, failed: bool) -> None:
    """6300 and 63Cx say that a password was wrong, nothing else does."""
    assert is_authentication_failure(sw) is failed
