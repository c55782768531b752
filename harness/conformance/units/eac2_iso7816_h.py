"""Unit EAC2_ISO7816_H: PACE of eID cards, with every password and kind of terminal."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import MappingProxyType

from harness import tlv
from harness.conformance.acts import codes, extreme_keys
from harness.conformance.acts.abuse import (
    Abuse,
    key_changed,
    key_changed_in_group,
    key_of_other_size,
)
from harness.conformance.acts.forged import flipped
from harness.conformance.acts.pace_steps import PaceSteps, Step
from harness.conformance.acts.proofs import demand_channel
from harness.conformance.case import Case, Effect, Unit
from harness.conformance.judgement import Sws, demand, demand_sw
from harness.conformance.subject import Subject
from harness.conformance.units.sources import BSI_3_3
from harness.crypto import chat
from harness.crypto.chat import Chat
from harness.profile import PasswordName

_PLAN = "BSI TR-03105-3.3"
_RIGHTS = bytes.fromhex("7FFFFFFF")
_UNKNOWN = 0x05  # where the applicant states no other reference
_TERMINALS = MappingProxyType(
    {
        "IS": ("an inspection system", Chat("inspection system", b"\x03")),
        "AT": ("an authentication terminal", Chat("authentication terminal", b"\x3f" + _RIGHTS)),
        "ST": ("a signature terminal", Chat("signature terminal", b"\x03")),
    }
)
"""What each kind of terminal announces: all rights it can have (tables 7 to 9 of the plan)."""

_MAY: tuple[tuple[str, str, PasswordName], ...] = (
    ("a", "IS", "MRZ"),
    ("b", "IS", "CAN"),
    ("c", "AT", "CAN"),
    ("d", "AT", "PIN"),
    ("e", "ST", "CAN"),
    ("f", "ST", "PIN"),
    ("g", "ST", "PUK"),
)
_MAY_NOT: tuple[tuple[str, str, PasswordName], ...] = (
    ("a", "IS", "PIN"),
    ("b", "IS", "PUK"),
    ("c", "AT", "MRZ"),
    ("d", "AT", "PUK"),
    ("e", "ST", "MRZ"),
)


def _opens(name: PasswordName, subject: Subject) -> None:
    demand_channel(subject, PaceSteps(subject, name).go(Step.TOKEN).secured)


def _unannounced(number: int, name: PasswordName) -> Case:
    return Case(
        f"EAC2_ISO7816_H_{number}",
        f"{_PLAN}, 3.3.{number}; TR-03110-2, 3.2",
        f"PACE with the {name} opens a channel to a terminal that announces nothing.",
        "The whole protocol; a protected read then shows that both sides have the same keys.",
        ("9000 at every step, and a protected read that succeeds",),
        needs=("PACE", name, "CARD-ACCESS"),
        per_suite=True,
        run=partial(_opens, name),
    )


def _announced(subject: Subject, kind: str, name: PasswordName) -> PaceSteps:
    """A run whose MSE:Set AT holds a CHAT, not yet sent."""
    steps = PaceSteps(subject, name)
    steps.announcement = tlv.encode(chat.TAG, _TERMINALS[kind][1].value)
    return steps


def _names_authority(kind: str, name: PasswordName, subject: Subject) -> None:
    steps = _announced(subject, kind, name).go(Step.TOKEN)
    found = tlv.find(steps.answers[Step.TOKEN], 0x87)
    demand(found, "a certification authority reference (87)", "none", "TR-03110-3, B.1")
    demand_channel(subject, steps.secured)


def _refused_password(kind: str, name: PasswordName, subject: Subject) -> None:
    steps = _announced(subject, kind, name)
    demand_sw(steps.send(steps.command(Step.SET_AT)), "TR-03110-2, 2.3.2.1", 0x6A80)
    following = steps.send(steps.command(Step.NONCE))
    demand_sw(following, "TR-03110-2, 2.3.2.1", Sws.ERROR)


def _wrong_token(kind: str, name: PasswordName, subject: Subject) -> None:
    with codes.given_back(subject, name):
        steps = _announced(subject, kind, name).go(Step.AGREE)
        answer = steps.send(steps.authenticate(Step.TOKEN, flipped(steps.token)))
        allowed = (0x6300, Sws.WARNING_63CX, Sws.CHECKING_ERROR)
        demand_sw(answer, f"{_PLAN}, 3.3.6", *allowed)


def _with_terminals() -> Iterator[Case]:
    for letter, kind, name in _MAY:
        who = _TERMINALS[kind][0]
        yield Case(
            f"EAC2_ISO7816_H_4{letter}",
            f"{_PLAN}, 3.3.4; TR-03110-3, B.1",
            f"PACE with the {name} names a certification authority to {who}.",
            "A terminal that announces itself (CHAT) learns whose certificates the chip trusts.",
            ("9000 at every step, 87 behind the token, and a protected read that succeeds",),
            needs=("PACE", "CHAT", name, "CARD-ACCESS"),
            per_suite=True,
            run=partial(_names_authority, kind, name),
        )
    for letter, kind, name in _MAY_NOT:
        who = _TERMINALS[kind][0]
        yield Case(
            f"EAC2_ISO7816_H_5{letter}",
            f"{_PLAN}, 3.3.5; TR-03110-2, 2.3.2.1",
            f"The {name} is refused to {who}.",
            "This kind of terminal may not use this password, whatever its certificate allows.",
            ("6A80 to MSE:Set AT, and no nonce",),
            needs=("PACE", "CHAT", name),
            per_suite=True,
            run=partial(_refused_password, kind, name),
        )
    for letter, kind, name in _MAY:
        who = _TERMINALS[kind][0]
        counted = name in ("PIN", "PUK")
        yield Case(
            f"EAC2_ISO7816_H_6{letter}",
            f"{_PLAN}, 3.3.6; TR-03110-2, 3.2",
            f"A wrong token of {who} is refused with the {name}.",
            "The announcement does not spare the terminal the proof that it knows the password.",
            ("6300, 63CX or a checking error to the token",),
            needs=("PACE", "CHAT", name),
            effect=Effect.SPENDS_TRIES if counted else Effect.NONE,
            per_suite=True,
            run=partial(_wrong_token, kind, name),
        )


def _unknown_password(subject: Subject) -> None:
    steps = PaceSteps(subject)
    answer = steps.send(steps.set_at(steps.template(reference=_UNKNOWN)))
    demand_sw(answer, f"{_PLAN}, 3.3.23", 0x6A88)
    demand_sw(steps.send(steps.command(Step.NONCE)), f"{_PLAN}, 3.3.23", Sws.ERROR)


_UNKNOWN_PASSWORD = Case(
    "EAC2_ISO7816_H_23",
    f"{_PLAN}, 3.3.23; TR-03110-3, B.14.1",
    "A password reference that does not exist is not found.",
    "MSE:Set AT names a password that no standard knows; no nonce is given for it.",
    ("6A88 to MSE:Set AT, and no nonce",),
    needs=("PACE",),
    per_suite=True,
    run=_unknown_password,
)

_AGREE = Step.AGREE
_BAD_KEYS = tuple(
    Abuse(
        f"EAC2_ISO7816_H_{number}",
        f"{_PLAN}, 3.3.{number}; TR-03110-2, 3.2",
        f"An ephemeral public key {what} is refused",
        "The chip checks what it is given before it works with it.",
        _AGREE,
        make,
        (0x6300, Sws.CHECKING_ERROR),
        group,
    ).case
    for number, what, make, group in (
        (33, "of another size", key_of_other_size(_AGREE), ()),
        (34, "(0, 0)", key_changed(_AGREE, extreme_keys.origin), ("PACE-ECDH",)),
        (
            35,
            "above the prime",
            key_changed_in_group(_AGREE, extreme_keys.above_prime),
            ("PACE-DH",),
        ),
        (
            36,
            "off the curve",
            key_changed_in_group(_AGREE, extreme_keys.off_curve),
            ("PACE-ECDH",),
        ),
    )
)

UNIT = Unit(
    "EAC2_ISO7816_H",
    "PACE of eID cards",
    BSI_3_3,
    (
        _unannounced(1, "CAN"),
        _unannounced(2, "PIN"),
        _unannounced(3, "PUK"),
        *_with_terminals(),
        _UNKNOWN_PASSWORD,
        *_BAD_KEYS,
    ),
)
