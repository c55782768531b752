"""Basic Access Control in the chip role: the worked example, order, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from fixtures.cards import Talk
from fixtures.emrtd_vectors import IcaoD3
from fixtures.passports import (
    ID_CARD,
    PASSPORT,
    READ,
    SELECT_COM,
    SELECT_DG1,
    SELECT_LDS,
    by_bac,
    by_pace,
    card_of,
    drawn,
    image_with,
)
from harness.crypto.bac import Contribution, document_keys
from harness.emulator.person import Person, personal_code
from harness.emulator.personalise import CardImage
from harness.mrz import Mrz
from harness.profile import Bac
from harness.profiles import builtin

BIRTH = date(1969, 8, 6)
HOLDER = replace(
    Person(),
    document_number="L898902C",
    birth_date=BIRTH,
    personal_code=personal_code(BIRTH, "M", 1),
    issue_date=date(1990, 1, 1),
    expiry_date=date(1994, 6, 23),
)
COM = bytes.fromhex("60145F0104303130365F36063034303030305C026175")
"""EF.COM in appendix D.4."""
CHALLENGE = "0084000008"
READ_COM = "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A990290008E08C8B2787EAEA07D749000"
AUTHENTICATE = f"0082000028{IcaoD3.TERMINAL.hex().upper()}28"


@pytest.fixture(scope="module")
def image() -> CardImage:
    """The document of appendix D, with its EF.COM."""
    files = builtin(PASSPORT).files
    com = files["com"].model_copy(update={"value": COM})
    return image_with(PASSPORT, HOLDER, files={**files, "com": com})


@pytest.fixture
def card(image: CardImage) -> Talk:
    """That document under power, with the nonce and the half of the key of appendix D.3."""
    talk = card_of(image, drawn(IcaoD3.RND_IC, IcaoD3.K_IC))
    talk.all(SELECT_LDS)
    return talk


def test_the_worked_example(card: Talk) -> None:
    """Challenge, cryptogram and every protected answer are those of appendix D.3 and D.4."""
    assert card(CHALLENGE) == f"{IcaoD3.RND_IC.hex().upper()}9000"
    assert card(AUTHENTICATE) == f"{IcaoD3.CHIP.hex().upper()}9000"
    for command, answer in (
        (
            "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800",
            "990290008E08FA855A5D4C50A8ED9000",
        ),
        (
            "0CB000000D9701048E08ED6705417E96BA5500",
            "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000",
        ),
        (
            "0CB000040D9701128E082EA28A70F3C7B53500",
            READ_COM,
        ),
    ):
        assert card(command) == answer


def test_a_challenge_serves_once(card: Talk) -> None:
    """The same cryptogram is refused when it comes again, and opens nothing."""
    card.all(CHALLENGE)
    assert card(AUTHENTICATE)[-4:] == "9000"
    assert card(AUTHENTICATE) == "6985"
    assert card(f"{SELECT_COM}") == "9000"
    assert card(READ) == "6982"


@pytest.mark.parametrize("between", [SELECT_LDS, READ, "0022C1A40F800A04007F00070202040202830101"])
def test_a_challenge_serves_the_next_command_only(card: Talk, between: str) -> None:
    """Whatever comes between the two commands, the challenge is gone."""
    card.all(CHALLENGE)
    card(between)
    assert card(AUTHENTICATE) == "6985"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("0082010028" + "00" * 40 + "28", "6A86"),
        ("0082000128" + "00" * 40 + "28", "6A86"),
        ("0082000027" + "00" * 39 + "28", "6700"),
        ("0082000029" + "00" * 41 + "28", "6700"),
        ("0082000028" + "00" * 40, "6700"),
        ("0082000000", "6700"),
        ("0082000028" + "00" * 40 + "28", "6300"),
        (AUTHENTICATE[:-4] + "0028", "6300"),
    ],
)
def test_malformed_and_wrong_cryptograms(card: Talk, command: str, answer: str) -> None:
    """Each has its status word, and the card is as closed as before."""
    card.all(CHALLENGE)
    assert card(command) == answer
    assert card(AUTHENTICATE) == "6985"
    card.all(SELECT_DG1)
    assert card(READ) == "6982"


def test_the_keys_of_another_document(card: Talk) -> None:
    """An honest run with another zone ends in 6300."""
    card.all(CHALLENGE)
    terminal = Contribution(IcaoD3.RND_IFD, IcaoD3.RND_IC, IcaoD3.K_IFD)
    cryptogram = terminal.seal(document_keys(Mrz("L898902D", "690806", "940623")))
    assert card(f"0082000028{cryptogram.hex()}28") == "6300"


def test_an_answer_to_another_challenge(card: Talk) -> None:
    """A cryptogram that was right for the challenge before is wrong for this one."""
    card.all(CHALLENGE, CHALLENGE)
    assert card(AUTHENTICATE) == "6300"


@pytest.mark.parametrize("command", ["0084000007", "00840000000010", "0084000000", "00840000"])
def test_other_challenges(card: Talk, command: str) -> None:
    """A challenge has eight bytes."""
    assert card(command)[-4:] == "6700"
    assert card("0084010008") == "6A86"


def test_only_in_the_application() -> None:
    """The keys belong to the LDS application: in the MF there is no BAC."""
    assert card_of()(CHALLENGE) == "6985"


def test_no_bac_on_this_card() -> None:
    """A card without BAC does not know the commands."""
    card = card_of(ID_CARD)
    card.all(SELECT_LDS)
    assert (card(CHALLENGE), card(AUTHENTICATE)) == ("6D00", "6D00")


@pytest.mark.parametrize("open_card", [by_bac, by_pace])
def test_no_bac_inside_a_channel(open_card: object) -> None:
    """After PACE or BAC there is no BAC, and the channel lives on."""
    assert callable(open_card)
    card: Talk = open_card()
    card.all(SELECT_LDS)
    assert (card(CHALLENGE), card(AUTHENTICATE)) == ("6982", "6982")
    card.all(SELECT_DG1, READ)


def test_no_pace_inside_a_channel_of_bac() -> None:
    """The other way round PACE is refused, and the channel lives on."""
    card = by_bac()
    set_at = "0022C1A412800A04007F00070202040202830101"
    assert card(f"{set_at}84010D") == "6985"
    card.all(SELECT_DG1, READ)


def test_a_plain_command_ends_the_channel() -> None:
    """Whoever speaks in the clear is outside again."""
    card = by_bac()
    card.all(SELECT_DG1, READ)
    plain = card_of()
    plain = replace(plain, card=card.card, channel=type(card.channel)(card.card))
    assert plain(READ) == "6982"
    assert plain("0CB000000D9701048E08ED6705417E96BA5500")[-4:] == "6988"


def test_the_words_of_a_profile() -> None:
    """Which status words a chip uses is a fact of its profile."""
    words = Bac(wrong_keys=0x6988, without_challenge=0x6982, inside_channel=0x6985, source="test")
    image = image_with(PASSPORT, HOLDER, bac=words)
    card = card_of(image)
    card.all(SELECT_LDS)
    assert card(AUTHENTICATE) == "6982"
    card.all(CHALLENGE)
    assert card(AUTHENTICATE) == "6988"
    assert by_bac(image)(CHALLENGE) == "6985"
