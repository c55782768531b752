"""A national card with a travel document on the same chip: each part works beside the other."""

from __future__ import annotations

import pytest

from fixtures.cards import IDEMIA, Talk, profile_of
from fixtures.passports import PASSPORT, SELECT_LDS, card_of
from harness.crypto.standardized import DOMAINS
from harness.emulator.person import Person
from harness.emulator.personalise import CardImage, personalise
from harness.profiles import builtin
from harness.terminal.pace import declared

SELECT_MAIN = "00A4040C10A000000077010800070000FE00000100"
SELECT_AWP = "00A4040C0DE828BD080FF2504F5420415750"
CHALLENGE = "0088000008112233445566778800"


@pytest.fixture(scope="module")
def image() -> CardImage:
    """The Estonian card with the files, the keys and the chip of a passport."""
    card, passport = profile_of(IDEMIA), builtin(PASSPORT)
    files = {name: file for name, file in passport.files.items() if file.directory == "lds"}
    profile = card.model_copy(
        update={
            "directories": {**card.directories, "lds": passport.directories["lds"]},
            "files": {**card.files, **files},
            "lds": passport.lds,
            "chip_authentication": passport.chip_authentication,
            "active_authentication": passport.active_authentication,
        }
    )
    return personalise(profile, Person())


@pytest.fixture
def card(image: CardImage) -> Talk:
    """That card behind PACE with the CAN."""
    talk = card_of(image)
    terminal = declared(image.profile.own_pace)
    return Talk(talk.card, terminal.establish(talk.channel, Person().can))


def test_login_and_active_authentication(card: Talk) -> None:
    """INTERNAL AUTHENTICATE is the holder's in their application and the chip's in the LDS."""
    card.all(SELECT_AWP, "002000010C31323334FFFFFFFFFFFFFFFF", "002241A4098004FF200800840181")
    assert len(card(f"0088000030{'AB' * 48}00")) == 2 * 98
    card.all(SELECT_LDS)
    assert len(card(CHALLENGE)) == 2 * 66


def test_chip_authentication_beside_keys(card: Talk) -> None:
    """MSE:Set AT goes to whom its object identifier or its key reference belongs."""
    card.all(SELECT_LDS, "002241A40C800A04007F00070202030202")
    own = DOMAINS[13].encode(DOMAINS[13].multiply_generator(7)).hex()
    assert card(f"00860000457C438041{own}00") == "7C009000"


def test_data_groups_and_personal_data(card: Talk, image: CardImage) -> None:
    """Both kinds of files are read through one channel, and both chains can be checked."""
    card.all(SELECT_LDS)
    assert card("00B0810004") == f"{image.files['dg1'][:4].hex().upper()}9000"
    card.all(SELECT_MAIN, "00A4010C025000", "00A4010C025001", "00B0000010")
    assert len(image.authorities) == 3
