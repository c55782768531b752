"""Personalisation: a profile and a person become the contents of one card."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from harness import tlv
from harness.crypto.chip_key import ChipKey
from harness.crypto.curve import STANDARDIZED
from harness.crypto.parameters import encode_parameters
from harness.crypto.standardized import DOMAINS
from harness.crypto.suite import PaceSuite
from harness.emulator.contents import certificates, file_contents, texts
from harness.emulator.person import Person
from harness.emulator.pki import TestPki, make_pki
from harness.emulator.private_key import PrivateKey
from harness.mrz import Mrz
from harness.profile import Content, KeyName, Pace, PaceOffer, Profile
from harness.secret import Secret
from harness.security_info import PaceInfo, encode_integer, encode_oid, encode_pace_info


@dataclass(frozen=True, slots=True)
class CardImage:
    """One personalised card: contents by meaning, files and keys by name, digests of the codes.

    `authorities` are the DER certificates that sign the holder's, root first; `chip_keys` are the
    static keys of the chip authentication mapping, by the parameter id of their protocol.
    """

    profile: Profile
    serial: str
    contents: Mapping[Content, bytes]
    files: Mapping[str, bytes]
    keys: Mapping[str, PrivateKey]
    passwords: Mapping[str, Secret]
    codes: Mapping[str, bytes]
    pin2_changed: bool
    pin_active: bool
    authorities: tuple[bytes, ...]
    digest_key: Secret
    chip_keys: Mapping[int, ChipKey]

    @property
    def card_security(self) -> bytes:
        """The SecurityInfos that EF.CardSecurity signs: EF.CardAccess and the static public keys.

        The signature is not here; see ICAO 9303-11, 9.2.11.
        """
        public = [key.public.encode() for key in self.chip_keys.values()]
        return _security_infos([*_access_infos(self.profile.own_pace), *public])

    def digest(self, name: str, padded: bytes) -> bytes:
        """What the card keeps of a code instead of the code itself."""
        message = name.encode() + b"\0" + padded
        return hmac.new(self.digest_key.reveal(), message, hashlib.sha256).digest()


def personalise(profile: Profile, person: Person, seed: int = 0) -> CardImage:
    """Make the card of `person`, the same bytes for the same seed.

    Raises:
        UsageError: a code that the card cannot have.
    """
    person = person.fitted(profile)
    kinds = (_kind(profile, "authentication"), _kind(profile, "signing"))
    pki = make_pki(person, seed, profile.country_code, kinds)
    contents = _contents(profile, person, pki)
    digest_key = Secret(hashlib.sha256(f"eidrig codes {seed}".encode()).digest())
    codes = {"PIN1": person.pin1, "PIN2": person.pin2, "PUK": person.puk}
    image = partial(
        CardImage,
        profile=profile,
        contents=contents,
        files=file_contents(profile, person, contents),
        keys={"authentication": pki.authentication_key, "signing": pki.signing_key},
        passwords={"CAN": person.can, "MRZ": _mrz(person), "PIN": person.pin1, "PUK": person.puk},
        pin2_changed=person.pin2_changed,
        pin_active=person.pin_active,
        authorities=pki.authorities,
        digest_key=digest_key,
        chip_keys=_chip_keys(profile.pace, seed) if profile.pace else {},
    )
    digest = image(serial="", codes={}).digest
    kept: dict[str, bytes] = {
        name: digest(name, rules.block(codes[name].reveal()))
        for name, rules in profile.pins.items()
    }
    # Two cards with the same number but another holder or other codes are two cards.
    mark = digest("card", pki.authentication + b"".join(kept.values())).hex()[:16]
    serial = f"{profile.name}/{person.document_number}/{seed}/{mark}"
    return image(serial=serial, codes=kept)


def _kind(profile: Profile, name: KeyName) -> str:
    return profile.keys[name].kind if name in profile.keys else "secp384r1"


def _contents(profile: Profile, person: Person, pki: TestPki) -> dict[Content, bytes]:
    said = {content: text.encode() for content, text in texts(person).items()}
    access = {} if profile.pace is None else {Content.CARD_ACCESS: card_access(profile.pace)}
    return said | access | certificates(pki)


def _mrz(person: Person) -> Mrz:
    dates = (f"{day:%y%m%d}" for day in (person.birth_date, person.expiry_date))
    return Mrz(person.document_number, *dates)


def card_access(pace: Pace) -> bytes:
    """EF.CardAccess with all that the profile's card offers, filled up as the profile says."""
    return _security_infos(_access_infos(pace)).ljust(pace.card_access_size, b"\0")


def _security_infos(infos: list[bytes]) -> bytes:
    return tlv.encode(0x31, *sorted(infos))  # the order of DER, ISO/IEC 8825-1, 11.6


def _access_infos(pace: Pace) -> list[bytes]:
    named = [encode_pace_info(PaceInfo(each.oid, 2, each.reference)) for each in pace.offers]
    spelt_out = {_domain_info(each) for each in pace.offers if each.explicit_id is not None}
    return [*named, *spelt_out]


def _domain_info(offer: PaceOffer) -> bytes:
    """A PACEDomainParameterInfo (ICAO 9303-11, 9.2.2)."""
    oid = encode_oid(offer.oid.rpartition(".")[0])
    domain = encode_parameters(DOMAINS[offer.parameter_id], explicit=True)
    return tlv.encode(0x30, tlv.encode(0x06, oid), domain, encode_integer(offer.reference))


def _chip_keys(pace: Pace, seed: int) -> dict[int, ChipKey]:
    """A static key for each group that a protocol with chip authentication mapping uses."""
    return {
        each.reference: _chip_key(each, seed)
        for each in pace.offers
        if PaceSuite.of(each.oid).mapping == "CAM" and each.parameter_id in STANDARDIZED
    }


def _chip_key(offer: PaceOffer, seed: int) -> ChipKey:
    domain = STANDARDIZED[offer.parameter_id]
    digest = hashlib.sha512(f"eidrig chip key {seed} {offer.reference}".encode()).digest()
    private = 1 + int.from_bytes(digest, "big") % (domain.order - 1)
    return ChipKey(domain, private, offer.reference)
