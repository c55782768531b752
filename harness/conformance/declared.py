"""What a profile declares, in the words that cases name as their needs.

A profile is the implementation conformance statement: what is not declared is not applicable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from harness.crypto.suite import PaceSuite
from harness.profile import Content, Interface, PaceOffer, Profile

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "PACE": "a channel is opened by PACE",
        "PACE-DH": "a PACE protocol over a prime field group",
        "PACE-ECDH": "a PACE protocol over an elliptic curve",
        "PACE-GM": "PACE with generic mapping",
        "PACE-IM": "PACE with integrated mapping",
        "PACE-CAM": "PACE with chip authentication mapping",
        "CAM-CHIP": "one of the chip's PACE protocols is with chip authentication mapping",
        "ONE-DOMAIN": "every PACE protocol has a single set of domain parameters",
        "NO-84": "MSE:Set AT may leave the domain parameters out",
        "MRZ": "PACE takes the MRZ",
        "CAN": "PACE takes the CAN",
        "PIN": "PACE takes the PIN",
        "PUK": "PACE takes the PUK",
        "SUSPEND": "the last try of the PIN is suspended until the CAN was given",
        "PIN1": "PIN1 is verified by VERIFY",
        "PIN2": "PIN2 is verified by VERIFY",
        "PUK-VERIFY": "the PUK is offered by a command",
        "CHANGE": "PIN1 can be changed",
        "AUTHENTICATE": "a key proves a login after PIN1",
        "SIGN": "a key signs after PIN2",
        "DECIPHER": "a key deciphers after PIN1",
        "CERTIFICATES": "certificates of the holder can be read",
        "PERSONAL-DATA": "files with the holder's data can be read",
        "CARD-ACCESS": "EF.CardAccess is there",
        "DIR": "EF.DIR is there",
        "CONTACT": "the application is offered over contact",
        "CONTACTLESS": "the application is offered without contact",
        "EXTENDED-LENGTH": "commands and answers of extended length",
        "DELAY": "wrong CANs are answered later and later",
    }
)


def declared(profile: Profile, offer: PaceOffer | None = None) -> frozenset[str]:
    """All words of `WORDS` that hold for a profile, with `offer` as if it were its only PACE."""
    words = frozenset((*_channel(profile, offer), *_codes(profile), *_contents(profile)))
    assert words <= WORDS.keys()  # noqa: S101 - each word is explained
    return words


def _channel(profile: Profile, only: PaceOffer | None) -> Iterator[str]:
    for interface in profile.interfaces:
        yield "CONTACT" if interface is Interface.CONTACT else "CONTACTLESS"
    if profile.transmission.extended_length:
        yield "EXTENDED-LENGTH"
    if (pace := profile.pace) is None:
        return
    yield "PACE"
    yield from pace.passwords
    if any(PaceSuite.of(each.oid).mapping == "CAM" for each in pace.offers):
        yield "CAM-CHIP"
    for offer in pace.offers if only is None else (only,):
        suite = PaceSuite.of(offer.oid)
        yield f"PACE-{suite.key_agreement}"
        yield f"PACE-{suite.mapping}"
    if len({offer.oid for offer in pace.offers}) == len(pace.offers):
        yield "ONE-DOMAIN"
        if pace.parameter_reference == "optional":
            yield "NO-84"
    if pace.delay is not None:
        yield "DELAY"


def _codes(profile: Profile) -> Iterator[str]:
    for name, rules in profile.pins.items():
        if rules.suspended:
            yield "SUSPEND"
        if rules.method == "verify":
            yield "PUK-VERIFY" if name == "PUK" else name
    pin1 = profile.pins.get("PIN1")
    if pin1 is not None and pin1.changeable:
        yield "CHANGE"
    for key in profile.keys.values():
        uses = {"AUTHENTICATE": key.authenticate, "SIGN": key.sign, "DECIPHER": key.decipher}
        yield from (word for word, references in uses.items() if references)


def _contents(profile: Profile) -> Iterator[str]:
    contents = {file.content for file in profile.files.values()}
    if profile.keys:
        yield "CERTIFICATES"
    if profile.personal_files:
        yield "PERSONAL-DATA"
    for word, content in (("CARD-ACCESS", Content.CARD_ACCESS), ("DIR", Content.DIRECTORY)):
        if content in contents:
            yield word
