"""Unit LDS_N: the content of DG11, further data of the holder."""

from __future__ import annotations

from dataclasses import replace

from harness.conformance.acts.elementary import DATA_GROUPS
from harness.conformance.case import Unit
from harness.conformance.contents.content_cases import FileCases
from harness.conformance.contents.details import Detail, day, details, image, name_of_holder, words
from harness.conformance.units.sources import ICAO_3
from harness.profile import Content

_CASES = FileCases("LDS_N", DATA_GROUPS[10], Content.DG11, ("LDS", "DG11"))
_DG12 = FileCases("LDS_N", DATA_GROUPS[11], Content.DG12, ("LDS", "DG12"))
_CLAUSE = "ICAO 9303-10, 4.7.11"
_ROWS = (
    Detail(0x5F0E, "the name of the holder", name_of_holder),
    Detail(0xA0, "other names", name_of_holder, inner=0x5F0F),
    Detail(0x5F10, "the personal number", words),
    Detail(0x5F2B, "the full date of birth", day),
    Detail(0x5F11, "the place of birth", words),
    Detail(0x5F42, "the permanent address", words),
    Detail(0x5F12, "the telephone number", words),
    Detail(0x5F13, "the profession", words),
    Detail(0x5F14, "the title", words),
    Detail(0x5F15, "the personal summary", words),
    Detail(0x5F16, "the proof of citizenship", image),
    Detail(0x5F17, "numbers of other travel documents", words),
    Detail(0x5F18, "custody information", words, planned=False),
)

_, _LENGTH = _CASES.template(2, 2)
_DG12_TAG, _ = _DG12.template(16, 16)

UNIT = Unit(
    "LDS_N",
    "What DG11 holds: further data of the holder",
    ICAO_3,
    (
        _LENGTH,
        *details(_CASES, _CLAUSE, _ROWS, 3),
        # The plan prints the first case of DG12 under this unit's next number.
        replace(_DG12_TAG, title="DG12 begins with its tag, 6C."),
    ),
)
