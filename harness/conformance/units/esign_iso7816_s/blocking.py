"""PIN2 blocked by wrong tries, and unblocked by the PUK."""

from __future__ import annotations

from harness.conformance.acts.holder import Holder
from harness.conformance.case import Effect, case
from harness.conformance.judgement import demand_sw
from harness.conformance.units.esign_iso7816_s.signer import (
    NEEDS,
    PIN,
    PLAN,
    refuses_to_sign,
    sign_once,
    signing,
)

_BLOCKING = (*NEEDS, "PUK-VERIFY")


def _block(holder: Holder) -> None:
    """Spend all tries of PIN2; the last answer may tell that it is blocked in its own way."""
    for left in reversed(range(holder.rules(PIN).tries)):
        answer = holder.verify(PIN, holder.other(PIN))
        last = () if left else (0x6983, 0x6982)
        demand_sw(answer, f"{PLAN}_15", 0x63C0 | left, *last, to="a wrong PIN2")


@case(
    "ESIGN_ISO7816_S_15",
    f"{PLAN}_15; ISO/IEC 7816-4, 7.5.1",
    "63CX to each wrong PIN2, one try fewer every time",
    "63C0, 6983 or 6982 to the last one",
    needs=_BLOCKING,
    effect=Effect.BLOCKS,
)
@signing
def _blocked(holder: Holder) -> None:
    """Wrong ones block PIN2 after as many tries as the profile declares.

    The PUK unblocks it at the end.
    """
    with holder.spending(PIN):
        _block(holder)
        holder.anew()
        holder.demand_tries(PIN, 0, "after as many wrong ones as it has tries")


@case(
    "ESIGN_ISO7816_S_16",
    f"{PLAN}_16",
    "63C0, 6983 or 6982 to VERIFY with the right PIN2",
    needs=_BLOCKING,
    effect=Effect.BLOCKS,
)
@signing
def _verify_blocked(holder: Holder) -> None:
    """A blocked PIN2 is not verified, although it is the right one.

    The card compares nothing any more.
    """
    with holder.spending(PIN):
        _block(holder)
        allowed = (0x63C0, 0x6983, 0x6982)
        demand_sw(holder.verify(PIN), f"{PLAN}_16", *allowed, to="the right but blocked PIN2")
        refuses_to_sign(holder, "while PIN2 is blocked", f"{PLAN}_16", 0x6982, 0x6985)


@case(
    "ESIGN_ISO7816_S_17",
    f"{PLAN}_17",
    "6983 or 6982 to CHANGE REFERENCE DATA",
    needs=(*_BLOCKING, "PIN2-CHANGE"),
    effect=Effect.BLOCKS,
)
@signing
def _change_blocked(holder: Holder) -> None:
    """A blocked PIN2 is not changed, although its right value is given.

    Changing is no way around the counter.
    """
    with holder.spending(PIN):
        _block(holder)
        answer = holder.change(PIN, holder.right(PIN), holder.other(PIN, 3))
        demand_sw(answer, f"{PLAN}_17", 0x6983, 0x6982, to="changing the blocked PIN2")


@case(
    "ESIGN_ISO7816_S_18",
    f"{PLAN}_18; ISO/IEC 7816-4, 7.5.10",
    "9000 to RESET RETRY COUNTER with the PUK",
    "9000 to VERIFY, and a signature",
    needs=_BLOCKING,
    effect=Effect.BLOCKS,
)
@signing
def _unblock(holder: Holder) -> None:
    """The PUK unblocks PIN2, which then signs again.

    The value is the one from before.
    """
    with holder.spending(PIN, "PUK"):
        _block(holder)
        answer = holder.unblock(PIN, holder.right("PUK"), holder.right(PIN))
        demand_sw(answer, f"{PLAN}_18", 0x9000, to="unblocking PIN2")
        sign_once(holder)


CASES = (_blocked, _verify_blocked, _change_blocked, _unblock)
