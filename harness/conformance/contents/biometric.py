"""Biometric data groups, taken apart step by step (ICAO 9303-10, 4.7.2; ISO/IEC 7816-11)."""

from __future__ import annotations

from dataclasses import dataclass

from harness.conformance.acts.elementary import Elementary
from harness.conformance.contents.content import Head, demand_tag, head_at, member, objects_in
from harness.conformance.judgement import demand
from harness.tlv import Tlv

_GROUP, _TEMPLATE, _HEADER, _COUNT = 0x7F61, 0x7F60, 0xA1, 0x02
PRIMITIVE_BLOCK, CONSTRUCTED_BLOCK = 0x5F2E, 0x7F2E
OWNER, TYPE, SUBTYPE = 0x87, 0x88, 0x82
CLAUSE = "ICAO 9303-10, 4.7.2"


@dataclass(frozen=True, slots=True)
class Biometric:
    """One biometric data group: each method goes one step further in.

    Every method raises `Failure` where what it looks for is missing, malformed, or ends elsewhere.
    """

    raw: bytes
    file: Elementary

    def group(self) -> Head:
        """The biometric information group template, which fills the file."""
        outer = head_at(self.raw, 0, self.file.name)
        demand_tag(outer, self.file.tag, self.file.name, CLAUSE)
        head = self._at(outer.start, _GROUP, "the biometric information group template")
        self._demand_end(head, outer, "the group template")
        return head

    def count(self) -> tuple[int, Head]:
        """How many instances the group says it has."""
        head = self._at(self.group().start, _COUNT, "the number of instances")
        size = head.end - head.start
        demand(size == 1, "a number of one byte", f"{size} bytes", CLAUSE)
        return self.raw[head.start], head

    def templates(self) -> tuple[Head, ...]:
        """The biometric information templates, as many as the group says."""
        group, (number, at) = self.group(), self.count()
        heads, offset = [], at.end
        while offset < group.end:
            head = self._at(offset, _TEMPLATE, "a biometric information template")
            heads.append(head)
            offset = head.end
        demand(offset == group.end, "templates that fill the group", "one that goes on", CLAUSE)
        demand(len(heads) == number, f"{number} templates, as told", f"{len(heads)}", CLAUSE)
        demand(heads, "at least one template", "none", CLAUSE)
        return tuple(heads)

    def header(self) -> tuple[Head, tuple[Tlv, ...]]:
        """The biometric header template of the first instance, and what is in it."""
        head = self._at(self.templates()[0].start, _HEADER, "the biometric header template")
        inside = objects_in(self.raw[head.start : head.end], "the biometric header template")
        return head, inside

    def element(self, tag: int, what: str) -> bytes:
        """One element of the header by its tag."""
        return member(self.header()[1], tag, what, CLAUSE)

    def block(self, *tags: int) -> bytes:
        """The biometric data block of the first instance, under one of these tags."""
        template, (header, _) = self.templates()[0], self.header()
        head = head_at(self.raw, header.end, "the biometric data block")
        allowed = " or ".join(f"{tag:X}" for tag in tags)
        demand(head.tag in tags, f"a data block under {allowed}", f"tag {head.tag:X}", CLAUSE)
        self._demand_end(head, template, "the data block")
        return self.raw[head.start : head.end]

    def _at(self, offset: int, tag: int, what: str) -> Head:
        head = head_at(self.raw, offset, what)
        demand_tag(head, tag, what, CLAUSE)
        return head

    def _demand_end(self, inner: Head, outer: Head, what: str) -> None:
        expected = f"{what} of {outer.end - inner.start} bytes, as what holds it"
        got = f"{inner.end - inner.start} bytes"
        demand(inner.end == outer.end, expected, got, CLAUSE)


def demand_value(value: bytes, expected: bytes, what: str) -> None:
    """An element has the one value that the clause allows.

    Raises:
        Failure: it has another.
    """
    demand(value == expected, f"{what} {expected.hex().upper()}", value.hex().upper(), CLAUSE)
