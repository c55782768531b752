"""Misbehaving cards: each lies where it says, is right otherwise, and counts what comes after."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fixtures.cards import CAN, IDEMIA, image_of, pace_info
from harness.apdu import CommandApdu
from harness.clock import VirtualClock
from harness.emulator.card import EmulatedCard
from harness.emulator.lies import MISBEHAVIOURS
from harness.emulator.misbehaviour import MisbehavingCard, Moment, moment_of
from harness.errors import CardError
from harness.terminal.channel import CardChannel
from harness.terminal.pace import PaceTerminal

PAGE = Path(__file__).parents[3] / "docs" / "misbehaving-cards.md"
SELECT = CommandApdu(0x00, 0xA4, 0x02, 0x0C, bytes.fromhex("011C"))
LIARS = [name for name, each in MISBEHAVIOURS.items() if each.lies]
MAKERS = [name for name, each in MISBEHAVIOURS.items() if not each.lies]


@dataclass
class Ended:
    """What a card tells at the end of an activation."""

    told: list[tuple[frozenset[Moment], int]] = field(default_factory=list)

    def __call__(self, lies: frozenset[Moment], heard: int) -> None:
        """Keep it."""
        self.told.append((lies, heard))


def misbehaving(name: str, ended: Ended | None = None) -> MisbehavingCard:
    """An Estonian card that misbehaves, under power."""
    misbehaviour = MISBEHAVIOURS[name]
    right = EmulatedCard(misbehaviour.image(image_of(IDEMIA)), clock=VirtualClock())
    card = MisbehavingCard(right, misbehaviour, ended or Ended())
    card.connect()
    return card


def read(card: MisbehavingCard) -> None:
    """PACE and three protected commands."""
    channel = PaceTerminal(pace_info(IDEMIA)).establish(CardChannel(card), CAN)
    for _ in range(3):
        channel.send(SELECT)


@pytest.mark.parametrize("name", LIARS)
def test_it_lies_at_its_moment_and_stops_a_good_terminal(name: str) -> None:
    """A run ends at the first lie of the last moment, and the card has heard nothing after it."""
    card = misbehaving(name)
    with pytest.raises(CardError):
        read(card)
    assert card.lies
    assert card.lies <= MISBEHAVIOURS[name].lies.keys()
    assert card.heard == 0


@pytest.mark.parametrize("name", LIARS)
def test_it_is_right_in_all_that_is_no_moment(name: str) -> None:
    """What it answers to other commands is what the right card answers."""
    card, right = misbehaving(name), EmulatedCard(image_of(IDEMIA), clock=VirtualClock())
    right.connect()
    for command in ("00A4020C02011C", "00B0000000", "00200001", "00FD0000", "00", "0086000000"):
        raw = bytes.fromhex(command)
        assert card.transmit(raw) == right.transmit(raw)
    assert not card.lies


@pytest.mark.parametrize("name", LIARS)
def test_a_refusal_of_the_right_card_breaks_nothing(name: str) -> None:
    """Commands of PACE out of order, and protected ones without a channel, are answered somehow."""
    card = misbehaving(name)
    for command in (
        "0022C1A4028000",
        "10860000027C0000",
        "10860000057C038101AA00",
        "10860000057C038301AA00",
        "00860000057C038501AA00",
        "0CB0000000",
    ):
        assert len(card.transmit(bytes.fromhex(command))) >= 2


@pytest.mark.parametrize("name", MAKERS)
def test_what_it_holds_is_wrong(name: str) -> None:
    """A card that was made wrongly has another EF.CardAccess and nothing else changed."""
    wrong, right = MISBEHAVIOURS[name].image(image_of(IDEMIA)), image_of(IDEMIA)
    assert {key for key in right.files if wrong.files[key] != right.files[key]} == {"card-access"}


def test_it_counts_what_comes_after_a_lie() -> None:
    """At the end of each activation it tells where it lied and how many commands came after."""
    ended = Ended()
    card = misbehaving("set-at-refused", ended)
    with pytest.raises(CardError):
        read(card)
    card.transmit(SELECT.encode())
    card.disconnect()
    card.connect()
    card.disconnect()
    assert ended.told == [(frozenset({Moment.SET_AT}), 1)]


def test_moments_are_told_by_the_command() -> None:
    """The step of PACE is seen from what the terminal sends; other commands are no moment."""
    seen = [
        moment_of(CommandApdu.decode(bytes.fromhex(command)))
        for command in ("10860000027C0000", "00B0000000", "0CB0000000", "00860000017C", "0022C1A4")
    ]
    assert seen == [Moment.NONCE, None, Moment.PROTECTED, None, Moment.SET_AT]


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_the_page_tells_what_a_tester_must_see(name: str) -> None:
    """docs/misbehaving-cards.md has a row for each, in the words of the code."""
    each = MISBEHAVIOURS[name]
    assert f"| `{name}` | {each.does} | {each.due} |" in PAGE.read_text(encoding="utf-8")
