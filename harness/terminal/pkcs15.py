"""Where a card says that keys and certificates lie: the files of PKCS#15 (ISO/IEC 7816-15, 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness import tlv
from harness.errors import ProtocolViolation
from harness.profile import KeyName, KeyRules
from harness.tlv import Tlv, TlvError

_CLAUSE = "ISO/IEC 7816-15, 8"
_OID_BYTES = 2
_MF = b"\x3f\x00"
_RSA_KEY, _EC_KEY = 0x30, 0xA0
_X509 = 0x30
_TYPE_ATTRIBUTES, _PATH, _ID, _BITS, _INTEGER = 0xA1, 0x30, 0x04, 0x03, 0x02
_ALGORITHMS, _ALGORITHM_REFERENCES = 0xA2, 0xA1
_ALWAYS_NUMBERS = 2  # reference and algorithm; the card's own reference comes last, 8.3
_NON_REPUDIATION = 9  # the bit of KeyUsageFlags, 8.4.1
_COMPUTE_SIGNATURE = 1  # the bit of Operations, 8.3


@dataclass(frozen=True, slots=True)
class Place:
    """A file as a directory names it: the path of its DF from the MF, and its identifier."""

    directory: str
    fid: bytes

    def __str__(self) -> str:
        return f"{self.directory}/{self.fid.hex().upper()}"

    @classmethod
    def of(cls, path: bytes, home: str) -> Place:
        """The file at a path that is absolute, or relative to the application's DF."""
        if len(path) % _OID_BYTES or not path:
            message = f"a path of {len(path)} bytes is no row of file identifiers"
            raise ProtocolViolation(message, _CLAUSE)
        fids = [path[at : at + 2].hex().upper() for at in range(0, len(path), 2)]
        whole = fids if path.startswith(_MF) else [*home.split("/"), *fids]
        return cls("/".join(whole[:-1]), bytes.fromhex(whole[-1]))


@dataclass(frozen=True, slots=True)
class Located:
    """What the directory says of one key and its certificate.

    `reference` and `algorithm` are those that MSE:SET names; None where it does not say.
    """

    certificate: Place
    is_rsa: bool
    reference: int | None
    algorithm: bytes | None


@dataclass(frozen=True, slots=True)
class _Key:
    identifier: bytes
    is_rsa: bool
    usage: bytes
    reference: int | None
    algorithms: tuple[int, ...]

    @property
    def is_for_good(self) -> bool:
        """Whether its signatures bind the holder, which a login's do not."""
        return _has_bit(self.usage, _NON_REPUDIATION)


def object_directories(ef_od: bytes, home: str) -> dict[int, Place]:
    """EF.OD: where the other directory files lie, by the tag of their kind (first of each).

    Raises:
        ProtocolViolation: malformed.
    """
    found: dict[int, Place] = {}
    for entry in _objects(ef_od, "EF.OD"):
        path = _path(_children(entry, "EF.OD"), "EF.OD")
        found.setdefault(entry.tag, Place.of(path, home))
    return found


def locate(name: KeyName, home: str, keys: bytes, certificates: bytes, token: bytes) -> Located:
    """The key for a use among those that EF.PrKD lists, with the certificate of the same number.

    A key that is alone serves; of several the one for signing has the usage nonRepudiation.

    Raises:
        ProtocolViolation: a file is malformed, or there is no such key or no certificate for it.
    """
    key = _chosen(name, [_key(entry) for entry in _objects(keys, "EF.PrKD")])
    for entry in _objects(certificates, "EF.CD"):
        _, own, *_ = parts = _at_least(_children(entry, "EF.CD"), 3, "EF.CD")
        if entry.tag == _X509 and tlv.find(_children(own, "EF.CD"), _ID) == key.identifier:
            path = _path(_inner(parts, _TYPE_ATTRIBUTES, "EF.CD"), "EF.CD")
            algorithm = _algorithm(key, token)
            return Located(Place.of(path, home), key.is_rsa, key.reference, algorithm)
    message = f"EF.CD lists no certificate for the {name} key"
    raise ProtocolViolation(message, _CLAUSE)


def differences(name: KeyName, key: KeyRules, expected: Place, found: Located) -> Iterator[str]:
    """Where the directory says otherwise than a profile that has the certificate at `expected`."""
    pairs: Iterable[tuple[str, object, object]] = (
        ("certificate", str(found.certificate), str(expected)),
        ("kind", "RSA" if found.is_rsa else "EC", "RSA" if key.is_rsa else "EC"),
        ("reference", found.reference, key.reference),
    )
    for what, said, known in pairs:
        if said is not None and said != known:
            yield f"PKCS#15 has {what} {said} for the {name} key, the profile {known}"


def _chosen(name: KeyName, keys: list[_Key]) -> _Key:
    fitting = [key for key in keys if key.is_for_good == (name == "signing")]
    if fitting or len(keys) == 1:
        return (fitting or keys)[0]
    message = f"EF.PrKD does not tell which of {len(keys)} keys is the {name} key"
    raise ProtocolViolation(message, _CLAUSE)


def _key(entry: Tlv) -> _Key:
    if entry.tag not in (_RSA_KEY, _EC_KEY):
        message = f"EF.PrKD has a key of the unknown kind {entry.tag:X}"
        raise ProtocolViolation(message, _CLAUSE)
    _, own, *_ = _at_least(_children(entry, "EF.PrKD"), 3, "EF.PrKD")
    values = _children(own, "EF.PrKD")
    reference = tlv.find(values, _INTEGER)
    named = tlv.find(values, _ALGORITHM_REFERENCES)
    return _Key(
        identifier=tlv.find(values, _ID) or b"",
        is_rsa=entry.tag == _RSA_KEY,
        usage=tlv.find(values, _BITS) or b"",
        reference=None if reference is None else int.from_bytes(reference),
        algorithms=tuple(int.from_bytes(each.value) for each in _objects(named or b"", "EF.PrKD")),
    )


def _algorithm(key: _Key, token: bytes) -> bytes | None:
    """The algorithm reference of the one algorithm in EF.TokenInfo that is meant for the key."""
    where = "EF.TokenInfo"
    outer = _objects(token, where)
    listed = tlv.find(_children(outer[0], where), _ALGORITHMS) if outer else None
    entries = [_children(entry, where) for entry in _objects(listed or b"", where)]
    found = [number for entry in entries for number in _signing_algorithm(key, entry)]
    return found[0] if len(found) == 1 else None


def _signing_algorithm(key: _Key, entry: tuple[Tlv, ...]) -> Iterator[bytes]:
    """The card's reference of an AlgorithmInfo, if it has one and is for signatures of the key."""
    numbers = [each.value for each in entry if each.tag == _INTEGER]
    has_own = len(numbers) > _ALWAYS_NUMBERS
    signs = _has_bit(tlv.find(entry, _BITS) or b"", _COMPUTE_SIGNATURE)
    is_meant = not key.algorithms or int.from_bytes(b"".join(numbers[:1])) in key.algorithms
    if has_own and signs and is_meant:
        yield numbers[-1].lstrip(b"\0") or b"\0"


def _has_bit(bits: bytes, number: int) -> bool:
    """Whether a BIT STRING has this bit, counted from the first (ISO/IEC 8825-1, 8.6)."""
    at = 1 + number // 8
    return len(bits) > at and bool(bits[at] >> 7 - number % 8 & 1)


def _path(parts: tuple[Tlv, ...], where: str) -> bytes:
    """The path in the first SEQUENCE, or in the first one inside that."""
    for _ in range(2):
        parts = next((_children(part, where) for part in parts if part.tag == _PATH), ())
        if (found := tlv.find(parts, _ID)) is not None:
            return found
    message = f"an entry of {where} tells no path"
    raise ProtocolViolation(message, _CLAUSE)


def _inner(parts: tuple[Tlv, ...], tag: int, where: str) -> tuple[Tlv, ...]:
    for part in parts:
        if part.tag == tag:
            return _children(part, where)
    message = f"an entry of {where} lacks {tag:X}"
    raise ProtocolViolation(message, _CLAUSE)


def _at_least(parts: tuple[Tlv, ...], count: int, where: str) -> tuple[Tlv, ...]:
    if len(parts) >= count:
        return parts
    message = f"an entry of {where} has {len(parts)} parts, not {count}"
    raise ProtocolViolation(message, _CLAUSE)


def _objects(raw: bytes, where: str) -> tuple[Tlv, ...]:
    try:
        return tlv.parse_filled(raw)
    except TlvError as error:
        raise _malformed(where, error) from error


def _children(entry: Tlv, where: str) -> tuple[Tlv, ...]:
    try:
        return entry.children()
    except TlvError as error:
        raise _malformed(where, error) from error


def _malformed(where: str, error: TlvError) -> ProtocolViolation:
    return ProtocolViolation(f"{where} is malformed: {error}", _CLAUSE)
