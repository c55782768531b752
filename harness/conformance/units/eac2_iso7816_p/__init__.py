"""Unit EAC2_ISO7816_P: the PIN of an eID card, from its first try to its blocking and back."""

from __future__ import annotations

from harness.conformance.case import Case, Unit
from harness.conformance.units.eac2_iso7816_p import management, tries
from harness.conformance.units.sources import BSI_3_3


def _place(each: Case) -> tuple[int, str]:
    """8a stands between 8 and 9."""
    number = each.id.rpartition("_")[2]
    return int(number.rstrip("a")), number


UNIT = Unit(
    "EAC2_ISO7816_P",
    "PIN management",
    BSI_3_3,
    tuple(sorted((*tries.CASES, *management.CASES), key=_place)),
)
