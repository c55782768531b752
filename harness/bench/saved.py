"""Benchmarks as a file: pytest-benchmark's JSON, with our own numbers in `extra_info`."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from statistics import fmean, median, stdev
from typing import Any

from harness.bench.machine import commit_info, machine_info, versions
from harness.bench.measure import Measurement
from harness.bench.result import PhaseTime, Summary
from harness.errors import UsageError

FORMAT_VERSION = "5.1.0"
"""The pytest-benchmark whose format this is."""


def as_document(measurements: Sequence[Measurement]) -> dict[str, Any]:
    """The whole file as an object; docs/benchmark.md describes every key."""
    return {
        "machine_info": machine_info(),
        "commit_info": commit_info(),
        "benchmarks": [_benchmark(each) for each in measurements],
        "datetime": datetime.now(UTC).isoformat(),
        "version": FORMAT_VERSION,
    }


def as_json(measurements: Sequence[Measurement]) -> str:
    """The file's text."""
    return json.dumps(as_document(measurements), indent=1) + "\n"


def _benchmark(measured: Measurement) -> dict[str, Any]:
    name = measured.case.name
    return {
        "group": "hold",
        "name": name,
        "fullname": f"eidrig bench::{name}",
        "params": measured.case.params,
        "param": name,
        "extra_info": _extra(measured),
        "options": {"taps": len(measured.taps), "seed": measured.seed},
        "stats": stats([tap.hold for tap in measured.taps if tap.completed]),
    }


def _extra(measured: Measurement) -> dict[str, Any]:
    extra: dict[str, Any] = {
        "engine": measured.engine,
        "seed": measured.seed,
        "summary": asdict(measured.summary),
        "profile_hash": measured.profile_hash or None,
        "versions": versions(),
    }
    if measured.bound is not None:
        extra["lower_bound"] = asdict(measured.bound) | {"seconds": measured.bound.seconds}
    baselines = [asdict(tap.baseline) for tap in measured.taps if tap.baseline]
    return extra | ({"baselines": baselines} if baselines else {})


def stats(data: Sequence[float]) -> dict[str, Any]:
    """The statistics that pytest-benchmark keeps, all 0 where nothing was completed; seconds."""
    data = data or [0.0]
    ordered, mean = sorted(data), fmean(data)
    spread = stdev(data) if len(data) > 1 else 0.0
    half = len(ordered) // 2
    q1 = median(ordered[:half] or ordered)
    q3 = median(ordered[-half:] if half else ordered)
    low, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    far = sum(abs(each - mean) > spread for each in data)
    outside = sum(not low <= each <= high for each in data)
    return {
        "min": ordered[0],
        "max": ordered[-1],
        "mean": mean,
        "stddev": spread,
        "rounds": len(data),
        "median": median(ordered),
        "iqr": q3 - q1,
        "q1": q1,
        "q3": q3,
        "iqr_outliers": outside,
        "stddev_outliers": far,
        "outliers": f"{far};{outside}",
        "ld15iqr": ordered[bisect_left(ordered, low)],
        "hd15iqr": ordered[bisect_right(ordered, high) - 1],
        "ops": len(data) / sum(data) if sum(data) else 0.0,
        "total": sum(data),
        "iterations": 1,
        "data": list(data),
    }


@dataclass(frozen=True, slots=True)
class Saved:
    """One benchmark of a file: its name and its summary."""

    name: str
    summary: Summary


def read_saved(text: str, where: str) -> tuple[Saved, ...]:
    """The benchmarks of a file that `as_json` made; `where` names it in errors.

    Raises:
        UsageError: it is no such file.
    """
    try:
        return tuple(_saved(each) for each in json.loads(text)["benchmarks"])
    except (ValueError, TypeError, KeyError, AttributeError):
        message = f"{where} is no benchmark that eidrig bench --json wrote"
        raise UsageError(message) from None


def _saved(benchmark: dict[str, Any]) -> Saved:
    fields = dict(benchmark["extra_info"]["summary"])
    fields["phases"] = tuple(PhaseTime(**each) for each in fields["phases"])
    hold = {str(key): float(value) for key, value in fields["hold"].items()}
    return Saved(str(benchmark["name"]), Summary(**(fields | {"hold": hold})))
