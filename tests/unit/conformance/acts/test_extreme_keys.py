"""Public keys at the edges are what they are said to be."""

from __future__ import annotations

import pytest

from harness.conformance.acts import extreme_keys
from harness.conformance.acts.extreme_keys import Wanted, coordinates, scalar_for
from harness.crypto.domain import InvalidElementError
from harness.crypto.standardized import DOMAINS

CURVES = [each for each in DOMAINS.values() if each.key_agreement == "ECDH"]
NUMBERS = [each for each in DOMAINS.values() if each.key_agreement == "DH"]
EDGES = (
    extreme_keys.small_x,
    extreme_keys.large_x,
    extreme_keys.small_y,
    extreme_keys.large_y,
)


@pytest.mark.parametrize("wanted", EDGES, ids=lambda wanted: wanted.__name__)
@pytest.mark.parametrize("number", [12, 13, 18])
def test_a_key_at_an_edge(number: int, wanted: Wanted) -> None:
    """The scalar that is found leads to a valid point with such a coordinate."""
    domain = DOMAINS[number]
    base = domain.multiply_generator(3)
    scalar = scalar_for(domain, base, 5, wanted)
    encoded = domain.encode(domain.multiply(base, scalar))
    x, y = coordinates(encoded)
    domain.decode(encoded)
    assert wanted(x, y, domain.prime)
    part = x if wanted.__name__.endswith("x") else y
    edge = part if wanted.__name__.startswith("small") else domain.prime - part
    assert edge.bit_length() <= domain.prime.bit_length() - 8


@pytest.mark.parametrize("number", range(len(CURVES)))
def test_what_no_curve_takes(number: int) -> None:
    """Each bad point is as long as a good one, and refused."""
    group = CURVES[number]
    good = group.encode(group.multiply_generator(9))
    for bad in (
        extreme_keys.origin(good),
        extreme_keys.off_curve(good, group),
        extreme_keys.bad_encoding(good),
    ):
        assert len(bad) == len(good)
        with pytest.raises(InvalidElementError):
            group.decode(bad)


@pytest.mark.parametrize("number", range(len(NUMBERS)))
def test_what_no_group_of_numbers_takes(number: int) -> None:
    """Zero, and what is above the prime although it reduces to a valid key, are refused."""
    group = NUMBERS[number]
    good = group.encode(group.multiply_generator(9))
    above = extreme_keys.above_prime(good, group)
    assert int.from_bytes(above, "big") % group.prime == int.from_bytes(good, "big")
    for bad in (extreme_keys.zeros(good), above):
        with pytest.raises(InvalidElementError):
            group.decode(bad)


@pytest.mark.parametrize("number", list(DOMAINS))
def test_a_key_of_another_size(number: int) -> None:
    """It has another length than those of the group, and is a valid key of another one."""
    group = DOMAINS[number]
    other = extreme_keys.of_other_size(group)
    with pytest.raises(InvalidElementError):
        group.decode(other)
    valid = []
    for each in DOMAINS.values():
        try:
            each.decode(other)
        except InvalidElementError:
            continue
        valid.append(each.key_agreement)
    assert set(valid) == {group.key_agreement}
