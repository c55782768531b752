"""Unit EID_G: the holder's data agree with each other and with the certificates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from harness import tlv
from harness.conformance.acts.holder import Holder
from harness.conformance.case import Unit, case
from harness.conformance.judgement import Failure, demand
from harness.conformance.subject import Subject
from harness.errors import UsageError
from harness.mrz import Mrz
from harness.profile import Content, File
from harness.terminal.certificate import Certificate
from harness.terminal.eid import records
from harness.tlv import TlvError

_PROFILE = "the profile's files"
_TEXTS = (
    Content.SURNAME,
    Content.GIVEN_NAMES,
    Content.SEX,
    Content.CITIZENSHIP,
    Content.BIRTH_PLACE,
    Content.BIRTH_DATE_AND_PLACE,
    Content.PERSONAL_CODE,
    Content.DOCUMENT_NUMBER,
)
_DATES = (Content.BIRTH_DATE, Content.ISSUE_DATE, Content.EXPIRY_DATE)
_WEIGHTS = ((1, 2, 3, 4, 5, 6, 7, 8, 9, 1), (3, 4, 5, 6, 7, 8, 9, 1, 2, 3))
_CODE_CLAUSE = "EVS 585"
_SLACK = timedelta(days=1)
"""A certificate that ends with the last second of a day ends on the next one in UTC."""


def _values(holder: Holder) -> Iterator[tuple[File, Content, bytes]]:
    """Everything that the holder's files say, with the file it stands in."""
    for file in holder.profile.files.values():
        if file.records:
            held = records(holder.eid.files.read(file), file)
            yield from ((file, content, value) for content, value in held)
        elif file.content in _TEXTS + _DATES:
            raw = holder.eid.files.read(file)
            yield file, file.content, raw if file.tag is None else _unwrapped(file, raw)


def _unwrapped(file: File, raw: bytes) -> bytes:
    try:
        return tlv.parse_one(raw).value
    except TlvError as error:
        raise Failure(f"a data object {file.tag:02X}", str(error), _PROFILE) from None


def _text(content: Content, raw: bytes) -> str:
    try:
        return raw.rstrip(b"\0 ").decode("utf-8")
    except UnicodeDecodeError as error:
        raise Failure(f"UTF-8 as {content}", str(error), _PROFILE) from None


def _said(holder: Holder) -> dict[Content, str]:
    return {content: _text(content, raw) for _, content, raw in _values(holder)}


def _certificates(holder: Holder) -> Iterator[tuple[str, Certificate]]:
    yield from ((key, holder.certificate(key)) for key in holder.profile.keys)


@case("EID_G_1", _PROFILE, "text without control characters", needs=("PERSONAL-DATA",))
def _readable(subject: Subject) -> None:
    """Every value is text that can be shown.

    UTF-8, not empty where the profile gives it a meaning, without control characters.
    """
    for content, value in _said(Holder(subject)).items():
        demand(value, f"something as {content}", "an empty file", _PROFILE)
        demand(value.isprintable(), f"printable {content}", "control characters", _PROFILE)


@case(
    "EID_G_2",
    "ETSI EN 319 412-1, 5.1.3",
    "the code of the certificates",
    needs=("PERSONAL-CODE", "CERTIFICATES"),
)
def _code(subject: Subject) -> None:
    """The personal code is the one in both certificates.

    Whoever logs in is who the card was issued to.
    """
    holder = Holder(subject)
    code = _said(holder)[Content.PERSONAL_CODE]
    for key, certificate in _certificates(holder):
        named = (certificate.personal_code or "").replace("-", "")
        same = named == code.replace("-", "")
        got = "another one in the file"
        demand(same, f"the personal code of the {key} certificate", got, "EN 319 412-1, 5.1.3")


@case("EID_G_3", "ETSI EN 319 412-2, 4.2.4", "the same names", needs=("NAMES", "CERTIFICATES"))
def _names(subject: Subject) -> None:
    """Surname and given names are those of the certificates.

    Small and capital letters may differ, nothing else.
    """
    holder = Holder(subject)
    said = _said(holder)
    for key, certificate in _certificates(holder):
        pairs = (
            ("surname", Content.SURNAME, certificate.surname),
            ("given names", Content.GIVEN_NAMES, certificate.given_names),
        )
        for name, content, named in pairs:
            expected = f"the {name} of the {key} certificate"
            same = said[content].casefold() == (named or "").casefold()
            demand(same, expected, "another in the file", "ETSI EN 319 412-2, 4.2.4")


@case("EID_G_4", _CODE_CLAUSE, "a right check digit and a day that is", needs=("BALTIC-CODE",))
def _code_form(subject: Subject) -> None:
    """The personal code has a right check digit and begins with a day.

    Century and sex, date of birth, serial number, and a check digit of two rounds modulo 11.
    """
    code = _said(Holder(subject))[Content.PERSONAL_CODE]
    demand(re.fullmatch(r"[1-8][0-9]{10}", code), "eleven digits", "others", _CODE_CLAUSE)
    demand(int(code[10]) == _check_digit(code), "a right check digit", "a wrong one", _CODE_CLAUSE)
    try:
        _born(code)
    except ValueError:
        raise Failure("a day of birth", "a day that is none", _CODE_CLAUSE) from None


def _check_digit(code: str) -> int:
    for weights in _WEIGHTS:
        rest = sum(int(d) * w for d, w in zip(code[:10], weights, strict=True)) % 11
        if rest < 10:
            return rest
    return 0


def _born(code: str) -> date:
    century = 1800 + 100 * ((int(code[0]) - 1) // 2)
    return date(century + int(code[1:3]), int(code[3:5]), int(code[5:7]))


@case("EID_G_5", _CODE_CLAUSE, "the same day and sex", needs=("BALTIC-CODE", "PERSONAL-DATA"))
def _code_agrees(subject: Subject) -> None:
    """Day of birth and sex are those that the personal code tells.

    Where the card has files for them at all.
    """
    holder = Holder(subject)
    said = _said(holder)
    code = said[Content.PERSONAL_CODE]
    if Content.SEX in said:
        due = "FM"[int(code[0]) % 2]
        demand(said[Content.SEX] == due, f"the sex of the personal code, {due}", "another", "5003")
    for file, content, raw in _values(holder):
        if content in (Content.BIRTH_DATE, Content.BIRTH_DATE_AND_PLACE):
            day = _day(file, content, raw)
            demand(day == _born(code), "the birth date of the personal code", "another", _PROFILE)


def _day(file: File, content: Content, raw: bytes) -> date:
    text = _text(content, raw)
    length = len(date(2000, 1, 1).strftime(file.dates))
    try:
        return datetime.strptime(text[:length], file.dates).date()  # noqa: DTZ007 - a day
    except ValueError:
        raise Failure(f"a day as {content}, written {file.dates}", "none", _PROFILE) from None


@case(
    "EID_G_6",
    _PROFILE,
    "an end of the certificates that is not behind the card's",
    needs=("EXPIRY", "CERTIFICATES"),
)
def _expiry(subject: Subject) -> None:
    """No certificate outlives the card.

    The day of expiry in the file is a day, and no certificate is valid behind it.
    """
    holder = Holder(subject)
    days = [
        _day(file, content, raw)
        for file, content, raw in _values(holder)
        if content is Content.EXPIRY_DATE
    ]
    for key, certificate in _certificates(holder):
        end = certificate.not_after.date()
        expected = f"a certificate for {key} that ends with the card, {min(days)}"
        demand(end <= min(days) + _SLACK, expected, f"one valid to {end}", _PROFILE)


@case("EID_G_7", "ICAO 9303-5, 4.2.2", "one number of one form", needs=("DOCUMENT-NUMBER",))
def _number(subject: Subject) -> None:
    """The document number is one that a machine readable zone can hold, the same everywhere.

    Up to nine of A-Z and 0-9; where several files hold it, they hold the same.
    """
    found = {
        _text(content, raw)
        for _, content, raw in _values(Holder(subject))
        if content is Content.DOCUMENT_NUMBER
    }
    demand(len(found) == 1, "one document number", f"{len(found)} different ones", _PROFILE)
    clause = "ICAO 9303-5, 4.2.2"
    (number,) = found
    good = re.fullmatch(r"[0-9A-Z]{1,9}", number)
    demand(good, "a document number of up to nine A-Z and 0-9", "another form", clause)
    try:
        Mrz(number, "000101", "000101")
    except UsageError as error:
        raise Failure("a document number for the zone", str(error), clause) from None


@case("EID_G_8", "ICAO 9303-3, 5", "three letters, M or F", needs=("PERSONAL-DATA",))
def _codes(subject: Subject) -> None:
    """Citizenship and sex are written as in a machine readable zone.

    Three letters for the state, M or F or < for the sex.
    """
    said = _said(Holder(subject))
    if Content.CITIZENSHIP in said:
        good = re.fullmatch(r"[A-Z]{1,3}", said[Content.CITIZENSHIP])
        demand(good, "up to three letters for the citizenship", "others", "ICAO 9303-3, 5")
    if Content.SEX in said:
        demand(said[Content.SEX] in ("M", "F", "<"), "M, F or <", "another", "ICAO 9303-3, 4.2")


UNIT = Unit(
    "EID_G",
    "The holder's data",
    "eidrig",
    (_readable, _code, _names, _code_form, _code_agrees, _expiry, _number, _codes),
)
