"""A run of the conformance catalogue as one page of HTML that opens without a network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from math import log
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from harness.conformance.campaign.campaign import counts
from harness.conformance.campaign.record import HoldTime, Quantiles, Record, Report, UnitRecord
from harness.conformance.case import Verdict
from harness.report.certify import records_of
from harness.report.trace import describe_answer, describe_command
from harness.trace import Level
from harness.transport.storage import read_text

if TYPE_CHECKING:
    from jinja2 import Template

MARKS: Mapping[Verdict, tuple[str, str]] = MappingProxyType(
    {
        Verdict.PASS: ("pass", "✓"),
        Verdict.FAIL: ("fail", "✕"),
        Verdict.DEVIATION: ("deviation", "≠"),
        Verdict.INCONCLUSIVE: ("inconclusive", "?"),
        Verdict.NOT_APPLICABLE: ("na", "·"),
        Verdict.BLOCKED: ("blocked", "∥"),
        Verdict.NOT_RUN: ("notrun", "○"),
        Verdict.NOT_IMPLEMENTED: ("notimplemented", "∅"),
    }
)
"""The class of each verdict, and a sign that needs no colour."""


def as_page(report: Report, folder: Path) -> str:
    """The page, with what was said in each case as the traces in a folder have it.

    Raises:
        UsageError: a trace cannot be read.
    """
    records = tuple(records_of(report.units))
    return _template().render(
        report=report,
        marks=MARKS,
        judgement=_judgement(report.counts, complete=report.complete),
        units=[_unit(unit) for unit in report.units],
        evidence=_script_data(_evidence(records, folder)),
        latency=_latency(report.latency),
        hold=_hold(report.hold) if report.hold else None,
        facts=_facts(report),
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - optional

    environment = Environment(
        loader=PackageLoader("harness.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("certify.html")


def _judgement(found: Mapping[Verdict, int], *, complete: bool) -> tuple[str, str]:
    """The one line at the top, and its class."""
    if failed := found.get(Verdict.FAIL, 0):
        return f"{failed} case{'s fail' if failed > 1 else ' fails'}", "fail"
    if not complete:
        return "Not complete: what was run so far does not fail", "inconclusive"
    if unclear := found.get(Verdict.INCONCLUSIVE, 0):
        return f"{unclear} inconclusive: the link failed", "inconclusive"
    if blocked := found.get(Verdict.BLOCKED, 0):
        return f"Nothing fails, but {blocked} blocked: see what they need", "inconclusive"
    if not found.get(Verdict.PASS, 0):
        return "No case applies", "inconclusive"
    if deviating := found.get(Verdict.DEVIATION, 0):
        return f"Passes, with {deviating} declared deviation{'s' * (deviating > 1)}", "pass"
    return "Every case that applies passes", "pass"


def _unit(unit: UnitRecord) -> dict[str, Any]:
    found = counts(records_of([unit]))
    total = sum(found.values())
    return {
        "unit": unit,
        "counts": found,
        "total": total,
        "shares": [(verdict, 100 * count / total) for verdict, count in found.items()],
    }


def _evidence(records: Sequence[Record], folder: Path) -> dict[str, list[list[Any]]]:
    """By run: number on the wire or null, phase, milliseconds, command, answer, both in words."""
    return {
        record.id: list(_steps(read_text(folder / record.traces[0])))
        for record in records
        if record.traces
    }


def _steps(text: str) -> Iterator[list[Any]]:
    number, wire = 0, ""
    for line in text.splitlines():
        step = json.loads(line)
        command, response = step["command"], step["response"]
        on_wire = step["level"] == Level.WIRE
        number += on_wire
        if not on_wire and command == wire:
            continue  # what went over the wire just so
        wire = command
        yield [
            number if on_wire else None,
            step["phase"],
            round(step["seconds"] * 1000, 2),
            command,
            response,
            describe_command(command),
            describe_answer(response),
        ]


def _script_data(data: object) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _latency(latency: Mapping[str, Quantiles]) -> list[dict[str, Any]]:
    """The rows; bars stand on a logarithmic scale, from the least median to the longest time."""
    least = min((each.p50 for each in latency.values()), default=1.0)
    span = log(max((each.p99 for each in latency.values()), default=1.0) / least) or 1.0
    return [
        {
            "name": name,
            "count": each.count,
            "times": [1000 * t for t in (each.p50, each.p90, each.p95, each.p99, each.max)],
            "low": 100 * log(each.p50 / least) / span,
            "high": 100 * log(each.p99 / least) / span,
        }
        for name, each in latency.items()
    ]


def _hold(hold: HoldTime) -> dict[str, Any]:
    whole = sum(phase.mean for phase in hold.phases) or 1.0
    bars, start = [], 0.0
    for phase in hold.phases:
        left, width = 100 * start / whole, 100 * phase.mean / whole
        bars.append({"phase": phase, "left": left, "width": width})
        start += phase.mean
    return {"hold": hold, "bars": bars, "is_simulated": hold.engine != "wall"}


def _facts(report: Report) -> list[tuple[str, str]]:
    """What stands at the end: on what and with what the run was made."""
    conditions, environment = report.conditions, report.environment
    height = "" if conditions.height_mm is None else f"{conditions.height_mm:g} mm high"
    versions: Any = environment["versions"]
    commit: Any = environment["commit"]
    machine: Any = environment["machine"]
    facts = {
        "Card": f"{conditions.place} {conditions.interface}",
        "ATR": conditions.atr,
        "Reader": ", ".join(
            part for part in (conditions.reader, conditions.position, height) if part
        ),
        "Profile": f"{conditions.profile}, SHA-256 {conditions.profile_hash}",
        "Seed": f"{conditions.seed}, {conditions.samples} sample(s) a case",
        "Began": report.started,
        "Ended": report.ended,
        "Machine": f"{machine['system']} {machine['release']}, {machine['machine']}",
        "Commit": str(commit["id"])[:12] + (" with changes" if commit["dirty"] else ""),
        "Versions": ", ".join(f"{name} {number}" for name, number in versions.items()),
    }
    return [(name, fact) for name, fact in facts.items() if fact.strip()]
