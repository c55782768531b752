"""A run of the conformance catalogue as JUnit XML, for whatever reads test results."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from harness.conformance.campaign.record import Record, Report, Requirement
from harness.conformance.case import Verdict

if TYPE_CHECKING:
    from junitparser import TestCase


def as_junit(report: Report) -> bytes:
    """A suite for each unit: fails are failures, inconclusive cases errors, the rest skipped."""
    from junitparser import JUnitXml, TestSuite  # noqa: PLC0415 - an extra

    document = JUnitXml(f"eidrig certify {report.statement.profile}")
    for unit in report.units:
        suite = TestSuite(unit.name)
        suite.timestamp = report.started
        for name, value in _properties(report).items():
            suite.add_property(name, value)
        for case in unit.cases:
            suite.add_testcases([_test_case(unit.name, case, each) for each in case.results])
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    return bytes(document.tostring())  # type: ignore[no-untyped-call]


def _properties(report: Report) -> dict[str, str]:
    conditions = report.conditions
    return {
        "eidrig_place": conditions.place,
        "eidrig_profile": conditions.profile,
        "eidrig_atr": conditions.atr,
        "eidrig_seed": str(conditions.seed),
    }


def _test_case(unit: str, case: Requirement, record: Record) -> TestCase:
    from junitparser import Error, Failure, Skipped, TestCase  # noqa: PLC0415 - an extra

    test = TestCase(record.id, unit, fmean(record.samples) if record.samples else 0.0)
    test.system_out = f"{case.title} [{case.clause}]"
    kinds = {Verdict.FAIL: Failure, Verdict.INCONCLUSIVE: Error}
    if record.verdict is not Verdict.PASS:
        kind = kinds.get(record.verdict, Skipped)
        message = record.deviation or record.reason or record.verdict.value
        test.result = [kind(message, record.verdict.value)]
    return test
