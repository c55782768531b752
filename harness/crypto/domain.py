"""What PACE asks of a group, whether of numbers or of points (ICAO 9303-11, 9.5 and 9.6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

RandBelow = Callable[[int], int]
"""Gives a uniform integer in 0 … n-1, as `secrets.randbelow` does."""

Element = TypeVar("Element")


class InvalidElementError(ValueError):
    """These bytes are not a usable element of the group."""


@dataclass(frozen=True, slots=True)
class EcParameters:
    """A curve y² = x³ + ax + b over GF(p) and a base point of order `q`, all as integers."""

    p: int
    a: int
    b: int
    x: int
    y: int
    q: int
    cofactor: int = 1


@dataclass(frozen=True, slots=True)
class DhParameters:
    """The numbers modulo `p`, and `g`, which generates the subgroup of prime order `q`."""

    p: int
    g: int
    q: int


class Domain(Protocol[Element]):
    """A group of prime order with a generator, written additively: `multiply` repeats `add`."""

    @property
    def key_agreement(self) -> str:
        """`DH` or `ECDH`."""
        ...

    @property
    def parameter_id(self) -> int | None:
        """The number that the standard gives the group, if any (ICAO 9303-11, table 12)."""
        ...

    @property
    def name(self) -> str:
        """What the field calls this group."""
        ...

    @property
    def parameters(self) -> EcParameters | DhParameters:
        """The numbers that make the group up."""
        ...

    @property
    def order(self) -> int:
        """The prime number of elements."""
        ...

    @property
    def prime(self) -> int:
        """The size of the field below the group."""
        ...

    @property
    def takes_field_elements(self) -> bool:
        """Whether `from_field` works here (ICAO 9303-11, table 12 and B.1)."""
        ...

    def random_scalar(self, randbelow: RandBelow) -> int:
        """A private key: uniform in 1 … order-1."""
        ...

    def multiply_generator(self, scalar: int) -> Element:
        """`scalar` times the generator; may be the neutral element."""
        ...

    def multiply(self, element: Element, scalar: int) -> Element:
        """`scalar` times `element`; may be the neutral element."""
        ...

    def add(self, one: Element, other: Element) -> Element:
        """The sum; may be the neutral element."""
        ...

    def finite(self, element: Element) -> Element:
        """The element itself.

        Raises:
            InvalidElementError: it is the neutral one.
        """
        ...

    def from_field(self, number: int) -> Element:
        """The element that a number below `prime` stands for (ICAO 9303-11, 4.4.3.3.2).

        Raises:
            InvalidElementError: this number leads nowhere.
        """
        ...

    def shared_secret(self, element: Element, scalar: int) -> bytes:
        """What both parties derive their keys from.

        Raises:
            InvalidElementError: the product is the neutral element.
        """
        ...

    def encode(self, element: Element) -> bytes:
        """A public key as it travels (ICAO 9303-11, 9.4.5)."""
        ...

    def decode(self, raw: bytes) -> Element:
        """Read and validate a public key.

        Raises:
            InvalidElementError: malformed, or not an element other than the neutral one.
        """
        ...
