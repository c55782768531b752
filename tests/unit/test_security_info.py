"""SecurityInfos of EF.CardAccess."""

from __future__ import annotations

from contextlib import suppress

import pytest
from asn1crypto.core import ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import tlv
from harness.security_info import (
    PaceInfo,
    SecurityInfoError,
    decode_oid,
    describe_oid,
    encode_oid,
    encode_pace_info,
    pace_infos,
    parse_security_infos,
)

IDEMIA = "31143012060A04007F0007020204020402010202010C"
GERMAN = (
    "3181C1300D060804007F00070202020201023012060A04007F000702020302020201020201413012060A04007F00"
    "07020204020202010202010D301C060904007F000702020302300C060704007F0007010202010D020141302A0608"
    "04007F0007020206161E687474703A2F2F6273692E62756E642E64652F6369662F6E70612E786D6C303E06080400"
    "7F000702020831323012060A04007F00070202030202020102020145301C060904007F000702020302300C060704"
    "007F0007010202010D02014500"
)


def test_a_real_card_access_with_its_fill() -> None:
    """The one PACEInfo of a card that fills the file up with zeros is read."""
    infos = parse_security_infos(bytes.fromhex(IDEMIA) + bytes(42))
    assert pace_infos(infos) == (PaceInfo("0.4.0.127.0.7.2.2.4.2.4", 2, 12),)


def test_a_german_card_access() -> None:
    """All entries of a German identity card are kept, and only its PACEInfo is one."""
    infos = parse_security_infos(bytes.fromhex(GERMAN[:-2]))
    assert [info.oid for info in infos] == [
        "0.4.0.127.0.7.2.2.2",
        "0.4.0.127.0.7.2.2.3.2.2",
        "0.4.0.127.0.7.2.2.4.2.2",
        "0.4.0.127.0.7.2.2.3.2",
        "0.4.0.127.0.7.2.2.6",
        "0.4.0.127.0.7.2.2.8",
    ]
    assert pace_infos(infos) == (PaceInfo("0.4.0.127.0.7.2.2.4.2.2", 2, 13),)


@pytest.mark.parametrize("parameter_id", [None, 12])
def test_a_pace_info_survives_its_encoding(parameter_id: int | None) -> None:
    """A PACEInfo with and without parameters is written and read."""
    info = PaceInfo("0.4.0.127.0.7.2.2.4.2.2", 2, parameter_id)
    raw = tlv.encode(0x31, encode_pace_info(info))
    assert pace_infos(parse_security_infos(raw)) == (info,)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "3000",
        "3100FF",
        "310100",
        "31023000",
        "3104300204 00",
        "310530030601FF",
        "3107300506000201 02",
        IDEMIA + "01",
        IDEMIA[:-2],
    ],
)
def test_malformed_files(raw: str) -> None:
    """What is not a SET of SecurityInfos with zeros behind it is refused as that."""
    with pytest.raises(SecurityInfoError):
        parse_security_infos(bytes.fromhex(raw))


@pytest.mark.parametrize("values", ["", "0400", "0200", "020102020102020102"])
def test_malformed_pace_info(values: str) -> None:
    """A PACEInfo that is not version and parameter id is refused when it is asked for."""
    oid = tlv.encode(0x06, encode_oid("0.4.0.127.0.7.2.2.4.2.4"))
    raw = tlv.encode(0x31, tlv.encode(0x30, oid, bytes.fromhex(values)))
    with pytest.raises(SecurityInfoError):
        pace_infos(parse_security_infos(raw))


@given(st.binary(max_size=40), st.integers(0, 2))
@settings(max_examples=400)
def test_bytes_are_security_infos_or_an_error(raw: bytes, wrapped: int) -> None:
    """Any bytes, bare or inside the outer objects, are read or refused with one error."""
    for tag in (0x30, 0x31)[2 - wrapped :]:
        raw = tlv.encode(tag, raw)
    with suppress(SecurityInfoError):
        for info in parse_security_infos(raw):
            assert describe_oid(info.oid)
        pace_infos(parse_security_infos(raw))


@given(
    st.tuples(st.integers(0, 2), st.integers(0, 39)), st.lists(st.integers(0, 2**40), max_size=8)
)
def test_object_identifiers_as_another_library_writes_them(
    first: tuple[int, int], rest: list[int]
) -> None:
    """Object identifiers are encoded as asn1crypto encodes them, and read back."""
    oid = ".".join(str(arc) for arc in (*first, *rest))
    assert encode_oid(oid) == ObjectIdentifier(oid).contents
    assert decode_oid(encode_oid(oid)) == oid


@pytest.mark.parametrize("raw", ["", "80", "8001", "2A86", "2A8001"])
def test_malformed_object_identifiers(raw: str) -> None:
    """An empty, cut or padded object identifier is refused."""
    with pytest.raises(SecurityInfoError):
        decode_oid(bytes.fromhex(raw))


@pytest.mark.parametrize(
    ("oid", "said"),
    [
        ("0.4.0.127.0.7.2.2.4.2.4", "id-PACE-ECDH-GM-AES-CBC-CMAC-256 (0.4.0.127.0.7.2.2.4.2.4)"),
        ("0.4.0.127.0.7.2.2.4.4.1", "id-PACE-ECDH-IM-3DES-CBC-CBC (0.4.0.127.0.7.2.2.4.4.1)"),
        ("0.4.0.127.0.7.2.2.4.9.9", "0.4.0.127.0.7.2.2.4.9.9"),
        ("0.4.0.127.0.7.2.2.4.x.y", "0.4.0.127.0.7.2.2.4.x.y"),
        ("0.4.0.127.0.7.2.2.2", "id-TA (0.4.0.127.0.7.2.2.2)"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_protocols_by_name(oid: str, said: str) -> None:
    """A known protocol is named, an unknown one shown as it is."""
    assert describe_oid(oid) == said
