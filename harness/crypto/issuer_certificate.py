"""Certificates of issuers: document signers and the authorities above them (ICAO 9303-12, 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from asn1crypto import x509

from harness.crypto.signature import (
    MALFORMED_ASN1,
    Fault,
    SecurityObjectError,
    check_signature,
)
from harness.errors import UsageError

T = TypeVar("T")


def asked(what: Callable[[], T], subject: str) -> T:
    """What asn1crypto says of something, which it may find to be malformed only now.

    Raises:
        SecurityObjectError: `MALFORMED`.
    """
    try:
        return what()
    except MALFORMED_ASN1 as error:
        raise SecurityObjectError(Fault.MALFORMED, subject, f"is malformed: {error}") from None


@dataclass(frozen=True, slots=True)
class IssuerCertificate:
    """One X.509 certificate with what chains are built from; an explicit curve is no obstacle."""

    der: bytes
    subject: str
    not_before: datetime
    not_after: datetime
    public_key: bytes
    """The SubjectPublicKeyInfo."""
    is_authority: bool
    """Whether it may issue certificates."""
    may_sign: bool
    """Whether its key may sign documents (ICAO 9303-12, table 5)."""
    serial: int
    key_identifier: bytes | None
    _names: tuple[str, str]
    _parsed: Any = field(repr=False, compare=False)

    @classmethod
    def parse(cls, der: bytes, what: str = "a certificate") -> IssuerCertificate:
        """Read one DER certificate; `what` names it where it cannot be read.

        Raises:
            SecurityObjectError: `MALFORMED`.
        """
        return asked(lambda: cls._parse(der), what)

    @classmethod
    def _parse(cls, der: bytes) -> IssuerCertificate:
        parsed = x509.Certificate.load(der, strict=True)
        _ = parsed["signature_value"].native, parsed["signature_algorithm"].native
        validity = parsed["tbs_certificate"]["validity"]
        begin, end = (validity[each].native for each in ("not_before", "not_after"))
        if not isinstance(begin, datetime) or not isinstance(end, datetime):
            message = "its validity is no time that a calendar has"
            raise ValueError(message)  # noqa: TRY004 - what asn1crypto raises as well
        usage = None if parsed.key_usage_value is None else parsed.key_usage_value.native
        return cls(
            der,
            parsed.subject.human_friendly,
            begin,
            end,
            parsed.public_key.dump(),
            is_authority=bool(parsed.ca) and (usage is None or "key_cert_sign" in usage),
            may_sign=usage is None or "digital_signature" in usage,
            serial=parsed.serial_number,
            key_identifier=parsed.key_identifier,
            _names=(parsed.issuer.hashable, parsed.subject.hashable),
            _parsed=parsed,
        )

    def is_from(self, issuer: str, serial: int) -> bool:
        """Whether it has this serial number of this issuer, a name in its comparable form."""
        return (self._names[0], self.serial) == (issuer, serial)

    def names(self, issuer: IssuerCertificate) -> bool:
        """Whether it names that one as its issuer."""
        return self._names[0] == issuer._names[1]

    def check_validity(self, at: datetime) -> None:
        """Check that it is valid at a time.

        Raises:
            SecurityObjectError: `VALIDITY`.
        """
        if not self.not_before <= at <= self.not_after:
            message = (
                f"is valid from {self.not_before:%Y-%m-%d} to {self.not_after:%Y-%m-%d}, "
                f"not at {at:%Y-%m-%d %H:%M}"
            )
            raise SecurityObjectError(Fault.VALIDITY, self.subject, message)

    def check_issued_by(self, issuer: IssuerCertificate) -> None:
        """Check the issuer's signature.

        Raises:
            SecurityObjectError: `SIGNATURE`, `ALGORITHM` or `MALFORMED`.
        """
        parsed = self._parsed
        signature, data = parsed["signature_value"].native, parsed["tbs_certificate"].dump()
        algorithm = parsed["signature_algorithm"]
        check_signature(issuer.public_key, algorithm, None, signature, data, self.subject)


class TrustStore:
    """The country signing authorities (CSCA) that someone trusts, each for itself.

    Raises:
        UsageError: one of them cannot be read.
    """

    def __init__(self, certificates: Iterable[bytes]) -> None:
        try:
            self._known = tuple(
                IssuerCertificate.parse(der, f"trusted certificate {number}")
                for number, der in enumerate(certificates, start=1)
            )
        except SecurityObjectError as error:
            raise UsageError(str(error)) from None

    def __iter__(self) -> Iterator[IssuerCertificate]:
        return iter(self._known)

    def check(self, signer: IssuerCertificate, at: datetime | None = None) -> IssuerCertificate:
        """Check a document signer up to a trusted authority, and return that.

        Raises:
            SecurityObjectError: `CHAIN` where no authority issued it or it may not sign,
                `VALIDITY` where one of both is not valid at the time, `ALGORITHM`.
        """
        moment = at or datetime.now(UTC)
        if not signer.may_sign:
            message = "is no certificate to sign documents with"
            raise SecurityObjectError(Fault.CHAIN, signer.subject, message)
        authority = self._issuer_of(signer)
        signer.check_validity(moment)
        authority.check_validity(moment)
        return authority

    def _issuer_of(self, signer: IssuerCertificate) -> IssuerCertificate:
        unsupported = None
        for candidate in self._known:
            if not signer.names(candidate) or not candidate.is_authority:
                continue
            try:
                signer.check_issued_by(candidate)
            except SecurityObjectError as error:
                if error.fault is Fault.ALGORITHM:
                    unsupported = error
            else:
                return candidate
        if unsupported is not None:
            raise unsupported
        message = "was issued by no authority that is trusted here"
        raise SecurityObjectError(Fault.CHAIN, signer.subject, message)
