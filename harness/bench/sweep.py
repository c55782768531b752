"""Success against distance: the same card held still, ever farther from the phone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from harness.bench.measure import Engine, carry_out
from harness.bench.result import Summary
from harness.bench.scenario import Hand, Scenario
from harness.tap import POLICIES

DISTANCES = tuple(range(0, 61, 3))
"""Millimetres between the antennas."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How often a read succeeds in one attempt at each of `DISTANCES`, as shares of 1."""

    name: str
    shares: tuple[float, ...]


def sweep(
    scenarios: Iterable[Scenario],
    taps: int,
    engine: Callable[[Scenario], Engine],
    done: Callable[[], None] = lambda: None,
) -> Iterator[Reach]:
    """One curve for each of `setups`, `taps` taps a distance; `done` is called after each distance.

    Raises:
        UsageError: the engine cannot carry a scenario out.
    """
    for name, scenario in setups(scenarios).items():
        shares = []
        for distance in DISTANCES:
            still = replace(scenario, hand=Hand.named("steady", distance))
            shares.append(Summary.of(carry_out(engine(still), taps)).first_try)
            done()
        yield Reach(name, tuple(shares))


def setups(scenarios: Iterable[Scenario]) -> dict[str, Scenario]:
    """What differs in more than motion and policy, by the names of its parts."""
    once = POLICIES["once"]
    found = {}
    for each in scenarios:
        parts = {**each.params, "motion": "", "height_mm": "", "policy": ""}
        found["/".join(filter(None, parts.values()))] = replace(each, policy=once)
    return found
