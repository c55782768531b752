"""Unit LDS_J: the content of DG15."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from harness import tlv
from harness.conformance.acts.elementary import DATA_GROUPS
from harness.conformance.case import Unit
from harness.conformance.contents.content import demand_der, objects_in, only_object, well_formed
from harness.conformance.contents.content_cases import FileCases
from harness.conformance.judgement import demand
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3
from harness.crypto.public_key import PublicKey, load_public_key
from harness.profile import Content
from harness.security_info import decode_oid

_DG15 = DATA_GROUPS[14]
_CASES = FileCases("LDS_J", _DG15, Content.DG15, ("LDS", "AA", "DG15"))
_CLAUSE = "ICAO 9303-10, 4.7.15"
_KEY_CLAUSE = "ICAO 9303-11, 6.1; RFC 5280, 4.1.2.7"
_ALGORITHMS = ("1.2.840.113549.1.1.1", "1.2.840.10045.2.1")
_SHORTEST_RSA = 1024


def _key_info(raw: bytes) -> bytes:
    return only_object(raw, _DG15.tag, _DG15.name, _CLAUSE).value


def _key(raw: bytes) -> PublicKey:
    with well_formed("a public key of RSA or on an elliptic curve in DG15", _KEY_CLAUSE):
        return load_public_key(_key_info(raw))


def _encoding(raw: bytes, subject: Subject) -> None:
    del subject
    demand_der(_key_info(raw), _DG15.name)
    infos = objects_in(_key_info(raw), _DG15.name)
    tags = [each.tag for each in infos]
    demand(tags == [0x30], "one SEQUENCE", f"{len(tags)} objects", _KEY_CLAUSE)
    inner = [each.tag for each in objects_in(infos[0].value, _DG15.name)]
    got = " ".join(f"{tag:02X}" for tag in inner)
    demand(inner == [0x30, 0x03], "algorithm and bit string (30 03)", got, _KEY_CLAUSE)


def _algorithm(raw: bytes, subject: Subject) -> None:
    with well_formed("an algorithm identifier in DG15", _KEY_CLAUSE):
        algorithm, _ = tlv.parse_one(_key_info(raw)).children()
        oid = decode_oid(tlv.find(algorithm.children(), 0x06) or b"")
    demand(oid in _ALGORITHMS, "rsaEncryption or id-ecPublicKey", oid, _KEY_CLAUSE)
    active = subject.profile.active_authentication
    assert active is not None  # noqa: S101 - the case needs AA
    is_rsa = active.kind.startswith("rsa-")
    demand((oid == _ALGORITHMS[0]) == is_rsa, f"a key of kind {active.kind}", oid, _KEY_CLAUSE)


def _value(raw: bytes, subject: Subject) -> None:
    key, active = _key(raw), subject.profile.active_authentication
    assert active is not None  # noqa: S101 - the case needs AA
    match key:
        case rsa.RSAPublicKey():
            numbers, got = key.public_numbers(), f"rsa-{key.key_size}"
            odd = numbers.e % 2 == 1 and numbers.e > 1 and numbers.n % 2 == 1
            demand(odd, "an odd modulus and exponent", "even ones", _KEY_CLAUSE)
            demand(key.key_size >= _SHORTEST_RSA, f"{_SHORTEST_RSA} bits", got, _KEY_CLAUSE)
        case ec.EllipticCurvePublicKey():
            got = key.curve.name
    demand(got == active.kind, f"a key of kind {active.kind}", got, _KEY_CLAUSE)


UNIT = Unit(
    "LDS_J",
    "What DG15 holds",
    ICAO_3,
    (
        *_CASES.template(),
        _CASES.case(
            3,
            _KEY_CLAUSE,
            "DG15 holds one SubjectPublicKeyInfo in DER.",
            "A SEQUENCE of algorithm and bit string, and nothing else.",
            _encoding,
        ),
        _CASES.case(
            4,
            _KEY_CLAUSE,
            "The algorithm in DG15 is RSA or elliptic curve, as the profile declares.",
            "Active authentication has no other.",
            _algorithm,
        ),
        _CASES.case(
            5,
            _KEY_CLAUSE,
            "The key in DG15 is a key of the kind that the profile declares.",
            "An RSA modulus of enough bits, or a point that lies on its curve.",
            _value,
        ),
    ),
)
