"""Unit ISO7816_S: EF.CardSecurity is read after PACE, and only then."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from harness.conformance.acts.elementary import CARD_SECURITY, odd_read, read
from harness.conformance.acts.reading import ACTIVATED, SOME, after_pace, demand_refusal, reading
from harness.conformance.case import Case, Unit
from harness.conformance.judgement import demand, demand_sw
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3

_CLAUSE = "ICAO 9303-10, 3.11.4"
_NEEDS = ("PACE", "CARD-SECURITY")
_WHAT = "reading EF.CardSecurity before PACE"


def _begin(subject: Subject) -> None:
    subject.power_up()
    subject.require_closed()


def _selected(subject: Subject, *, odd: bool) -> None:
    _begin(subject)
    answer = demand_sw(subject.transmit(CARD_SECURITY.select), _CLAUSE, 0x9000, 0x6982)
    command = odd_read(0x00, SOME) if odd else read(SOME)
    refused = subject.transmit(command)
    if answer.ok:
        demand_refusal(refused, _WHAT, _CLAUSE)
        return
    # Nothing was selected, so that READ BINARY may also find no current file.
    demand(not refused.data, f"{_WHAT} refused", f"{len(refused.data)} bytes", _CLAUSE)
    demand_sw(refused, f"{_CLAUSE}: {_WHAT}", 0x6982, 0x6986)


def _named(subject: Subject, *, odd: bool) -> None:
    _begin(subject)
    named = CARD_SECURITY.odd_by_short_identifier if odd else CARD_SECURITY.by_short_identifier
    demand_refusal(subject.transmit(named(SOME)), _WHAT, _CLAUSE)


def _closed(
    identifier: str, how: str, run: Callable[..., None], *needs: str, odd: bool = False
) -> Case:
    purpose = "Before PACE the signed security infos, which tell one card from another, are closed."
    return Case(
        identifier,
        _CLAUSE,
        f"EF.CardSecurity is not {how} before PACE.",
        purpose,
        ("6982 and no data",),
        (*_NEEDS, *needs, *(("ODD-READ",) if odd else ())),
        (ACTIVATED,),
        run=partial(run, odd=odd),
    )


UNIT = Unit(
    "ISO7816_S",
    "EF.CardSecurity is open after PACE only",
    ICAO_3,
    (
        *reading(
            ("ISO7816_S_1", "ISO7816_S_2", "ISO7816_S_3", "ISO7816_S_4"),
            CARD_SECURITY,
            _CLAUSE,
            ("PACE",),
            after_pace,
        ),
        _closed("ISO7816_S_5", "selected and read", _selected),
        _closed("ISO7816_S_6", "read by its short identifier", _named, "CARD-SECURITY-SFI"),
        _closed("ISO7816_S_7", "selected and read with the odd instruction", _selected, odd=True),
        _closed(
            "ISO7816_S_8",
            "read by its short identifier with the odd instruction",
            _named,
            "CARD-SECURITY-SFI",
            odd=True,
        ),
    ),
)
