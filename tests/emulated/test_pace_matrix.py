"""The whole matrix of PACE, our terminal against our chip: nothing is sampled."""

from __future__ import annotations

from collections import Counter

import pytest

from fixtures.cards import IDEMIA, profile_of
from fixtures.pace_runs import (
    COMBINATIONS,
    PASSWORDS,
    FrontCard,
    chip_key,
    front_of,
    name_of,
    rules_of,
)
from harness.apdu import CommandApdu
from harness.clock import VirtualClock
from harness.crypto.card_access import CardAccess, Preference
from harness.crypto.chat import Chat, Role
from harness.crypto.chip_key import chip_public_keys
from harness.crypto.standardized import DOMAINS
from harness.crypto.suite import AES_128, PaceSuite
from harness.emulator.card import EmulatedCard
from harness.emulator.person import Person
from harness.emulator.personalise import CardImage, personalise
from harness.errors import ApduError, WrongPinError
from harness.profile import Content, Profile
from harness.secret import Can, Pin, Puk
from harness.security_info import PaceInfo, parse_security_infos
from harness.session import Session
from harness.station import Station
from harness.terminal.channel import CardChannel
from harness.terminal.pace import PaceTerminal

ID_PACE = "0.4.0.127.0.7.2.2.4."
GET_DATA = CommandApdu(0x00, 0xCB, 0x3F, 0xFF, bytes(range(40)), 256)
WRONG = {"CAN": Can("654321"), "PIN": Pin("123456"), "PUK": Puk("0123456789")}


def test_nothing_is_left_out() -> None:
    """All that the standard allows: 19 suites, each over every group of its kind.

    The integrated mapping has no encoding for P-224, whose field has no simple square roots.
    """
    counts = Counter((suite.key_agreement, suite.mapping) for suite, _ in COMBINATIONS)
    assert counts == {
        ("DH", "GM"): 4 * 3,
        ("DH", "IM"): 4 * 3,
        ("ECDH", "GM"): 4 * 11,
        ("ECDH", "IM"): 4 * 10,
        ("ECDH", "CAM"): 3 * 11,
    }
    assert {number for _, number in COMBINATIONS} == {*range(3), *range(8, 19)}
    assert tuple(PASSWORDS) == ("MRZ", "CAN", "PIN", "PUK")


@pytest.mark.parametrize("kind", PASSWORDS)
@pytest.mark.parametrize(("suite", "parameter_id"), COMBINATIONS, ids=name_of)
def test_terminal_and_chip(suite: PaceSuite, parameter_id: int, kind: str) -> None:
    """Every suite over every group with every password opens a channel that carries data."""
    keys = {parameter_id: chip_key(parameter_id)} if suite.mapping == "CAM" else {}
    card = FrontCard(front_of(rules_of(suite.oid, parameter_id), keys=keys))
    terminal = PaceTerminal(PaceInfo(suite.oid, 2, parameter_id))
    established = terminal.run(CardChannel(card), PASSWORDS[kind])
    assert established.channel.send(GET_DATA) == GET_DATA.data
    assert (established.chip is not None) == (suite.mapping == "CAM")
    if established.chip is not None:
        public = keys[parameter_id].public
        assert established.chip.check([public]) == public


AUTHORITIES = ("DETESTeID00002", "DETESTeID00001")
ROLES: tuple[Role, ...] = ("inspection system", "authentication terminal", "signature terminal")


@pytest.mark.parametrize("names", [0, 1, 2])
@pytest.mark.parametrize("kind", PASSWORDS)
@pytest.mark.parametrize("role", ROLES)
def test_a_terminal_that_shows_what_it_is(role: Role, kind: str, names: int) -> None:
    """A CHAT is taken with the passwords of its kind, and the card's trust points are told."""
    rules = rules_of(f"{ID_PACE}2.2", 12, authorities=AUTHORITIES[:names])
    card = FrontCard(front_of(rules))
    chat = Chat.of(role, 1)
    terminal = PaceTerminal(PaceInfo(f"{ID_PACE}2.2", 2, 12), chat=chat)
    if names and not chat.allows(kind):
        with pytest.raises(ApduError, match="6A80"):
            terminal.run(CardChannel(card), PASSWORDS[kind])
        return
    established = terminal.run(CardChannel(card), PASSWORDS[kind])
    assert established.authorities == tuple(each.encode() for each in AUTHORITIES[:names])
    assert established.channel.send(GET_DATA) == GET_DATA.data


def test_trust_points_are_told_only_to_who_asks() -> None:
    """Without a CHAT the card names nobody, also after a terminal that showed one."""
    card = FrontCard(front_of(rules_of(f"{ID_PACE}2.2", 12, authorities=AUTHORITIES)))
    info = PaceInfo(f"{ID_PACE}2.2", 2, 12)
    for chat in (Chat.of("signature terminal"), None):
        channel = CardChannel(card)
        told = PaceTerminal(info, chat=chat).run(channel, PASSWORDS["CAN"]).authorities
        assert len(told) == (2 if chat else 0)
        card.transmit(bytes.fromhex("00A4000C"))  # ends the channel


def test_a_template_of_nonsense() -> None:
    """A malformed CHAT is refused at MSE:Set AT (6A80), and PACE cannot go on."""
    card = FrontCard(front_of(rules_of(f"{ID_PACE}2.2", 12, authorities=AUTHORITIES)))
    data = "800A04007F00070202040202830102" + "7F4C0406025301"
    command = bytes.fromhex(f"0022C1A4{len(data) // 2:02X}{data}")
    assert card.transmit(command).hex() == "6a80"
    assert card.transmit(bytes.fromhex("10860000027C0000")).hex() == "6985"


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize(
    ("suite", "parameter_id"), [each for each in COMBINATIONS if each[1] in (0, 12)], ids=name_of
)
def test_a_wrong_password(suite: PaceSuite, parameter_id: int, kind: str) -> None:
    """Every suite finds a wrong password out at its last step, and only there."""
    keys = {parameter_id: chip_key(parameter_id)} if suite.mapping == "CAM" else {}
    card = FrontCard(front_of(rules_of(suite.oid, parameter_id), keys=keys))
    terminal = PaceTerminal(PaceInfo(suite.oid, 2, parameter_id))
    with pytest.raises(WrongPinError, match=f"refused the {kind}"):
        terminal.run(CardChannel(card), WRONG[kind])


def profile_with(**pace: object) -> Profile:
    """A national card whose PACE is another one."""
    raw = profile_of(IDEMIA).model_dump(by_alias=True, mode="json")
    raw["pace"] |= pace
    raw["transmission"]["extended_length"] = True
    return Profile.model_validate(raw)


def powered(image: CardImage) -> CardChannel:
    """An emulated card under power."""
    card = EmulatedCard(image, clock=VirtualClock())
    card.connect()
    return CardChannel(card)


@pytest.mark.parametrize(
    ("last", "parameter_id"), [("1.1", 2), ("3.4", 1), ("4.3", 16), ("2.1", 8), ("2.2", 18)]
)
def test_a_national_card(last: str, parameter_id: int) -> None:
    """A whole emulated card can be given any suite, and its files are read through the channel."""
    profile = profile_with(oid=f"{ID_PACE}{last}", parameter_id=parameter_id)
    image = personalise(profile, Person())
    plain = powered(image)
    offer = CardAccess.read(image.contents[Content.CARD_ACCESS]).choose()
    terminal = PaceTerminal(offer.info, domain=offer.domain, names_domain=offer.is_ambiguous)
    channel = terminal.establish(plain, Person().can)
    channel.send(CommandApdu(0x00, 0xA4, 0x02, 0x0C, bytes.fromhex("011C")))
    raw = channel.send(CommandApdu(0x00, 0xB0, 0x00, 0x00, ne=231))
    assert raw == image.contents[Content.CARD_ACCESS][:231]


def test_long_keys_need_extended_length() -> None:
    """A card without extended length cannot run PACE with numbers of 2048 bits, and says so."""
    profile = profile_with(oid=f"{ID_PACE}1.2", parameter_id=1)
    short = profile.transmission.model_copy(update={"extended_length": False})
    image = personalise(profile.model_copy(update={"transmission": short}), Person())
    with pytest.raises(ApduError, match="6700"):
        PaceTerminal(PaceInfo(f"{ID_PACE}1.2", 2, 1)).establish(powered(image), Person().can)


def test_the_best_of_several_offers() -> None:
    """The terminal takes what it prefers, names its group, and checks the chip behind it."""
    others = [
        {"oid": f"{ID_PACE}6.2", "parameter_id": 13},
        {"oid": f"{ID_PACE}6.4", "parameter_id": 16},
        {"oid": f"{ID_PACE}1.1", "parameter_id": 0},
    ]
    image = personalise(profile_with(others=others), Person())
    access = CardAccess.read(image.contents[Content.CARD_ACCESS])
    offer = access.choose()
    assert (offer.suite.oid, offer.info.parameter_id) == (f"{ID_PACE}6.4", 16)
    for preference in (Preference(), Preference(mappings=("GM",), key_agreements=("DH",))):
        offer = access.choose(preference)
        terminal = PaceTerminal(offer.info, domain=offer.domain, names_domain=offer.is_ambiguous)
        established = terminal.run(powered(image), Person().can)
        if established.chip is not None:
            keys = chip_public_keys(parse_security_infos(image.card_security))
            assert established.chip.check(keys).key_id == 16
    assert offer.suite.oid == f"{ID_PACE}1.1"


EXPLICIT = [
    (suite.oid.removeprefix(ID_PACE), number)
    for suite, number in COMBINATIONS
    if suite.cipher is AES_128
]


@pytest.mark.parametrize(("last", "parameter_id"), EXPLICIT)
def test_explicit_parameters(last: str, parameter_id: int) -> None:
    """A card that spells its group out instead of naming it is read as any other."""
    pace = {"oid": f"{ID_PACE}{last}", "parameter_id": parameter_id, "explicit_id": 65}
    profile = profile_with(**pace, others=[], card_access_size=1536)
    image = personalise(profile, Person())
    offer = CardAccess.read(image.contents[Content.CARD_ACCESS]).choose()
    assert (offer.domain, offer.info.parameter_id) == (DOMAINS[parameter_id], 65)
    terminal = PaceTerminal(offer.info, domain=offer.domain)
    established = terminal.run(powered(image), Person().can)
    keys = chip_public_keys(parse_security_infos(image.card_security))
    assert [key.key_id for key in keys] == ([65] if last == "6.2" else [])
    if established.chip is not None:
        assert established.chip.check(keys).domain is DOMAINS[parameter_id]
    station = Station(icc=EmulatedCard(image, clock=VirtualClock()), profile=image.profile)
    assert Session.begin(station).establish_pace(Person().can).is_secured
