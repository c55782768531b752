"""Personalisation: a profile and a person become the contents of one card."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from cryptography.hazmat.primitives.asymmetric import ec

from harness import tlv
from harness.emulator.person import Person
from harness.emulator.pki import TestPki, make_pki
from harness.mrz import Mrz
from harness.profile import Content, Pace, PinRules, Profile
from harness.secret import Secret
from harness.security_info import PaceInfo, encode_pace_info


@dataclass(frozen=True, slots=True)
class CardImage:
    """One personalised card: files by content, keys by name, digests of the codes.

    `authorities` are the DER certificates that sign the holder's, root first.
    """

    profile: Profile
    serial: str
    contents: Mapping[Content, bytes]
    keys: Mapping[str, ec.EllipticCurvePrivateKey]
    passwords: Mapping[str, Secret]
    codes: Mapping[str, bytes]
    pin2_changed: bool
    authorities: tuple[bytes, ...]
    digest_key: Secret

    def digest(self, name: str, padded: bytes) -> bytes:
        """What the card keeps of a code instead of the code itself."""
        message = name.encode() + b"\0" + padded
        return hmac.new(self.digest_key.reveal(), message, hashlib.sha256).digest()


def personalise(profile: Profile, person: Person, seed: int = 0) -> CardImage:
    """Make the card of `person`, the same bytes for the same seed."""
    pki = make_pki(person, seed)
    digest_key = Secret(hashlib.sha256(f"eidrig codes {seed}".encode()).digest())
    codes = {"PIN1": person.pin1, "PIN2": person.pin2, "PUK": person.puk}
    image = partial(
        CardImage,
        profile=profile,
        serial=f"{profile.name}/{person.document_number}/{seed}",
        contents=_contents(profile, person, pki),
        keys={"authentication": pki.authentication_key, "signing": pki.signing_key},
        passwords={"CAN": person.can, "MRZ": _mrz(person)},
        pin2_changed=person.pin2_changed,
        authorities=pki.authorities,
        digest_key=digest_key,
    )
    digest = image(codes={}).digest
    return image(
        codes={
            name: digest(name, padded(rules, codes[name].reveal()))
            for name, rules in profile.pins.items()
        }
    )


def padded(rules: PinRules, code: bytes) -> bytes:
    """A code as it travels and is stored: filled up with the pad byte."""
    return code + bytes((rules.pad,)) * (rules.stored_length - len(code))


def _contents(profile: Profile, person: Person, pki: TestPki) -> dict[Content, bytes]:
    birth, expiry = f"{person.birth_date:%d %m %Y}", f"{person.expiry_date:%d %m %Y}"
    texts = {
        Content.SURNAME: person.surname,
        Content.GIVEN_NAMES: person.given_names,
        Content.SEX: person.sex,
        Content.CITIZENSHIP: person.citizenship,
        Content.BIRTH_DATE: birth,
        Content.BIRTH_DATE_AND_PLACE: f"{birth} {person.birth_place}",
        Content.PERSONAL_CODE: person.personal_code,
        Content.DOCUMENT_NUMBER: person.document_number,
        Content.EXPIRY_DATE: expiry,
    }
    return {content: text.encode() for content, text in texts.items()} | {
        Content.CARD_ACCESS: card_access(profile.pace),
        Content.AUTHENTICATION_CERTIFICATE: pki.authentication,
        Content.SIGNING_CERTIFICATE: pki.signing,
    }


def _mrz(person: Person) -> Mrz:
    dates = (f"{day:%y%m%d}" for day in (person.birth_date, person.expiry_date))
    return Mrz(person.document_number, *dates)


def card_access(pace: Pace) -> bytes:
    """EF.CardAccess with the profile's one PACEInfo, filled up as the profile says."""
    info = PaceInfo(pace.oid, 2, pace.parameter_id)
    return tlv.encode(0x31, encode_pace_info(info)).ljust(pace.card_access_size, b"\0")
