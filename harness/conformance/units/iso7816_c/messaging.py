"""Secure messaging under the keys of BAC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness import tlv
from harness.apdu import CommandApdu
from harness.conformance.acts.elementary import COM, odd_read, read
from harness.conformance.acts.reading import (
    OPENED,
    SOME,
    demand_closed_to_short,
    demand_file,
    demand_odd,
    demand_session_gone,
)
from harness.conformance.case import case
from harness.conformance.judgement import demand, demand_sw
from harness.conformance.subject import Subject
from harness.terminal.channel import CardChannel

_SM_CLAUSE = "ICAO 9303-11, 9.8"
_NEEDS = ("BAC", "LDS", "COM")
_MAC = 0x8E

Change = Callable[[CommandApdu], CommandApdu]


@case("ISO7816_C_8", _SM_CLAUSE, "9000 in DO87, DO99, DO8E", needs=_NEEDS, preconditions=(OPENED,))
def _read_short(subject: Subject) -> None:
    """READ BINARY by short identifier is answered protected.

    Data, status and MAC stand in their objects, in their order, and the MAC is right.
    """
    channel = subject.bac()
    demand_file(channel.transmit(COM.by_short_identifier(SOME)), COM, _SM_CLAUSE)


@case(
    "ISO7816_C_9",
    _SM_CLAUSE,
    "9000 in DO85, DO99, DO8E",
    needs=(*_NEEDS, "ODD-READ"),
    preconditions=(OPENED,),
)
def _read_short_odd(subject: Subject) -> None:
    """READ BINARY with the odd instruction by short identifier is answered protected.

    The data stands in DO85 both ways, as the instruction is odd.
    """
    channel = subject.bac()
    demand_odd(channel.transmit(COM.odd_by_short_identifier(SOME)), COM)


@case(
    "ISO7816_C_10",
    _SM_CLAUSE,
    "9000",
    "9000 in DO87, DO99, DO8E",
    needs=_NEEDS,
    preconditions=(OPENED,),
)
def _select_read(subject: Subject) -> None:
    """SELECT and READ BINARY are answered protected.

    SELECT is answered with status and MAC alone.
    """
    channel = subject.bac()
    demand_sw(channel.transmit(COM.select), _SM_CLAUSE, 0x9000)
    demand_file(channel.transmit(read(SOME)), COM, _SM_CLAUSE)


@case(
    "ISO7816_C_11",
    _SM_CLAUSE,
    "9000",
    "9000 in DO85",
    needs=(*_NEEDS, "ODD-READ"),
    preconditions=(OPENED,),
)
def _select_read_odd(subject: Subject) -> None:
    """SELECT and READ BINARY with the odd instruction are answered protected.

    The data stands in DO85 both ways, as the instruction is odd.
    """
    channel = subject.bac()
    demand_sw(channel.transmit(COM.select), _SM_CLAUSE, 0x9000)
    demand_odd(channel.transmit(odd_read(0x00, SOME)), COM)


def _without_mac(command: CommandApdu) -> CommandApdu:
    objects = tlv.parse_all(command.data)
    left = b"".join(each.encode() for each in objects if each.tag != _MAC)
    return replace(command, data=left)


def _with_wrong_mac(command: CommandApdu) -> CommandApdu:
    return replace(command, data=command.data[:-1] + bytes((command.data[-1] ^ 0x01,)))


def _demand_rejected(
    subject: Subject, channel: CardChannel, command: CommandApdu, change: Change, what: str
) -> None:
    """A command that was tampered with is refused in the clear, and the session is gone."""
    answer = subject.transmit_altered(command, channel, change)
    demand(not answer.data, f"{what} refused in the clear", "a protected answer", _SM_CLAUSE)
    demand_sw(answer, f"{_SM_CLAUSE}: {what}", 0x6987, 0x6988, 0x6982)
    demand_session_gone(subject, channel)
    demand_closed_to_short(subject, COM, _SM_CLAUSE)


_TAMPERED = ("6987, 6988 or 6982 in the clear", "an error in the clear", "6982")


@case("ISO7816_C_12", _SM_CLAUSE, *_TAMPERED, needs=_NEEDS, preconditions=(OPENED,))
def _select_without_mac(subject: Subject) -> None:
    """SELECT without a MAC ends the session.

    The refusal is not protected, and a right command afterwards finds no session.
    """
    channel = subject.bac()
    _demand_rejected(subject, channel, COM.select, _without_mac, "SELECT without a MAC")


@case("ISO7816_C_13", _SM_CLAUSE, *_TAMPERED, needs=_NEEDS, preconditions=(OPENED,))
def _select_with_wrong_mac(subject: Subject) -> None:
    """SELECT with a wrong MAC ends the session.

    The refusal is not protected, and a right command afterwards finds no session.
    """
    channel = subject.bac()
    _demand_rejected(subject, channel, COM.select, _with_wrong_mac, "SELECT with a wrong MAC")


@case("ISO7816_C_14", _SM_CLAUSE, *_TAMPERED, needs=_NEEDS, preconditions=(OPENED,))
def _select_with_wrong_counter(subject: Subject) -> None:
    """SELECT with a send sequence counter that is ahead ends the session.

    The MAC is right for a counter that the card has not reached.
    """
    channel = subject.bac()
    channel.protected(COM.select)
    what = "SELECT with a wrong counter"
    _demand_rejected(subject, channel, COM.select, lambda command: command, what)


@case(
    "ISO7816_C_16",
    _SM_CLAUSE,
    "9000 or an error",
    "an error in the clear",
    needs=_NEEDS,
    preconditions=(OPENED,),
)
def _plain_select(subject: Subject) -> None:
    """SELECT in the clear ends the session.

    The file may be found, as before BAC, but it is closed again, as the session is gone.
    """
    channel = subject.bac()
    # A chip that lets files be selected before BAC may let this one be, too.
    demand_sw(subject.transmit(COM.select), _SM_CLAUSE, 0x9000, 0x6982, 0x6987, 0x6988)
    demand_session_gone(subject, channel)
    demand_closed_to_short(subject, COM, _SM_CLAUSE)


@case("ISO7816_C_17", _SM_CLAUSE, *_TAMPERED, needs=_NEEDS, preconditions=(OPENED,))
def _read_without_mac(subject: Subject) -> None:
    """READ BINARY without a MAC ends the session.

    No byte is read, and a right command afterwards finds no session.
    """
    channel, command = subject.bac(), COM.by_short_identifier(SOME)
    _demand_rejected(subject, channel, command, _without_mac, "READ BINARY without a MAC")


@case("ISO7816_C_18", _SM_CLAUSE, *_TAMPERED, needs=_NEEDS, preconditions=(OPENED,))
def _read_with_wrong_mac(subject: Subject) -> None:
    """READ BINARY with a wrong MAC ends the session.

    No byte is read, and a right command afterwards finds no session.
    """
    channel, command = subject.bac(), COM.by_short_identifier(SOME)
    _demand_rejected(subject, channel, command, _with_wrong_mac, "READ BINARY with a wrong MAC")


CASES = (
    _read_short,
    _read_short_odd,
    _select_read,
    _select_read_odd,
    _select_without_mac,
    _select_with_wrong_mac,
    _select_with_wrong_counter,
    _plain_select,
    _read_without_mac,
    _read_with_wrong_mac,
)
