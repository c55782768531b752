"""The standardized curves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from fixtures.cards import scalars
from fixtures.vectors import ICAO_G1
from harness.crypto.curve import STANDARDIZED, EcDomain, InvalidPointError

OPENSSL: dict[str, Callable[[], ec.EllipticCurve]] = {
    "secp192r1": ec.SECP192R1,
    "secp224r1": ec.SECP224R1,
    "secp256r1": ec.SECP256R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "secp384r1": ec.SECP384R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
    "secp521r1": ec.SECP521R1,
}
SIZES = {8: 24, 9: 24, 10: 28, 11: 28, 12: 32, 13: 32, 14: 40, 15: 48, 16: 48, 17: 64, 18: 66}
every_domain = pytest.mark.parametrize("domain", STANDARDIZED.values(), ids=lambda d: d.name)


def test_the_table_of_the_standard() -> None:
    """Parameter ids 8 to 18 are there, each with the field size of its curve."""
    assert {key: domain.size for key, domain in STANDARDIZED.items()} == SIZES


@every_domain
def test_two_ways_to_the_same_point(domain: EcDomain) -> None:
    """Multiplying the generator, by whatever library, agrees with repeated addition."""
    two, three = (domain.multiply_generator(k) for k in (2, 3))
    assert domain.encode(domain.generator + domain.generator) == domain.encode(two)
    assert domain.encode(two + domain.generator) == domain.encode(three)
    assert domain.encode(domain.multiply(two, 3)) == domain.encode(domain.multiply(three, 2))


def encoded(domain: EcDomain, numbers: ec.EllipticCurvePublicNumbers) -> bytes:
    """A point of OpenSSL's as it travels."""
    return b"\x04" + b"".join(n.to_bytes(domain.size, "big") for n in (numbers.x, numbers.y))


@every_domain
def test_products_of_the_base_point(domain: EcDomain) -> None:
    """Around every multiple of the order, and where one digit stands alone, as fastecdsa has it."""
    q, base = domain.order, domain.generator
    ends = (1, 2, q // 2, q - 2, q - 1, q + 1, 2 * q - 1, q * q + 1)
    alone = (digit << place for place in range(0, q.bit_length() - 6, 6) for digit in (1, 63))
    for scalar in (*ends, *alone):
        product = domain.multiply_generator(scalar)
        assert domain.encode(product) == domain.encode(base * (scalar % q))


@every_domain
@pytest.mark.parametrize("times", [0, 1, 2])
def test_the_order_leads_to_infinity(domain: EcDomain, times: int) -> None:
    """No multiple of the order is a point that could be sent."""
    with pytest.raises(InvalidPointError, match="point at infinity"):
        domain.finite(domain.multiply_generator(times * domain.order))


@given(data=st.data())
@pytest.mark.parametrize("name", OPENSSL)
def test_public_keys_as_openssl_computes_them(name: str, data: st.DataObject) -> None:
    """Any multiple of the base point is OpenSSL's, where it has the curve."""
    domain = next(each for each in STANDARDIZED.values() if each.name == name)
    scalar = data.draw(st.integers(1, domain.order - 1))
    theirs = ec.derive_private_key(scalar, OPENSSL[name]()).public_key().public_numbers()
    assert domain.encode(domain.multiply_generator(scalar)) == encoded(domain, theirs)


@every_domain
def test_products_of_any_point(domain: EcDomain) -> None:
    """A product agrees with fastecdsa's at both ends of the range and in between."""
    point, q = domain.decode(domain.encode(domain.multiply_generator(11))), domain.curve.q
    for scalar in (1, 2, 3, q // 3, q - 3, q - 2, q - 1, q + 1, q + q // 5):
        assert domain.encode(domain.multiply(point, scalar)) == domain.encode(point * (scalar % q))


@every_domain
def test_points_of_field_elements(domain: EcDomain) -> None:
    """Field elements lead to points of the curve, both ways, where the encoding works at all."""
    assert domain.takes_field_elements == (domain.name != "secp224r1")
    if domain.takes_field_elements:
        points = {domain.encode(domain.from_field(number)) for number in range(2, 40)}
        assert len(points) == 38
        assert all(domain.encode(domain.decode(each)) == each for each in points)
    for number in (0, 1, domain.prime - 1):
        with pytest.raises(InvalidPointError, match="has no point"):
            domain.from_field(number)


@pytest.mark.parametrize("name", OPENSSL)
def test_points_as_openssl_computes_them(name: str) -> None:
    """Public keys and shared secrets agree with OpenSSL where it has the curve."""
    domain = next(each for each in STANDARDIZED.values() if each.name == name)
    one, other = 0x1234567890ABCDEF << 64, 0xFEDCBA0987654321
    theirs = [ec.derive_private_key(k, OPENSSL[name]()) for k in (one, other)]
    expected = encoded(domain, theirs[0].public_key().public_numbers())
    assert domain.encode(domain.multiply_generator(one)) == expected
    shared = theirs[1].exchange(ec.ECDH(), theirs[0].public_key())
    assert domain.shared_secret(domain.decode(expected), other) == shared


@every_domain
def test_a_point_survives_its_encoding(domain: EcDomain) -> None:
    """An encoded point has 04, both coordinates in full, and is read back."""
    raw = domain.encode(domain.generator)
    assert len(raw) == 1 + 2 * domain.size
    assert domain.encode(domain.decode(raw)) == raw


@every_domain
def test_unusable_points(domain: EcDomain) -> None:
    """Infinity, other forms, wrong lengths, large coordinates and points off the curve are out."""
    good = domain.encode(domain.generator)
    large = domain.curve.p.to_bytes(domain.size, "big")
    off = good[:-1] + bytes((good[-1] ^ 1,))
    compressed = b"\x02" + good[1 : 1 + domain.size]
    for raw in (
        b"",
        b"\0",
        good[:-1],
        good + b"\0",
        b"\x02" + good[1:],
        compressed,
        off,
        b"\x04" + large * 2,
    ):
        with pytest.raises(InvalidPointError):
            domain.decode(raw)


@every_domain
def test_infinity_is_refused(domain: EcDomain) -> None:
    """A product that is the point at infinity is refused."""
    with pytest.raises(InvalidPointError, match="infinity"):
        domain.finite(domain.multiply_generator(0))
    with pytest.raises(InvalidPointError, match="infinity"):
        domain.finite(domain.multiply(domain.generator, domain.curve.q))


def test_private_keys_are_in_range() -> None:
    """The least and the greatest draw give the least and the greatest private key."""
    domain = STANDARDIZED[12]
    assert domain.random_scalar(lambda _: 0) == 1
    assert domain.random_scalar(lambda n: n - 1) == domain.curve.q - 1
    assert domain.random_scalar(scalars(42)) == 42


def test_shared_point_of_appendix_g1() -> None:
    """Both products of the worked example's mapping keys are its point H."""
    domain = STANDARDIZED[ICAO_G1.parameter_id]
    pairs = (
        (ICAO_G1.terminal_mapping[0], ICAO_G1.chip_mapping[1]),
        (ICAO_G1.chip_mapping[0], ICAO_G1.terminal_mapping[1]),
    )
    for private, public in pairs:
        product = domain.multiply(domain.decode(public), private)
        assert domain.encode(product) == ICAO_G1.shared_point


def test_coordinates_are_reduced() -> None:
    """A coordinate beyond the prime is refused even where it names a point of the curve."""
    domain = STANDARDIZED[18]
    x, y = domain.generator.x + domain.curve.p, domain.generator.y
    raw = b"\x04" + x.to_bytes(domain.size, "big") + y.to_bytes(domain.size, "big")
    with pytest.raises(InvalidPointError, match="not below the prime"):
        domain.decode(raw)
