"""What becomes of a case: each way to end has its verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.apdu import INS, CommandApdu
from harness.conformance.case import Case, Run, Verdict, case, not_implemented
from harness.conformance.execution import Run as CaseRun
from harness.conformance.execution import execute, runs
from harness.conformance.judgement import Blocked, Sws, demand_sw, is_allowed, named
from harness.conformance.source import EmulatedSource
from harness.conformance.subject import Subject
from harness.errors import LinkError, ProtocolViolation
from harness.profile import PaceOffer
from harness.station import CardOptions


@pytest.fixture(scope="module")
def source() -> EmulatedSource:
    """An emulated Estonian card, as new for each case."""
    return EmulatedSource.of(CardOptions(profile="est-idemia-2018"))


def of(run: Run, *needs: str) -> CaseRun:
    """A case of one function."""
    return CaseRun(Case("X_1", "the clause", "title", "purpose", needs=needs, run=run))


def lost(_: Subject) -> None:
    """A card that goes away."""
    message = "gone"
    raise LinkError(message)


def without_code(_: Subject) -> None:
    """A case for which nobody gave the code."""
    message = "no PUK was given"
    raise Blocked(message)


def broken(_: Subject) -> None:
    """A card that breaks a protocol."""
    raise ProtocolViolation("wrong MAC", "9.8")


def refused(subject: Subject) -> None:
    """A demand that the card does not meet."""
    command = CommandApdu(0x00, INS.SELECT, 0x04, 0x0C, b"\xf0\x00\x00\x00\x01")
    demand_sw(subject.transmit(command), "7816-4, 7.1.1", 0x9000, Sws.WARNING)


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        (lambda subject: subject.power_up(), Verdict.PASS),
        (refused, Verdict.FAIL),
        (broken, Verdict.FAIL),
        (lost, Verdict.INCONCLUSIVE),
        (without_code, Verdict.BLOCKED),
    ],
)
def test_every_end_has_its_verdict(source: EmulatedSource, run: Run, verdict: Verdict) -> None:
    """Only what the card did is a fail; what the link or we lack is not."""
    assert execute(of(run), source).verdict is verdict


def test_a_failure_is_told_whole(source: EmulatedSource) -> None:
    """A failure says what was expected by which clause, what came, and at which APDU."""
    result = execute(of(refused), source)
    assert (result.expected, result.clause) == ("9000 or a warning (62XX or 63XX)", "7816-4, 7.1.1")
    assert result.got == "6A82 (file not found)"
    assert result.apdu == 1
    first = result.evidence[0]
    assert (first.command, first.response) == ("00A4040C05F000000001", "6A82")


def test_what_is_not_declared_is_not_applicable(source: EmulatedSource) -> None:
    """A case whose need the profile does not declare is neither run nor passed."""
    result = execute(of(refused, "PACE", "MRZ|PIN", "!CAN"), source)
    assert result.verdict is Verdict.NOT_APPLICABLE
    assert result.reason == "the profile does not declare MRZ or PIN and no CAN"


def test_what_is_not_implemented_says_why(source: EmulatedSource) -> None:
    """A case without a test is listed with its reason."""
    result = execute(CaseRun(not_implemented("X_2", "3", "title", "needs CV certificates")), source)
    assert (result.verdict, result.reason) == (Verdict.NOT_IMPLEMENTED, "needs CV certificates")


def test_a_case_has_a_test_or_a_reason() -> None:
    """A case with neither, or with both, cannot be written."""
    with pytest.raises(ValueError, match="either a run or a reason"):
        Case("X_3", "3", "title", "purpose")


def test_a_case_is_its_docstring() -> None:
    """The first paragraph is the title, the rest the purpose."""

    @case("X_4", "3", "9000", needs=("PACE",))
    def made(_: Subject) -> None:
        """A title.

        And a purpose
        of two lines.
        """

    assert (made.title, made.purpose) == ("A title.", "And a purpose of two lines.")


def test_a_case_may_run_once_for_each_suite(source: EmulatedSource) -> None:
    """Such a case has a run for every PACE protocol, each with an identifier of its own."""
    each = replace(of(refused).case, per_suite=True)
    assert [run.id for run in runs(each, source.profile)] == [
        "X_1[ECDH-GM-AES-CBC-CMAC-256/12]",
    ]


def test_a_suite_that_a_case_does_not_fit_is_left_out(source: EmulatedSource) -> None:
    """What one protocol offers is not taken for what another one does; a case may fit none."""
    pace = source.profile.own_pace
    integrated = PaceOffer(oid="0.4.0.127.0.7.2.2.4.4.4", parameter_id=12)
    both = source.profile.model_copy(
        update={"pace": pace.model_copy(update={"others": (integrated,)})}
    )

    def suites(*needs: str) -> list[str]:
        each = replace(of(refused, *needs).case, per_suite=True)
        return [run.id.partition("-")[2][:2] for run in runs(each, both)]

    assert suites("PACE-ECDH") == ["GM", "IM"]
    assert suites("PACE-IM") == ["IM"]
    assert suites("PACE-IM", "PACE-GM") == ["GM", "IM"]
    for run in runs(replace(of(refused, "PACE-DH").case, per_suite=True), source.profile):
        assert execute(run, source).verdict is Verdict.NOT_APPLICABLE


def test_status_words_are_named_as_the_plans_name_them() -> None:
    """Single words and ranges can be allowed side by side."""
    allowed = (0x9000, Sws.WARNING_63CX, Sws.CHECKING_ERROR)
    assert [is_allowed(sw, allowed) for sw in (0x9000, 0x63C2, 0x6A80, 0x6300, 0x6400)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert named(allowed) == "9000 or 63CX or a checking error (67XX to 6FXX)"


def test_the_same_seed_is_the_same_exchange(source: EmulatedSource) -> None:
    """Two runs of a case with one seed send and receive the same bytes."""
    run = of(lambda subject: subject.pace())
    first, second = execute(run, source, 7), execute(run, source, 7)
    assert [step.command for step in first.evidence] == [step.command for step in second.evidence]
    assert first.evidence[-1].response == second.evidence[-1].response
