"""Unit SM: secure messaging behind PACE, abused in every way that the plans leave out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from harness import tlv
from harness.apdu import INS, CommandApdu, ResponseApdu
from harness.conformance.acts.forged import Protected, flipped, shortened
from harness.conformance.acts.proofs import (
    Opened,
    demand_channel,
    demand_gone,
    demand_session_ends,
    probe,
)
from harness.conformance.case import Case, Unit, case
from harness.conformance.judgement import Sws, demand, demand_sw
from harness.conformance.subject import Subject

_CLAUSE = "ICAO 9303-11, 9.8"
_COMMANDS_IN_A_ROW = 10

Forge = Callable[[Protected], CommandApdu]
"""Makes of a right command a wrong one."""


def _without_mark(parts: Protected) -> CommandApdu:
    """Zeros in the place of the padding's first byte."""
    size = parts.keys.cipher.keyed.block_size
    data = parts.plain.data
    return parts.encrypting(data + bytes(size - len(data) % size)).command()


def _another_indicator(parts: Protected) -> CommandApdu:
    value = tlv.parse_one(parts.data).value
    return replace(parts, data=tlv.encode(0x87, b"\x02", value[1:])).sealed().command()


def _broken_block(parts: Protected) -> CommandApdu:
    value = tlv.parse_one(parts.data).value
    return replace(parts, data=tlv.encode(0x87, value[:-1])).sealed().command()


def _altered_cryptogram(parts: Protected) -> CommandApdu:
    return replace(parts, data=flipped(parts.data)).command()


def _altered_header(parts: Protected) -> CommandApdu:
    return replace(parts, header=parts.header[:3] + bytes((parts.header[3] ^ 0x0C,))).command()


def _with_ne(parts: Protected) -> CommandApdu:
    return parts.command(parts.data + tlv.encode(0x97, b"\x01") + parts.mac_object)


def _altered_ne(parts: Protected) -> CommandApdu:
    asking = replace(parts, ne=tlv.encode(0x97, b"\x08")).sealed()
    return replace(asking, ne=tlv.encode(0x97, b"\x01")).command()


def _swapped(parts: Protected) -> CommandApdu:
    asking = replace(parts, ne=tlv.encode(0x97, b"\x08")).sealed()
    return asking.command(asking.ne + asking.data + asking.mac_object)


def _twice(parts: Protected) -> CommandApdu:
    sealed = parts.sealed_over(parts.data + parts.data)
    return sealed.command(parts.data + parts.data + sealed.mac_object)


_ROWS: tuple[tuple[str, str, Forge], ...] = (
    (
        "a wrong MAC",
        "One bit of the MAC differs: who alters a command on its way cannot make the right one.",
        lambda parts: parts.with_wrong_mac().command(),
    ),
    (
        "no MAC",
        "DO8E is missing altogether.",
        lambda parts: parts.command(parts.data + parts.ne),
    ),
    (
        "a MAC that is too short",
        "All seven bytes that come are right; whoever compares what came takes it.",
        lambda parts: parts.command(parts.data + parts.ne + shortened(parts.mac)),
    ),
    (
        "no data objects",
        "The class byte announces secure messaging, and nothing follows.",
        lambda parts: parts.command(b""),
    ),
    (
        "an altered cryptogram",
        "One bit of the encrypted data differs from what the MAC covers.",
        _altered_cryptogram,
    ),
    ("an altered header", "P2 differs from what the MAC covers.", _altered_header),
    (
        "an altered Le",
        "DO97 asks for another number of bytes than the MAC covers.",
        _altered_ne,
    ),
    ("an added Le", "DO97 was put in beside what the MAC covers.", _with_ne),
    (
        "data objects in another order",
        "DO97 stands before DO87, while the MAC covers them the other way round.",
        _swapped,
    ),
    (
        "the data twice",
        "Two cryptograms stand behind each other under a right MAC: which of them is meant?",
        _twice,
    ),
    (
        "no padding",
        "The MAC is right, but what was encrypted does not end with padding (ISO/IEC 9797-1).",
        _without_mark,
    ),
    (
        "an unknown padding indicator",
        "The MAC is right, but DO87 announces a padding that secure messaging does not have.",
        _another_indicator,
    ),
    (
        "a cryptogram that is no whole blocks",
        "The MAC is right, but a byte of the encrypted data is missing.",
        _broken_block,
    ),
    (
        "a counter ahead of the card's",
        "The MAC covers a counter that is two ahead, as if a command had been held back.",
        lambda parts: parts.at(parts.ssc + 2).command(),
    ),
    (
        "the counter of another session",
        "The MAC covers the counter that a new session begins with.",
        lambda parts: parts.at(1).command(),
    ),
)


def _demand_refused(answer: ResponseApdu, what: str) -> None:
    """A checking error, and no protected answer: the card must not trust its own session."""
    demand_sw(answer, _CLAUSE, Sws.CHECKING_ERROR, to=what)
    demand(not answer.data, f"an unprotected error to {what}", "a protected one", _CLAUSE)


def _abused(what: str, forge: Forge, subject: Subject) -> None:
    """Send what is forged, which is refused, and find the session gone."""

    def abuse(opened: Opened) -> None:
        answer = opened.subject.transmit(forge(opened.protected()))
        _demand_refused(answer, f"a protected command with {what}")

    demand_session_ends(subject, abuse, f"behind a protected command with {what}")


def _row(number: int, what: str, why: str, forge: Forge) -> Case:
    return Case(
        f"SM_{number}",
        _CLAUSE,
        f"A protected command with {what} is refused and ends the session.",
        why,
        ("a checking error without protection", "no session behind it"),
        needs=("PACE",),
        per_suite=True,
        run=partial(_abused, what, forge),
    )


_ABUSES = tuple(_row(number, *row) for number, row in enumerate(_ROWS, 1))


@case(
    "SM_16",
    _CLAUSE,
    "a checking error to a command that was sent before",
    "no session behind it",
    needs=("PACE",),
    per_suite=True,
)
def _replayed(subject: Subject) -> None:
    """A protected command that is sent once more is refused and ends the session.

    Whoever has listened can repeat what he heard, but not open it.
    """

    def abuse(opened: Opened) -> None:
        command = opened.protected().command()
        first = opened.subject.transmit(command)
        demand_sw(first, _CLAUSE, 0x9000, to="a protected command")
        _demand_refused(opened.subject.transmit(command), "a replayed command")

    demand_session_ends(subject, abuse, "behind a replayed command")


@case(
    "SM_17",
    _CLAUSE,
    "9000 to each of ten protected commands, in answers whose MAC is right",
    needs=("PACE", "CARD-ACCESS"),
    per_suite=True,
)
def _counted(subject: Subject) -> None:
    """Every protected command and every answer advances the send sequence counter.

    Ten in a row agree only if both sides count alike.
    """
    channel = subject.pace().channel
    demand_channel(subject, channel)
    for _ in range(_COMMANDS_IN_A_ROW - 1):
        answer = subject.transmit(probe(subject.profile), channel)
        demand_sw(answer, _CLAUSE, 0x9000, to="a protected command")


@case(
    "SM_18",
    _CLAUSE,
    "an error inside the channel to a file that is not there",
    "9000 to the next command",
    needs=("PACE", "CARD-ACCESS"),
    per_suite=True,
)
def _refused_inside(subject: Subject) -> None:
    """A command that fails is answered inside the channel, which stays open.

    An error of the application is no error of secure messaging.
    """
    channel = subject.pace().channel
    missing = CommandApdu(0x00, INS.SELECT, 0x02, 0x0C, bytes.fromhex("7F7F"))
    demand_sw(subject.transmit(missing, channel), _CLAUSE, Sws.ERROR, to="SELECT of no file")
    demand_sw(subject.transmit(probe(subject.profile), channel), _CLAUSE, 0x9000)


@case(
    "SM_19",
    _CLAUSE,
    "an error to a protected command after a reset",
    needs=("PACE",),
    per_suite=True,
)
def _ended_by_reset(subject: Subject) -> None:
    """A reset ends the session.

    The keys are forgotten with the power.
    """
    for ahead in (0, -2):  # where the counter stood, and where one begins
        opened = Opened.by_pace(subject)
        subject.power_up()
        demand_gone(subject, opened.keys, opened.counted + ahead, "after a reset")


@case(
    "SM_20",
    _CLAUSE,
    "a checking error to a command under the keys of the session before",
    "no session behind it",
    needs=("PACE",),
    per_suite=True,
)
def _keys_of_another_session(subject: Subject) -> None:
    """The keys of an earlier session open nothing, and end the present one.

    Each run of PACE has keys of its own.
    """
    earlier = Opened.by_pace(subject)

    def abuse(opened: Opened) -> None:
        demand(earlier.keys.mac != opened.keys.mac, "new keys", "those from before", _CLAUSE)
        answer = opened.subject.transmit(earlier.protected().command())
        _demand_refused(answer, "a command under earlier keys")

    demand_session_ends(subject, abuse, "behind a command under earlier keys")


UNIT = Unit(
    "SM",
    "Secure messaging behind PACE",
    "eidrig",
    (
        *_ABUSES,
        _replayed,
        _counted,
        _refused_inside,
        _ended_by_reset,
        _keys_of_another_session,
    ),
)
