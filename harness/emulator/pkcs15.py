"""The PKCS#15 directory files of a card, made from its profile (ISO/IEC 7816-15, 8)."""

from __future__ import annotations

from collections.abc import Iterator

from harness import tlv
from harness.profile import Content, File, KeyRules, PinRules, Profile
from harness.profile.words import KeyName, PinName

_LABELS = {"authentication": "Authentication", "signing": "Signature"}
_IDS = {"authentication": 0x01, "signing": 0x02, "PIN1": 0x01, "PIN2": 0x02, "PUK": 0x03}
_SIGN, _SIGN_FOR_GOOD = bytes.fromhex("0520"), bytes.fromhex("062040")  # ISO/IEC 7816-15, 8.4.1
_PRIVATE, _PUBLIC = bytes.fromhex("0780"), bytes.fromhex("0600")
_CODE_FLAGS = bytes.fromhex("020C")  # initialized, needs padding
_ECDSA, _RSA = 0x1041, 0x0001
_LINKS = (
    (0xA8, Content.PKCS15_CODES),
    (0xA0, Content.PKCS15_KEYS),
    (0xA4, Content.PKCS15_CERTIFICATES),
)


def objects(profile: Profile, file: File) -> bytes:
    """EF.OD: where the other directory files lie, each by its file identifier."""
    return b"".join(
        tlv.encode(tag, _path(other.fid))
        for tag, content in _LINKS
        for other in profile.files.values()
        if other.content is content and other.directory == file.directory
    )


def token(profile: Profile, file: File) -> bytes:
    """EF.TokenInfo with the algorithms of the keys that lie here."""
    algorithms = b"".join(
        tlv.encode(
            0x30,
            _integer(number),
            _integer(_RSA if key.is_rsa else _ECDSA),
            tlv.encode(0x05),
            tlv.encode(0x03, bytes.fromhex("0640")),
            _own_reference((key.authenticate or key.sign or (b"",))[0]),
        )
        for number, (_, key) in enumerate(_keys(profile, file), start=1)
    )
    return tlv.encode(
        0x30,
        _integer(0),
        tlv.encode(0x04, profile.name.encode()),
        tlv.encode(0x0C, b"eidrig"),
        tlv.encode(0x80, profile.title.encode()),
        tlv.encode(0x03, bytes.fromhex("0780")),
        tlv.encode(0xA2, algorithms),
    )


def _own_reference(algorithm: bytes) -> bytes:
    """The card's own number of an algorithm; nothing where MSE:SET names none."""
    return _integer(int.from_bytes(algorithm)) if algorithm else b""


def private_keys(profile: Profile, file: File) -> bytes:
    """EF.PrKD: the keys with their references, uses and codes."""
    return b"".join(_private_key(profile, *each) for each in _keys(profile, file))


def _private_key(profile: Profile, name: KeyName, key: KeyRules) -> bytes:
    usage = _SIGN if name == "authentication" else _SIGN_FOR_GOOD
    home = bytes.fromhex(profile.directories[key.directory].path.replace("/", ""))
    bits = int(key.kind.partition("-")[2]) if key.is_rsa else int(key.kind[4:7])
    return tlv.encode(
        0x30 if key.is_rsa else 0xA0,
        tlv.encode(0x30, _label(name), tlv.encode(0x03, _PRIVATE), _id(key.pin)),
        tlv.encode(0x30, _id(name), tlv.encode(0x03, usage), _integer(key.reference)),
        tlv.encode(0xA1, tlv.encode(0x30, _path(home), _integer(bits))),
    )


def certificates(profile: Profile, file: File) -> bytes:
    """EF.CD: the certificates of the keys and where they lie."""
    found = []
    for name, key in _keys(profile, file):
        held = profile.file_with(key.certificate)
        path = held.fid
        if held.directory != file.directory:
            path = bytes.fromhex(profile.directories[held.directory].path.replace("/", "")) + path
        found.append(
            tlv.encode(
                0x30,
                tlv.encode(0x30, _label(name), tlv.encode(0x03, _PUBLIC)),
                tlv.encode(0x30, _id(name)),
                tlv.encode(0xA1, tlv.encode(0x30, _path(path))),
            )
        )
    return b"".join(found)


def codes(profile: Profile, file: File) -> bytes:
    """EF.AOD: the codes that protect the keys which lie here."""
    wanted = dict.fromkeys(key.pin for _, key in _keys(profile, file))
    return b"".join(_code(profile, name, profile.pins[name]) for name in wanted)


def _code(profile: Profile, name: PinName, rules: PinRules) -> bytes:
    home = bytes.fromhex(profile.directories[rules.directory].path.replace("/", ""))
    form = 0 if rules.form == "global-platform" else 1
    return tlv.encode(
        0x30,
        tlv.encode(0x30, tlv.encode(0x0C, name.encode()), tlv.encode(0x03, _PRIVATE)),
        tlv.encode(0x30, _id(name)),
        tlv.encode(
            0xA1,
            tlv.encode(
                0x30,
                tlv.encode(0x03, _CODE_FLAGS),
                tlv.encode(0x0A, bytes((form,))),
                _integer(rules.min_length),
                _integer(rules.size),
                _integer(rules.most_digits),
                tlv.encode(0x80, _unsigned(rules.reference)),
                tlv.encode(0x04, bytes((rules.pad,))),
                _path(home),
            ),
        ),
    )


def _keys(profile: Profile, file: File) -> Iterator[tuple[KeyName, KeyRules]]:
    """The keys whose directory this file describes."""
    for name, key in profile.keys.items():
        if key.directory == file.directory:
            yield name, key


def _path(path: bytes) -> bytes:
    return tlv.encode(0x30, tlv.encode(0x04, path))


def _label(name: str) -> bytes:
    return tlv.encode(0x0C, _LABELS[name].encode())


def _id(name: str) -> bytes:
    return tlv.encode(0x04, bytes((_IDS[name],)))


def _integer(value: int) -> bytes:
    return tlv.encode(0x02, _unsigned(value))


def _unsigned(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1)
