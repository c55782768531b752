"""DG11 and DG12: a list of tags, and what stands under them (ICAO 9303-10, 4.7.11 and 4.7.12)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from harness import tlv
from harness.conformance.acts.elementary import Elementary
from harness.conformance.case import Case
from harness.conformance.contents.content import (
    member,
    objects_in,
    only_object,
    tag_size,
    text,
    well_formed,
)
from harness.conformance.contents.content_cases import FileCases
from harness.conformance.judgement import Failure, demand
from harness.conformance.subject import Subject
from harness.conformance.units.lds_c import decoded
from harness.tlv import Tlv

_TAG_LIST, _COUNT = 0x5C, 0x02

Form = Callable[[bytes, str, str], None]
"""Judges a value; what it is and the clause are for messages."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One element that a data group may hold.

    `inner` is the tag of each of several, where they stand in a template of their own. The plan
    has a case for each but those that are not `planned`.
    """

    tag: int
    name: str
    form: Form
    inner: int | None = None
    planned: bool = True


@dataclass(frozen=True, slots=True)
class Details:
    """A data group with a list of tags; its methods raise `Failure` where it is otherwise.

    The list may name the template of several elements, or the elements in it; `rows` tell which.
    """

    raw: bytes
    file: Elementary
    clause: str
    rows: tuple[Detail, ...]

    def objects(self) -> tuple[Tlv, ...]:
        """All its data objects."""
        value = only_object(self.raw, self.file.tag, self.file.name, self.clause).value
        return objects_in(value, self.file.name)

    def listed(self) -> tuple[int, ...]:
        """The tags in its list."""
        raw = member(self.objects(), _TAG_LIST, f"the tag list of {self.file.name}", self.clause)
        tags, offset = [], 0
        with well_formed("whole tags in the list", self.clause):
            while offset < len(raw):
                # A tag alone is read as an object without a value.
                size = tag_size(raw[offset:])
                found, _ = tlv.parse(raw[offset : offset + size] + b"\0")
                tags.append(found.tag)
                offset += size
        templates = {row.inner: row.tag for row in self.rows if row.inner is not None}
        return tuple(templates.get(tag, tag) for tag in tags)

    def demand_coherent(self) -> None:
        """The list comes first, names known elements once each, and is what is there."""
        there = [each.tag for each in self.objects()]
        begins = f"{there[0]:X}" if there else "nothing"
        demand(there[:1] == [_TAG_LIST], "the tag list first", begins, self.clause)
        known, listed = {row.tag for row in self.rows}, self.listed()
        unknown = " ".join(f"{tag:X}" for tag in listed if tag not in known)
        demand(not unknown, f"tags of {self.file.name}", unknown, self.clause)
        demand(len(set(listed)) == len(listed), "each tag once", "one twice", self.clause)
        present = {tag for tag in there if tag in known}
        got = " ".join(f"{tag:X}" for tag in sorted(present ^ set(listed)))
        demand(present == set(listed), "the elements listed", f"other: {got}", self.clause)

    def demand(self, detail: Detail) -> None:
        """One element, if it is listed; if it is not, it must not be there either."""
        objects = self.objects()
        if detail.tag not in self.listed():
            there = any(each.tag == detail.tag for each in objects)
            demand(not there, f"no {detail.name}, as it is not listed", "one", self.clause)
            return
        if detail.inner is None:
            value = member(objects, detail.tag, detail.name, self.clause)
            detail.form(value, detail.name, self.clause)
            return
        self._demand_several(detail, objects)

    def _demand_several(self, detail: Detail, objects: tuple[Tlv, ...]) -> None:
        inside = objects_in(member(objects, detail.tag, detail.name, self.clause), detail.name)
        count = member(inside, _COUNT, f"the number of {detail.name}", self.clause)
        values = [each.value for each in inside if each.tag == detail.inner]
        told = int.from_bytes(count, "big")
        demand(len(count) == 1, "a number of one byte", f"{len(count)}", self.clause)
        demand(told == len(values), f"{told} of {detail.name}", f"{len(values)}", self.clause)
        for value in values:
            detail.form(value, detail.name, self.clause)


def details(cases: FileCases, clause: str, rows: tuple[Detail, ...], first: int) -> Iterator[Case]:
    """The cases of a data group with a list of tags, from `first`: the list, then each element."""

    def coherent(raw: bytes, subject: Subject) -> None:
        del subject
        Details(raw, cases.file, clause, rows).demand_coherent()

    name = cases.file.name
    yield cases.case(
        first,
        clause,
        f"{name} lists the elements that it holds.",
        "5C stands first and names each element that is there, once, and no other.",
        coherent,
    )
    planned = (row for row in rows if row.planned)
    for number, detail in enumerate(planned, start=first + 1):

        def one(raw: bytes, subject: Subject, detail: Detail = detail) -> None:
            del subject
            Details(raw, cases.file, clause, rows).demand(detail)

        yield cases.case(
            number,
            clause,
            f"{name} holds {detail.name} as it ought to be, if at all.",
            f"{detail.tag:X} is there where it is listed, and has the form of the standard.",
            one,
        )


def words(value: bytes, what: str, clause: str) -> None:
    """A text that is not empty.

    Raises:
        Failure: it is none.
    """
    demand(text(value, what, clause), f"{what} that says something", "an empty one", clause)


def name_of_holder(value: bytes, what: str, clause: str) -> None:
    """Primary and secondary identifiers with << between them, at most once.

    Raises:
        Failure: it is otherwise.
    """
    said = text(value, what, clause)
    right = said and said[0] != "<" and said.rstrip("<").count("<<") <= 1
    demand(right, f"{what} with << between its parts once", "another form", clause)


def day(value: bytes, what: str, clause: str) -> None:
    """A day as eight digits, or packed into four bytes.

    Raises:
        Failure: it is no day.
    """
    digits = value.hex() if len(value) == 4 else value.decode("ascii", errors="replace")
    demand(re.fullmatch(r"[0-9]{8}", digits), f"{what} as YYYYMMDD", "another form", clause)
    # Month and day of birth may be unknown, and are zeros then.
    known = re.sub(r"00$", "01", re.sub(r"0000$", "0101", digits))
    _demand_time(known, "%Y%m%d", what, clause)


def moment(value: bytes, what: str, clause: str) -> None:
    """Day and time as fourteen digits, or packed into seven bytes.

    Raises:
        Failure: it is no moment.
    """
    digits = value.hex() if len(value) == 7 else value.decode("ascii", errors="replace")
    demand(re.fullmatch(r"[0-9]{14}", digits), f"{what} as YYYYMMDDhhmmss", "other", clause)
    _demand_time(digits, "%Y%m%d%H%M%S", what, clause)


def _demand_time(digits: str, form: str, what: str, clause: str) -> None:
    """A calendar has this time; the holder's is not shown where it does not."""
    try:
        datetime.strptime(digits, form)  # noqa: DTZ007 - the standard has no zone
    except ValueError:
        raise Failure(f"{what} that a calendar has", "another one", clause) from None


def image(value: bytes, what: str, clause: str) -> None:
    """An image that can be decoded.

    Raises:
        Failure: it cannot.
    """
    del what, clause
    decoded(value)
