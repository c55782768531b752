"""What a profile declares, in the words that cases name as their needs.

A profile is the implementation conformance statement: what is not declared is not applicable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from types import MappingProxyType

from harness.crypto.suite import PaceSuite
from harness.profile import Content, Interface, Pace, PaceOffer, PinRules, Profile

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
        "CHAT": "PACE takes the announcement of a kind of terminal (CHAT)",
        "CAN": "PACE takes the CAN",
        "PIN": "PACE takes the PIN",
        "PUK": "PACE takes the PUK",
        "SUSPEND": "the last try of the PIN is suspended until the CAN was given",
        "PIN-MANAGEMENT": "the PIN of PACE is changed and unblocked by RESET RETRY COUNTER",
        "PUK-RENEWS": "the channel of the PUK sets a new PIN of PACE",
        "PIN1": "PIN1 is verified by VERIFY",
        "PIN2": "PIN2 is verified by VERIFY",
        "PIN2-CHANGE": "PIN2 can be changed",
        "PIN2-INITIAL": "PIN2 comes with a first value that signs nothing until it is changed",
        "PUK-FIRST": "a code is unblocked by its new value alone, once the PUK was verified",
        "PUK-VERIFY": "the PUK is offered by a command",
        "CHANGE": "PIN1 can be changed",
        "AUTHENTICATE": "a key proves a login after PIN1",
        "SIGN": "a key signs after PIN2",
        "DECIPHER": "a key deciphers after PIN1",
        "CERTIFICATES": "certificates of the holder can be read",
        "PERSONAL-DATA": "files with the holder's data can be read",
        "CARD-ACCESS": "EF.CardAccess is there",
        "CARD-SECURITY": "EF.CardSecurity is there",
        "ATR-INFO": "EF.ATR/INFO is there",
        "DIR": "EF.DIR is there",
        **{
            f"{word}-SFI": f"{name} has its short identifier"
            for word, name in (
                ("CARD-ACCESS", "EF.CardAccess"),
                ("CARD-SECURITY", "EF.CardSecurity"),
                ("ATR-INFO", "EF.ATR/INFO"),
                ("DIR", "EF.DIR"),
            )
        },
        "ODD-READ": "READ BINARY has its odd instruction, too",
        "EXPLICIT-DOMAIN": "a PACE protocol spells its domain parameters out",
        "BAC": "a channel is opened by BAC",
        "LDS": "the application of an electronic passport is there",
        "COM": "EF.COM is there",
        "SOD": "EF.SOD is there",
        **{f"DG{number}": f"data group {number} is there" for number in range(1, 17)},
        "DG3-OPEN": "data group 3 is read without terminal authentication",
        "DG4-OPEN": "data group 4 is read without terminal authentication",
        "39794-4": "data group 3 holds fingers as ISO/IEC 39794-4 has them",
        "39794-6": "data group 4 holds irises as ISO/IEC 39794-6 has them",
        "19794-5": "data group 2 holds the face as ISO/IEC 19794-5 has it",
        "39794-5": "data group 2 holds the face as ISO/IEC 39794-5 has it",
        "CA": "the chip is authenticated by key agreement with a key in data group 14",
        **{
            word + suffix: f"chip authentication by {how}{kind}"
            for word, how in (
                ("CA-KAT", "MSE:Set KAT, as with 3DES"),
                ("CA-AT", "MSE:Set AT and GENERAL AUTHENTICATE, as with AES"),
            )
            for suffix, kind in (
                ("", ""),
                ("-DH", ", over a prime field group"),
                ("-ECDH", ", over an elliptic curve"),
            )
        },
        "AA": "the chip signs a challenge with a key in data group 15",
        "AA-RSA": "active authentication with RSA",
        "AA-ECDSA": "active authentication with ECDSA",
        "TA": "terminal authentication for the application of a passport",
        "TA2": "terminal authentication, version 2",
        "CA2": "chip authentication, version 2",
        "CA3": "chip authentication, version 3",
        "CARD-INFO": "EF.CardAccess points to a description of the card",
        "PSA-INFO": "pseudonymous signature authentication is listed",
        "PRIVILEGED-INFO": "security infos for privileged terminals are listed",
        "RI": "restricted identification",
        "RI-DOMAIN": "restricted identification with domain parameters of its own",
        "CONTACT": "the application is offered over contact",
        "CONTACTLESS": "the application is offered without contact",
        "EXTENDED-LENGTH": "commands and answers of extended length",
        "EID": "a card with the codes and keys of a holder, not only a travel document",
        "APPLICATION": "there are applications that are selected by their names",
        "APPLICATION-P2": "without contact only some P2 select an application",
        "LOCAL-PIN2": "PIN2 belongs to one application, which is selected by its name",
        "TWO-TEMPLATES": "login and signature are chosen by templates of their own",
        "LOGOFF": "a command ends every verification",
        "SINGLE-USE": "the signing key wants its PIN anew for each signature",
        "PUK-FIXED": "the PUK cannot be changed",
        "PERSONAL-CODE": "a file holds the personal code",
        "NAMES": "files hold surname and given names",
        "BALTIC-CODE": "the personal code is an Estonian or Lithuanian one",
        "DOCUMENT-NUMBER": "files hold the document number",
        "EXPIRY": "a file holds the day of expiry",
        "SIZE": "the control information of certificates tells their size",
        "HOLD": "a limit for how long a whole read may take",
        "ISSUERS": "the card holds the certificates of its issuers",
        "DELAY": "wrong CANs are answered later and later",
    }
)

_FILE_WORDS: Mapping[Content, str] = MappingProxyType(
    {
        Content.CARD_ACCESS: "CARD-ACCESS",
        Content.CARD_SECURITY: "CARD-SECURITY",
        Content.ATR_INFO: "ATR-INFO",
        Content.DIRECTORY: "DIR",
        Content.LDS_COM: "COM",
        Content.LDS_SOD: "SOD",
        **{each: each.upper() for each in Content if each.startswith("dg")},
    }
)

_HOLDER_WORDS: Mapping[str, frozenset[Content]] = MappingProxyType(
    {
        "PERSONAL-CODE": frozenset((Content.PERSONAL_CODE,)),
        "NAMES": frozenset((Content.SURNAME, Content.GIVEN_NAMES)),
        "DOCUMENT-NUMBER": frozenset((Content.DOCUMENT_NUMBER,)),
        "EXPIRY": frozenset((Content.EXPIRY_DATE,)),
        "ISSUERS": frozenset((Content.ISSUING_CERTIFICATE, Content.ROOT_CERTIFICATE)),
    }
)


def declared(profile: Profile, offer: PaceOffer | None = None) -> frozenset[str]:
    """All words of `WORDS` that hold for a profile, with `offer` as if it were its only PACE."""
    parts = (
        _channel(profile, offer),
        _selection(profile),
        _codes(profile),
        _contents(profile),
        _holder(profile),
        _passport(profile),
    )
    words = frozenset(chain.from_iterable(parts))
    assert words <= WORDS.keys()  # noqa: S101 - each word is explained
    return words


def _channel(profile: Profile, only: PaceOffer | None) -> Iterator[str]:
    for interface in profile.interfaces:
        yield "CONTACT" if interface is Interface.CONTACT else "CONTACTLESS"
    if profile.transmission.extended_length:
        yield "EXTENDED-LENGTH"
    if profile.transmission.odd_read:
        yield "ODD-READ"
    if profile.bac is not None:
        yield "BAC"
    if profile.pace is not None:
        yield from _pace(profile.pace, only)


def _pace(pace: Pace, only: PaceOffer | None) -> Iterator[str]:
    yield "PACE"
    yield from pace.passwords
    if any(PaceSuite.of(each.oid).mapping == "CAM" for each in pace.offers):
        yield "CAM-CHIP"
    for offer in pace.offers if only is None else (only,):
        suite = PaceSuite.of(offer.oid)
        yield f"PACE-{suite.key_agreement}"
        yield f"PACE-{suite.mapping}"
        if offer.explicit_id is not None:
            yield "EXPLICIT-DOMAIN"
    if len({offer.oid for offer in pace.offers}) == len(pace.offers):
        yield "ONE-DOMAIN"
        if pace.parameter_reference == "optional":
            yield "NO-84"
    if pace.authorities:
        yield "CHAT"
    if pace.delay is not None:
        yield "DELAY"


def _selection(profile: Profile) -> Iterator[str]:
    if profile.family != "emrtd":
        yield "EID"
    if any(place.aid for place in profile.directories.values()):
        yield "APPLICATION"
    if profile.select.contactless_application_p2:
        yield "APPLICATION-P2"
    if any(file.length == "fcp" for file in profile.files.values()):
        yield "SIZE"
    if profile.radio is not None and profile.radio.hold_seconds is not None:
        yield "HOLD"


def _codes(profile: Profile) -> Iterator[str]:
    for name, rules in profile.pins.items():
        if rules.method == "verify":
            yield "PUK-VERIFY" if name == "PUK" else name
    puk, pin2 = profile.pins.get("PUK"), profile.pins.get("PIN2")
    if puk is not None and puk.method == "verify" and not puk.changeable:
        yield "PUK-FIXED"
    if pin2 is not None:
        yield from _pin2(profile, pin2)
    if profile.family == "belpic":
        yield "LOGOFF"
    if profile.family == "ias-ecc":
        yield "TWO-TEMPLATES"
    pin1 = profile.pins.get("PIN1")
    if pin1 is not None and pin1.changeable:
        yield "CHANGE"
    yield from _pace_codes(profile)
    for key in profile.keys.values():
        uses = {"AUTHENTICATE": key.authenticate, "SIGN": key.sign, "DECIPHER": key.decipher}
        yield from (word for word, references in uses.items() if references)
        if key.sign and (key.each_time or profile.pins[key.pin].single_use):
            yield "SINGLE-USE"


def _pace_codes(profile: Profile) -> Iterator[str]:
    pin = profile.pins.get("PIN1")
    if pin is not None and pin.suspended:
        yield "SUSPEND"
    if pin is not None and pin.puk_renews:
        yield "PUK-RENEWS"
    if profile.family == "npa":
        yield "PIN-MANAGEMENT"


def _pin2(profile: Profile, pin2: PinRules) -> Iterator[str]:
    if pin2.changeable:
        yield "PIN2-CHANGE"
    family = {"ias-classic": "PIN2-INITIAL", "ias-ecc": "PUK-FIRST"}
    if profile.family in family:
        yield family[profile.family]
    by_name = profile.directories[pin2.directory].select == "aid"
    if pin2.scope == "local" and by_name:
        yield "LOCAL-PIN2"


def _contents(profile: Profile) -> Iterator[str]:
    if profile.keys:
        yield "CERTIFICATES"
    if profile.personal_files:
        yield "PERSONAL-DATA"
    for file in profile.files.values():
        if (word := _FILE_WORDS.get(file.content)) is None:
            continue
        yield word
        if file.sfi is not None and f"{word}-SFI" in WORDS:
            yield f"{word}-SFI"
        if file.needs != "terminal-authentication" and f"{word}-OPEN" in WORDS:
            yield f"{word}-OPEN"


def _passport(profile: Profile) -> Iterator[str]:
    if profile.lds is not None:
        yield from ("LDS", "19794-5")
    for protocol in profile.chip_authentication:
        agreement, cipher = protocol.oid.split(".")[-2:]
        way = "CA-KAT" if cipher == "1" else "CA-AT"
        yield from ("CA", way, f"{way}-{'DH' if agreement == '1' else 'ECDH'}")
    if (active := profile.active_authentication) is not None:
        yield from ("AA", "AA-RSA" if active.kind.startswith("rsa-") else "AA-ECDSA")


def _holder(profile: Profile) -> Iterator[str]:
    held = {file.content for file in profile.files.values()}
    held |= {each for file in profile.files.values() for each in file.records.values()}
    yield from (word for word, contents in _HOLDER_WORDS.items() if held >= contents)
    if Content.PERSONAL_CODE in held and profile.country in ("EST", "LTU"):
        yield "BALTIC-CODE"
