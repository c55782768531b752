"""Which file of a passport is open when, and how its bytes are reached."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from asn1crypto.cms import ContentInfo

from fixtures.cards import Talk, image_of
from fixtures.passports import (
    BAC_PASSPORT,
    ID_CARD,
    PASSPORT,
    READ,
    SELECT_COM,
    SELECT_DG1,
    SELECT_LDS,
    by_bac,
    by_pace,
    card_of,
    image_with,
)
from harness.apdu import CommandApdu
from harness.crypto.chip_key import chip_public_keys
from harness.emulator.person import Person
from harness.emulator.personalise import CardImage, personalise
from harness.errors import CheckError
from harness.profile import Content
from harness.profiles import builtin
from harness.secure_messaging import UnprotectedStatusError
from harness.security_info import parse_security_infos
from harness.terminal.pace import declared

OPEN = ("atr-info", "directory", "card-access")
GROUPS = ("com", "sod", "dg1", "dg2", "dg11", "dg12", "dg14", "dg15")
SELECT_MF = "00A4000C023F00"


def select(talk: Talk, name: str, profile: str = PASSPORT) -> None:
    """Select a file by its name in the profile."""
    file = builtin(profile).files[name]
    talk.all(SELECT_MF if file.directory == "main" else SELECT_LDS)
    talk.all(f"00A4020C02{file.fid.hex()}")


def head(profile: str, name: str) -> str:
    """What READ BINARY of four bytes delivers."""
    return f"{image_of(profile).files[name][:4].hex().upper()}9000"


@pytest.mark.parametrize("name", OPEN)
@pytest.mark.parametrize("open_card", [card_of, by_bac, by_pace])
def test_what_is_always_open(open_card: Callable[[], Talk], name: str) -> None:
    """The files of the MF that tell how to begin are open to everyone, at any time."""
    card = open_card()
    select(card, name)
    assert card(READ) == head(PASSPORT, name)


@pytest.mark.parametrize("name", [*GROUPS, "dg3", "card-security"])
def test_closed_before_access_control(name: str) -> None:
    """Nothing else can be read without a channel: not by file, not by short identifier."""
    card, file = card_of(), builtin(PASSPORT).files[name]
    select(card, name)
    assert card(READ) == "6982"
    assert card(f"00B0{0x80 | (file.sfi or 0):02X}0004") == "6982"
    assert card(f"00B100{file.sfi:02X}0354010006") == "6982"


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize(
    ("open_card", "profile"),
    [
        (by_bac, PASSPORT),
        (by_pace, PASSPORT),
        (partial(by_bac, BAC_PASSPORT), BAC_PASSPORT),
        (partial(by_pace, ID_CARD), ID_CARD),
    ],
    ids=["bac", "pace", "bac only", "id card"],
)
def test_open_behind_it(open_card: Callable[[], Talk], profile: str, name: str) -> None:
    """Behind BAC or PACE the data groups are open, whichever was used."""
    if name not in builtin(profile).files:
        with pytest.raises(KeyError):
            image_of(profile).files[name]
        return
    card = open_card()
    select(card, name, profile)
    assert card(READ) == head(profile, name)


@pytest.mark.parametrize("open_card", [by_bac, by_pace])
def test_fingers_are_never_open(open_card: Callable[[], Talk]) -> None:
    """DG3 waits for terminal authentication, which nobody can give here."""
    card = open_card()
    select(card, "dg3")
    assert card(READ) == "6982"
    select(card, "dg1")
    card.all(READ)


def test_card_security_is_for_pace() -> None:
    """EF.CardSecurity opens behind PACE, not behind BAC (ICAO 9303-10, 3.11.4)."""
    for open_card, answer in ((by_pace, head(PASSPORT, "card-security")), (by_bac, "6982")):
        card = open_card()
        select(card, "card-security")
        assert card(READ) == answer


def test_pace_proves_the_chip() -> None:
    """What PACE-CAM leaves fits the key that EF.CardSecurity lists, and no other (4.4.3.5)."""
    image = image_of(PASSPORT)
    card = card_of()
    established = declared(image.profile.own_pace).run(card.channel, image.passwords["MRZ"])
    assert established.chip is not None
    content = ContentInfo.load(image.contents[Content.CARD_SECURITY])["content"]
    infos = parse_security_infos(bytes(content["encap_content_info"]["content"]))
    (key,) = chip_public_keys(infos)
    assert established.chip.check([key]) == key
    other = personalise(image.profile, Person(), seed=8)
    assert other.travel is not None
    with pytest.raises(CheckError, match="may be a copy"):
        established.chip.check([other.chip_keys[13].public])


def test_the_application_by_name_and_the_mf_by_identifier() -> None:
    """Both can be selected in the clear and inside; an unknown application cannot."""
    for open_card in (card_of, by_bac, by_pace):
        card = open_card()
        card.all(SELECT_MF, SELECT_LDS, "00A4000C", SELECT_LDS)
        assert card("00A4040C07A0000002471002") == "6A82"
        assert card("00A4020C020110") == "6A82"


def test_two_files_with_one_identifier() -> None:
    """011D is EF.SOD in the application and EF.CardSecurity in the MF."""
    card = by_pace()
    select(card, "sod")
    assert card(READ)[:2] == "77"
    select(card, "card-security")
    assert card(READ)[:2] == "30"


def test_short_identifiers() -> None:
    """READ BINARY names a file of the current directory, which stays the current one."""
    card = by_bac()
    assert card("00B0810004") == head(PASSPORT, "dg1")
    assert card("00B0000004") == head(PASSPORT, "dg1")
    assert card("00B08B0001") == head(PASSPORT, "dg11")[:2] + "9000"
    assert card("00B0840001") == "6A82"


@pytest.fixture(scope="module")
def large() -> CardImage:
    """A passport whose face takes more than 32 KiB."""
    lds = builtin(PASSPORT).lds
    assert lds is not None
    return image_with(PASSPORT, lds=lds.model_copy(update={"face_size": 60_000}))


def test_a_file_beyond_32_kibibytes(large: CardImage) -> None:
    """The odd instruction reaches every byte, the even one the first 32 KiB."""
    card, expected = by_bac(large), large.files["dg2"]
    card.all("00A4020C020102")
    found, step = b"", 1000
    while len(found) < len(expected):
        data = b"\x54\x03" + len(found).to_bytes(3)
        answer = card.channel.send(CommandApdu(0x00, 0xB1, 0, 0, data, step + 4))
        tag_size = 4 if len(answer) > 0x102 else 3 if len(answer) > 0x81 else 2
        found += answer[tag_size:]
    assert found == expected
    assert len(expected) > 1 << 15
    assert card("00B07FFF01") == f"{expected[0x7FFF]:02X}9000"
    assert card(f"00B10000055403{len(expected):06X}04") == "6B00"


def test_extended_length_where_it_is_declared() -> None:
    """One read delivers as much as the profile says; the older passport takes no such command."""
    card = by_bac()
    card.all("00A4020C020102")
    answer = card.channel.send(CommandApdu(0x00, 0xB0, 0, 0, ne=2000, extended=True))
    assert answer == image_of(PASSPORT).files["dg2"][:1024]
    assert card_of(BAC_PASSPORT)("00B0000000 0004".replace(" ", "")) == "6700"


def test_the_longest_command() -> None:
    """A command beyond the size in EF.ATR/INFO is answered 6700."""
    card = card_of()
    for size, answer in ((1304 - 7, "6A82"), (1304 - 6, "6700")):
        assert card(f"00A4040C00{size:04X}{'AA' * size}") == answer


def test_the_declared_sizes() -> None:
    """EF.ATR/INFO tells both sizes, and that there is extended length at all."""
    content = image_of(PASSPORT).files["atr-info"]
    assert content.hex().upper() == "4703B401E07F66080202051802020518"


def test_ef_dir() -> None:
    """EF.DIR lists the application by its name alone (ICAO 9303-10, 3.11.2)."""
    assert image_of(PASSPORT).files["directory"].hex().upper() == "61094F07A0000002471001"


SPOILT = {
    "a wrong MAC": "0CB000000D9701048E08000000000000000000",
    "no MAC": "0CB000000397010400",
    "no objects": "0CB0000000",
    "in the clear": "00B0000004",
}


@pytest.mark.parametrize("command", SPOILT.values(), ids=list(SPOILT))
@pytest.mark.parametrize("open_card", [by_bac, by_pace])
def test_a_fault_ends_the_session(open_card: Callable[[], Talk], command: str) -> None:
    """After the first fault a right protected command is refused, and the files are closed."""
    card = open_card()
    card.all(SELECT_LDS, SELECT_COM, READ)
    answer = card.card.transmit(bytes.fromhex(command)).hex()
    assert answer in {"6987", "6988", "6982"}
    with pytest.raises(UnprotectedStatusError, match="6988"):
        card(READ)
    assert card.card.transmit(bytes.fromhex(SELECT_DG1)).hex() == "9000"
    assert card.card.transmit(bytes.fromhex(READ)).hex() == "6982"
