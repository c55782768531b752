"""CMS SignedData as documents carry it (RFC 5652, 5; ICAO 9303-10, 4.6.2)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from asn1crypto import cms, core

from harness.crypto.issuer_certificate import IssuerCertificate, asked
from harness.crypto.signature import Fault, SecurityObjectError, check_signature, hash_named


class _Encapsulated(core.Sequence):  # type: ignore[misc] # asn1crypto has no types
    _fields: ClassVar = [
        ("content_type", core.ObjectIdentifier),
        ("content", core.OctetString, {"explicit": 0}),
    ]


class _SignedData(core.Sequence):  # type: ignore[misc]
    """As RFC 5652 has it for every version; issuers do not agree on the version number."""

    _fields: ClassVar = [
        ("version", core.Integer),
        ("digest_algorithms", cms.DigestAlgorithms),
        ("encapsulated", _Encapsulated),
        ("certificates", cms.CertificateSet, {"implicit": 0, "optional": True}),
        ("crls", cms.RevocationInfoChoices, {"implicit": 1, "optional": True}),
        ("signer_infos", cms.SignerInfos),
    ]


class _ContentInfo(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar = [
        ("content_type", core.ObjectIdentifier),
        ("content", _SignedData, {"explicit": 0}),
    ]


_SIGNED_DATA = "1.2.840.113549.1.7.2"


@dataclass(frozen=True, slots=True)
class SignedData:
    """Content that one signer signed, with the certificates that came along.

    `what` names it in messages; `content_type` is the object identifier of `content`.
    """

    what: str
    content_type: str
    content: bytes
    certificates: tuple[IssuerCertificate, ...]
    _signer: Any = field(repr=False, compare=False)

    @classmethod
    def parse(cls, der: bytes, what: str) -> SignedData:
        """Read a ContentInfo with SignedData.

        Raises:
            SecurityObjectError: `MALFORMED`.
        """
        return asked(lambda: cls._parse(der, what), what)

    @classmethod
    def _parse(cls, der: bytes, what: str) -> SignedData:
        info = _ContentInfo.load(der, strict=True)
        signed = info["content"]
        if info["content_type"].native != _SIGNED_DATA or len(signed["signer_infos"]) != 1:
            message = "it is not data signed by one signer"
            raise ValueError(message)
        encapsulated, signer = signed["encapsulated"], signed["signer_infos"][0]
        _ = signer.native  # read to the end, as everything below is asked for later
        return cls(
            what,
            encapsulated["content_type"].native,
            bytes(encapsulated["content"]),
            tuple(_certificates(signed["certificates"], what)),
            signer,
        )

    def signer(self, others: Iterable[IssuerCertificate] = ()) -> IssuerCertificate:
        """The signer's certificate: one that came along, else one of `others`.

        Raises:
            SecurityObjectError: `CHAIN`, it is not among them.
        """
        candidates = (*self.certificates, *others)
        found = asked(lambda: next(filter(self._is_by, candidates), None), self.what)
        if found is None:
            message = "does not come with the certificate of its signer"
            raise SecurityObjectError(Fault.CHAIN, self.what, message)
        return found

    def _is_by(self, certificate: IssuerCertificate) -> bool:
        identifier = self._signer["sid"]
        if identifier.name == "subject_key_identifier":
            return bool(certificate.key_identifier == identifier.chosen.native)
        named = identifier.chosen
        return certificate.is_from(named["issuer"].hashable, named["serial_number"].native)

    def check_signature(self, signer: IssuerCertificate) -> None:
        """Check that `signer` signed the content (RFC 5652, 5.4 and 5.6).

        Raises:
            SecurityObjectError: `SIGNATURE`, `ALGORITHM` or `MALFORMED`.
        """
        digest = asked(lambda: str(self._signer["digest_algorithm"]["algorithm"].native), self.what)
        hash_named(digest, self.what)
        self._check_attributes(hashlib.new(digest, self.content).digest())
        # What is signed is a SET, which its implicit tag hides (RFC 5652, 5.4).
        attributes = b"\x31" + self._signer["signed_attrs"].dump()[1:]
        algorithm, signature = self._signer["signature_algorithm"], self._signer["signature"].native
        check_signature(signer.public_key, algorithm, digest, signature, attributes, self.what)

    def _check_attributes(self, digest: bytes) -> None:
        told = asked(lambda: dict(_attributes(self._signer["signed_attrs"])), self.what)
        content_type, told_digest = told.get("content_type"), told.get("message_digest")
        if not isinstance(told_digest, bytes) or content_type != self.content_type:
            message = "is signed without saying over which content"
            raise SecurityObjectError(Fault.MALFORMED, self.what, message)
        if not hmac.compare_digest(told_digest, digest):
            message = "carries a signature over other content"
            raise SecurityObjectError(Fault.SIGNATURE, self.what, message)


def _certificates(found: Any, what: str) -> Iterator[IssuerCertificate]:  # noqa: ANN401
    """The X.509 certificates of a set; the other kinds it may hold are of no use here."""
    if isinstance(found, core.Void):
        return
    for position, each in enumerate(found):
        if each.name == "certificate":
            yield IssuerCertificate.parse(
                each.chosen.dump(), f"certificate {position + 1} of {what}"
            )


def _attributes(found: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Each signed attribute with its one value; one that comes twice or with several has none."""
    seen: set[str] = set()
    for each in () if isinstance(found, core.Void) else found:
        name = each["type"].native
        if name in seen or len(each["values"]) != 1:
            yield name, None
        elif name == "content_type":
            yield name, each["values"][0].dotted
        else:
            yield name, each["values"][0].native
        seen.add(name)
