"""DG11, DG12 and DG16, held against the examples of ICAO 9303-10, appendix A."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import tlv
from harness.errors import ProtocolViolation
from harness.terminal.lds.details import (
    decode_contacts,
    decode_document_details,
    decode_personal_details,
)

DG11 = tlv.encode(
    0x6B,
    bytes.fromhex("5C0A5F0E5F115F425F125F13"),
    tlv.encode(0x5F0E, b"SMITH<<JOHN<J"),
    tlv.encode(0x5F11, b"ANYTOWN<MN"),
    tlv.encode(0x5F42, b"123 MAPLE RD<ANYTOWN<MN"),
    tlv.encode(0x5F12, b"16125551212"),
    tlv.encode(0x5F13, b"TRAVEL<AGENT"),
)
"""Appendix A.5; two lengths that do not fit are made to (63 and 0E are printed)."""

DG16 = tlv.encode(
    0x70,
    b"\x02\x01\x02",
    tlv.encode(
        0xA1,
        tlv.encode(0x5F50, b"20020101"),
        tlv.encode(0x5F51, b"SMITH<<CHARLES<R"),
        tlv.encode(0x5F52, b"19525551212"),
        tlv.encode(0x5F53, b"123 MAPLE RD<ANYTOWN<MN<55100"),
    ),
    tlv.encode(
        0xA2,
        tlv.encode(0x5F50, b"20020315"),
        tlv.encode(0x5F51, b"BROWN<<MARY<J"),
        tlv.encode(0x5F52, b"14155551212"),
        tlv.encode(0x5F53, b"49 REDWOOD LN<OCEAN BREEZE<CA<94000"),
    ),
)
"""Appendix A.6."""


def test_the_example_of_dg11() -> None:
    """Each field comes out with the separators of the zone made readable."""
    assert len(DG11) == 2 + 0x60
    assert decode_personal_details(DG11).texts == {
        "full_name": "SMITH, JOHN J",
        "place_of_birth": "ANYTOWN, MN",
        "address": "123 MAPLE RD, ANYTOWN, MN",
        "telephone": "16125551212",
        "profession": "TRAVEL AGENT",
    }


def test_the_example_of_dg16() -> None:
    """Two people to notify, one after the other."""
    assert DG16.startswith(bytes.fromhex("7081A2020102A14C"))
    first, second = decode_contacts(DG16)
    assert first.texts == {
        "recorded": "2002-01-01",
        "name": "SMITH, CHARLES R",
        "telephone": "19525551212",
        "address": "123 MAPLE RD, ANYTOWN, MN, 55100",
    }
    assert second.texts["name"] == "BROWN, MARY J"


def test_names_in_letters_of_a_nation() -> None:
    """Text is UTF-8, and several other names stand one behind the other."""
    others = tlv.encode(
        0xA0,
        b"\x02\x01\x02",
        tlv.encode(0x5F0F, "ŽAK<<ÕNNE".encode()),
        tlv.encode(0x5F0F, b"SMITH<<JO"),
    )
    found = decode_personal_details(tlv.encode(0x6B, bytes.fromhex("5C025F0F"), others))
    assert found.texts == {"other_names": "ŽAK, ÕNNE; SMITH, JO"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"20020401", "2002-04-01"),
        (bytes.fromhex("20020401"), "2002-04-01"),
        (b"20020000", "2002-00-00"),
        (b"2002<<<<", "2002<<<<"),
        (b"", ""),
    ],
    ids=["digits", "BCD", "unknown day", "no date", "empty"],
)
def test_dates(value: bytes, said: str) -> None:
    """Dates in digits and in BCD are read; what is no date stays as the card has it."""
    found = decode_document_details(tlv.encode(0x6C, tlv.encode(0x5F26, value)))
    assert found.texts == {"date_of_issue": said}


def test_dg12() -> None:
    """Texts, a time and images of a document, and a tag that nobody knows."""
    raw = tlv.encode(
        0x6C,
        bytes.fromhex("5C065F195F555F1D"),
        tlv.encode(0x5F19, b"UTOPIA<POLICE"),
        tlv.encode(0x5F55, b"20250102123000"),
        tlv.encode(0x5F1D, b"\xff\xd8\xff\xe0"),
        tlv.encode(0x5F7D, b"abc"),
    )
    found = decode_document_details(raw)
    assert found.texts == {
        "issuing_authority": "UTOPIA POLICE",
        "personalized_at": "2025-01-02 12:30:00",
    }
    assert found.images["image_of_front"].form == "jpeg"
    assert found.unknown == ((0x5F7D, 3),)


def test_details_show_nothing() -> None:
    """What is told of the holder is not in the repr."""
    assert "SMITH" not in repr(decode_personal_details(DG11))


@pytest.mark.parametrize("raw", [b"", b"\x6b", DG11[:-1], b"\x6c\x00", tlv.encode(0x6B, b"\x5f")])
def test_what_is_malformed(raw: bytes) -> None:
    """Anything else is a violation."""
    with pytest.raises(ProtocolViolation, match="DG11 is malformed"):
        decode_personal_details(raw)


@given(st.binary(max_size=60), st.integers(0, len(DG16)))
def test_any_bytes(inside: bytes, at: int) -> None:
    """Any bytes are read or refused with the one error."""
    for decode in (decode_personal_details, decode_document_details, decode_contacts):
        for raw in (
            inside,
            DG11[:at] + inside + DG11[at:],
            DG16[:at] + inside + DG16[at:],
            tlv.encode(0x6B, inside),
            tlv.encode(0x6C, inside),
            tlv.encode(0x70, inside),
        ):
            with suppress(ProtocolViolation):
                decode(raw)
