"""The holder's certificates, parsed and held against their issuers."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

from harness.crypto.master_list import master_list_certificates
from harness.crypto.signature import Fault, SecurityObjectError
from harness.errors import CheckError, ProtocolViolation, UsageError

_IDENTITY_TYPE = "PNO"
_MALFORMED = (
    ValueError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    UnsupportedAlgorithm,
    CryptographyDeprecationWarning,  # a serial number that is not positive (RFC 5280, 4.1.2.2)
)
_HASHES: tuple[hashes.HashAlgorithm, ...] = (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())


@dataclass(frozen=True, slots=True)
class Certificate:
    """One X.509 certificate with what a reader of an ID-card wants to know of it."""

    der: bytes
    subject: str
    issuer: str
    personal_code: str | None
    not_before: datetime
    not_after: datetime
    key_usage: tuple[str, ...]
    public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey
    surname: str | None = None
    given_names: str | None = None

    @classmethod
    def parse(cls, der: bytes) -> Certificate:
        """Read one DER certificate with an elliptic-curve or RSA key.

        Raises:
            ProtocolViolation: not a whole certificate, or another kind of key.
        """
        try:
            parsed = _strictly_parsed(der)
            key = parsed.public_key()
            subject, issuer = _written(parsed.subject), _written(parsed.issuer)
            code, usage = _personal_code(parsed.subject), _key_usage(parsed)
        except _MALFORMED as error:
            message = f"the card's certificate cannot be read: {error}"
            raise ProtocolViolation(message, "RFC 5280, 4.1") from None
        if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
            message = f"the certificate of {subject} has no elliptic-curve or RSA key"
            raise ProtocolViolation(message, "RFC 5480, 2")
        return cls(
            der,
            subject,
            issuer,
            code,
            parsed.not_valid_before_utc,
            parsed.not_valid_after_utc,
            usage,
            key,
            _attribute(parsed.subject, NameOID.SURNAME),
            _attribute(parsed.subject, NameOID.GIVEN_NAME),
        )

    def check_signature(self, signature: bytes, digest: bytes) -> None:
        """Verify r || s, or PKCS#1 v1.5 of an RSA key, over a digest of 32, 48 or 64 bytes.

        Raises:
            CheckError: the signature was not made by this certificate's key over this digest, or
                the digest has another length.
        """
        size = (self.public_key.key_size + 7) // 8
        due = size if isinstance(self.public_key, rsa.RSAPublicKey) else 2 * size
        if len(signature) != due:
            message = f"a signature of {len(signature)} bytes came where {due} are due"
            raise CheckError(message)
        algorithm = next((each for each in _HASHES if each.digest_size == len(digest)), None)
        if algorithm is None:
            message = f"no hash is {len(digest)} bytes long"
            raise CheckError(message)
        try:
            _verify(self.public_key, signature, digest, Prehashed(algorithm))
        except InvalidSignature:
            message = f"the signature does not verify under the certificate of {self.subject}"
            raise CheckError(message) from None


def _verify(
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    signature: bytes,
    digest: bytes,
    algorithm: Prehashed,
) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, digest, padding.PKCS1v15(), algorithm)
        return
    half = len(signature) // 2
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(algorithm))


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str | None:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else None


def _strictly_parsed(der: bytes) -> x509.Certificate:
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        return x509.load_der_x509_certificate(der)


def _written(name: x509.Name) -> str:
    """A name as RFC 4514 writes it, with names for the attributes of natural persons."""
    return name.rfc4514_string(
        {
            NameOID.SERIAL_NUMBER: "serialNumber",
            NameOID.SURNAME: "SN",
            NameOID.GIVEN_NAME: "GN",
        }
    )


def _key_usage(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return ()
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
    )
    return tuple(name for name in names if getattr(usage, name))


def _personal_code(subject: x509.Name) -> str | None:
    """The code in serialNumber PNOcc-… (ETSI EN 319 412-1, 5.1.3)."""
    for attribute in subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER):
        kind, dash, code = str(attribute.value).partition("-")
        if dash and kind.startswith(_IDENTITY_TYPE) and len(kind) == 5:
            return code
    return None


class Authorities:
    """The issuers someone trusts: chains are built from these and must end in a root of theirs."""

    def __init__(self, certificates: Sequence[bytes]) -> None:
        self.certificates = tuple(certificates)
        self._known = [x509.load_der_x509_certificate(der) for der in certificates]
        self._issuers: dict[x509.Certificate, x509.Certificate] = {}

    def check(self, certificate: Certificate, at: datetime | None = None) -> None:
        """Verify the chain from a certificate to a self-signed authority, all valid at one time.

        Raises:
            CheckError: no issuer is known, a signature is wrong, an issuer is no CA, or a
                certificate is not valid at that time.
        """
        moment = at or datetime.now(UTC)
        current = x509.load_der_x509_certificate(certificate.der)
        _check_validity(current, moment)
        for _ in range(len(self._known)):
            issuer = self._issuer_of(current)
            _check_validity(issuer, moment)
            if issuer.issuer == issuer.subject:
                self._issuer_of(issuer)
                return
            current = issuer
        message = f"the chain of {certificate.subject} does not end in a root"
        raise CheckError(message)

    def _issuer_of(self, certificate: x509.Certificate) -> x509.Certificate:
        if certificate not in self._issuers:
            self._issuers[certificate] = self._find_issuer(certificate)
        return self._issuers[certificate]

    def _find_issuer(self, certificate: x509.Certificate) -> x509.Certificate:
        for candidate in self._known:
            if candidate.subject == certificate.issuer and _signs(candidate, certificate):
                return candidate
        message = (
            f"no trusted authority signed {_written(certificate.subject)}; "
            f"its issuer is {_written(certificate.issuer)}"
        )
        raise CheckError(message)


def _signs(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        certificate.verify_directly_issued_by(issuer)
    except (x509.ExtensionNotFound, InvalidSignature, ValueError, TypeError):
        return False
    return constraints.ca and usage.key_cert_sign


def _check_validity(certificate: x509.Certificate, moment: datetime) -> None:
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begin <= moment <= end:
        subject = _written(certificate.subject)
        message = f"{subject} is valid from {begin:%Y-%m-%d} to {end:%Y-%m-%d}, not at {moment}"
        raise CheckError(message)


def load_certificates(raw: bytes, where: str) -> tuple[bytes, ...]:
    """The certificates of a PEM bundle, one DER certificate or a CSCA master list, as DER.

    `where` names it in errors.

    Raises:
        UsageError: there is no certificate in it.
    """
    try:
        if b"-----BEGIN" in raw:
            return tuple(map(_as_der, x509.load_pem_x509_certificates(raw)))
        return (_as_der(x509.load_der_x509_certificate(raw)),)
    except _MALFORMED:
        pass
    try:
        return master_list_certificates(raw)
    except SecurityObjectError as error:
        if error.fault is not Fault.MALFORMED:
            message = f"{where} cannot be trusted: {error}"
            raise UsageError(message) from None
    message = f"{where} holds no certificate in PEM or DER, and is no master list"
    raise UsageError(message)


def _as_der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
