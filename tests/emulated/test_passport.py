"""Whole reads of passports and ICAO cards, and what their terminal finds out about bad ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from fixtures.cards import image_of
from fixtures.command import Eidrig
from fixtures.json_schema import faults, reading_schema
from fixtures.passports import BAC_PASSPORT, ID_CARD, PASSPORT
from fixtures.trouble import tampered
from harness import tlv
from harness.apdu import CommandApdu
from harness.clock import VirtualClock
from harness.emulator.card import EmulatedCard
from harness.emulator.person import Person
from harness.emulator.personalise import CardImage, personalise
from harness.errors import LinkError
from harness.icc import Icc
from harness.mrz import Mrz
from harness.profile import Content, Interface
from harness.profiles import builtin
from harness.reading import Reading
from harness.secret import Can
from harness.security_info import encode_oid
from harness.station import Codes, Station
from harness.tap import Tap, TapOptions, policy
from harness.terminal.certificate import Authorities
from harness.terminal.pin_guard import PinGuard
from harness.trace import Journal, Journaled

ALL = (PASSPORT, BAC_PASSPORT, ID_CARD)
PLAIN = TapOptions(use_pin=False)


def zone_of(image: CardImage) -> tuple[str, ...]:
    """The printed zone of a card."""
    assert image.travel is not None
    return image.travel.zone


def held(  # noqa: PLR0913 - what a read depends on
    image: CardImage,
    wrap: Callable[[EmulatedCard], Icc] = lambda card: card,
    *,
    codes: Codes | None = None,
    how: str = "once",
    trust: tuple[bytes, ...] | None = None,
    profile: str = "",
    options: TapOptions = PLAIN,
) -> tuple[Reading, Journal]:
    """Hold a card until it is read, or not."""
    card = EmulatedCard(image, Interface.CONTACTLESS, None, VirtualClock())
    journal = Journal(VirtualClock())
    station = Station(
        Journaled(wrap(card), journal),
        journal=journal,
        profile=builtin(profile) if profile else image.profile,
        is_precious=False,
    )
    mrz = image.passwords["MRZ"]
    own = Codes(Can("123456"), mrz=mrz if isinstance(mrz, Mrz) else None)
    known = image.authorities if trust is None else trust
    authorities = Authorities(known) if known else None
    tap = Tap(station, codes or own, PinGuard(0), options, authorities, policy(how))
    return tap.run(), journal


def with_file(name: str, content: Content, change: Callable[[bytes], bytes]) -> CardImage:
    """A card one of whose files is changed after it was signed."""
    image = image_of(name)
    (key,) = (key for key, file in image.profile.files.items() if file.content is content)
    return replace(image, files={**image.files, key: change(image.files[key])})


def flipped(raw: bytes, at: int = -1) -> bytes:
    """One bit changed."""
    spoilt = bytearray(raw)
    spoilt[at] ^= 1
    return bytes(spoilt)


@pytest.mark.parametrize("name", ALL)
def test_everything_holds(eidrig: Eidrig, name: str) -> None:
    """A document is read whole, its data and its chip are proven, and the summary says so."""
    ran = eidrig("read", "--profile", name, "--json")
    document, told = ran.document, ran.document["document"]
    schema = reading_schema()
    assert list(faults(document, schema, schema)) == []
    assert (ran.code, document["outcome"]) == (0, "ok")
    assert document["access"] == ("bac" if name == BAC_PASSPORT else "pace")
    assert told["mrz"]["surname"] == "JOEORG"
    assert told["passive_authentication"]["failures"] == []
    assert told["passive_authentication"]["chain_verified"] is True
    assert told["chip_authentication"]["verified"] is True
    by_pace = told["chip_authentication_mapping"]
    assert by_pace == (
        {"oid": document["pace"]["oid"], "verified": True} if name == PASSPORT else None
    )
    active = builtin(name).active_authentication
    assert told["active_authentication"] == (
        None if active is None else {"hash": active.hash, "verified": True}
    )
    read = [each for each in told["data_groups"] if each["refused"] is None]
    assert all(each["hash_verified"] is True for each in read)
    assert [each["number"] for each in told["data_groups"] if each["refused"]] == [3]
    said = eidrig("read", "--profile", name).out
    for heading in (
        "Passive authentication  signature verified",
        "Chip authentication     verified",
    ):
        assert heading in said


@pytest.mark.parametrize("name", ALL)
def test_a_recording_is_read_like_the_card(eidrig: Eidrig, tmp_path: Path, name: str) -> None:
    """A recorded document is read and proven again without its codes; its chip is not there."""
    record = tmp_path / "run.json"
    first = eidrig("read", "--profile", name, "--record", record, "--json").document["document"]
    again = eidrig("read", "--card", f"replay:{record}", "--json")
    assert (again.code, again.document["outcome"]) == (0, "ok")
    told = again.document["document"]
    for part in ("mrz", "face", "personal_details", "active_authentication"):
        assert told[part] == first[part]
    assert [each["hash_verified"] for each in told["data_groups"]] == [
        each["hash_verified"] for each in first["data_groups"]
    ]
    assert told["chip_authentication"] is None


def test_access_information_in_pieces() -> None:
    """EF.CardAccess is read on where one answer does not hold it, as its own length tells."""
    entry = tlv.encode(
        0x30, tlv.encode(0x06, encode_oid("1.3.6.1.4.1.99999.1")), bytes((4, 40)) + bytes(40)
    )

    def longer(raw: bytes) -> bytes:
        return tlv.encode(0x31, tlv.parse_one(raw).value + 6 * entry)

    def cut(_number: int, command: bytes, answer: bytes) -> bytes:
        is_long = command[:2] == b"\x00\xb0" and len(answer) > 102
        return answer[:100] + b"\x90\x00" if is_long else answer

    image = with_file(ID_CARD, Content.CARD_ACCESS, longer)
    reading, _ = held(image, tampered(cut))
    assert (reading.outcome, reading.access) == ("ok", "pace")


def test_with_extended_length() -> None:
    """A plan with extended length and short identifiers reads the same with a third of it."""
    whole, journal = held(image_of(PASSPORT))
    options = replace(PLAIN, plan="extended")
    reading, fewer = held(image_of(PASSPORT), options=options)
    assert reading.document.groups == whole.document.groups
    assert fewer.apdus < journal.apdus / 2


@pytest.mark.parametrize("name", ALL)
def test_the_face_is_saved_and_shown_nowhere(eidrig: Eidrig, tmp_path: Path, name: str) -> None:
    """The image goes into the file it is asked for, and into no report and no trace."""
    face, trace = tmp_path / "face", tmp_path / "trace.jsonl"
    ran = eidrig("read", "--profile", name, "--face", face, "--trace", trace, "--json")
    saved = face.read_bytes()
    with Image.open(face) as image:
        assert image.size == (413, 531)
    assert ran.document["document"]["face"]["bytes"] == len(saved)
    middle = saved[len(saved) // 2 :][:24].hex()
    for text in (ran.out, ran.err, trace.read_text()):
        assert middle not in text.lower()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("given", ["lines", "joined", "fields"])
def test_with_a_zone_of_ones_own(eidrig: Eidrig, tmp_path: Path, name: str, given: str) -> None:
    """The MRZ may come whole or as three values, and appears nowhere."""
    lines, person = zone_of(image_of(name)), Person()
    fields = f"{person.document_number},{person.birth_date:%y%m%d},{person.expiry_date:%y%m%d}"
    text = {"lines": "\n".join(lines) + "\n", "joined": "".join(lines), "fields": fields}[given]
    (tmp_path / "mrz").write_text(text)
    trace = tmp_path / "trace.jsonl"
    source = f"file:{tmp_path / 'mrz'}"
    ran = eidrig("read", "--profile", name, "--mrz-from", source, "--trace", trace, "--json")
    assert (ran.code, ran.document["outcome"]) == (0, "ok")
    for line in lines:
        assert line not in ran.out + trace.read_text()
        assert line.encode().hex() not in trace.read_text().lower()


@pytest.mark.parametrize("name", ALL)
def test_a_zone_with_a_typing_error(eidrig: Eidrig, tmp_path: Path, name: str) -> None:
    """A wrong check digit is told by its field before any card is touched, without the zone."""
    whole = "".join(zone_of(image_of(name)))
    at = 5 if name == ID_CARD else 44
    (tmp_path / "mrz").write_text(whole[:at] + "X" + whole[at + 1 :])
    said = eidrig("read", "--profile", name, "--mrz-from", f"file:{tmp_path / 'mrz'}").refused(2)
    assert "document number" in said
    assert whole[at : at + 8] not in said
    assert eidrig.cards[-1].memory is not None


@pytest.mark.parametrize("name", ALL)
def test_the_zone_of_another_document(eidrig: Eidrig, tmp_path: Path, name: str) -> None:
    """A wrong MRZ is told as that, with an exit code of its own."""
    (tmp_path / "mrz").write_text("AS0000002,800108,350101")
    ran = eidrig("read", "--profile", name, "--mrz-from", f"file:{tmp_path / 'mrz'}", "--json")
    assert (ran.code, ran.document["outcome"]) == (4, "mrz-wrong")
    assert ran.document["document"]["data_groups"] == []


@pytest.mark.parametrize(("name", "bad"), [(PASSPORT, "CAN"), (ID_CARD, "CAN")])
def test_the_can_opens_it_as_well(eidrig: Eidrig, tmp_path: Path, name: str, bad: str) -> None:
    """With a CAN instead of an MRZ, PACE is run with the CAN."""
    (tmp_path / "can").write_text("123456")
    ran = eidrig("read", "--profile", name, "--can-from", f"file:{tmp_path / 'can'}", "--json")
    assert (ran.document["outcome"], ran.document["pace"]["password"]) == ("ok", bad)


def test_a_passport_that_refuses_pace_is_opened_by_bac() -> None:
    """A card with BAC alone, taken for one with PACE, is read all the same."""
    reading, _ = held(image_of(BAC_PASSPORT), profile=PASSPORT)
    assert (reading.access, reading.password, reading.pace) == ("bac", "MRZ", None)
    assert reading.document.zone is not None


def test_no_bac_after_a_lost_card() -> None:
    """A card that is lost during PACE is not opened by BAC, which would hide the loss."""

    class Lost:
        def __init__(self, card: EmulatedCard) -> None:
            self.card = card
            self.seen: list[int] = []

        def connect(self) -> bytes:
            return self.card.connect()

        def disconnect(self) -> None:
            self.card.disconnect()

        def transmit(self, command: bytes) -> bytes:
            self.seen.append(command[1])
            if command[1] == 0x86:
                message = "the card was pulled"
                raise LinkError(message)
            return self.card.transmit(command)

    lost: list[Lost] = []

    def pull(card: EmulatedCard) -> Icc:
        lost.append(Lost(card))
        return lost[0]

    reading, _ = held(image_of(PASSPORT), pull)
    assert reading.outcome == "link-lost"
    assert 0x84 not in lost[0].seen


def test_no_bac_after_a_wrong_zone() -> None:
    """A wrong MRZ is told by PACE, and not offered again by BAC."""
    reading, journal = held(
        image_of(PASSPORT), codes=Codes(mrz=Mrz("AS0000009", "800108", "350101"))
    )
    assert reading.outcome == "mrz-wrong"
    assert "get challenge" not in [phase.name for phase in journal.phases]


@pytest.mark.parametrize(
    ("content", "subject"), [(Content.DG2, "DG2"), (Content.DG11, "DG11"), (Content.DG15, "DG15")]
)
def test_a_changed_data_group(content: Content, subject: str) -> None:
    """A data group changed after it was signed is found out and named; the rest still holds."""
    reading, _ = held(with_file(PASSPORT, content, flipped))
    assert reading.outcome == "check-failed"
    passive = reading.document.passive
    assert passive is not None
    assert [(each.fault, each.subject) for each in passive.failures] == [("hash", subject)]
    assert sum(passive.groups.values()) == len(passive.groups) - 1


def test_a_changed_signature() -> None:
    """EF.SOD with another signature is found out."""
    reading, _ = held(with_file(PASSPORT, Content.LDS_SOD, flipped))
    assert reading.outcome == "check-failed"
    passive = reading.document.passive
    assert passive is not None
    assert [each.fault for each in passive.failures] == ["signature"]


def test_an_unknown_authority() -> None:
    """A document of a country that nobody here trusts is read, and its chain is told broken."""
    other = personalise(builtin(PASSPORT), Person(), seed=7)
    reading, _ = held(image_of(PASSPORT), trust=other.authorities)
    assert reading.document.passive is not None
    assert [each.fault for each in reading.document.passive.failures] == ["chain"]
    assert reading.document.passive.chain is False


def test_nobody_trusted() -> None:
    """Without any authority the chain is not checked, which is no failure."""
    reading, _ = held(image_of(PASSPORT), trust=())
    assert reading.document.passive is not None
    assert (reading.outcome, reading.document.passive.chain) == ("ok", None)


def test_an_expired_signer() -> None:
    """A document whose signer is no longer valid is told as that, with the signer named."""
    person = replace(Person(), issue_date=date(2000, 1, 2), expiry_date=date(2010, 1, 1))
    reading, _ = held(personalise(builtin(PASSPORT), person))
    assert reading.document.passive is not None
    (failure, *_) = reading.document.passive.failures
    assert (failure.fault, "Document Signer" in failure.subject) == ("validity", True)


def test_a_group_that_is_listed_but_not_there() -> None:
    """EF.COM lists a data group that the card does not have: it is told, and all else is read."""

    def listing_more(raw: bytes) -> bytes:
        objects = tlv.parse_one(raw).children()
        longer = (
            each if each.tag != 0x5C else tlv.Tlv(0x5C, each.value + b"\x65") for each in objects
        )
        return tlv.encode(0x60, *longer)

    reading, _ = held(with_file(PASSPORT, Content.LDS_COM, listing_more))
    assert reading.outcome == "check-failed"
    assert "DG5 is listed" in str(reading.error)
    assert {1, 2, 11, 12, 14, 15} <= reading.document.groups.keys()


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (lambda raw: raw[: len(raw) // 2], "ended after"),
        (lambda raw: raw[:2] + (len(raw) + 500).to_bytes(2, "big") + raw[4:], "ended after"),
        (lambda raw: raw + b"behind it", ""),
        (lambda raw: b"\x76" + raw[1:], "its tag is 76"),
        (lambda raw: raw[:1] + b"\0", "holds no image"),
        (lambda raw: raw[:0], "is empty"),
    ],
    ids=["cut", "longer than it says", "fill", "other tag", "nothing", "empty"],
)
def test_a_face_that_is_not_whole(change: Callable[[bytes], bytes], outcome: str) -> None:
    """A data group that is cut, too long or something else is told, and all else is read."""
    reading, _ = held(with_file(PASSPORT, Content.DG2, change))
    assert outcome in str(reading.error)
    assert (reading.outcome == "ok") == (not outcome)
    assert {1, 11, 12, 14, 15} <= reading.document.groups.keys()


@pytest.mark.parametrize("name", [BAC_PASSPORT, ID_CARD])
def test_a_copied_chip(name: str) -> None:
    """A chip with all the files of another one but not its keys is found out."""
    stranger = personalise(builtin(name), Person(), seed=9)
    copy = replace(stranger, files=image_of(name).files)
    reading, journal = held(copy, trust=())
    assert reading.outcome == "check-failed"
    assert reading.document.chip is not None
    assert not reading.document.chip.is_proven
    assert "may be a copy" in str(reading.error)
    assert journal.phases[-1].name == "proof of the chip"


def test_a_copied_chip_by_pace() -> None:
    """With the chip authentication mapping a copy is found out before anything else is asked."""
    stranger = personalise(builtin(PASSPORT), Person(), seed=9)
    reading, _ = held(replace(stranger, files=image_of(PASSPORT).files), trust=())
    assert reading.document.mapping is not None
    assert not reading.document.mapping.is_proven
    assert reading.document.chip is None


def test_a_changed_card_security() -> None:
    """EF.CardSecurity with another signature does not vouch for the chip."""
    reading, _ = held(with_file(PASSPORT, Content.CARD_SECURITY, flipped))
    assert "EF.CardSecurity carries a signature" in str(reading.error)
    assert reading.document.mapping is not None
    assert not reading.document.mapping.is_proven


def test_a_copied_chip_without_chip_authentication() -> None:
    """Active authentication alone finds a copy out as well."""
    profile = builtin(BAC_PASSPORT).model_copy(update={"chip_authentication": ()})
    one, other = (personalise(profile, Person(), seed=seed) for seed in (1, 2))
    reading, _ = held(replace(one, files=other.files), trust=())
    assert reading.outcome == "check-failed"
    assert reading.document.active is not None
    assert not reading.document.active.is_proven


class Torn:
    """A card that is lost at the n-th command, once."""

    def __init__(self, card: EmulatedCard, at: int) -> None:
        self._card = card
        self._left = at
        self.taps: list[list[bytes]] = []

    def connect(self) -> bytes:
        """Power up."""
        self.taps.append([])
        return self._card.connect()

    def disconnect(self) -> None:
        """Power off."""
        self._card.disconnect()

    def transmit(self, command: bytes) -> bytes:
        """Pass on, or lose the card."""
        self._left -= 1
        if not self._left:
            self._card.disconnect()
            message = "the card was pulled"
            raise LinkError(message)
        self.taps[-1].append(command)
        return self._card.transmit(command)


@pytest.mark.parametrize("at", [4, 20, 40, 60, 80, 95])
@pytest.mark.parametrize("name", ALL)
def test_a_torn_read_goes_on(name: str, at: int) -> None:
    """What was read before a tear is not read again, wherever the card was lost."""
    whole, journal = held(image_of(name))
    cards: list[Torn] = []

    def tear(card: EmulatedCard) -> Icc:
        cards.append(Torn(card, at))
        return cards[0]

    reading, torn = held(image_of(name), tear, how="resume")
    assert reading.outcome == "ok"
    assert reading.document.groups == whole.document.groups
    assert reading.document.passive is not None
    assert reading.document.passive.is_proven
    names = [phase.name for phase in torn.phases]
    for file in ("EF.COM", "EF.SOD", "DG11", "DG12"):
        assert names.count(f"read {file}") <= 2
    assert torn.apdus <= journal.apdus + 18


class Dropping:
    """A card that drops the channel at protected commands of these numbers, counted in all."""

    def __init__(self, card: EmulatedCard, sw: int, at: tuple[int, ...]) -> None:
        self._card, self._sw, self._at = card, sw, at
        self.protected: list[bytes] = []
        self.taps = 0

    def connect(self) -> bytes:
        """Power up."""
        self.taps += 1
        return self._card.connect()

    def disconnect(self) -> None:
        """Power off."""
        self._card.disconnect()

    def transmit(self, command: bytes) -> bytes:
        """Answer, or drop the channel."""
        if CommandApdu.decode(command).is_secured:
            self.protected.append(command)
            if len(self.protected) in self._at:
                return self._sw.to_bytes(2, "big")
        return self._card.transmit(command)


def dropped(sw: int, *at: int, how: str, name: str = PASSPORT) -> tuple[Reading, Dropping]:
    """Hold a document whose channel is dropped, and look at what came to it."""
    cards: list[Dropping] = []

    def drop(card: EmulatedCard) -> Icc:
        cards.append(Dropping(card, sw, at))
        return cards[0]

    return held(image_of(name), drop, how=how)[0], cards[0]


@pytest.mark.parametrize("sw", [0x6982, 0x6988])
@pytest.mark.parametrize("how", ["once", "restart"])
def test_a_session_that_the_card_dropped(sw: int, how: str) -> None:
    """After an unprotected refusal nothing more is sent in this activation, and nothing twice."""
    reading, card = dropped(sw, 12, how=how)
    assert reading.outcome == "card-refused"
    assert f"{sw:04X}" in str(reading.error)
    assert (card.taps, len(card.protected), len(set(card.protected))) == (1, 12, 12)


@pytest.mark.parametrize("sw", [0x6982, 0x6987, 0x6988])
@pytest.mark.parametrize("name", ALL)
def test_access_begins_anew_from_activation(sw: int, name: str) -> None:
    """A read that resumes opens the card again after it dropped the channel, and goes on."""
    reading, card = dropped(sw, 12, 50, how="resume", name=name)
    assert (reading.outcome, reading.attempts, card.taps) == ("ok", 3, 3)
    assert reading.document.passive is not None
    assert reading.document.passive.is_proven
    assert len(card.protected) == len(set(card.protected))


def test_a_card_that_always_drops_the_channel() -> None:
    """A card from which nothing more can be had is given up after the first attempt in vain."""
    reading, card = dropped(0x6988, *range(12, 999), how="resume")
    assert reading.outcome == "card-refused"
    assert card.taps == 2


def test_bac_leaves_nothing_to_guess_from(eidrig: Eidrig, tmp_path: Path) -> None:
    """Cryptograms of BAC, from which a zone can be found by trying, are in no trace."""
    trace = tmp_path / "trace.jsonl"
    eidrig("read", "--profile", BAC_PASSPORT, "--trace", trace)
    lines = [line for line in trace.read_text().splitlines() if '"0082' in line]
    assert lines
    for line in lines:
        assert re.search(r'"command": "0082000028(\*\*)+"', line)
        assert re.search(r'"response": "(\*\*)+9000"', line)
