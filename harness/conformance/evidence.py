"""What was said while a case ran, fit to be shown to anybody."""

from __future__ import annotations

from dataclasses import dataclass

from harness.trace import Exchange, Level, hide_codes, hide_data


@dataclass(frozen=True, slots=True)
class Step:
    """One exchange in hexadecimal, what is hidden of it as `**`; times in seconds."""

    level: Level
    phase: str
    start: float
    seconds: float
    command: str
    response: str


class Evidence:
    """An observer that keeps every exchange; `apdus` counts those on the wire.

    Codes are never kept, and the holder's data only where `shows_data`.
    """

    def __init__(self, *, shows_data: bool = False) -> None:
        self._shows_data = shows_data
        self.steps: list[Step] = []
        self.apdus = 0

    def note(self, exchange: Exchange) -> None:
        """Keep one exchange."""
        self.apdus += exchange.level is Level.WIRE
        self.steps.append(
            Step(
                exchange.level,
                exchange.phase,
                exchange.start,
                exchange.seconds,
                hide_codes(exchange.command),
                hide_data(exchange, shows_files=self._shows_data),
            )
        )

    @property
    def seconds(self) -> float:
        """How long it took from the first command to the last answer."""
        wire = [step for step in self.steps if step.level is Level.WIRE]
        return wire[-1].start + wire[-1].seconds - wire[0].start if wire else 0.0
