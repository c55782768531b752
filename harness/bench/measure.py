"""Carrying out the taps of a case, and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.bench.bound import Bound
from harness.bench.result import Summary, TapResult


class Case(Protocol):
    """What taps are about: a scenario, or a card on a bench."""

    @property
    def name(self) -> str:
        """The stable name under which runs are compared."""
        ...

    @property
    def params(self) -> dict[str, str]:
        """The parts of the name."""
        ...


class Engine(Protocol):
    """Something that carries out taps."""

    @property
    def name(self) -> str:
        """full, fast or wall."""
        ...

    def tap(self, number: int) -> TapResult:
        """Carry out the tap with a number, from 0."""
        ...


@dataclass(frozen=True, slots=True)
class Measurement:
    """All taps of one case; `bound` and `profile_hash` are known for simulated cards."""

    case: Case
    engine: str
    seed: int
    taps: tuple[TapResult, ...]
    bound: Bound | None = None
    profile_hash: str = ""

    @property
    def summary(self) -> Summary:
        """The taps summed up."""
        return Summary.of(self.taps)


def carry_out(
    engine: Engine, taps: int, done: Callable[[], None] = lambda: None
) -> tuple[TapResult, ...]:
    """Taps 0 up to `taps`; `done` is called after each.

    Raises:
        EidrigError: what the engine cannot go on after.
    """
    results = []
    for number in range(taps):
        results.append(engine.tap(number))
        done()
    return tuple(results)
