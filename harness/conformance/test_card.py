"""The catalogue as plain pytest: `pytest --pyargs harness.conformance --card-profile NAME`.

The card, its codes and the cases are chosen by the options of eidrig's plugin.
"""

from __future__ import annotations

import pytest

from harness.conformance.campaign.record import Record
from harness.conformance.case import Verdict


def test_card(conformance_record: Record) -> None:
    """A card does what a case of the catalogue demands, as often as it is asked."""
    match conformance_record.verdict:
        case Verdict.PASS:
            return
        case Verdict.FAIL:
            pytest.fail(_told(conformance_record), pytrace=False)
        case Verdict.INCONCLUSIVE:
            pytest.fail(f"inconclusive: {conformance_record.reason}", pytrace=False)
        case Verdict.DEVIATION:
            pytest.xfail(conformance_record.deviation)
        case verdict:
            pytest.skip(f"{verdict.value}: {conformance_record.reason}")


def _told(record: Record) -> str:
    """Expected, by which clause, got, at which command."""
    at = f"at APDU {record.apdu}: {record.command}" if record.apdu else "before any command"
    lines = (f"{record.id}: {record.reason}", f"expected {record.expected} [{record.clause}]")
    return "\n".join((*lines, f"got {record.got}", at))
