"""SecurityInfos are judged entry by entry."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import tlv
from harness.conformance.contents.infos import (
    chip_keys,
    demand_chip_coherence,
    demand_pace_domain,
    demand_pace_info,
    demand_pace_usable,
    demand_terminal_info,
    domain_infos,
    infos_in,
)
from harness.conformance.judgement import Failure
from harness.conformance.units import eac2_data_a, eac2_data_b
from harness.crypto.chip_auth import ChipAuthenticationInfo
from harness.crypto.chip_key import ChipKey
from harness.crypto.parameters import encode_parameters
from harness.crypto.standardized import DOMAINS
from harness.security_info import SecurityInfo, encode_integer, encode_oid

GERMAN = bytes.fromhex(
    "3181C1300D060804007F00070202020201023012060A04007F000702020302020201020201413012060A04007F00"
    "07020204020202010202010D301C060904007F000702020302300C060704007F0007010202010D020141302A0608"
    "04007F0007020206161E687474703A2F2F6273692E62756E642E64652F6369662F6E70612E786D6C303E06080400"
    "7F000702020831323012060A04007F00070202030202020102020145301C060904007F000702020302300C060704"
    "007F0007010202010D020145"
)
"""EF.CardAccess of a German identity card."""
ID_TA, ID_CA_ECDH = "0.4.0.127.0.7.2.2.2", "0.4.0.127.0.7.2.2.3.2"
PACE = "0.4.0.127.0.7.2.2.4.2.2"
Step = Callable[[bytes, tuple[SecurityInfo, ...]], None]


def entry(oid: str, *values: bytes) -> bytes:
    """One SecurityInfo as DER."""
    return tlv.encode(0x30, tlv.encode(0x06, encode_oid(oid)), *values)


def infos(*entries: bytes) -> tuple[SecurityInfo, ...]:
    """Entries as a card would list them."""
    return infos_in(tlv.encode(0x31, *entries), "x")


@pytest.mark.parametrize(
    "step",
    [
        eac2_data_a.pace,
        eac2_data_a.chip,
        eac2_data_a.chip_infos,
        eac2_data_a.chip_domains,
        eac2_data_a.terminal,
        eac2_data_a.card_info,
        eac2_data_a.privileged,
    ],
)
def test_a_german_card_is_as_its_plan_has_it(step: Step) -> None:
    """Every check of the plan for EAC2 passes on the file of a real card, and fails without it."""
    step(GERMAN, infos_in(GERMAN, "x"))
    other = tlv.encode(0x31, entry("1.2.3"))
    with pytest.raises(Failure):
        step(other, infos_in(other, "x"))


def test_only_zeros_may_follow() -> None:
    """Fill is accepted; anything else behind the SET, or a long length inside, is not."""
    infos_in(GERMAN + bytes(9), "x")
    for wrong in (GERMAN + b"\x01", b"\x31\x00", GERMAN[:-1], tlv.encode(0x31, b"\x30\x81\x00")):
        with pytest.raises(Failure):
            infos_in(wrong, "x")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((encode_integer(3), encode_integer(13)), "version 3"),
        ((), "version and perhaps parameter id"),
        ((encode_integer(2), b"\x04\x01\x0d"), "expected an integer"),
    ],
)
def test_a_pace_info_that_is_none(values: tuple[bytes, ...], said: str) -> None:
    """Another version, no version, or another type is a failure."""
    with pytest.raises(Failure, match=said):
        demand_pace_info(infos(entry(PACE, *values))[0])


def test_an_unknown_pace_protocol() -> None:
    """A protocol that no standard has is named."""
    with pytest.raises(Failure, match=r"0\.4\.0\.127\.0\.7\.2\.2\.4\.9\.2"):
        demand_pace_info(infos(entry(f"{PACE[:-4]}.9.2", encode_integer(2)))[0])


@pytest.mark.parametrize("parameter", [2, 3, 40])
def test_pace_with_parameters_that_do_not_suit(parameter: int) -> None:
    """A group of numbers for a curve, an undefined group, or one that is nowhere told."""
    raw = tlv.encode(0x31, entry(PACE, encode_integer(2), encode_integer(parameter)))
    with pytest.raises(Failure, match="PACEInfos"):
        demand_pace_usable(raw)


def test_domain_parameters_of_its_own() -> None:
    """A known group under a number above 31 passes; a reserved number or a doubtful one fails."""
    group = encode_parameters(DOMAINS[13], explicit=True)
    oid = PACE.rpartition(".")[0]
    good = infos(entry(oid, group, encode_integer(40)), entry(oid, group))
    numbered, bare = domain_infos(good)
    demand_pace_domain(numbered, several=True)
    demand_pace_domain(bare, several=False)
    with pytest.raises(Failure, match="a number for each"):
        demand_pace_domain(bare, several=True)
    with pytest.raises(Failure, match="above 31"):
        demand_pace_domain(infos(entry(oid, group, encode_integer(13)))[0], several=False)
    with pytest.raises(Failure):
        demand_pace_domain(infos(entry(oid, tlv.encode(0x30)))[0], several=False)


def test_keys_are_told_apart() -> None:
    """Two keys need two numbers, and every protocol a key with its number."""
    one, two = (ChipKey(DOMAINS[13], 5, number).public.encode() for number in (1, 2))
    protocol = ChipAuthenticationInfo(f"{ID_CA_ECDH}.2", 1, 2).encode()
    demand_chip_coherence(infos(one, two, protocol))
    assert len(chip_keys(infos(one, two))) == 2
    with pytest.raises(Failure, match="told apart"):
        chip_keys(infos(one, ChipKey(DOMAINS[12], 5, 1).public.encode()))
    with pytest.raises(Failure, match="none of its kind and number"):
        demand_chip_coherence(infos(one, protocol))
    with pytest.raises(Failure, match="a ChipAuthenticationPublicKeyInfo"):
        chip_keys(infos(protocol))


@pytest.mark.parametrize(
    ("values", "version", "said"),
    [
        ((encode_integer(1),), 2, "version 1"),
        ((encode_integer(2), encode_integer(2)), 2, "2 values"),
        ((encode_integer(1), encode_integer(2)), 1, "FileID"),
        ((), 1, "0 values"),
    ],
)
def test_terminal_authentication_that_is_none(
    values: tuple[bytes, ...], version: int, said: str
) -> None:
    """Another version, too many values, or no file where one is named."""
    file = tlv.encode(0x30, tlv.encode(0x04, b"\x01\x1c"))
    demand_terminal_info(infos(entry(ID_TA, encode_integer(1), file)), 1)
    with pytest.raises(Failure, match=said):
        demand_terminal_info(infos(entry(ID_TA, *values)), version)


PSA = "0.4.0.127.0.7.2.2.11.1.2"
RI = "0.4.0.127.0.7.2.2.5.2"
RI_PARAMS = tlv.encode(0x30, encode_integer(1), encode_integer(1), b"\x01\x01\xff")


@pytest.mark.parametrize(
    ("judge", "good", "bad"),
    [
        (
            lambda found: eac2_data_a.psa(b"", found),
            entry(PSA, tlv.encode(0x30, encode_integer(1))),
            entry(PSA, tlv.encode(0x30, encode_integer(2))),
        ),
        (
            lambda found: eac2_data_a.card_info(b"", found),
            entry("0.4.0.127.0.7.2.2.6", tlv.encode(0x16, b"https://card.example")),
            entry("0.4.0.127.0.7.2.2.6", tlv.encode(0x16, b"card")),
        ),
        (
            eac2_data_b.restricted,
            entry(f"{RI}.3", RI_PARAMS),
            entry(f"{RI}.3", tlv.encode(0x30, encode_integer(1), encode_integer(1))),
        ),
        (
            eac2_data_b.restricted_domain,
            entry(RI, encode_parameters(DOMAINS[13])),
            entry(RI, tlv.encode(0x30)),
        ),
    ],
    ids=["psa", "card-info", "restricted", "restricted-domain"],
)
def test_infos_that_no_built_in_card_has(
    judge: Callable[[tuple[SecurityInfo, ...]], None], good: bytes, bad: bytes
) -> None:
    """The right form passes, a wrong one fails, and so does none at all."""
    judge(infos(good))
    for wrong in (bad, entry("1.2.3")):
        with pytest.raises(Failure):
            judge(infos(wrong))
