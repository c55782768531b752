"""Unit LDS_H: the content of DG4, the irises."""

from __future__ import annotations

from harness.conformance.acts.elementary import DATA_GROUPS
from harness.conformance.case import Unit
from harness.conformance.contents.biometric import (
    CLAUSE,
    CONSTRUCTED_BLOCK,
    PRIMITIVE_BLOCK,
    SUBTYPE,
    Biometric,
)
from harness.conformance.contents.biometric_cases import (
    block,
    format_type,
    magic,
    on,
    standardized,
    subtype,
    templates,
)
from harness.conformance.contents.content import demand_tag, head_at
from harness.conformance.contents.content_cases import FileCases
from harness.conformance.units.sources import BSI_3_2, ICAO_3
from harness.profile import Content

_CASES = FileCases("LDS_H", DATA_GROUPS[3], Content.DG4, ("LDS", "DG4", "DG4-OPEN"))
_IRIS, _IRIS_39794 = 0x0009, 0x002C


def _subtype_if_told(group: Biometric) -> None:
    if any(each.tag == SUBTYPE for each in group.header()[1]):
        subtype(group)


def _image_block(group: Biometric) -> None:
    value = group.block(CONSTRUCTED_BLOCK)
    outer = head_at(value, 0, "data in standardized format")
    demand_tag(outer, 0xA1, "data in standardized format", CLAUSE)
    demand_tag(head_at(value, outer.start, "the iris image block"), 0x66, "irises", CLAUSE)


UNIT = Unit(
    "LDS_H",
    "What DG4 holds: irises",
    f"{BSI_3_2} (1 to 11); {ICAO_3}",
    (
        *_CASES.template(),
        *templates(_CASES, 3),
        _CASES.case(
            8,
            CLAUSE,
            "DG4 names a format for irises.",
            "88 is that of ISO/IEC 19794-6 or of ISO/IEC 39794-6.",
            on(_CASES, format_type(_IRIS, _IRIS_39794)),
        ),
        _CASES.case(
            9,
            CLAUSE,
            "DG4 says which eye it is, if it says so at all.",
            "82 may be left out; where it is there, it holds one byte.",
            on(_CASES, _subtype_if_told),
        ),
        _CASES.case(
            10,
            CLAUSE,
            "DG4 holds its iris in a biometric data block.",
            "5F2E or 7F2E fills the template behind the header.",
            on(_CASES, block(PRIMITIVE_BLOCK, CONSTRUCTED_BLOCK)),
        ),
        _CASES.case(
            11,
            CLAUSE,
            "The data block of DG4 begins with the identifier of its format.",
            "A record of ISO/IEC 19794-6 begins with IIR and zero.",
            on(_CASES, magic(b"IIR\0", _IRIS)),
        ),
        _CASES.case(
            12,
            CLAUSE,
            "DG4 names the format type of ISO/IEC 39794-6.",
            "88 is 002C.",
            on(_CASES, format_type(_IRIS_39794)),
            "39794-6",
        ),
        _CASES.case(
            13,
            CLAUSE,
            "DG4 holds data of ISO/IEC 39794-6 in a constructed data block.",
            "7F2E fills the template behind the header.",
            on(_CASES, block(CONSTRUCTED_BLOCK)),
            "39794-6",
        ),
        _CASES.case(
            14,
            CLAUSE,
            "DG4 marks data of ISO/IEC 39794-6 as standardized.",
            "The data block holds A1.",
            on(_CASES, standardized),
            "39794-6",
        ),
        _CASES.case(
            15,
            CLAUSE,
            "The standardized data of DG4 is an iris image block.",
            "Inside A1 stands the application tag of ISO/IEC 39794-6, 66.",
            on(_CASES, _image_block),
            "39794-6",
        ),
    ),
)
