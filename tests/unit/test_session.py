"""A session: one activation of a station's card."""

from __future__ import annotations

import pytest

from fixtures.cards import (
    CAN,
    IDEMIA,
    PROFILES,
    THALES,
    AnsweringCard,
    ScriptedCard,
    profile_of,
)
from harness.clock import VirtualClock
from harness.emulator.card import EmulatedCard
from harness.emulator.person import Person
from harness.emulator.personalise import personalise
from harness.errors import ApduError, UsageError
from harness.profile import Interface
from harness.security_info import PaceInfo
from harness.session import Session, interface_of
from harness.station import CardOptions, Station


def begin(name: str, interface: Interface = Interface.CONTACTLESS) -> Session:
    """A session with an emulated card."""
    options = CardOptions(profile=name, interface=interface)
    return Session.begin(Station.open("emulated:", options, clock=VirtualClock()))


@pytest.mark.parametrize("interface", Interface)
@pytest.mark.parametrize("name", PROFILES)
def test_a_card_is_recognised(name: str, interface: Interface) -> None:
    """Profile, interface and ATR are those of the card."""
    session = begin(name, interface)
    assert (session.profile.name, session.interface) == (name, interface)
    assert profile_of(name).recognition_of(session.atr) is not None
    rules = profile_of(name).pace
    assert session.pace_info == PaceInfo(rules.oid, 2, rules.parameter_id)


@pytest.mark.parametrize(
    ("name", "first", "phase"),
    [
        (IDEMIA, "00A4040C10A000000077010800070000FE00000100", "select"),
        (THALES, "00A4020C02011C", "EF.CardAccess"),
    ],
)
def test_pace_begins_as_the_card_wants_it(name: str, first: str, phase: str) -> None:
    """What the profile names is selected before MSE:Set AT, and PACE follows in six commands."""
    session = begin(name)
    assert session.open(CAN).channel.is_secured
    journal = session.station.journal
    assert journal.apdus == 6
    assert [each.name for each in journal.phases[:3]] == ["activate", phase, "MSE:Set AT"]
    card = ScriptedCard([(first, "6A82")])
    other = Session.begin(Station(icc=card, profile=profile_of(name)))
    with pytest.raises(ApduError, match="6A82"):
        other.establish_pace(CAN)


@pytest.mark.parametrize("name", PROFILES)
def test_contact_needs_no_channel(name: str) -> None:
    """Over contact the plain channel serves, with or without a CAN."""
    session = begin(name, Interface.CONTACT)
    assert session.open(None).channel is session.channel
    assert session.open(CAN).channel is session.channel
    assert session.eid(session.channel).tries_left("PIN1") == 3


def test_contactless_needs_a_can() -> None:
    """Without a CAN a contactless card is not touched."""
    session = begin(IDEMIA)
    with pytest.raises(UsageError, match="read with its CAN; give one"):
        session.open(None)
    assert session.station.journal.apdus == 0


def test_an_unknown_plan() -> None:
    """A read plan that the profile has not is told with those it has."""
    session = begin(IDEMIA)
    with pytest.raises(UsageError, match="has no read plan quick; it has eidrig, official-app"):
        session.eid(session.channel, plan="quick")


def test_the_selected_application_is_not_selected_again() -> None:
    """Behind PACE IDEMIA's main application is current, so its counter costs one command."""
    session = begin(IDEMIA)
    eid = session.eid(session.open(CAN).channel)
    before = session.station.journal.apdus
    assert eid.tries_left("PIN1") == 3
    assert session.station.journal.apdus == before + 1


@pytest.mark.parametrize(
    ("atr", "interface"),
    [
        ("3B80800101", Interface.CONTACTLESS),
        ("3B8C8001000000000000", Interface.CONTACTLESS),
        ("3BFF9600008031FE43", Interface.CONTACT),
        ("3B00", Interface.CONTACT),
        ("", Interface.CONTACT),
    ],
)
def test_the_interface_of_an_unknown_atr(atr: str, interface: Interface) -> None:
    """A card with a named profile but another ATR is judged by the form of the ATR."""
    assert interface_of(profile_of(IDEMIA), bytes.fromhex(atr)) is interface


@pytest.mark.parametrize("removed", [(), ("directory",)])
def test_an_unknown_passport(removed: tuple[str, ...]) -> None:
    """A passport of any maker is known by EF.DIR, or without it by the application itself.

    Either way it is then opened as one that was just activated.
    """
    passport = profile_of("icao-passport")
    foreign = passport.recognise[0].model_copy(update={"atr": bytes.fromhex("3B80800101")})
    files = {name: file for name, file in passport.files.items() if name not in removed}
    profile = passport.model_copy(update={"recognise": (foreign,), "files": files})
    image = personalise(profile, Person())
    session = Session.begin(Station(icc=EmulatedCard(image, clock=VirtualClock())))
    assert (session.profile.name, session.interface) == ("icao-passport", Interface.CONTACTLESS)
    assert image.travel is not None
    assert session.open(None, image.travel.password).channel.is_secured


def test_an_unknown_card_without_applications() -> None:
    """A card that has neither is still told as unknown."""
    nobody = AnsweringCard(lambda _: b"\x6a\x82")
    with pytest.raises(UsageError, match="no profile knows a card with ATR 3B00"):
        Session.begin(Station(icc=nobody))
    assert nobody.sent[-1] == "00A4040C07A0000002471001"
