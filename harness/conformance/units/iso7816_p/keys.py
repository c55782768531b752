"""Public keys that must not be used, and such as look odd and must be."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import MappingProxyType

from harness.apdu import CommandApdu
from harness.conformance import extreme_keys
from harness.conformance.case import Case
from harness.conformance.extreme_keys import Wanted, scalar_for
from harness.conformance.pace_steps import PaceSteps, Step
from harness.conformance.proofs import demand_channel
from harness.conformance.subject import Subject
from harness.conformance.units.iso7816_p.abuse import FAILED, Abuse, Make

_ON_KEYS = ("PACE-GM|PACE-CAM",)
"""Mappings whose data are a public key."""
_ON_CURVES = ("PACE-ECDH",)
_ON_NUMBERS = ("PACE-DH",)


def _changed(step: Step, change: Callable[[bytes], bytes]) -> Make:
    return lambda steps: steps.authenticate(step, change(_right(steps, step)))


def _changed_in_group(step: Step, change: Callable[..., bytes]) -> Make:
    return lambda steps: steps.authenticate(step, change(_right(steps, step), steps.domain))


def _of_other_size(step: Step) -> Make:
    return lambda steps: steps.authenticate(step, extreme_keys.of_other_size(steps.domain))


def _right(steps: PaceSteps, step: Step) -> bytes:
    return steps.mapping_data if step is Step.MAP else steps.public


def _short_nonce(steps: PaceSteps) -> CommandApdu:
    return steps.authenticate(Step.MAP, steps.mapping_data[:-1])


_NAMES = MappingProxyType({Step.MAP: "mapping key", Step.AGREE: "ephemeral key"})
_SIZE = "It is a valid key, of the next group of the same kind."
_ORIGIN = "The point (0, 0) satisfies no curve's equation; arithmetic on it leads anywhere."
_CURVE = "The point lies on another curve, on which the chip's secret can be found out."
_FORM = "The first byte announces a form that BSI TR-03111 does not have."
_PRIME = "Reduced by the prime it would be a valid key; it must be refused all the same."
_ZERO = "Zero is no element of the group, and every power of it is zero."
_NONCE = "With the integrated mapping the terminal's nonce is as long as a key of the cipher."

_Row = tuple[int, int, Step, str, str, Make, tuple[str, ...]]
_ROWS: tuple[_Row, ...] = (
    (41, 35, Step.MAP, "of another size", _SIZE, _of_other_size(Step.MAP), _ON_KEYS),
    (
        42,
        36,
        Step.MAP,
        "(0, 0)",
        _ORIGIN,
        _changed(Step.MAP, extreme_keys.origin),
        (*_ON_KEYS, *_ON_CURVES),
    ),
    (
        47,
        41,
        Step.MAP,
        "above the prime",
        _PRIME,
        _changed_in_group(Step.MAP, extreme_keys.above_prime),
        (*_ON_KEYS, *_ON_NUMBERS),
    ),
    (
        48,
        42,
        Step.MAP,
        "of zeros",
        _ZERO,
        _changed(Step.MAP, extreme_keys.zeros),
        (*_ON_KEYS, *_ON_NUMBERS),
    ),
    (
        49,
        43,
        Step.MAP,
        "off the curve",
        _CURVE,
        _changed_in_group(Step.MAP, extreme_keys.off_curve),
        (*_ON_KEYS, *_ON_CURVES),
    ),
    (
        50,
        44,
        Step.MAP,
        "in an unknown encoding",
        _FORM,
        _changed(Step.MAP, extreme_keys.bad_encoding),
        (*_ON_KEYS, *_ON_CURVES),
    ),
    (23, 21, Step.AGREE, "of another size", _SIZE, _of_other_size(Step.AGREE), ()),
    (
        24,
        22,
        Step.AGREE,
        "(0, 0)",
        _ORIGIN,
        _changed(Step.AGREE, extreme_keys.origin),
        _ON_CURVES,
    ),
    (
        29,
        27,
        Step.AGREE,
        "above the prime",
        _PRIME,
        _changed_in_group(Step.AGREE, extreme_keys.above_prime),
        _ON_NUMBERS,
    ),
    (
        30,
        28,
        Step.AGREE,
        "off the curve",
        _CURVE,
        _changed_in_group(Step.AGREE, extreme_keys.off_curve),
        _ON_CURVES,
    ),
    (
        52,
        46,
        Step.AGREE,
        "in an unknown encoding",
        _FORM,
        _changed(Step.AGREE, extreme_keys.bad_encoding),
        _ON_CURVES,
    ),
    (
        53,
        47,
        Step.AGREE,
        "of zeros",
        _ZERO,
        _changed(Step.AGREE, extreme_keys.zeros),
        _ON_NUMBERS,
    ),
)

_EDGES: tuple[tuple[int, int, Step, str, Wanted], ...] = (
    (43, 37, Step.MAP, "a small x-coordinate", extreme_keys.small_x),
    (44, 38, Step.MAP, "a large x-coordinate", extreme_keys.large_x),
    (45, 39, Step.MAP, "a small y-coordinate", extreme_keys.small_y),
    (46, 40, Step.MAP, "a large y-coordinate", extreme_keys.large_y),
    (25, 23, Step.AGREE, "a small x-coordinate", extreme_keys.small_x),
    (26, 24, Step.AGREE, "a large x-coordinate", extreme_keys.large_x),
    (27, 25, Step.AGREE, "a small y-coordinate", extreme_keys.small_y),
    (28, 26, Step.AGREE, "a large y-coordinate", extreme_keys.large_y),
)


def _edge(step: Step, wanted: Wanted, subject: Subject) -> None:
    """Run PACE with a key at the edge, which must succeed."""
    steps = PaceSteps(subject)
    if step is Step.MAP:
        base = steps.domain.multiply_generator(1)
        steps.map_private = scalar_for(steps.domain, base, steps.map_private, wanted)
    steps.go(Step.MAP)
    if step is Step.AGREE:
        steps.private = scalar_for(steps.domain, steps.generator, steps.private, wanted)
    demand_channel(subject, steps.go(Step.TOKEN).secured)


def _edge_case(number: int, section: int, step: Step, what: str, wanted: Wanted) -> Case:
    return Case(
        f"ISO7816_P_{number}",
        f"ICAO TR Part 3, 3.14.{section}; ICAO 9303-11, 4.4.1",
        f"A valid {_NAMES[step]} with {what} is taken",
        "Leading zeros and values just below the prime are where arithmetic of fixed length fails.",
        ("9000 at every step, and a protected read that succeeds",),
        needs=("PACE", "CARD-ACCESS", *_ON_CURVES, *(_ON_KEYS if step is Step.MAP else ())),
        per_suite=True,
        run=partial(_edge, step, wanted),
    )


_INTEGRATED = Abuse(
    51,
    "3.14.45",
    "A nonce of the terminal that is too short is refused",
    _NONCE,
    Step.MAP,
    _short_nonce,
    FAILED,
    ("PACE-IM",),
).case

CASES = (
    *(
        Abuse(
            number,
            f"3.14.{section}",
            f"A {_NAMES[step]} {what} is refused",
            why,
            step,
            make,
            FAILED,
            needs,
        ).case
        for number, section, step, what, why, make, needs in _ROWS
    ),
    *(_edge_case(*row) for row in _EDGES),
    _INTEGRATED,
)
