"""Unit ISO7816_B: what a chip shows before BAC, and how it guards what it shows after."""

from __future__ import annotations

from harness.conformance.acts.elementary import SELECT_LDS
from harness.conformance.acts.guarded import Guard
from harness.conformance.case import Unit
from harness.conformance.judgement import demand_sw
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3

_CLAUSE = "ICAO 9303-11, 4.3"


def _reach(subject: Subject) -> bool:
    subject.power_up()
    subject.require_closed()
    demand_sw(subject.transmit(SELECT_LDS), _CLAUSE, 0x9000)
    return True


_GUARD = Guard("ISO7816_B", "BAC", _CLAUSE, _reach, Subject.bac)
# The plan's table has 6982 alone for SELECT of DG1 (B_3); as all its other files may be selected,
# and reading is what counts, DG1 is taken as they are.

UNIT = Unit("ISO7816_B", "What is closed before BAC", ICAO_3, tuple(_GUARD.cases()))
