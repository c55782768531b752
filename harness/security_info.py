"""SecurityInfos, as EF.CardAccess lists them (ICAO 9303-11, 9.2; BSI TR-03110-3, A.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness import tlv
from harness.tlv import Tlv, TlvError

ID_PACE = "0.4.0.127.0.7.2.2.4"
ID_CHIP_AUTHENTICATION = "0.4.0.127.0.7.2.2.3"

_PACE_ARCS: Mapping[int, str] = MappingProxyType(
    {1: "DH-GM", 2: "ECDH-GM", 3: "DH-IM", 4: "ECDH-IM", 6: "ECDH-CAM"}
)
_CIPHER_ARCS: Mapping[int, str] = MappingProxyType(
    {
        1: "3DES-CBC-CBC",
        2: "AES-CBC-CMAC-128",
        3: "AES-CBC-CMAC-192",
        4: "AES-CBC-CMAC-256",
    }
)
_OTHER_OIDS: Mapping[str, str] = MappingProxyType(
    {
        "0.4.0.127.0.7.2.2.1.1": "id-PK-DH",
        "0.4.0.127.0.7.2.2.1.2": "id-PK-ECDH",
        "0.4.0.127.0.7.2.2.2": "id-TA",
        "0.4.0.127.0.7.2.2.3.1.1": "id-CA-DH-3DES-CBC-CBC",
        "0.4.0.127.0.7.2.2.3.1.2": "id-CA-DH-AES-CBC-CMAC-128",
        "0.4.0.127.0.7.2.2.3.1.3": "id-CA-DH-AES-CBC-CMAC-192",
        "0.4.0.127.0.7.2.2.3.1.4": "id-CA-DH-AES-CBC-CMAC-256",
        "0.4.0.127.0.7.2.2.3.2.1": "id-CA-ECDH-3DES-CBC-CBC",
        "0.4.0.127.0.7.2.2.3.2.2": "id-CA-ECDH-AES-CBC-CMAC-128",
        "0.4.0.127.0.7.2.2.3.2.3": "id-CA-ECDH-AES-CBC-CMAC-192",
        "0.4.0.127.0.7.2.2.3.2.4": "id-CA-ECDH-AES-CBC-CMAC-256",
        "0.4.0.127.0.7.2.2.6": "id-CI",
        "0.4.0.127.0.7.2.2.8": "id-PT",
        "2.23.136.1.1.5": "id-AA",
    }
)


_LONGEST_OID = 64  # bytes; it keeps the numbers inside printable


class SecurityInfoError(ValueError):
    """EF.CardAccess does not hold a SET of SecurityInfos."""


@dataclass(frozen=True, slots=True)
class SecurityInfo:
    """One entry: its protocol, and the values behind it as they are."""

    oid: str
    values: tuple[Tlv, ...]


@dataclass(frozen=True, slots=True)
class PaceInfo:
    """A PACE protocol the chip offers (ICAO 9303-11, 9.2.1).

    `parameter_id` is the standardized domain parameters' number, None where the chip leaves it to
    a PACEDomainParameterInfo.
    """

    oid: str
    version: int
    parameter_id: int | None


def parse_security_infos(raw: bytes) -> tuple[SecurityInfo, ...]:
    """Read the SET OF SecurityInfo at the start of `raw`.

    Real cards fill EF.CardAccess up behind the SET with zeros; that fill is accepted, anything
    else behind it is not.

    Raises:
        SecurityInfoError: not a SET, an entry without object identifier, malformed BER, or bytes
            other than zeros behind it.
    """
    try:
        whole, end = tlv.parse(raw)
        if whole.tag != 0x31:
            message = f"expected a SET (31), got tag {whole.tag:X}"
            raise SecurityInfoError(message)
        if any(raw[end:]):
            message = f"{len(raw) - end} bytes that are not fill follow the SET"
            raise SecurityInfoError(message)
        return tuple(_parse_info(entry) for entry in whole.children())
    except TlvError as error:
        message = f"malformed SecurityInfos: {error}"
        raise SecurityInfoError(message) from error


def _parse_info(entry: Tlv) -> SecurityInfo:
    values = entry.children() if entry.tag == 0x30 else ()
    if not values or values[0].tag != 0x06:
        message = "a SecurityInfo is a SEQUENCE that begins with an object identifier"
        raise SecurityInfoError(message)
    return SecurityInfo(decode_oid(values[0].value), values[1:])


def pace_infos(infos: tuple[SecurityInfo, ...]) -> tuple[PaceInfo, ...]:
    """The PACEInfos among `infos`, in the chip's order.

    Raises:
        SecurityInfoError: a PACEInfo without version, or with values that are not integers.
    """
    return tuple(parse_pace_info(info) for info in infos if is_pace_protocol(info.oid))


def is_pace_protocol(oid: str) -> bool:
    """Whether this names a whole PACE protocol: id-PACE, an agreement and mapping, a cipher."""
    return oid.startswith(f"{ID_PACE}.") and len(oid.split(".")) == len(ID_PACE.split(".")) + 2


def is_chip_authentication(oid: str) -> bool:
    """Whether this names a chip authentication protocol: id-CA, key agreement, cipher."""
    return oid.startswith(f"{ID_CHIP_AUTHENTICATION}.") and oid in _OTHER_OIDS


def parse_pace_info(info: SecurityInfo) -> PaceInfo:
    """Read one entry as a PACEInfo.

    Raises:
        SecurityInfoError: it is not a version and perhaps a parameter id.
    """
    if not 1 <= len(info.values) <= 2:
        message = f"the PACEInfo {describe_oid(info.oid)} is not version and parameter id"
        raise SecurityInfoError(message)
    version, *rest = map(decode_integer, info.values)
    return PaceInfo(info.oid, version, rest[0] if rest else None)


def encode_pace_info(info: PaceInfo) -> bytes:
    """A PACEInfo as DER."""
    values = [info.version] if info.parameter_id is None else [info.version, info.parameter_id]
    return tlv.encode(0x30, tlv.encode(0x06, encode_oid(info.oid)), *map(encode_integer, values))


def encode_integer(number: int) -> bytes:
    """An INTEGER that is not negative (ISO/IEC 8825-1, 8.3)."""
    return tlv.encode(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def decode_integer(data_object: Tlv, most_bytes: int = 4) -> int:
    """Read an INTEGER that is not negative and takes at most `most_bytes` bytes.

    Raises:
        SecurityInfoError: another type, empty, padded, negative or too long.
    """
    value = data_object.value
    padded = len(value) > 1 and value[0] == 0 and value[1] < 0x80  # ISO/IEC 8825-1, 8.3.2
    if data_object.tag != 0x02 or padded or not 1 <= len(value) <= most_bytes or value[0] >= 0x80:
        message = (
            f"expected an integer of 0 or more, got tag {data_object.tag:X}, {len(value)} bytes"
        )
        raise SecurityInfoError(message)
    return int.from_bytes(value, "big")


def describe_oid(oid: str) -> str:
    """The name of a protocol with its object identifier; an unknown one is shown as it is."""
    arcs = oid.removeprefix(f"{ID_PACE}.").split(".")
    if is_pace_protocol(oid) and all(arc.isdigit() for arc in arcs):
        agreement, cipher = (int(arc) for arc in arcs)
        if agreement in _PACE_ARCS and cipher in _CIPHER_ARCS:
            return f"id-PACE-{_PACE_ARCS[agreement]}-{_CIPHER_ARCS[cipher]} ({oid})"
    return f"{_OTHER_OIDS[oid]} ({oid})" if oid in _OTHER_OIDS else oid


def encode_oid(oid: str) -> bytes:
    """The content bytes of an object identifier (ISO/IEC 8825-1, 8.19)."""
    first, second, *rest = (int(arc) for arc in oid.split("."))
    return b"".join(_base128(arc) for arc in (first * 40 + second, *rest))


def _base128(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(0x80 | number & 0x7F)
    return bytes(reversed(digits))


def decode_oid(raw: bytes) -> str:
    """The dotted form of an object identifier's content bytes.

    Raises:
        SecurityInfoError: empty, cut short, padded, or longer than any in use.
    """
    arcs, number, start = [], 0, True
    for byte in raw if len(raw) <= _LONGEST_OID else b"":
        if start and byte == 0x80:  # ISO/IEC 8825-1, 8.19.2
            start = False
            break
        number, start = number << 7 | byte & 0x7F, not byte & 0x80
        if start:
            arcs.append(number)
            number = 0
    if not arcs or not start:
        message = f"malformed object identifier of {len(raw)} bytes"
        raise SecurityInfoError(message)
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))
