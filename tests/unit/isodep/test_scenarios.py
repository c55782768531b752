"""Whole conversations in the manner of ISO/IEC 14443-4, annex B, with lost blocks.

A conversation is written as the standard draws it, one exchange after the other: `I0` is an I-block
with number 0, `I0+` one that chains, `ACK1` and `NAK1` are R-blocks, `WTX` and `DESELECT` S-blocks;
a block behind `x` did not arrive, and `-` is the silence that follows.
"""

from __future__ import annotations

import pytest

from harness.isodep.block import DeselectBlock, IBlock, RBlock, decode
from harness.isodep.limits import Limits
from harness.isodep.pcd_engine import Action, Done, PcdEngine, Send
from harness.isodep.picc_engine import PiccEngine

SMALL = Limits(fsd=16, fsc=16)
PART = 13


def notation(frame: bytes) -> str:
    """A block as annex B writes it."""
    block = decode(frame)
    if isinstance(block, IBlock):
        return f"I{block.number}" + "+" * block.more
    if isinstance(block, RBlock):
        return f"{'NAK' if block.nak else 'ACK'}{block.number}"
    return "DESELECT" if isinstance(block, DeselectBlock) else "WTX"


class Conversation:
    """A reader and a card, with the blocks named in `lost` (counted from 0, both ways) lost."""

    def __init__(self, response: int, lost: set[int], work: float) -> None:
        self.executed: list[bytes] = []
        self.response = bytes(range(response))
        self.pcd = PcdEngine(SMALL)
        self.picc = PiccEngine(self.execute, SMALL, work_time=lambda: work)
        self.lost = lost
        self.count = 0
        self.written: list[str] = []

    def execute(self, command: bytes) -> bytes:
        """The card's handler."""
        self.executed.append(command)
        return self.response

    def arrives(self, frame: bytes) -> bool:
        """Write the block down and say whether it gets through."""
        arrives = self.count not in self.lost
        self.count += 1
        self.written.append(("" if arrives else "x") + notation(frame))
        return arrives

    def run(self, action: Action) -> Action:
        """Speak until the reader is done."""
        while isinstance(action, Send):
            reply = self.picc.receive(action.frame) if self.arrives(action.frame) else None
            if reply is None:
                self.written.append("-")
            heard = reply and self.arrives(reply.frame)
            action = self.pcd.receive(reply.frame if reply and heard else None)
        return action


SCENARIOS = {
    # Without errors, annex B.2
    "exchange of I-blocks": (1, 1, 2, set(), "I0 I0  I1 I1"),
    "the PCD chains": (3, 1, 1, set(), "I0+ ACK0  I1+ ACK1  I0 I0"),
    "the PICC chains": (1, 3, 1, set(), "I0 I0+  ACK1 I1+  ACK0 I0"),
    "both chain": (2, 2, 1, set(), "I0+ ACK0  I1 I1+  ACK0 I0"),
    # Errors, annex B.3
    "first block lost": (1, 1, 1, {0}, "xI0 -  NAK0 ACK1  I0 I0"),
    "first answer lost": (1, 1, 1, {1}, "I0 xI0  NAK0 I0"),
    "command lost": (1, 1, 2, {2}, "I0 I0  xI1 -  NAK1 ACK0  I1 I1"),
    "answer lost": (1, 1, 2, {3}, "I0 I0  I1 xI1  NAK1 I1"),
    "command and R(NAK) lost": (1, 1, 1, {0, 1}, "xI0 -  xNAK0 -  NAK0 ACK1  I0 I0"),
    "answer and R(NAK) lost": (1, 1, 1, {1, 2}, "I0 xI0  xNAK0 -  NAK0 I0"),
    "answer lost twice": (1, 1, 1, {1, 3}, "I0 xI0  NAK0 xI0  NAK0 I0"),
    "R(ACK) after R(NAK) lost": (1, 1, 1, {0, 2}, "xI0 -  NAK0 xACK1  NAK0 ACK1  I0 I0"),
    "PCD chaining, part lost": (2, 1, 1, {0}, "xI0+ -  NAK0 ACK1  I0+ ACK0  I1 I1"),
    "PCD chaining, R(ACK) lost": (
        3, 1, 1, {1}, "I0+ xACK0  NAK0 ACK0  I1+ ACK1  I0 I0",
    ),
    "PCD chaining, second part lost": (
        3, 1, 1, {2}, "I0+ ACK0  xI1+ -  NAK1 ACK0  I1+ ACK1  I0 I0",
    ),
    "PCD chaining, last answer lost": (2, 1, 1, {3}, "I0+ ACK0  I1 xI1  NAK1 I1"),
    "PICC chaining, part lost": (1, 3, 1, {3}, "I0 I0+  ACK1 xI1+  ACK1 I1+  ACK0 I0"),
    "PICC chaining, R(ACK) lost": (1, 2, 1, {2}, "I0 I0+  xACK1 -  ACK1 I1"),
    "PICC chaining, first part lost": (1, 2, 1, {1}, "I0 xI0+  NAK0 I0+  ACK1 I1"),
    "PICC chaining, last part lost": (1, 2, 1, {3}, "I0 I0+  ACK1 xI1  ACK1 I1"),
}  # fmt: skip

WAITING = {
    "more time": (1, set(), "I0 WTX  WTX I0"),
    "request lost": (1, {1}, "I0 xWTX  NAK0 WTX  WTX I0"),
    "request and R(NAK) lost": (1, {1, 2}, "I0 xWTX  xNAK0 -  NAK0 WTX  WTX I0"),
    "grant lost": (1, {2}, "I0 WTX  xWTX -  NAK0 WTX  WTX I0"),
    "grant and R(NAK) lost": (1, {2, 3}, "I0 WTX  xWTX -  xNAK0 -  NAK0 WTX  WTX I0"),
    "answer lost": (1, {3}, "I0 WTX  WTX xI0  NAK0 I0"),
    "before a chained answer": (2, {3}, "I0 WTX  WTX xI0+  NAK0 I0+  ACK1 I1"),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_exchange(name: str) -> None:
    """The blocks are those that the standard's rules lead to, and each command arrives once."""
    command_parts, response_parts, commands, lost, expected = SCENARIOS[name]
    talk = Conversation(PART * response_parts - 1, lost, work=0.0)
    commands_sent = [bytes([n]) * (PART * command_parts - 1) for n in range(commands)]
    for command in commands_sent:
        assert talk.run(talk.pcd.send(command)) == Done(talk.response)
    assert talk.written == expected.split()
    assert talk.executed == commands_sent


@pytest.mark.parametrize("name", WAITING)
def test_request_for_more_time(name: str) -> None:
    """A lost S(WTX) of either side is recovered, and the command is executed once."""
    response_parts, lost, expected = WAITING[name]
    talk = Conversation(PART * response_parts - 1, lost, work=1.5 * SMALL.fwt)
    assert talk.run(talk.pcd.send(b"\xaa")) == Done(talk.response)
    assert talk.written == expected.split()
    assert talk.executed == [b"\xaa"]


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        (set(), "DESELECT DESELECT"),
        ({0}, "xDESELECT -  DESELECT DESELECT"),
        ({1}, "DESELECT xDESELECT  DESELECT -  DESELECT -"),
    ],
)
def test_deselect(lost: set[int], expected: str) -> None:
    """A lost S(DESELECT) is repeated; a card that has halted is left alone."""
    talk = Conversation(1, lost, work=0.0)
    assert talk.run(talk.pcd.deselect()) == Done()
    assert talk.written == expected.split()
    assert talk.picc.halted


def test_presence_check_between_commands() -> None:
    """A presence check, disturbed or not, leaves the block numbers of both sides in step."""
    expected = "NAK0 ACK1  I0 I0  xNAK1 -  NAK1 ACK0  I1 I1"
    talk = Conversation(1, {4}, work=0.0)
    assert talk.run(talk.pcd.check_presence()) == Done()
    assert isinstance(talk.run(talk.pcd.send(b"\xaa")), Done)
    assert talk.run(talk.pcd.check_presence()) == Done()
    assert isinstance(talk.run(talk.pcd.send(b"\xbb")), Done)
    assert talk.written == expected.split()
    assert talk.executed == [b"\xaa", b"\xbb"]
