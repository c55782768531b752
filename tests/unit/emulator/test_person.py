"""The invented holder."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.emulator.person import Person, check_digit, parse_person, personal_code
from harness.errors import UsageError


def test_the_default_person() -> None:
    """The default codes are the documented ones, and nothing shows them."""
    person = Person()
    codes = (person.can, person.pin1, person.pin2, person.puk)
    assert [code.reveal() for code in codes] == [b"123456", b"1234", b"12345", b"12345678"]
    assert "1234" not in repr(person)


@pytest.mark.parametrize(
    "code", ["38001085718", "37605030299", "60001019906", "47101010033", "10101010005"]
)
def test_check_digits_of_published_codes(code: str) -> None:
    """Specimen codes of the state's own documents have the check digit that is computed."""
    assert check_digit(code[:10]) == int(code[10])


@pytest.mark.parametrize(
    ("head", "digit"), [("0000000001", 1), ("0000000060", 1), ("0000000035", 0)]
)
def test_both_rounds_of_weights(head: str, digit: int) -> None:
    """Where the first round leaves ten the second decides, and where both do the digit is 0."""
    assert check_digit(head) == digit


@pytest.mark.parametrize(
    ("birth", "sex", "start"),
    [
        (date(1880, 2, 3), "M", "1800203"),
        (date(1980, 1, 8), "M", "3800108"),
        (date(1980, 1, 8), "F", "4800108"),
        (date(2004, 12, 31), "F", "6041231"),
    ],
)
def test_a_code_made_from_a_birth_date(birth: date, sex: str, start: str) -> None:
    """A personal code begins with century and sex, then the date, and ends in its check digit."""
    code = personal_code(birth, sex, serial=27)
    assert code.startswith(f"{start}027")
    assert Person(personal_code=code).personal_code == code


def test_a_person_from_toml() -> None:
    """What is given replaces the default's; a code is made where birth or sex is new."""
    text = """
    surname = "MÄNNIK"
    sex = "F"
    birth_date = 1999-12-31
    can = "654321"
    pin1 = "00000"
    pin2_changed = false
    """
    person = parse_person(text, "person.toml")
    assert (person.surname, person.given_names) == ("MÄNNIK", "JAAK-KRISTJAN")
    assert person.personal_code.startswith("4991231")
    assert person.can.reveal() == b"654321"
    assert not person.pin2_changed
    assert parse_person("", "person.toml") == Person()


def test_a_given_code_is_kept() -> None:
    """A personal code that is given stands, whatever else is given."""
    text = 'personal_code = "47101010033"\nbirth_date = 1999-12-31'
    assert parse_person(text, "x").personal_code == "47101010033"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("surname", "is not valid TOML"),
        ('nickname = "J"', "unknown key nickname; known are surname"),
        ("surname = 5", r"person.surname must be text in quotes"),
        ("can = 123456", r"person.can must be text in quotes"),
        ('can = "12345"', "the CAN must be 6 digits"),
        ('pin1 = "12"', "the PIN must be 4 to 12 digits"),
        ('sex = "X"', "person.sex is M or F"),
        ('birth_date = "1999-12-31"', "person.birth_date must be a date"),
        ("birth_date = 1999-12-31T00:00:00", "person.birth_date must be a date"),
        ('personal_code = "38001085719"', "has check digit 9, but 8 is right"),
        ('personal_code = "3800108571"', "is 11 digits"),
        ("expiry_date = 2020-01-01", "must lie behind"),
        ("birth_date = 1799-12-31", "from 1800 to 2199"),
        ("issue_date = 1949-12-31", "from 1950 on"),
        ('document_type = "X"', "person.document_type is P, I, A or C and perhaps"),
        ('document_type = "PAS"', "person.document_type is P, I, A or C and perhaps"),
        ('issuing_state = "Utopia"', "person.issuing_state is 1 to 3 letters"),
        ('optional_data = "38001085718 AB"', "person.optional_data is at most 14 characters"),
        ('issuing_authority = ""', "person.issuing_authority must not be empty"),
        ('document_number = "AS 1"', "1 to 9 characters of 0-9 and A-Z"),
        ('surname = ""', "person.surname must not be empty"),
        ('surname = "TAMM-TAMM-TAMM-TAMM-TAMM-TAMM-TAMM-TAMM"', "too long together"),
        ("pin2_changed = 1", "person.pin2_changed must be true or false"),
    ],
)
def test_what_cannot_be(text: str, said: str) -> None:
    """Each mistake is refused with the file, the key and what is allowed."""
    with pytest.raises(UsageError, match=said) as caught:
        parse_person(text, "person.toml")
    assert "person.toml" in str(caught.value)


def test_the_documented_person_can_be_made() -> None:
    """The example in the documentation is a valid person file, key by key."""
    page = (Path(__file__).parents[3] / "docs" / "person.md").read_text(encoding="utf-8")
    person = parse_person(page.split("```toml")[1].split("```")[0], "docs/person.md")
    assert (person.surname, person.sex, person.document_number) == ("TAMM", "F", "AS0000042")
    assert person.personal_code.startswith("4910203")
