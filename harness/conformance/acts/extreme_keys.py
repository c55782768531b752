"""Public keys at the edges: coordinates near zero or the prime, and keys that are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.crypto.domain import Domain, InvalidElementError
from harness.crypto.standardized import DOMAINS

Wanted = Callable[[int, int, int], bool]
"""Whether x and y of a point over a field of this size are what is looked for."""

_PART = 256
"""An edge is the lowest or the highest of so many equal parts of the field."""


def small_x(x: int, y: int, prime: int) -> bool:  # noqa: ARG001 - one of four alike
    """An x-coordinate that begins with zeros."""
    return x * _PART < prime


def large_x(x: int, y: int, prime: int) -> bool:  # noqa: ARG001 - one of four alike
    """An x-coordinate just below the prime."""
    return (prime - x) * _PART < prime


def small_y(x: int, y: int, prime: int) -> bool:
    """A y-coordinate that begins with zeros."""
    return small_x(y, x, prime)


def large_y(x: int, y: int, prime: int) -> bool:
    """A y-coordinate just below the prime."""
    return large_x(y, x, prime)


def scalar_for(domain: Domain[Any], base: Any, start: int, wanted: Wanted) -> int:  # noqa: ANN401
    """The first scalar from `start` whose multiple of `base`, a point, is what is looked for."""
    scalar, point = start, domain.multiply(base, start)
    while not wanted(*coordinates(domain.encode(point)), domain.prime):
        scalar, point = scalar + 1, domain.add(point, base)
    return scalar % domain.order


def coordinates(encoded: bytes) -> tuple[int, int]:
    """The coordinates x and y of an uncompressed point."""
    half = len(encoded) // 2
    return int.from_bytes(encoded[1 : half + 1], "big"), int.from_bytes(encoded[half + 1 :], "big")


def origin(public: bytes) -> bytes:
    """(0, 0), which lies on no curve of the standard, as long as a point."""
    return public[:1] + bytes(len(public) - 1)


def zeros(public: bytes) -> bytes:
    """Zero, as long as a key."""
    return bytes(len(public))


def above_prime(public: bytes, domain: Domain[Any]) -> bytes:
    """The key and the prime: the same to a card that only reduces, but no element."""
    return (
        (int.from_bytes(public, "big") + domain.prime)
        .to_bytes(len(public) + 1, "big")
        .lstrip(b"\0")
    )


def off_curve(public: bytes, domain: Domain[Any]) -> bytes:
    """A point whose y-coordinate was changed, so that it lies on another curve."""
    for last in range(256):
        changed = public[:-1] + bytes((last,))
        try:
            domain.decode(changed)
        except InvalidElementError:
            return changed
    message = "every point is on the curve"
    raise AssertionError(message)


def bad_encoding(public: bytes) -> bytes:
    """A point whose first byte announces no encoding there is (BSI TR-03111, 3.2)."""
    return b"\x05" + public[1:]


def of_other_size(domain: Domain[Any]) -> bytes:
    """A valid key of the group of the same kind that is next in size."""
    others = [
        each
        for each in DOMAINS.values()
        if each.key_agreement == domain.key_agreement
        and each.prime.bit_length() != domain.prime.bit_length()
    ]
    nearest = min(
        others, key=lambda other: abs(other.prime.bit_length() - domain.prime.bit_length())
    )
    return nearest.encode(nearest.multiply_generator(2))
