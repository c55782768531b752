"""What profiles declare, in the words of the cases."""

from __future__ import annotations

import pytest

from fixtures.cards import profile_of
from harness.conformance.catalogue import UNITS
from harness.conformance.declared import WORDS, declared
from harness.profile import PaceOffer
from harness.profiles import builtin, builtin_names


@pytest.mark.parametrize("name", builtin_names())
def test_every_word_is_explained(name: str) -> None:
    """What a profile declares is in the list of words."""
    assert declared(builtin(name)) <= set(WORDS)


def test_every_need_is_a_word() -> None:
    """A case needs nothing that no profile could declare."""
    needs = {need for unit in UNITS for case in unit.cases for need in case.needs}
    words = {word.removeprefix("!") for need in needs for word in need.split("|")}
    assert words <= set(WORDS)


@pytest.mark.parametrize(
    ("name", "there", "missing"),
    [
        ("deu-npa", "PIN PUK CHAT SUSPEND PIN-MANAGEMENT", "PIN1 PIN2 PUK-RENEWS MRZ"),
        ("est-thales-2025", "PIN2-INITIAL PIN2-CHANGE PUK-FIXED NO-84", "PUK-FIRST PIN CHAT"),
        ("est-idemia-2018-x", "PUK-FIRST ONE-DOMAIN PACE-ECDH PACE-GM", "NO-84 PACE-IM CAM-CHIP"),
        ("ltu-masktech-2021", "PIN PIN2 SUSPEND", "PIN-MANAGEMENT PUK-VERIFY"),
        ("bel-eid-1.8", "PIN1", "PACE PUK-VERIFY"),
    ],
)
def test_what_cards_declare(name: str, there: str, missing: str) -> None:
    """Each card has the words of its kind, and not those of others."""
    words = declared(profile_of(name))
    assert set(there.split()) <= words
    assert not set(missing.split()) & words


def test_one_protocol_alone() -> None:
    """Asked for one protocol, a profile declares only what that one is; the chip stays the same."""
    profile = builtin("icao-passport")
    plain = PaceOffer(oid="0.4.0.127.0.7.2.2.4.2.2", parameter_id=13)
    assert {"PACE-GM", "PACE-CAM", "CAM-CHIP"} <= declared(profile)
    words = declared(profile, plain)
    assert {"PACE-GM", "CAM-CHIP"} <= words
    assert "PACE-CAM" not in words
