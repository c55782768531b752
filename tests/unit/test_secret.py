"""Secrets show themselves to nobody."""

from __future__ import annotations

import copy
import pickle

import pytest

from harness.errors import UsageError
from harness.secret import Can, Digits, Pin, Puk, Secret


@pytest.mark.parametrize(
    "secret", [Secret(b"hidden-9"), Can("987654"), Pin("98765"), Puk("98765432")]
)
def test_a_secret_is_never_shown(secret: Secret) -> None:
    """No repr, str, format or container shows the value of a secret."""
    value = secret.reveal().decode()
    for shown in (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>20}",
        f"{[secret]}",
        f"{(secret,)!r}",
    ):
        assert value not in shown
        assert secret.label in shown


@pytest.mark.parametrize("write", [pickle.dumps, copy.deepcopy])
def test_a_secret_is_not_written(write: object) -> None:
    """Pickling or copying a secret fails with a message that does not show it."""
    with pytest.raises(TypeError, match="CAN is not written anywhere"):
        write(Can("987654"))  # type: ignore[operator]


def test_secrets_compare_by_value() -> None:
    """Equal values are equal and hash alike; other types are never equal."""
    assert Can("123456") == Can("123456")
    assert hash(Can("123456")) == hash(Can("123456"))
    assert Can("123456") != Can("123457")
    assert Secret(b"1") != b"1"
    assert len(Pin("1234")) == 4


@pytest.mark.parametrize(
    ("kind", "digits", "wanted"),
    [
        (Can, "12345", "the CAN must be 6 digits; got 5 characters"),
        (Can, "1234567", "the CAN must be 6 digits"),
        (Can, "12345x", "the CAN must be 6 digits"),
        (Can, "12345\u0666", "the CAN must be 6 digits"),
        (Can, "123456\n", "the CAN must be 6 digits"),
        (Pin, "123", "the PIN must be 4 to 12 digits"),
        (Pin, "", "the PIN must be 4 to 12 digits"),
        (Puk, "1234567", "the PUK must be 8 to 12 digits"),
    ],
)
def test_malformed_digits(kind: type[Digits], digits: str, wanted: str) -> None:
    """A code of the wrong form is refused with the form that is wanted and without the code."""
    with pytest.raises(UsageError, match=wanted) as caught:
        kind(digits)
    assert not digits or digits not in str(caught.value).replace("12 digits", "")
