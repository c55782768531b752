"""The machine readable zone as a password (ICAO 9303-3, 4.9; ICAO 9303-11, 9.7.2)."""

from __future__ import annotations

import hashlib
import re

from harness.errors import UsageError
from harness.secret import Secret

_WEIGHTS = (7, 3, 1)


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
        if not re.fullmatch(r"[0-9]{6}", birth) or not re.fullmatch(r"[0-9]{6}", expiry):
            message = "the dates of a machine readable zone are YYMMDD"
            raise UsageError(message)
        fields = (number.ljust(9, "<"), birth, expiry)
        information = "".join(field + check_digit(field) for field in fields)
        super().__init__(hashlib.sha1(information.encode("ascii")).digest())  # noqa: S324 - 9.7.2
