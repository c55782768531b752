"""Unit ISO7816_C: BAC, and secure messaging under its keys."""

from __future__ import annotations

from harness.conformance.case import Unit
from harness.conformance.units.iso7816_c import bac, messaging
from harness.conformance.units.sources import ICAO_3

UNIT = Unit(
    "ISO7816_C",
    "BAC, and secure messaging after it",
    ICAO_3,
    (*bac.CASES, *messaging.CASES),
)
