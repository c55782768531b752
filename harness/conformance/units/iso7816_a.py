"""Unit ISO7816_A: the application of a passport is selected by its AID."""

from __future__ import annotations

from harness.conformance.acts.elementary import COM, DATA_GROUPS, SELECT_LDS
from harness.conformance.acts.reading import ACTIVATED, after_pace, precondition
from harness.conformance.case import Unit, case
from harness.conformance.judgement import demand, demand_sw
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3
from harness.terminal.channel import CardChannel

_CLAUSE = "ICAO 9303-10, 3.6.2 and 4.1"
_DG1 = DATA_GROUPS[0]


def _demand_selected(subject: Subject, channel: CardChannel) -> None:
    answer = demand_sw(subject.transmit(SELECT_LDS, channel), _CLAUSE, 0x9000)
    demand(not answer.data, "no data, as P2 = 0C asks", f"{len(answer.data)} bytes", _CLAUSE)
    # A file of the application is known from here on, whether or not it may be selected.
    for file in (COM, _DG1):
        demand_sw(subject.transmit(file.select, channel), f"{_CLAUSE}: {file.name}", 0x9000, 0x6982)


@case(
    "ISO7816_A_1",
    _CLAUSE,
    "9000 and no data",
    needs=("LDS", "COM", "BAC", "!PACE"),
    preconditions=(ACTIVATED,),
)
def _bac(subject: Subject) -> None:
    """The application is selected before BAC.

    A chip with BAC alone is selected in the clear, and its files are known then.
    """
    _demand_selected(subject, subject.power_up())


@case(
    "ISO7816_A_2",
    _CLAUSE,
    "9000 and no data",
    needs=("LDS", "COM", "BAC", "PACE"),
    preconditions=(ACTIVATED,),
)
def _both(subject: Subject) -> None:
    """The application is selected before BAC on a chip that has PACE as well.

    A terminal that does not know PACE must still be able to go the old way.
    """
    _demand_selected(subject, subject.power_up())


@case(
    "ISO7816_A_3",
    _CLAUSE,
    "9000 and no data",
    needs=("LDS", "COM", "PACE"),
    preconditions=(precondition(after_pace),),
)
def _pace(subject: Subject) -> None:
    """The application is selected inside the channel that PACE opened.

    PACE is run in the master file; the application is entered by a protected command.
    """
    _demand_selected(subject, subject.pace().channel)


UNIT = Unit("ISO7816_A", "Selecting the application", ICAO_3, (_bac, _both, _pace))
