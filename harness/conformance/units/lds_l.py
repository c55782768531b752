"""Unit LDS_L: the content of EF.ATR/INFO."""

from __future__ import annotations

from harness.conformance.acts.elementary import ATR_INFO, read
from harness.conformance.acts.reading import demand_file
from harness.conformance.case import Unit
from harness.conformance.contents.content import member, objects_in, well_formed
from harness.conformance.contents.content_cases import FileCases
from harness.conformance.judgement import demand, demand_sw
from harness.conformance.subject import Subject
from harness.conformance.units.sources import BSI_3_2
from harness.profile import Content
from harness.security_info import decode_integer
from harness.tlv import Tlv

_CASES = FileCases("LDS_L", ATR_INFO, Content.ATR_INFO, ("ATR-INFO",), Subject.power_up)
_CLAUSE = "ICAO 9303-10, 3.11.1"
_LENGTHS, _SIZES = "ISO/IEC 7816-4, 12.7.1", 0x7F66
_CAPABILITIES, _FUNCTIONS = "ISO/IEC 7816-4, 12.1.1.9", 0x47
_CHAINING = 0x80
_SHORTEST = 256


def _objects(raw: bytes) -> tuple[Tlv, ...]:
    return objects_in(raw, ATR_INFO.name)


def _valid(raw: bytes, subject: Subject) -> None:
    del subject
    demand(_objects(raw), "data objects in EF.ATR/INFO", "none", _CLAUSE)


def _has_sizes(raw: bytes, subject: Subject) -> None:
    del subject
    member(_objects(raw), _SIZES, "the object about extended length", _LENGTHS)


def _sizes(raw: bytes, subject: Subject) -> None:
    limits = subject.profile.transmission
    value = member(_objects(raw), _SIZES, "the object about extended length", _LENGTHS)
    with well_formed("two integers", _LENGTHS):
        command, answer = (decode_integer(each) for each in objects_in(value, "7F66"))
    for what, told, declared in (
        ("command", command, limits.largest_command),
        ("answer", answer, limits.largest_answer),
    ):
        demand(told > _SHORTEST, f"more than {_SHORTEST} bytes of {what}", f"{told}", _LENGTHS)
        expected = f"{declared} bytes of {what}, as declared"
        demand(declared in (None, told), expected, f"{told}", _LENGTHS)


def _chaining(raw: bytes, subject: Subject) -> None:
    del subject
    value = member(_objects(raw), _FUNCTIONS, "the card capabilities", _CAPABILITIES)
    demand(len(value) == 3, "three tables of functions", f"{len(value)}", _CAPABILITIES)
    demand(value[2] & _CHAINING, "command chaining (b8)", f"{value[2]:02X}", _CAPABILITIES)


def _reachable(raw: bytes, subject: Subject) -> None:
    channel = subject.power_up()
    demand_sw(subject.transmit(ATR_INFO.select, channel), _CLAUSE, 0x9000)
    got = demand_file(subject.transmit(read(8), channel), ATR_INFO, _CLAUSE)
    same = raw.startswith(got)
    demand(same, "EF.ATR/INFO in the master file", "bytes of another file", _CLAUSE)


UNIT = Unit(
    "LDS_L",
    "What EF.ATR/INFO holds",
    BSI_3_2,
    (
        _CASES.case(
            1,
            _CLAUSE,
            "EF.ATR/INFO holds data objects and nothing else.",
            "Tag, length and value, one behind the other, with each length in the fewest bytes.",
            _valid,
        ),
        _CASES.case(
            2,
            _LENGTHS,
            "EF.ATR/INFO tells how much the card takes and gives.",
            "7F66 is there where the card has commands and answers of extended length.",
            _has_sizes,
            "EXTENDED-LENGTH",
        ),
        _CASES.case(
            3,
            _LENGTHS,
            "EF.ATR/INFO tells two sizes that make sense.",
            "Both are integers above the size of a short answer, as the profile declares them.",
            _sizes,
            "EXTENDED-LENGTH",
        ),
        _CASES.case(
            4,
            _CAPABILITIES,
            "EF.ATR/INFO says that the card takes commands in parts.",
            "The third table of functions has the bit of command chaining.",
            _chaining,
            "EXTENDED-LENGTH",
        ),
        _CASES.case(
            5,
            _CLAUSE,
            "EF.ATR/INFO is found in the master file right after activation.",
            "SELECT and READ BINARY in the clear.",
            _reachable,
        ),
    ),
)
