"""The air between a reader and a card: time, power, noise, and every fault of a link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from harness.air.faults import Fault, When, parse_fault
from harness.air.frame import Fate, Frame
from harness.air.link import Air, AnswerTimeoutError, DamagedFrameError
from harness.air.picc import Held
from harness.air.timing import (
    ACTIVATION_FWT,
    FIELD_OFF,
    Direction,
    Kind,
    RfTiming,
    detect_cycles,
    seconds,
)
from harness.clock import VirtualClock, WallClock
from harness.errors import LinkError, NoCardError, UsageError
from harness.isodep.activation import TypeA, TypeB
from harness.isodep.atqb import Atqb
from harness.isodep.pcd import IsoDepPcd
from harness.isodep.picc import IsoDepPicc

if TYPE_CHECKING:
    from conftest import Bench

MakeAir = Callable[..., Air]
FWT = seconds(ACTIVATION_FWT)


@dataclass
class Parrot:
    """Answers every frame with itself after some computing."""

    delay: float = 0.0
    heard: list[bytes] = field(default_factory=list)
    resets: int = 0
    divisors: tuple[int, int] = (1, 1)

    def receive(self, frame: bytes) -> Held:
        """The same bytes."""
        self.heard.append(frame)
        return Held(frame, self.delay)

    def reset(self) -> None:
        """Count."""
        self.resets += 1


class Parrots:
    """A card that answers every command with itself."""

    def connect(self) -> bytes:
        """Power on."""
        return bytes.fromhex("3B80800101")

    def transmit(self, command: bytes) -> bytes:
        """The same bytes."""
        return command

    def disconnect(self) -> None:
        """Power off."""


def test_one_exchange_takes_its_cycles(make_air: MakeAir) -> None:
    """An activation and an exchange last exactly what the formulas of the timing add up to."""
    clock = VirtualClock()
    air = make_air(Parrot(), clock)
    air.reset()
    assert clock.now() == pytest.approx(seconds(FIELD_OFF + detect_cycles(Kind.A)), abs=1e-12)
    began = clock.now()
    assert air.exchange(b"\x02abc", FWT) == b"\x02abc"
    expected = seconds(RfTiming().exchange_cycles(6, 6))
    assert clock.now() - began == pytest.approx(expected, abs=1e-12)


def test_silence_takes_the_timeout(make_air: MakeAir) -> None:
    """Without a field nobody answers, and the reader waits its whole time after its frame."""
    clock, card = VirtualClock(), Parrot()
    air = make_air(card, clock)
    with pytest.raises(AnswerTimeoutError):
        air.exchange(b"\x02", 0.5)
    frame = seconds(RfTiming().frame_cycles(3, Direction.TO_CARD))
    assert clock.now() == pytest.approx(frame + 0.5, abs=1e-12)
    assert card.heard == []


def test_rates_of_the_card_are_followed(make_air: MakeAir) -> None:
    """After the answer to a PPS frames are as fast as the card says; a reset ends that."""
    card = Parrot()
    air = make_air(card, VirtualClock())
    air.reset()
    card.divisors = (2, 8)
    air.exchange(b"\xd0\x11\x0d", FWT)
    assert air.timing == RfTiming(Kind.A, 2, 8)
    air.reset()
    assert air.timing == RfTiming(Kind.A, 1, 1)


def test_late_answer_reaches_the_next_question(make_air: MakeAir) -> None:
    """A card that computes past the timeout is deaf until then; its answer is heard late."""
    card = Parrot(delay=0.02)
    air = make_air(card, VirtualClock())
    air.reset()
    with pytest.raises(AnswerTimeoutError):
        air.exchange(b"\x02first", 0.015)
    assert air.exchange(b"\xb2", 0.015) == b"\x02first"
    assert card.heard == [b"\x02first"]


def test_unheard_answer_is_gone(make_air: MakeAir) -> None:
    """An answer into a long pause of the reader is lost, and the card listens again."""
    clock, card = VirtualClock(), Parrot(delay=0.02)
    air = make_air(card, clock)
    air.reset()
    with pytest.raises(AnswerTimeoutError):
        air.exchange(b"\x02first", 0.01)
    clock.sleep(1.0)
    assert air.exchange(b"\xb2", 0.1) == b"\xb2"


def test_empty_block(make_air: MakeAir) -> None:
    """A block without a byte is our mistake."""
    with pytest.raises(UsageError, match="at least one byte"):
        make_air(Parrot(), VirtualClock()).exchange(b"", 1.0)


def test_frames_are_shown(bench: Bench) -> None:
    """Observers see every frame in turn, numbered, its bytes counted, its times in order."""
    frames = bench.read().frames
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    assert frames[0].data == b"\xe0\x70"
    assert frames[2].timing == RfTiming()
    assert frames[4].timing == RfTiming(Kind.A, 2, 4)
    for before, after in pairwise(frames):
        assert after.first_byte == before.first_byte + len(before.data)
        assert before.end < after.start
        assert before.direction is not after.direction


def test_a_seed_is_a_run(bench: Bench) -> None:
    """The same hold and seed give the same frames at the same times; another seed does not."""
    runs = [bench.read(bench.hold("slip", 2), seed, "bit-error@p=0.02") for seed in (5, 5, 6)]
    assert runs[0].frames == runs[1].frames
    assert runs[0].frames != runs[2].frames


def test_hand_out_of_the_field(bench: Bench) -> None:
    """A hand that leaves resets the card: the reader gives up and a new activation is needed."""
    read = bench.read(bench.hold("pull-away", 2))
    assert not read.finished
    assert read.frames[-1].fate is Fate.LOST
    assert isinstance(bench.read(bench.hold("walk-by", 1)).error, NoCardError)


def test_nothing_wrong(bench: Bench) -> None:
    """In a quiet hold every frame is intact and nothing is said twice."""
    read = bench.read()
    assert read.finished
    assert read.retransmissions == 0
    assert all(frame.fate is Fate.INTACT for frame in read.frames)


def _damaged(frames: list[Frame]) -> list[int]:
    return [frame.number for frame in frames if frame.fate is not Fate.INTACT]


@pytest.mark.parametrize("name", ["frame-lost", "bit-error"])
def test_marked_frames(bench: Bench, name: str) -> None:
    """The frame meant, and as many as wanted after it, do not arrive; the reader recovers."""
    read = bench.read(None, 0, f"{name}@frame=9,count=2")
    assert read.finished
    assert _damaged(list(read.frames)) == [9, 10]
    assert read.frames[8].fate is (Fate.LOST if name == "frame-lost" else Fate.CORRUPTED)
    assert read.retransmissions > 0
    assert len(read.card.asked) == len(bench.read().card.asked)


def test_damaged_answer_is_noticed_at_once(make_air: MakeAir) -> None:
    """A wrong CRC is known at the end of the frame; a lost answer only after the timeout."""
    clock = VirtualClock()
    for name, error in (("bit-error", DamagedFrameError), ("frame-lost", AnswerTimeoutError)):
        air = make_air(Parrot(), clock, faults=[Fault(name, When.FRAME, 2)])
        air.reset()
        began = clock.now()
        with pytest.raises(error):
            air.exchange(b"\x02", 0.5)
        assert (clock.now() - began > 0.5) is (error is AnswerTimeoutError)


def test_tag_lost_for_a_while(bench: Bench) -> None:
    """The card is gone at the frame meant; after the time it can be activated again."""
    for text in ("tag-lost@frame=12,for=0.2", "tag-lost@byte=200,for=0.2", "tag-lost@time=0.3"):
        read = bench.read(None, 0, text)
        assert not read.finished
        first = read.frames[_damaged(list(read.frames))[0] - 1]
        assert first.fate is Fate.LOST
        if "frame" in text:
            assert first.number == 12
        if "byte" in text:
            assert first.first_byte <= 200 < first.first_byte + len(first.data)
        if "time" in text:
            assert first.end >= 0.3


@pytest.mark.parametrize(("away", "found"), [("0.2", True), ("inf", False)])
def test_tag_comes_back(make_air: MakeAir, away: str, found: bool) -> None:  # noqa: FBT001
    """After a loss for a while a reset finds the card again; after one for good it does not."""
    clock, card = VirtualClock(), Parrot()
    air = make_air(card, clock, faults=[parse_fault(f"tag-lost@frame=3,for={away}")])
    air.reset()
    air.exchange(b"\x02", FWT)
    with pytest.raises(AnswerTimeoutError):
        air.exchange(b"\x03", FWT)
    with pytest.raises(NoCardError):
        air.reset()
    clock.sleep(0.3)
    if found:
        air.reset()
        assert air.exchange(b"\x02", FWT) == b"\x02"
    else:
        with pytest.raises(NoCardError):
            air.reset()


def test_burst(bench: Bench) -> None:
    """All frames of the time meant are damaged, and no others."""
    read = bench.read(None, 0, "burst@time=0.05,for=0.04")
    hit = [frame for frame in read.frames if frame.fate is not Fate.INTACT]
    assert hit
    assert all(frame.start < 0.09 and frame.end > 0.05 for frame in hit)
    assert read.finished


def test_weak_coupling(bench: Bench) -> None:
    """A little margin less does nothing, much less costs frames, too much costs the power."""
    strong = bench.read(None, 0, "weak-coupling@db=3")
    assert strong.retransmissions == 0
    weak = bench.read(None, 0, "weak-coupling@frame=9,db=9.6")
    assert weak.retransmissions > 0
    for text in ("weak-coupling@db=20", "weak-coupling@time=0,db=20", "tag-lost"):
        assert isinstance(bench.read(None, 0, text).error, NoCardError)


def test_timeout_too_short(bench: Bench) -> None:
    """A reader that waits less than the card computes does not get through in its tries."""
    assert not bench.read(None, 0, "timeout-short@frame=7,seconds=0.002").finished


def test_wtx_storm(bench: Bench) -> None:
    """The card asks for time as often as wanted, then the right answer comes."""
    calm = bench.read()
    stormy = bench.read(None, 0, "wtx-storm@frame=8,count=20,every=0.01")
    assert stormy.finished
    assert stormy.wtx == calm.wtx + 20
    assert stormy.end > calm.end + 20 * 0.01
    assert stormy.card.asked == calm.card.asked


def test_storm_before_every_answer(bench: Bench) -> None:
    """Without a trigger every response is preceded by the storm, and the storm ends."""
    calm = bench.read()
    stormy = bench.read(None, 0, "wtx-storm@count=2")
    assert stormy.finished
    assert stormy.card.asked == calm.card.asked
    assert stormy.wtx >= calm.wtx + 2 * len(calm.card.asked)


@pytest.mark.parametrize("cid", [None, 3])
def test_storm_survives_damage(bench: Bench, cid: int | None) -> None:
    """A damaged request for time is asked again and the answer still comes once."""
    read = bench.read(
        None, 0, "wtx-storm@frame=8,count=3", "bit-error@frame=12", activation=TypeA(cid=cid)
    )
    assert read.finished
    assert read.card.asked == bench.read().card.asked


@pytest.mark.parametrize("cid", [None, 3])
def test_presence_check_is_harmless(bench: Bench, cid: int | None) -> None:
    """R(NAK) between two commands costs time and changes nothing else."""
    activation = TypeA(cid=cid)
    calm = bench.read(activation=activation)
    checked = bench.read(None, 0, "presence-check", activation=activation)
    assert checked.finished
    assert checked.retransmissions == 0
    assert checked.card.asked == calm.card.asked
    extra = [frame for frame in checked.frames if frame.data[0] & 0xF6 == 0xB2]
    assert len(extra) >= len(calm.card.asked)
    assert checked.end > calm.end


def test_type_b(make_air: MakeAir) -> None:
    """A type B card is activated and read over the same air, with frames of its own length."""
    clock, frames = VirtualClock(), list[Frame]()
    picc = IsoDepPicc(Parrots(), Atqb.configured(b"\x01\x02\x03\x04"))
    air = make_air(picc, clock, kind=Kind.B, observers=[frames.append])
    reader = IsoDepPcd(air, TypeB(), clock)
    reader.connect()
    assert reader.transmit(b"\x00\xb0\x00\x00\x00") == b"\x00\xb0\x00\x00\x00"
    assert frames[0].data[0] == 0x05
    assert frames[0].end - frames[0].start == pytest.approx(seconds((12 + 50 + 10) * 128))


def test_wall_clock(make_air: MakeAir) -> None:
    """The same air runs in real time."""
    clock = WallClock()
    air = make_air(Parrot(), clock)
    began = clock.now()
    air.reset()
    assert air.exchange(b"\x02abc", 1.0) == b"\x02abc"
    assert clock.now() - began >= seconds(FIELD_OFF + detect_cycles(Kind.A))


def test_two_cards(bench: Bench) -> None:
    """Two cards in the field are refused with the advice to take one away."""
    error = bench.read(None, 0, "two-cards").error
    assert isinstance(error, LinkError)
    assert "take one of them away" in str(error)


def test_fault_of_another_level(make_air: MakeAir) -> None:
    """A fault of APDUs cannot be given to the air."""
    with pytest.raises(UsageError, match="le-refused acts on APDUs"):
        make_air(Parrot(), VirtualClock(), faults=[Fault("le-refused")])
