"""The invented person a test card is made for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from harness.errors import UsageError
from harness.profile import PinRules, Profile
from harness.secret import Can, Digits, Pin, Puk

_LONGEST_COMMON_NAME = 64  # ub-common-name of RFC 5280, A.1
_EXAMPLE = b"123456789012"
_FIRST_WEIGHTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)
_SECOND_WEIGHTS = (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)

_FORMS: Mapping[type, str] = MappingProxyType(
    {str: "text in quotes", date: "a date such as 1991-02-03", bool: "true or false"}
)


@dataclass(frozen=True, slots=True)
class Person:
    """A card holder and the codes of the card; the default is the published specimen.

    The machine readable zone and the data groups of a travel document have `document_type` (P or
    ID unless given), `issuing_state` (the profile's country unless given), `optional_data`,
    `full_name` (given names and surname unless given) and `issuing_authority`.
    `pin2_changed` is False for a card fresh from the factory whose PIN2 must be changed before it
    can sign, on generations that have such a rule; `pin_active` is False for a card whose PACE PIN
    is deactivated.
    """

    surname: str = "JÕEORG"
    given_names: str = "JAAK-KRISTJAN"
    sex: str = "M"
    citizenship: str = "EST"
    birth_date: date = date(1980, 1, 8)
    birth_place: str = "EST"
    personal_code: str = "38001085718"
    document_number: str = "AS0000001"
    issue_date: date = date(2025, 1, 2)
    expiry_date: date = date(2035, 1, 1)
    document_type: str = ""
    issuing_state: str = ""
    optional_data: str = ""
    full_name: str = ""
    issuing_authority: str = "EIDRIG TEST DOCUMENTS"
    can: Can = field(default_factory=lambda: Can("123456"))
    pin1: Pin = field(default_factory=lambda: Pin("1234"))
    pin2: Pin = field(default_factory=lambda: Pin("12345"))
    puk: Puk = field(default_factory=lambda: Puk("12345678"))
    pin2_changed: bool = True
    pin_active: bool = True

    def __post_init__(self) -> None:
        if self.sex not in {"M", "F"}:
            message = f"person.sex is M or F, not {self.sex!r}"
            raise UsageError(message)
        _check_names(self)
        if not 1800 <= self.birth_date.year <= 2199:  # the centuries a personal code can tell
            message = f"person.birth_date is a day from 1800 to 2199, not {self.birth_date}"
            raise UsageError(message)
        if not re.fullmatch(r"[0-9A-Z]{1,9}", self.document_number):
            message = "person.document_number is 1 to 9 characters of 0-9 and A-Z"
            raise UsageError(message)
        _check_zone(self)
        if self.issue_date.year < 1950:  # where the years of certificates begin (RFC 5280, 4.1.2.5)
            message = f"person.issue_date is a day from 1950 on, not {self.issue_date}"
            raise UsageError(message)
        if self.expiry_date <= self.issue_date:
            message = "person.expiry_date must lie behind person.issue_date"
            raise UsageError(message)
        _check_personal_code(self.personal_code)

    def fitted(self, profile: Profile) -> Person:
        """The person with codes as long as the card wants them.

        A code that is the beginning of 123456789012, as the default ones are, becomes longer where
        it is too short.

        Raises:
            UsageError: any other code is too short or too long for the card.
        """
        codes = {"pin1": self.pin1, "pin2": self.pin2, "puk": self.puk}
        rules = {name.lower(): each for name, each in profile.pins.items()}
        fitting = {name: _fitting(name, codes[name], rules[name]) for name in rules}
        return replace(self, **fitting)  # type: ignore[arg-type]

    @property
    def common_name(self) -> str:
        """The holder as the certificates name them."""
        return f"{self.surname},{self.given_names},{self.personal_code}"


def _fitting(name: str, code: Digits, rules: PinRules) -> Digits:
    if rules.allows(code.reveal()):
        return code
    if len(code) < rules.min_length and _EXAMPLE.startswith(code.reveal()):
        return type(code)(_EXAMPLE[: rules.min_length].decode())
    message = f"person.{name} has {rules.min_length} to {rules.most_digits} digits on this card"
    raise UsageError(message)


def _check_names(person: Person) -> None:
    for name in ("surname", "given_names", "citizenship", "birth_place"):
        if not getattr(person, name):
            message = f"person.{name} must not be empty"
            raise UsageError(message)
    if len(person.common_name) > _LONGEST_COMMON_NAME:
        message = (
            "person.surname and person.given_names are too long together: with the personal code "
            f"they are {len(person.common_name)} characters, {_LONGEST_COMMON_NAME} are the most"
        )
        raise UsageError(message)


def _check_zone(person: Person) -> None:
    """What the machine readable zone has beside names, dates and numbers."""
    for name, pattern, said in (
        ("document_type", r"([ACIP][0-9A-Z]?)?", "P, I, A or C and perhaps one character more"),
        ("issuing_state", r"[A-Z]{0,3}", "1 to 3 letters"),
        ("optional_data", r"[0-9A-Z<]{0,14}", "at most 14 characters of 0-9, A-Z and <"),
    ):
        if not re.fullmatch(pattern, getattr(person, name)):
            message = f"person.{name} is {said}"
            raise UsageError(message)
    if not person.issuing_authority:
        message = "person.issuing_authority must not be empty"
        raise UsageError(message)


def _check_personal_code(code: str) -> None:
    if not (code.isascii() and code.isdigit() and len(code) == 11):
        message = "person.personal_code is 11 digits"
        raise UsageError(message)
    wanted = check_digit(code[:10])
    if int(code[10]) != wanted:
        message = f"person.personal_code has check digit {code[10]}, but {wanted} is right"
        raise UsageError(message)


def check_digit(first_ten: str) -> int:
    """The check digit of an Estonian personal code (EVS 585): two rounds of weights modulo 11."""
    digits = [int(digit) for digit in first_ten]
    for weights in (_FIRST_WEIGHTS, _SECOND_WEIGHTS):
        rest = sum(d * w for d, w in zip(digits, weights, strict=True)) % 11
        if rest < 10:
            return rest
    return 0


def personal_code(birth: date, sex: str, serial: int) -> str:
    """The personal code of someone born on `birth`; `serial` is 0 to 999 within that day."""
    century = (birth.year - 1800) // 100 * 2 + (1 if sex == "M" else 2)
    head = f"{century}{birth:%y%m%d}{serial:03}"
    return f"{head}{check_digit(head)}"


def parse_person(text: str, where: str) -> Person:
    """Read a person from TOML; what is not given is the default person's.

    Without `personal_code` one is made from birth date and sex.

    Raises:
        UsageError: not TOML, an unknown key, or a value that cannot be; the message names it.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{where} is not valid TOML: {error}"
        raise UsageError(message) from error
    default = Person()
    known = {each.name: type(getattr(default, each.name)) for each in fields(Person)}
    if unknown := sorted(given.keys() - known.keys()):
        message = f"{where}: unknown key {', '.join(unknown)}; known are {', '.join(known)}"
        raise UsageError(message)
    try:
        return _replaced(default, {key: _typed(key, given[key], known[key]) for key in given})
    except UsageError as error:
        message = f"{where}: {error}"
        raise UsageError(message) from None


def _typed(key: str, value: object, expected: type) -> object:
    wanted = str if issubclass(expected, Digits) else expected
    if type(value) is not wanted:
        message = f"person.{key} must be {_FORMS[wanted]}"
        raise UsageError(message)
    return expected(str(value)) if issubclass(expected, Digits) else value


def _replaced(default: Person, values: Mapping[str, Any]) -> Person:
    if "personal_code" in values or not values.keys() & {"birth_date", "sex"}:
        return replace(default, **values)
    without = replace(default, **values)
    code = personal_code(without.birth_date, without.sex, serial=1)
    return replace(without, personal_code=code)
