"""Unit ISO7816_U: EF.DIR is read by everyone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness import tlv
from harness.conformance.acts.elementary import DIR
from harness.conformance.acts.reading import reading
from harness.conformance.case import Case, Unit
from harness.conformance.judgement import Failure, demand
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3
from harness.profile import Content
from harness.tlv import TlvError

_CLAUSE = "ICAO 9303-10, 3.11.2"
_TEMPLATE_CLAUSE = "ISO/IEC 7816-4, 12.2.3.2"
_IDS = ("ISO7816_U_1", "ISO7816_U_2", "ISO7816_U_3", "ISO7816_U_4")


def _demand_applications(subject: Subject) -> None:
    raw = subject.read(Content.DIRECTORY)
    try:
        templates = [each.children() for each in tlv.parse_filled(raw)]
    except TlvError as error:
        raise Failure("application templates", str(error), _TEMPLATE_CLAUSE) from None
    named = {aid for each in templates if (aid := tlv.find(each, 0x4F))}
    for aid in sorted(subject.profile.listed):
        expected = f"the application {aid.hex().upper()} listed in EF.DIR"
        got = ", ".join(sorted(each.hex().upper() for each in named)) or "no application"
        demand(aid in named, expected, got, _TEMPLATE_CLAUSE)


def _cases() -> Iterator[Case]:
    read, *others = reading(_IDS, DIR, _CLAUSE, (), Subject.power_up)

    def read_whole(subject: Subject) -> None:
        assert read.run is not None  # noqa: S101 - the case is implemented
        read.run(subject)
        _demand_applications(subject)

    yield replace(
        read,
        purpose="SELECT and READ BINARY find the file, and it lists the card's applications.",
        expected=("9000 and a template 61 for each application of the profile",),
        run=read_whole,
    )
    yield from others


UNIT = Unit("ISO7816_U", "EF.DIR is open", ICAO_3, tuple(_cases()))
