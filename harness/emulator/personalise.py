"""Personalisation: a profile and a person become the contents of one card."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from harness import tlv
from harness.emulator.contents import certificates, file_contents, texts
from harness.emulator.person import Person
from harness.emulator.pki import TestPki, make_pki
from harness.emulator.private_key import PrivateKey
from harness.mrz import Mrz
from harness.profile import Content, KeyName, Pace, Profile
from harness.secret import Secret
from harness.security_info import PaceInfo, encode_pace_info


@dataclass(frozen=True, slots=True)
class CardImage:
    """One personalised card: contents by meaning, files and keys by name, digests of the codes.

    `authorities` are the DER certificates that sign the holder's, root first.
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
        serial=f"{profile.name}/{person.document_number}/{seed}",
        contents=contents,
        files=file_contents(profile, person, contents),
        keys={"authentication": pki.authentication_key, "signing": pki.signing_key},
        passwords={"CAN": person.can, "MRZ": _mrz(person), "PIN": person.pin1, "PUK": person.puk},
        pin2_changed=person.pin2_changed,
        pin_active=person.pin_active,
        authorities=pki.authorities,
        digest_key=digest_key,
    )
    digest = image(codes={}).digest
    return image(
        codes={
            name: digest(name, rules.block(codes[name].reveal()))
            for name, rules in profile.pins.items()
        }
    )


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
    """EF.CardAccess with the profile's one PACEInfo, filled up as the profile says."""
    info = PaceInfo(pace.oid, 2, pace.parameter_id)
    return tlv.encode(0x31, encode_pace_info(info)).ljust(pace.card_access_size, b"\0")
