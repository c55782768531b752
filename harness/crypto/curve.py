"""The standardized elliptic curves and arithmetic on any of their points (ICAO 9303-11, 9.5.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric import ec
from fastecdsa import curve as fast
from fastecdsa.rust import Curve, Point

RandBelow = Callable[[int], int]
"""Gives a uniform integer in 0 … n-1, as `secrets.randbelow` does."""


class InvalidPointError(ValueError):
    """These bytes are not a usable point of the curve."""


@dataclass(frozen=True, slots=True)
class EcDomain:
    """One standardized curve: its parameter id and two implementations of its arithmetic.

    `openssl` is set where OpenSSL multiplies faster than fastecdsa does; it can only multiply the
    generator or deliver the x-coordinate of a product, so other points always go through fastecdsa.
    """

    parameter_id: int
    name: str
    curve: Curve
    openssl: ec.EllipticCurve | None = None

    @property
    def size(self) -> int:
        """Bytes of one coordinate."""
        return (self.curve.p.bit_length() + 7) // 8

    @property
    def generator(self) -> Point:
        """The base point."""
        return self.curve.G

    def random_scalar(self, randbelow: RandBelow) -> int:
        """A private key: uniform in 1 … q-1."""
        return 1 + randbelow(self.curve.q - 1)

    def multiply_generator(self, scalar: int) -> Point:
        """`scalar` times the base point; may be the point at infinity."""
        scalar %= self.curve.q
        if self.openssl is None or not scalar:
            return self.curve.G * scalar
        numbers = ec.derive_private_key(scalar, self.openssl).public_key().public_numbers()
        return Point(numbers.x, numbers.y, self.curve)

    def multiply(self, point: Point, scalar: int) -> Point:
        """`scalar` times `point`; may be the point at infinity."""
        return point * (scalar % self.curve.q)

    def shared_x(self, point: Point, scalar: int) -> bytes:
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
        if point == self.curve.G * 0:
            message = f"a product on {self.name} is the point at infinity"
            raise InvalidPointError(message)
        return point

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


STANDARDIZED: Mapping[int, EcDomain] = MappingProxyType(
    {
        domain.parameter_id: domain
        for domain in (
            EcDomain(8, "secp192r1", fast.P192),
            EcDomain(9, "brainpoolP192r1", fast.brainpoolP192r1),
            EcDomain(10, "secp224r1", fast.P224),
            EcDomain(11, "brainpoolP224r1", fast.brainpoolP224r1),
            EcDomain(12, "secp256r1", fast.P256, ec.SECP256R1()),
            EcDomain(13, "brainpoolP256r1", fast.brainpoolP256r1),
            EcDomain(14, "brainpoolP320r1", fast.brainpoolP320r1),
            EcDomain(15, "secp384r1", fast.P384, ec.SECP384R1()),
            EcDomain(16, "brainpoolP384r1", fast.brainpoolP384r1),
            EcDomain(17, "brainpoolP512r1", fast.brainpoolP512r1),
            EcDomain(18, "secp521r1", fast.P521, ec.SECP521R1()),
        )
    }
)
"""The elliptic curves by parameter id (ICAO 9303-11, table 6; ids 0 to 2 are not curves)."""
