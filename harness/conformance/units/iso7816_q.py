"""Unit ISO7816_Q: EF.CardAccess is read by everyone."""

from __future__ import annotations

from harness.conformance.acts.elementary import CARD_ACCESS
from harness.conformance.acts.reading import reading
from harness.conformance.case import Unit
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3

_CLAUSE = "ICAO 9303-10, 3.11.3"
_IDS = ("ISO7816_Q_1", "ISO7816_Q_2", "ISO7816_Q_3", "ISO7816_Q_4")

UNIT = Unit(
    "ISO7816_Q",
    "EF.CardAccess is open",
    ICAO_3,
    tuple(reading(_IDS, CARD_ACCESS, _CLAUSE, ("PACE",), Subject.power_up)),
)
