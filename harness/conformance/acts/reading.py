"""Cases that a file is read, and cases that it is not: the same four ways for every file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from harness import tlv
from harness.apdu import ResponseApdu
from harness.conformance.acts.elementary import Elementary, odd_read, read
from harness.conformance.case import Case
from harness.conformance.judgement import Failure, Sws, demand, demand_sw
from harness.conformance.subject import Subject
from harness.terminal.channel import CardChannel
from harness.tlv import TlvError

Enter = Callable[[Subject], CardChannel]
"""How a case gets to where the file is: gives the channel it is read through."""
ACTIVATED = "the card has just been activated"
CLOSED = "the application is selected in the clear, and no channel stands"
OPENED = "a channel stands, and the application is selected in it"
SOME = 6
"""How many bytes tell one file from another."""
_READ, _SELECT = "ISO/IEC 7816-4, 7.2.3", "ISO/IEC 7816-4, 7.1.1"
_SM = "ICAO 9303-11, 9.8.9"


def after_pace(subject: Subject) -> CardChannel:
    """The channel that PACE opens."""
    return subject.pace().channel


def precondition(enter: Enter) -> str:
    """How a report says what must be before a file is read."""
    if enter is Subject.power_up:
        return ACTIVATED
    return "PACE has opened a channel" if enter is after_pace else "a channel stands"


def demand_file(answer: ResponseApdu, file: Elementary, clause: str) -> bytes:
    """The bytes read, which must be the beginning of this file and of no other.

    Raises:
        Failure: the card refuses, answers nothing, or answers from another file.
    """
    demand_sw(answer, clause, 0x9000)
    demand(answer.data, f"bytes of {file.name}", "9000 and no data", clause)
    expected = f"{file.name}, which begins with {file.tag:02X}"
    got = f"a file that begins with {answer.data[0]:02X}"
    demand(not file.tag or answer.data[0] == file.tag, expected, got, clause)
    return answer.data


def demand_refusal(answer: ResponseApdu, what: str, clause: str) -> None:
    """What is closed is answered 6982 and without a byte of data.

    Raises:
        Failure: it is answered otherwise.
    """
    demand(not answer.data, f"{what} refused", f"{len(answer.data)} bytes of data", clause)
    demand_sw(answer, f"{clause}: {what}", 0x6982)


def demand_session_gone(subject: Subject, channel: CardChannel) -> None:
    """A well-formed protected command after an abuse must find no session to answer in.

    Raises:
        Failure: the card answers it as if nothing had happened.
    """
    answer = subject.transmit_altered(read(SOME), channel, lambda command: command)
    expected = "no session left, and an error in the clear"
    demand(not answer.data, expected, "a protected answer: the session lives on", _SM)
    demand_sw(answer, _SM, Sws.CHECKING_ERROR)


def _by_identifier(subject: Subject, file: Elementary, enter: Enter) -> bytes:
    channel = enter(subject)
    demand_sw(subject.transmit(file.select, channel), _SELECT, 0x9000)
    return demand_file(subject.transmit(read(SOME), channel), file, _READ)


def _demand_same(subject: Subject, got: bytes, file: Elementary, enter: Enter, how: str) -> None:
    known = _by_identifier(subject, file, enter)
    demand(got == known[: len(got)], f"{how} reads {file.name}", "bytes of another file", _READ)


def _explicit(subject: Subject, file: Elementary, enter: Enter) -> None:
    _by_identifier(subject, file, enter)


def _short(subject: Subject, file: Elementary, enter: Enter) -> None:
    channel = enter(subject)
    answer = subject.transmit(file.by_short_identifier(SOME), channel)
    got = demand_file(answer, file, _READ)
    _demand_same(subject, got, file, enter, f"short identifier {file.sfi:02X}")


def demand_odd(answer: ResponseApdu, file: Elementary) -> bytes:
    """The bytes in an answer to the odd instruction, which must be the beginning of this file.

    Raises:
        Failure: the card refuses, answers no object 53, or answers from another file.
    """
    demand_sw(answer, _READ, 0x9000)
    try:
        found = tlv.parse_one(answer.data)
    except TlvError as error:
        raise Failure("one data object 53", str(error), _READ) from None
    demand(found.tag == 0x53, "data object 53", f"data object {found.tag:X}", _READ)
    return demand_file(ResponseApdu(found.value), file, _READ)


def _explicit_odd(subject: Subject, file: Elementary, enter: Enter) -> None:
    channel = enter(subject)
    demand_sw(subject.transmit(file.select, channel), _SELECT, 0x9000)
    got = demand_odd(subject.transmit(odd_read(0x00, SOME), channel), file)
    _demand_same(subject, got, file, enter, "the odd instruction")


def _short_odd(subject: Subject, file: Elementary, enter: Enter) -> None:
    channel = enter(subject)
    got = demand_odd(subject.transmit(file.odd_by_short_identifier(SOME), channel), file)
    _demand_same(subject, got, file, enter, f"the odd instruction with {file.sfi:02X}")


@dataclass(frozen=True, slots=True)
class _Way:
    title: str
    purpose: str
    run: Callable[..., None]
    is_short: bool = False
    is_odd: bool = False


_WAYS = (
    _Way("selected by its identifier and read", "SELECT and READ BINARY find the file.", _explicit),
    _Way(
        "read by its short identifier",
        "READ BINARY alone finds the file, and it is the one that SELECT finds.",
        _short,
        is_short=True,
    ),
    _Way(
        "selected by its identifier and read with the odd instruction",
        "The odd instruction of READ BINARY answers 53 with the bytes that the even one reads.",
        _explicit_odd,
        is_odd=True,
    ),
    _Way(
        "read by its short identifier with the odd instruction",
        "The odd instruction of READ BINARY finds the file by its short identifier, too.",
        _short_odd,
        is_short=True,
        is_odd=True,
    ),
)


def reading(
    ids: tuple[str, ...], file: Elementary, clause: str, needs: tuple[str, ...], enter: Enter
) -> Iterator[Case]:
    """Four cases: a file read by both identifiers and both instructions."""
    for identifier, way in zip(ids, _WAYS, strict=True):
        short = (f"{file.word}-SFI",) if way.is_short else ()
        odd = ("ODD-READ",) if way.is_odd else ()
        begins = f" that begins with {file.tag:02X}" if file.tag else ""
        yield Case(
            identifier,
            clause,
            f"{file.name} is {way.title}.",
            way.purpose,
            (f"9000 and content{begins}",),
            (*needs, file.word, *short, *odd),
            (precondition(enter),),
            run=partial(way.run, file=file, enter=enter),
        )


def demand_closed_to_select(subject: Subject, file: Elementary, clause: str) -> None:
    """SELECT may find a closed file, but then READ BINARY must not read it.

    Raises:
        Failure: the file can be read.
    """
    answer = demand_sw(subject.transmit(file.select), clause, 0x6982, 0x9000)
    what = f"reading {file.name} without a channel"
    if answer.ok:
        demand_refusal(subject.transmit(read(SOME)), what, clause)


def demand_closed_to_short(subject: Subject, file: Elementary, clause: str) -> None:
    """READ BINARY by short identifier must not read a closed file.

    Raises:
        Failure: the file can be read.
    """
    answer = subject.transmit(file.by_short_identifier(SOME))
    demand_refusal(answer, f"reading {file.name} without a channel", clause)


def demand_protection(
    subject: Subject, channel: CardChannel, file: Elementary, clause: str
) -> None:
    """A file that a channel opened is not read past the channel, and the attempt ends it.

    Raises:
        Failure: it is read in the clear, or the session lives on.
    """
    demand_file(subject.transmit(file.by_short_identifier(SOME), channel), file, clause)
    answer = subject.transmit(read(256))
    what = f"reading {file.name} in the clear while a channel stands"
    demand(not answer.data, f"{what} refused", f"{len(answer.data)} bytes of data", clause)
    demand_sw(answer, f"{clause}: {what}", Sws.CHECKING_ERROR)
    demand_session_gone(subject, channel)
