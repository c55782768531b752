"""A run of the conformance catalogue summed up: as one document, and as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.bench.machine import commit_info, machine_info, versions
from harness.bench.result import percentile
from harness.conformance.campaign.campaign import Campaign, counts
from harness.conformance.campaign.ics import statement
from harness.conformance.campaign.ledger import Ledger
from harness.conformance.campaign.record import (
    Conditions,
    HoldTime,
    Quantiles,
    Record,
    Report,
    UnitRecord,
)
from harness.conformance.case import Verdict
from harness.report.printable import printable

_STYLES: Mapping[Verdict, str] = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.INCONCLUSIVE: "bold yellow",
    Verdict.BLOCKED: "yellow",
    Verdict.DEVIATION: "magenta",
}
_SHOWN = (Verdict.FAIL, Verdict.DEVIATION, Verdict.INCONCLUSIVE, Verdict.BLOCKED)
_MOST = 5


@dataclass(frozen=True, slots=True)
class Minutes:
    """What a report is made of, but for the results."""

    campaign: Campaign
    ledger: Ledger
    conditions: Conditions
    hold: HoldTime | None = None
    hold_why_not: str = ""

    def report(self) -> Report:
        """The report as things stand now."""
        units = self.campaign.told(self.ledger.records)
        records = tuple(records_of(units))
        found = counts(records)
        return Report(
            started=self.ledger.identity.started,
            ended=now(),
            complete=Verdict.NOT_RUN not in found,
            conditions=self.conditions,
            statement=statement(self.campaign.profile),
            environment={
                "versions": versions(),
                "commit": commit_info(),
                "machine": machine_info(),
            },
            counts=found,
            units=units,
            latency=latencies(records),
            hold=self.hold,
            hold_why_not=self.hold_why_not,
        )


def now() -> str:
    """The time of day, UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def records_of(units: Iterable[UnitRecord]) -> Iterator[Record]:
    """Every record in the order of the plan."""
    return (record for unit in units for case in unit.cases for record in case.results)


def latencies(records: Iterable[Record]) -> dict[str, Quantiles]:
    """The quantiles of each phase over all samples of all cases; times of 0 say nothing."""
    found: dict[str, list[float]] = {}
    for record in records:
        for name, seconds in record.phases.items():
            found.setdefault(name, []).extend(each for each in seconds if each > 0)
    return {name: quantiles(sorted(times)) for name, times in sorted(found.items()) if times}


def quantiles(ordered: list[float]) -> Quantiles:
    """The quantiles of times in growing order."""
    ranks = {f"p{rank}": round(percentile(ordered, rank), 6) for rank in (50, 90, 95, 99)}
    return Quantiles(count=len(ordered), max=ordered[-1], **ranks)


def overview(report: Report) -> RenderableType:
    """A row for each unit, then every case that is no pass, and a last line with the counts."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("unit", no_wrap=True)
    for verdict in report.counts:
        table.add_column(verdict.value, justify="right", style=_STYLES.get(verdict, ""))
    for unit in report.units:
        found = counts(records_of([unit]))
        table.add_row(unit.name, *(str(found.get(each, "")) for each in report.counts))
    lines = list(_lines(report))
    return Group(table, *([Text(), *lines] if lines else []), Text(), _total(report))


def _lines(report: Report) -> Iterator[Text]:
    records = tuple(records_of(report.units))
    for verdict in _SHOWN:
        matching = [record for record in records if record.verdict is verdict]
        most = len(matching) if verdict in (Verdict.FAIL, Verdict.DEVIATION) else _MOST
        for record in matching[:most]:
            line = Text(f"{record.id}: ", style=_STYLES[verdict])
            yield line.append(printable(_told(record)), style="default")
        if matching[most:]:
            yield Text(f"and {len(matching) - most} more {verdict.value}")


def _told(record: Record) -> str:
    why = record.deviation if record.verdict is Verdict.DEVIATION else record.reason
    said = f"{record.verdict.value}: {why}"
    if record.verdict is Verdict.FAIL and record.apdu:
        said += f" (APDU {record.apdu}: {record.command[:40]})"
    return said


def _total(report: Report) -> Text:
    said = ", ".join(f"{count} {verdict.value}" for verdict, count in report.counts.items())
    whole = "" if report.complete else "; the run is not complete"
    return Text(f"{report.statement.profile}: {said}{whole}")
