"""What the card remembers without power."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fixtures.cards import IDEMIA, PROFILES, image_of
from harness.emulator.memory import CardMemory
from harness.errors import UsageError


def saved(name: str = IDEMIA) -> dict[str, Any]:
    """The state of a card after one change, as written."""
    kept: list[bytes] = []
    CardMemory(image_of(name), keep=kept.append).set_tries("PIN1", 2)
    state: dict[str, Any] = json.loads(kept[-1])
    return state


@pytest.mark.parametrize("name", PROFILES)
def test_state_is_kept_and_restored(name: str) -> None:
    """Every change is handed out as a state from which a card with the same memory is made."""
    image, kept = image_of(name), list[bytes]()
    memory = CardMemory(image, keep=kept.append)
    memory.set_tries("PIN1", 1)
    memory.set_code("PIN2", image.digest("PIN2", b"54321"))
    memory.set_wrong_passwords(7)
    assert len(kept) == 3
    again = CardMemory(image, kept[-1])
    assert again.tries("PIN1") == 1
    assert again.tries("PUK") == 3
    assert again.code("PIN2") == image.digest("PIN2", b"54321")
    assert again.wrong_passwords == 7
    assert again.pin2_changed


def test_nothing_new_is_not_stored() -> None:
    """Setting what is already so writes nothing."""
    kept: list[bytes] = []
    memory = CardMemory(image_of(IDEMIA), keep=kept.append)
    memory.set_tries("PIN1", 3)
    memory.set_wrong_passwords(0)
    assert kept == []


def test_the_state_holds_no_code() -> None:
    """The state file holds digests, never the digits of a code."""
    text = json.dumps(saved())
    for code in ("123456", "12345678", b"1234".hex()):
        assert f'"{code}' not in text


def test_the_state_of_another_card() -> None:
    """A state is refused by a card with another serial, naming both."""
    raw = json.dumps(saved()).encode()
    with pytest.raises(UsageError, match=r"belongs to card est-idemia-2018.* not to est-thales"):
        CardMemory(image_of("est-thales-2025"), raw)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"{}", b"null", b"\xff\xfe", b'{"card": "x"}'])
def test_no_state_at_all(raw: bytes) -> None:
    """Bytes that are no state are refused with what to do."""
    with pytest.raises(UsageError, match="delete it to start a new card"):
        CardMemory(image_of(IDEMIA), raw)


@pytest.mark.parametrize(
    "damage",
    [
        {"tries": {"PIN1": 3}},
        {"tries": {"PIN1": 4, "PIN2": 3, "PUK": 3}},
        {"tries": {"PIN1": -1, "PIN2": 3, "PUK": 3}},
        {"tries": {"PIN1": "3", "PIN2": 3, "PUK": 3}},
        {"tries": {"PIN1": None, "PIN2": 3, "PUK": 3}},
        {"tries": []},
        {"codes": {"PIN1": "00", "PIN2": "00", "PUK": "00"}},
        {"codes": {"PIN1": "zz" * 32, "PIN2": "00" * 32, "PUK": "00" * 32}},
        {"wrong_passwords": -1},
        {"wrong_passwords": "many"},
        {"pin2_changed": "yes"},
    ],
)
def test_a_damaged_state(damage: dict[str, Any]) -> None:
    """A state with values that cannot be is refused, not half believed."""
    raw = json.dumps(saved() | damage).encode()
    with pytest.raises(UsageError, match="state file is damaged"):
        CardMemory(image_of(IDEMIA), raw)
