"""The form in which a code travels."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from harness.profile import PinRules

RULES: dict[str, Any] = {
    "reference": 1, "directory": "main", "scope": "global", "tries": 3, "source": "test",
}  # fmt: skip
ASCII = PinRules(**RULES, min_length=4, pad=0xFF)
PACKED = PinRules(**RULES, min_length=4, form="global-platform")
PACE = PinRules(**RULES, min_length=6, max_length=6, method="pace", suspended=True)


@pytest.mark.parametrize(
    ("rules", "digits", "block"),
    [
        (ASCII, "1234", "31323334FFFFFFFFFFFFFFFF"),
        (PACKED, "1234", "241234FFFFFFFFFF"),  # the example of GlobalPlatform's VERIFY format
        (PACKED, "12345", "2512345FFFFFFFFF"),
        (PACKED, "123456789012", "2C123456789012FF"),
        (PACE, "123456", "313233343536"),
    ],
)
def test_blocks(rules: PinRules, digits: str, block: str) -> None:
    """A code and its block lead to each other."""
    assert rules.block(digits.encode()).hex().upper() == block
    assert rules.digits(bytes.fromhex(block)) == digits.encode()


@pytest.mark.parametrize("block", ["", "24", "241234FFFFFFFFF0", "2512345FFFFFFFFFFF", "34" * 8])
def test_malformed_packed_blocks(block: str) -> None:
    """A block that no code makes holds none."""
    assert PACKED.digits(bytes.fromhex(block)) is None


@given(st.from_regex(r"[0-9]{4,12}", fullmatch=True))
def test_every_code_survives_its_block(digits: str) -> None:
    """Packing loses nothing."""
    assert PACKED.digits(PACKED.block(digits.encode())) == digits.encode()


def test_lengths() -> None:
    """The longest code is as long as stored, as twelve packed digits, or as said."""
    assert [rules.most_digits for rules in (ASCII, PACKED, PACE)] == [12, 12, 6]
    assert [rules.size for rules in (ASCII, PACKED, PACE)] == [12, 8, 0]
    assert not ASCII.allows(b"123")
    assert not ASCII.allows(b"12a4")


@pytest.mark.parametrize("wrong", [{"min_length": 4}, {"min_length": 4, "pad": 0, "suspended": 1}])
def test_rules_that_contradict(wrong: dict[str, Any]) -> None:
    """A code in VERIFY needs its fill and is never suspended."""
    with pytest.raises(ValidationError, match=r"pad: Field required|suspended belongs"):
        PinRules(**RULES, **wrong)
