"""The machine readable zone as a password."""

from __future__ import annotations

import hashlib

import pytest

from fixtures.vectors import ICAO_G1
from harness.errors import UsageError
from harness.mrz import Mrz, check_digit


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
