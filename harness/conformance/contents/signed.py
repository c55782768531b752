"""Judging what a document's issuer signed, step by step (RFC 5652, 5; ICAO 9303-10, 4.6.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from asn1crypto import cms, x509

from harness.conformance.contents.content import demand_der, well_formed
from harness.conformance.judgement import Blocked, Failure, demand
from harness.crypto.issuer_certificate import IssuerCertificate, TrustStore
from harness.crypto.signature import HASHES, SecurityObjectError
from harness.crypto.signed_data import SignedData

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNED_DATA, SIGNER_INFO = "RFC 5652, 5.1", "RFC 5652, 5.3"
CERTIFICATE, CHAIN = "ICAO 9303-12, table 6", "ICAO 9303-11, 5.1"
_LONGEST_SERIAL = 20
_CRITICAL_KNOWN = frozenset(
    ("key_usage", "basic_constraints", "extended_key_usage", "private_key_usage_period")
)


@contextmanager
def holding(expected: str, clause: str) -> Iterator[None]:
    """Let what does not hold be a failure by this clause.

    Raises:
        Failure: something an issuer signed does not hold.
    """
    try:
        yield
    except SecurityObjectError as error:
        raise Failure(expected, str(error), clause) from None


@dataclass(frozen=True, slots=True)
class Signed:
    """A ContentInfo that ought to be data signed by one issuer.

    `what` names the file, `content_type` is the object identifier of what is signed. Every method
    raises `Failure` where what it looks at is malformed or otherwise than it ought to be.
    """

    what: str
    der: bytes
    content_type: str

    def parsed(self) -> Any:  # noqa: ANN401 - asn1crypto has no types
        """The SignedData."""
        with well_formed(f"a ContentInfo with SignedData in {self.what}", SIGNED_DATA):
            info = cms.ContentInfo.load(self.der, strict=True)
            kind = info["content_type"].native
            demand(kind == "signed_data", "SignedData", str(kind), SIGNED_DATA)
            _ = info["content"].native  # read to the end, as it is parsed late
            return info["content"]

    def data(self) -> SignedData:
        """The same as passive authentication takes it."""
        with holding(f"data signed by one signer in {self.what}", SIGNED_DATA):
            return SignedData.parse(self.der, self.what)

    def demand_encoding(self) -> None:
        """All of it is DER."""
        demand_der(self.der, self.what)
        self.parsed()

    def demand_signed_data(self) -> None:
        """Version 3, the hashes in use, the right content, and the signer's certificate."""
        parsed = self.parsed()
        version, content = parsed["version"].native, parsed["encap_content_info"]
        demand(version == "v3", "version 3 of SignedData", str(version), SIGNED_DATA)
        told = {each["algorithm"].native for each in parsed["digest_algorithms"]}
        used = {each["digest_algorithm"]["algorithm"].native for each in parsed["signer_infos"]}
        listed = " ".join(sorted(told)) or "none"
        demand(used <= told, "the signer's hash among those listed", listed, SIGNED_DATA)
        kind = content["content_type"].dotted
        demand(kind == self.content_type, f"content {self.content_type}", kind, SIGNED_DATA)
        demand(self.data().certificates, "the signer's certificate", "none", SIGNED_DATA)

    def demand_signer(self) -> None:
        """One signer, named as its version has it, whose attributes and signature hold."""
        signers = self.parsed()["signer_infos"]
        demand(len(signers) == 1, "one signer", f"{len(signers)}", SIGNER_INFO)
        signer, data = signers[0], self.data()
        version = "v3" if signer["sid"].name == "subject_key_identifier" else "v1"
        got = str(signer["version"].native)
        demand(got == version, f"version {version} of SignerInfo", got, SIGNER_INFO)
        digest = str(signer["digest_algorithm"]["algorithm"].native)
        demand(digest in HASHES, "a hash of the standard", digest, "ICAO 9303-12, 4.4.3")
        self._demand_attributes(signer, hashlib.new(digest, data.content).digest())
        with holding(f"a signature of {self.what} by its signer", SIGNER_INFO):
            data.check_signature(data.signer())

    def _demand_attributes(self, signer: Any, digest: bytes) -> None:  # noqa: ANN401
        encoded = [each.dump() for each in signer["signed_attrs"]]
        in_order = encoded == sorted(encoded)  # what is signed is their DER (ISO/IEC 8825-1, 11.6)
        demand(in_order, "signed attributes in DER", "another order", SIGNER_INFO)
        found = {each["type"].native: each["values"] for each in signer["signed_attrs"]}
        for name in ("content_type", "message_digest"):
            demand(name in found, f"the signed attribute {name}", " ".join(found), SIGNER_INFO)
        kind = found["content_type"][0].dotted
        demand(kind == self.content_type, f"content {self.content_type}", kind, SIGNER_INFO)
        same = found["message_digest"][0].native == digest
        expected = f"the hash of what {self.what} holds"
        demand(same, expected, "the hash of something else", SIGNER_INFO)

    def demand_certificate(self, authorities: Sequence[bytes], at: datetime | None = None) -> None:
        """A certificate that may sign documents, and its chain to a trusted authority.

        Raises:
            Blocked: nobody said which authorities are trusted.
        """
        signer = self.signer()
        with well_formed(f"the certificate that signed {self.what}", CERTIFICATE):
            _demand_fields(x509.Certificate.load(signer.der, strict=True))
        if not authorities:
            message = "no certificate of a country signing authority was given"
            raise Blocked(message)
        expected = f"a signer of {self.what} that a trusted authority issued and that is valid"
        with holding(expected, CHAIN):
            TrustStore(authorities).check(signer, at or datetime.now(UTC))

    def signer(self) -> IssuerCertificate:
        """The certificate of the signer that came along."""
        with holding(f"the certificate of {self.what}'s signer", CHAIN):
            return self.data().signer()


def _demand_fields(certificate: Any) -> None:  # noqa: ANN401 - asn1crypto has no types
    body = certificate["tbs_certificate"]
    version = str(body["version"].native)
    demand(version == "v3", "X.509 version 3", version, CERTIFICATE)
    serial = certificate.serial_number
    size = (serial.bit_length() + 8) // 8
    is_short = serial > 0 and size <= _LONGEST_SERIAL
    demand(is_short, f"a positive serial of {_LONGEST_SERIAL} bytes", f"{size}", CERTIFICATE)
    same = body["signature"].dump() == certificate["signature_algorithm"].dump()
    demand(same, "the same algorithm inside and outside", "two", CERTIFICATE)
    unused = certificate["signature_value"].contents[:1]
    demand(unused == b"\0", "a signature of whole bytes", "unused bits", CERTIFICATE)
    countries = [name.native.get("country_name") for name in (body["issuer"], body["subject"])]
    is_country = isinstance(countries[0], str) and len(countries[0]) == 2
    demand(is_country, "a country of two letters", str(countries[0]), CERTIFICATE)
    demand(countries[0] == countries[1], "one country", " ".join(map(str, countries)), CERTIFICATE)
    usage = certificate.key_usage_value
    told = sorted(usage.native) if usage is not None else []
    expected = "key usage digitalSignature alone"
    demand(told == ["digital_signature"], expected, " ".join(told) or "none", CERTIFICATE)
    demand("key_usage" in certificate.critical_extensions, "critical key usage", "not", CERTIFICATE)
    demand(certificate.authority_key_identifier, "an authority key id", "none", CERTIFICATE)
    unknown = sorted(certificate.critical_extensions - _CRITICAL_KNOWN)
    demand(not unknown, "no critical extension but known ones", " ".join(unknown), CERTIFICATE)
