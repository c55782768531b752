"""What an issuer signed is judged step by step, with the passport's own files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import pytest
from asn1crypto import cms, x509
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.cards import image_of
from harness import tlv
from harness.conformance.contents.signed import Signed
from harness.conformance.judgement import Blocked, Failure
from harness.crypto.passive_auth import ID_LDS_SECURITY_OBJECT
from harness.emulator.personalise import CardImage

PASSPORT = "icao-passport"


@cache
def card() -> CardImage:
    """The emulated passport."""
    return image_of(PASSPORT)


def sod() -> bytes:
    """The signed data in its EF.SOD."""
    return tlv.parse_one(card().files["sod"]).value


def changed(change: Callable[[cms.SignedData], None]) -> Signed:
    """EF.SOD with something changed after it was signed."""
    info = cms.ContentInfo.load(sod())
    change(info["content"])
    return Signed("EF.SOD", info.dump(force=True), ID_LDS_SECURITY_OBJECT)


RIGHT = Signed("EF.SOD", sod(), ID_LDS_SECURITY_OBJECT)


def test_the_passport_passes_every_step() -> None:
    """Encoding, content, signer and certificate are as the standards have them."""
    RIGHT.demand_encoding()
    RIGHT.demand_signed_data()
    RIGHT.demand_signer()
    RIGHT.demand_certificate(card().authorities)


def _version(data: cms.SignedData) -> None:
    data["version"] = "v1"


def _no_hash(data: cms.SignedData) -> None:
    data["digest_algorithms"] = cms.DigestAlgorithms([{"algorithm": "sha512"}])


def _no_certificate(data: cms.SignedData) -> None:
    data["certificates"] = cms.CertificateSet([])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_version, "version 3 of SignedData"),
        (_no_hash, "the signer's hash among those listed"),
        (_no_certificate, "the signer's certificate"),
    ],
)
def test_signed_data_that_is_otherwise(change: Callable[[cms.SignedData], None], said: str) -> None:
    """Each field that is otherwise fails with its name."""
    with pytest.raises(Failure, match=said):
        changed(change).demand_signed_data()


def _signer_version(data: cms.SignedData) -> None:
    data["signer_infos"][0]["version"] = "v3"


def _signer_hash(data: cms.SignedData) -> None:
    data["signer_infos"][0]["digest_algorithm"] = {"algorithm": "md5"}


def _no_attributes(data: cms.SignedData) -> None:
    data["signer_infos"][0]["signed_attrs"] = cms.CMSAttributes(
        [data["signer_infos"][0]["signed_attrs"][0]]
    )


def _other_content(data: cms.SignedData) -> None:
    content = data["encap_content_info"]["content"].parsed.dump()
    data["encap_content_info"]["content"] = content[:-1] + bytes((content[-1] ^ 1,))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_signer_version, "version v1 of SignerInfo"),
        (_signer_hash, "a hash of the standard"),
        (_no_attributes, "message_digest"),
        (_other_content, "the hash of something else"),
    ],
)
def test_a_signer_that_is_otherwise(change: Callable[[cms.SignedData], None], said: str) -> None:
    """Each field that is otherwise fails with its name."""
    with pytest.raises(Failure, match=said):
        changed(change).demand_signer()


def test_a_chain_at_a_time() -> None:
    """The signer is valid in its time only, for those who trust its authority only."""
    assert card().travel is not None
    with pytest.raises(Failure, match="is valid from"):
        RIGHT.demand_certificate(card().authorities, datetime(2099, 1, 1, tzinfo=UTC))
    with pytest.raises(Failure, match="no authority that is trusted"):
        RIGHT.demand_certificate(image_of("icao-passport-bac").authorities)
    with pytest.raises(Blocked, match="no certificate of a country signing authority"):
        RIGHT.demand_certificate(())


def _fields(change: Callable[[x509.Certificate], None]) -> Signed:
    def with_certificate(data: cms.SignedData) -> None:
        change(data["certificates"][0].chosen)

    return changed(with_certificate)


def _old(certificate: x509.Certificate) -> None:
    certificate["tbs_certificate"]["version"] = "v1"


def _two_algorithms(certificate: x509.Certificate) -> None:
    certificate["signature_algorithm"] = {"algorithm": "sha512_ecdsa"}


def _no_extensions(certificate: x509.Certificate) -> None:
    certificate["tbs_certificate"]["extensions"] = x509.Extensions([])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_old, "X.509 version 3"),
        (_two_algorithms, "the same algorithm inside and outside"),
        (_no_extensions, "key usage digitalSignature"),
    ],
)
def test_a_certificate_that_is_otherwise(
    change: Callable[[x509.Certificate], None], said: str
) -> None:
    """Each field that is otherwise fails with its name, before the chain is looked at."""
    with pytest.raises(Failure, match=said):
        _fields(change).demand_certificate(card().authorities)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(sod()) - 1), st.integers(1, 255))
def test_no_changed_byte_passes_or_crashes(at: int, mask: int) -> None:
    """Whatever byte of EF.SOD is changed, some step fails, and none fails otherwise."""
    raw = bytearray(sod())
    raw[at] ^= mask
    signed = Signed("EF.SOD", bytes(raw), ID_LDS_SECURITY_OBJECT)
    with pytest.raises(Failure):
        _all_steps(signed)


def _all_steps(signed: Signed) -> None:
    signed.demand_encoding()
    signed.demand_signed_data()
    signed.demand_signer()
    signed.demand_certificate(card().authorities)
