"""Journals and traces: what is noted, and what is hidden before it is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fixtures.cards import AnsweringCard
from harness.clock import VirtualClock
from harness.errors import LinkError
from harness.trace import (
    CARD_ACCESS_PHASE,
    Exchange,
    Journal,
    Journaled,
    Level,
    Trace,
    hide_codes,
    hide_data,
)


def exchange(command: str, response: str = "9000", phase: str = "") -> Exchange:
    """A plain exchange."""
    raw = bytes.fromhex(command), bytes.fromhex(response)
    return Exchange(Level.PLAIN, phase, 0.0, 0.0, *raw)


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("002000010C31323334FFFFFFFFFFFFFFFF", "002000010C" + "**" * 12),
        ("0024000118" + "31" * 24, "0024000118" + "**" * 24),
        ("002C02010C" + "31" * 12, "002C02010C" + "**" * 12),
        ("0020000100000C313233343132333431323334", "0020000100" + "**" * 14),
        ("00200001", "00200001"),
        ("0020000100", "0020000100"),
        ("00A4020C02011C", "00A4020C02011C"),
        ("0C2000011D87110100112233", "0C2000011D87110100112233"),
        ("102000010431323334", "1020000104" + "**" * 4),
    ],
)
def test_codes_are_hidden(command: str, shown: str) -> None:
    """The data of every plain command that carries a code is hidden; ciphertext is not."""
    assert hide_codes(bytes.fromhex(command)) == shown


@pytest.mark.parametrize(
    ("command", "response", "phase", "shown"),
    [
        ("00B0000000", "4AC3959000", "read personal data", "******9000"),
        ("00B1000000", "4AC3959000", "", "******9000"),
        ("00C0000000", "4AC3959000", "", "******9000"),
        ("00B0000000", "311490009000", CARD_ACCESS_PHASE, "311490009000"),
        ("002A80860200FF00", "AABB9000", "", "****9000"),
        ("002A9E9A0200FF00", "AABB9000", "", "AABB9000"),
        ("00B0000000", "6B00", "", "6B00"),
        ("00B0000000", "", "", ""),
        ("0CB0000000", "87110100", "", "87110100"),
    ],
)
def test_data_is_hidden(command: str, response: str, phase: str, shown: str) -> None:
    """File contents and shared secrets are hidden; the rest of an answer is not."""
    assert hide_data(exchange(command, response, phase)) == shown


def test_an_exchange_does_not_show_itself() -> None:
    """The representation of an exchange holds none of its bytes."""
    assert "31323334" not in repr(exchange("0020000104 31323334"))


def test_a_trace() -> None:
    """A trace is one JSON object a line, in order, with times and hidden codes."""
    clock, trace = VirtualClock(), Trace()
    journal = Journal(clock, (trace,))

    def slow(_: bytes) -> bytes:
        clock.sleep(0.05)
        return b"\x63\xc2"

    card = Journaled(AnsweringCard(slow), journal)
    with journal.phase("verify PIN1"):
        card.transmit(bytes.fromhex("002000010C" + "31" * 12))
    card.transmit(bytes.fromhex("00A4000C"))
    lines: list[dict[str, Any]] = [json.loads(line) for line in trace.to_jsonl().splitlines()]
    assert lines[0] == {
        "level": "wire",
        "phase": "verify PIN1",
        "start": 0.0,
        "seconds": 0.05,
        "command": "002000010C" + "**" * 12,
        "response": "63C2",
    }
    assert (lines[1]["phase"], lines[1]["start"]) == ("", 0.05)
    assert "31" * 12 not in repr(vars(trace))


def test_counts_and_phases() -> None:
    """The journal counts what crosses the wire, names each phase aloud and keeps failed ones."""
    clock, said = VirtualClock(), list[str]()
    journal = Journal(clock, announce=said.append)
    gone = LinkError("gone")

    def lose(_: bytes) -> bytes:
        clock.sleep(2)
        raise gone

    with journal.phase("one"):
        Journaled(AnsweringCard(lambda _: b"\xaa\x90\x00"), journal).transmit(
            b"\x00\xb0\x00\x00\x00"
        )
    with pytest.raises(LinkError), journal.phase("two"):
        Journaled(AnsweringCard(lose), journal).transmit(b"\x00\xa4\x00\x00")
    assert (journal.apdus, journal.bytes_sent, journal.bytes_received) == (2, 9, 3)
    assert said == ["one", "two"]
    assert [(phase.name, phase.seconds) for phase in journal.phases] == [("one", 0.0), ("two", 2.0)]
    journal.note(Level.PLAIN, 0.0, b"\x00\xa4\x00\x00", b"\x90\x00")
    assert journal.apdus == 2


def test_a_journaled_card_is_the_card() -> None:
    """Power goes through the wrapper untouched and is not counted."""
    journal = Journal(VirtualClock())
    card = Journaled(AnsweringCard(lambda _: b"\x90\x00"), journal)
    assert card.connect() == bytes.fromhex("3B00")
    card.disconnect()
    assert journal.apdus == 0


def test_frames_that_hold_a_code() -> None:
    """Of a frame that carries a code only its first byte and its length are kept."""
    trace = Trace()
    trace.note_frame({"time": 0.5, "data": "0200200001"}, hidden=True)
    trace.note_frame({"time": 0.6, "data": "03"}, hidden=False)
    first, second = (json.loads(line) for line in trace.to_jsonl().splitlines())
    assert first == {"level": "frame", "time": 0.5, "data": "02" + "**" * 4}
    assert second["data"] == "03"
