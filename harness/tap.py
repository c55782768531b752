"""One hold of the card: read it, and when it slips away, try again as the policy says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness.apdu import SW
from harness.attempt import Attempt
from harness.errors import EidrigError, LinkError, NoCardError, UsageError
from harness.reading import OK, Reading, TapOptions
from harness.secure_messaging import UnprotectedStatusError
from harness.station import Codes, Station
from harness.terminal.certificate import Authorities
from harness.terminal.pin_guard import PinGuard

__all__ = ["OK", "POLICIES", "Policy", "Reading", "Tap", "TapOptions", "policy"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the phone does when the card is lost; a value, so that two can be compared.

    `attempts` is the most activations, `pause` the seconds between losing the card and looking for
    it again, `limit` the seconds after which no new attempt begins. With `resume`, what was read
    is kept and the read goes on, also after a document dropped its channel; without it every
    attempt starts from nothing. With `polls`, a
    field without a card is looked into again and again and counts as no attempt.
    """

    name: str
    resume: bool
    attempts: int
    pause: float = 0.25
    limit: float = 60.0
    polls: bool = True


POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        each.name: each
        for each in (
            Policy("once", resume=False, attempts=1, polls=False),
            Policy("restart", resume=False, attempts=60),
            Policy("resume", resume=True, attempts=60),
        )
    }
)
"""The policies by name; pause and limit are assumed: a quick poll, and a minute of patience."""


def policy(name: str) -> Policy:
    """A policy by name.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return POLICIES[name]
    except KeyError:
        message = f"there is no policy {name}; there are {', '.join(POLICIES)}"
        raise UsageError(message) from None


_SESSION_LOST = (
    SW.SECURITY_STATUS_NOT_SATISFIED,
    SW.SM_DATA_OBJECTS_MISSING,
    SW.SM_DATA_OBJECTS_INCORRECT,
)
"""What cards answer, without protection, once they have dropped the channel."""


class Tap:
    """Holds the card of one station until it is read, or the policy gives up."""

    def __init__(
        self,
        station: Station,
        codes: Codes,
        guard: PinGuard,
        options: TapOptions | None = None,
        authorities: Authorities | None = None,
        policy: Policy = POLICIES["once"],
    ) -> None:
        self._station = station
        self._clock = station.journal.clock
        self._policy = policy
        self._reading = Reading()
        self._attempt = Attempt(
            station, codes, guard, options or TapOptions(), authorities, self._reading
        )

    def run(self) -> Reading:
        """Carry the tap out; a failure ends up in the reading, never as an exception."""
        reading, start = self._reading, self._clock.now()
        while self._try() and self._goes_on(start):
            self._clock.sleep(self._policy.pause)
            if not self._policy.resume:
                reading.forget()
        reading.total_seconds = self._clock.now() - start
        return reading

    def _try(self) -> bool:
        """Make one attempt; whether the card was lost, so that another one makes sense."""
        reading, start = self._reading, self._clock.now()
        held = reading.pieces.size
        reading.outcome, reading.error = OK, None
        try:
            self._attempt.run()
        except EidrigError as error:
            reading.fail(error)
        finally:
            self._station.icc.disconnect()
        if not isinstance(reading.error, NoCardError):
            reading.attempts += 1
            reading.held_seconds += self._clock.now() - start
        return isinstance(reading.error, LinkError) or self._lost_session(held)

    def _lost_session(self, held: int) -> bool:
        """Whether the card dropped the channel after it gave something, more than `held` before.

        A phone that looks whether the card is still there brings that about. Access begins anew
        from activation then; a card with codes is left alone, as one may have been on its way.
        """
        error, profile = self._reading.error, self._reading.profile
        dropped = isinstance(error, UnprotectedStatusError) and error.sw in _SESSION_LOST
        without_codes = profile is not None and not profile.pins
        return (
            dropped and without_codes and self._policy.resume and self._reading.pieces.size > held
        )

    def _goes_on(self, start: float) -> bool:
        """Whether the policy wants another attempt after the card was lost or not found."""
        if isinstance(self._reading.error, NoCardError) and not self._policy.polls:
            return False
        in_time = self._clock.now() + self._policy.pause - start <= self._policy.limit
        return in_time and self._reading.attempts < self._policy.attempts
