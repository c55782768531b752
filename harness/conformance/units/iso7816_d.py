"""Unit ISO7816_D: protected SELECT of every file of the LDS."""

from __future__ import annotations

from functools import partial

from harness.apdu import INS, SW, CommandApdu
from harness.conformance.acts.elementary import COM, DATA_GROUPS, SOD, Elementary, read
from harness.conformance.acts.reading import OPENED, demand_file
from harness.conformance.case import Case, Unit, case
from harness.conformance.judgement import demand_sw
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3
from harness.terminal.channel import CardChannel

_CLAUSE = "ICAO 9303-10, 3.6.3"
_FIRST_DATA_GROUP = 7
_NEEDS = ("LDS", "BAC|PACE")


def entered(subject: Subject) -> CardChannel:
    """A channel with the application selected in it and no file."""
    channel = subject.access()
    subject.enter_lds(channel)
    return channel


def readable(file: Elementary) -> tuple[str, ...]:
    """What a profile must declare so that a file is read without terminal authentication."""
    sensitive = (f"{file.word}-OPEN",) if file.word in ("DG3", "DG4") else ()
    return (*_NEEDS, file.word, *sensitive)


def _run(subject: Subject, file: Elementary) -> None:
    channel = entered(subject)
    demand_sw(subject.transmit(file.select, channel), _CLAUSE, 0x9000)
    demand_file(subject.transmit(read(1), channel), file, _CLAUSE)


def _case(number: int, file: Elementary) -> Case:
    return Case(
        f"ISO7816_D_{number}",
        _CLAUSE,
        f"{file.name} is selected by a protected command.",
        "READ BINARY then answers from this file, as its first byte shows.",
        ("9000", f"9000 and {file.tag:02X}"),
        readable(file),
        (OPENED,),
        run=partial(_run, file=file),
    )


@case("ISO7816_D_23", _CLAUSE, "6A82, protected", needs=_NEEDS, preconditions=(OPENED,))
def _missing(subject: Subject) -> None:
    """A file that is not there is not found.

    The refusal is protected as every answer is, and the session goes on.
    """
    channel = entered(subject)
    absent = CommandApdu(0x00, INS.SELECT, 0x02, 0x0C, b"\x02\x02")
    demand_sw(channel.transmit(absent), _CLAUSE, SW.FILE_NOT_FOUND)
    subject.enter_lds(channel)


UNIT = Unit(
    "ISO7816_D",
    "Selecting files in the channel",
    ICAO_3,
    (
        _case(1, COM),
        _case(6, SOD),
        *(_case(number, file) for number, file in enumerate(DATA_GROUPS, _FIRST_DATA_GROUP)),
        _missing,
    ),
)
