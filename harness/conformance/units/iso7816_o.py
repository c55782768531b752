"""Unit ISO7816_O: what a chip shows before PACE, and how it guards what it shows after."""

from __future__ import annotations

from functools import partial

from harness.conformance.acts.elementary import CARD_SECURITY, SELECT_LDS
from harness.conformance.acts.guarded import Guard
from harness.conformance.acts.reading import (
    ACTIVATED,
    after_pace,
    demand_closed_to_select,
    demand_closed_to_short,
    demand_protection,
    precondition,
)
from harness.conformance.case import Case, Unit
from harness.conformance.judgement import Blocked, Sws, demand_sw
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3
from harness.crypto.suite import PaceSuite
from harness.terminal.channel import CardChannel

_CLAUSE = "ICAO 9303-10, 3.11.4"
_LDS_CLAUSE = "ICAO 9303-11, 4.2"
_SM_CLAUSE = "ICAO 9303-11, 9.8.9"


def _reach(subject: Subject) -> bool:
    """A chip may refuse even the application before PACE; then nothing in it can be reached."""
    subject.power_up()
    subject.require_closed()
    answer = subject.transmit(SELECT_LDS)
    return demand_sw(answer, _LDS_CLAUSE, 0x9000, Sws.CHECKING_ERROR).ok


def _enter(subject: Subject) -> CardChannel:
    channel = subject.pace().channel
    subject.enter_lds(channel)
    return channel


def _card_security_select(subject: Subject) -> None:
    subject.power_up()
    subject.require_closed()
    demand_closed_to_select(subject, CARD_SECURITY, _CLAUSE)


def _card_security_short(subject: Subject) -> None:
    subject.power_up()
    subject.require_closed()
    demand_closed_to_short(subject, CARD_SECURITY, _CLAUSE)


def _card_security_guarded(subject: Subject, *, mapping: bool) -> None:
    for offer in subject.profile.own_pace.offers:
        if (PaceSuite.of(offer.oid).mapping == "CAM") == mapping:
            channel = subject.pace(offer=offer).channel
            demand_protection(subject, channel, CARD_SECURITY, _SM_CLAUSE)
            return
    message = f"the profile offers no PACE {'with' if mapping else 'without'} PACE-CAM"
    raise Blocked(message)


_CARD_SECURITY = ("PACE", "CARD-SECURITY")
_CARD_SECURITY_CASES = (
    Case(
        "ISO7816_O_55",
        _CLAUSE,
        "EF.CardSecurity cannot be selected and read before PACE.",
        "The static public keys of the chip mapping would tell one card from another.",
        ("6982, or 9000 and then 6982 to READ BINARY",),
        _CARD_SECURITY,
        (ACTIVATED,),
        run=_card_security_select,
    ),
    Case(
        "ISO7816_O_56",
        _CLAUSE,
        "EF.CardSecurity cannot be read by its short identifier before PACE.",
        "The short way into the file must be closed as the long one is.",
        ("6982 and no data",),
        (*_CARD_SECURITY, "CARD-SECURITY-SFI"),
        (ACTIVATED,),
        run=_card_security_short,
    ),
    Case(
        "ISO7816_O_57",
        _SM_CLAUSE,
        "EF.CardSecurity is read inside the channel only, after chip authentication mapping.",
        "A command in the clear reads nothing and ends the session, as a protected one shows.",
        ("9000", "an error and no data", "an error in the clear"),
        (*_CARD_SECURITY, "CARD-SECURITY-SFI", "PACE-CAM"),
        (precondition(after_pace),),
        run=partial(_card_security_guarded, mapping=True),
    ),
    Case(
        "ISO7816_O_58",
        _SM_CLAUSE,
        "EF.CardSecurity is read inside the channel only, after another mapping.",
        "A channel opened by generic or integrated mapping guards the file just so.",
        ("9000", "an error and no data", "an error in the clear"),
        (*_CARD_SECURITY, "CARD-SECURITY-SFI", "PACE-CAM", "PACE-GM|PACE-IM"),
        (precondition(after_pace),),
        run=partial(_card_security_guarded, mapping=False),
    ),
)


_GUARD = Guard("ISO7816_O", "PACE", _LDS_CLAUSE, _reach, _enter)

UNIT = Unit(
    "ISO7816_O",
    "What is closed before PACE",
    ICAO_3,
    (*_GUARD.cases(), *_CARD_SECURITY_CASES),
)
