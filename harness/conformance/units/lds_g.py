"""Unit LDS_G: the content of DG3, the fingers."""

from __future__ import annotations

from dataclasses import replace

from harness.conformance.acts.elementary import DATA_GROUPS
from harness.conformance.case import Unit
from harness.conformance.contents.biometric import CLAUSE, CONSTRUCTED_BLOCK, PRIMITIVE_BLOCK
from harness.conformance.contents.biometric_cases import (
    block,
    format_type,
    magic,
    on,
    standardized,
    subtype,
    templates,
)
from harness.conformance.contents.content_cases import FileCases
from harness.conformance.units.sources import BSI_3_2, ICAO_3
from harness.profile import Content

_CASES = FileCases("LDS_G", DATA_GROUPS[2], Content.DG3, ("LDS", "DG3", "DG3-OPEN"))
_IRIS = FileCases("LDS_G", DATA_GROUPS[3], Content.DG4, ("LDS", "DG4", "DG4-OPEN"))
_IRIS = FileCases("LDS_G", DATA_GROUPS[3], Content.DG4, ("LDS", "DG4", "DG4-OPEN"))
_FINGER, _FINGER_39794 = 0x0007, 0x0028
_identifier = magic(b"FIR\0", _FINGER)

DG3_IDENTIFIER = replace(
    _CASES.case(
        10,
        CLAUSE,
        "The finger data in DG3 begins as its format type says.",
        "Format type 0007 is ISO/IEC 19794-4, whose records begin with FIR.",
        on(_CASES, _identifier),
    ),
    id="LDS_E_10",
)
"""The plan prints this case of DG3 among those of DG14."""

UNIT = Unit(
    "LDS_G",
    "What DG3 holds: fingers",
    f"{BSI_3_2} (1 to 11); {ICAO_3}",
    (
        *_CASES.template(),
        *templates(_CASES, 3),
        _CASES.case(
            8,
            CLAUSE,
            "DG3 names a format for fingers.",
            "88 is that of ISO/IEC 19794-4 or of ISO/IEC 39794-4.",
            on(_CASES, format_type(_FINGER, _FINGER_39794)),
        ),
        _CASES.case(
            9,
            CLAUSE,
            "DG3 says which finger it is.",
            "82 holds a biometric subtype of one byte.",
            on(_CASES, subtype),
        ),
        _CASES.case(
            10,
            CLAUSE,
            "DG3 holds its finger in a biometric data block.",
            "5F2E or 7F2E fills the template behind the header.",
            on(_CASES, block(PRIMITIVE_BLOCK, CONSTRUCTED_BLOCK)),
        ),
        _CASES.case(
            11,
            CLAUSE,
            "The data block of DG3 begins with the identifier of its format.",
            "A record of ISO/IEC 19794-4 begins with FIR and zero.",
            on(_CASES, _identifier),
        ),
        _CASES.case(
            12,
            CLAUSE,
            "DG3 names the format type of ISO/IEC 39794-4.",
            "88 is 0028.",
            on(_CASES, format_type(_FINGER_39794)),
            "39794-4",
        ),
        _CASES.case(
            13,
            CLAUSE,
            "DG3 holds data of ISO/IEC 39794-4 in a constructed data block.",
            "7F2E fills the template behind the header.",
            on(_CASES, block(CONSTRUCTED_BLOCK)),
            "39794-4",
        ),
        _CASES.case(
            14,
            CLAUSE,
            "DG3 marks data of ISO/IEC 39794-4 as standardized.",
            "The data block holds A1.",
            on(_CASES, standardized),
            "39794-4",
        ),
        _IRIS.case(
            15,
            CLAUSE,
            "The iris data in DG4 begins as its format type says.",
            "Format type 0009 is ISO/IEC 19794-6, whose records begin with IIR.",
            on(_IRIS, magic(b"IIR\0", 0x0009)),
        ),
    ),
)
