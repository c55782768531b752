"""Unit ISO7816_C of Part 4: PACE of an inspection system, listed but not tested.

Part 3 has a unit of the same name, so the identifiers here begin with ICAO4.
"""

from __future__ import annotations

from harness.conformance.case import Target, Unit, not_implemented
from harness.conformance.units.sources import ICAO_4

_NUMBERS = range(1, 36)
_WHY_NOT = (
    "the text of Part 4 was not at hand, and a case is not made up from its number; "
    "what a terminal must do before misbehaving cards is tested by R_PACE and EID_T"
)

UNIT = Unit(
    "ICAO4_ISO7816_C",
    "PACE of an inspection system",
    ICAO_4,
    tuple(
        not_implemented(
            f"ICAO4_ISO7816_C_{number:02}",
            "ICAO 9303-11, 4.4",
            "PACE of an inspection system.",
            _WHY_NOT,
            target=Target.TERMINAL,
        )
        for number in _NUMBERS
    ),
)
