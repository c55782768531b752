"""Running one case and saying what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.conformance.case import Case, Verdict
from harness.conformance.declared import declared
from harness.conformance.evidence import Evidence, Step
from harness.conformance.judgement import Blocked, Failure
from harness.conformance.source import CardSource
from harness.conformance.subject import Subject
from harness.errors import CardError, LinkError, UsageError
from harness.profile import PaceOffer, Profile
from harness.security_info import describe_oid


def suite_name(offer: PaceOffer) -> str:
    """A PACE protocol and its domain parameters, such as ECDH-GM-AES-CBC-CMAC-256/12."""
    name = describe_oid(offer.oid).partition(" ")[0].removeprefix("id-PACE-")
    return f"{name}/{offer.reference}"


@dataclass(frozen=True, slots=True)
class Run:
    """A case to be run, for one PACE protocol of the profile where it is run for each."""

    case: Case
    offer: PaceOffer | None = None

    @property
    def suite(self) -> str:
        """The protocol it is run for, such as ECDH-GM-AES-CBC-CMAC-256/12; empty without one."""
        return "" if self.offer is None else suite_name(self.offer)

    @property
    def id(self) -> str:
        """The case's identifier, and the protocol it is run for."""
        return f"{self.case.id}[{self.suite}]" if self.suite else self.case.id


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one run; `apdu` is the number on the wire, from 1, of the last command."""

    id: str
    verdict: Verdict
    reason: str = ""
    expected: str = ""
    got: str = ""
    clause: str = ""
    apdu: int | None = None
    seconds: float = 0.0
    evidence: tuple[Step, ...] = ()


def runs(case: Case, profile: Profile) -> Iterator[Run]:
    """A case as often as it is to be run for a profile: once, or once for each PACE protocol.

    Protocols that it does not fit are left out, unless it fits none.
    """
    if not case.per_suite or profile.pace is None:
        yield Run(case)
        return
    every = [Run(case, offer) for offer in profile.pace.offers]
    yield from [each for each in every if not _missing(each, profile)] or every


def _missing(run: Run, profile: Profile) -> tuple[str, ...]:
    return run.case.missing(declared(profile, run.offer))


def settled(run: Run, profile: Profile) -> Result | None:
    """The result of a run that needs no card, since there is no test or no need for it."""
    if run.case.run is None:
        return Result(run.id, Verdict.NOT_IMPLEMENTED, run.case.why_not)
    if missing := _missing(run, profile):
        needs = " and ".join(need.replace("|", " or ").replace("!", "no ") for need in missing)
        return Result(run.id, Verdict.NOT_APPLICABLE, f"the profile does not declare {needs}")
    return None


def execute(
    run: Run, source: CardSource, seed: int = 0, evidence: Evidence | None = None
) -> Result:
    """Run a case that the profile declares, and judge.

    Only a `Failure` or a card that breaks a protocol is a fail: a lost card is inconclusive, and
    what is missing on our side blocks.
    """
    if result := settled(run, source.profile):
        return result
    subject = Subject(source, run.offer, seed, evidence)
    try:
        verdict = _judge(run, subject)
    finally:
        subject.close()
    return verdict


def _judge(run: Run, subject: Subject) -> Result:
    assert run.case.run is not None  # noqa: S101 - settled has looked
    try:
        run.case.run(subject)
    except Failure as failure:
        parts = (failure.expected, failure.got, failure.clause)
        return _result(run, subject, Verdict.FAIL, str(failure), *parts)
    except LinkError as error:
        return _result(run, subject, Verdict.INCONCLUSIVE, str(error))
    except CardError as error:
        parts = ("; ".join(run.case.expected), str(error), run.case.clause)
        return _result(run, subject, Verdict.FAIL, str(error), *parts)
    except (Blocked, UsageError) as error:
        return _result(run, subject, Verdict.BLOCKED, str(error))
    return _result(run, subject, Verdict.PASS)


def _result(run: Run, subject: Subject, verdict: Verdict, *said: str) -> Result:
    evidence = subject.evidence
    failed_at = evidence.apdus if verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE) else None
    reason, expected, got, clause = (*said, "", "", "", "")[:4]
    return Result(
        run.id,
        verdict,
        reason,
        expected,
        got,
        clause,
        failed_at,
        evidence.seconds,
        tuple(evidence.steps),
    )
