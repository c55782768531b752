"""What a terminal says it is: encoded as the BSI's examples have it, and read with one error."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.crypto.chat import Chat, ChatError, Role

ROLES: tuple[Role, ...] = ("inspection system", "authentication terminal", "signature terminal")
VALUES = {
    "inspection system": "060904007F0007030102015301 23",
    "authentication terminal": "060904007F000703010202530500 00000110",
    "signature terminal": "060904007F00070301020353 0103",
}
RIGHTS = {"inspection system": 0x23, "authentication terminal": 0x110, "signature terminal": 3}


@pytest.mark.parametrize("role", ROLES)
def test_encoding(role: Role) -> None:
    """Each kind of terminal has its object identifier and as many bytes of rights as it needs."""
    chat = Chat.of(role, RIGHTS[role])
    assert chat.value == bytes.fromhex(VALUES[role])
    assert Chat.parse(chat.value) == chat


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0609",
        "060904007F000703010201",
        "060904007F0007030102045301 23",
        "060904007F0007030102015302 0023",
        "060904007F0007030102025301 00",
        "530123060904007F000703010201",
        "060904007F0007030102015301235301 23",
    ],
)
def test_what_is_no_template(value: str) -> None:
    """Unknown kinds, rights of another length, missing and disordered parts are refused."""
    with pytest.raises(ChatError):
        Chat.parse(bytes.fromhex(value))


@given(st.binary(max_size=30), st.integers(0, 14), st.integers(0, 14))
def test_any_bytes(data: bytes, start: int, end: int) -> None:
    """Any bytes put in anywhere are read or refused with one error."""
    raw = bytes.fromhex(VALUES["inspection system"])
    with suppress(ChatError):
        Chat.parse(raw[:start] + data + raw[end:])


def test_who_may_use_which_password() -> None:
    """The pairs are those of the BSI's test cases: seven accepted and five refused."""
    allowed = {
        (role, password)
        for role in ROLES
        for password in ("MRZ", "CAN", "PIN", "PUK")
        if Chat.of(role).allows(password)
    }
    assert len(allowed) == 7
    assert {password for role, password in allowed if role == ROLES[1]} == {"CAN", "PIN"}
