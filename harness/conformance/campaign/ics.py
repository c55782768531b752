"""A profile as an implementation conformance statement."""

from __future__ import annotations

from harness.conformance.campaign.record import Statement, Word
from harness.conformance.declared import WORDS, declared
from harness.conformance.execution import suite_name
from harness.profile import PinRules, Profile


def statement(profile: Profile) -> Statement:
    """Every word that a case may need, declared or not, and what goes with it."""
    said = declared(profile)
    return Statement(
        profile=profile.name,
        title=profile.title,
        words=tuple(
            Word(word=word, meaning=meaning, declared=word in said)
            for word, meaning in WORDS.items()
        ),
        suites=tuple(map(suite_name, profile.pace.offers)) if profile.pace else (),
        codes={name: _rules(rules) for name, rules in profile.pins.items()},
        deviations={each.case: each.reason for each in profile.deviations},
        unknown=profile.unknown,
    )


def _rules(rules: PinRules) -> str:
    how = "VERIFY" if rules.method == "verify" else "PACE"
    kept = f"{rules.scope}, reference {rules.reference:02X}, by {how}"
    digits = f"{rules.min_length} to {rules.most_digits} digits"
    return f"{digits}, {rules.tries} tries, {kept}"
