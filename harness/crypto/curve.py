"""Elliptic curves and arithmetic on any of their points (ICAO 9303-11, 9.5.1 and appendix B)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, reduce
from itertools import accumulate, count, repeat
from operator import add
from types import MappingProxyType
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric import ec
from fastecdsa import curve as fast
from fastecdsa.rust import Curve, Point

from harness.crypto.domain import EcParameters, InvalidElementError, RandBelow

_WINDOW = 6  # bits; one more saves 40 us of 300 on a curve of 384 bits, and costs 15 ms more once


class InvalidPointError(InvalidElementError):
    """These bytes are not a usable point of the curve."""


@dataclass(frozen=True, slots=True)
class EcDomain:
    """One curve with cofactor 1 and two implementations of its arithmetic.

    `openssl` is set where OpenSSL multiplies faster than fastecdsa does; of a product it can only
    deliver the x-coordinate, so the y-coordinate is worked out here. `tabled` is set where sums of
    stored multiples of the base point are faster than a product. `parameter_id` is None for a curve
    that the standard gives no number.
    """

    key_agreement: ClassVar[str] = "ECDH"
    parameter_id: int | None
    name: str
    curve: Curve
    openssl: ec.EllipticCurve | None = None
    tabled: bool = False

    @property
    def size(self) -> int:
        """Bytes of one coordinate."""
        return (self.curve.p.bit_length() + 7) // 8

    @property
    def generator(self) -> Point:
        """The base point."""
        return self.curve.G

    @property
    def parameters(self) -> EcParameters:
        """The numbers that make the curve up."""
        curve = self.curve
        return EcParameters(curve.p, curve.a, curve.b, curve.G.x, curve.G.y, curve.q)

    @property
    def order(self) -> int:
        """The order of the base point."""
        return self.curve.q

    @property
    def prime(self) -> int:
        """The characteristic of the field."""
        return self.curve.p

    @property
    def takes_field_elements(self) -> bool:
        """Whether the point encoding works: it takes square roots as p ≡ 3 mod 4 has them."""
        return self.curve.p % 4 == 3

    def random_scalar(self, randbelow: RandBelow) -> int:
        """A private key: uniform in 1 … q-1."""
        return 1 + randbelow(self.curve.q - 1)

    def multiply_generator(self, scalar: int) -> Point:
        """`scalar` times the base point; may be the point at infinity."""
        scalar %= self.curve.q
        if scalar and self.tabled:
            return _sum_of_multiples(self.curve, scalar)
        if self.openssl is None or not scalar:
            return self.curve.G * scalar
        numbers = ec.derive_private_key(scalar, self.openssl).public_key().public_numbers()
        return Point(numbers.x, numbers.y, self.curve)

    def multiply(self, point: Point, scalar: int) -> Point:
        """`scalar` times `point`, which is affine; may be the point at infinity."""
        scalar %= self.curve.q
        if self.openssl is None or scalar in (0, self.curve.q - 1):
            return point * scalar
        return self._from_neighbours(
            point, self._x_of(point, scalar), self._x_of(point, scalar + 1)
        )

    def _x_of(self, point: Point, scalar: int) -> int:
        return int.from_bytes(self.shared_secret(point, scalar), "big")

    def _from_neighbours(self, point: Point, x: int, following: int) -> Point:
        """The product with x-coordinate `x`, where one `point` more leads to `following`.

        Okeya and Sakurai, CHES 2001: the chord through product and point tells the y-coordinate.
        """
        p, (px, py) = self.curve.p, (point.x, point.y)
        twice = (px * x + self.curve.a) * (px + x) + 2 * self.curve.b - following * (px - x) ** 2
        return Point(x, twice * pow(2 * py, -1, p) % p, self.curve)

    def add(self, one: Point, other: Point) -> Point:
        """The sum; may be the point at infinity."""
        return one + other

    def shared_secret(self, point: Point, scalar: int) -> bytes:
        """The x-coordinate of `scalar` times `point`, `size` bytes (BSI TR-03111, 4.3.1).

        Raises:
            InvalidPointError: the product is the point at infinity.
        """
        if self.openssl is not None:
            peer = ec.EllipticCurvePublicNumbers(point.x, point.y, self.openssl).public_key()
            return ec.derive_private_key(scalar, self.openssl).exchange(ec.ECDH(), peer)
        product = self.finite(self.multiply(point, scalar))
        return product.x.to_bytes(self.size, "big")

    def finite(self, point: Point) -> Point:
        """The point itself.

        Raises:
            InvalidPointError: it is the point at infinity.
        """
        if not point.z:
            message = f"a product on {self.name} is the point at infinity"
            raise InvalidPointError(message)
        return point

    def from_field(self, number: int) -> Point:
        """The point that a field element is mapped to (ICAO 9303-11, B.2).

        Raises:
            InvalidPointError: one of the few numbers that the encoding has no point for.
        """
        p, a, b = self.curve.p, self.curve.a, self.curve.b
        alpha = -number * number % p
        divisor = a * (alpha + alpha * alpha) % p
        if not divisor:
            message = f"a field element has no point on {self.name}"
            raise InvalidPointError(message)
        x2 = -b * (1 + alpha + alpha * alpha) * pow(divisor, -1, p) % p
        h2 = (x2**3 + a * x2 + b) % p
        root = pow(h2, p - 1 - (p + 1) // 4, p)
        if root * root * h2 % p == 1:
            return Point(x2, root * h2 % p, self.curve)
        return Point(alpha * x2 % p, root * number**3 * h2 % p, self.curve)

    def encode(self, point: Point) -> bytes:
        """Uncompressed encoding 04 || x || y (BSI TR-03111, 3.2.1)."""
        affine = point.normalize()
        return b"\x04" + affine.x.to_bytes(self.size, "big") + affine.y.to_bytes(self.size, "big")

    def decode(self, raw: bytes) -> Point:
        """Read an uncompressed point and check that it lies on the curve.

        Raises:
            InvalidPointError: another form or length, a coordinate out of range, off the curve.
        """
        if len(raw) != 1 + 2 * self.size or raw[0] != 0x04:
            message = (
                f"a point on {self.name} is 04 and {2 * self.size} bytes, got {len(raw)} bytes"
            )
            raise InvalidPointError(message)
        x = int.from_bytes(raw[1 : 1 + self.size], "big")
        y = int.from_bytes(raw[1 + self.size :], "big")
        if max(x, y) >= self.curve.p:
            message = f"a coordinate is not below the prime of {self.name}"
            raise InvalidPointError(message)
        try:
            return Point(x, y, self.curve)
        except ValueError as error:
            message = f"a point does not lie on {self.name}"
            raise InvalidPointError(message) from error


def _sum_of_multiples(curve: Curve, scalar: int) -> Point:
    """`scalar`, from 1 to q-1, times the base point: a stored multiple for each digit.

    Digits of `_WINDOW` bits (Brickell, Gordon, McCurley and Wilson, EUROCRYPT 1992).
    """
    digits = (scalar >> _WINDOW * place & (1 << _WINDOW) - 1 for place in count())
    parts = (row[digit] for row, digit in zip(_multiples(curve), digits, strict=False) if digit)
    return reduce(add, parts)


@cache
def _multiples(curve: Curve) -> tuple[tuple[Point, ...], ...]:
    """Row i holds 0 to 2^w - 1 times 2^(w·i) times the base point, w being `_WINDOW`."""
    rows, unit = [], curve.G
    for _ in range(0, curve.q.bit_length(), _WINDOW):
        row = [unit * 0, *accumulate(repeat(unit, (1 << _WINDOW) - 1), add)]
        rows.append(tuple(row))
        unit = row[-1] + unit
    return tuple(rows)


STANDARDIZED: Mapping[int, EcDomain] = MappingProxyType(
    {
        number: EcDomain(number, name, curve, openssl, tabled=name.startswith("brainpool"))
        for number, name, curve, openssl in (
            (8, "secp192r1", fast.P192, None),
            (9, "brainpoolP192r1", fast.brainpoolP192r1, None),
            (10, "secp224r1", fast.P224, ec.SECP224R1()),
            (11, "brainpoolP224r1", fast.brainpoolP224r1, None),
            (12, "secp256r1", fast.P256, ec.SECP256R1()),
            (13, "brainpoolP256r1", fast.brainpoolP256r1, None),
            (14, "brainpoolP320r1", fast.brainpoolP320r1, None),
            (15, "secp384r1", fast.P384, ec.SECP384R1()),
            (16, "brainpoolP384r1", fast.brainpoolP384r1, None),
            (17, "brainpoolP512r1", fast.brainpoolP512r1, None),
            (18, "secp521r1", fast.P521, ec.SECP521R1()),
        )
    }
)
"""The elliptic curves by parameter id (ICAO 9303-11, table 12)."""
