"""The cases that every biometric data group has: templates, header and data block."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.conformance.case import Case
from harness.conformance.contents.biometric import (
    CLAUSE,
    CONSTRUCTED_BLOCK,
    OWNER,
    PRIMITIVE_BLOCK,
    SUBTYPE,
    TYPE,
    Biometric,
    demand_value,
)
from harness.conformance.contents.content_cases import Check, FileCases
from harness.conformance.judgement import demand
from harness.conformance.subject import Subject

Step = Callable[[Biometric], object]


def on(cases: FileCases, step: Step) -> Check:
    """A check of a file that is one step into its templates."""

    def check(raw: bytes, subject: Subject) -> None:
        del subject
        step(Biometric(raw, cases.file))

    return check


def _owner(group: Biometric) -> None:
    demand_value(group.element(OWNER, "the format owner"), b"\x01\x01", "format owner")


def format_type(*allowed: int) -> Step:
    """The format type is one of these, by their CBEFF numbers."""

    def step(group: Biometric) -> None:
        value = group.element(TYPE, "the format type")
        numbers = [number.to_bytes(2, "big") for number in allowed]
        expected = " or ".join(f"{number:04X}" for number in allowed)
        demand(value in numbers, f"format type {expected}", value.hex().upper(), CLAUSE)

    return step


def block(*tags: int) -> Step:
    """The data block stands under one of these tags."""
    return lambda group: group.block(*tags)


def subtype(group: Biometric) -> None:
    """The header tells which finger or eye it is."""
    value = group.element(SUBTYPE, "the biometric subtype")
    demand(len(value) == 1, "a biometric subtype of one byte", f"{len(value)}", CLAUSE)


def standardized(group: Biometric) -> None:
    """Inside 7F2E the data of ISO/IEC 39794 stands under A1."""
    value = group.block(CONSTRUCTED_BLOCK)
    demand(value[:1] == b"\xa1", "data in standardized format (A1)", value[:1].hex(), CLAUSE)


def magic(expected: bytes, number: int) -> Step:
    """Data of a format type begins with the identifier of its format."""

    def step(group: Biometric) -> None:
        demand_value(group.element(TYPE, "the format type"), number.to_bytes(2, "big"), "type")
        demand_value(group.block(PRIMITIVE_BLOCK)[: len(expected)], expected, "format identifier")

    return step


def templates(cases: FileCases, first: int) -> Iterator[Case]:
    """Five cases, numbered from `first`: from the group template to the format owner."""
    rows: tuple[tuple[str, str, Step], ...] = (
        (
            "holds one biometric information group template",
            "7F61 fills the data group.",
            Biometric.group,
        ),
        (
            "says how many instances it holds, and holds so many",
            "02 tells a number, and as many templates follow.",
            Biometric.templates,
        ),
        (
            "holds each instance in a biometric information template",
            "Each 7F60 is as long as it says, and the last one ends with the group.",
            Biometric.templates,
        ),
        (
            "has a biometric header template for its first instance",
            "A1 holds the elements of CBEFF, each with its length in the fewest bytes.",
            Biometric.header,
        ),
        (
            "names the owner of its format",
            "87 is 0101: ISO/IEC JTC 1/SC 37.",
            _owner,
        ),
    )
    for number, (title, purpose, step) in enumerate(rows, start=first):
        yield cases.case(number, CLAUSE, f"{cases.file.name} {title}.", purpose, on(cases, step))
