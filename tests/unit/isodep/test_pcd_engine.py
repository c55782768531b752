"""The reader's rules of ISO/IEC 14443-4, 7.5, one by one, in the bytes on the air."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import LinkError, ProtocolViolation, UsageError
from harness.isodep.block import IBlock
from harness.isodep.limits import FWT_MAX, Limits
from harness.isodep.pcd_engine import Done, Failed, Patience, PcdEngine, Send, Statistics

SMALL = Limits(fsd=16, fsc=16)  # thirteen bytes of an APDU in a block
LONG = bytes(range(20))


def frame(action: object) -> str:
    """The block that an action sends, in hex."""
    assert isinstance(action, Send)
    return action.frame.hex()


def hear(engine: PcdEngine, *frames: str | None) -> object:
    """Feed blocks in hex, None for a time-out, and return the last action."""
    action: object = None
    for text in frames:
        action = engine.receive(None if text is None else bytes.fromhex(text))
    return action


def test_rule_a_first_block_number_is_zero() -> None:
    """7.5.4, rule A: the first block after activation has number 0."""
    assert frame(PcdEngine(SMALL).send(b"\xaa")) == "02aa"


def test_rule_b_toggles_with_the_answer() -> None:
    """7.5.4, rule B: an I-block with our number toggles it."""
    engine = PcdEngine(SMALL)
    engine.send(b"\xaa")
    assert hear(engine, "029000") == Done(b"\x90\x00")
    assert frame(engine.send(b"\xbb")) == "03bb"
    assert hear(engine, "036a82") == Done(b"\x6a\x82")
    assert frame(engine.send(b"\xcc")) == "02cc"


def test_rule_2_acknowledges_a_chaining_block() -> None:
    """7.5.5, rule 2: an I-block that chains is acknowledged by R(ACK), with the number toggled."""
    engine = PcdEngine(SMALL)
    engine.send(b"\xaa")
    assert frame(hear(engine, "120102")) == "a3"
    assert frame(hear(engine, "130304")) == "a2"
    assert hear(engine, "029000") == Done(bytes.fromhex("010203049000"))


def test_rule_3_answers_wtx_with_wtx() -> None:
    """7.5.5, rule 3: S(WTX) is answered by S(WTX) with the same WTXM and no power level."""
    engine = PcdEngine(SMALL)
    engine.send(b"\xaa")
    assert frame(hear(engine, "f2c5")) == "f205"


@pytest.mark.parametrize("received", [None, "", "00", "03", "0a00", "06ff", "b2", "c2", "a2"])
def test_rule_4_asks_again(received: str | None) -> None:
    """7.5.5, rule 4: after a time-out or anything invalid, R(NAK) with our number is sent."""
    engine = PcdEngine(SMALL)
    engine.send(b"\xaa")
    assert frame(hear(engine, received)) == "b2"


@pytest.mark.parametrize("received", [None, "", "ff", "12aa", "a2", "a3"])
def test_rule_5_acknowledges_again_while_the_card_chains(received: str | None) -> None:
    """7.5.5, rule 5: while the PICC chains, R(ACK) is repeated instead of R(NAK)."""
    engine = PcdEngine(SMALL)
    engine.send(b"\xaa")
    assert frame(hear(engine, "12aa", received)) == "a3"


def test_rule_6_repeats_the_last_i_block() -> None:
    """7.5.5, rule 6: R(ACK) with the other number has the last I-block sent again."""
    engine = PcdEngine(SMALL)
    engine.send(b"\xaa")
    assert frame(hear(engine, None, "a3")) == "02aa"


def test_rule_7_continues_chaining() -> None:
    """7.5.5, rule 7: R(ACK) with our number has the next part sent, number toggled."""
    engine = PcdEngine(SMALL)
    assert frame(engine.send(LONG)) == "12" + LONG[:13].hex()
    assert frame(hear(engine, "a2")) == "03" + LONG[13:].hex()


def test_rule_6_in_the_middle_of_chaining() -> None:
    """7.5.5, rule 6: only the part that was lost is sent again."""
    engine = PcdEngine(SMALL)
    engine.send(LONG)
    hear(engine, "a2")
    assert frame(hear(engine, None)) == "b3"
    assert frame(hear(engine, "a2")) == "03" + LONG[13:].hex()
    assert hear(engine, "039000") == Done(b"\x90\x00")


def test_answer_before_the_command_is_complete() -> None:
    """7.5.3: an I-block in answer to a part of a command is no valid answer."""
    engine = PcdEngine(SMALL)
    engine.send(LONG)
    assert frame(hear(engine, "029000")) == "b2"


def test_rule_8_deselect() -> None:
    """7.5.5, rule 8: S(DESELECT) may be repeated, and then the card is left alone."""
    engine = PcdEngine(SMALL, Patience(retries=1))
    assert frame(engine.deselect()) == "c2"
    assert frame(hear(engine, None)) == "c2"
    assert hear(engine, None) == Done()


def test_deselect_confirmed() -> None:
    """8.1: the deactivation is over with the card's S(DESELECT); it waits 65536/fc at most."""
    engine = PcdEngine(SMALL)
    assert engine.deselect() == Send(b"\xc2", 65536 / 13.56e6)
    assert hear(engine, "c2") == Done()


def test_gives_up_after_three_tries() -> None:
    """Two repetitions, then S(DESELECT), then a `LinkError` (7.5.7 and 8)."""
    engine = PcdEngine(SMALL)
    sent = [frame(engine.send(b"\xaa"))]
    action = hear(engine, None)
    while isinstance(action, Send):
        sent.append(frame(action))
        action = hear(engine, None)
    assert sent == ["02aa", "b2", "b2", "c2", "c2", "c2"]
    assert isinstance(action, Failed)
    assert isinstance(action.error, LinkError)


def test_endless_requests_to_repeat() -> None:
    """A card that wants the same I-block for ever is given up."""
    engine = PcdEngine(SMALL)
    engine.send(b"\xaa")
    assert frame(hear(engine, "a3")) == "02aa"
    assert frame(hear(engine, "a3")) == "02aa"
    assert frame(hear(engine, "a3")) == "c2"


def test_tries_start_anew_with_progress() -> None:
    """Every step of a long exchange has its own tries."""
    engine = PcdEngine(SMALL)
    engine.send(b"\xaa")
    for _ in range(10):
        assert frame(hear(engine, None, None, "1201")) == "a3"
        assert frame(hear(engine, None, None, "1301")) == "a2"
    assert isinstance(hear(engine, None, None, "029000"), Done)


def test_wtx_extends_one_block_only() -> None:
    """7.3: FWT times WTXM holds until the next block, not longer."""
    engine = PcdEngine(Limits(fwi=4))
    fwt = Limits(fwi=4).fwt
    assert engine.send(b"\xaa") == Send(b"\x02\xaa", fwt)
    assert hear(engine, "f20a") == Send(b"\xf2\x0a", 10 * fwt)
    assert hear(engine, None) == Send(b"\xb2", fwt)
    assert hear(engine, "f20a") == Send(b"\xf2\x0a", 10 * fwt)
    assert hear(engine, "1201") == Send(b"\xa3", fwt)


def test_wtx_limits() -> None:
    """7.3: the reserved WTXM 60 to 63 wait as long as 59, and nothing waits beyond FWTmax."""
    engine = PcdEngine(Limits(fwi=4))
    engine.send(b"\xaa")
    assert hear(engine, "f23f") == Send(b"\xf2\x3f", 59 * Limits(fwi=4).fwt)
    engine = PcdEngine(Limits(fwi=13))
    engine.send(b"\xaa")
    assert hear(engine, "f203") == Send(b"\xf2\x03", FWT_MAX)
    assert frame(hear(engine, "f200")) == "b2"  # WTXM 0 is invalid


def test_wtx_instead_of_every_answer() -> None:
    """Rule 9: the card may ask for time within command chaining and response chaining."""
    engine = PcdEngine(SMALL)
    engine.send(LONG)
    assert frame(hear(engine, "f201")) == "f201"
    assert frame(hear(engine, "a2")) == "03" + LONG[13:].hex()
    assert frame(hear(engine, "f202")) == "f202"
    assert frame(hear(engine, "130102")) == "a2"
    assert frame(hear(engine, "f203")) == "f203"
    assert frame(hear(engine, None)) == "a2"  # still rule 5
    assert hear(engine, "029000") == Done(bytes.fromhex("01029000"))


def test_wtx_storm_ends() -> None:
    """A card that asks for time for ever is given up after the extensions allowed."""
    engine = PcdEngine(SMALL, Patience(wtx=3))
    engine.send(b"\xaa")
    assert frame(hear(engine, "f201", "f201", "f201")) == "f201"
    assert frame(hear(engine, "f201")) == "c2"
    failed = hear(engine, "c2")
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, LinkError)
    assert "asked for more time 3 times" in str(failed.error)


def test_presence_check() -> None:
    """7.5.6: R(NAK) is answered by R(ACK) with the other number, and no I-block is repeated."""
    engine = PcdEngine(SMALL)
    assert frame(engine.check_presence()) == "b2"
    assert hear(engine, "a3") == Done()
    engine.send(b"\xaa")
    hear(engine, "029000")
    assert frame(engine.check_presence()) == "b3"
    assert hear(engine, None, "a2") == Done()
    assert frame(engine.send(b"\xbb")) == "03bb"


def test_absent_card() -> None:
    """A presence check without answer ends like any other lost card."""
    engine = PcdEngine(SMALL, Patience(retries=0))
    engine.check_presence()
    assert frame(hear(engine, None)) == "c2"
    assert isinstance(hear(engine, None), Failed)


def test_cid_goes_with_every_block() -> None:
    """7.1.2: with a CID every block carries it, and an answer with another one is none."""
    engine = PcdEngine(Limits(fsd=16, fsc=16, cid=5))
    assert frame(engine.send(LONG)) == "1a05" + LONG[:12].hex()
    assert frame(hear(engine, "a2")) == "ba05"
    assert frame(hear(engine, "aa06")) == "ba05"
    assert frame(hear(engine, "aa05")) == "0b05" + LONG[12:].hex()
    assert frame(hear(engine, "fa0501")) == "fa0501"
    assert frame(hear(engine, "1b850102")) == "aa05"  # power level beside the CID
    assert hear(engine, "0a059000") == Done(bytes.fromhex("01029000"))
    assert frame(engine.deselect()) == "ca05"


@pytest.mark.parametrize("size", [16, 24, 32, 40, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096])
def test_blocks_fill_the_frame_size(size: int) -> None:
    """5.2.3: no block is longer than FSC with its CRC, and all but the last are that long."""
    engine = PcdEngine(Limits(fsc=size, fsd=size))
    action: object = engine.send(bytes(2 * size))
    lengths = []
    while frame(action).startswith(("12", "13")):
        lengths.append(len(frame(action)) // 2 + 2)
        action = hear(engine, "a2" if frame(action)[1] == "2" else "a3")
    assert lengths == [size] * len(lengths)
    assert len(lengths) >= 2
    assert len(frame(action)) // 2 + 2 <= size


def test_block_longer_than_fsd_is_invalid() -> None:
    """5.1: the card may not send more than we said we take."""
    engine = PcdEngine(SMALL)
    engine.send(b"\xaa")
    assert frame(hear(engine, "02" + "00" * 14)) == "b2"
    assert isinstance(hear(engine, "02" + "00" * 13), Done)


@pytest.mark.parametrize("block", [IBlock(0, more=True), IBlock(0, bytes(4000), more=True)])
def test_endless_response(block: IBlock) -> None:
    """A response that chains nothing, or more than any APDU holds, is the card's fault."""
    engine = PcdEngine(Limits(fsd=4096))
    action: object = engine.send(b"\xaa")
    number = 0
    for _ in range(20):
        action = engine.receive(IBlock(number, block.inf, more=True).encode())
        number ^= 1
        if frame(action) == "c2":
            break
    failed = hear(engine, "c2")
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, ProtocolViolation)


def test_one_exchange_at_a_time() -> None:
    """Nothing starts while something runs, nor after the end."""
    engine = PcdEngine(SMALL)
    engine.send(b"\xaa")
    with pytest.raises(UsageError, match="one exchange at a time"):
        engine.send(b"\xbb")
    hear(engine, "029000")
    engine.deselect()
    hear(engine, "c2")
    with pytest.raises(UsageError, match="activate the card again"):
        engine.check_presence()


def test_statistics() -> None:
    """Repetitions and time extensions are counted where they happen."""
    statistics = Statistics()
    engine = PcdEngine(SMALL, statistics=statistics)
    engine.send(b"\xaa")
    hear(engine, None, "a3", "f201", None, "02")
    assert (statistics.retransmissions, statistics.wtx) == (3, 1)


HOSTILE = (
    st.none()
    | st.binary(max_size=4)
    | st.sampled_from(
        [
            bytes.fromhex(text)
            for text in ("a2", "a3", "f201", "12aa", "13aa", "12", "0200", "0300", "c2")
        ]
    )
)


@settings(deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=8), st.binary(max_size=40))
def test_no_card_holds_the_reader_for_ever(answers: list[bytes | None], command: bytes) -> None:
    """Whatever a card repeats endlessly, the reader comes to an end within a bound."""
    engine = PcdEngine(SMALL, Patience(wtx=20))
    action: object = engine.send(command)
    sent = 0
    while isinstance(action, Send):
        action = engine.receive(answers[sent % len(answers)])
        sent += 1
        # At worst one byte of the longest response per step, three tries each, and the time asked.
        assert sent < 3 * (65_538 + 20 + 10)
    assert isinstance(action, Done | Failed)
