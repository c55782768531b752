"""Passive Authentication: the document's data is what its issuer signed (ICAO 9303-11, 5.1)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar

from asn1crypto import algos, core

from harness import tlv
from harness.crypto.issuer_certificate import IssuerCertificate, TrustStore, asked
from harness.crypto.signature import Fault, SecurityObjectError, hash_named
from harness.crypto.signed_data import SignedData
from harness.security_info import SecurityInfo, SecurityInfoError, parse_security_infos
from harness.tlv import TlvError

ID_LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
ID_SECURITY_OBJECT = "0.4.0.127.0.7.3.2.1"
_EF_SOD = 0x77
_GROUPS = range(1, 17)


class _DataGroupHash(core.Sequence):  # type: ignore[misc] # asn1crypto has no types
    _fields: ClassVar = [("number", core.Integer), ("value", core.OctetString)]


class _DataGroupHashes(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _DataGroupHash


class _VersionInfo(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar = [("lds", core.PrintableString), ("unicode", core.PrintableString)]


class _LdsSecurityObject(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar = [
        ("version", core.Integer),
        ("hash_algorithm", algos.DigestAlgorithm),
        ("hashes", _DataGroupHashes),
        ("versions", _VersionInfo, {"optional": True}),
    ]


@dataclass(frozen=True, slots=True)
class SecurityObject:
    """EF.SOD: the hash of every data group, signed (ICAO 9303-10, 4.6.2).

    `hashes` is by data group number. The LDS and Unicode versions are told from version 1 on.
    """

    signed: SignedData
    hash_name: str
    hashes: Mapping[int, bytes]
    version: int = 0
    lds_version: str | None = None
    unicode_version: str | None = None

    @classmethod
    def parse(cls, raw: bytes) -> SecurityObject:
        """Read EF.SOD.

        Raises:
            SecurityObjectError: `MALFORMED`, or `ALGORITHM` where the hash is unknown.
        """
        try:
            outer = tlv.parse_one(raw)
        except TlvError as error:
            raise SecurityObjectError(Fault.MALFORMED, "EF.SOD", f"is malformed: {error}") from None
        signed = SignedData.parse(outer.value if outer.tag == _EF_SOD else b"", "EF.SOD")
        if signed.content_type != ID_LDS_SECURITY_OBJECT:
            message = f"holds {signed.content_type}, not the hashes of data groups"
            raise SecurityObjectError(Fault.MALFORMED, "EF.SOD", message)
        return asked(lambda: cls._parse(signed), "EF.SOD")

    @classmethod
    def _parse(cls, signed: SignedData) -> SecurityObject:
        told = _LdsSecurityObject.load(signed.content, strict=True)
        numbers = [each["number"].native for each in told["hashes"]]
        if len(set(numbers)) != len(numbers) or not set(numbers) <= set(_GROUPS):
            message = "it has hashes of data groups that are none, or twice"
            raise ValueError(message)
        name = told["hash_algorithm"]["algorithm"].native
        hash_named(name, "EF.SOD")
        versions = told["versions"]
        is_told = not isinstance(versions, core.Void)
        return cls(
            signed,
            name,
            MappingProxyType(
                {each["number"].native: each["value"].native for each in told["hashes"]}
            ),
            told["version"].native,
            versions["lds"].native if is_told else None,
            versions["unicode"].native if is_told else None,
        )

    def check_group(self, number: int, raw: bytes) -> None:
        """Check one data group, as its whole file, against its hash.

        Raises:
            SecurityObjectError: `HASH`.
        """
        signed = self.hashes.get(number)
        if signed is None:
            message = "is not among the data groups that EF.SOD signs"
            raise SecurityObjectError(Fault.HASH, f"DG{number}", message)
        if not hmac.compare_digest(hashlib.new(self.hash_name, raw).digest(), signed):
            message = "is not what was signed: its hash is another"
            raise SecurityObjectError(Fault.HASH, f"DG{number}", message)


@dataclass(frozen=True, slots=True)
class CardSecurity:
    """EF.CardSecurity: the SecurityInfos of a chip, signed (BSI TR-03110-3, A.1.2.2)."""

    signed: SignedData
    infos: tuple[SecurityInfo, ...]

    @classmethod
    def parse(cls, raw: bytes) -> CardSecurity:
        """Read EF.CardSecurity.

        Raises:
            SecurityObjectError: `MALFORMED`.
        """
        signed = SignedData.parse(raw, "EF.CardSecurity")
        try:
            if signed.content_type == ID_SECURITY_OBJECT:
                return cls(signed, parse_security_infos(signed.content))
            message = f"holds {signed.content_type}, not SecurityInfos"
        except SecurityInfoError as error:
            message = f"is malformed: {error}"
        raise SecurityObjectError(Fault.MALFORMED, "EF.CardSecurity", message)


@dataclass(slots=True)
class PassiveAuthentication:
    """What came out of checking one security object; None is what was not checked.

    `groups` says of every data group that was read whether it is what was signed.
    """

    signer: IssuerCertificate | None = None
    signature: bool | None = None
    chain: bool | None = None
    groups: dict[int, bool] = field(default_factory=dict)
    failures: list[SecurityObjectError] = field(default_factory=list)

    @property
    def is_proven(self) -> bool:
        """Whether a trusted issuer signed all that was read."""
        return not self.failures and bool(self.signature) and bool(self.chain)


def authenticate(
    signed: SignedData, trust: TrustStore | None = None, at: datetime | None = None
) -> PassiveAuthentication:
    """Check signature and, with a trust store, chain of something signed, and go on at failures."""
    result = PassiveAuthentication()
    try:
        result.signer = signed.signer(trust or ())
        result.signature = False
        signed.check_signature(result.signer)
        result.signature = True
    except SecurityObjectError as error:
        result.failures.append(error)
    if trust is not None and result.signer is not None:
        try:
            trust.check(result.signer, at)
            result.chain = True
        except SecurityObjectError as error:
            result.chain = False
            result.failures.append(error)
    return result


def authenticate_groups(
    security_object: SecurityObject,
    groups: Mapping[int, bytes],
    trust: TrustStore | None = None,
    at: datetime | None = None,
) -> PassiveAuthentication:
    """Check EF.SOD, and every data group against it (ICAO 9303-11, 5.1.1)."""
    result = authenticate(security_object.signed, trust, at)
    for number, raw in sorted(groups.items()):
        try:
            security_object.check_group(number, raw)
            result.groups[number] = True
        except SecurityObjectError as error:
            result.groups[number] = False
            result.failures.append(error)
    return result
