"""READ BINARY with the odd instruction on the emulated card."""

from __future__ import annotations

import pytest

from fixtures.cards import IDEMIA, Talk, image_of, powered
from fixtures.mutants.mutant import obeys
from harness.emulator.card import EmulatedCard
from harness.profile import Content
from harness.terminal.channel import CardChannel

CARD_ACCESS = image_of(IDEMIA).contents[Content.CARD_ACCESS]


@pytest.fixture
def card() -> Talk:
    """A card that has the odd instruction, under power."""
    with obeys("transmission.odd_read", True)(image_of(IDEMIA)) as image:
        odd = EmulatedCard(image)
    odd.connect()
    return Talk(odd, CardChannel(odd))


def test_a_card_without_it_says_so() -> None:
    """A card whose profile does not have the instruction answers 6D00."""
    assert powered(IDEMIA)("00B1001C045402000003") == "6D00"


@pytest.mark.parametrize("select", ["00A4020C02011C", None])
def test_it_reads_what_the_even_one_reads(card: Talk, select: str | None) -> None:
    """By short identifier or of the current file, 53 holds the bytes at the offset in 54."""
    if select:
        card.all(select)
    p2 = "00" if select else "1C"
    assert card(f"00B100{p2}045402000003") == f"5301{CARD_ACCESS[:1].hex().upper()}9000"
    assert card(f"00B100{p2}03540104{8:02X}") == f"5306{CARD_ACCESS[4:10].hex().upper()}9000"


def test_ne_counts_the_object_around(card: Talk) -> None:
    """The answer is never longer than Ne, and says its own length right."""
    assert card("00B1001C0454020000 00".replace(" ", "")) == f"5340{CARD_ACCESS.hex().upper()}9000"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("00B1001C0454020040 03", "6B00"),
        ("00B1001C0455020000 03", "6A80"),
        ("00B1001C0354020003", "6A80"),
        ("00B1011C0454020000 03", "6A86"),
        ("00B100FC0454020000 03", "6A86"),
        ("00B1001D0454020000 03", "6A82"),
        ("00B1001C0454020000", "6700"),
        ("00B100000454020000 03", "6986"),
    ],
)
def test_what_it_refuses(card: Talk, command: str, answer: str) -> None:
    """Offsets behind the end, other objects and other places have the answers of the even one."""
    assert card(command.replace(" ", "")) == answer
