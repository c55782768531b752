"""Unit LDS_F: the content of EF.CVCA."""

from __future__ import annotations

from harness.conformance.case import Unit, not_implemented
from harness.conformance.units.sources import BSI_3_2

UNIT = Unit(
    "LDS_F",
    "What EF.CVCA holds",
    BSI_3_2,
    (
        not_implemented(
            "LDS_F_1",
            "BSI TR-03110-3, A.3.1.2",
            "EF.CVCA names the authorities that terminals may have their certificates from.",
            "EF.CVCA belongs to terminal authentication, which is neither tested nor emulated",
        ),
    ),
)
