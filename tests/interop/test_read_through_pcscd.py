"""Our own terminal reads emulated cards through a real pcscd, and says what went wrong if not."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.echo_card import served
from fixtures.pcscd import CLIENT_SOCKET, Pcscd, VirtualReader
from fixtures.served import EIDRIG, ServedCard, await_card, place_of, served_card
from harness.cli.exit_code import LINK, PIN, USAGE, exit_code
from harness.emulator.card import EmulatedCard
from harness.emulator.data_groups import GROUPS
from harness.errors import LinkError
from harness.profile import Content, Interface
from harness.profiles import builtin, builtin_names
from harness.secret import Can, Pin
from harness.station import CardOptions, Codes, Station, card_image
from harness.tap import Reading, Tap, TapOptions
from harness.terminal.certificate import Authorities
from harness.terminal.pin_guard import PinGuard
from harness.trace import Exchange, Level
from harness.transport.tcp import Dialling
from harness.transport.vpcd import VpcdCard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.emulator.personalise import CardImage

pytest.importorskip("smartcard", reason="pyscard is missing: pip install 'eidrig[pcsc]'")

CODES = Codes(Can("123456"), Pin("1234"), Pin("12345"))
IN_ENVIRONMENT = {"TEST_CAN": "123456", "TEST_PIN1": "1234"}
FROM_ENVIRONMENT = ("--can-from", "env:TEST_CAN", "--pin1-from", "env:TEST_PIN1")
PERSON = {
    "surname": "JÕEORG",
    "given_names": "JAAK-KRISTJAN",
    "personal_code": "38001085718",
    "document_number": "AS0000001",
}
CARDS = [
    CardOptions(profile, interface=interface)
    for profile in ("est-idemia-2018", "est-thales-2025")
    for interface in Interface
]
OTHERS = [
    CardOptions(name, interface=interface)
    for name in builtin_names()
    if not name.startswith("est-")
    for interface in builtin(name).interfaces
]


@dataclass(frozen=True)
class Told:
    """What `eidrig read --json` ended with; `document` is empty where it printed none."""

    code: int
    document: dict[str, Any]
    error: str


def eidrig_read(
    place: str, *arguments: str, environment: Mapping[str, str] = IN_ENVIRONMENT
) -> Told:
    """Run `eidrig read --json` as a program of its own, with the codes in its environment."""
    done = subprocess.run(
        [EIDRIG, "read", "--card", place, "--json", *FROM_ENVIRONMENT, *arguments],
        env=os.environ | environment,
        capture_output=True,
        check=False,
        text=True,
    )
    document = json.loads(done.stdout) if done.stdout else {}
    return Told(done.returncode, document, done.stderr)


def eidrig_readers() -> str:
    """What `eidrig readers` prints."""
    done = subprocess.run([EIDRIG, "readers"], capture_output=True, check=True, text=True)
    return done.stdout


def tap(station: Station) -> Reading:
    """Hold the card once, with all codes at hand."""
    authorities = Authorities(station.authorities) if station.authorities else None
    return Tap(station, CODES, PinGuard(), authorities=authorities).run()


@pytest.fixture(scope="module", params=CARDS, ids=lambda card: f"{card.profile}-{card.interface}")
def card(request: pytest.FixtureRequest, pcscd: Pcscd) -> Iterator[ServedCard]:
    """Plug in each generation, over contact and without; it has the second slot to itself."""
    with served_card(pcscd.slots[1], request.param) as card:
        yield card


@pytest.mark.parametrize("options", OTHERS, ids=lambda card: f"{card.profile}-{card.interface}")
def test_every_other_card_is_read(pcscd: Pcscd, options: CardOptions) -> None:
    """Each other card is read whole through pcscd, with the codes or the zone of its holder."""
    with served_card(pcscd.slots[0], options) as card:
        image, person = card_image(options)
        zone = image.travel.password if image.travel else None
        codes = Codes(person.can, person.pin1, person.pin2, zone)
        station = Station.open(card.place, CardOptions(options.profile))
        sign = TapOptions(sign="signing" in image.profile.keys)
        reading = Tap(station, codes, PinGuard(0), sign).run()
    assert (reading.outcome, reading.interface) == ("ok", options.interface)
    assert set(reading.signatures) == set(card.image.profile.keys)
    assert all(reading.signatures.values())
    if image.travel is not None:
        made = {GROUPS[c][0]: raw for c, raw in image.travel.contents.items() if c in GROUPS}
        assert reading.document.groups == {number: made[number] for number in made if number != 3}
        assert reading.document.chip is not None


@pytest.fixture
def contactless_card(virtual_reader: VirtualReader, tmp_path: Path) -> Iterator[ServedCard]:
    """Plug in a card of a test's own, whose counters are kept in a file."""
    options = CardOptions(interface=Interface.CONTACTLESS, state=tmp_path / "card.json")
    with served_card(virtual_reader, options) as card:
        yield card


def trust(image: CardImage, folder: Path) -> list[str]:
    """The options that make a reader trust the card's own test CA."""
    options = []
    for number, der in enumerate(image.authorities):
        file = folder / f"{number}.der"
        file.write_bytes(der)
        options += ["--trust", str(file)]
    return options


def test_the_program_reads_the_whole_card(card: ServedCard, tmp_path: Path) -> None:
    """One command recognises the card by its ATR and reads, proves and verifies all there is."""
    told = eidrig_read(card.place, *trust(card.image, tmp_path))
    assert (told.code, told.error) == (0, "")
    read = told.document
    assert (read["outcome"], read["profile"]) == ("ok", card.options.profile)
    assert read["card"] == {
        "place": card.place,
        "atr": card.atr.hex().upper(),
        "interface": card.options.interface,
    }
    assert read["pin1"] == {"verified": True, "tries_left": 3}
    assert read["authentication"] == {"signature_verified": True}
    assert {key: read["personal_data"][key] for key in PERSON} == PERSON
    contents = card.image.contents
    for name, content in (
        ("authentication", Content.AUTHENTICATION_CERTIFICATE),
        ("signing", Content.SIGNING_CERTIFICATE),
    ):
        assert read["certificates"][name]["der_hex"] == contents[content].hex()
        assert read["certificates"][name]["chain_verified"] is True


def test_the_channel_is_the_one_of_the_interface(card: ServedCard) -> None:
    """Without contact the read goes through PACE; over contact it needs none, and no CAN."""
    told = eidrig_read(card.place)
    pace = card.image.profile.pace
    contactless = {"oid": pace.oid, "parameter_id": pace.parameter_id, "password": "CAN"}
    without_contact = card.options.interface is Interface.CONTACTLESS
    assert told.document["pace"] == (contactless if without_contact else None)


def test_the_card_behind_pcscd_is_the_card_in_process(card: ServedCard) -> None:
    """A tap reads the same, with the same commands, as from the same card in this process."""
    through_pcscd, in_process = Station.open(card.place), Station.open("emulated:", card.options)
    first, second = tap(through_pcscd), tap(in_process)
    assert (first.outcome, second.outcome) == ("ok", "ok")
    assert first.atr == second.atr == card.atr
    assert first.personal_data == second.personal_data
    assert first.certificates == second.certificates
    assert first.tries_left == second.tries_left
    journal, expected = through_pcscd.journal, in_process.journal
    assert (journal.apdus, journal.bytes_sent) == (expected.apdus, expected.bytes_sent)


def test_a_card_is_read_again_and_again(card: ServedCard) -> None:
    """Each tap begins with a card fresh from power-off, whatever the one before left behind."""
    assert [tap(Station.open(card.place)).outcome for _ in range(3)] == ["ok"] * 3


class PullsAfter:
    """An observer that pulls the card as soon as so many commands were answered."""

    def __init__(self, card: ServedCard, answers: int) -> None:
        self._card = card
        self._left = answers

    def note(self, exchange: Exchange) -> None:
        """Count one answer."""
        self._left -= exchange.level is Level.WIRE
        if self._left == 0:
            self._card.pull()


@pytest.mark.parametrize("answers", [1, 5, 12])
def test_a_card_whose_program_dies_is_lost(contactless_card: ServedCard, answers: int) -> None:
    """A card killed within PACE or behind it is a lost link, and no command follows."""
    station = Station.open(
        contactless_card.place, observers=[PullsAfter(contactless_card, answers)]
    )
    reading = tap(station)
    assert reading.outcome == "link-lost"
    assert isinstance(reading.error, LinkError)
    assert exit_code(reading.error) == LINK
    assert station.journal.apdus == answers + 1


def test_a_card_swapped_in_no_time_is_noticed(contactless_card: ServedCard) -> None:
    """The next card is found also when pcscd, which looks every 0.4 s, saw the slot never empty."""
    for _ in range(3):
        puller = PullsAfter(contactless_card, 3)
        assert tap(Station.open(contactless_card.place, observers=[puller])).outcome == "link-lost"
        contactless_card.plug()
        assert tap(Station.open(contactless_card.place)).outcome == "ok"


class Pullable:
    """An `Icc` that is pulled, once, in the middle of the command with this number."""

    def __init__(self, card: EmulatedCard, at: int) -> None:
        self._card = card
        self._left = at
        self.connect, self.disconnect = card.connect, card.disconnect

    def transmit(self, command: bytes) -> bytes:
        """Answer, unless this is the one."""
        self._left -= 1
        if self._left == 0:
            message = "the card was pulled"
            raise LinkError(message)
        return self._card.transmit(command)


def last_command_of(phase: str) -> int:
    """The number of the last command that a whole read sends in a phase."""
    phases: list[str] = []

    class Noting:
        def note(self, exchange: Exchange) -> None:
            if exchange.level is Level.WIRE:
                phases.append(exchange.phase)

    assert tap(Station.open("emulated:", observers=[Noting()])).outcome == "ok"
    return len(phases) - phases[::-1].index(phase)


@pytest.mark.parametrize("phase", ["select", "verify PIN1", "read signing certificate"])
def test_the_program_says_when_the_card_was_pulled(
    virtual_reader: VirtualReader, phase: str
) -> None:
    """A card pulled within a command is exit code 3 and costs no try; laid back, it is read."""
    card = Station.open("emulated:").emulated
    assert card is not None
    pullable = Pullable(card, last_command_of(phase))
    with served(VpcdCard(pullable, Dialling("127.0.0.1", virtual_reader.port))):
        await_card(virtual_reader, card.atr)
        told = eidrig_read(place_of(virtual_reader))
        assert (told.code, told.document["outcome"]) == (LINK, "link-lost")
        assert f"removed from {virtual_reader.name}" in told.error
        assert [card.memory.tries(name) for name in ("PIN1", "PIN2", "PUK")] == [3, 3, 3]
        await_card(virtual_reader, card.atr)
        assert tap(Station.open(place_of(virtual_reader))).outcome == "ok"
    await_card(virtual_reader, b"")


def test_a_wrong_pin_is_told_with_the_tries_left(contactless_card: ServedCard) -> None:
    """A refused PIN1 is exit code 4 and two tries left, and is below the floor of a second run."""
    wrong = IN_ENVIRONMENT | {"TEST_PIN1": "4321"}
    told = eidrig_read(contactless_card.place, environment=wrong)
    assert (told.code, told.document["outcome"]) == (PIN, "pin1-wrong")
    assert told.document["pin1"] == {"verified": False, "tries_left": 2}
    again = eidrig_read(contactless_card.place)
    assert (again.code, again.document["outcome"]) == (PIN, "pin1-floor")
    assert again.document["pin1"]["tries_left"] == 2


def test_the_card_comes_back_when_pcscd_restarts(
    contactless_card: ServedCard, pcscd: Pcscd
) -> None:
    """A restart of pcscd is a lost link for a tap; the card's program calls again and is read."""
    station = Station.open(contactless_card.place)
    station.icc.connect()
    pcscd.stop()
    with pytest.raises(LinkError):
        station.icc.transmit(bytes.fromhex("00A40000"))
    station.icc.disconnect()
    pcscd.start()
    await_card(contactless_card.slot, contactless_card.atr)
    assert tap(station).outcome == "ok"
    assert eidrig_read(contactless_card.place).code == 0


def test_two_readers_matching_is_wrong_usage(pcscd: Pcscd) -> None:
    """The program names both readers, ends with 2, and asks no card anything."""
    told = eidrig_read("pcsc:Virtual")
    assert told.code == USAGE
    assert told.document["outcome"] == "usage"
    assert all(slot.name in told.error for slot in pcscd.slots)


def test_a_reader_without_a_card_is_told(virtual_reader: VirtualReader) -> None:
    """An empty reader is exit code 3 and the outcome no-card."""
    told = eidrig_read(place_of(virtual_reader))
    assert (told.code, told.document["outcome"]) == (LINK, "no-card")
    assert f"no card in {virtual_reader.name}" in told.error


def test_no_such_reader_is_told(pcscd: Pcscd) -> None:
    """A pattern that fits no reader is exit code 3, with the readers there are."""
    told = eidrig_read("pcsc:ACR1252")
    assert (told.code, told.document["outcome"]) == (LINK, "no-reader")
    assert all(slot.name in told.error for slot in pcscd.slots)


def test_no_service_is_told(tmp_path: Path) -> None:
    """Without a pcscd the program says how to start it, and ends with 3."""
    nowhere = IN_ENVIRONMENT | {CLIENT_SOCKET: str(tmp_path / "nobody")}
    told = eidrig_read("pcsc:", environment=nowhere)
    assert (told.code, told.document["outcome"]) == (LINK, "no-reader")
    assert "start it" in told.error


def test_the_readers_are_listed_with_their_cards(contactless_card: ServedCard) -> None:
    """`eidrig readers` shows the reader with the ATR of its card, and without one none."""
    name, atr = contactless_card.slot.name, contactless_card.atr.hex().upper()
    assert re.search(rf"(?m)^{name} +{atr} *$", eidrig_readers())
    contactless_card.unplug()
    assert re.search(rf"(?m)^{name} +none *$", eidrig_readers())
