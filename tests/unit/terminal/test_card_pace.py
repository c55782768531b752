"""Which PACE is run with a card: the profile's at once, or the best that EF.CardAccess offers."""

from __future__ import annotations

import pytest

from fixtures.cards import CAN, profile_of
from harness import tlv
from harness.clock import VirtualClock
from harness.crypto.card_access import Preference
from harness.emulator.card import EmulatedCard
from harness.emulator.memory import CardMemory
from harness.emulator.person import Person
from harness.emulator.personalise import personalise
from harness.errors import ApduError, ProtocolViolation, UsageError
from harness.profile import Profile
from harness.profiles import builtin, builtin_names
from harness.secret import Pin
from harness.security_info import PaceInfo, encode_oid, encode_pace_info
from harness.session import Session
from harness.station import Codes, Station
from harness.tap import Tap
from harness.terminal.card_pace import CardPace
from harness.terminal.channel import CardChannel
from harness.terminal.pin_guard import PinGuard
from harness.trace import Exchange, Journal, Journaled, Level

ID_PACE = "0.4.0.127.0.7.2.2.4."
WITH_PACE = [name for name in builtin_names() if builtin(name).pace is not None]


class Sent:
    """An observer that keeps the commands as they cross the wire."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    def note(self, exchange: Exchange) -> None:
        """Keep one command."""
        if exchange.level is Level.WIRE:
            self.commands.append(exchange.command.hex().upper())


def asked(name: str = "generic-eid", **pace: object) -> Profile:
    """A profile whose protocol comes from EF.CardAccess, with other facts about PACE."""
    raw = profile_of(name).model_dump(by_alias=True, mode="json")
    raw["pace"] |= {"protocol_from": "card-access"} | pace
    raw["files"].get("card-access", {}).pop("value", None)
    return Profile.model_validate(raw)


def listing(profile: Profile, *infos: bytes) -> Profile:
    """The same card with these entries in its EF.CardAccess."""
    raw = profile.model_dump(by_alias=True, mode="json")
    raw["files"]["card-access"]["value"] = tlv.encode(0x31, *infos).hex()
    return Profile.model_validate(raw)


def info(last: str, number: int | None, version: int = 2) -> bytes:
    """A PACEInfo; `last` are the last two arcs."""
    return encode_pace_info(PaceInfo(f"{ID_PACE}{last}", version, number))


def station(profile: Profile, sent: Sent | None = None, tries: int = 3) -> Station:
    """An emulated card of this profile."""
    image = personalise(profile, Person())
    memory = CardMemory(image)
    if "PIN1" in profile.pins:
        memory.set_tries("PIN1", tries)
    card = EmulatedCard(image, None, memory, VirtualClock())
    journal = Journal(VirtualClock(), [sent] if sent else [])
    return Station(Journaled(card, journal), journal=journal, profile=profile, emulated=card)


SEVERAL = [
    {"oid": f"{ID_PACE}6.2", "parameter_id": 12},
    {"oid": f"{ID_PACE}2.4", "parameter_id": 16},
    {"oid": f"{ID_PACE}4.4", "parameter_id": 13},
]


def test_the_best_offer_is_taken_and_named() -> None:
    """Of several offers the preferred one is run, its group named by tag 84, and told."""
    sent = Sent()
    session = Session.begin(station(asked(others=SEVERAL), sent))
    assert session.pace_info == PaceInfo(f"{ID_PACE}2.4", 2, 13)
    assert session.establish_pace(CAN).is_secured
    assert session.pace_info == PaceInfo(f"{ID_PACE}6.2", 2, 12)
    assert sent.commands[:2] == ["00A4020C02011C", "00B0000000"]
    assert "0022C1A412800A04007F0007020204060283010284010C" in sent.commands


@pytest.mark.parametrize(
    ("preference", "chosen"),
    [(Preference(mappings=("GM",)), ("2.4", 16)), (Preference(mappings=("IM",)), ("4.4", 13))],
)
def test_the_preference_is_the_callers(preference: Preference, chosen: tuple[str, int]) -> None:
    """A caller may prefer another mapping, and PACE runs with it."""
    card = EmulatedCard(personalise(asked(others=SEVERAL), Person()), clock=VirtualClock())
    card.connect()
    channel = CardChannel(card)
    pace = CardPace(channel, asked(others=SEVERAL), preference)
    assert pace.ready().establish(channel, CAN).is_secured
    assert (pace.info.oid, pace.info.parameter_id) == (f"{ID_PACE}{chosen[0]}", chosen[1])


def test_what_the_terminal_does_not_speak_is_passed_over() -> None:
    """Unknown protocols, versions and groups beside a usable offer do not stop the read."""
    strange = (info("9.2", 12), info("2.4", 13, version=1), info("2.4", 19), info("2.4", 13))
    session = Session.begin(station(listing(asked(), *strange)))
    assert session.establish_pace(CAN).is_secured
    assert session.pace_info == PaceInfo(f"{ID_PACE}2.4", 2, 13)


@pytest.mark.parametrize("name", WITH_PACE)
def test_every_card_can_be_asked(name: str) -> None:
    """Each built-in card that has PACE is opened by what its EF.CardAccess offers, too."""
    session = Session.begin(station(asked(name)))
    declared = session.pace_info
    assert session.establish_pace(CAN).is_secured
    assert session.pace_info == declared


def test_the_fast_way_reads_no_file() -> None:
    """A profile that declares its protocol costs six commands, none of them READ BINARY."""
    sent = Sent()
    Session.begin(station(profile_of("est-idemia-2018"), sent)).establish_pace(CAN)
    assert [command[2:4] for command in sent.commands] == ["A4", "22", "86", "86", "86", "86"]


CONTRADICTIONS = {
    "the same twice": (info("2.4", 13), info("2.4", 13)),
    "a suite for numbers over a curve": (info("1.4", 13), info("2.4", 13)),
    "explicit parameters that are missing": (info("2.4", 13), info("2.2", 40)),
    "an entry without a protocol": (tlv.encode(0x30, tlv.encode(0x02, b"\x02")),),
    "no version": (tlv.encode(0x30, tlv.encode(0x06, encode_oid(f"{ID_PACE}2.4"))),),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_a_file_that_contradicts_itself(case: str) -> None:
    """Doubled and contradictory entries break the protocol, and PACE is not begun."""
    sent = Sent()
    session = Session.begin(station(listing(asked(), *CONTRADICTIONS[case]), sent))
    with pytest.raises(ProtocolViolation, match=r"EF\.CardAccess .*\[ICAO 9303-11, 9\.2\]"):
        session.establish_pace(CAN)
    assert not [command for command in sent.commands if command[2:4] == "22"]


def test_nothing_to_choose_from() -> None:
    """A card whose offers are all unknown is told with what it offers."""
    session = Session.begin(station(listing(asked(), info("9.2", 13))))
    with pytest.raises(UsageError, match=r"no PACE that can be used: .*9\.2 is not a known"):
        session.establish_pace(CAN)


def test_a_card_without_the_file() -> None:
    """Where there is no EF.CardAccess the card's refusal is told."""
    known = asked()
    files = {n: file for n, file in known.files.items() if n != "card-access"}
    missing = known.model_copy(
        update={"files": files, "pace": known.own_pace.model_copy(update={"select_first": "main"})}
    )
    card = station(missing)
    session = Session.begin(Station(card.icc, journal=card.journal, profile=known))
    with pytest.raises(ApduError, match="6A82"):
        session.establish_pace(CAN)


def test_a_suspended_pin_is_resumed_by_what_was_chosen() -> None:
    """Counter, CAN and PIN all go by the protocol that EF.CardAccess offered."""
    sent = Sent()
    profile = asked("deu-npa", others=[{"oid": f"{ID_PACE}4.4", "parameter_id": 16}])
    card = station(profile, sent, tries=1)
    preference = Preference(mappings=("IM",))
    session = Session.begin(card)
    chosen = CardPace(session.channel, profile, preference)
    terminal = chosen.ready()
    assert terminal.tries_left(session.channel, 3) == 1
    opened = terminal.establish(session.channel, CAN)
    assert terminal.establish(opened, Pin("123456")).is_secured
    assert sent.commands.count("0022C1A412800A04007F00070202040404830102840110") == 1
    assert session.open_with("PIN1", Pin("123456"), CAN, PinGuard(0)).is_secured


@pytest.mark.parametrize("name", ["generic-eid", "est-thales-2025"])
def test_a_group_that_is_spelt_out_is_told_by_its_number(name: str) -> None:
    """A reading names the standardized group, though the card has a number of its own for it."""
    profile = asked(name, explicit_id=65, card_access_size=1024, set_at_ne=0)
    codes = Codes(CAN, Person().pin1, Person().pin2)
    reading = Tap(station(profile), codes, PinGuard(0)).run()
    assert (reading.outcome, reading.error) == ("ok", None)
    declared = profile.own_pace
    assert reading.pace == PaceInfo(declared.oid, 2, declared.parameter_id)


def test_a_profile_must_name_the_file() -> None:
    """A profile that wants EF.CardAccess read and has no such file is refused."""
    raw = asked().model_dump(by_alias=True, mode="json")
    del raw["files"]["card-access"]
    raw["pace"]["select_first"] = "main"
    with pytest.raises(ValueError, match="no file has the content card-access"):
        Profile.model_validate(raw)
