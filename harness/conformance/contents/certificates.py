"""What the unit EID_E looks at in a certificate: one function for each check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID as Access
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from harness import tlv
from harness.conformance.acts.holder import Holder
from harness.conformance.judgement import Blocked, Failure, demand
from harness.errors import CheckError
from harness.profile import Content, KeyName
from harness.security_info import encode_oid
from harness.terminal.certificate import Authorities
from harness.tlv import TlvError

_QC_STATEMENTS = ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_QUALIFIED = {
    "QcCompliance": "0.4.0.1862.1.1",
    "QcSSCD": "0.4.0.1862.1.4",
    "QcType": "0.4.0.1862.1.6",
}
_RFC, _NATURAL = "RFC 5280", "ETSI EN 319 412-2"
_MOST_SERIAL = 20  # RFC 5280, 4.1.2.2
NAMES = {
    "countryName": NameOID.COUNTRY_NAME,
    "commonName": NameOID.COMMON_NAME,
    "surname": NameOID.SURNAME,
    "givenName": NameOID.GIVEN_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
}


@dataclass(frozen=True, slots=True)
class Read:
    """A certificate as it was read, and the key it is for."""

    holder: Holder
    key: KeyName
    certificate: x509.Certificate


_Kind = TypeVar("_Kind", bound=x509.ExtensionType)


def parsed(holder: Holder, content: Content) -> x509.Certificate:
    """Read a file that holds one certificate.

    Raises:
        Failure: it holds none.
    """
    der = holder.eid.files.read(holder.profile.file_with(content))
    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise Failure(f"an X.509 {content}", str(error), f"{_RFC}, 4.1") from None


def _extension(certificate: x509.Certificate, kind: type[_Kind], clause: str) -> _Kind:
    """An extension that must be there.

    Raises:
        Failure: it is not.
    """
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        raise Failure(f"the extension {kind.__name__}", "none", clause) from None
    except (ValueError, x509.DuplicateExtension) as error:
        raise Failure("extensions that can be read", str(error), f"{_RFC}, 4.2") from None


def form(read: Read) -> None:
    """It is a well-formed certificate.

    Version, serial number and signature algorithm are what relying parties take.
    """
    clause = f"{_RFC}, 4.1.2"
    demand(
        read.certificate.version is x509.Version.v3,
        "version 3",
        str(read.certificate.version),
        clause,
    )
    serial = read.certificate.serial_number
    size = (serial.bit_length() + 8) // 8
    demand(serial > 0 and size <= _MOST_SERIAL, "a serial number", f"{size} bytes", clause)
    strong = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
    algorithm = read.certificate.signature_hash_algorithm
    got = algorithm.name if algorithm else "none"
    expected = f"the {read.key} certificate signed over SHA-2"
    demand(isinstance(algorithm, strong), expected, got, "ETSI TS 119 312, 5")


def key(read: Read) -> None:
    """It has a key of the declared kind.

    Curve or size of the public key agree with the profile.
    """
    public, kind = read.certificate.public_key(), read.holder.profile.keys[read.key].kind
    got = type(public).__name__
    if isinstance(public, ec.EllipticCurvePublicKey):
        got = public.curve.name
    elif isinstance(public, rsa.RSAPublicKey):
        got = f"rsa-{public.key_size}"
    demand(got == kind, f"a key for {read.key} of {kind}", got, "the profile's keys")


def usage(read: Read) -> None:
    """It allows what its key is for, and no more.

    A key that logs in must not sign documents, since a login signs what a stranger chose.
    """
    clause = f"{_NATURAL}, 4.3.2"
    usage = _extension(read.certificate, x509.KeyUsage, clause)
    if read.key == "authentication":
        demand(usage.digital_signature, "digitalSignature for a login", "none", clause)
        demand(not usage.content_commitment, "no nonRepudiation for a login", "it is set", clause)
    else:
        demand(usage.content_commitment, "nonRepudiation for a signature", "none", clause)
        demand(not usage.digital_signature, "nonRepudiation alone", "digitalSignature, too", clause)
    signs_others = usage.key_cert_sign or usage.crl_sign
    demand(not signs_others, "no certificate signing", "it is set", f"{_RFC}, 4.2.1.3")


def purposes(read: Read) -> None:
    """It names the purposes of its key.

    Only the login certificate is one of a TLS client.
    """
    clause = f"{_RFC}, 4.2.1.12"
    try:
        named = read.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return  # then the key usage alone rules
    is_client = ExtendedKeyUsageOID.CLIENT_AUTH in named
    got = ", ".join(each.dotted_string for each in named)
    if read.key == "authentication":
        demand(is_client, "extended key usage clientAuth for a login", got, clause)
    else:
        demand(not is_client, "no clientAuth in a signing certificate", got, clause)


def policies(read: Read) -> None:
    """It names its policy.

    Relying parties look up there what the issuer promises.
    """
    clause = f"{_NATURAL}, 4.3.3"
    policies = _extension(read.certificate, x509.CertificatePolicies, clause)
    demand(list(policies), "at least one policy", "none", clause)


def _statements(certificate: x509.Certificate) -> set[bytes]:
    """The OIDs of the QCStatements, encoded."""
    clause = "ETSI EN 319 412-5, 4"
    try:
        found = certificate.extensions.get_extension_for_oid(_QC_STATEMENTS).value
    except x509.ExtensionNotFound:
        raise Failure("QCStatements", "none", clause) from None
    assert isinstance(found, x509.UnrecognizedExtension)  # noqa: S101 - the library knows it not
    try:
        statements = tlv.parse_one(found.value).children()
        return {each.children()[0].encode() for each in statements}
    except (TlvError, IndexError) as error:
        raise Failure("QCStatements that can be read", str(error), clause) from None


def qualified(read: Read) -> None:
    """It says that it is qualified and on a secure device.

    The statements by which a signature counts as one by hand.
    """
    stated = _statements(read.certificate)
    for name, oid in _QUALIFIED.items():
        holds = tlv.encode(0x06, encode_oid(oid)) in stated
        expected = f"the statement {name} in the {read.key} certificate"
        demand(holds, expected, "none", "ETSI EN 319 412-5, 4.2")


def subject(read: Read) -> None:
    """It names the holder.

    Country, names and number, each once; an identifier is one of the same country.
    """
    clause = f"{_NATURAL}, 4.2.4"
    for name, oid in NAMES.items():
        found = read.certificate.subject.get_attributes_for_oid(oid)
        demand(len(found) == 1, f"one {name} in the subject", f"{len(found)}", clause)
    country, serial = (
        str(read.certificate.subject.get_attributes_for_oid(oid)[0].value)
        for oid in (NameOID.COUNTRY_NAME, NameOID.SERIAL_NUMBER)
    )
    due = read.holder.profile.country_code
    demand(due in ("ZZ", country), f"the country {due}", country, "the profile's country_code")
    if serial[:3] in ("PNO", "IDC", "PAS") and serial[5:6] == "-":
        expected = f"an identifier of {country}"
        demand(serial[3:5] == country, expected, f"one of {serial[3:5]}", "EN 319 412-1, 5.1.3")


def validity(read: Read) -> None:
    """It is valid today.

    An expired card is refused everywhere else, too.
    """
    begin, end = read.certificate.not_valid_before_utc, read.certificate.not_valid_after_utc
    expected = f"a certificate for {read.key} that is valid today"
    got = f"one valid from {begin:%Y-%m-%d} to {end:%Y-%m-%d}"
    demand(begin <= datetime.now(UTC) <= end, expected, got, f"{_RFC}, 4.1.2.5")


def chain(read: Read) -> None:
    """It was signed by an issuer that is trusted.

    Every signature up to a root that was given as trusted.
    """
    authorities = read.holder.subject.source.authorities
    if not authorities:
        message = "no certificates of the issuers were given to build the chain with"
        raise Blocked(message)
    # The chain at the day it was issued: whether it is valid today is a case of its own.
    day = read.certificate.not_valid_before_utc
    try:
        Authorities(authorities).check(read.holder.certificate(read.key), day)
    except CheckError as error:
        expected = f"a chain from the {read.key} certificate to a trusted root"
        raise Failure(expected, str(error), f"{_RFC}, 6.1") from None


def issuer(read: Read) -> None:
    """It says where issuer and status are found.

    The issuer's key, its certificate and its OCSP responder.
    """
    clause = f"{_NATURAL}, 4.4.1"
    authority = _extension(read.certificate, x509.AuthorityKeyIdentifier, f"{_RFC}, 4.2.1.1")
    demand(authority.key_identifier, "the issuer's key identifier", "none", f"{_RFC}, 4.2.1.1")
    access = {
        each.access_method
        for each in _extension(read.certificate, x509.AuthorityInformationAccess, clause)
    }
    demand(Access.OCSP in access, "where to ask for the status (OCSP)", "nowhere", clause)
    demand(Access.CA_ISSUERS in access, "where the issuer is found", "nowhere", clause)


def leaf(read: Read) -> None:
    """It is not one of an authority.

    Otherwise the holder could issue certificates.
    """
    try:
        found = read.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return  # without it a certificate is no authority's
    demand(not found.ca, f"a certificate for {read.key} that is no CA's", "CA", f"{_RFC}, 4.2.1.9")
