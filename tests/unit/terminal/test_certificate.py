"""Certificates and chains."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from harness.emulator.person import Person
from harness.emulator.pki import TestPki, make_pki
from harness.errors import CheckError, ProtocolViolation, UsageError
from harness.terminal.certificate import Authorities, Certificate, load_certificates

PKI = make_pki(Person(), seed=0)
OTHER = make_pki(Person(), seed=1)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DIGEST = hashlib.sha384(b"challenge").digest()


def signature(pki: TestPki, digest: bytes = b"challenge") -> bytes:
    """A signature r || s over SHA-384 of some bytes by the authentication key."""
    r, s = decode_dss_signature(pki.authentication_key.sign(digest, ec.ECDSA(hashes.SHA384())))
    return r.to_bytes(48, "big") + s.to_bytes(48, "big")


def test_what_is_read_of_a_certificate() -> None:
    """Subject, issuer, personal code, validity and key usage are those written."""
    certificate = Certificate.parse(PKI.authentication)
    assert certificate.subject == (
        "serialNumber=PNOEE-38001085718,GN=JAAK-KRISTJAN,SN=JÕEORG,"
        "CN=JÕEORG\\,JAAK-KRISTJAN\\,38001085718,C=EE"
    )
    assert certificate.issuer.startswith("CN=eidrig Test Authority Test ESTEID")
    assert certificate.personal_code == "38001085718"
    assert certificate.not_before == datetime(2025, 1, 2, tzinfo=UTC)
    assert certificate.not_after == datetime(2035, 1, 1, tzinfo=UTC)
    assert certificate.key_usage == ("digital_signature", "key_agreement")
    assert Certificate.parse(PKI.signing).key_usage == ("content_commitment",)
    assert Certificate.parse(PKI.root).personal_code is None


@pytest.mark.parametrize("size", [0, 1, 4, 100, 500, -1])
def test_a_certificate_cut_short(size: int) -> None:
    """Not a whole certificate is a violation."""
    with pytest.raises(ProtocolViolation, match="cannot be read"):
        Certificate.parse(PKI.authentication[:size])


@pytest.mark.parametrize("raw", [b"\x00" * 40, PKI.authentication + b"\0", b"\x30\x03\x02\x01\x00"])
def test_garbage(raw: bytes) -> None:
    """Bytes that are no certificate, or more than one, are a violation."""
    with pytest.raises(ProtocolViolation):
        Certificate.parse(raw)


def test_every_flipped_byte_is_parsed_or_refused() -> None:
    """A damaged certificate is read or refused, never a crash."""
    for at in range(0, len(PKI.authentication), 7):
        raw = bytearray(PKI.authentication)
        raw[at] ^= 0xFF
        try:
            certificate = Certificate.parse(bytes(raw))
        except ProtocolViolation:
            continue
        with pytest.raises(CheckError):
            Authorities(PKI.authorities).check(certificate, NOW)


def test_another_kind_of_key() -> None:
    """A certificate with a key that no ID-card has is refused as that."""
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Edwards")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW)
        .sign(key, None)
        .public_bytes(Encoding.DER)
    )
    with pytest.raises(ProtocolViolation, match="no elliptic-curve or RSA key"):
        Certificate.parse(made)


def test_signatures() -> None:
    """A signature by the certificate's key holds over its digest and over nothing else."""
    certificate = Certificate.parse(PKI.authentication)
    certificate.check_signature(signature(PKI), DIGEST)
    for bad, digest in (
        (signature(PKI), hashlib.sha384(b"other").digest()),
        (signature(OTHER), DIGEST),
        (signature(PKI)[:-1], DIGEST),
        (b"", DIGEST),
        (bytes(96), DIGEST),
        (signature(PKI), DIGEST[:-1]),
    ):
        with pytest.raises(CheckError):
            certificate.check_signature(bad, digest)


@pytest.mark.parametrize("der", [PKI.authentication, PKI.signing])
def test_a_right_chain(der: bytes) -> None:
    """Both certificates lead to the root, in whatever order the authorities are given."""
    Authorities(PKI.authorities).check(Certificate.parse(der), NOW)
    Authorities(PKI.authorities[::-1]).check(Certificate.parse(der), NOW)


@pytest.mark.parametrize(
    ("authorities", "said"),
    [
        ([], "does not end in a root"),
        ([PKI.root], "no trusted authority signed"),
        ([PKI.issuing], "does not end in a root"),
        (OTHER.authorities, "no trusted authority signed"),
        ([OTHER.root, PKI.issuing], "no trusted authority signed"),
        ([PKI.authentication, PKI.signing], "no trusted authority signed"),
    ],
)
def test_wrong_chains(authorities: list[bytes], said: str) -> None:
    """Missing, other or unfit issuers are refused, though their names be right."""
    with pytest.raises(CheckError, match=said):
        Authorities(authorities).check(Certificate.parse(PKI.authentication), NOW)


@pytest.mark.parametrize(
    ("at", "valid"),
    [
        (date(2025, 1, 1), False),
        (date(2025, 1, 2), True),
        (date(2035, 1, 1), True),
        (date(2035, 1, 2), False),
        (date(2050, 1, 1), False),
    ],
)
def test_validity(at: date, *, valid: bool) -> None:
    """Outside its validity a certificate is refused with the dates."""
    moment = datetime(at.year, at.month, at.day, tzinfo=UTC)
    certificate = Certificate.parse(PKI.authentication)
    if valid:
        Authorities(PKI.authorities).check(certificate, moment)
    else:
        with pytest.raises(CheckError, match="is valid from 2025-01-02 to 2035-01-01"):
            Authorities(PKI.authorities).check(certificate, moment)


def test_an_expired_certificate_today() -> None:
    """Without a date given the present one counts."""
    old = make_pki(Person(issue_date=date(2015, 1, 1), expiry_date=date(2020, 1, 1)), seed=0)
    with pytest.raises(CheckError, match="to 2020-01-01"):
        Authorities(old.authorities).check(Certificate.parse(old.authentication))


def test_loading_authorities() -> None:
    """A PEM bundle gives all its certificates, DER the one; anything else is refused by name."""
    pem = b"".join(
        x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in PKI.authorities
    )
    assert load_certificates(pem, "bundle.pem") == PKI.authorities
    assert load_certificates(PKI.root, "root.der") == (PKI.root,)
    for raw in (b"", b"text", pem[:100]):
        with pytest.raises(UsageError, match=r"roots\.pem holds no certificate"):
            load_certificates(raw, "roots.pem")


def test_an_expired_authority() -> None:
    """An authority that is no longer valid ends the chain, however valid the holder is."""
    lasting = make_pki(Person(expiry_date=date(2060, 1, 1)), seed=0)
    certificate = Certificate.parse(lasting.authentication)
    with pytest.raises(CheckError, match=r"Test ESTEID.* to 2048-09-01"):
        Authorities(lasting.authorities).check(certificate, datetime(2050, 1, 1, tzinfo=UTC))


def resigned(der: bytes, key: ec.EllipticCurvePrivateKey, issuer: x509.Name | None = None) -> bytes:
    """The same certificate, signed by another key and perhaps for another issuer."""
    old = x509.load_der_x509_certificate(der)
    builder = x509.CertificateBuilder(
        issuer or old.issuer,
        old.subject,
        old.public_key(),
        old.serial_number,
        old.not_valid_before_utc,
        old.not_valid_after_utc,
        list(old.extensions),
    )
    return builder.sign(key, hashes.SHA512()).public_bytes(Encoding.DER)


def test_a_root_that_did_not_sign_itself() -> None:
    """A root's name and key under another signature make no root."""
    forged = resigned(PKI.root, OTHER.signing_key)
    with pytest.raises(CheckError, match="no trusted authority signed"):
        Authorities([forged, PKI.issuing]).check(Certificate.parse(PKI.authentication), NOW)


def test_a_holder_is_no_authority() -> None:
    """A certificate signed by a holder's key leads nowhere, though the holder's chain is right."""
    holder = x509.load_der_x509_certificate(PKI.authentication).subject
    forged = resigned(OTHER.signing, PKI.authentication_key, holder)
    known = Authorities([*PKI.authorities, PKI.authentication])
    known.check(Certificate.parse(PKI.authentication), NOW)
    with pytest.raises(CheckError, match="no trusted authority signed"):
        known.check(Certificate.parse(forged), NOW)
