"""Unit EID_J: how long the card must be held."""

from __future__ import annotations

from dataclasses import replace

from harness.conformance.case import Unit, case
from harness.conformance.judgement import Failure, demand
from harness.conformance.subject import Subject
from harness.secret import Can, Digits
from harness.simulation import AirConditions, in_air
from harness.station import Codes, Station
from harness.tap import OK, Tap, TapOptions
from harness.terminal.pin_guard import PinGuard

_CLAUSE = "the profile's radio.hold_seconds"
_PHONE = "android-eid-app"


def _held(subject: Subject) -> Station:
    """The card as it is held: a simulated one against a phone, a real one where it lies."""
    station = subject.station
    if station.emulated is None:
        return station
    air = AirConditions.named(_PHONE, subject.profile.timing)
    return in_air(station, air)


def _codes(subject: Subject) -> Codes:
    can = Can(subject.secret("CAN").reveal().decode("ascii"))
    return Codes(can, Digits(subject.secret("PIN1").reveal().decode("ascii")))


@case("EID_J_1", _CLAUSE, "a whole read within the declared time", needs=("HOLD", "CONTACTLESS"))
def _whole_read(subject: Subject) -> None:
    """A whole read of a card held still ends in time.

    Everything that the profile's first read plan takes, PIN1 and a login included: simulated with
    the computing times that the profile names, measured on a real card.
    """
    limit = subject.profile.own_radio.hold_seconds
    assert limit is not None  # noqa: S101 - the case needs HOLD
    subject.require_contactless()
    subject.power_off()
    station = replace(_held(subject), profile=subject.profile)
    reading = Tap(station, _codes(subject), PinGuard(), TapOptions()).run()
    if reading.outcome != OK:
        raise Failure("a whole read", f"{reading.outcome}: {reading.error}", _CLAUSE)
    got = f"{reading.held_seconds:.2f} s"
    demand(reading.held_seconds <= limit, f"a whole read within {limit:.1f} s", got, _CLAUSE)


UNIT = Unit("EID_J", "Hold time", "eidrig", (_whole_read,))
