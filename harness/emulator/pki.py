"""A test PKI in the shape of the real one: root, issuing CA, two certificates of the holder.

Names and addresses are the project's own, so that nothing made here can be taken for a real
certificate; key types, key usages, policies and extensions are those of the Estonian cards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
    ObjectIdentifier,
)

from harness import tlv
from harness.emulator.person import Person
from harness.emulator.private_key import PrivateKey, private_key

_ORGANISATION = "eidrig Test Authority"
_REPOSITORY = "https://repository.eidrig.example/"
_OCSP = "http://ocsp.eidrig.example/"
_ISSUER = "http://certificates.eidrig.example/issuing-ca.crt"
_NCP_PLUS = ObjectIdentifier("0.4.0.2042.1.2")
_QCP_N_QSCD = ObjectIdentifier("0.4.0.194112.1.2")
_ESTONIAN_EID_POLICY = ObjectIdentifier("1.3.6.1.4.1.51361.1.2.1")
_QC_STATEMENTS = ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_QC_COMPLIANCE, _QC_SSCD, _QC_PDS, _QC_TYPE = (
    bytes.fromhex(f"04008E4601{last:02X}") for last in (1, 4, 5, 6)
)
_QC_TYPE_ESIGN = bytes.fromhex("04008E46010601")


@dataclass(frozen=True, slots=True)
class TestPki:
    """What personalisation makes: DER certificates and the holder's two private keys."""

    __test__ = False

    root: bytes
    issuing: bytes
    authentication: bytes
    signing: bytes
    authentication_key: PrivateKey
    signing_key: PrivateKey

    @property
    def authorities(self) -> tuple[bytes, ...]:
        """The certificates a verifier trusts or builds chains with: root first."""
        return self.root, self.issuing


def make_pki(
    person: Person,
    seed: int,
    country: str = "EE",
    kinds: tuple[str, str] = ("secp384r1", "secp384r1"),
) -> TestPki:
    """Make the whole hierarchy, the same bytes for the same person and seed.

    `country` is the one of the certificates (ISO 3166-1 alpha-2), `kinds` are those of the keys
    for login and signature.
    """
    root_key, issuing_key = (_ec_key(seed, name) for name in ("root", "issuing"))
    auth_key, sign_key = (
        private_key(seed, f"{name} {person.personal_code}", kind)
        for name, kind in zip(("auth", "sign"), kinds, strict=True)
    )
    name = "Test ESTEID" if country == "EE" else "Test eID"
    root_name = _authority_name("Test Root", country)
    issuing_name = _authority_name(name, country)
    root = _authority(root_name, root_name, root_key, root_key, seed)
    issuing = _authority(issuing_name, root_name, issuing_key, root_key, seed)
    issue = _Issuer(issuing_name, issuing_key, person, seed, country).certificate
    return TestPki(
        root=root,
        issuing=issuing,
        authentication=issue(auth_key, "authentication", _authentication_extensions(person)),
        signing=issue(sign_key, "signing", _signing_extensions()),
        authentication_key=auth_key,
        signing_key=sign_key,
    )


def _ec_key(seed: int, purpose: str) -> ec.EllipticCurvePrivateKey:
    key = private_key(seed, purpose, "secp521r1")
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - by its kind
    return key


def _authority_name(common_name: str, country: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{_ORGANISATION} {common_name}"),
        ]
    )


def _at(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _serial(seed: int, purpose: str) -> int:
    digest = hashlib.sha256(f"eidrig serial {seed} {purpose}".encode()).digest()
    return int.from_bytes(digest[:15], "big") + 1


def _authority(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    seed: int,
) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(_serial(seed, subject.rfc4514_string()))
        .not_valid_before(_at(date(2018, 9, 1)))
        .not_valid_after(_at(date(2048, 9, 1)))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_authority_key(issuer_key), critical=False)
    )
    return _sign(builder, issuer_key)


def _sign(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> bytes:
    # RFC 6979 signatures make the same seed give the same certificate.
    return builder.sign(key, hashes.SHA512(), ecdsa_deterministic=True).public_bytes(Encoding.DER)


def _authority_key(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _key_usage(**allowed: bool) -> x509.KeyUsage:
    every = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in every.split()})


Extensions = tuple[tuple[x509.ExtensionType, bool], ...]


def _authentication_extensions(person: Person) -> Extensions:
    mail = x509.RFC822Name(f"{person.personal_code}@eidrig.example")
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION]
    return (
        (_key_usage(digital_signature=True, key_agreement=True), True),
        (_policies(_NCP_PLUS), False),
        (x509.SubjectAlternativeName([mail]), False),
        (_qc_statements(), False),
        (x509.ExtendedKeyUsage(usages), True),
    )


def _signing_extensions() -> Extensions:
    return (
        (_key_usage(content_commitment=True), True),
        (_policies(_QCP_N_QSCD), False),
        (
            _qc_statements(
                tlv.encode(0x30, tlv.encode(0x06, _QC_COMPLIANCE)),
                tlv.encode(0x30, tlv.encode(0x06, _QC_SSCD)),
                tlv.encode(
                    0x30,
                    tlv.encode(0x06, _QC_TYPE),
                    tlv.encode(0x30, tlv.encode(0x06, _QC_TYPE_ESIGN)),
                ),
            ),
            False,
        ),
    )


def _policies(second: ObjectIdentifier) -> x509.CertificatePolicies:
    return x509.CertificatePolicies(
        [
            x509.PolicyInformation(_ESTONIAN_EID_POLICY, [f"{_REPOSITORY}CPS"]),
            x509.PolicyInformation(second, None),
        ]
    )


def _qc_statements(*statements: bytes) -> x509.UnrecognizedExtension:
    """QCStatements with a link to the disclosure statement (ETSI EN 319 412-5, 4.3.4)."""
    location = tlv.encode(
        0x30,
        tlv.encode(0x16, f"{_REPOSITORY}conditions".encode("ascii")),
        tlv.encode(0x13, b"EN"),
    )
    disclosure = tlv.encode(0x30, tlv.encode(0x06, _QC_PDS), tlv.encode(0x30, location))
    return x509.UnrecognizedExtension(_QC_STATEMENTS, tlv.encode(0x30, *statements, disclosure))


@dataclass(frozen=True, slots=True)
class _Issuer:
    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    person: Person
    seed: int
    country: str

    def certificate(self, key: PrivateKey, purpose: str, extensions: Extensions) -> bytes:
        person = self.person
        builder = (
            x509.CertificateBuilder()
            .subject_name(_holder_name(person, self.country))
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(_serial(self.seed, f"{purpose} {person.personal_code}"))
            .not_valid_before(_at(person.issue_date))
            .not_valid_after(_at(person.expiry_date))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(_authority_key(self.key), critical=False)
            .add_extension(_authority_information(), critical=False)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return _sign(builder, self.key)


def _holder_name(person: Person, country: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.COMMON_NAME, person.common_name),
            x509.NameAttribute(NameOID.SURNAME, person.surname),
            x509.NameAttribute(NameOID.GIVEN_NAME, person.given_names),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, f"PNO{country}-{person.personal_code}"),
        ]
    )


def _authority_information() -> x509.AuthorityInformationAccess:
    address: Callable[[str], x509.GeneralName] = x509.UniformResourceIdentifier
    return x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(AuthorityInformationAccessOID.OCSP, address(_OCSP)),
            x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, address(_ISSUER)),
        ]
    )
