"""EF.COM and the zone of DG1, held against the examples of ICAO 9303-10, appendix A."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.emrtd_vectors import TD3_UTO
from harness import tlv
from harness.errors import CardError, ProtocolViolation
from harness.terminal.lds.document import Document, decode_zone
from harness.terminal.lds.groups import TAGS, CommonData

NLD = "I<NLDXI85935F86999999990<<<<<<7208148F1108268NLD<<<<<<<<<<<4VAN<DER<STEEN<<MARIANNE<LOUISE"
EXAMPLE = bytes.fromhex("60165F0104303130375F36063034303030305C046175766C")


def test_the_example_of_ef_com() -> None:
    """Appendix A.1: version 1.7, Unicode 4.0.0, data groups 1, 2, 4 and 12."""
    assert CommonData.decode(EXAMPLE) == CommonData("0107", "040000", (1, 2, 4, 12))


def test_tags_that_nobody_knows() -> None:
    """A tag that is no data group's is told as it is."""
    raw = EXAMPLE[:-1] + b"\x99"
    assert CommonData.decode(raw).unknown_tags == (0x99,)


@pytest.mark.parametrize(
    "raw", ["", "60", "6100", "6000", "60165F01", "60165F0104303130375F3606303430303030"]
)
def test_what_is_no_ef_com(raw: str) -> None:
    """Anything else is a violation."""
    with pytest.raises(ProtocolViolation, match=r"EF\.COM is malformed"):
        CommonData.decode(bytes.fromhex(raw))


@pytest.mark.parametrize(
    ("head", "zone", "number"),
    [
        (
            "615D5F1F5A",
            NLD,
            "XI85935F8",
        ),
        ("615B5F1F58", "".join(TD3_UTO), "L898902C3"),
    ],
    ids=["appendix A.2.1", "TD3"],
)
def test_examples_of_dg1(head: str, zone: str, number: str) -> None:
    """The zone inside is read as it is printed."""
    found = decode_zone(bytes.fromhex(head) + zone.encode())
    assert found.number == number


def test_a_wrong_check_digit_is_told() -> None:
    """The example of appendix A.2.1 has a wrong last check digit, and the zone says so."""
    found = decode_zone(bytes.fromhex("615D5F1F5A") + NLD.encode())
    assert found.wrong == ("whole zone",)
    assert (found.surname, found.given_names) == ("VAN DER STEEN", "MARIANNE LOUISE")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x61\x00",
        tlv.encode(0x61, tlv.encode(0x5F1F, b"\xff" * 88)),
        tlv.encode(0x61, tlv.encode(0x5F1F, b"A" * 87)),
        tlv.encode(0x75, b""),
        tlv.encode(0x61, b"\x5f"),
    ],
    ids=["empty", "no zone", "no characters", "short", "other tag", "cut"],
)
def test_what_is_no_zone(raw: bytes) -> None:
    """Anything else is a violation that shows nothing of it."""
    with pytest.raises(ProtocolViolation, match="DG1 is malformed"):
        decode_zone(raw)


def test_a_malformed_group_is_kept() -> None:
    """A data group that is malformed is told so, and kept to be checked against its hash."""
    document = Document()
    with pytest.raises(ProtocolViolation, match="DG13"):
        document.take(13, b"\x6e\x00")
    assert document.groups == {13: b"\x6e\x00"}


def test_nothing_is_told_of_what_is_not_there() -> None:
    """A document without DG14, DG15 and EF.SOD offers no protocol and lists no group."""
    document = Document()
    assert (document.infos(), document.public_key(), document.listed) == ((), None, ())


DG14 = bytes.fromhex("6E133111300F060A04007F00070202030202020101")


@given(st.binary(max_size=40), st.integers(0, len(DG14)))
def test_any_bytes(inside: bytes, at: int) -> None:
    """Any bytes in EF.COM, DG1, DG14 and DG15 are read or refused with the card's errors."""
    for raw in (inside, DG14[:at] + inside + DG14[at:], EXAMPLE[:at] + inside + EXAMPLE[at:]):
        document = Document(groups={14: raw, 15: raw}, sod=raw)
        for ask in (document.infos, document.public_key, document.authenticate):
            with suppress(CardError):
                ask()
        assert document.listed == ()
        with suppress(ProtocolViolation):
            CommonData.decode(raw)
        with suppress(ProtocolViolation):
            decode_zone(raw)
        for number in TAGS:
            with suppress(ProtocolViolation):
                document.take(number, tlv.encode(TAGS[number], raw))
