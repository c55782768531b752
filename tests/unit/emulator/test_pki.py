"""The test certificates, parsed by a library that did not make them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from asn1crypto import x509
from asn1crypto.core import ObjectIdentifier, Sequence

from harness.emulator.person import Person
from harness.emulator.pki import TestPki, make_pki

PKI = make_pki(Person(), seed=0)
KINDS = ("authentication", "signing")


def parsed(name: str, pki: TestPki = PKI) -> x509.Certificate:
    """One certificate of the hierarchy."""
    return x509.Certificate.load(getattr(pki, name), strict=True)


def extension(name: str, key: str) -> Any:
    """An extension of a certificate as plain values."""
    return next(
        each["extn_value"].parsed.native
        for each in parsed(name)["tbs_certificate"]["extensions"]
        if each["extn_id"].native == key
    )


@pytest.mark.parametrize("kind", KINDS)
def test_subject(kind: str) -> None:
    """The holder is named as on a real card, serialNumber with PNOEE- in front of the code."""
    assert dict(parsed(kind).subject.native) == {
        "country_name": "EE",
        "common_name": "JÕEORG,JAAK-KRISTJAN,38001085718",
        "surname": "JÕEORG",
        "given_name": "JAAK-KRISTJAN",
        "serial_number": "PNOEE-38001085718",
    }


def test_key_usages() -> None:
    """Authentication signs and agrees on keys; signing is for nothing but signatures."""
    assert extension("authentication", "key_usage") == {"digital_signature", "key_agreement"}
    assert extension("signing", "key_usage") == {"non_repudiation"}
    assert extension("root", "key_usage") == {"key_cert_sign", "crl_sign"}
    assert set(extension("authentication", "extended_key_usage")) == {
        "client_auth",
        "email_protection",
    }


@pytest.mark.parametrize(
    ("kind", "second"), [("authentication", "0.4.0.2042.1.2"), ("signing", "0.4.0.194112.1.2")]
)
def test_policies(kind: str, second: str) -> None:
    """The Estonian card policy comes with a CPS address, then NCP+ or QCP-n-qscd."""
    policies = extension(kind, "certificate_policies")
    assert [each["policy_identifier"] for each in policies] == ["1.3.6.1.4.1.51361.1.2.1", second]
    assert policies[0]["policy_qualifiers"][0]["qualifier"].startswith("https://")


@pytest.mark.parametrize("kind", KINDS)
def test_authority_information(kind: str) -> None:
    """OCSP and issuer addresses are there, under a name nobody can own."""
    access = extension(kind, "authority_information_access")
    assert [each["access_method"] for each in access] == ["ocsp", "ca_issuers"]
    assert all("eidrig.example/" in each["access_location"] for each in access)


@pytest.mark.parametrize(
    ("kind", "identifiers"),
    [
        ("authentication", ["0.4.0.1862.1.5"]),
        ("signing", ["0.4.0.1862.1.1", "0.4.0.1862.1.4", "0.4.0.1862.1.6", "0.4.0.1862.1.5"]),
    ],
)
def test_qualified_statements(kind: str, identifiers: list[str]) -> None:
    """QC statements: the disclosure always; compliance, SSCD and e-signature for signing."""
    raw = next(
        each["extn_value"].native
        for each in parsed(kind)["tbs_certificate"]["extensions"]
        if each["extn_id"].dotted == "1.3.6.1.5.5.7.1.3"
    )
    rest, found = Sequence.load(raw).contents, []
    while rest:
        statement = Sequence.load(rest)
        found.append(ObjectIdentifier.load(statement.contents).dotted)
        rest = rest[len(statement.dump()) :]
    assert found == identifiers


def test_basic_constraints() -> None:
    """Only root and issuing authority are CAs."""
    assert [extension(n, "basic_constraints")["ca"] for n in ("root", "issuing", *KINDS)] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_validity_and_keys(kind: str) -> None:
    """The certificates are valid as long as the card and hold the right P-384 keys."""
    certificate = parsed(kind)
    assert certificate.not_valid_before == datetime(2025, 1, 2, tzinfo=UTC)
    assert certificate.not_valid_after == datetime(2035, 1, 1, tzinfo=UTC)
    assert certificate.public_key.curve == ("named", "secp384r1")
    numbers = getattr(PKI, f"{kind}_key").public_key().public_numbers()
    point = certificate.public_key["public_key"].native
    assert point == b"\x04" + numbers.x.to_bytes(48, "big") + numbers.y.to_bytes(48, "big")


def test_the_chain() -> None:
    """Names and key identifiers lead from the holder to the issuing authority to the root."""
    for child, parent in (
        ("authentication", "issuing"),
        ("signing", "issuing"),
        ("issuing", "root"),
        ("root", "root"),
    ):
        assert parsed(child).issuer == parsed(parent).subject
        assert parsed(child).authority_key_identifier == parsed(parent).key_identifier
    assert PKI.authorities == (PKI.root, PKI.issuing)


def test_nothing_looks_real() -> None:
    """No name in the hierarchy is that of a real authority."""
    for name in ("root", "issuing", *KINDS):
        assert "eidrig" in parsed(name).issuer.human_friendly


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Person and seed decide every byte; another seed or person gives other keys and serials."""
    assert make_pki(Person(), 0).authentication == PKI.authentication
    assert make_pki(Person(), 0).signing == PKI.signing
    other = make_pki(Person(), 1)
    assert other.authentication != PKI.authentication
    assert other.root != PKI.root
    serials = {parsed(name).serial_number for name in ("root", "issuing", *KINDS)}
    assert len(serials) == 4
    assert parsed("authentication", other).serial_number not in serials
