"""Cards that are damaged, unknown, endless or mad: a named outcome, never a crash or a hang."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from random import Random

import pytest

import harness.station
from fixtures.cards import IDEMIA, PROFILES, THALES, image_of
from fixtures.command import Eidrig, Ran
from fixtures.trouble import TamperedCard, babbling, tampered
from harness.apdu import INS, SW, CommandApdu
from harness.emulator.card import EmulatedCard
from harness.emulator.files import FileSystem
from harness.emulator.person import Person
from harness.emulator.personalise import CardImage
from harness.emulator.status import Refused
from harness.errors import CheckError, ProtocolViolation
from harness.icc import Icc
from harness.profile import Content, Interface, Profile
from harness.profiles import builtin
from harness.terminal.certificate import Authorities, Certificate

Served = Callable[[Icc], AbstractContextManager[str]]
Holding = Callable[[Content, bytes], None]
FROM = ("--can-from", "env:CODE_CAN", "--pin1-from", "env:CODE_PIN1")
OUTCOMES = {"card-refused", "protocol-violation", "check-failed", "can-wrong"}


@pytest.fixture
def holding(monkeypatch: pytest.MonkeyPatch) -> Holding:
    """Makes every card personalised from now on hold other bytes in one of its files."""

    def hold(content: Content, raw: bytes) -> None:
        def personalise(profile: Profile, _person: Person, _seed: int) -> CardImage:
            image = image_of(profile.name)
            held = (name for name, file in profile.files.items() if file.content is content)
            return replace(image, files={**image.files, **dict.fromkeys(held, raw)})

        monkeypatch.setattr(harness.station, "personalise", personalise)

    return hold


def genuine(content: Content) -> bytes:
    """What the default card holds."""
    return image_of(IDEMIA).contents[content]


CERTIFICATE = Content.AUTHENTICATION_CERTIFICATE
DER = genuine(CERTIFICATE)


def violated(ran: Ran) -> str:
    """The sentence of a read that ended with a violation and kept what came before."""
    sentence = ran.refused(1)
    assert ran.document["outcome"] == "protocol-violation"
    assert ran.document["certificates"]["authentication"] is None
    assert ran.document["pin1"]["verified"] is None
    return sentence


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (DER[:-1], f"a file of {len(DER)} bytes ended after {len(DER) - 1}"),
        (DER[:300], f"a file of {len(DER)} bytes ended after 300"),
        (DER[:5], f"a file of {len(DER)} bytes ended after 5"),
        (DER[:3], "ends before it tells its length"),
        (b"\x30\x82\xff\xff" + DER[4:], "says that it is 65539 bytes long"),
        (b"\x30\x84\xff\xff\xff\xff" + DER[4:], "says that it is 4294967301 bytes long"),
        (b"\x30\x80" + DER[4:], "is no data object: a length of form 80 is not allowed"),
        (b"\x30\x82\x00\x10" + DER[4:20], "certificate cannot be read"),
        (b"\x04\x82" + DER[2:], "certificate cannot be read"),
        (Random(1).randbytes(400), "authentication-certificate"),  # noqa: S311 - not a secret
        (b"\x1f\x80\x01" + DER, "a tag number is padded with zeros"),
        (bytes(1000), "certificate cannot be read"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("profile", PROFILES)
def test_a_damaged_certificate(
    eidrig: Eidrig, holding: Holding, profile: str, raw: bytes, complaint: str
) -> None:
    """A certificate file that is cut, oversized or no DER is named as what it is."""
    holding(CERTIFICATE, raw)
    assert complaint in violated(eidrig("read", "--profile", profile, "--json"))


@pytest.mark.parametrize("profile", PROFILES)
def test_an_empty_certificate_file(eidrig: Eidrig, holding: Holding, profile: str) -> None:
    """A certificate file without a byte is called empty."""
    holding(CERTIFICATE, b"")
    ran = eidrig("read", "--profile", profile, "--json")
    assert "authentication-certificate is empty" in ran.refused(1)
    assert ran.document["outcome"] == "protocol-violation"


@pytest.mark.parametrize("profile", PROFILES)
def test_an_empty_personal_file(eidrig: Eidrig, holding: Holding, profile: str) -> None:
    """A personal data file without a byte is an empty answer, and the read goes on."""
    holding(Content.CITIZENSHIP, b"")
    ran = eidrig("read", "--profile", profile, "--json")
    assert ran.code == 0
    assert ran.document["personal_data"]["citizenship"] == ""


def test_answers_that_end_before_their_files(eidrig: Eidrig) -> None:
    """A card that gives less than the whole file is noticed by the code in the certificate."""

    def shortened(_number: int, command: bytes, answer: bytes) -> bytes:
        return answer[:7] + b"\x90\x00" if command[1] == 0xB0 and len(answer) == 13 else answer

    ran = eidrig("read", "--interface", "contact", "--json", wrap=tampered(shortened))
    assert "7 of the 11 characters of the personal code" in ran.refused(1)
    assert ran.document["outcome"] == "check-failed"


@pytest.mark.parametrize("plan", ["eidrig", "official-app"])
@pytest.mark.parametrize("profile", PROFILES)
def test_fill_behind_a_certificate(
    eidrig: Eidrig, holding: Holding, profile: str, plan: str
) -> None:
    """A file larger than its certificate is read to the certificate's end by our plan."""
    holding(CERTIFICATE, DER + bytes(200))
    ran = eidrig("read", "--profile", profile, "--json", "--plan", plan)
    if plan == "eidrig":
        assert ran.code == 0
        assert ran.document["certificates"]["authentication"]["der_hex"] == DER.hex()
    else:
        assert ran.code in (0, 1)
        assert ran.document["outcome"] in ("ok", "protocol-violation")


def test_a_certificate_with_any_wrong_bit() -> None:
    """A bit wrong anywhere in a certificate is a violation or a failed check, never a crash."""
    authorities = Authorities(image_of(IDEMIA).authorities)
    believed = []
    for position in range(len(DER)):
        raw = bytearray(DER)
        raw[position] ^= 1 << position % 8
        try:
            certificate = Certificate.parse(bytes(raw))
            authorities.check(certificate)
        except (ProtocolViolation, CheckError):
            continue
        believed.append(position)
    assert believed == []


def test_a_certificate_cut_anywhere() -> None:
    """The beginning of a certificate is never taken for one."""
    for size in range(len(DER)):
        with pytest.raises(ProtocolViolation, match="cannot be read"):
            Certificate.parse(DER[:size])


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe", b"", "Ä".encode() * 400, bytes(2000), b"\x1b[2J"], ids=repr
)
@pytest.mark.parametrize("profile", PROFILES)
def test_strange_personal_data(eidrig: Eidrig, holding: Holding, profile: str, raw: bytes) -> None:
    """A name that is not UTF-8, empty, long or full of controls is shown or refused, no more."""
    holding(Content.SURNAME, raw)
    ran = eidrig("read", "--profile", profile)
    assert ran.code in (0, 1)
    assert "Traceback" not in ran.err
    assert "\x1b" not in ran.out


def _endless(command: bytes, answer: bytes) -> bytes:
    return b"\x30\x82\x7f\x00" + bytes(200) + b"\x90\x00" if command[1] == 0xB0 else answer


def _endless_61xx(command: bytes, answer: bytes) -> bytes:
    return bytes(256) + b"\x61\x00" if command[1] in (0xB0, INS.GET_RESPONSE) else answer


def _empty_61xx(command: bytes, answer: bytes) -> bytes:
    return b"\x61\x10" if command[1] in (0xB0, INS.GET_RESPONSE) else answer


def _always_6cxx(command: bytes, answer: bytes) -> bytes:
    return b"\x6c\x20" if command[1] == 0xB0 else answer


def _success_without_data(command: bytes, answer: bytes) -> bytes:
    return b"\x90\x00" if command[1] == 0xB0 else answer


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (_endless, "protocol-violation"),
        (_endless_61xx, "protocol-violation"),
        (_empty_61xx, "protocol-violation"),
        (_always_6cxx, "card-refused"),
        (_success_without_data, "protocol-violation"),
    ],
)
@pytest.mark.parametrize("plan", ["eidrig", "official-app"])
@pytest.mark.parametrize("profile", PROFILES)
def test_a_file_that_never_ends(
    eidrig: Eidrig, profile: str, plan: str, change: Callable[[bytes, bytes], bytes], outcome: str
) -> None:
    """However a card keeps us reading, the read ends by itself within a bounded number of bytes."""
    ran = eidrig(
        "read", "--profile", profile, "--json", "--interface", "contact", "--plan", plan,
        wrap=tampered(lambda _, command, answer: change(command, answer)),
    )  # fmt: skip
    ran.refused(1)
    assert ran.document["outcome"] == outcome
    assert ran.document["bytes_received"] < 200_000


@pytest.mark.parametrize("interface", Interface)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_card_that_babbles(eidrig: Eidrig, profile: str, interface: Interface) -> None:
    """A card that answers random bytes, few or many or none, is refused as what it is."""
    atr = EmulatedCard(image_of(profile), interface).atr
    for seed in range(40):
        dice = Random(seed)  # noqa: S311 - not a secret

        def answer(dice: Random = dice) -> bytes:
            success = b"\x90\x00" if dice.random() < 0.7 else b""
            return dice.randbytes(dice.choice([0, 1, 2, 3, 20, 60, 256])) + success

        ran = eidrig(
            "read", "--profile", profile, "--json", "--interface", interface,
            wrap=babbling(atr, answer),
        )  # fmt: skip
        ran.refused(1)
        assert ran.document["outcome"] in OUTCOMES
        assert ran.document["authentication"]["signature_verified"] is not True


@pytest.mark.parametrize("start", [2, 8, 14, 25])
@pytest.mark.parametrize("interface", Interface)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_card_that_goes_mad(
    eidrig: Eidrig, profile: str, interface: Interface, start: int
) -> None:
    """A card that behaves and then babbles loses nothing of what was read before."""
    for seed in range(8):
        dice = Random(seed)  # noqa: S311 - not a secret

        def change(seen: int, _: bytes, answer: bytes, dice: Random = dice) -> bytes:
            return answer if seen < start else dice.randbytes(dice.randrange(30)) + b"\x90\x00"

        ran = eidrig(
            "read", "--profile", profile, "--json", "--interface", interface,
            wrap=tampered(change),
        )  # fmt: skip
        ran.refused(1)
        assert ran.document["outcome"] in OUTCOMES
        assert ran.document["apdus"] >= start


@pytest.fixture
def _codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default person's codes in the environment."""
    monkeypatch.setenv("CODE_CAN", "123456")
    monkeypatch.setenv("CODE_PIN1", "1234")


@pytest.mark.usefixtures("_codes")
@pytest.mark.parametrize("profile", PROFILES)
def test_an_unknown_atr(eidrig: Eidrig, served: Served, profile: str) -> None:
    """A card that no profile knows is read only when a profile is named."""
    atr = bytes.fromhex("3B8080010101")
    with served(TamperedCard(EmulatedCard(image_of(profile)), atr=atr)) as place:
        ran = eidrig("read", "--card", place, "--json", *FROM)
        sentence = ran.refused(2)
        assert "no profile knows a card with ATR 3B8080010101" in sentence
        assert ", or a .toml file)" in sentence
        assert ran.document["outcome"] == "usage"
        assert ran.document["profile"] is None
        assert ran.document["card"]["atr"] == "3B8080010101"
        assert ran.document["apdus"] == 4  # looked for in EF.DIR and as a passport
        named = eidrig("read", "--card", place, "--json", "--profile", profile, *FROM)
        assert named.document["outcome"] == "ok"


@pytest.mark.usefixtures("_codes")
@pytest.mark.parametrize("profile", PROFILES)
def test_every_known_atr(eidrig: Eidrig, served: Served, profile: str) -> None:
    """Every ATR in a profile leads to that profile and its interface."""
    for entry in builtin(profile).recognise:
        card = EmulatedCard(image_of(profile), entry.interface)
        with served(TamperedCard(card, atr=entry.atr)) as place:
            document = eidrig("read", "--card", place, "--json", *FROM).document
        assert (document["outcome"], document["profile"]) == ("ok", profile)
        assert document["card"]["interface"] == entry.interface


@pytest.mark.usefixtures("_codes")
@pytest.mark.parametrize("atr", [b"\x3b", bytes(40)])
def test_an_answer_that_is_no_atr(eidrig: Eidrig, served: Served, atr: bytes) -> None:
    """What cannot be an ATR means that there is no usable card."""
    with served(TamperedCard(EmulatedCard(image_of(IDEMIA)), atr=atr)) as place:
        ran = eidrig("read", "--card", place, "--json", *FROM)
    assert "where its ATR was due" in ran.refused(3)
    assert ran.document["outcome"] == "link-lost"


@pytest.mark.usefixtures("_codes")
def test_the_profile_of_another_card(eidrig: Eidrig, served: Served) -> None:
    """A card read with the profile of another generation refuses, and no PIN is spent."""
    card = EmulatedCard(image_of(THALES))
    with served(card) as place:
        ran = eidrig("read", "--card", place, "--json", "--profile", IDEMIA, *FROM)
    ran.refused(1)
    assert ran.document["outcome"] in OUTCOMES
    assert card.memory.tries("PIN1") == 3


def test_a_card_that_knows_its_certificates_by_path_only(
    eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that is not found in its directory is found by path from the application."""
    select = FileSystem.select

    def strict(files: FileSystem, command: CommandApdu) -> bytes:
        if command.p1 == 0x02 and command.data.hex() in {"3401", "341f"}:
            raise Refused(SW.FILE_NOT_FOUND)
        return select(files, command)

    monkeypatch.setattr(FileSystem, "select", strict)
    ran = eidrig("read", "--json")
    assert ran.code == 0
    assert all(each["chain_verified"] for each in ran.document["certificates"].values())
