"""Unit ISO7816_T: EF.ATR/INFO is read by everyone."""

from __future__ import annotations

from harness.conformance.acts.elementary import ATR_INFO
from harness.conformance.acts.reading import reading
from harness.conformance.case import Unit
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3

_CLAUSE = "ICAO 9303-10, 3.11.1"
_IDS = ("ISO7816_T_1", "ISO7816_T_2", "ISO7816_T_3", "ISO7816_T_4")

UNIT = Unit(
    "ISO7816_T",
    "EF.ATR/INFO is open",
    ICAO_3,
    tuple(reading(_IDS, ATR_INFO, _CLAUSE, (), Subject.power_up)),
)
