"""Tokens that are not the one that both keys lead to."""

from __future__ import annotations

from harness import tlv
from harness.conformance.acts.abuse import FAILED, Abuse, Make
from harness.conformance.acts.forged import flipped
from harness.conformance.acts.pace_steps import PaceSteps, Step
from harness.security_info import encode_oid

_TR = "ICAO TR Part 3, 3.14"
_PUBLIC_VALUE = {"DH": 0x84, "ECDH": 0x86}  # ICAO 9303-11, 9.4.3 and 9.4.4


def _bare_input(steps: PaceSteps) -> bytes:
    """The token over protocol and public key, without 7F49 around them."""
    (answer,) = steps.answers[Step.AGREE]
    tag = _PUBLIC_VALUE[steps.suite.key_agreement]
    data = tlv.encode(0x06, encode_oid(steps.offer.oid)) + tlv.encode(tag, answer.value)
    return steps.suite.cipher.keyed(steps.keys.mac).authenticate(data)


_ROWS: tuple[tuple[int, int, str, str, Make], ...] = (
    (
        35,
        33,
        "A wrong token is refused",
        "One bit differs from the right one; whoever does not know the password sends such a one.",
        lambda steps: steps.authenticate(Step.TOKEN, flipped(steps.token)),
    ),
    (
        36,
        34,
        "A token that is too short is refused",
        "All of its bytes are right, but one is missing; whoever compares what came takes it.",
        lambda steps: steps.authenticate(Step.TOKEN, steps.token[:-1]),
    ),
    (
        76,
        69,
        "A token that is too long is refused",
        "Behind the right token stands one more byte.",
        lambda steps: steps.authenticate(Step.TOKEN, steps.token + b"\0"),
    ),
    (
        62,
        56,
        "A token over data without tag 7F49 is refused",
        "Protocol and public key were authenticated without the object that holds them.",
        lambda steps: steps.authenticate(Step.TOKEN, _bare_input(steps)),
    ),
)

CASES = tuple(
    Abuse(
        f"ISO7816_P_{number}",
        f"{_TR}.{section}; ICAO 9303-11, 4.4.3.4",
        title,
        why,
        Step.TOKEN,
        make,
        FAILED,
    ).case
    for number, section, title, why, make in _ROWS
)
