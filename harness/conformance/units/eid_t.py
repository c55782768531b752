"""Unit EID_T: a terminal before every misbehaving card that this package knows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from harness.conformance.acts.opposite import Opposite
from harness.conformance.case import Case, Target, Unit
from harness.conformance.subject import Subject
from harness.emulator.lies import MISBEHAVIOURS
from harness.emulator.misbehaviour import Moment
from harness.errors import (
    ApduError,
    CardError,
    EidrigError,
    ProtocolViolation,
    UsageError,
    WrongPinError,
)
from harness.secure_messaging import SecureMessagingError, UnprotectedStatusError

_PACE, _CHANNEL = "ICAO 9303-11, 4.4.4", "ICAO 9303-11, 9.8"
_REFUSALS = {
    "set-at-refused": ApduError,
    "mapping-refused": ApduError,
    "token-refused": WrongPinError,
}


def _errors(name: str) -> tuple[type[EidrigError], ...]:
    """How our terminal must end before a misbehaving card."""
    lies = MISBEHAVIOURS[name].lies
    if not lies:
        return UsageError, ProtocolViolation
    if Moment.PROTECTED in lies:
        return SecureMessagingError, UnprotectedStatusError
    refusal: type[CardError] = _REFUSALS.get(name, ProtocolViolation)
    return (refusal,)


def _run(name: str, subject: Subject) -> None:
    misbehaviour = MISBEHAVIOURS[name]
    opposite = Opposite(subject, name, reads_access=not misbehaviour.lies)
    clause = _CHANNEL if Moment.PROTECTED in misbehaviour.lies else _PACE
    opposite.demand_abort(clause, *_errors(name))


def _cases() -> Iterator[Case]:
    for number, (name, misbehaviour) in enumerate(MISBEHAVIOURS.items(), start=1):
        yield Case(
            f"EID_T_{number}",
            _CHANNEL if Moment.PROTECTED in misbehaviour.lies else _PACE,
            misbehaviour.does,
            f"The card is misbehaving: {name}. A good terminal {misbehaviour.due}.",
            (misbehaviour.due,),
            ("PACE",) if misbehaviour.lies else ("PACE", "CARD-ACCESS"),
            target=Target.TERMINAL,
            run=partial(_run, name),
        )


UNIT = Unit("EID_T", "Terminals before misbehaving cards", "eidrig", tuple(_cases()))
