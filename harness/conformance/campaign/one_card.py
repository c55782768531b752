"""Cases on the one real card at hand, one after the other."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from harness.conformance.campaign.campaign import is_lost
from harness.conformance.campaign.examination import Examiner
from harness.conformance.campaign.record import Record
from harness.conformance.case import Verdict
from harness.conformance.execution import Run


def examine_in_turn(examiner: Examiner, todo: Sequence[Run]) -> Generator[Record]:
    """A record of each run, until the card is gone or in danger; what is left is not run."""
    latest: list[Record] = []
    for run in todo:
        record = examiner.examine(run)
        yield record
        if examiner.halted:
            return
        if record.verdict in (Verdict.NOT_APPLICABLE, Verdict.NOT_IMPLEMENTED):
            continue
        latest.append(record)
        if is_lost(latest):
            return
