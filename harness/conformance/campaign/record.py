"""What is kept of a run: for the ledger, the report and the history; docs/certify.md tells more."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from harness.conformance.case import Effect, Verdict
from harness.profile.words import Strict

Seconds = Annotated[float, Field(ge=0)]


class Record(Strict):
    """What became of a case, run for one PACE protocol where it is run for each."""

    id: str
    """The case's identifier, with the PACE protocol in brackets where there are several runs."""
    case: str
    suite: str = ""
    """The PACE protocol, such as ECDH-GM-AES-CBC-CMAC-256/12."""
    verdict: Verdict
    reason: str = ""
    """Why it is not a pass, in one sentence."""
    expected: str = ""
    got: str = ""
    clause: str = ""
    """What a fail expected, what came instead, and the clause that demands it."""
    apdu: int | None = None
    """The number of the command on the wire, from 1, at which it failed."""
    command: str = ""
    """That command in hexadecimal, codes hidden."""
    deviation: str = ""
    """The reason for which the profile declares that this case fails."""
    apdus: int = 0
    """How many commands the first sample sent."""
    samples: tuple[Seconds, ...] = ()
    """How long each sample took, from its first command to its last answer."""
    phases: dict[str, tuple[Seconds, ...]] = Field(default_factory=dict)
    """The time that each phase took, as often as it occurred in any sample."""
    traces: tuple[str, ...] = ()
    """The files with what was said, relative to the report."""


class Quantiles(Strict):
    """How long something took: times in seconds, by nearest rank."""

    count: int
    p50: Seconds
    p90: Seconds
    p95: Seconds
    p99: Seconds
    max: Seconds


class Requirement(Strict):
    """A case of the catalogue and what became of each of its runs."""

    id: str
    clause: str
    title: str
    purpose: str
    expected: tuple[str, ...]
    needs: tuple[str, ...]
    preconditions: tuple[str, ...]
    effect: Effect
    results: tuple[Record, ...]


class UnitRecord(Strict):
    """The cases of a unit; `source` is the test plan and its version."""

    name: str
    title: str
    source: str
    cases: tuple[Requirement, ...]


class Word(Strict):
    """One statement of the implementation conformance statement."""

    word: str
    meaning: str
    declared: bool


class Statement(Strict):
    """What the profile declares: the implementation conformance statement."""

    profile: str
    title: str
    words: tuple[Word, ...]
    suites: tuple[str, ...]
    """The PACE protocols, each of which is tested where a case asks for it."""
    codes: dict[str, str]
    """The rules of each PIN and PUK in words."""
    deviations: dict[str, str]
    """The cases that are known to fail, each with its reason."""
    unknown: tuple[str, ...]
    """What no source tells of this card."""


class Conditions(Strict):
    """The card, where it lies, and what the run depends on."""

    place: str
    profile: str
    profile_hash: str
    """SHA-256 of the profile's facts."""
    seed: int
    samples: Annotated[int, Field(ge=1)]
    interface: str
    atr: str
    reader: str = ""
    position: str = ""
    height_mm: float | None = None
    shows_data: bool = False
    """Whether the holder's data was asked for in traces and report."""
    destructive: bool = False
    """Whether cases that spend tries or change the card were allowed on a real card."""


class HoldPhase(Strict):
    """A phase of a read; times in seconds over the completed taps."""

    name: str
    mean: Seconds
    median: Seconds


class HoldTime(Strict):
    """How long a person has to hold this card, simulated or measured."""

    engine: str
    """fast or full for a simulation, wall for the real card by the wall clock."""
    conditions: dict[str, str]
    taps: int
    first_try: float
    within_policy: float
    """Shares of all taps, 0 to 1."""
    outcomes: dict[str, int]
    """How many taps ended how; ok, or the name of the failure."""
    hold: dict[str, Seconds]
    """p50, p90, p95, p99 and max; empty where no tap was completed."""
    phases: tuple[HoldPhase, ...]
    lower_bound: Seconds | None = None
    """The least that this card, reader and data need."""


class Report(Strict):
    """The whole of a run, as report.json holds it."""

    format_version: Annotated[int, Field(alias="schema", ge=1)] = 1
    started: str
    """UTC, ISO 8601."""
    ended: str
    complete: bool
    """False while cases are not run, because the run was interrupted or the card lost."""
    conditions: Conditions
    statement: Statement
    environment: dict[str, object]
    """Versions, commit and machine."""
    counts: dict[Verdict, int]
    """How many runs ended how."""
    units: tuple[UnitRecord, ...]
    latency: dict[str, Quantiles]
    """The time of each phase over all cases."""
    hold: HoldTime | None = None
    hold_why_not: str = ""
    """Why there is no hold time."""
