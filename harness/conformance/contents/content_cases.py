"""Cases that judge the content of a file, read as the card lets it be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from harness import tlv
from harness.conformance.acts.elementary import LAST_OFFSET, Elementary, odd_read, read
from harness.conformance.acts.reading import precondition
from harness.conformance.case import Case
from harness.conformance.contents.content import demand_tag, head_at, well_formed
from harness.conformance.judgement import Blocked, demand
from harness.conformance.subject import Subject
from harness.profile import Content
from harness.terminal.channel import CardChannel

_FILL = (b"", b"\x00", b"\xff")
_TAG_CLAUSE, _LENGTH_CLAUSE = "ICAO 9303-10, 4.6 and 4.7", "ISO/IEC 8825-1, 8.1.3"

Check = Callable[[bytes, Subject], None]
"""Judges the bytes of a file, with the card at hand."""


@dataclass(frozen=True, slots=True)
class FileCases:
    """The cases of a unit about one file: `unit` is how their identifiers begin.

    `enter` opens what the file is read through.
    """

    unit: str
    file: Elementary
    content: Content
    needs: tuple[str, ...]
    enter: Callable[[Subject], CardChannel] = Subject.access

    def template(self, tag: int = 1, length: int = 2) -> Iterator[Case]:
        """The two cases that every file of the LDS has, by their numbers."""
        yield Case(
            f"{self.unit}_{tag}",
            _TAG_CLAUSE,
            f"{self.file.name} begins with its tag.",
            f"The file is one data object with the tag {self.file.tag:02X}.",
            (f"tag {self.file.tag:02X}",),
            self.needs,
            (precondition(self.enter),),
            run=partial(_tag, file=self.file, content=self.content),
        )
        yield Case(
            f"{self.unit}_{length}",
            _LENGTH_CLAUSE,
            f"{self.file.name} is as long as it says.",
            "The length is coded in the fewest bytes, and the content ends where it says; only "
            "fill may follow.",
            ("a length in the fewest bytes", "a byte at the end", "nothing or fill behind it"),
            self.needs,
            (precondition(self.enter),),
            run=partial(_length, file=self.file, content=self.content),
        )

    def case(
        self, number: int | str, clause: str, title: str, purpose: str, check: Check, *needs: str
    ) -> Case:
        """A case that reads the file whole and judges it."""

        def run(subject: Subject) -> None:
            check(subject.read(self.content, self.enter(subject)), subject)

        expected = (f"{self.file.name} as the clause has it",)
        identifier = f"{self.unit}_{number}"
        return Case(
            identifier,
            clause,
            title,
            purpose,
            expected,
            (*self.needs, *needs),
            (precondition(self.enter),),
            run=run,
        )


def _tag(subject: Subject, file: Elementary, content: Content) -> None:
    beginning = subject.beginning(content, 8, subject.access())
    demand_tag(head_at(beginning, 0, file.name), file.tag, file.name, _TAG_CLAUSE)


def _length(subject: Subject, file: Elementary, content: Content) -> None:
    channel = subject.access()
    head = head_at(subject.beginning(content, 8, channel), 0, file.name)
    expected = f"{file.name} of {head.end} bytes, as its length says"
    last = _byte_at(subject, channel, head.end - 1)
    demand(len(last) == 1, expected, "a file that ends before", _LENGTH_CLAUSE)
    behind = _byte_at(subject, channel, head.end)
    demand(behind in _FILL, expected, "a file that goes on behind", _LENGTH_CLAUSE)


def _byte_at(subject: Subject, channel: CardChannel, offset: int) -> bytes:
    """One byte of the current file, or none; far ones are reached by the odd instruction alone."""
    if offset <= LAST_OFFSET:
        answer = subject.transmit(read(1, offset), channel)
        return answer.data if answer.ok else b""
    if not subject.profile.transmission.odd_read:
        message = "the file is longer than READ BINARY reaches without its odd instruction"
        raise Blocked(message)
    answer = subject.transmit(odd_read(0x00, 3, offset), channel)
    with well_formed("a data object 53", _LENGTH_CLAUSE):
        return tlv.parse_one(answer.data).value if answer.ok else b""
