"""Unit LDS_O: the content of DG12, further data of the document."""

from __future__ import annotations

from harness.conformance.acts.elementary import DATA_GROUPS
from harness.conformance.case import Unit
from harness.conformance.contents.content_cases import FileCases
from harness.conformance.contents.details import (
    Detail,
    day,
    details,
    image,
    moment,
    name_of_holder,
    words,
)
from harness.conformance.units.sources import ICAO_3
from harness.profile import Content

_CASES = FileCases("LDS_O", DATA_GROUPS[11], Content.DG12, ("LDS", "DG12"))
_CLAUSE = "ICAO 9303-10, 4.7.12"
_ROWS = (
    Detail(0x5F19, "the issuing authority", words),
    Detail(0x5F26, "the date of issue", day),
    Detail(0xA0, "names of other persons", name_of_holder, inner=0x5F1A),
    Detail(0x5F1B, "endorsements and observations", words),
    Detail(0x5F1C, "tax and exit requirements", words),
    Detail(0x5F1D, "an image of the front", image),
    Detail(0x5F1E, "an image of the rear", image),
    Detail(0x5F55, "the time of personalization", moment),
    Detail(0x5F56, "the serial number of the personalization system", words),
)

_, _LENGTH = _CASES.template(2, 2)

UNIT = Unit(
    "LDS_O",
    "What DG12 holds: further data of the document",
    ICAO_3,
    (_LENGTH, *details(_CASES, _CLAUSE, _ROWS, 3)),
)
