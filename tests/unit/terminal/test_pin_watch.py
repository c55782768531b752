"""The watch that keeps codes from being spent by tests that did not ask for it."""

from __future__ import annotations

import pytest

from fixtures.cards import AnsweringCard
from harness.errors import UsageError
from harness.terminal.pin_watch import PinWatch

PASSES = ("00A4000C", "00B0000000", "00200001", "0020000100", "0088000002AABB00", "00840000 08")
SPENDS = (
    "0020000104 31323334",
    "0021000002AABB",
    "00200001000004 31323334",
    "002000010531",
    "0C2000011D871101" + "00" * 26,
    "1C200001128510" + "00" * 16,
)
CHANGES = ("0024000118" + "31" * 24, "002C02010C" + "31" * 12, "0C2C02011D", "00280001", "00260001")


def watch(*, may_verify: bool) -> tuple[PinWatch, AnsweringCard]:
    """A watch over a card that answers 9000 to everything."""
    card = AnsweringCard(lambda _: b"\x90\x00")
    return PinWatch(card, may_verify=may_verify), card


@pytest.mark.parametrize("may_verify", [True, False])
@pytest.mark.parametrize("command", PASSES)
def test_harmless_commands_pass(command: str, *, may_verify: bool) -> None:
    """What cannot harm a code passes, also a VERIFY that only asks."""
    icc, card = watch(may_verify=may_verify)
    assert icc.connect() == bytes.fromhex("3B00")
    assert icc.transmit(bytes.fromhex(command)) == b"\x90\x00"
    assert len(card.sent) == 1
    icc.disconnect()


@pytest.mark.parametrize("command", SPENDS)
def test_a_code_passes_only_if_asked_for(command: str) -> None:
    """A VERIFY with a code, plain or protected, is not sent unless the test may verify."""
    icc, card = watch(may_verify=False)
    with pytest.raises(UsageError, match="was not sent"):
        icc.transmit(bytes.fromhex(command))
    assert card.sent == []
    allowed, _ = watch(may_verify=True)
    assert allowed.transmit(bytes.fromhex(command)) == b"\x90\x00"


@pytest.mark.parametrize("may_verify", [True, False])
@pytest.mark.parametrize("command", CHANGES)
def test_changes_never_pass(command: str, *, may_verify: bool) -> None:
    """Changing, disabling or unblocking a code is not sent in any case."""
    icc, card = watch(may_verify=may_verify)
    with pytest.raises(UsageError, match="could spend or change"):
        icc.transmit(bytes.fromhex(command))
    assert card.sent == []
