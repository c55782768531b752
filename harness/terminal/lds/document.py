"""A travel document as far as it was read, and what its files say."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from harness import tlv
from harness.crypto.chip_mapping import ChipEvidence
from harness.crypto.issuer_certificate import TrustStore
from harness.crypto.passive_auth import (
    PassiveAuthentication,
    SecurityObject,
    authenticate_groups,
)
from harness.crypto.public_key import PublicKey, PublicKeyError, load_public_key
from harness.crypto.signature import SecurityObjectError
from harness.errors import CheckError
from harness.mrz import MrzError, Zone, parse_zone
from harness.security_info import SecurityInfo, SecurityInfoError, parse_security_infos
from harness.terminal.lds.details import (
    Details,
    decode_contacts,
    decode_document_details,
    decode_personal_details,
)
from harness.terminal.lds.face import Face, decode_faces
from harness.terminal.lds.groups import TAGS, CommonData, malformed, opened, whole


@dataclass(slots=True)
class Document:
    """What was read of a travel document; fields stay None or empty where it did not get that far.

    `groups` are whole files by data group number, `refused` says of those that could not be read
    why. `evidence` is what PACE left to be checked of the chip; `mapping` is what came of that,
    `chip` and `active` say how the chip proved itself afterwards.
    """

    common: CommonData | None = None
    sod: bytes = b""
    groups: dict[int, bytes] = field(default_factory=dict, repr=False)
    refused: dict[int, str] = field(default_factory=dict)
    zone: Zone | None = None
    faces: tuple[Face, ...] = ()
    personal: Details | None = None
    details: Details | None = None
    contacts: tuple[Details, ...] = ()
    passive: PassiveAuthentication | None = None
    evidence: ChipEvidence | None = None
    mapping: ChipProof | None = None
    chip: ChipProof | None = None
    active: ActiveProof | None = None

    def take(self, number: int, raw: bytes) -> None:
        """Keep a data group, and what it says.

        Raises:
            ProtocolViolation: it is malformed; it is kept all the same.
        """
        self.groups[number] = raw
        match number:
            case 1:
                self.zone = decode_zone(raw)
            case 2:
                self.faces = decode_faces(raw)
            case 11:
                self.personal = decode_personal_details(raw)
            case 12:
                self.details = decode_document_details(raw)
            case 16:
                self.contacts = decode_contacts(raw)
            case _:
                whole(raw, TAGS[number], f"DG{number}")

    @property
    def listed(self) -> tuple[int, ...]:
        """The data groups that EF.COM lists or EF.SOD signs; only the latter can be trusted."""
        found = set(self.common.groups if self.common else ())
        with suppress(SecurityObjectError):
            found |= set(self.security_object().hashes)
        return tuple(sorted(found))

    def security_object(self) -> SecurityObject:
        """EF.SOD.

        Raises:
            SecurityObjectError: it was not read, or is malformed.
        """
        return SecurityObject.parse(self.sod)

    def authenticate(
        self, trust: TrustStore | None = None, at: datetime | None = None
    ) -> PassiveAuthentication:
        """Passive authentication of all that was read (ICAO 9303-11, 5.1); kept in `passive`.

        Without `trust` the chain is not checked; `at` is the time of validity, now by default.

        Raises:
            SecurityObjectError: EF.SOD was not read, or is malformed.
        """
        self.passive = authenticate_groups(self.security_object(), self.groups, trust, at)
        return self.passive

    def infos(self) -> tuple[SecurityInfo, ...]:
        """The SecurityInfos of DG14; none where the document has none.

        Raises:
            ProtocolViolation: they are malformed.
        """
        if 14 not in self.groups:
            return ()
        try:
            return parse_security_infos(whole(self.groups[14], TAGS[14], "DG14").value)
        except SecurityInfoError as error:
            raise malformed("DG14", str(error)) from error

    def public_key(self) -> PublicKey | None:
        """The key of active authentication in DG15; None where the document has none.

        Raises:
            ProtocolViolation: DG15 is malformed.
            CheckError: its key is of an unknown kind.
        """
        if 15 not in self.groups:
            return None
        try:
            return load_public_key(whole(self.groups[15], TAGS[15], "DG15").value)
        except PublicKeyError as error:
            message = f"DG15 holds no key that can be used: {error}"
            raise CheckError(message) from error


@dataclass(frozen=True, slots=True)
class ChipProof:
    """Chip authentication or its mapping: by which protocol, and whether the chip held its key."""

    oid: str
    is_proven: bool


@dataclass(frozen=True, slots=True)
class ActiveProof:
    """Active authentication: with which hash, and whether the signature held."""

    hash_name: str | None
    is_proven: bool


def decode_zone(raw: bytes) -> Zone:
    """The machine readable zone in DG1 (ICAO 9303-10, 4.7.1).

    Raises:
        ProtocolViolation: it is malformed.
    """
    value = tlv.find(opened(raw, TAGS[1], "DG1"), 0x5F1F)
    try:
        return parse_zone((value or b"").decode("ascii", errors="replace"))
    except MrzError as error:
        raise malformed("DG1", str(error)) from error
