"""Every shipped profile is certified: on its emulated card nothing fails but what it declares."""

from __future__ import annotations

import pytest

from harness.conformance.campaign.campaign import Campaign
from harness.conformance.campaign.examination import Examiner, Rules
from harness.conformance.campaign.in_field import in_field
from harness.conformance.case import Verdict
from harness.conformance.source import CardSource, EmulatedSource
from harness.profiles import builtin_names
from harness.station import CardOptions

ALLOWED = {Verdict.PASS, Verdict.DEVIATION, Verdict.NOT_APPLICABLE, Verdict.NOT_IMPLEMENTED}


def verdicts(source: CardSource) -> dict[str, tuple[Verdict, str]]:
    """The verdict of every run, with its reason."""
    examiner, campaign = Examiner(source, Rules(seed=1)), Campaign.of(source.profile)
    records = (examiner.examine(run) for run in campaign.runs)
    return {record.id: (record.verdict, record.reason) for record in records}


@pytest.mark.parametrize("name", builtin_names())
def test_the_emulated_card_passes(name: str) -> None:
    """The whole catalogue on one profile, in the field where the card is contactless."""
    source = in_field(EmulatedSource.of(CardOptions(profile=name)))
    found = verdicts(source)
    assert {run: each for run, each in found.items() if each[0] not in ALLOWED} == {}
    passed = sum(verdict is Verdict.PASS for verdict, _ in found.values())
    assert passed > 40


@pytest.mark.parametrize("name", ["est-idemia-2018", "icao-passport-bac"])
def test_the_air_changes_no_verdict(name: str) -> None:
    """A card on the simulated reader is judged as the same card without any air."""
    source = EmulatedSource.of(CardOptions(profile=name))
    assert in_field(source) is not source
    assert verdicts(in_field(source)) == verdicts(source)
