"""Domain parameters as an AlgorithmIdentifier (ICAO 9303-11, 9.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from harness import tlv
from harness.crypto.domain import DhParameters, Domain, EcParameters
from harness.crypto.standardized import DOMAINS
from harness.security_info import (
    SecurityInfoError,
    decode_integer,
    decode_oid,
    encode_integer,
    encode_oid,
)
from harness.tlv import Tlv, TlvError

_STANDARDIZED = encode_oid("0.4.0.127.0.7.1.2")
_EC_PUBLIC_KEY = encode_oid("1.2.840.10045.2.1")
_PRIME_FIELD = encode_oid("1.2.840.10045.1.1")
_DH_PUBLIC_NUMBER = encode_oid("1.2.840.10046.2.1")
_DH_KEY_AGREEMENT = encode_oid("1.2.840.113549.1.3.1")
_NAMED_CURVES: Mapping[bytes, int] = MappingProxyType(
    {
        encode_oid(oid): number
        for oid, number in (
            ("1.2.840.10045.3.1.1", 8),
            ("1.3.36.3.3.2.8.1.1.3", 9),
            ("1.3.132.0.33", 10),
            ("1.3.36.3.3.2.8.1.1.5", 11),
            ("1.2.840.10045.3.1.7", 12),
            ("1.3.36.3.3.2.8.1.1.7", 13),
            ("1.3.36.3.3.2.8.1.1.9", 14),
            ("1.3.132.0.34", 15),
            ("1.3.36.3.3.2.8.1.1.11", 16),
            ("1.3.36.3.3.2.8.1.1.13", 17),
            ("1.3.132.0.35", 18),
        )
    }
)
"""Curves by object identifier, as certificates have them (RFC 5480, 2.1.1.1; RFC 5639, 4.1)."""
_MOST_BYTES = 1024
"""The longest number taken for a domain parameter; the longest in use has 256 bytes."""


class UnknownDomainError(SecurityInfoError):
    """Well-formed domain parameters that nobody vouches for.

    Insecure ones give the password away, so only those known beforehand are used (9303-11, 9.2.2).
    """


def encode_parameters(domain: Domain[Any], *, explicit: bool = False) -> bytes:
    """A group as an AlgorithmIdentifier: its number if it has one, else all its parameters."""
    if domain.parameter_id is not None and not explicit:
        return _algorithm(_STANDARDIZED, encode_integer(domain.parameter_id))
    match domain.parameters:
        case EcParameters() as curve:
            return _algorithm(_EC_PUBLIC_KEY, _encode_curve(curve))
        case DhParameters() as group:
            numbers = map(encode_integer, (group.p, group.g, group.q))
            return _algorithm(_DH_PUBLIC_NUMBER, tlv.encode(0x30, *numbers))


def _algorithm(oid: bytes, parameters: bytes) -> bytes:
    return tlv.encode(0x30, tlv.encode(0x06, oid), parameters)


def _encode_curve(curve: EcParameters) -> bytes:
    size = (curve.p.bit_length() + 7) // 8
    a, b, x, y = (each.to_bytes(size, "big") for each in (curve.a, curve.b, curve.x, curve.y))
    return tlv.encode(
        0x30,
        encode_integer(1),
        tlv.encode(0x30, tlv.encode(0x06, _PRIME_FIELD), encode_integer(curve.p)),
        tlv.encode(0x30, tlv.encode(0x04, a), tlv.encode(0x04, b)),
        tlv.encode(0x04, b"\x04", x, y),
        encode_integer(curve.q),
        encode_integer(curve.cofactor),
    )


def parse_parameters(algorithm: Tlv, trusted: Iterable[Domain[Any]] = ()) -> Domain[Any]:
    """The group that an AlgorithmIdentifier names or spells out.

    Explicit parameters are taken where they are those of a standardized or a `trusted` group.

    Raises:
        UnknownDomainError: a number or explicit parameters of no known group.
        SecurityInfoError: malformed, or another algorithm.
    """
    try:
        return _parse(algorithm, (*DOMAINS.values(), *trusted))
    except TlvError as error:
        message = f"malformed domain parameters: {error}"
        raise SecurityInfoError(message) from error


def _parse(algorithm: Tlv, known: Iterable[Domain[Any]]) -> Domain[Any]:
    match algorithm.children() if algorithm.tag == 0x30 else ():
        case (Tlv(0x06, oid), parameters) if oid == _STANDARDIZED:
            return _numbered(decode_integer(parameters))
        case (Tlv(0x06, oid), Tlv(0x30) as parameters) if oid == _EC_PUBLIC_KEY:
            return _vouched_for(_parse_curve(parameters.children()), known)
        case (Tlv(0x06, oid), Tlv(0x06, name)) if oid == _EC_PUBLIC_KEY:
            return _named(name)
        case (Tlv(0x06, oid), Tlv(0x30) as parameters) if oid == _DH_PUBLIC_NUMBER:
            return _vouched_for(_parse_group(parameters.children()), known)
        case (Tlv(0x06, oid), Tlv(0x30) as parameters) if oid == _DH_KEY_AGREEMENT:
            return _of_known_order(parameters.children(), known)
    message = "domain parameters are a number, a curve over a prime field, or p, g and q"
    raise SecurityInfoError(message)


def _numbered(number: int) -> Domain[Any]:
    if number not in DOMAINS:
        message = f"there are no standardized domain parameters {number}"
        raise UnknownDomainError(message)
    return DOMAINS[number]


def _named(oid: bytes) -> Domain[Any]:
    if oid not in _NAMED_CURVES:
        message = f"the curve {decode_oid(oid)} is not known to be secure"
        raise UnknownDomainError(message)
    return DOMAINS[_NAMED_CURVES[oid]]


def _of_known_order(values: tuple[Tlv, ...], known: Iterable[Domain[Any]]) -> Domain[Any]:
    """The group of a prime and a generator; PKCS#3 does not tell the order, so it must be known."""
    numbers = tuple(decode_integer(each, _MOST_BYTES) for each in values[:2])
    for domain in known:
        match domain.parameters:
            case DhParameters(p, g) if (p, g) == numbers:
                return domain
    message = "the order of a group given by prime and generator is not known"
    raise UnknownDomainError(message)


def _vouched_for(
    parameters: EcParameters | DhParameters, known: Iterable[Domain[Any]]
) -> Domain[Any]:
    for domain in known:
        if domain.parameters == parameters:
            return domain
    message = "the explicit domain parameters are not known to be secure"
    raise UnknownDomainError(message)


def _parse_group(values: tuple[Tlv, ...]) -> DhParameters:
    # j and the validation parameters behind q say nothing that is needed here.
    if len(values) < 3:
        message = "the parameters of a group are p, g and q"
        raise SecurityInfoError(message)
    return DhParameters(*(decode_integer(each, _MOST_BYTES) for each in values[:3]))


def _parse_curve(values: tuple[Tlv, ...]) -> EcParameters:
    match values:
        case (version, field, Tlv(0x30) as equation, Tlv(0x04, base), order, *rest) if (
            decode_integer(version) in (1, 2, 3) and len(rest) <= 1
        ):
            p = _parse_field(field)
            a, b = _parse_equation(equation)
            x, y = _parse_base(base)
            cofactor = decode_integer(rest[0]) if rest else 1
            return EcParameters(p, a, b, x, y, decode_integer(order, _MOST_BYTES), cofactor)
    message = "a curve is version, field, equation, base point, order and perhaps cofactor"
    raise SecurityInfoError(message)


def _parse_field(field: Tlv) -> int:
    match field.children() if field.tag == 0x30 else ():
        case (Tlv(0x06, oid), prime) if oid == _PRIME_FIELD:
            return decode_integer(prime, _MOST_BYTES)
    message = "only curves over a prime field are allowed"
    raise SecurityInfoError(message)


def _parse_equation(equation: Tlv) -> tuple[int, int]:
    match equation.children():  # a seed may follow
        case (Tlv(0x04, a), Tlv(0x04, b), *rest) if len(rest) <= 1:
            return int.from_bytes(a, "big"), int.from_bytes(b, "big")
    message = "the equation of a curve is a and b"
    raise SecurityInfoError(message)


def _parse_base(base: bytes) -> tuple[int, int]:
    half = len(base) // 2
    if len(base) % 2 == 0 or base[0] != 0x04:
        message = "the base point of a curve is not an uncompressed point"
        raise SecurityInfoError(message)
    return int.from_bytes(base[1 : 1 + half], "big"), int.from_bytes(base[1 + half :], "big")
