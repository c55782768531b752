"""The card's rules of ISO/IEC 14443-4, 7.5, one by one, in the bytes on the air."""

from __future__ import annotations

from math import inf

import pytest

from harness.errors import UsageError
from harness.isodep.limits import FWT_MAX, Limits
from harness.isodep.picc_engine import PiccEngine

SMALL = Limits(fsd=16, fsc=16)  # thirteen bytes of an APDU in a block
LONG = bytes(range(20))


class Handler:
    """Answers every command with the same response and notes the commands."""

    def __init__(self, response: bytes = b"\x90\x00") -> None:
        self.response = response
        self.executed: list[bytes] = []

    def __call__(self, command: bytes) -> bytes:
        """Execute."""
        self.executed.append(command)
        return self.response


def hear(engine: PiccEngine, *frames: str) -> str | None:
    """Feed blocks in hex and return the last reply in hex, None for silence."""
    reply = None
    for frame in frames:
        reply = engine.receive(bytes.fromhex(frame))
    return reply.frame.hex() if reply else None


def test_rules_c_and_d_and_10() -> None:
    """7.5.4, rules C and D: the card starts with 1, toggles with each I-block and answers it."""
    handler = Handler()
    engine = PiccEngine(handler, SMALL)
    assert hear(engine, "02aa") == "029000"
    assert hear(engine, "03bb") == "039000"
    assert hear(engine, "02cc") == "029000"
    assert handler.executed == [b"\xaa", b"\xbb", b"\xcc"]


def test_rule_2_acknowledges_command_chaining() -> None:
    """7.5.5, rule 2: a part of a command is acknowledged, and only the whole is executed."""
    handler = Handler()
    engine = PiccEngine(handler, SMALL)
    assert hear(engine, "12" + LONG[:13].hex()) == "a2"
    assert handler.executed == []
    assert hear(engine, "03" + LONG[13:].hex()) == "039000"
    assert handler.executed == [LONG]


def test_rules_e_and_13_chain_the_response() -> None:
    """7.5.4, rule E and 7.5.5, rule 13: R(ACK) with the other number has the next part sent."""
    engine = PiccEngine(Handler(LONG), SMALL)
    assert hear(engine, "02aa") == "12" + LONG[:13].hex()
    assert hear(engine, "a3") == "03" + LONG[13:].hex()
    assert hear(engine, "02bb") == "12" + LONG[:13].hex()


@pytest.mark.parametrize("question", ["b2", "a2"])
def test_rule_11_repeats_the_last_block(question: str) -> None:
    """7.5.5, rule 11: R(NAK) or R(ACK) with the card's number has the last block repeated."""
    handler = Handler()
    engine = PiccEngine(handler, SMALL)
    assert hear(engine, "02aa", question, question) == "029000"
    assert handler.executed == [b"\xaa"]


def test_rule_11_while_chaining() -> None:
    """7.5.5, rule 11: a part that got lost is sent again, and chaining goes on behind it."""
    engine = PiccEngine(Handler(LONG + LONG), SMALL)
    parts = [hear(engine, frame) for frame in ("02aa", "a3", "a3", "a2", "a3")]
    stream = (LONG + LONG).hex()
    assert parts[0] == "12" + stream[:26]
    assert parts[1] == parts[2] == "13" + stream[26:52]
    assert parts[3] == "12" + stream[52:78]
    assert parts[4] == "03" + stream[78:]


def test_rule_12_tells_its_number() -> None:
    """7.5.5, rule 12: R(NAK) with the other number is answered by R(ACK) with the card's own."""
    engine = PiccEngine(Handler(), SMALL)
    assert hear(engine, "b2") == "a3"
    assert hear(engine, "02aa", "b3") == "a2"


def test_presence_check_keeps_the_last_answer() -> None:
    """7.5.6: after R(NAK) and R(ACK) the last I-block can still be asked for."""
    engine = PiccEngine(Handler(), SMALL)
    assert hear(engine, "02aa", "b3", "b2") == "029000"


def test_duplicate_is_answered_and_not_executed() -> None:
    """An I-block heard twice is executed once, and its answer repeated."""
    handler = Handler()
    engine = PiccEngine(handler, SMALL)
    assert hear(engine, "02aa", "02aa") == "029000"
    assert handler.executed == [b"\xaa"]


def test_duplicate_part_is_joined_once() -> None:
    """A part of a command that is heard twice is part of it once."""
    handler = Handler()
    engine = PiccEngine(handler, SMALL)
    assert hear(engine, "12aa", "12aa") == "a2"
    hear(engine, "03bb", "03bb")
    assert handler.executed == [b"\xaa\xbb"]


@pytest.mark.parametrize(
    "frame",
    ["", "00", "a200", "f200", "f201", "a2", "a3", "b3", "02" + "00" * 14, "06ffaa", "0a00aa"],
)
def test_silent_on_what_is_invalid(frame: str) -> None:
    """7.5.7: garbage, blocks out of place, too long, with a NAD or a foreign CID: no answer."""
    handler = Handler()
    engine = PiccEngine(handler, SMALL)
    assert hear(engine, frame) is None
    assert handler.executed == []
    assert hear(engine, "02aa") == "029000"


def test_new_command_within_chaining_is_out_of_place() -> None:
    """7.5.3: while the card chains its response it takes no new command."""
    handler = Handler(LONG)
    engine = PiccEngine(handler, SMALL)
    assert hear(engine, "02aa", "03bb") is None
    assert hear(engine, "a3") == "03" + LONG[13:].hex()
    assert handler.executed == [b"\xaa"]


def test_acknowledgement_after_the_end_is_out_of_place() -> None:
    """Rule 13 needs a card that chains: else R(ACK) with the other number is not answered."""
    assert hear(PiccEngine(Handler(), SMALL), "02aa", "a3") is None


def test_empty_blocks() -> None:
    """7.5.5, rule 10: an empty I-block is answered by an I-block, which may be empty too."""
    engine = PiccEngine(Handler(b""), SMALL)
    assert hear(engine, "02") == "02"


def test_asks_for_time() -> None:
    """7.3 and rule 9: what exceeds FWT is bridged by S(WTX), and the delays add up to the work."""
    fwt = SMALL.fwt
    engine = PiccEngine(Handler(), SMALL, work_time=lambda: 4 * fwt, most_wtxm=2)
    delays = []
    replies = []
    for frame in ("02aa", "f202", "f202"):
        reply = engine.receive(bytes.fromhex(frame))
        assert reply
        replies.append(reply.frame.hex())
        delays.append(reply.delay)
    assert replies == ["f202", "f202", "029000"]
    assert sum(delays) == pytest.approx(4 * fwt)
    assert delays[0] < fwt
    assert max(delays[1:]) < 2 * fwt


def test_asks_for_no_more_than_needed() -> None:
    """WTXM is the least that suffices, up to what the card is set to."""
    engine = PiccEngine(Handler(), SMALL, work_time=lambda: 3.5 * SMALL.fwt)
    assert hear(engine, "02aa") == "f203"
    assert hear(engine, "f203") == "029000"


def test_work_within_the_waiting_time() -> None:
    """Work that fits into FWT is a delay of the answer and nothing else."""
    engine = PiccEngine(Handler(), SMALL, work_time=lambda: SMALL.fwt / 2)
    reply = engine.receive(b"\x02\xaa")
    assert reply
    assert (reply.frame, reply.delay) == (b"\x02\x90\x00", SMALL.fwt / 2)
    again = engine.receive(b"\xb2")
    assert again
    assert (again.frame, again.delay) == (b"\x02\x90\x00", 0.0)


def test_endless_work() -> None:
    """A card that never gets ready asks for time again and again."""
    engine = PiccEngine(Handler(), SMALL, work_time=lambda: inf, most_wtxm=7)
    assert hear(engine, "02aa", *["f207"] * 50) == "f207"


def test_no_grant_beyond_fwt_max() -> None:
    """7.3: with FWI 14 every extension is worth FWTmax at most."""
    limits = Limits(fwi=14)
    engine = PiccEngine(Handler(), limits, work_time=lambda: 2.5 * FWT_MAX)
    reply = engine.receive(b"\x02\xaa")
    while reply and reply.frame[0] == 0xF2:
        assert reply.delay < FWT_MAX
        reply = engine.receive(reply.frame)
    assert reply
    assert reply.frame == b"\x02\x90\x00"


@pytest.mark.parametrize("frame", ["03bb", "a3", "f205", "f2c2"])
def test_only_the_right_grant_counts(frame: str) -> None:
    """7.5.5, rule 3: S(WTX) is followed by S(WTX) with the same WTXM, and by nothing else."""
    handler = Handler(LONG)
    engine = PiccEngine(handler, SMALL, work_time=lambda: 1.5 * SMALL.fwt)
    assert hear(engine, "02aa") == "f201"
    assert hear(engine, frame) is None
    assert hear(engine, "b2") == "f201"
    assert hear(engine, "f201") == "12" + LONG[:13].hex()
    assert handler.executed == [b"\xaa"]


def test_impossible_wtxm() -> None:
    """A card cannot be set to ask for the reserved WTXM 60, nor for none."""
    with pytest.raises(UsageError, match="WTXM"):
        PiccEngine(Handler(), SMALL, most_wtxm=60)
    with pytest.raises(UsageError, match="WTXM"):
        PiccEngine(Handler(), SMALL, most_wtxm=0)


def test_deselect_halts() -> None:
    """8: S(DESELECT) is confirmed, and then the card is silent."""
    engine = PiccEngine(Handler(), SMALL)
    assert hear(engine, "c2") == "c2"
    assert engine.halted
    assert hear(engine, "c2") is None
    assert hear(engine, "02aa") is None


def test_cid_of_its_own() -> None:
    """7.1.2: a card with CID 5 answers blocks with CID 5, using it, and no others."""
    engine = PiccEngine(Handler(LONG), Limits(fsd=16, fsc=16, cid=5))
    assert hear(engine, "02aa") is None
    assert hear(engine, "0a06aa") is None
    assert hear(engine, "0a05aa") == "1a05" + LONG[:12].hex()
    assert hear(engine, "ab05") == "0b05" + LONG[12:].hex()
    assert hear(engine, "ba05") == "ab05"
    assert hear(engine, "ca05") == "ca05"


def test_cid_zero_may_be_left_out() -> None:
    """7.1.2: a card with CID 0 also answers blocks without CID, and then without CID."""
    engine = PiccEngine(Handler(), Limits(cid=0))
    assert hear(engine, "02aa") == "029000"
    assert hear(engine, "0b00aa") == "0b009000"


@pytest.mark.parametrize("size", [16, 24, 32, 40, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096])
def test_blocks_fill_the_frame_size(size: int) -> None:
    """5.1: no block is longer than FSD with its CRC, and all but the last are that long."""
    engine = PiccEngine(Handler(bytes(2 * size)), Limits(fsd=size, fsc=size))
    block = hear(engine, "02aa")
    lengths = []
    while block and block.startswith("1"):
        lengths.append(len(block) // 2 + 2)
        block = hear(engine, "a3" if block.startswith("12") else "a2")
    assert lengths == [size] * len(lengths)
    assert len(lengths) >= 2
    assert block
    assert len(block) // 2 + 2 <= size
