"""The cases that a chip's files are closed before its access control, and guarded after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.conformance.acts.elementary import LDS_FILES, Elementary
from harness.conformance.acts.reading import (
    CLOSED,
    demand_closed_to_select,
    demand_closed_to_short,
    demand_protection,
)
from harness.conformance.case import Case
from harness.conformance.subject import Subject
from harness.terminal.channel import CardChannel

_SM_CLAUSE = "ICAO 9303-11, 9.8.9"


@dataclass(frozen=True, slots=True)
class Guard:
    """One access control: PACE or BAC, with the unit about it.

    `reach` selects the application in the clear and says whether that succeeded; `enter` gives the
    channel, with the application selected in it.
    """

    unit: str
    word: str
    clause: str
    reach: Callable[[Subject], bool]
    enter: Callable[[Subject], CardChannel]

    def cases(self) -> Iterator[Case]:
        """Three rows of cases, one case of each for every file of the LDS."""
        number = 0
        for row in (self._selected, self._named, self._guarded):
            for file in LDS_FILES:
                number += 1
                yield row(f"{self.unit}_{number}", file)

    def _selected(self, identifier: str, file: Elementary) -> Case:
        def run(subject: Subject) -> None:
            if self.reach(subject):
                demand_closed_to_select(subject, file, self.clause)

        return Case(
            identifier,
            self.clause,
            f"{file.name} cannot be selected and read before {self.word}.",
            "A chip may let a closed file be selected, but then it must not let it be read.",
            ("6982, or 9000 and then 6982 to READ BINARY",),
            self._needs(file),
            (CLOSED,),
            run=run,
        )

    def _named(self, identifier: str, file: Elementary) -> Case:
        def run(subject: Subject) -> None:
            if self.reach(subject):
                demand_closed_to_short(subject, file, self.clause)

        return Case(
            identifier,
            self.clause,
            f"{file.name} cannot be read by its short identifier before {self.word}.",
            "The short way into a file must be closed as the long one is.",
            ("6982 and no data",),
            self._needs(file),
            (CLOSED,),
            run=run,
        )

    def _guarded(self, identifier: str, file: Elementary) -> Case:
        def run(subject: Subject) -> None:
            demand_protection(subject, self.enter(subject), file, _SM_CLAUSE)

        # What needs terminal authentication is not opened here.
        sensitive = (f"{file.word}-OPEN",) if file.word in ("DG3", "DG4") else ()
        return Case(
            identifier,
            _SM_CLAUSE,
            f"{file.name} is read inside the channel only, once {self.word} has opened one.",
            "A command in the clear reads nothing and ends the session, as a protected one shows.",
            ("9000", "an error and no data", "an error in the clear"),
            (*self._needs(file), *sensitive),
            (f"{self.word} has opened a channel, and the application is selected in it",),
            run=run,
        )

    def _needs(self, file: Elementary) -> tuple[str, ...]:
        return self.word, "LDS", file.word
