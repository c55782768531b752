"""The files of the logical data structure (ICAO 9303-10, 4.6 and 4.7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from harness import tlv
from harness.profile import Content, Lds
from harness.security_info import encode_integer, encode_oid

_TAGS = bytes.fromhex("6175637665666768696A6B6C6D6E6F70")
GROUPS: Mapping[Content, tuple[int, int]] = MappingProxyType(
    {Content(f"dg{number}"): (number, tag) for number, tag in enumerate(_TAGS, start=1)}
)
"""Number and tag of each data group."""
ID_AA = "2.23.136.1.1.5"
_PLAIN_ECDSA = "0.4.0.127.0.7.1.1.4.1"
_PLAIN_ECDSA_ARCS = {"sha1": 1, "sha224": 2, "sha256": 3, "sha384": 4, "sha512": 5}
_SEXES = {"M": 1, "F": 2}  # ISO/IEC 19794-5, 5.5.3
_IMAGE_TYPES = {"jpeg": 0, "jpeg2000": 1}  # ISO/IEC 19794-5, 5.7.2


def com(lds: Lds, held: Iterable[Content]) -> bytes:
    """EF.COM: versions, and the tags of the data groups that are there (4.6.1)."""
    tags = bytes(GROUPS[each][1] for each in GROUPS if each in set(held))
    return tlv.encode(
        0x60,
        tlv.encode(0x5F01, lds.version.encode()),
        tlv.encode(0x5F36, lds.unicode.encode()),
        tlv.encode(0x5C, tags),
    )


def dg1(zone: str) -> bytes:
    """The machine readable zone, its lines joined (4.7.1)."""
    return tlv.encode(0x61, tlv.encode(0x5F1F, zone.encode("ascii")))


def dg2(image: bytes, size: tuple[int, int], lds: Lds, sex: str, made: date) -> bytes:
    """One face of `size` pixels in a biometric template (4.7.2)."""
    record = _face_record(image, size, _IMAGE_TYPES[lds.face_format], _SEXES[sex])
    header = tlv.encode(
        0xA1,
        tlv.encode(0x80, b"\x01\x01"),  # version of the header
        tlv.encode(0x81, b"\x02"),  # a face
        tlv.encode(0x82, b"\x00"),
        tlv.encode(0x83, bytes.fromhex(f"{made:%Y%m%d}000000")),
        tlv.encode(0x87, b"\x01\x01"),  # format owner: ISO/IEC JTC 1/SC 37
        tlv.encode(0x88, b"\x00\x08"),  # format type: ISO/IEC 19794-5
    )
    return _biometric(0x75, tlv.encode(0x7F60, header, tlv.encode(0x5F2E, record)))


def no_biometrics(tag: int) -> bytes:
    """DG3 and DG4 without any finger or iris: nobody can read them (4.7.3, 4.7.4)."""
    return _biometric(tag)


def _biometric(tag: int, *templates: bytes) -> bytes:
    count = tlv.encode(0x02, bytes((len(templates),)))
    return tlv.encode(tag, tlv.encode(0x7F61, count, *templates))


def _face_record(image: bytes, size: tuple[int, int], image_type: int, sex: int) -> bytes:
    """A facial record with one full frontal image (ISO/IEC 19794-5:2005, 5.4 to 5.7)."""
    width, height = size
    unknown_look = bytes(3) + bytes(2) + bytes(3) + bytes(3)  # features, expression, pose, error
    information = bytes(2) + bytes((sex, 0, 0)) + unknown_look
    kind = bytes((1, image_type)) + width.to_bytes(2) + height.to_bytes(2)
    described = kind + bytes((1, 0)) + bytes(2) + bytes(2)  # sRGB; source, device, quality unknown
    block = 4 + len(information) + len(described) + len(image)
    facial = block.to_bytes(4) + information + described + image
    whole = 14 + len(facial)
    return b"FAC\x00010\x00" + whole.to_bytes(4) + (1).to_bytes(2) + facial


def dg7(image: bytes) -> bytes:
    """One displayed signature or usual mark (4.7.7)."""
    return tlv.encode(0x67, tlv.encode(0x02, b"\x01"), tlv.encode(0x5F43, image))


def listed(tag: int, fields: Mapping[int, bytes]) -> bytes:
    """DG11 and DG12: the tags that are there, then those objects in that order (4.7.11, 4.7.12)."""
    tags = tlv.encode(0x5C, *map(tlv.tag_bytes, fields))
    return tlv.encode(tag, tags, *(tlv.encode(each, fields[each]) for each in fields))


def dg14(infos: Iterable[bytes]) -> bytes:
    """A SET of SecurityInfos (4.7.14)."""
    return tlv.encode(0x6E, security_infos(infos))


def security_infos(infos: Iterable[bytes]) -> bytes:
    """SecurityInfos in the order of DER (ISO/IEC 8825-1, 11.6)."""
    return tlv.encode(0x31, *sorted(infos))


def active_authentication_info(hash_name: str) -> bytes:
    """Which hash ECDSA uses in active authentication (ICAO 9303-11, 9.2.8)."""
    algorithm = f"{_PLAIN_ECDSA}.{_PLAIN_ECDSA_ARCS[hash_name]}"
    oids = (tlv.encode(0x06, encode_oid(each)) for each in (ID_AA, algorithm))
    protocol, signature = oids
    return tlv.encode(0x30, protocol, encode_integer(1), signature)


def dg15(public_key_info: bytes) -> bytes:
    """The public key of active authentication (4.7.15)."""
    return tlv.encode(0x6F, public_key_info)


def dg16(people: Iterable[Mapping[int, bytes]]) -> bytes:
    """Whom to notify: one template A1, A2 … for each person (4.7.16)."""
    templates = [
        tlv.encode(0xA1 + n, *(tlv.encode(tag, said) for tag, said in person.items()))
        for n, person in enumerate(people)
    ]
    return tlv.encode(0x70, tlv.encode(0x02, bytes((len(templates),))), *templates)
