"""The text of a fault, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.air.faults import FAULTS, Fault, Level, When, parse_fault
from harness.errors import UsageError

COUNTS = st.integers(1, 10**9).map(float)


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    """Any fault with any trigger and options."""
    name = draw(st.sampled_from(sorted(FAULTS)))
    kind = FAULTS[name]
    counted = (When.APDU,) if kind.level is Level.APDU else (When.FRAME, When.BYTE)
    when = draw(st.sampled_from((When.ALWAYS, When.TIME, When.PROBABILITY, *counted)))
    values = {
        When.ALWAYS: st.just(0.0),
        When.TIME: st.floats(0, 1e6),
        When.PROBABILITY: st.floats(0, 1),
    }
    chosen = draw(st.lists(st.sampled_from([*kind.options, None]), unique=True))
    options = tuple(
        (entry[0], float(draw(st.integers(0, 0xFFFF))) if entry[0] == "sw" else draw(st.floats(0)))
        for entry in chosen
        if entry
    )
    return Fault(name, when, draw(values.get(when, COUNTS)), options)


@given(faults())
def test_text_and_back(fault: Fault) -> None:
    """A fault written out and read again is the same fault."""
    assert parse_fault(str(fault)) == fault


def test_examples() -> None:
    """The forms that a command line gives."""
    lost = parse_fault("tag-lost@frame=12,for=0.2")
    assert (lost.when, lost.at, lost.option("for")) == (When.FRAME, 12, 0.2)
    assert parse_fault("tag-lost@time=1").option("for") == float("inf")
    assert parse_fault("bit-error@p=0.01").at == 0.01
    assert parse_fault("wtx-storm@frame=8,count=20").option("count") == 20
    assert parse_fault("le-refused@above=224,sw=6C00").option("sw") == 0x6C00
    assert parse_fault(" two-cards ").when is When.ALWAYS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("gremlin", r"no fault gremlin.*bit-error.*zero-fill"),
        ("tag-lost@frame=1,byte=2", "one trigger"),
        ("tag-lost@for=1,for=2", "every option once"),
        ("tag-lost@size=2", r"no option of tag-lost size; there are for"),
        ("tag-lost@frame", "key=number"),
        ("tag-lost@frame=x", "key=number"),
        ("tag-lost@frame=0", "counts from 1"),
        ("tag-lost@frame=1e400", "counts from 1"),
        ("tag-lost@byte=1.5", "counts from 1"),
        ("tag-lost@apdu=3", "cannot be triggered by apdu; it can by always, frame, byte, time, p"),
        ("le-refused@frame=3", "cannot be triggered by frame"),
        ("bit-error@p=1.5", "probability"),
        ("bit-error@time=-1", "seconds from 0"),
        ("tag-lost@for=-1", "at least 0"),
        ("le-refused@sw=67G0", "key=number"),
    ],
)
def test_refusals(text: str, reason: str) -> None:
    """What cannot be is refused with the reason and what there is instead."""
    with pytest.raises(UsageError, match=reason):
        parse_fault(text)


def test_every_fault_says_who_saw_it() -> None:
    """Each entry of the catalogue has an effect and a witness."""
    assert all(kind.effect and kind.seen for kind in FAULTS.values())
