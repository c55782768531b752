"""Unit R_PACE: a terminal before cards that run PACE wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from harness.conformance.acts.opposite import Opposite
from harness.conformance.case import Case, Target, Unit, case, not_implemented
from harness.conformance.judgement import Failure, demand
from harness.conformance.subject import Subject
from harness.conformance.units.sources import BSI_5_2
from harness.crypto.chat import Chat
from harness.emulator.access_infos import card_access
from harness.emulator.lies import MISBEHAVIOURS
from harness.emulator.personalise import CardImage
from harness.errors import (
    ApduError,
    EidrigError,
    ProtocolViolation,
    UsageError,
    WrongPinError,
)
from harness.mrz import Mrz
from harness.profile import Content, PaceOffer, PasswordName
from harness.secret import Can, Pin, Secret

_CLAUSE = "ICAO 9303-11, 4.4.4"
_MANY = (
    PaceOffer(oid="0.4.0.127.0.7.2.2.4.2.2", parameter_id=13),
    PaceOffer(oid="0.4.0.127.0.7.2.2.4.2.3", parameter_id=16),
    PaceOffer(oid="0.4.0.127.0.7.2.2.4.2.4", parameter_id=12),
)
"""Other protocols than most cards have, each with a group of its own."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A case: which misbehaviour, and how the terminal must end."""

    id: str
    misbehaviour: str
    errors: tuple[type[EidrigError], ...]
    password: PasswordName | None = None
    reads_access: bool = False


_ROWS = (
    _Row("R_PACE_2.1", "wrong-password-key", (ProtocolViolation,), "CAN"),
    _Row("R_PACE_2.2", "wrong-password-key", (ProtocolViolation,), "PIN"),
    _Row("R_PACE_2.3", "set-at-refused", (ApduError,)),
    _Row("R_PACE_2.4", "mapping-off-curve", (ProtocolViolation,)),
    _Row("R_PACE_3.1", "parameters-inconsistent", (UsageError, ProtocolViolation), None, True),
    _Row("R_PACE_3.2", "algorithm-unknown", (UsageError, ProtocolViolation), None, True),
    _Row("R_PACE_3.3", "nonce-cut-short", (ProtocolViolation,)),
    _Row("R_PACE_3.4", "key-reflected", (ProtocolViolation,)),
    _Row("R_PACE_3.5", "token-wrong", (ProtocolViolation,)),
    _Row("R_PACE_3.6", "token-of-another-mac", (ProtocolViolation,)),
)


def _abort(row: _Row, subject: Subject) -> None:
    opposite = Opposite(subject, row.misbehaviour, reads_access=row.reads_access)
    opposite.demand_abort(_CLAUSE, *row.errors, name=row.password)


def _aborts() -> Iterator[Case]:
    for row in _ROWS:
        misbehaviour = MISBEHAVIOURS[row.misbehaviour]
        needs = [row.password] if row.password else []
        yield Case(
            row.id,
            _CLAUSE,
            f"{misbehaviour.does}",
            f"The card is misbehaving: {row.misbehaviour}. A good terminal {misbehaviour.due}.",
            (misbehaviour.due,),
            ("PACE", *needs, *(("CARD-ACCESS",) if row.reads_access else ())),
            target=Target.TERMINAL,
            run=partial(_abort, row),
        )


@case(
    "R_PACE_1.1",
    _CLAUSE,
    "PACE as the standard has it, and a channel that holds",
    needs=("PACE", "CHAT", "CAN"),
    target=Target.TERMINAL,
)
def _inspection(subject: Subject) -> None:
    """An inspection system runs PACE with the CAN, and with the MRZ where the card takes it.

    The commands are those of the standard, in their order, and the channel carries commands.
    """
    _as(subject, Chat.of("inspection system"), ("CAN", "MRZ"))


@case(
    "R_PACE_1.2",
    _CLAUSE,
    "PACE as the standard has it, and a channel that holds",
    needs=("PACE", "CHAT", "CAN", "PIN"),
    target=Target.TERMINAL,
)
def _authentication(subject: Subject) -> None:
    """An authentication terminal runs PACE with the PIN and with the CAN.

    The commands are those of the standard, in their order, and the channel carries commands.
    """
    _as(subject, Chat.of("authentication terminal"), ("PIN", "CAN"))


def _as(subject: Subject, chat: Chat, names: tuple[PasswordName, ...]) -> None:
    for name in names:
        if name in subject.profile.own_pace.passwords:
            opposite = Opposite(subject)
            opposite.demand_run(opposite.open_as(chat, name), _CLAUSE)


@case(
    "R_PACE_1.4",
    _CLAUSE,
    "PACE as the standard has it, and a channel that holds",
    needs=("PACE",),
    target=Target.TERMINAL,
)
def _unannounced(subject: Subject) -> None:
    """A terminal that does not announce itself runs PACE with every password of the card.

    The commands are those of the standard, in their order, and the channel carries commands.
    """
    for name in subject.profile.own_pace.passwords:
        opposite = Opposite(subject)
        opposite.demand_run(opposite.open(name=name), _CLAUSE)


@case(
    "R_PACE_1.6",
    "ICAO 9303-11, 9.2",
    "one of the protocols offered, named with its parameters, and a channel that holds",
    needs=("PACE", "CARD-ACCESS"),
    target=Target.TERMINAL,
)
def _several(subject: Subject) -> None:
    """Where EF.CardAccess lists three protocols, one of them is chosen and run.

    Three algorithms with parameters of their own; the terminal takes one that it knows.
    """
    emulated = subject.station.emulated
    if emulated is None:
        Opposite(subject)
        return
    image = _offering(emulated.image)
    opposite = Opposite(subject, reads_access=True, image=image)
    opposite.demand_run(opposite.open(), "ICAO 9303-11, 9.2")


def _offering(image: CardImage) -> CardImage:
    """The same card with more protocols than it had."""
    own = image.profile.own_pace
    others = tuple(each for each in _MANY if each.oid != own.oid)[:2]
    pace = own.model_copy(update={"others": others, "card_access_size": 0})
    profile = image.profile.model_copy(update={"pace": pace})
    named = {
        name: card_access(pace)
        for name, file in profile.files.items()
        if file.content is Content.CARD_ACCESS
    }
    return replace(image, profile=profile, files={**image.files, **named})


@case(
    "R_PACE_4.1",
    "ICAO 9303-11, 4.4.4.1",
    "an error of the caller, and nothing sent",
    needs=("PACE",),
    target=Target.TERMINAL,
)
def _unknown_password(subject: Subject) -> None:
    """A password that PACE does not know is not offered to a card.

    Our terminal takes passwords by kind, not by number: any other kind is refused at once.
    """
    opposite = Opposite(subject)
    try:
        opposite.open(Secret(b"000000"))
    except UsageError:
        started = [each for each in opposite.watched.commands if each[1:2] in (b"\x22", b"\x86")]
        demand(not started, "no command of PACE", f"{len(started)}", "ICAO 9303-11, 4.4.4.1")
        return
    raise Failure("an error of the caller", "a channel", "ICAO 9303-11, 4.4.4.1")


def _wrong(name: PasswordName, subject: Subject) -> None:
    opposite = Opposite(subject)
    try:
        opposite.open(_other(subject, name), name)
    except WrongPinError:
        tokens = sum(each[1:2] == b"\x86" for each in opposite.watched.commands)
        expected = f"one run of PACE with a wrong {name}"
        demand(tokens == 4, expected, f"{tokens} GENERAL AUTHENTICATE", _CLAUSE)
        return
    raise Failure(f"a {name} that is told to be wrong", "a channel", _CLAUSE)


def _other(subject: Subject, name: PasswordName) -> Secret:
    """A password of this kind that is not the card's."""
    if name == "MRZ":
        return Mrz("X00000000", "000101", "000101")
    digits = subject.password(name).reveal().decode("ascii")
    changed = "".join(str((int(digit) + 1) % 10) for digit in digits)
    return Can(changed) if name == "CAN" else Pin(changed)


def _wrongs() -> Iterator[Case]:
    names: tuple[tuple[str, PasswordName], ...] = (
        ("R_PACE_4.3", "CAN"),
        ("R_PACE_4.4", "PIN"),
        ("R_PACE_4.5", "MRZ"),
    )
    for identifier, name in names:
        yield Case(
            identifier,
            _CLAUSE,
            f"A wrong {name} is told as such.",
            "The terminal ends with the card's refusal and does not offer it again by itself.",
            ("an error that names the password",),
            ("PACE", name),
            target=Target.TERMINAL,
            run=partial(_wrong, name),
        )


@case(
    "R_PACE_4.7",
    "BSI TR-03110-2, 3.2",
    "the card's refusal of MSE:Set AT, and no further command of PACE",
    needs=("PACE", "CHAT", "PIN"),
    target=Target.TERMINAL,
)
def _inspection_with_pin(subject: Subject) -> None:
    """An inspection system that is given the PIN comes to no channel.

    The card refuses that pair, and the terminal ends there.
    """
    opposite = Opposite(subject)
    try:
        opposite.open_as(Chat.of("inspection system"), "PIN")
    except ApduError:
        begun = [each for each in opposite.watched.commands if each[1:2] == b"\x86"]
        demand(not begun, "no GENERAL AUTHENTICATE", f"{len(begun)}", "BSI TR-03110-2, 3.2")
        return
    raise Failure("no channel for this pair", "a channel", "BSI TR-03110-2, 3.2")


_NOT_TESTED = (
    not_implemented(
        "R_PACE_4.2",
        "BSI TR-03119",
        "An unknown number of a password in the input of a reader is refused.",
        "its input, a reader's PACE command, does not exist where the terminal is a library",
        target=Target.TERMINAL,
    ),
    not_implemented(
        "R_PACE_4.6",
        "BSI TR-03110-2, 3.2",
        "An authentication terminal without the right to use the CAN is refused.",
        "the emulated card judges the kind of terminal, not each of its rights",
        target=Target.TERMINAL,
    ),
    not_implemented(
        "R_PACE_4.8",
        "BSI TR-03119",
        "A PIN that comes from the host is refused by a reader with a PIN pad.",
        "eidrig has no PIN pad: the PIN comes from its caller",
        target=Target.TERMINAL,
    ),
)

UNIT = Unit(
    "R_PACE",
    "A terminal's PACE",
    BSI_5_2,
    (
        _inspection,
        _authentication,
        _unannounced,
        _several,
        *_aborts(),
        _unknown_password,
        *_wrongs(),
        _inspection_with_pin,
        *_NOT_TESTED,
    ),
)
