"""Unit LDS_K: the content of EF.CardSecurity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness.conformance.acts.elementary import CARD_ACCESS, CARD_SECURITY, DATA_GROUPS
from harness.conformance.acts.reading import after_pace
from harness.conformance.case import Unit
from harness.conformance.contents.content import demand_tag, head_at
from harness.conformance.contents.content_cases import Check, FileCases
from harness.conformance.contents.infos import CA_KEY, chip_keys, demand_contained, infos_in
from harness.conformance.contents.signed import CERTIFICATE, SIGNED_DATA, SIGNER_INFO, Signed
from harness.conformance.judgement import demand
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3
from harness.crypto.passive_auth import ID_SECURITY_OBJECT
from harness.crypto.suite import SUITES
from harness.profile import Content
from harness.security_info import SecurityInfo, parse_pace_info

_CLAUSE = "ICAO 9303-10, 3.11.4"
_CAM_CLAUSE = "ICAO 9303-11, 4.4.3.5"


_CASES = FileCases(
    "LDS_K", CARD_SECURITY, Content.CARD_SECURITY, ("PACE", "CARD-SECURITY"), after_pace
)
_DG11 = FileCases("LDS_K", DATA_GROUPS[10], Content.DG11, ("LDS", "DG11"))


def signed_infos(raw: bytes) -> Signed:
    """EF.CardSecurity as signed data."""
    return Signed(CARD_SECURITY.name, raw, ID_SECURITY_OBJECT)


def infos_of(raw: bytes) -> tuple[SecurityInfo, ...]:
    """The SecurityInfos that EF.CardSecurity signs.

    Raises:
        Failure: there are none.
    """
    return infos_in(signed_infos(raw).data().content, CARD_SECURITY.name)


def _on_signed(step: Callable[[Signed], None]) -> Check:
    def check(raw: bytes, subject: Subject) -> None:
        del subject
        step(signed_infos(raw))

    return check


def _infos(raw: bytes, subject: Subject) -> None:
    del subject
    demand_tag(head_at(raw, 0, CARD_SECURITY.name), CARD_SECURITY.tag, "SignedData", _CLAUSE)
    infos_of(raw)


def _keys(raw: bytes, subject: Subject) -> None:
    del subject
    chip_keys(infos_of(raw))


def coherent(raw: bytes, subject: Subject) -> None:
    """What EF.CardAccess says stands in EF.CardSecurity as well.

    Raises:
        Failure: something does not.
    """
    access = infos_in(subject.read(Content.CARD_ACCESS, after_pace(subject)), CARD_ACCESS.name)
    demand_contained(access, infos_of(raw), CARD_SECURITY.name, _CLAUSE)


def _numbers(raw: bytes, subject: Subject) -> None:
    del subject
    infos = infos_of(raw)
    numbers = {key.key_id for key in chip_keys(infos)}
    for info in infos:
        if info.oid in SUITES and SUITES[info.oid].mapping == "CAM":
            parameter = parse_pace_info(info).parameter_id
            expected = f"a public key with the number {parameter} of its protocol"
            got = " ".join(map(str, sorted(str(number) for number in numbers)))
            demand(parameter in numbers, expected, got, _CAM_CLAUSE)


def _certificate(raw: bytes, subject: Subject) -> None:
    signed_infos(raw).demand_certificate(subject.source.authorities)


_DG11_TAG, _ = _DG11.template(9, 9)

UNIT = Unit(
    "LDS_K",
    "What EF.CardSecurity holds",
    ICAO_3,
    (
        _CASES.case(
            1,
            _CLAUSE,
            "EF.CardSecurity signs SecurityInfos.",
            "The content is one SET of infos in DER.",
            _infos,
        ),
        _CASES.case(
            2,
            CA_KEY,
            "EF.CardSecurity holds static public keys that are elements of their groups.",
            "Without one the chip authentication mapping proves nothing.",
            _keys,
            "PACE-CAM",
        ),
        _CASES.case(
            3,
            _CLAUSE,
            "EF.CardSecurity vouches for what EF.CardAccess says.",
            "EF.CardAccess is not signed; the same infos stand here, byte for byte.",
            coherent,
            "CARD-ACCESS",
        ),
        _CASES.case(
            4,
            _CAM_CLAUSE,
            "Each chip authentication mapping has its key under the number of its parameters.",
            "The parameter id of the protocol is also the number of the static key.",
            _numbers,
            "PACE-CAM",
        ),
        _CASES.case(
            5,
            SIGNED_DATA,
            "EF.CardSecurity is SignedData in DER.",
            "A ContentInfo that is read to its last byte, with every length in the fewest bytes.",
            _on_signed(Signed.demand_encoding),
        ),
        _CASES.case(
            6,
            SIGNED_DATA,
            "EF.CardSecurity signs a security object and brings its signer's certificate.",
            "Version 3, the signer's hash among those listed, and the right type of content.",
            _on_signed(Signed.demand_signed_data),
        ),
        _CASES.case(
            7,
            SIGNER_INFO,
            "The signature of EF.CardSecurity is right.",
            "One signer, whose attributes name type and hash of the content, and whose signature "
            "over them verifies.",
            _on_signed(Signed.demand_signer),
        ),
        _CASES.case(
            8,
            CERTIFICATE,
            "EF.CardSecurity is signed by a signer that a trusted authority issued.",
            "Fields and key usage are those of a document signer; chain and validity hold today.",
            _certificate,
        ),
        # The plan prints the first case of DG11 under this unit's next number.
        replace(_DG11_TAG, title="DG11 begins with its tag, 6B."),
    ),
)
