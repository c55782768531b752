"""Unit ISO7816_E: protected READ BINARY with and without short identifier."""

from __future__ import annotations

from functools import partial

from harness.conformance.acts.elementary import (
    COM,
    DATA_GROUPS,
    LAST_OFFSET,
    SOD,
    Elementary,
    read,
)
from harness.conformance.acts.reading import OPENED, demand_file
from harness.conformance.case import Case, Unit, case, not_implemented
from harness.conformance.judgement import Sws, demand, demand_sw
from harness.conformance.subject import Subject
from harness.conformance.units.iso7816_d import entered, readable
from harness.conformance.units.sources import ICAO_3
from harness.profile import Content

_CLAUSE = "ICAO 9303-10, 3.6.3"
_BEYOND = "ISO/IEC 7816-4, 7.2.3"
_FIRST_DATA_GROUP = 7


@case("ISO7816_E_1", _CLAUSE, "9000", "9000 and 60", needs=readable(COM), preconditions=(OPENED,))
def _selected(subject: Subject) -> None:
    """EF.COM is selected and read.

    READ BINARY without short identifier reads the current file.
    """
    channel = entered(subject)
    demand_sw(subject.transmit(COM.select, channel), _CLAUSE, 0x9000)
    demand_file(subject.transmit(read(1), channel), COM, _CLAUSE)


@case(
    "ISO7816_E_3",
    _BEYOND,
    "9000",
    "a checking error and no data",
    needs=readable(COM),
    preconditions=(OPENED,),
)
def _offset_beyond(subject: Subject) -> None:
    """An offset behind the end of the file is refused.

    The refusal is protected, brings no data, and the session goes on.
    """
    channel = entered(subject)
    demand_sw(subject.transmit(COM.select, channel), _CLAUSE, 0x9000)
    answer = channel.transmit(read(1, LAST_OFFSET))
    demand(not answer.data, "no data", f"{len(answer.data)} bytes", _BEYOND)
    demand_sw(answer, _BEYOND, Sws.CHECKING_ERROR)
    demand_file(subject.transmit(read(1), channel), COM, _CLAUSE)


@case(
    "ISO7816_E_4",
    _BEYOND,
    "9000",
    "9000 and the whole of EF.COM",
    needs=readable(COM),
    preconditions=(OPENED,),
)
def _length_beyond(subject: Subject) -> None:
    """A read of more bytes than the file has brings all it has.

    The answer is as long as the file, with what the file holds.
    """
    channel = entered(subject)
    demand_sw(subject.transmit(COM.select, channel), _CLAUSE, 0x9000)
    answer = demand_sw(subject.transmit(read(0xE0), channel), _BEYOND, 0x9000)
    whole = subject.read(Content.LDS_COM, channel)
    got = f"{len(answer.data)} bytes"
    expected = f"EF.COM, {len(whole)} bytes"
    demand(answer.data.rstrip(b"\0\xff") == whole.rstrip(b"\0\xff"), expected, got, _BEYOND)


def _run(subject: Subject, file: Elementary) -> None:
    channel = entered(subject)
    got = demand_file(subject.transmit(file.by_short_identifier(8), channel), file, _CLAUSE)
    demand_sw(subject.transmit(file.select, channel), _CLAUSE, 0x9000)
    known = demand_file(subject.transmit(read(8), channel), file, _CLAUSE)
    expected = f"short identifier {file.sfi:02X} reads {file.name}"
    demand(got == known, expected, "bytes of another file", _CLAUSE)


def _short(number: int, file: Elementary) -> Case:
    return Case(
        f"ISO7816_E_{number}",
        _CLAUSE,
        f"{file.name} is read by its short identifier.",
        "The bytes are those that SELECT and READ BINARY find.",
        (f"9000 and {file.tag:02X}",),
        readable(file),
        (OPENED,),
        run=partial(_run, file=file),
    )


_CVCA = not_implemented(
    "ISO7816_E_22",
    "BSI TR-03110-3, A.3.1.2",
    "EF.CVCA is read with the odd instruction.",
    "EF.CVCA belongs to terminal authentication, which is neither tested nor emulated",
)

UNIT = Unit(
    "ISO7816_E",
    "Reading files in the channel",
    ICAO_3,
    (
        _selected,
        _offset_beyond,
        _length_beyond,
        _short(5, COM),
        _short(6, SOD),
        *(_short(number, file) for number, file in enumerate(DATA_GROUPS[:-1], _FIRST_DATA_GROUP)),
        _CVCA,
    ),
)
