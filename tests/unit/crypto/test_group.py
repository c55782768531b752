"""The groups of RFC 5114."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.crypto.domain import InvalidElementError
from harness.crypto.group import STANDARDIZED, DhDomain

every_group = pytest.mark.parametrize("group", STANDARDIZED.values(), ids=lambda g: g.name)


@every_group
def test_the_numbers_fit_together(group: DhDomain) -> None:
    """Both primes pass Fermat's test, q divides p-1, the generator has order q, the name fits."""
    p, g, q = group.parameters.p, group.parameters.g, group.parameters.q
    assert [pow(3, each - 1, each) for each in (p, q)] == [1, 1]
    assert ((p - 1) % q, pow(g, q, p)) == (0, 1)
    assert g not in (0, 1, p - 1)
    assert group.name == f"{p.bit_length()}-bit group with {q.bit_length()}-bit order"
    assert (group.order, group.prime, 8 * group.size) == (q, p, p.bit_length())


@every_group
def test_both_sides_share_one_secret(group: DhDomain) -> None:
    """Two key pairs lead to one secret, as long as the prime."""
    one, other = (group.random_scalar(secrets.randbelow) for _ in range(2))
    publics = [group.decode(group.encode(group.multiply_generator(each))) for each in (one, other)]
    secret = group.shared_secret(publics[1], one)
    assert secret == group.shared_secret(publics[0], other)
    assert len(secret) == group.size


def test_a_short_secret_is_filled_up() -> None:
    """A secret that begins with zeros keeps them (PKCS #3, 8.3)."""
    group = STANDARDIZED[0]
    scalar = next(k for k in range(1, 5000) if group.multiply_generator(k).bit_length() <= 1016)
    secret = group.shared_secret(group.parameters.g, scalar)
    assert (len(secret), secret[0]) == (128, 0)
    assert len(group.encode(group.multiply_generator(scalar))) < 128


@every_group
def test_unusable_keys(group: DhDomain) -> None:
    """0, 1, p-1, p, more than p, other subgroups, leading zeros and nothing at all are refused."""
    p, q = group.parameters.p, group.parameters.q
    cofactor_element = next(
        each for each in (pow(base, q, p) for base in range(2, 9)) if each not in (1, p - 1)
    )
    good = group.encode(group.multiply_generator(5))
    numbers = (
        0,
        1,
        p - 1,
        p,
        p + 1,
        p + group.parameters.g,
        2,
        1 << (8 * group.size),
        cofactor_element,
    )
    for raw in (b"", b"\0", b"\0" + good, good + b"\0", *map(as_bytes, numbers)):
        with pytest.raises(InvalidElementError):
            group.decode(raw)


def as_bytes(number: int) -> bytes:
    """A number in the fewest bytes, zero as one."""
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_bytes_are_an_element_or_an_error(raw: bytes) -> None:
    """Any bytes are refused with the one error or read as what encodes to them again."""
    group = STANDARDIZED[0]
    try:
        element = group.decode(raw)
    except InvalidElementError:
        return
    assert group.encode(element) == raw


@every_group
def test_the_neutral_element_is_refused(group: DhDomain) -> None:
    """A power that is 1, and field elements that lead to 0 or 1, are refused."""
    with pytest.raises(InvalidElementError, match="is 1"):
        group.finite(group.multiply_generator(group.order))
    with pytest.raises(InvalidElementError, match="is 1"):
        group.shared_secret(1, 7)
    for number, said in ((0, "0 is no element"), (1, "is 1"), (group.prime - 1, "is 1")):
        with pytest.raises(InvalidElementError, match=said):
            group.from_field(number)


def test_private_keys_are_in_range() -> None:
    """The least and the greatest draw give the least and the greatest private key."""
    group = STANDARDIZED[0]
    assert group.random_scalar(lambda _: 0) == 1
    assert group.random_scalar(lambda n: n - 1) == group.order - 1
