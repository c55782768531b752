"""The machine readable zone: as data, and as a password (ICAO 9303-3 to -6; 9303-11, 9.7.2)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness.errors import UsageError
from harness.secret import Secret

_WEIGHTS = (7, 3, 1)
_NUMBER_SIZE = 9
_WIDTHS: Mapping[int, tuple[str, int]] = MappingProxyType(
    {90: ("TD1", 30), 72: ("TD2", 36), 88: ("TD3", 44)}
)
"""Format and characters a line, by the size of the whole zone."""
_LETTERS = str.maketrans(
    {
        "Ä": "AE", "Å": "AA", "Æ": "AE", "Ð": "D", "Đ": "D", "Ħ": "H", "Ĳ": "IJ",
        "Ł": "L", "Ö": "OE", "Ø": "OE", "Œ": "OE", "ẞ": "SS", "Þ": "TH", "Ü": "UE",
        "-": "<", " ": "<", "'": None, "\u2019": None, ",": None, ".": None,
    }
)  # fmt: skip
"""Letters that do not simply lose their mark (ICAO 9303-3, 6 A)."""


class MrzError(ValueError):
    """These characters are not a machine readable zone; no message ever shows them."""


def check_digit(field: str) -> str:
    """The check digit of one field: weights 7, 3, 1 modulo 10 (ICAO 9303-3, 4.9).

    Raises:
        UsageError: a character that a machine readable zone cannot hold.
    """
    if not re.fullmatch(r"[0-9A-Z<]*", field):
        message = "a machine readable zone holds only 0-9, A-Z and <"
        raise UsageError(message)
    values = (0 if character == "<" else int(character, 36) for character in field)
    return str(sum(value * _WEIGHTS[i % 3] for i, value in enumerate(values)) % 10)


class Mrz(Secret):
    """The password of the machine readable zone: SHA-1 over number, birth and expiry.

    `birth` and `expiry` are YYMMDD as printed; a number shorter than nine is filled up with `<`.
    """

    label = "MRZ"

    def __init__(self, number: str, birth: str, expiry: str) -> None:
        # Parts of a date of birth may be unknown (ICAO 9303-3, 4.8).
        if not re.fullmatch(r"[0-9<]{6}", birth) or not re.fullmatch(r"[0-9]{6}", expiry):
            message = "the dates of a machine readable zone are YYMMDD"
            raise UsageError(message)
        fields = (number.ljust(_NUMBER_SIZE, "<"), birth, expiry)
        information = "".join(field + check_digit(field) for field in fields)
        super().__init__(hashlib.sha1(information.encode("ascii")).digest())  # noqa: S324 - 9.7.2


@dataclass(frozen=True, slots=True, repr=False)
class Zone:
    """What a machine readable zone says, without fill.

    `form` is TD1, TD2 or TD3. Dates are YYMMDD with `<` where unknown; `sex` is M, F or empty.
    `optional` is the issuer's own data, in TD1 of the first line and `second_optional` of the
    second. `wrong` names the fields whose check digit does not fit, as they were read.
    """

    form: str
    code: str
    issuer: str
    number: str
    nationality: str
    birth: str
    sex: str
    expiry: str
    surname: str
    given_names: str
    optional: str = ""
    second_optional: str = ""
    wrong: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<MRZ {self.form}>"

    @property
    def password(self) -> Mrz:
        """What PACE and Basic Access Control take from the zone."""
        return Mrz(self.number, self.birth, self.expiry)

    def lines(self) -> tuple[str, ...]:
        """The zone as it is printed, with right check digits; names that are too long are cut.

        Raises:
            UsageError: a field is too long, or holds what no zone can hold.
        """
        match self.form:
            case "TD1":
                first, second = self._head() + self._numbered(15), self._second_of_card()
                covered = first[5:] + second[:7] + second[8:15] + second[18:]
                return first, second + check_digit(covered), self._names(30)
            case "TD2":
                number = self._numbered(7)
                second = number[:10] + _filled(self.nationality, 3) + self._dated() + number[10:]
                return self._head() + self._names(31), second + _composite(second)
            case "TD3":
                return self._head() + self._names(39), self._second_of_passport()
        message = "a machine readable zone is of the form TD1, TD2 or TD3"
        raise UsageError(message)

    def _head(self) -> str:
        return _filled(self.code, 2) + _filled(self.issuer, 3)

    def _second_of_card(self) -> str:
        nationality, optional = _filled(self.nationality, 3), _filled(self.second_optional, 11)
        return self._dated() + nationality + optional

    def _second_of_passport(self) -> str:
        number, optional = _filled(self.number, _NUMBER_SIZE), _filled(self.optional, 14)
        second = number + check_digit(number) + _filled(self.nationality, 3) + self._dated()
        second += optional + (check_digit(optional) if self.optional else "<")
        return second + _composite(second)

    def _numbered(self, room: int) -> str:
        """Number, check digit and optional data; a long number goes on in the latter (9303-5)."""
        number, digit = self.number, check_digit(self.number.ljust(_NUMBER_SIZE, "<"))
        if len(number) <= _NUMBER_SIZE:
            return _filled(number, _NUMBER_SIZE) + digit + _filled(self.optional, room)
        rest = number[_NUMBER_SIZE:] + digit + "<" + self.optional
        return number[:_NUMBER_SIZE] + "<" + _filled(rest.removesuffix("<"), room)

    def _dated(self) -> str:
        birth, expiry = _filled(self.birth, 6), _filled(self.expiry, 6)
        sex = self.sex or "<"
        return birth + check_digit(birth) + sex + expiry + check_digit(expiry)

    def _names(self, room: int) -> str:
        names = printed(self.surname)
        if self.given_names:
            names += "<<" + printed(self.given_names)
        return names[:room].ljust(room, "<")


def printed(name: str) -> str:
    """A name in the letters of a machine readable zone (ICAO 9303-3, 6 A).

    Raises:
        UsageError: it has letters that are not Latin.
    """
    plain = unicodedata.normalize("NFC", name).upper().translate(_LETTERS)
    plain = "".join(each for each in unicodedata.normalize("NFD", plain) if each.isascii())
    if not plain and name:
        message = "a name of the machine readable zone has no Latin letters"
        raise UsageError(message)
    check_digit(plain)
    return plain


def _filled(field: str, size: int) -> str:
    if len(field) > size:
        message = f"a field of the machine readable zone has room for {size} characters"
        raise UsageError(message)
    return field.ljust(size, "<")


def _composite(second: str) -> str:
    """The last check digit of TD2 and TD3: over number, dates and optional data."""
    return check_digit(second[:10] + second[13:20] + second[21:])


def parse_zone(text: str) -> Zone:
    """Read a whole zone, its lines joined or not; wrong check digits are named in the result.

    Raises:
        MrzError: it is of no known size, or holds what no zone holds.
    """
    joined = "".join(text.split())
    if len(joined) not in _WIDTHS:
        sizes = "three lines of 30, two of 36 or two of 44"
        message = f"a machine readable zone is {sizes} characters; got {len(joined)}"
        raise MrzError(message)
    if not re.fullmatch(r"[0-9A-Z<]*", joined):
        message = "a machine readable zone holds only 0-9, A-Z and <"
        raise MrzError(message)
    form, width = _WIDTHS[len(joined)]
    lines = [joined[at : at + width] for at in range(0, len(joined), width)]
    return _parse_card(lines) if form == "TD1" else _parse_sheet(form, lines)


def _parse_card(lines: list[str]) -> Zone:
    first, second, names = lines
    number, number_digit, optional = _long_number(first[5:14], first[14], first[15:])
    covered = first[5:] + second[:7] + second[8:15] + second[18:29]
    return Zone(
        "TD1",
        first[:2].rstrip("<"),
        first[2:5].rstrip("<"),
        number,
        second[15:18].rstrip("<"),
        second[:6],
        second[7].rstrip("<"),
        second[8:14],
        *_split_names(names),
        optional,
        second[18:29].rstrip("<"),
        tuple(
            _wrong(
                ("document number", number.ljust(_NUMBER_SIZE, "<"), number_digit),
                ("date of birth", second[:6], second[6]),
                ("date of expiry", second[8:14], second[14]),
                ("whole zone", covered, second[29]),
            )
        ),
    )


def _parse_sheet(form: str, lines: list[str]) -> Zone:
    """A zone of two lines; they differ in width and in the check digit of the optional data."""
    first, second = lines
    number, number_digit, optional = second[:9].rstrip("<"), second[9], second[28:-1]
    checked = [
        ("date of birth", second[13:19], second[19]),
        ("date of expiry", second[21:27], second[27]),
        ("whole zone", second[:10] + second[13:20] + second[21:-1], second[-1]),
    ]
    if form == "TD2":
        number, number_digit, optional = _long_number(second[:9], number_digit, optional)
    else:
        optional, digit = optional[:14], optional[14]
        if digit != "<" or optional.strip("<"):
            checked.insert(2, ("optional data", optional, digit))
    checked.insert(0, ("document number", number.ljust(_NUMBER_SIZE, "<"), number_digit))
    return Zone(
        form,
        first[:2].rstrip("<"),
        first[2:5].rstrip("<"),
        number,
        second[10:13].rstrip("<"),
        second[13:19],
        second[20].rstrip("<"),
        second[21:27],
        *_split_names(first[5:]),
        optional.rstrip("<"),
        wrong=tuple(_wrong(*checked)),
    )


def _long_number(number: str, digit: str, optional: str) -> tuple[str, str, str]:
    """The whole number, its check digit and what is left of the optional data.

    A number of more than nine characters has `<` for a check digit and goes on in the optional
    data, where its check digit is the last character before a `<` (ICAO 9303-5, 4.2.2 j).
    """
    rest, _, optional_rest = optional.partition("<")
    if digit != "<" or len(rest) < 2 or number.endswith("<"):
        return number.rstrip("<"), digit, optional.rstrip("<")
    return number + rest[:-1], rest[-1], optional_rest.rstrip("<")


def _split_names(field: str) -> tuple[str, str]:
    surname, _, given = field.rstrip("<").partition("<<")
    return surname.replace("<", " ").strip(), given.replace("<", " ").strip()


def _wrong(*checked: tuple[str, str, str]) -> Iterator[str]:
    for name, field, digit in checked:
        if check_digit(field) != digit:
            yield name


def password_of(text: str) -> Mrz:
    """The password in what a person gives: a whole zone, or `NUMBER,YYMMDD,YYMMDD` (or spaces).

    Raises:
        UsageError: it is neither, or a check digit does not fit; the message shows nothing of it.
    """
    parts = re.split(r"[,\s]+", text.strip().upper())
    if len(parts) == 3 and not re.fullmatch(r"\s*(\S{30}\s+){2}\S{30}\s*", text):
        return Mrz(*parts)
    try:
        zone = parse_zone(text.upper())
    except MrzError as error:
        message = f"{error}; give it whole, or as NUMBER,YYMMDD,YYMMDD (birth, then expiry)"
        raise UsageError(message) from None
    if zone.wrong:
        message = (
            f"the check digit of the MRZ does not fit its {' and its '.join(zone.wrong)}; "
            "compare it with the card, character by character"
        )
        raise UsageError(message)
    return zone.password
