"""Cases spread over processes: each once, and no process outlives the one that started it."""

from __future__ import annotations

import multiprocessing
from collections import Counter

import pytest

from harness.conformance.campaign.campaign import Campaign
from harness.conformance.campaign.examination import Rules
from harness.conformance.campaign.parallel import Making, examine_all
from harness.errors import UsageError
from harness.profiles import load_profile
from harness.station import CardOptions

PROFILE = "est-idemia-2018"
MAKING = Making(CardOptions(profile=PROFILE), Rules())
RUNS = Campaign.of(load_profile(PROFILE), ["ISO7816_P"]).runs


def test_every_case_is_run_once() -> None:
    """Two processes bring what one brings, each record once, and are gone at the end."""
    alone = {record.id: record for record in examine_all(MAKING, RUNS, 1)}
    shared = list(examine_all(MAKING, RUNS, 2))
    assert Counter(record.id for record in shared) == Counter(run.id for run in RUNS)
    assert {record.id: record for record in shared} == alone
    assert multiprocessing.active_children() == []


def test_who_stops_listening_leaves_nobody_behind() -> None:
    """When the records are no longer wanted, the processes end at once."""
    records = examine_all(MAKING, RUNS, 2)
    next(records)
    assert len(multiprocessing.active_children()) == 2
    records.close()
    assert multiprocessing.active_children() == []


def test_a_process_that_breaks_down_is_told() -> None:
    """A process that dies is one sentence, after which the same command goes on."""
    records = examine_all(MAKING, RUNS, 2)
    next(records)
    for process in multiprocessing.active_children():
        process.kill()
    with pytest.raises(UsageError, match="a process that ran cases broke down"):
        list(records)
    assert multiprocessing.active_children() == []
