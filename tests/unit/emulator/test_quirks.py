"""The personalities that a profile can declare: the emulated card has them, the terminal copes."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.cards import Talk
from harness.clock import VirtualClock
from harness.emulator.card import EmulatedCard
from harness.emulator.person import Person
from harness.emulator.personalise import personalise
from harness.profile import Interface, Profile, Quirks
from harness.profiles import builtin
from harness.station import CardOptions, Station
from harness.tap import Tap
from harness.terminal.channel import CardChannel
from harness.terminal.pin_guard import PinGuard

BASE = "generic-eid"


def odd(**quirks: Any) -> Profile:
    """The template with some quirks."""
    return builtin(BASE).model_copy(update={"quirks": Quirks(source="test", **quirks)})


def plain(profile: Profile) -> Talk:
    """Its card over contact, in the clear."""
    card = EmulatedCard(personalise(profile, Person()), Interface.CONTACT, None, VirtualClock())
    card.connect()
    return Talk(card, CardChannel(card))


SELECT = ("00A4020C024331", "9000")
MSE = "002241B606800154840101"
CASES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"largest_ne": 160}, [SELECT, ("00B00000A1", "6700")]),
    ({"largest_ne": 160, "refused_ne": 0x6282}, [SELECT, ("00B0000000", "6282")]),
    ({"no_ne_on": ["select"]}, [("00A4020402433100", "6700"), SELECT]),
    ({"no_ne_on": ["mse"]}, [(MSE, "9000"), (f"{MSE}00", "6700")]),
    ({"select_p1": [0x02]}, [("00A4080C024331", "6A86"), SELECT]),
    ({"select_p2": [0x0C]}, [("00A40204024331", "6A86"), SELECT]),
    ({"no_select_mf": 0x6985}, [("00A4000C023F00", "6985"), SELECT]),
]  # fmt: skip


@pytest.mark.parametrize(("quirks", "talk"), CASES)
def test_the_card_has_them(quirks: dict[str, Any], talk: list[tuple[str, str]]) -> None:
    """Each quirk shows in the answer that the profile declares."""
    card = plain(odd(**quirks))
    for command, answer in talk:
        assert card.card.transmit(bytes.fromhex(command))[-2:].hex().upper() == answer


def test_an_exact_ne() -> None:
    """Asked for more than is left, the card says how much that is (6Cxx)."""
    card = plain(odd(exact_ne=True)).card
    card.transmit(bytes.fromhex("00A4020C02011C"))
    assert card.transmit(bytes.fromhex("00B0000000")).hex() == "6c16"
    assert len(card.transmit(bytes.fromhex("00B0000016"))) == 0x16 + 2


def test_fetched_answers() -> None:
    """An answer to a command with data waits for GET RESPONSE; reading does not."""
    card = plain(odd(fetch_answers=True)).card
    first = card.transmit(bytes.fromhex("00A4020402433100"))
    assert first.hex() == "6106"
    assert card.transmit(bytes.fromhex("00C0000006"))[-2:].hex() == "9000"


def test_before_pace() -> None:
    """The answer to what is closed before PACE is the profile's."""
    image = personalise(odd(before_pace=0x6985), Person())
    card = EmulatedCard(image, Interface.CONTACTLESS, None, VirtualClock())
    card.connect()
    card.transmit(bytes.fromhex("00A4020C024331"))
    assert card.transmit(bytes.fromhex("00B0000000")).hex() == "6985"


@pytest.mark.parametrize(
    "quirks",
    [
        {"largest_ne": 112},
        {"exact_ne": True},
        {"fetch_answers": True},
        {"select_p2": [0x0C, 0x04], "no_select_mf": 0x6985},
    ],
)
@pytest.mark.parametrize("interface", Interface)
def test_the_terminal_copes(quirks: dict[str, Any], interface: Interface) -> None:
    """A card with any of them is read whole on both interfaces."""
    profile = odd(**quirks)
    image = personalise(profile, Person())
    card = EmulatedCard(image, interface, None, VirtualClock())
    station = Station.open("emulated:", CardOptions(BASE))
    station.icc, station.profile = card, profile
    assert Tap(station, station.codes, PinGuard(0)).run().outcome == "ok"
