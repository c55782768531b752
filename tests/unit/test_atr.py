"""The answer to reset, taken apart."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.atr import Atr, AtrError
from harness.profile import Interface
from harness.profiles import builtin, builtin_names

CONTACTLESS = bytes.fromhex("3B8B80010012233F536549440F9000A0")
CONTACT = bytes.fromhex("3BDB960080B1FE451F830012233F536549440F9000F1")
T0_ONLY = bytes.fromhex("3B7F96000080318065B085040120120FFF829000")


def test_a_contactless_card() -> None:
    """PC/SC shows a card in the field as T=0 and T=1 without clock rates, and a check byte."""
    atr = Atr.parse(CONTACTLESS)
    assert atr.is_contactless
    assert atr.interface_bytes == (("TD1", 0x80), ("TD2", 0x01))
    assert atr.historical.hex().upper() == "0012233F536549440F9000"
    assert atr.check is True


def test_a_contact_card() -> None:
    """The bytes of a T=1 card have their names; its rates are told in clear."""
    atr = Atr.parse(CONTACT)
    assert dict(atr.interface_bytes) == {
        "TA1": 0x96, "TC1": 0x00, "TD1": 0x80, "TD2": 0xB1,
        "TA3": 0xFE, "TB3": 0x45, "TD3": 0x1F, "TA4": 0x83,
    }  # fmt: skip
    assert atr.protocols == (0, 1, 15)
    assert not atr.is_contactless
    assert ("TA1", "96 (Fi 512, Di 32)") in list(atr.lines())
    assert atr.check is True


def test_a_card_of_t0_alone() -> None:
    """T=0 alone has no check byte (ISO/IEC 7816-3, 8.2.5)."""
    atr = Atr.parse(T0_ONLY)
    assert (atr.protocols, atr.check) == ((0,), None)


def test_a_wrong_check_byte() -> None:
    """A flipped bit shows in the check byte."""
    assert Atr.parse(CONTACTLESS[:-1] + b"\xa1").check is False


@pytest.mark.parametrize("raw", ["", "3B", "3C00", "3BFF", "3B0212", "3B021234AA", "3B8080"])
def test_no_atr(raw: str) -> None:
    """Bytes that end too soon or go on too long are refused as that."""
    with pytest.raises(AtrError):
        Atr.parse(bytes.fromhex(raw))


@given(st.binary(max_size=40))
def test_any_bytes(raw: bytes) -> None:
    """Whatever comes is either an ATR or told to be none."""
    with suppress(AtrError):
        assert list(Atr.parse(raw).lines())


@pytest.mark.parametrize("name", builtin_names())
def test_the_atrs_of_the_profiles(name: str) -> None:
    """Each ATR of a profile is whole, and has the form of its interface."""
    for entry in builtin(name).recognise:
        atr = Atr.parse(entry.atr)
        assert atr.check is not False
        assert atr.is_contactless is (entry.interface is Interface.CONTACTLESS)
