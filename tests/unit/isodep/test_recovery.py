"""Whatever happens to the blocks, the right APDUs arrive or a `LinkError` is raised."""

from __future__ import annotations

from collections import deque
from enum import Enum
from itertools import chain, repeat
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.clock import VirtualClock
from harness.errors import LinkError
from harness.isodep.activation import TypeA
from harness.isodep.ats import Ats
from harness.isodep.crc import CRC_SIZE, crc_a
from harness.isodep.limits import FRAME_SIZES
from harness.isodep.pcd import IsoDepPcd
from harness.isodep.pcd_engine import Patience
from harness.isodep.picc import IsoDepPicc

if TYPE_CHECKING:
    from collections.abc import Iterable


class Fate(Enum):
    """What becomes of one block on its way."""

    ARRIVES = "arrives"
    LOST = "lost"
    CORRUPTED = "corrupted"  # a bit differs
    TRUNCATED = "truncated"  # the end is missing
    DUPLICATED = "duplicated"  # it is heard twice
    DELAYED = "delayed"  # it is heard only when the next exchange is under way
    GARBAGE = "garbage"  # a frame with a valid CRC that is no block


PATIENCE = Patience(retries=2, wtx=40)
GARBAGE = (b"", b"\x00", b"\x0a", b"\xf2", b"\xf2\x00", b"\xe0\x80", b"\x02" + bytes(5000))
DAMAGE = (Fate.LOST, Fate.CORRUPTED, Fate.TRUNCATED, Fate.GARBAGE)
FATES = st.sampled_from([Fate.ARRIVES] * 8 + list(Fate))
ALWAYS = repeat((Fate.ARRIVES, Fate.ARRIVES))


class Card:
    """Executes commands, each with its own length of response, and notes them."""

    def __init__(self, responses: dict[bytes, bytes], work: list[float]) -> None:
        self.responses = responses
        self.work = work
        self.executed: list[bytes] = []

    def connect(self) -> bytes:
        """An ATR without historical bytes."""
        return bytes.fromhex("3b80800101")

    def transmit(self, command: bytes) -> bytes:
        """Note the command; one that nobody sent is answered in a way that the test notices."""
        self.executed.append(command)
        return self.responses.get(command, b"\x6f\x00")

    def work_time(self) -> float:
        """Seconds of computing on the last command."""
        return self.work[len(self.executed) % len(self.work)]

    def disconnect(self) -> None:
        """Nothing to let go of."""


class FaultyAir:
    """A `FrameLink` with CRC_A over a faulty channel that keeps the order of the blocks."""

    def __init__(self, picc: IsoDepPicc, fates: Iterable[tuple[Fate, Fate]]) -> None:
        self.picc = picc
        self.fates = chain(fates, ALWAYS)
        self.to_card: deque[bytes] = deque()
        self.to_reader: deque[bytes] = deque()
        self.exchanges = 0

    def exchange(self, block: bytes, timeout: float) -> bytes:
        """One block there, the first heard back; LinkError when none is, or a broken one."""
        self.exchanges += 1
        up, down = next(self.fates)
        late = deliver(self.to_card, block, up)
        slow: list[bytes] = []
        while self.to_card:
            if (frame := checked(self.to_card.popleft())) is None:
                continue
            reply = self.picc.receive(frame)
            if reply:
                fate = down if reply.delay <= timeout else Fate.DELAYED
                slow += deliver(self.to_reader, reply.frame, fate)
        self.to_card.extend(late)
        heard = checked(self.to_reader.popleft()) if self.to_reader else None
        self.to_reader.extend(slow)
        if heard is None:
            message = "nothing valid came back in time"
            raise LinkError(message)
        return heard


def deliver(queue: deque[bytes], block: bytes, fate: Fate) -> list[bytes]:
    """Put what arrives of a block into the queue and return what arrives too late."""
    frame = block + crc_a(block)
    match fate:
        case Fate.ARRIVES:
            queue.append(frame)
        case Fate.CORRUPTED:
            queue.append(bytes([frame[0] ^ 0x10]) + frame[1:])
        case Fate.TRUNCATED:
            # CRC_A misses a cut last byte where it ends with 00: what no CRC sees is not assumed.
            cuts = (frame[:end] for end in range(len(frame) - 1, -1, -1))
            queue.append(next(cut for cut in cuts if checked(cut) is None))
        case Fate.DUPLICATED:
            queue += [frame, frame]
        case Fate.GARBAGE:
            noise = GARBAGE[len(block) % len(GARBAGE)]
            queue.append(noise + crc_a(noise))
        case Fate.DELAYED:
            return [frame]
        case Fate.LOST:
            pass
    return []


def checked(frame: bytes) -> bytes | None:
    """The frame without its CRC, None where it is wrong."""
    body, crc = frame[:-CRC_SIZE], frame[-CRC_SIZE:]
    return body if crc == crc_a(body) else None


class Plan(NamedTuple):
    """What one example does."""

    sizes: list[tuple[int, int]]
    work: list[float]
    most_wtxm: int
    fsd: int
    fsc: int
    cid: int | None
    presence: bool


PLANS = st.builds(
    Plan,
    st.lists(st.tuples(st.integers(2, 70), st.integers(2, 70)), min_size=1, max_size=6),
    st.lists(st.sampled_from([0.0, 0.001, 0.006, 0.02, 0.05]), min_size=1, max_size=4),
    st.integers(1, 59),
    st.sampled_from([16, 24, 32]),
    st.sampled_from([16, 24, 32]),
    st.sampled_from([None, 0, 5]),
    st.booleans(),
)


def bound(plan: Plan) -> int:
    """The most exchanges a run may take: every step with all its tries, and the end."""
    part = min(plan.fsd, plan.fsc) - CRC_SIZE - 2
    steps = sum(-(-out // part) + -(-back // part) for out, back in plan.sizes) + len(plan.sizes)
    tries = (1 + PATIENCE.retries) ** 2 + 1
    waits = PATIENCE.wtx * len(plan.sizes) * (1 + PATIENCE.retries)
    return 1 + steps * tries + waits + 1 + PATIENCE.retries


def content(number: int, size: int) -> bytes:
    """Bytes that tell which APDU they are of, and where in it."""
    return bytes([number]) + bytes(n % 251 for n in range(size - 1))


class Run:
    """A reader and a card that know only each other's blocks."""

    def __init__(self, plan: Plan, fates: Iterable[tuple[Fate, Fate]]) -> None:
        self.plan = plan
        pairs = enumerate(plan.sizes)
        self.exchanges = {content(n, out): content(n, back) for n, (out, back) in pairs}
        self.card = Card(self.exchanges, plan.work)
        ats = Ats.configured(fsc=plan.fsc, fwi=4)
        picc = IsoDepPicc(self.card, ats, self.card.work_time, plan.most_wtxm)
        first = [(Fate.ARRIVES, Fate.ARRIVES)]  # RATS; its own recovery is tested elsewhere
        self.air = FaultyAir(picc, chain(first, fates))
        self.icc = IsoDepPcd(
            self.air, TypeA(fsd=plan.fsd, cid=plan.cid), VirtualClock(), patience=PATIENCE
        )

    def finish(self) -> int:
        """Transmit everything and return how many responses came back, all of them right."""
        self.icc.connect()
        done = 0
        try:
            for command, response in self.exchanges.items():
                assert self.icc.transmit(command) == response
                done += 1
                if self.plan.presence:
                    self.icc.check_presence()
        except LinkError:
            pass
        else:
            self.icc.disconnect()
        return done


def check(run: Run) -> None:
    """Nothing wrong, doubled or dropped was executed, and the run was short."""
    done = run.finish()
    commands = list(run.exchanges)
    executed = run.card.executed
    assert executed in (commands[:done], commands[: done + 1])
    assert done == len(commands) or run.air.exchanges > 1
    assert run.air.exchanges <= bound(run.plan)


@settings(deadline=None, max_examples=1000)
@given(PLANS, st.lists(st.tuples(FATES, FATES), max_size=80))
def test_right_apdus_or_link_error(plan: Plan, fates: list[tuple[Fate, Fate]]) -> None:
    """No sequence of faults leads to a wrong, doubled or missing APDU on the card."""
    check(Run(plan, fates))


@settings(deadline=None, max_examples=300)
@given(PLANS, st.lists(st.tuples(FATES, FATES), min_size=1, max_size=12))
def test_faults_that_never_stop(plan: Plan, fates: list[tuple[Fate, Fate]]) -> None:
    """A pattern of faults repeated for ever still comes to an end, with nothing wrong executed."""
    check(Run(plan, chain.from_iterable(repeat(fates))))


@settings(deadline=None, max_examples=300)
@given(PLANS, st.lists(st.tuples(st.sampled_from(DAMAGE), st.integers(0, 79)), max_size=2))
def test_two_damaged_blocks_are_recovered(plan: Plan, damage: list[tuple[Fate, int]]) -> None:
    """Two blocks lost or damaged, whichever they are, never cost an APDU."""
    blocks = [Fate.ARRIVES] * 80
    for fate, position in damage:
        blocks[position] = fate
    run = Run(plan, list(zip(blocks[::2], blocks[1::2], strict=True)))
    assert run.finish() == len(plan.sizes)
    assert run.card.executed == list(run.exchanges)


PLAN = Plan([(40, 40), (3, 60), (30, 2)], [0.0, 0.006], 2, 16, 16, None, presence=True)


@pytest.mark.parametrize("fate", [fate for fate in Fate if fate is not Fate.ARRIVES])
@pytest.mark.parametrize("up", [True, False])
def test_each_fault_at_each_block(fate: Fate, up: bool) -> None:  # noqa: FBT001
    """One fault of any kind at any block of a whole session is repaired."""
    fault = (fate, Fate.ARRIVES) if up else (Fate.ARRIVES, fate)
    smooth = Run(PLAN, [])
    assert smooth.finish() == 3
    for position in range(smooth.air.exchanges):
        run = Run(PLAN, [(Fate.ARRIVES, Fate.ARRIVES)] * position + [fault])
        assert run.finish() == 3
        assert run.card.executed == list(run.exchanges)


@pytest.mark.parametrize("lost_from", range(30))
def test_tear_at_each_block(lost_from: int) -> None:
    """A card pulled away before any exchange executed a beginning of the commands, and no more."""
    gone = chain([(Fate.ARRIVES, Fate.ARRIVES)] * lost_from, repeat((Fate.LOST, Fate.LOST)))
    check(Run(PLAN, gone))


@pytest.mark.parametrize("size", FRAME_SIZES)
def test_noise_at_every_frame_size(size: int) -> None:
    """A channel that loses every third block delivers everything, from FSD 16 to 4096."""
    fates = [(Fate.ARRIVES, Fate.ARRIVES), (Fate.ARRIVES, Fate.CORRUPTED), (Fate.LOST, Fate.LOST)]
    plan = Plan([(900, 900), (2, 2)], [0.0], 1, size, size, 3, presence=False)
    run = Run(plan, [])
    run.air.fates = chain(fates[:1], chain.from_iterable(repeat(fates)))
    assert run.finish() == 2
    assert run.card.executed == list(run.exchanges)
