"""A country's signers of documents: CSCA and document signer (ICAO 9303-12, 4 and 7).

Names and addresses are the project's own, so that nothing made here can be taken for real.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from asn1crypto import keys, x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness import tlv
from harness.crypto.curve import STANDARDIZED
from harness.crypto.parameters import encode_parameters
from harness.emulator.private_key import PrivateKey, private_key
from harness.emulator.signatures import algorithm_of, sign
from harness.profile import Signer

_ORGANISATION = "eidrig Test Documents"
_MAIL = "documents@eidrig.example"
_CRL = "http://certificates.eidrig.example/csca.crl"
_DOCUMENT_TYPES = "2.23.136.1.1.6.2"
_FIRST_GENERALIZED_YEAR = 2050  # RFC 5280, 4.1.2.5
_SIGNS_DOCUMENTS_FOR, _SIGNS_SIGNERS_FOR = 90, 4 * 365  # days; ICAO 9303-12, table 2
_MARGIN = 30


@dataclass(frozen=True, slots=True)
class Issue:
    """What the certificates are made for: the country, and the life of one document.

    `country` is the country as two letters, `issuer` as three in the document; `types` are the
    codes of documents that the signer signs, such as P.
    """

    country: str
    issuer: str
    types: tuple[str, ...]
    issued: date
    expires: date


@dataclass(frozen=True, slots=True)
class CountryPki:
    """CSCA and document signer: DER certificates, keys, and how they sign."""

    rules: Signer
    authority: bytes
    signer: bytes
    authority_key: PrivateKey = field(repr=False)
    signer_key: PrivateKey = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """The document signer's signature."""
        return sign(self.signer_key, self.rules, message)


def make_country_pki(issue: Issue, rules: Signer, seed: int) -> CountryPki:
    """Make both, the same bytes for the same seed."""
    authority_key, signer_key = (
        private_key(seed, f"{purpose} {issue.country}", rules.kind)
        for purpose in ("csca", "document signer")
    )
    make = _Maker(issue, rules, authority_key, seed)
    return CountryPki(rules, make.authority(), make.signer(signer_key), authority_key, signer_key)


@dataclass(frozen=True, slots=True)
class _Maker:
    issue: Issue
    rules: Signer
    key: PrivateKey
    seed: int

    def authority(self) -> bytes:
        """The self-signed CSCA certificate (ICAO 9303-12, table 5)."""
        begin = _shifted(self.issue.issued, -365)
        end = _shifted(self.issue.expires, _SIGNS_SIGNERS_FOR)
        extensions = [
            _extension("basic_constraints", {"ca": True, "path_len_constraint": 0}, critical=True),
            _extension("key_usage", {"key_cert_sign", "crl_sign"}, critical=True),
            _extension("key_identifier", _key_identifier(self.key)),
        ]
        names = (self._name("CSCA"), (begin, end), _SIGNS_SIGNERS_FOR)
        return self._certificate(self.key, *names, extensions)

    def signer(self, key: PrivateKey) -> bytes:
        """The document signer's certificate (ICAO 9303-12, table 6)."""
        begin = _shifted(self.issue.issued, -_MARGIN)
        end = _shifted(self.issue.expires, _SIGNS_DOCUMENTS_FOR)
        codes = b"".join(tlv.encode(0x13, each.encode()) for each in sorted(self.issue.types))
        types = tlv.encode(0x30, tlv.encode(0x02, b"\0"), tlv.encode(0x31, codes))
        extensions = [
            _extension("key_usage", {"digital_signature"}, critical=True),
            _extension("key_identifier", _key_identifier(key)),
            _extension(_DOCUMENT_TYPES, types),
        ]
        names = (self._name("Document Signer"), (begin, end), _SIGNS_DOCUMENTS_FOR)
        return self._certificate(key, *names, extensions)

    def _name(self, role: str) -> x509.Name:
        country = self.issue.country
        parts = {
            "country_name": country,
            "organization_name": _ORGANISATION,
            "common_name": f"{role} {country} {self.seed}",
        }
        return x509.Name.build(parts)

    def _certificate(
        self,
        key: PrivateKey,
        subject: x509.Name,
        validity: tuple[date, date],
        signs_for: int,
        extensions: list[x509.Extension],
    ) -> bytes:
        algorithm, (begin, end) = algorithm_of(self.rules), validity
        body = x509.TbsCertificate(
            {
                "version": "v3",
                "serial_number": _serial(self.seed, subject),
                "signature": algorithm,
                "issuer": self._name("CSCA"),
                "validity": {"not_before": _time(begin), "not_after": _time(end)},
                "subject": subject,
                "subject_public_key_info": self._public_info(key),
                "extensions": [*extensions, *self._common(begin, signs_for)],
            }
        )
        parts = {
            "tbs_certificate": body,
            "signature_algorithm": algorithm,
            "signature_value": sign(self.key, self.rules, body.dump()),
        }
        return bytes(x509.Certificate(parts).dump())

    def _common(self, begin: date, signs_for: int) -> list[x509.Extension]:
        """What both certificates have."""
        usage = {"not_before": _at(begin), "not_after": _at(_shifted(begin, signs_for + _MARGIN))}
        return [
            _extension("authority_key_identifier", {"key_identifier": _key_identifier(self.key)}),
            _extension("private_key_usage_period", usage),
            _extension("subject_alt_name", self._contact()),
            _extension("issuer_alt_name", self._contact()),
            _extension("crl_distribution_points", [{"distribution_point": _full_name(_CRL)}]),
        ]

    def _public_info(self, key: PrivateKey) -> keys.PublicKeyInfo:
        named = _public_info(key)
        if not self.rules.explicit_parameters:
            return named
        domain = next(each for each in STANDARDIZED.values() if each.name == self.rules.kind)
        bits = tlv.encode(0x03, b"\0", bytes(named["public_key"]))
        spelt_out = tlv.encode(0x30, encode_parameters(domain, explicit=True), bits)
        return keys.PublicKeyInfo.load(spelt_out)

    def _contact(self) -> list[x509.GeneralName]:
        """How to reach the issuer, and the country as documents name it (9303-12, 7.1.1)."""
        place = x509.Name.build({"locality_name": self.issue.issuer})
        return [
            x509.GeneralName("rfc822_name", _MAIL),
            x509.GeneralName("directory_name", place),
        ]


def _extension(name: str, value: Any, *, critical: bool = False) -> x509.Extension:  # noqa: ANN401
    if name == _DOCUMENT_TYPES:
        return x509.Extension({"extn_id": name, "critical": critical, "extn_value": value})
    kind = x509.Extension._oid_specs[name]  # noqa: SLF001 - asn1crypto's table of types
    return x509.Extension({"extn_id": name, "critical": critical, "extn_value": kind(value)})


def _full_name(address: str) -> x509.DistributionPointName:
    return x509.DistributionPointName(
        "full_name", [x509.GeneralName("uniform_resource_identifier", address)]
    )


def _public_info(key: PrivateKey) -> keys.PublicKeyInfo:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return keys.PublicKeyInfo.load(der)


def _key_identifier(key: PrivateKey) -> bytes:
    """SHA-1 of the public key's bits (RFC 5280, 4.2.1.2)."""
    return bytes(_public_info(key).sha1)


def _serial(seed: int, subject: x509.Name) -> int:
    digest = hashlib.sha256(f"eidrig document serial {seed} ".encode() + subject.dump()).digest()
    return int.from_bytes(digest[:15]) + 1


def _shifted(day: date, days: int) -> date:
    """A day so many days away, as far as the calendar goes."""
    wanted = day.toordinal() + days
    return date.fromordinal(min(max(wanted, date.min.toordinal()), date.max.toordinal()))


def _at(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _time(day: date) -> x509.Time:
    is_late = day.year >= _FIRST_GENERALIZED_YEAR or day.year < 1950
    return x509.Time("general_time" if is_late else "utc_time", _at(day))
