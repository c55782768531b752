"""Public keys that must not be used, and such as look odd and must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from types import MappingProxyType
from typing import Any

from harness.apdu import CommandApdu
from harness.conformance.acts import extreme_keys
from harness.conformance.acts.abuse import (
    FAILED,
    Abuse,
    Make,
    key_changed,
    key_changed_in_group,
    key_of_other_size,
)
from harness.conformance.acts.extreme_keys import Wanted, scalar_for
from harness.conformance.acts.pace_steps import PaceSteps, Step
from harness.conformance.acts.proofs import demand_channel
from harness.conformance.case import Case
from harness.conformance.subject import Subject
from harness.crypto.domain import Domain

_TR = "ICAO TR Part 3, 3.14"
_ON_KEYS = ("PACE-GM|PACE-CAM",)
"""Mappings whose data are a public key."""
_ON_CURVES = ("PACE-ECDH",)
_ON_NUMBERS = ("PACE-DH",)


def _short_nonce(steps: PaceSteps) -> CommandApdu:
    return steps.authenticate(Step.MAP, steps.mapping_data[:-1])


_NAMES = MappingProxyType({Step.MAP: "a mapping key", Step.AGREE: "an ephemeral key"})
_SIZE = "It is a valid key, of the next group of the same kind."
_ORIGIN = "The point (0, 0) satisfies no curve's equation; arithmetic on it leads anywhere."
_CURVE = "The point lies on another curve, on which the chip's secret can be found out."
_FORM = "The first byte announces a form that BSI TR-03111 does not have."
_PRIME = "Reduced by the prime it would be a valid key; it must be refused all the same."
_ZERO = "Zero is no element of the group, and every power of it is zero."
_NONCE = "With the integrated mapping the terminal's nonce is as long as a key of the cipher."

_Change = Callable[[Step], Make]
_Row = tuple[int, int]
"""The number of a case, and its section."""


def _with(change: Callable[[bytes], bytes]) -> _Change:
    return partial(key_changed, change=change)


def _in_group(change: Callable[[bytes, Domain[Any]], bytes]) -> _Change:
    return partial(key_changed_in_group, change=change)


_KINDS: tuple[tuple[str, str, _Change, tuple[str, ...], _Row, _Row], ...] = (
    ("of another size", _SIZE, key_of_other_size, (), (41, 35), (23, 21)),
    ("(0, 0)", _ORIGIN, _with(extreme_keys.origin), _ON_CURVES, (42, 36), (24, 22)),
    (
        "above the prime",
        _PRIME,
        _in_group(extreme_keys.above_prime),
        _ON_NUMBERS,
        (47, 41),
        (29, 27),
    ),
    ("of zeros", _ZERO, _with(extreme_keys.zeros), _ON_NUMBERS, (48, 42), (53, 47)),
    ("off the curve", _CURVE, _in_group(extreme_keys.off_curve), _ON_CURVES, (49, 43), (30, 28)),
    (
        "in an unknown encoding",
        _FORM,
        _with(extreme_keys.bad_encoding),
        _ON_CURVES,
        (50, 44),
        (52, 46),
    ),
)


def _bad_keys() -> Iterator[Case]:
    for what, why, change, group, *rows in _KINDS:
        for step, (number, section) in zip((Step.MAP, Step.AGREE), rows, strict=True):
            yield Abuse(
                f"ISO7816_P_{number}",
                f"{_TR}.{section}; ICAO 9303-11, 4.4.1",
                f"{_NAMES[step].capitalize()} {what} is refused",
                why,
                step,
                change(step),
                FAILED,
                (*group, *(_ON_KEYS if step is Step.MAP else ())),
            ).case


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
        f"{_TR}.{section}; ICAO 9303-11, 4.4.1",
        f"{_NAMES[step].capitalize()} with {what} is taken if it is valid.",
        "Leading zeros and values just below the prime are where arithmetic of fixed length fails.",
        ("9000 at every step, and a protected read that succeeds",),
        needs=("PACE", "CARD-ACCESS", *_ON_CURVES, *(_ON_KEYS if step is Step.MAP else ())),
        per_suite=True,
        run=partial(_edge, step, wanted),
    )


_INTEGRATED = Abuse(
    "ISO7816_P_51",
    f"{_TR}.45; ICAO 9303-11, 4.4.3.3.2",
    "A nonce of the terminal that is too short is refused",
    _NONCE,
    Step.MAP,
    _short_nonce,
    FAILED,
    ("PACE-IM",),
).case

CASES = (*_bad_keys(), *(_edge_case(*row) for row in _EDGES), _INTEGRATED)
