"""The machine readable zone: read, printed, and as a password."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.emrtd_vectors import TD1_LONG, TD1_UTO, TD2_UTO, TD3_UTO
from fixtures.vectors import ICAO_G1
from harness.errors import UsageError
from harness.mrz import Mrz, MrzError, Zone, check_digit, parse_zone, password_of, printed


@pytest.mark.parametrize(
    ("field", "digit"),
    [
        ("T22000129", "3"),
        ("640812", "5"),
        ("101031", "8"),
        ("L898902C<", "3"),
        ("690806", "1"),
        ("940623", "6"),
        ("D23145890", "7"),
        ("520727", "3"),
    ],
)
def test_check_digits_of_the_standard(field: str, digit: str) -> None:
    """Check digits printed in ICAO 9303 come out."""
    assert check_digit(field) == digit


def test_the_password_of_appendix_g1() -> None:
    """The MRZ of the worked example gives its K, and shows nothing of it."""
    mrz = Mrz(*ICAO_G1.mrz)
    assert mrz.reveal() == ICAO_G1.password
    assert repr(mrz) == "<MRZ>"


def test_a_short_number_is_filled_up() -> None:
    """A document number of eight characters is filled with < as it is printed."""
    information = b"L898902C<369080619406236"
    expected = hashlib.sha1(information).digest()  # noqa: S324 - as the standard has it
    assert Mrz("L898902C", "690806", "940623").reveal() == expected


@pytest.mark.parametrize(
    "fields",
    [
        ("t22000129", "640812", "101031"),
        ("T22000129", "64081", "101031"),
        ("T22000129", "640812", "1O1031"),
    ],
)
def test_malformed_fields(fields: tuple[str, str, str]) -> None:
    """Characters or dates that no machine readable zone holds are refused."""
    with pytest.raises(UsageError):
        Mrz(*fields)


EXAMPLES = [TD1_UTO, TD2_UTO, TD3_UTO, TD1_LONG]


@pytest.mark.parametrize("lines", EXAMPLES, ids=["TD1", "TD2", "TD3", "TD1 long"])
def test_zones_of_the_standard(lines: tuple[str, ...]) -> None:
    """The printed specimens are read without a wrong digit and printed as they were."""
    zone = parse_zone("".join(lines))
    assert zone.wrong == ()
    assert zone.lines() == lines
    assert parse_zone("\r\n".join(lines) + "\n") == zone


def test_fields_of_a_passport() -> None:
    """Each field of the passport specimen comes out without fill."""
    assert parse_zone("".join(TD3_UTO)) == Zone(
        form="TD3",
        code="P",
        issuer="UTO",
        number="L898902C3",
        nationality="UTO",
        birth="740812",
        sex="F",
        expiry="120415",
        surname="ERIKSSON",
        given_names="ANNA MARIA",
        optional="ZE184226B",
    )


def test_a_long_number_with_optional_data_behind() -> None:
    """What follows a long document number in the optional data is kept apart from it."""
    for form in ("TD1", "TD2"):
        zone = replace(
            parse_zone("".join(TD1_LONG)), form=form, number="D2314589073", optional="AB"
        )
        assert parse_zone("".join(zone.lines())) == zone


@pytest.mark.parametrize(
    ("lines", "place", "fields"),
    [
        (TD3_UTO, 44 + 9, ("document number", "whole zone")),
        (TD3_UTO, 44 + 19, ("date of birth", "whole zone")),
        (TD3_UTO, 44 + 27, ("date of expiry", "whole zone")),
        (TD3_UTO, 44 + 42, ("optional data", "whole zone")),
        (TD3_UTO, 44 + 43, ("whole zone",)),
        (TD1_UTO, 14, ("document number", "whole zone")),
        (TD1_UTO, 30 + 6, ("date of birth", "whole zone")),
        (TD1_UTO, 30 + 14, ("date of expiry", "whole zone")),
        (TD1_UTO, 30 + 29, ("whole zone",)),
        (TD2_UTO, 36 + 9, ("document number", "whole zone")),
        (TD2_UTO, 36 + 35, ("whole zone",)),
        (TD1_LONG, 18, ("document number", "whole zone")),
    ],
)
def test_each_check_digit(lines: tuple[str, ...], place: int, fields: tuple[str, ...]) -> None:
    """A wrong check digit is named by its field, to the program and to a person."""
    whole = "".join(lines)
    wrong = whole[:place] + str((int(whole[place]) + 1) % 10) + whole[place + 1 :]
    assert set(parse_zone(wrong).wrong) == set(fields)
    with pytest.raises(UsageError, match=fields[0]) as caught:
        password_of(wrong)
    assert not any(part in str(caught.value) for part in ("ERIKSSON", "740812", "L898902C"))


def test_an_empty_personal_number_has_no_digit_or_a_zero() -> None:
    """Where a passport has no optional data its check digit is < or 0 (ICAO 9303-4, 4.2.2)."""
    zone = replace(parse_zone("".join(TD3_UTO)), optional="")
    first, second = zone.lines()
    assert second[42] == "<"
    assert parse_zone(first + second[:42] + "0" + second[43:]).wrong == ()


def test_a_date_of_birth_that_is_not_known() -> None:
    """Unknown parts of a date of birth are fill, in the zone and in the password."""
    zone = replace(parse_zone("".join(TD1_UTO)), birth="74<<<<")
    assert parse_zone("".join(zone.lines())) == zone
    assert len(zone.password) == 20


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("Jõeorg", "JOEORG"),
        ("Müller-Weiß", "MUELLER<WEISS"),
        ("O\u2019Connor", "OCONNOR"),
        ("Žaimė Łucja", "ZAIME<LUCJA"),
        ("Ærø Ångström", "AEROE<AANGSTROEM"),
        ("Þór", "THOR"),
        ("Đurić, Ana", "DURIC<ANA"),
    ],
)
def test_names_in_letters_of_a_zone(name: str, inside: str) -> None:
    """National letters are written as the standard recommends (ICAO 9303-3, 6 A)."""
    assert printed(name) == inside


def test_names_in_another_script() -> None:
    """A name without a Latin letter is refused rather than left out."""
    with pytest.raises(UsageError):
        printed("Σωκράτης")


def test_a_long_name_is_cut() -> None:
    """A name beyond the width of the line is cut at its end."""
    zone = replace(parse_zone("".join(TD1_UTO)), surname="A" * 40)
    assert zone.lines()[2] == "A" * 30


@pytest.mark.parametrize("field", ["number", "optional", "issuer", "expiry"])
def test_a_field_that_is_too_long(field: str) -> None:
    """Any other field that has no room is refused."""
    zone = replace(parse_zone("".join(TD3_UTO)), **{field: "A" * 15})
    with pytest.raises(UsageError, match="room for"):
        zone.lines()
    with pytest.raises(UsageError, match="TD1, TD2 or TD3"):
        replace(zone, form="TD9").lines()


def test_passwords_as_a_person_gives_them() -> None:
    """A whole zone in any lines and case, or three values, give the same password."""
    zone = "\n".join(TD3_UTO)
    expected = Mrz("L898902C3", "740812", "120415")
    assert password_of(zone) == password_of(zone.lower()) == expected
    assert password_of(" l898902c3 , 740812,120415\n") == expected


@pytest.mark.parametrize("text", ["", "L898902C3", "L898902C3,740812", "A" * 88 + "B", "é" * 88])
def test_what_is_no_zone(text: str) -> None:
    """What is neither is refused with how to give it, and never shown."""
    with pytest.raises(UsageError, match=r"NUMBER,YYMMDD,YYMMDD") as caught:
        password_of(text)
    assert "L898902C3" not in str(caught.value)


@given(st.text(alphabet="AB<019", min_size=90, max_size=90) | st.text(max_size=100))
def test_any_characters(text: str) -> None:
    """Any text is read or refused with the one error."""
    with suppress(MrzError):
        assert parse_zone(text).form in ("TD1", "TD2", "TD3")


def test_a_zone_shows_nothing() -> None:
    """A zone is the holder's data, and its repr shows none of it."""
    assert repr(parse_zone("".join(TD3_UTO))) == "<MRZ TD3>"
