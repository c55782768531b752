"""Unit LDS_B: the content of DG1, the machine readable zone."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from functools import partial
from operator import attrgetter

from harness.conformance.acts.elementary import DATA_GROUPS
from harness.conformance.case import Unit
from harness.conformance.contents.content import (
    demand_form,
    member,
    objects_in,
    only_object,
    well_formed,
)
from harness.conformance.contents.content_cases import Check, FileCases
from harness.conformance.judgement import demand
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3
from harness.mrz import Zone, parse_zone
from harness.profile import Content

_DG1 = DATA_GROUPS[0]
_CASES = FileCases("LDS_B", _DG1, Content.DG1, ("LDS", "DG1"))
_MRZ = 0x5F1F
_CLAUSE = "ICAO 9303-10, 4.7.1"
_STATE = r"[A-Z]{3}|D"
"""Three letters (ICAO 9303-3, 5); D alone is Germany."""


def zone_text(raw: bytes) -> str:
    """The characters of the zone in DG1.

    Raises:
        Failure: DG1 does not hold one zone.
    """
    template_ = only_object(raw, _DG1.tag, _DG1.name, _CLAUSE)
    value = member(objects_in(template_.value, _DG1.name), _MRZ, "the MRZ", _CLAUSE)
    with well_formed("an MRZ of three lines of 30, two of 36 or two of 44 characters", _CLAUSE):
        text = value.decode("ascii")
        parse_zone(text)
    return text


def _form(text: str, zone: Zone, subject: Subject) -> None:
    del text
    lds = subject.profile.lds
    assert lds is not None  # noqa: S101 - the case needs LDS
    demand(zone.form == lds.document, f"an MRZ of {lds.document}", zone.form, _CLAUSE)


def _code(text: str, zone: Zone, subject: Subject) -> None:
    del text, subject
    allowed = r"P[A-Z]?" if zone.form == "TD3" else r"[AC][A-Z]?|I[A-UW-Z]?"
    demand_form(zone.code, allowed, f"a document code of {zone.form}", "ICAO 9303-4 to -6, 4.2.2")


def _matches(text: str, zone: Zone, subject: Subject, *, name: str, form: str, clause: str) -> None:
    del text, subject
    demand_form(attrgetter(name)(zone), form, name.replace("_", " "), clause)


def _holder(text: str, zone: Zone, subject: Subject) -> None:
    del subject
    begin, end = {"TD1": (60, 90), "TD2": (5, 36), "TD3": (5, 44)}[zone.form]
    field = text[begin:end]
    clause = "ICAO 9303-3, 4.6"
    demand_form(field, r"[A-Z<]+", "a name of letters and fill", clause)
    demand_form(field, r"[A-Z].*", "a name that begins with a letter", clause)
    names = field.rstrip("<")
    expected = "primary and secondary identifiers, << between them once"
    demand(names.count("<<") <= 1 and "<<<" not in names, expected, "more of <<", clause)


def _checked(
    text: str, zone: Zone, subject: Subject, *, what: str, also: Callable[[Zone], None]
) -> None:
    del text, subject
    also(zone)
    right = what not in zone.wrong
    demand(right, f"the check digit of the {what}", "another digit", "ICAO 9303-3, 4.9")


def _number(zone: Zone) -> None:
    demand_form(zone.number, r"[A-Z0-9<]+", "a document number", "ICAO 9303-4 to -6, 4.2.2")


def _birth(zone: Zone) -> None:
    clause = "ICAO 9303-3, 4.8"
    demand_form(zone.birth, r"([0-9]{2}|<<)([0-9]{2}|<<)([0-9]{2}|<<)", "a date of birth", clause)
    _demand_day(zone.birth, "a date of birth", clause)


def _expiry(zone: Zone) -> None:
    demand_form(zone.expiry, r"[0-9]{6}", "a date of expiry", "ICAO 9303-3, 4.8")
    _demand_day(zone.expiry, "a date of expiry", "ICAO 9303-3, 4.8")


def _demand_day(date: str, what: str, clause: str) -> None:
    year, month, day = re.findall("..", date)
    if month == "<<":
        return
    demand(1 <= int(month) <= 12, what, "a month that no calendar has", clause)
    # Which century it is is not told; 2000 has every day that 1900 has, and one more.
    last = calendar.monthrange(2000 + (0 if year == "<<" else int(year)), int(month))[1]
    demand(day == "<<" or 1 <= int(day) <= last, what, "a day that no month has", clause)


def _optional(zone: Zone) -> None:
    for value in (zone.optional, zone.second_optional):
        demand_form(value, r"[A-Z0-9<]*", "optional data", "ICAO 9303-4 to -6, 4.2.2")


def _no_more(zone: Zone) -> None:
    del zone


def _coherent(text: str, zone: Zone, subject: Subject) -> None:
    del text
    printed = subject.secret("MRZ").reveal()
    same = zone.password.reveal() == printed
    expected = "number, birth and expiry as on the printed document"
    demand(same, expected, "others", _CLAUSE)


def _on_zone(check: Callable[..., None]) -> Check:
    def on_file(raw: bytes, subject: Subject) -> None:
        text = zone_text(raw)
        check(text, parse_zone(text), subject)

    return on_file


_STATE_CLAUSE = "ICAO 9303-3, 5"
_FIELDS = "ICAO 9303-4 to -6, 4.2.2"
_DIGITS = "ICAO 9303-3, 4.9"

UNIT = Unit(
    "LDS_B",
    "What DG1 holds: the machine readable zone",
    ICAO_3,
    (
        *_CASES.template(),
        _CASES.case(
            3,
            _CLAUSE,
            "DG1 holds one machine readable zone.",
            "5F1F holds as many characters as the size of document has that the profile declares.",
            _on_zone(_form),
        ),
        _CASES.case(
            4,
            _FIELDS,
            "The document code is one of its size of document.",
            "A passport's begins with P, a card's with A, C or I; V is a visa's.",
            _on_zone(_code),
        ),
        _CASES.case(
            5,
            _STATE_CLAUSE,
            "The issuing state is a code of letters.",
            "Three letters as ISO/IEC 3166-1 has them, or one of the codes that ICAO adds.",
            _on_zone(partial(_matches, name="issuer", form=_STATE, clause=_STATE_CLAUSE)),
        ),
        _CASES.case(
            6,
            "ICAO 9303-3, 4.6",
            "The name is letters and fill, with two fills between its parts.",
            "It begins with a letter, and << parts primary from secondary identifier only once.",
            _on_zone(_holder),
        ),
        _CASES.case(
            7,
            _DIGITS,
            "The document number has its check digit.",
            "Letters, digits and fill, and the check digit behind; a long one goes on in the "
            "optional data.",
            _on_zone(partial(_checked, what="document number", also=_number)),
        ),
        _CASES.case(
            8,
            _STATE_CLAUSE,
            "The nationality is a code of letters.",
            "Three letters as ISO/IEC 3166-1 has them, or one of the codes that ICAO adds.",
            _on_zone(partial(_matches, name="nationality", form=_STATE, clause=_STATE_CLAUSE)),
        ),
        _CASES.case(
            9,
            _DIGITS,
            "The date of birth is a date and has its check digit.",
            "Parts that are unknown are fill.",
            _on_zone(partial(_checked, what="date of birth", also=_birth)),
        ),
        _CASES.case(
            10,
            _FIELDS,
            "The sex is M, F or fill.",
            "No other letter is allowed, whatever the printed zone shows.",
            _on_zone(partial(_matches, name="sex", form=r"[MF]?", clause=_FIELDS)),
        ),
        _CASES.case(
            11,
            _DIGITS,
            "The date of expiry is a date and has its check digit.",
            "All of its parts are known.",
            _on_zone(partial(_checked, what="date of expiry", also=_expiry)),
        ),
        _CASES.case(
            12,
            _DIGITS,
            "The optional data is of allowed characters and has its check digit.",
            "In a passport the check digit may be fill where there is no optional data.",
            _on_zone(partial(_checked, what="optional data", also=_optional)),
        ),
        _CASES.case(
            13,
            _DIGITS,
            "The composite check digit fits.",
            "The last digit covers number, dates and optional data with their own check digits.",
            _on_zone(partial(_checked, what="whole zone", also=_no_more)),
        ),
        _CASES.case(
            14,
            _CLAUSE,
            "DG1 says what is printed on the document.",
            "Number, date of birth and date of expiry are those of the printed zone.",
            _on_zone(_coherent),
            "MRZ|BAC",
        ),
    ),
)
