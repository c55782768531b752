"""MSE:Set AT with data objects that are missing, wrong, too long or too short."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from harness import tlv
from harness.apdu import CommandApdu
from harness.conformance.acts.abuse import Abuse, Make
from harness.conformance.acts.pace_steps import PaceSteps, Step
from harness.conformance.judgement import Blocked
from harness.crypto.suite import SUITES
from harness.security_info import encode_oid

_INVALID_OID = "0.4.0.127.0.7.2.2.4.99.2"
_UNKNOWN_PASSWORD = 0x05  # TR-03105-3.3, H_23: where the applicant states no other
_UNKNOWN_DOMAIN = 0x1F  # reserved (ICAO 9303-11, table 12)


def oid(steps: PaceSteps) -> bytes:
    """The protocol under test."""
    return encode_oid(steps.offer.oid)


def _unsupported(steps: PaceSteps) -> bytes:
    """A protocol that is not offered, if there is one of the same group and mapping."""
    offered = {each.oid for each in steps.offers}
    others = [suite for suite in SUITES.values() if suite.oid not in offered]
    if not others:
        message = "this card offers every PACE protocol there is"
        raise Blocked(message)
    kind = (steps.suite.key_agreement, steps.suite.mapping)
    nearest = min(others, key=lambda suite: (suite.key_agreement, suite.mapping) != kind)
    return encode_oid(nearest.oid)


def _of(steps: PaceSteps, *objects: bytes) -> CommandApdu:
    return steps.set_at(b"".join(objects))


def _password(steps: PaceSteps) -> bytes:
    return tlv.encode(0x83, bytes((steps.reference,)))


def _needed_domain(steps: PaceSteps) -> bytes:
    """The parameters only where this card wants them: the plan leaves them out here."""
    return steps.domain_object if steps.needs_domain else b""


def _protocol(encoded: Callable[[PaceSteps], bytes], steps: PaceSteps) -> CommandApdu:
    return _of(steps, tlv.encode(0x80, encoded(steps)), _password(steps), _needed_domain(steps))


def _protocol_object(made: Callable[[PaceSteps], bytes]) -> Make:
    return lambda steps: _of(steps, made(steps), _password(steps), steps.domain_object)


def _password_object(raw: Callable[[PaceSteps], bytes]) -> Make:
    return lambda steps: _of(steps, tlv.encode(0x80, oid(steps)), raw(steps), steps.domain_object)


def _domain_object(raw: bytes) -> Make:
    return lambda steps: _of(steps, tlv.encode(0x80, oid(steps)), _password(steps), raw)


_ROWS: tuple[tuple[int, str, str, str, Make], ...] = (
    (
        5,
        "3.14.5",
        "MSE:Set AT with the protocol under tag 81 is refused",
        "The protocol stands behind a tag that has no meaning in this place.",
        _protocol_object(lambda steps: tlv.encode(0x81, oid(steps))),
    ),
    (
        6,
        "3.14.6",
        "MSE:Set AT with an object identifier that is no PACE protocol is refused",
        "The identifier has the right form and stands for nothing.",
        partial(_protocol, lambda _: encode_oid(_INVALID_OID)),
    ),
    (
        7,
        "3.14.7",
        "MSE:Set AT with the protocol wrapped in tag 06 inside tag 80 is refused",
        "The object identifier travels with tag and length of its own.",
        _protocol_object(lambda steps: tlv.encode(0x80, tlv.encode(0x06, oid(steps)))),
    ),
    (
        77,
        "3.14.70",
        "MSE:Set AT with the protocol under tag 06 instead of tag 80 is refused",
        "The object identifier stands in the template with its universal tag.",
        _protocol_object(lambda steps: tlv.encode(0x06, oid(steps))),
    ),
    (
        64,
        "3.14.57",
        "MSE:Set AT without the protocol (tag 80) is refused",
        "A template that names a password only cannot begin PACE.",
        lambda steps: _of(steps, _password(steps), _needed_domain(steps)),
    ),
    (
        65,
        "3.14.58",
        "MSE:Set AT with an empty protocol (tag 80) is refused",
        "The data object is there and holds nothing.",
        partial(_protocol, lambda _: b""),
    ),
    (
        66,
        "3.14.59",
        "MSE:Set AT with a protocol that is one byte too long is refused",
        "Whoever compares only as many bytes as he knows takes this for his own protocol.",
        partial(_protocol, lambda steps: oid(steps) + oid(steps)[-1:]),
    ),
    (
        67,
        "3.14.60",
        "MSE:Set AT with a protocol that is one byte too short is refused",
        "Whoever compares only as many bytes as came takes this for his own protocol.",
        partial(_protocol, lambda steps: oid(steps)[:-1]),
    ),
    (
        68,
        "3.14.61",
        "MSE:Set AT with a PACE protocol that this card does not offer is refused",
        "The protocol exists, but EF.CardAccess does not list it.",
        partial(_protocol, _unsupported),
    ),
    (
        8,
        "3.14.8",
        "MSE:Set AT with a password reference that does not exist is refused",
        "Tag 83 names a password that no standard knows.",
        _password_object(lambda _: tlv.encode(0x83, bytes((_UNKNOWN_PASSWORD,)))),
    ),
    (
        69,
        "3.14.62",
        "MSE:Set AT without a password reference (tag 83) is refused",
        "A template that names a protocol only leaves open what is to be proved.",
        _password_object(lambda _: b""),
    ),
    (
        70,
        "3.14.63",
        "MSE:Set AT with an empty password reference (tag 83) is refused",
        "The data object is there and holds nothing.",
        _password_object(lambda _: tlv.encode(0x83)),
    ),
    (
        71,
        "3.14.64",
        "MSE:Set AT with a wrong length of the password reference is refused",
        "Tag 83 claims three bytes and so swallows the head of the next data object.",
        _password_object(lambda steps: bytes((0x83, 0x03, steps.reference))),
    ),
    (
        72,
        "3.14.65",
        "MSE:Set AT with a password reference of two bytes is refused",
        "Its first byte alone would be right.",
        _password_object(lambda steps: tlv.encode(0x83, bytes((steps.reference, 0xFF)))),
    ),
    (
        9,
        "3.14.9",
        "MSE:Set AT with domain parameters that the chip does not have is refused",
        "Tag 84 names a number that EF.CardAccess does not list.",
        _domain_object(tlv.encode(0x84, bytes((_UNKNOWN_DOMAIN,)))),
    ),
    (
        75,
        "3.14.68",
        "MSE:Set AT with empty domain parameters (tag 84) is refused",
        "The data object is there and holds nothing.",
        _domain_object(tlv.encode(0x84)),
    ),
)

_TO_THE_END = (9, 64)
"""The plan goes on to the token: a chip may find out only there."""

CASES = tuple(
    Abuse(
        f"ISO7816_P_{number}",
        f"ICAO TR Part 3, {section}; ICAO 9303-11, 4.4.4.1",
        title,
        purpose,
        Step.SET_AT,
        make,
        at_last=Step.TOKEN if number in _TO_THE_END else Step.NONCE,
    ).case
    for number, section, title, purpose, make in _ROWS
)
