"""A run carried through: may it touch the card, how often, was it to fail, and what is kept."""

from __future__ import annotations

import json
import re
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from pathlib import PurePath

from harness.apdu import INS
from harness.conformance.campaign.held import Custody
from harness.conformance.campaign.in_field import FieldSource
from harness.conformance.campaign.record import Record
from harness.conformance.case import Effect, Verdict
from harness.conformance.evidence import Evidence, Step
from harness.conformance.execution import Result, Run, execute, settled
from harness.conformance.source import CardSource
from harness.errors import UsageError
from harness.report.capture import as_pcapng
from harness.trace import Level

PATIENCE = 120.0
"""Seconds after which a real card that has not ended a case is given up."""

_HANGS = "nothing came of it in time"

Keep = Callable[[str, bytes], None]
"""Takes a file of the report by its path there."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How cases are run: `samples` times each, the first with `seed`, the next with one more."""

    seed: int = 0
    samples: int = 1
    shows_data: bool = False


@dataclass(slots=True)
class _Sample:
    result: Result
    evidence: Evidence
    capture: bytes | None


class Examiner:
    """Runs cases on cards of one source and makes a record of each.

    `custody` watches over a real card; `keep` takes the traces.
    """

    def __init__(
        self,
        source: CardSource,
        rules: Rules,
        custody: Custody | None = None,
        keep: Keep | None = None,
    ) -> None:
        self._source = source
        self._rules = rules
        self._custody = custody
        self._keep = keep
        self._deviations = {each.case: each.reason for each in source.profile.deviations}

    @property
    def halted(self) -> str:
        """Why no further case may touch the card; empty while they may."""
        return self._custody.halted if self._custody else ""

    def examine(self, run: Run) -> Record:
        """Run a case and judge it, in the light of what the profile declares."""
        if without_card := settled(run, self._source.profile):
            return _record(run, without_card)
        if self._custody and (objection := self._custody.objection(run.case)):
            return _record(run, Result(run.id, Verdict.BLOCKED, objection))
        samples = self._samples(run)
        decisive = samples[-1]
        if decisive.result.verdict is Verdict.PASS:
            decisive = samples[0]
        record = self._weighed(run, decisive.result)
        return record.model_copy(
            update={
                "command": _last_command(decisive.evidence) if record.apdu else "",
                "apdus": samples[0].evidence.apdus,
                "samples": tuple(max(each.evidence.seconds, 0.0) for each in samples),
                "phases": _phases([each.evidence for each in samples]),
                "traces": self._kept(run, decisive),
            }
        )

    def _samples(self, run: Run) -> list[_Sample]:
        """As many as wanted, until one does not pass; one where each would cost a real card."""
        wanted = self._rules.samples
        if self._custody and run.case.effect is not Effect.NONE:
            wanted = 1
        samples: list[_Sample] = []
        while len(samples) < wanted and (not samples or samples[-1].result.verdict is Verdict.PASS):
            samples.append(self._sample(run, self._rules.seed + len(samples)))
        return samples

    def _sample(self, run: Run, seed: int) -> _Sample:
        evidence = Evidence(shows_data=self._rules.shows_data)
        source = self._custody.source(run.case) if self._custody else self._source
        work = partial(execute, run, source, seed, evidence)
        try:
            result = within(PATIENCE, run, work) if self._custody else work()
        except Exception as error:  # noqa: BLE001 - a fault of ours must not cost the other cases
            result = Result(run.id, Verdict.INCONCLUSIVE, _fault(error))
        if self._custody:
            self._look_after(self._custody, run, result, evidence)
        return _Sample(result, evidence, self._capture())

    def _look_after(self, custody: Custody, run: Run, result: Result, evidence: Evidence) -> None:
        if result.reason == _HANGS:
            custody.halt(f"{run.case.id} hangs in the reader, so that no other can be run")
            return
        is_lost = result.verdict is Verdict.INCONCLUSIVE
        custody.settle(run.case, evidence, is_lost=is_lost)

    def _capture(self) -> bytes | None:
        if self._keep is None or not isinstance(self._source, FieldSource):
            return None
        try:
            return as_pcapng(self._source.evidence.frames)
        except UsageError:
            return None  # captures are an extra

    def _weighed(self, run: Run, result: Result) -> Record:
        """A declared deviation that fails is no fail; one that no longer fails is one."""
        reason = self._deviations.get(run.id) or self._deviations.get(run.case.id, "")
        record = _record(run, result).model_copy(update={"deviation": reason})
        if not reason or result.verdict not in (Verdict.PASS, Verdict.FAIL):
            return record
        if result.verdict is Verdict.FAIL:
            return record.model_copy(update={"verdict": Verdict.DEVIATION})
        stale = "the profile declares a deviation here that the card does not show"
        expected = f"the declared deviation: {reason}"
        return record.model_copy(
            update={
                "verdict": Verdict.FAIL,
                "reason": stale,
                "expected": expected,
                "got": "what the clause demands",
                "clause": run.case.clause,
            }
        )

    def _kept(self, run: Run, sample: _Sample) -> tuple[str, ...]:
        if self._keep is None or not sample.evidence.steps:
            return ()
        name = f"traces/{file_name(run.id)}"
        files = {f"{name}.jsonl": as_jsonl(sample.evidence.steps)}
        if sample.capture is not None:
            files[f"{name}.pcapng"] = sample.capture
        for path, content in files.items():
            self._keep(path, content)
        return tuple(files)


def _fault(error: Exception) -> str:
    """A fault of this program, by its kind and place alone: its text could hold a secret."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{PurePath(place.filename).name}:{place.lineno}"
    return f"the test itself broke ({type(error).__name__} at {where}), which tells nothing"


def within(seconds: float, run: Run, work: Callable[[], Result]) -> Result:
    """Let a case work, and call it inconclusive when a reader or card never gives an answer."""
    found: list[Result | BaseException] = []

    def attempt() -> None:
        try:
            found.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            found.append(error)

    worker = threading.Thread(target=attempt, name=run.id, daemon=True)
    try:
        worker.start()
        worker.join(seconds)
    except KeyboardInterrupt:
        worker.join(seconds)  # a case that spends tries gives them back at its end
        raise
    if not found:
        return Result(run.id, Verdict.INCONCLUSIVE, _HANGS)
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def file_name(run: str) -> str:
    """A run's identifier as the name of a file."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", run).strip("_")


def as_jsonl(steps: Sequence[Step]) -> bytes:
    """Steps as `eidrig trace` shows them."""
    return "".join(f"{json.dumps(asdict(step))}\n" for step in steps).encode()


def _record(run: Run, result: Result) -> Record:
    return Record(
        id=run.id,
        case=run.case.id,
        suite=run.suite,
        verdict=result.verdict,
        reason=result.reason,
        expected=result.expected,
        got=result.got,
        clause=result.clause,
        apdu=result.apdu,
    )


def _last_command(evidence: Evidence) -> str:
    wire = (step.command for step in reversed(evidence.steps) if step.level is Level.WIRE)
    return next(wire, "")


def _phases(samples: Sequence[Evidence]) -> Mapping[str, tuple[float, ...]]:
    """The time on the wire of each phase as often as there is one; outside of any, by command."""
    found: dict[str, list[float]] = {}
    for evidence in samples:
        wire = (step for step in evidence.steps if step.level is Level.WIRE)
        for phase, steps in groupby(wire, lambda step: step.phase):
            times = [(_instruction(step.command), max(step.seconds, 0.0)) for step in steps]
            if phase:
                times = [(phase, sum(seconds for _, seconds in times))]
            for name, seconds in times:
                found.setdefault(name, []).append(round(seconds, 6))
    return {name: tuple(each) for name, each in found.items()}


def _instruction(command: str) -> str:
    try:
        return INS(int(command[2:4], 16)).name.replace("_", " ")
    except ValueError:
        return "other commands"
