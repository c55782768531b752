"""The travel document of a person: zone, face, data groups, keys, and what signs them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness import tlv
from harness.crypto.chip_key import ChipKey
from harness.crypto.parameters import encode_parameters
from harness.crypto.standardized import DOMAINS
from harness.emulator import data_groups
from harness.emulator.access_infos import access_infos, card_security
from harness.emulator.country_pki import CountryPki, Issue, make_country_pki
from harness.emulator.person import Person
from harness.emulator.private_key import PrivateKey, private_key
from harness.emulator.signed_data import SECURITY_OBJECT, signed, sod
from harness.mrz import Mrz, Zone
from harness.profile import ChipAuthentication, Content, Lds, Profile
from harness.security_info import encode_integer, encode_oid

_ID_PK = {"DH": "0.4.0.127.0.7.2.2.1.1", "ECDH": "0.4.0.127.0.7.2.2.1.2"}
_CONTACT = {
    0x5F50: b"20250102",
    0x5F51: b"EIDRIG<<TESTER",
    0x5F52: b"0000000",
    0x5F53: b"1 TEST STREET<TESTTOWN",
}
"""Whom DG16 says to notify."""


@dataclass(frozen=True, slots=True)
class StaticKey:
    """A key for chip authentication with what the profile says of it."""

    rules: ChipAuthentication
    pair: ChipKey

    def infos(self) -> tuple[bytes, bytes]:
        """ChipAuthenticationInfo and ChipAuthenticationPublicKeyInfo (9303-11, 9.2.5, 9.2.6)."""
        number = b"" if self.rules.key_id is None else encode_integer(self.rules.key_id)
        protocol = tlv.encode(0x06, encode_oid(self.rules.oid))
        version = encode_integer(self.rules.version)
        kind = tlv.encode(0x06, encode_oid(_ID_PK[self.pair.domain.key_agreement]))
        public = self._subject_key()
        return tlv.encode(0x30, protocol, version, number), tlv.encode(0x30, kind, public, number)

    def _subject_key(self) -> bytes:
        """SubjectPublicKeyInfo; a number of DH is an INTEGER in it (RFC 3279, 2.3.3)."""
        domain = self.pair.domain
        public = self.pair.public.public
        if domain.key_agreement == "DH":
            public = encode_integer(int.from_bytes(public))
        algorithm = encode_parameters(domain, explicit=self.rules.explicit_parameters)
        return tlv.encode(0x30, algorithm, tlv.encode(0x03, b"\0", public))


@dataclass(frozen=True, slots=True)
class TravelDocument:
    """What is made for a passport or ICAO card; `contents` are its files by meaning."""

    zone: tuple[str, ...] = field(repr=False)
    password: Mrz
    face: bytes = field(repr=False)
    contents: Mapping[Content, bytes] = field(repr=False)
    pki: CountryPki
    static_keys: tuple[StaticKey, ...]
    active_key: PrivateKey | None = field(repr=False)


def make_travel_document(
    profile: Profile, lds: Lds, person: Person, seed: int, mapping_keys: Mapping[int, ChipKey]
) -> TravelDocument:
    """Make the document of a person, the same bytes for the same seed.

    `mapping_keys` are those of the chip authentication mapping, which EF.CardSecurity lists.

    Raises:
        UsageError: a name or number that no machine readable zone can hold.
    """
    zone = _zone(profile, lds, person)
    life = person.issue_date, person.expiry_date
    issue = Issue(profile.country_code, zone.issuer, (zone.code,), *life)
    pki = make_country_pki(issue, lds.signer, seed)
    static = tuple(_static_key(rules, seed) for rules in profile.chip_authentication)
    active = profile.active_authentication
    active_key = private_key(seed, "active authentication", active.kind) if active else None
    drawings = _draw(lds, f"{seed} {person.document_number}")
    maker = _Maker(profile, lds, person, static, active_key)
    contents = _signed(profile, lds, pki, maker.groups("".join(zone.lines()), drawings))
    if profile.pace is not None:
        infos = card_security(profile.pace, mapping_keys)
        contents[Content.CARD_SECURITY] = signed(SECURITY_OBJECT, infos, pki)
    return TravelDocument(
        zone.lines(), zone.password, drawings.face, contents, pki, static, active_key
    )


def _signed(
    profile: Profile, lds: Lds, pki: CountryPki, made: Mapping[Content, bytes]
) -> dict[Content, bytes]:
    """The data groups that the profile has, made or as it gives them, with EF.COM and EF.SOD."""
    files = {f.content: f for f in profile.files.values() if f.content in data_groups.GROUPS}
    given = {content: file.value for content, file in files.items() if file.value is not None}
    groups = {content: each for content, each in {**made, **given}.items() if content in files}
    numbered = {data_groups.GROUPS[content][0]: each for content, each in groups.items()}
    return {
        **groups,
        Content.LDS_COM: data_groups.com(lds, files),
        Content.LDS_SOD: sod(numbered, lds, pki),
    }


@dataclass(frozen=True, slots=True)
class _Drawings:
    """The face with its width and height, and the signature or usual mark."""

    face: bytes
    size: tuple[int, int]
    signature: bytes


def _draw(lds: Lds, seed: str) -> _Drawings:
    from harness.emulator import face  # noqa: PLC0415 - Pillow, for travel documents alone

    drawn = face.jpeg if lds.face_format == "jpeg" else face.jpeg2000
    size = (face.WIDTH, face.HEIGHT)
    return _Drawings(drawn(seed, lds.face_size), size, face.signature(seed))


def _zone(profile: Profile, lds: Lds, person: Person) -> Zone:
    return Zone(
        form=lds.document,
        code=person.document_type or ("P" if lds.document == "TD3" else "ID"),
        issuer=person.issuing_state or profile.country,
        number=person.document_number,
        nationality=person.citizenship,
        birth=f"{person.birth_date:%y%m%d}",
        sex=person.sex,
        expiry=f"{person.expiry_date:%y%m%d}",
        surname=person.surname,
        given_names=person.given_names,
        optional=person.optional_data,
    )


def _static_key(rules: ChipAuthentication, seed: int) -> StaticKey:
    domain = DOMAINS[rules.parameter_id]
    purpose = f"eidrig chip authentication {seed} {rules.oid} {rules.key_id}"
    digest = hashlib.shake_256(purpose.encode()).digest(80)  # bytes; more than any order has
    return StaticKey(
        rules, ChipKey(domain, 1 + int.from_bytes(digest) % (domain.order - 1), rules.key_id)
    )


@dataclass(frozen=True, slots=True)
class _Maker:
    profile: Profile
    lds: Lds
    person: Person
    static: tuple[StaticKey, ...]
    active_key: PrivateKey | None

    def groups(self, zone: str, drawings: _Drawings) -> dict[Content, bytes]:
        """Every data group that can be made."""
        person, face, size = self.person, drawings.face, drawings.size
        groups = {
            Content.DG1: data_groups.dg1(zone),
            Content.DG2: data_groups.dg2(face, size, self.lds, person.sex, person.issue_date),
            Content.DG3: data_groups.no_biometrics(0x63),
            Content.DG4: data_groups.no_biometrics(0x76),
            Content.DG7: data_groups.dg7(drawings.signature),
            Content.DG11: data_groups.listed(0x6B, self._details()),
            Content.DG12: data_groups.listed(0x6C, self._issue()),
            Content.DG14: data_groups.dg14(self._infos()),
            Content.DG16: data_groups.dg16([_CONTACT]),
        }
        if self.active_key is not None:
            groups[Content.DG15] = data_groups.dg15(_public_info(self.active_key))
        return groups

    def _details(self) -> dict[int, bytes]:
        person = self.person
        name = person.full_name or f"{person.surname}<<{person.given_names}".replace(" ", "<")
        return {
            0x5F0E: name.encode(),
            0x5F10: person.personal_code.encode(),
            0x5F2B: f"{person.birth_date:%Y%m%d}".encode(),
            0x5F11: person.birth_place.encode(),
        }

    def _issue(self) -> dict[int, bytes]:
        issued = f"{self.person.issue_date:%Y%m%d}"
        return {
            0x5F19: self.person.issuing_authority.encode(),
            0x5F26: issued.encode(),
            0x5F55: f"{issued}120000".encode(),
        }

    def _infos(self) -> list[bytes]:
        """DG14 vouches for EF.CardAccess, too (ICAO 9303-11, 4.4.1)."""
        infos = access_infos(self.profile.pace) if self.profile.pace else []
        for key in self.static:
            infos.extend(key.infos())
        active = self.profile.active_authentication
        if active is not None and not active.kind.startswith("rsa-"):
            infos.append(data_groups.active_authentication_info(active.hash))
        return infos


def _public_info(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
