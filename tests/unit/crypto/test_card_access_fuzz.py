"""Any bytes in EF.CardAccess and EF.CardSecurity are read or refused with one error."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import tlv
from harness.crypto.card_access import CardAccess
from harness.crypto.chip_key import chip_public_keys
from harness.crypto.parameters import encode_parameters
from harness.crypto.standardized import DOMAINS
from harness.errors import UsageError
from harness.security_info import (
    PaceInfo,
    SecurityInfoError,
    encode_integer,
    encode_oid,
    encode_pace_info,
    parse_security_infos,
)

ID_PACE = "0.4.0.127.0.7.2.2.4"


def explicit(arc: int, group: int, number: int) -> bytes:
    """A PACEDomainParameterInfo that spells a standardized group out."""
    oid = tlv.encode(0x06, encode_oid(f"{ID_PACE}.{arc}"))
    domain = encode_parameters(DOMAINS[group], explicit=True)
    return tlv.encode(0x30, oid, domain, encode_integer(number))


WHOLE = tlv.encode(
    0x31,
    encode_pace_info(PaceInfo(f"{ID_PACE}.2.4", 2, 12)),
    encode_pace_info(PaceInfo(f"{ID_PACE}.1.1", 2, 40)),
    explicit(1, 0, 40),
    encode_pace_info(PaceInfo(f"{ID_PACE}.4.2", 2, 41)),
    explicit(4, 13, 41),
    bytes.fromhex("300D060804007F0007020202020102"),
)
KEYS = tlv.encode(
    0x31,
    bytes.fromhex(
        "3062060904007F0007020201023052300C060704007F0007010202010D03420004"
        "1872709494399E7470A6431BE25E83EEE24FEA568C2ED28DB48E05DB3A610DC8"
        "84D256A40E35EFCB59BF6753D3A489D28C7A4D973C2DA138A6E7A4A08F68E16F02010D"
    ),
)


def swallow(raw: bytes) -> None:
    """Read whatever it is, as both files; only the one error may come out."""
    with suppress(SecurityInfoError, UsageError):
        CardAccess.read(raw).choose()
    with suppress(SecurityInfoError):
        chip_public_keys(parse_security_infos(raw))


@pytest.mark.parametrize("raw", [WHOLE, KEYS], ids=["EF.CardAccess", "public keys"])
def test_every_byte_spoilt(raw: bytes) -> None:
    """With any byte changed or the rest cut off the file is read or refused with one error."""
    for place in range(len(raw)):
        swallow(raw[:place])
        for flipped in (0x01, 0x20, 0x80, 0xFF):
            swallow(raw[:place] + bytes((raw[place] ^ flipped,)) + raw[place + 1 :])


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_bytes_inside(data: st.DataObject) -> None:
    """Any bytes put in anywhere are read or refused with one error."""
    raw = data.draw(st.sampled_from([WHOLE, KEYS]))
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 8)))
    swallow(raw[:start] + data.draw(st.binary(max_size=12)) + raw[end:])


@given(
    st.recursive(st.binary(max_size=20), lambda inner: st.lists(inner, max_size=4), max_leaves=12)
)
@settings(max_examples=200, deadline=None)
def test_any_structure(tree: list[object] | bytes) -> None:
    """Well-formed objects in any arrangement are read or refused with one error."""

    def encode(node: list[object] | bytes, depth: int = 0) -> bytes:
        if isinstance(node, bytes):
            return tlv.encode(0x06 if depth % 2 else 0x02, node)
        return tlv.encode(0x30, *(encode(each, depth + 1) for each in node))  # type: ignore[arg-type]

    swallow(
        tlv.encode(
            0x31, tlv.encode(0x30, tlv.encode(0x06, encode_oid(f"{ID_PACE}.2")), encode(tree))
        )
    )
    swallow(tlv.encode(0x31, encode(tree)))


@pytest.mark.parametrize("tag", [0x02, 0x06])
def test_enormous_numbers(tag: int) -> None:
    """A number or an object identifier of thousands of digits is refused, not printed."""
    huge = tlv.encode(tag, b"\x7f" + b"\xff" * 9000 + b"\x7f")
    oid = tlv.encode(0x06, encode_oid(f"{ID_PACE}.2.2"))
    with pytest.raises(SecurityInfoError):
        CardAccess.read(tlv.encode(0x31, tlv.encode(0x30, oid, huge)))
    with pytest.raises(SecurityInfoError):
        CardAccess.read(tlv.encode(0x31, tlv.encode(0x30, huge)))
