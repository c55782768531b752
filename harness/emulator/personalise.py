"""Personalisation: a profile and a person become the contents of one card."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from harness.crypto.chip_key import ChipKey
from harness.emulator.access_infos import card_access, card_security, mapping_keys
from harness.emulator.contents import certificates, file_contents, texts
from harness.emulator.person import Person
from harness.emulator.pki import TestPki, make_pki
from harness.emulator.private_key import PrivateKey
from harness.emulator.travel import TravelDocument, make_travel_document
from harness.mrz import Mrz
from harness.profile import Content, KeyName, Profile
from harness.secret import Secret


@dataclass(frozen=True, slots=True)
class CardImage:
    """One personalised card: contents by meaning, files and keys by name, digests of the codes.

    `authorities` are the DER certificates that sign the holder's, root first; `chip_keys` are the
    static keys of the chip authentication mapping, by the parameter id of their protocol; `travel`
    is there where the card holds a travel document.
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
    travel: TravelDocument | None

    @property
    def card_security(self) -> bytes:
        """The SecurityInfos that EF.CardSecurity signs: EF.CardAccess and the static public keys.

        The signature is not here, but in the file (ICAO 9303-11, 9.2.11).
        """
        return card_security(self.profile.own_pace, self.chip_keys)

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
    chip_keys = mapping_keys(profile.pace, seed) if profile.pace else {}
    travel = None
    if profile.lds is not None:
        travel = make_travel_document(profile, profile.lds, person, seed, chip_keys)
    contents = {**_contents(profile, person, pki), **(travel.contents if travel else {})}
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
        authorities=_authorities(profile, pki, travel),
        digest_key=digest_key,
        chip_keys=chip_keys,
        travel=travel,
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


def _authorities(
    profile: Profile, pki: TestPki, travel: TravelDocument | None
) -> tuple[bytes, ...]:
    holders = pki.authorities if profile.keys or travel is None else ()
    return holders + ((travel.pki.authority,) if travel else ())


def _kind(profile: Profile, name: KeyName) -> str:
    return profile.keys[name].kind if name in profile.keys else "secp384r1"


def _contents(profile: Profile, person: Person, pki: TestPki) -> dict[Content, bytes]:
    said = {content: text.encode() for content, text in texts(person).items()}
    access = {} if profile.pace is None else {Content.CARD_ACCESS: card_access(profile.pace)}
    return said | access | certificates(pki)


def _mrz(person: Person) -> Mrz:
    dates = (f"{day:%y%m%d}" for day in (person.birth_date, person.expiry_date))
    return Mrz(person.document_number, *dates)
