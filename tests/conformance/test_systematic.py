"""Mutants that nobody chose: a statement is left out for a while, and is there again afterwards."""

from __future__ import annotations

from fixtures.mutants.systematic import Omission, found_by, omissions, page
from harness.emulator.pins import PinPad

PINS = ("harness.emulator.pins",)


def the(text: str) -> Omission:
    """The one statement of the codes that begins so."""
    (found,) = (each for each in omissions(PINS) if each.text.startswith(text))
    return found


def test_refusals_and_calls_are_found() -> None:
    """Conditions that lead to a refusal and calls that stand alone can be left out."""
    texts = {each.text for each in omissions(PINS)}
    assert {"len(code) != rules.size", "self._status.verified.add(name)"} <= texts
    assert not any(text.startswith(("return", "'")) for text in texts)


def test_one_left_out_is_noticed_and_restored() -> None:
    """A card that compares no code fails a case; then the class is what it was."""
    before = PinPad.compare.__code__
    assert found_by(the("not hmac.compare_digest")).endswith("on est-idemia-2018")
    assert PinPad.compare.__code__ is before


def test_the_page_counts_what_was_judged() -> None:
    """Cards that broke altogether are neither found nor surviving."""
    each = the("not tries")
    text = page([(each, "EID_C_7 on x"), (each, "survives"), (each, "breaks the card: KeyError")])
    assert "**1 of 2 found** (50 %); 1 more broke" in text
    assert text.count("| `not tries` | `emulator.pins.PinPad.compare` |") == 1
