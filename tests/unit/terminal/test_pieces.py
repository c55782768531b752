"""What was read so far, and reading on from there."""

from __future__ import annotations

import pytest

from fixtures.cards import IDEMIA, PROFILES, AnsweringCard, Talk, image_of, opened, profile_of
from harness.errors import LinkError
from harness.profile import Content
from harness.terminal.channel import CardChannel
from harness.terminal.files import Files
from harness.terminal.pieces import MARK_SIZE, Pieces

DER = Content.AUTHENTICATION_CERTIFICATE


def test_whole_and_begun() -> None:
    """A file is begun until it is finished, and nothing is left after clearing."""
    pieces = Pieces()
    assert not pieces
    pieces.keep(DER, b"half")
    assert (pieces.begun(DER), pieces.whole(DER), bool(pieces)) == (b"half", None, True)
    assert pieces.finish(DER, b"whole") == b"whole"
    assert (pieces.begun(DER), pieces.whole(DER)) == (b"", b"whole")
    pieces.clear()
    assert not pieces


def test_the_mark_of_a_card() -> None:
    """What no other card has serves as a mark, the latest first; a surname does not."""
    pieces = Pieces()
    pieces.finish(Content.SURNAME, b"TAMM")
    assert pieces.mark() is None
    pieces.finish(Content.PERSONAL_CODE, b"38001085718")
    pieces.finish(Content.CITIZENSHIP, b"EST")
    assert pieces.mark() == (Content.PERSONAL_CODE, b"38001085718")
    pieces.keep(DER, bytes(MARK_SIZE - 1))
    assert pieces.mark() == (Content.PERSONAL_CODE, b"38001085718")
    pieces.keep(DER, bytes(100))
    assert pieces.mark() == (DER, bytes(MARK_SIZE))


def test_a_short_beginning_is_no_mark() -> None:
    """The first bytes of all certificates are the same; they tell no card from another."""
    pieces = Pieces()
    pieces.keep(DER, bytes(MARK_SIZE - 1))
    assert pieces.mark() is None


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("lost_at", range(6))
def test_a_torn_read_goes_on(name: str, lost_at: int) -> None:
    """Torn at any command, a certificate is whole after the second tap, no byte read twice."""
    profile, pieces = profile_of(name), Pieces()
    file, plan = profile.file_with(DER), profile.plans["eidrig"]
    torn, offsets = _lost_after(opened(name), lost_at), list[int]()
    with pytest.raises(LinkError):
        Files(torn, profile, plan, pieces).read(file)
    offsets.append(len(pieces.begun(DER)))
    assert (
        Files(opened(name).channel, profile, plan, pieces).read(file)
        == image_of(name).contents[DER]
    )
    again = AnsweringCard(lambda _: b"\x6f\x00")
    assert (
        Files(CardChannel(again), profile, plan, pieces).read(file) == image_of(name).contents[DER]
    )
    assert again.sent == []
    selects = 1 if name != IDEMIA else 2
    assert offsets == [max(0, lost_at - selects) * 223]


class _Lost:
    """The plain side of a channel that breaks after so many commands."""

    def __init__(self, talk: Talk, after: int) -> None:
        self._talk = talk
        self._left = after

    def connect(self) -> bytes:
        """Not used."""
        return b""

    def transmit(self, command: bytes) -> bytes:
        """Pass a command through the card's own channel until the card is gone."""
        if not self._left:
            message = "the card is gone"
            raise LinkError(message)
        self._left -= 1
        return bytes.fromhex(self._talk(command.hex()))

    def disconnect(self) -> None:
        """Not used."""


def _lost_after(talk: Talk, after: int) -> CardChannel:
    class Secured(CardChannel):
        @property
        def is_secured(self) -> bool:
            return True

    return Secured(_Lost(talk, after))
