"""Personalisation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from fixtures.cards import IDEMIA, PROFILES, THALES, image_of, profile_of
from harness.emulator.person import Person
from harness.emulator.personalise import card_access, personalise
from harness.mrz import Mrz
from harness.profile import Content
from harness.secret import Pin, Puk
from harness.security_info import pace_infos, parse_security_infos


@pytest.mark.parametrize("name", PROFILES)
def test_the_same_seed_gives_the_same_card(name: str) -> None:
    """Contents, digests of codes and serial are the same bytes for the same person and seed."""
    one, other = (personalise(profile_of(name), Person(), seed=5) for _ in range(2))
    assert (one.contents, one.codes, one.serial) == (other.contents, other.codes, other.serial)
    third = personalise(profile_of(name), Person(), seed=6)
    assert third.codes != one.codes
    assert third.serial != one.serial


def test_contents_follow_the_person() -> None:
    """Names, dates and numbers of another person stand in the files."""
    person = replace(
        Person(),
        surname="ŽURAVLJOVA",
        given_names="MARI-LIIS",
        sex="F",
        birth_date=date(1971, 1, 1),
        birth_place="LVA",
        personal_code="47101010033",
        document_number="AB7654321",
    )
    contents = personalise(profile_of(IDEMIA), person).contents
    assert contents[Content.SURNAME].decode() == "ŽURAVLJOVA"
    assert contents[Content.BIRTH_DATE_AND_PLACE] == b"01 01 1971 LVA"
    assert contents[Content.DOCUMENT_NUMBER] == b"AB7654321"
    assert b"PNOEE-47101010033" in contents[Content.AUTHENTICATION_CERTIFICATE]


def test_no_code_stays_in_the_image() -> None:
    """The image keeps digests of PIN1, PIN2 and PUK that differ even for equal digits."""
    same = Pin("12345678")
    person = replace(Person(), pin1=same, pin2=same, puk=Puk("12345678"))
    image = personalise(profile_of(IDEMIA), person)
    assert len(set(image.codes.values())) == 3
    assert all(len(digest) == 32 for digest in image.codes.values())


def test_padding_of_each_generation() -> None:
    """Codes are twelve bytes, filled with FF by one generation and with 00 by the other."""
    assert profile_of(IDEMIA).pins["PIN1"].block(b"1234") == b"1234" + b"\xff" * 8
    assert profile_of(THALES).pins["PIN1"].block(b"1234") == b"1234" + bytes(8)


@pytest.mark.parametrize("name", PROFILES)
def test_card_access_tells_the_profile(name: str) -> None:
    """EF.CardAccess lists the one protocol of the profile, in the size of the profile."""
    rules = profile_of(name).pace
    (info,) = pace_infos(parse_security_infos(card_access(rules)))
    assert (info.oid, info.version, info.parameter_id) == (rules.oid, 2, rules.parameter_id)
    assert len(card_access(rules)) == (rules.card_access_size or 22)


def test_passwords() -> None:
    """The card knows its CAN and the MRZ of its holder."""
    passwords = image_of(IDEMIA).passwords
    assert passwords["CAN"] == Person().can
    assert passwords["MRZ"] == Mrz("AS0000001", "800108", "350101")
