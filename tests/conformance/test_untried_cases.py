"""Cases whose needs no emulated card declares, tried on files that were made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.file_units import EVERY_DOCUMENT
from fixtures.mutants.access import filed
from fixtures.mutants.mutant import unbroken
from harness import tlv
from harness.conformance.catalogue import chosen
from harness.conformance.judgement import Failure
from harness.conformance.subject import Subject
from harness.crypto.chip_auth import ChipAuthenticationInfo
from harness.crypto.chip_key import ChipKey
from harness.crypto.parameters import encode_parameters
from harness.crypto.standardized import DOMAINS
from harness.emulator.signed_data import SECURITY_OBJECT, signed
from harness.security_info import PaceInfo, encode_integer, encode_oid, encode_pace_info

GERMAN = bytes.fromhex(
    "3181C1300D060804007F00070202020201023012060A04007F000702020302020201020201413012060A04007F00"
    "07020204020202010202010D301C060904007F000702020302300C060704007F0007010202010D020141302A0608"
    "04007F0007020206161E687474703A2F2F6273692E62756E642E64652F6369662F6E70612E786D6C303E06080400"
    "7F000702020831323012060A04007F00070202030202020102020145301C060904007F000702020302300C060704"
    "007F0007010202010D020145"
)
"""EF.CardAccess of a German identity card."""


def entry(oid: str, *values: bytes) -> bytes:
    """One SecurityInfo."""
    return tlv.encode(0x30, tlv.encode(0x06, encode_oid(oid)), *values)


def biometric(tag: int, format_type: int, data: bytes, block: int = 0x7F2E) -> bytes:
    """A biometric data group with one instance."""
    owner = tlv.encode(0x87, b"\x01\x01")
    kind = tlv.encode(0x88, format_type.to_bytes(2))
    instance = tlv.encode(0x7F60, tlv.encode(0xA1, owner, kind), tlv.encode(block, data))
    return tlv.encode(tag, tlv.encode(0x7F61, b"\x02\x01\x01", instance))


def face(generation: int, *representations: bytes, tag: int = 0x65) -> bytes:
    """DG2 with a face of ISO/IEC 39794-5."""
    version = tlv.encode(0xA0, tlv.encode(0x80, bytes((generation,))), b"\x81\x02\x07\xe3")
    blocks = tlv.encode(0xA1, *representations)
    return biometric(0x75, 0x2A, tlv.encode(0xA1, tlv.encode(tag, version, blocks)))


ONE = b"\x30\x00"
NEW_FACE, OLD_FACE = face(3, ONE), biometric(0x75, 8, b"FAC\0", 0x5F2E)
NEW_FINGER = biometric(0x63, 0x28, b"\xa1\x02\x64\x00")
NEW_IRIS = biometric(0x76, 0x2C, b"\xa1\x02\x66\x00")
PSA = tlv.encode(0x31, entry("0.4.0.127.0.7.2.2.11.1.2", tlv.encode(0x30, encode_integer(1))))
NOTHING = tlv.encode(0x31, entry("1.2.3"))
RI = "0.4.0.127.0.7.2.2.5.2"
EAC_INFOS = tlv.encode(
    0x31,
    encode_pace_info(PaceInfo("0.4.0.127.0.7.2.2.4.2.2", 2, 13)),
    ChipAuthenticationInfo("0.4.0.127.0.7.2.2.3.2.2", 2, 65).encode(),
    ChipKey(DOMAINS[13], 7, 65).public.encode(),
    entry(f"{RI}.3", tlv.encode(0x30, encode_integer(1), encode_integer(1), b"\x01\x01\xff")),
    entry(RI, encode_parameters(DOMAINS[13])),
)
_CARD_ACCESS = [(f"EAC2_DATA_A_{n}", GERMAN, NOTHING) for n in ("1a", "1b", 4, 5, 6, 7, 9)]

ROWS = [
    ("LDS_C_14", "dg2", NEW_FACE, OLD_FACE),
    ("LDS_C_15", "dg2", NEW_FACE, OLD_FACE),
    ("LDS_C_16", "dg2", NEW_FACE, biometric(0x75, 0x2A, b"\xa2\x00")),
    ("LDS_C_17", "dg2", NEW_FACE, face(3, ONE, tag=0x64)),
    ("LDS_C_18", "dg2", NEW_FACE, face(2, ONE)),
    ("LDS_C_19", "dg2", NEW_FACE, face(3, ONE, ONE)),
    ("LDS_G_12", "dg3", NEW_FINGER, biometric(0x63, 7, b"\xa1\x00")),
    ("LDS_G_13", "dg3", NEW_FINGER, biometric(0x63, 0x28, b"\xa1\x00", 0x5F2E)),
    ("LDS_G_14", "dg3", NEW_FINGER, biometric(0x63, 0x28, b"\x64\x00")),
    ("LDS_H_12", "dg4", NEW_IRIS, biometric(0x76, 9, b"\xa1\x00")),
    ("LDS_H_13", "dg4", NEW_IRIS, biometric(0x76, 0x2C, b"\xa1\x00", 0x5F2E)),
    ("LDS_H_14", "dg4", NEW_IRIS, biometric(0x76, 0x2C, b"\x66\x00")),
    ("LDS_H_15", "dg4", NEW_IRIS, biometric(0x76, 0x2C, b"\xa1\x02\x64\x00")),
    *((identifier, "card-access", good, bad) for identifier, good, bad in _CARD_ACCESS),
    ("EAC2_DATA_A_8", "card-access", PSA, NOTHING),
    *((f"EAC2_DATA_B_{n}", "card-security", EAC_INFOS, NOTHING) for n in (1, 8, 9, 10)),
]
"""A case, the file it looks at, and content that passes and that fails."""


def run(identifier: str, name: str, content: bytes) -> None:
    """Run a case on a card with this content in one file, whatever its profile declares.

    Raises:
        Failure: the case fails.
    """
    source = unbroken(EVERY_DOCUMENT)
    travel = source.image.travel
    assert travel is not None
    raw = content if name != "card-security" else signed(SECURITY_OBJECT, content, travel.pki)
    [unit] = chosen(cases=[identifier])
    case = unit.cases[0]
    assert case.run is not None
    case.run(Subject(replace(source, image=filed(name, lambda _: raw)(source.image))))


@pytest.mark.parametrize(("identifier", "name", "good", "bad"), ROWS, ids=[row[0] for row in ROWS])
def test_it_passes_and_fails(identifier: str, name: str, good: bytes, bad: bytes) -> None:
    """The case passes on content as its plan has it, and fails on other content."""
    run(identifier, name, good)
    with pytest.raises(Failure):
        run(identifier, name, bad)
