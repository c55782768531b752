"""Unit ISO7816_P: PACE on the chip."""

from __future__ import annotations

from harness.conformance.case import Case, Unit
from harness.conformance.units.iso7816_p import form, keys, runs, set_at, token
from harness.conformance.units.sources import ICAO_3


def _number(each: Case) -> int:
    return int(each.id.rpartition("_")[2])


_CASES = (*runs.CASES, *set_at.CASES, *form.CASES, *keys.CASES, *token.CASES)

UNIT = Unit("ISO7816_P", "PACE on the chip", ICAO_3, tuple(sorted(_CASES, key=_number)))
