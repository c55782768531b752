"""The card as its holder's phone uses it, on both generations."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fixtures.cards import (
    CAN,
    IDEMIA,
    PROFILES,
    THALES,
    AnsweringCard,
    Pulled,
    Talk,
    image_of,
    opened,
    pace_info,
    powered,
    profile_of,
)
from harness.emulator.card import EmulatedCard
from harness.emulator.memory import CardMemory
from harness.emulator.person import Person
from harness.errors import (
    ApduError,
    BlockedPinError,
    CheckError,
    LinkError,
    PinFloorError,
    ProtocolViolation,
    UsageError,
    WrongPinError,
)
from harness.profile import Content, Interface, PinName
from harness.secret import Digits, Pin, Puk
from harness.terminal.certificate import Certificate
from harness.terminal.channel import CardChannel
from harness.terminal.eid import Eid
from harness.terminal.pace import PaceTerminal
from harness.terminal.pin_guard import PinGuard, Refusals

PIN1, PIN2, PUK = Pin("1234"), Pin("12345"), Puk("12345678")
WRONG = Pin("99999")
every_card = pytest.mark.parametrize("name", PROFILES)


def eid_of(talk: Talk, name: str, guard: PinGuard | None = None) -> Eid:
    """The terminal's view of a card, with no floor unless a guard is given."""
    return Eid(talk.channel, profile_of(name), guard or PinGuard(0))


@every_card
def test_everything_once(name: str) -> None:
    """Personal data, certificates, counters, login and signature work one after the other."""
    eid = eid_of(opened(name), name)
    assert eid.personal_data()[Content.PERSONAL_CODE] == "38001085718"
    authentication = eid.certificate("authentication")
    signing = eid.certificate("signing")
    assert authentication.personal_code == signing.personal_code == "38001085718"
    assert [eid.tries_left(pin) for pin in ("PIN1", "PIN2", "PUK")] == [3, 3, 3]
    eid.verify("PIN1", PIN1)
    assert len(eid.authenticate(authentication)) == 96
    eid.verify("PIN2", PIN2)
    assert len(eid.sign(signing, b"document")) == 96


@every_card
def test_personal_data(name: str) -> None:
    """Every file of the personal directory is read by its meaning."""
    data = eid_of(opened(name), name).personal_data()
    assert data[Content.SURNAME] == "JÕEORG"
    assert data[Content.EXPIRY_DATE] == "01 01 2035"
    birth = Content.BIRTH_DATE_AND_PLACE if name == IDEMIA else Content.BIRTH_DATE
    assert data[birth].startswith("08 01 1980")
    assert len(data) == 8


@every_card
def test_a_wrong_pin_is_told_and_not_sent_twice(name: str) -> None:
    """A wrong PIN1 costs one try, is told with the tries left, and is not sent again."""
    talk, memory = opened(name), Refusals()
    eid = eid_of(talk, name, PinGuard(0, memory))
    with pytest.raises(WrongPinError, match="2 tries left") as caught:
        eid.verify("PIN1", WRONG)
    assert (caught.value.tries_left, caught.value.code) == (2, "pin1-wrong")
    for again in (eid, eid_of(opened(name, memory=talk.memory), name, PinGuard(0, memory))):
        with pytest.raises(WrongPinError, match="not offered again"):
            again.verify("PIN1", WRONG)
    assert talk.memory.tries("PIN1") == 2
    eid.verify("PIN1", PIN1)
    assert talk.memory.tries("PIN1") == 3


@every_card
def test_the_try_that_blocks(name: str) -> None:
    """The last wrong try says that the PIN is blocked now, and later ones are not sent."""
    talk = opened(name)
    talk.memory.set_tries("PIN1", 1)
    with pytest.raises(BlockedPinError, match="is now blocked") as caught:
        eid_of(talk, name).verify("PIN1", WRONG)
    assert (caught.value.tries_left, caught.value.code) == (0, "pin1-blocked")
    with pytest.raises(BlockedPinError, match="unblock it with the PUK"):
        eid_of(talk, name).verify("PIN1", PIN1)


@every_card
def test_the_floor_holds_the_code_back(name: str) -> None:
    """At two tries left the default guard sends nothing that could cost one."""
    talk = opened(name)
    talk.memory.set_tries("PIN1", 2)
    with pytest.raises(PinFloorError):
        eid_of(talk, name, PinGuard()).verify("PIN1", PIN1)
    assert talk.memory.tries("PIN1") == 2


@every_card
@pytest.mark.parametrize("code", ["1234", "1234567890123"[:12]])
def test_lengths_are_checked_before_the_card(name: str, code: str) -> None:
    """A PIN2 that is too short is refused without a command; twelve digits are not too many."""
    talk = opened(name)
    if len(code) == 4:
        with pytest.raises(UsageError, match="PIN2 has 5 to 12 digits"):
            eid_of(talk, name).verify("PIN2", Pin(code))
        assert talk.memory.tries("PIN2") == 3
    else:
        with pytest.raises(WrongPinError):
            eid_of(talk, name).verify("PIN2", Pin(code))


def pulled_at_verify(name: str, *, late: bool) -> tuple[Pulled, CardMemory]:
    """A card that leaves the field at VERIFY, before or after it got there."""
    memory = CardMemory(image_of(name))
    card = EmulatedCard(image_of(name), memory=memory)
    return Pulled(card, lambda command: command[1] == 0x20, late=late), memory


def offer(icc: Pulled, name: str, guard: PinGuard, code: Digits) -> None:
    """Offer PIN1 in a fresh tap."""
    icc.connect()
    channel = PaceTerminal(pace_info(name)).establish(CardChannel(icc), CAN)
    Eid(channel, profile_of(name), guard).verify("PIN1", code)


@every_card
def test_torn_before_the_card_heard(name: str) -> None:
    """Lost before VERIFY arrived: the counter is read, stands as before, and the PIN goes again."""
    icc, memory = pulled_at_verify(name, late=False)
    guard = PinGuard(0)
    with pytest.raises(LinkError):
        offer(icc, name, guard, PIN1)
    eid_of(opened(name, memory=memory), name, guard).verify("PIN1", PIN1)
    assert memory.tries("PIN1") == 3


@every_card
def test_torn_after_the_card_counted(name: str) -> None:
    """Lost after a wrong VERIFY arrived: the counter shows the try, and the code stays away."""
    icc, memory = pulled_at_verify(name, late=True)
    guard = PinGuard(0)
    with pytest.raises(LinkError):
        offer(icc, name, guard, WRONG)
    assert memory.tries("PIN1") == 2
    with pytest.raises(WrongPinError, match="has counted a try since"):
        eid_of(opened(name, memory=memory), name, guard).verify("PIN1", WRONG)
    assert memory.tries("PIN1") == 2


@every_card
@pytest.mark.parametrize(("pin", "old"), [("PIN1", PIN1), ("PIN2", PIN2)])
def test_change(name: str, pin: PinName, old: Pin) -> None:
    """A changed PIN verifies, the old one does not; too short a new one is refused unsent."""
    talk = opened(name)
    eid = eid_of(talk, name)
    with pytest.raises(UsageError):
        eid.change(pin, old, Digits("123"))
    eid.change(pin, old, Pin("556677"))
    eid.verify(pin, Pin("556677"))
    with pytest.raises(WrongPinError):
        eid_of(talk, name).change(pin, old, Pin("556677"))


def test_the_puk_of_thales_cannot_be_changed() -> None:
    """Where the generation's PUK is fixed the change is refused before the card is asked."""
    talk = opened(THALES)
    with pytest.raises(UsageError, match="PUK of est-thales-2025 cannot be changed"):
        eid_of(talk, THALES).change("PUK", PUK, Puk("87654321"))
    eid_of(opened(IDEMIA), IDEMIA).change("PUK", PUK, Puk("87654321"))


@every_card
@pytest.mark.parametrize("pin", ["PIN1", "PIN2"])
def test_unblock(name: str, pin: PinName) -> None:
    """A blocked PIN gets a new value and its tries by means of the PUK."""
    talk = opened(name)
    talk.memory.set_tries(pin, 0)
    eid = eid_of(talk, name)
    eid.unblock(pin, PUK, Pin("77777"))
    assert eid.tries_left(pin) == 3
    eid.verify(pin, Pin("77777"))


@every_card
def test_unblock_with_a_wrong_puk(name: str) -> None:
    """A wrong PUK is counted and told as the PUK's, and is never offered again."""
    talk = opened(name)
    talk.memory.set_tries("PIN1", 0)
    eid = eid_of(talk, name)
    with pytest.raises(WrongPinError, match="PUK is wrong; 2 tries left"):
        eid.unblock("PIN1", Puk("00000000"), Pin("7777"))
    with pytest.raises(WrongPinError, match="not offered again"):
        eid.unblock("PIN1", Puk("00000000"), Pin("7777"))
    assert (talk.memory.tries("PUK"), talk.memory.tries("PIN1")) == (2, 0)


@every_card
def test_unblock_with_a_blocked_puk(name: str) -> None:
    """A PUK without tries is not offered."""
    talk = opened(name)
    talk.memory.set_tries("PUK", 0)
    with pytest.raises(BlockedPinError, match="PUK is blocked"):
        eid_of(talk, name).unblock("PIN1", PUK, Pin("7777"))


def test_a_pin2_that_must_be_changed_first() -> None:
    """A fresh PIN2 is not offered; after the change it signs."""
    person = Person(pin2_changed=False)
    talk = opened(THALES, person)
    eid = eid_of(talk, THALES)
    with pytest.raises(BlockedPinError, match="must be changed before its first use"):
        eid.verify("PIN2", PIN2)
    assert talk.memory.tries("PIN2") == 3
    eid.change("PIN2", PIN2, Pin("54321"))
    eid.verify("PIN2", Pin("54321"))
    eid.sign(eid.certificate("signing"), b"document")


@every_card
def test_keys_need_their_pin(name: str) -> None:
    """Login and signature without VERIFY are refused with 6982."""
    eid = eid_of(opened(name), name)
    with pytest.raises(ApduError, match="6982"):
        eid.authenticate(eid.certificate("authentication"))
    with pytest.raises(ApduError, match="6982"):
        eid.sign(eid.certificate("signing"), b"document")


@every_card
def test_a_signature_is_checked(name: str) -> None:
    """A signature that is not the given certificate's is found out."""
    eid = eid_of(opened(name), name)
    eid.verify("PIN1", PIN1)
    with pytest.raises(CheckError, match="does not verify"):
        eid.authenticate(eid.certificate("signing"))


@every_card
def test_the_challenge_is_ours(name: str) -> None:
    """The login proof is made over the digest that was given, so a replay can ask the same."""
    digest = hashlib.sha384(b"challenge").digest()
    eid = Eid(opened(name).channel, profile_of(name), PinGuard(0), challenge=lambda: digest)
    certificate = eid.certificate("authentication")
    eid.verify("PIN1", PIN1)
    certificate.check_signature(eid.authenticate(certificate), digest)


@every_card
def test_decipher(name: str) -> None:
    """Both sides of the key agreement come to the same secret, which is one."""
    eid, ours = eid_of(opened(name), name), ec.generate_private_key(ec.SECP384R1())
    point = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    theirs = eid.certificate("authentication").public_key
    eid.verify("PIN1", PIN1)
    shared = eid.decipher(point)
    assert shared.reveal() == ours.exchange(ec.ECDH(), theirs)
    assert repr(shared) == "<secret>"


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        (IDEMIA, "9000", "does not tell the tries left of PIN1"),
        (IDEMIA, "70059000", "malformed PIN information"),
        (IDEMIA, "7003BF81009000", "malformed PIN information"),
        (IDEMIA, "7004BF8101009000", "does not tell"),
        (THALES, "A0039A01039000", "does not tell"),
        (THALES, "A003DF21009000", "does not tell"),
        (THALES, "9000", "does not tell"),
        (THALES, "FFFF9000", "malformed PIN information"),
    ],
)
def test_counters_that_are_none(name: str, answer: str, said: str) -> None:
    """Garbage instead of PIN information is a violation; no PIN is offered on a guess."""
    card = AnsweringCard(lambda raw: bytes.fromhex(answer if raw[1] == 0xCB else "9000"))
    eid = Eid(CardChannel(card), profile_of(name), PinGuard(0))
    with pytest.raises(ProtocolViolation, match=said):
        eid.verify("PIN1", PIN1)
    assert not [sent for sent in card.sent if sent.startswith("0020")]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("A004DF210102", 2),
        ("A00DDF210403FFA503DF2702FFFF00", None),
        ("A008DF2101 03DF2F0100", 3),
    ],
)
def test_counters_in_other_forms(answer: str, expected: int | None) -> None:
    """Fields that are missing or longer do not hide the counter."""
    card = AnsweringCard(
        lambda raw: bytes.fromhex(answer) + b"\x90\x00" if raw[1] == 0xCB else b"\x90\x00"
    )
    eid = Eid(CardChannel(card), profile_of(THALES), PinGuard(0))
    if expected is None:
        with pytest.raises(ProtocolViolation):
            eid.tries_left("PIN1")
    else:
        assert eid.tries_left("PIN1") == expected


@pytest.mark.parametrize("sw", ["6300", "6700", "6982", "6F00", "1234"])
@every_card
def test_answers_to_verify_that_tell_no_count(name: str, sw: str) -> None:
    """A status word that tells no tries is passed on as it is, and the code may be tried again."""
    counter = {
        IDEMIA: "701EBF81011AA0189A01039B0103A1108C06F300007343009C06F30000734300",
        THALES: "A01D8301818C04F0000000DF210403FFA503DF2702FFFFDF28010CDF2F0101",
    }[name]

    def answer(raw: bytes) -> bytes:
        return bytes.fromhex({0x20: sw, 0xCB: counter + "9000"}.get(raw[1], "9000"))

    eid = Eid(CardChannel(AnsweringCard(answer)), profile_of(name), PinGuard(0))
    with pytest.raises(ApduError, match=sw):
        eid.verify("PIN1", PIN1)


@pytest.mark.parametrize(
    "answer", ["9000", "00" * 95 + "9000", "00" * 96 + "9000", "FF" * 96 + "9000"]
)
@every_card
def test_garbage_instead_of_a_signature(name: str, answer: str) -> None:
    """What is no signature of the certificate is a failed check, not a crash."""
    certificate = Certificate.parse(image_of(name).contents[Content.AUTHENTICATION_CERTIFICATE])
    signs = {IDEMIA: 0x88, THALES: 0x2A}[name]
    card = AnsweringCard(lambda raw: bytes.fromhex(answer if raw[1] == signs else "9000"))
    with pytest.raises(CheckError):
        Eid(CardChannel(card), profile_of(name)).authenticate(certificate)


GARBAGE: tuple[Callable[[bytes], bytes], ...] = (
    lambda _: b"",
    lambda _: b"\x00",
    lambda _: b"\x00" * 20,
    lambda _: b"\xff" * 300,
    lambda raw: raw,
    lambda _: b"\x61\x00",
    lambda _: b"\x6c\x00",
    lambda _: b"\x90\x00",
    lambda _: b"\x30\x82\xff\xff" + b"\x90\x00",
)


@pytest.mark.parametrize("index", range(len(GARBAGE)))
@every_card
def test_a_card_that_answers_garbage(name: str, index: int) -> None:
    """Whatever a card answers to everything, each operation ends in one of our own errors."""
    operations: tuple[Callable[[Eid], object], ...] = (
        lambda eid: eid.certificate("authentication"),
        lambda eid: eid.tries_left("PIN1"),
        lambda eid: eid.verify("PIN1", PIN1),
    )
    for use in operations:
        card = AnsweringCard(GARBAGE[index])
        with pytest.raises((ApduError, ProtocolViolation)):
            use(Eid(CardChannel(card), profile_of(name), PinGuard(0)))
        assert len(card.sent) < 300


@pytest.mark.parametrize("index", range(len(GARBAGE)))
@every_card
def test_personal_data_of_garbage(name: str, index: int) -> None:
    """Garbage in the personal files is an error of ours, or text with its bytes replaced."""
    card = AnsweringCard(GARBAGE[index])
    with suppress(ApduError, ProtocolViolation):
        data = Eid(CardChannel(card), profile_of(name)).personal_data()
        assert "\ufffd" in data[Content.SURNAME]
    assert len(card.sent) < 300


def test_over_contact() -> None:
    """Over contact the same operations work in the clear."""
    for name in PROFILES:
        eid = eid_of(powered(name, Interface.CONTACT), name)
        certificate = eid.certificate("authentication")
        eid.verify("PIN1", PIN1)
        eid.authenticate(certificate)


@every_card
def test_a_broken_answer_to_verify_is_a_tear(name: str) -> None:
    """Where the answer is no proof, the code goes again only if the counter stands as before."""
    memory, guard = CardMemory(image_of(name)), PinGuard(0)
    card = EmulatedCard(image_of(name), memory=memory)

    def forged(raw: bytes) -> bytes:
        answer = card.transmit(raw)
        return b"\x90\x00" if raw[1] == 0x20 else answer

    card.connect()
    channel = PaceTerminal(pace_info(name)).establish(CardChannel(AnsweringCard(forged)), CAN)
    with pytest.raises(ProtocolViolation, match="carries no MAC"):
        Eid(channel, profile_of(name), guard).verify("PIN1", WRONG)
    assert memory.tries("PIN1") == 2
    with pytest.raises(WrongPinError, match="has counted a try since"):
        eid_of(opened(name, memory=memory), name, guard).verify("PIN1", WRONG)
    assert memory.tries("PIN1") == 2


@every_card
@pytest.mark.parametrize(("sw", "outcome"), [("63C1", WrongPinError), ("6F00", ApduError)])
def test_a_naked_refusal_of_verify(name: str, sw: str, outcome: type[Exception]) -> None:
    """A refusal without protection is believed only so far as it keeps the code back."""
    card = EmulatedCard(image_of(name))
    card.connect()
    link = AnsweringCard(lambda raw: bytes.fromhex(sw) if raw[1] == 0x20 else card.transmit(raw))
    channel = PaceTerminal(pace_info(name)).establish(CardChannel(link), CAN)
    with pytest.raises(outcome):
        Eid(channel, profile_of(name), PinGuard(0)).verify("PIN1", PIN1)


@every_card
def test_the_puk_is_verified_where_it_lives(name: str) -> None:
    """A code that protects no key is verified in its own directory."""
    talk = opened(name)
    talk.all("00A4080C02DFDD" if name == THALES else "00A4010C025000")
    eid_of(talk, name).verify("PUK", PUK)
    assert talk.memory.tries("PUK") == 3


@pytest.mark.parametrize("name", ["icao-passport", "icao-id-card"])
def test_a_document_has_no_codes(name: str) -> None:
    """What needs a code or a key of the holder is refused before a passport is asked for it."""
    card = AnsweringCard(lambda _: b"\x6d\x00")
    eid = Eid(CardChannel(card), profile_of(name))
    with pytest.raises(UsageError, match="tries left of PIN1"):
        eid._family.pin_state("PIN1")
    with pytest.raises(UsageError, match="unblock PIN1"):
        eid._family.unblock_commands("PIN1", b"", b"")
    assert card.sent == []
