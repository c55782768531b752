"""What the unit EID_C does with a code: one function for each trial, for whichever code."""

from __future__ import annotations

from collections.abc import Iterator

from harness.apdu import INS, CommandApdu, ResponseApdu
from harness.conformance.acts.holder import Holder
from harness.conformance.judgement import Sws, demand, demand_sw
from harness.profile import PinName

_VERIFY, _CHANGE = "ISO/IEC 7816-4, 7.5.6", "ISO/IEC 7816-4, 7.5.7"
_UNKNOWN_REFERENCE, _NO_P1 = 0x1E, 0x5A
_LEFT = "ISO/IEC 7816-4, 7.5.1"


def needs_of(name: PinName, needs: tuple[str, ...]) -> tuple[str, ...]:
    """What a profile must declare for a trial of this code: the code, and `needs` as it has them.

    CHANGE is said of PIN1; the same of PIN2 is PIN2-CHANGE.
    """
    code = "PUK-VERIFY" if name == "PUK" else name
    own = {"CHANGE": "PIN2-CHANGE"} if name == "PIN2" else {}
    return (code, *(own.get(need, need) for need in needs))


def refused_try(holder: Holder, name: PinName, left: int) -> None:
    """Offer a wrong code that must leave this many tries, and look at the counter."""
    rules = holder.rules(name)
    answer = holder.verify(name, holder.other(name))
    # The try that blocks is told as such or as none left: cards differ, the profile says which.
    allowed = (0x63C0 | left,) if left else (rules.blocking_try, 0x63C0)
    demand_sw(answer, _VERIFY, *allowed, to=f"a wrong {name}")
    holder.demand_tries(name, left, "after a wrong one")


def spend_all(holder: Holder, name: PinName) -> None:
    """Spend all tries of a code."""
    for left in reversed(range(holder.rules(name).tries)):
        refused_try(holder, name, left)


def right(holder: Holder, name: PinName) -> None:
    """The right one is taken.

    Its counter then stands at the most that the profile declares.
    """
    # Not `present`: a real card has accepted the code before the first case, whatever it counts.
    demand_sw(holder.verify(name), _VERIFY, 0x9000, to=f"the right {name}")
    holder.demand_tries(name, holder.rules(name).tries, "after the right one")


def wrong(holder: Holder, name: PinName) -> None:
    """A wrong one costs a try, the right one gives it back.

    The answer tells how many are left, and the counter tells the same.
    """
    with holder.spending(name):
        refused_try(holder, name, holder.rules(name).tries - 1)
        holder.present(name)
        holder.demand_tries(name, holder.rules(name).tries, "after a right one")


def kept(holder: Holder, name: PinName) -> None:
    """A try that was spent stays spent when the power goes.

    A counter that forgets can be tried for ever.
    """
    with holder.spending(name):
        refused_try(holder, name, holder.rules(name).tries - 1)
        holder.anew()
        holder.demand_tries(name, holder.rules(name).tries - 1, "after the power was off")


def block(holder: Holder, name: PinName) -> None:
    """Wrong tries block it, and then the right one is refused.

    Each try is counted down to none; the block outlives the power.
    """
    with holder.spending(name):
        spend_all(holder, name)
        for _ in range(2):
            blocked = (holder.rules(name).blocked, 0x63C0)
            demand_sw(holder.verify(name), _VERIFY, *blocked, to=f"the right but blocked {name}")
            holder.anew()
        holder.demand_tries(name, 0, "while it is blocked")


def block_for_good(holder: Holder, name: PinName) -> None:
    """Wrong tries block it where the holder cannot unblock.

    The same on a card without a PUK: it is lost to the holder then.
    """
    spend_all(holder, name)
    blocked = (holder.rules(name).blocked, 0x63C0)
    demand_sw(holder.verify(name), _VERIFY, *blocked, to=f"the right but blocked {name}")


def change(holder: Holder, name: PinName) -> None:
    """It is changed, and only the new value is taken then.

    The change outlives the power; the case changes it back.
    """
    old, new = holder.right(name), holder.other(name, 3)
    with holder.spending(name):
        demand_sw(holder.change(name, old, new), _CHANGE, 0x9000, to=f"changing {name}")
        holder.anew()
        try:
            demand_sw(holder.verify(name, new), _VERIFY, 0x9000, to=f"the new {name}")
            answer = holder.verify(name, old)
            demand_sw(answer, _VERIFY, Sws.WARNING_63CX, to=f"the old {name} after a change")
        finally:
            back = holder.change(name, new, old)
        demand_sw(back, _CHANGE, 0x9000, to=f"changing {name} back")


def change_with_wrong(holder: Holder, name: PinName) -> None:
    """A change with a wrong old value costs a try and changes nothing.

    Changing is verifying: it may not be a way around the counter.
    """
    new, left = holder.other(name, 3), holder.rules(name).tries - 1
    with holder.spending(name):
        answer = holder.change(name, holder.other(name), new)
        demand_sw(answer, _CHANGE, 0x63C0 | left, to=f"changing {name} with a wrong old one")
        holder.demand_tries(name, left, "after a change with a wrong old one")
        holder.present(name)


def change_to_short(holder: Holder, name: PinName) -> None:
    """A new value that is too short is refused, and the old one stays.

    The least length of the profile holds for what the holder chooses, too.
    """
    rules = holder.rules(name)
    short = b"7" * (rules.min_length - 1)
    with holder.spending(name):
        answer = holder.change(name, holder.right(name), short)
        demand_sw(answer, _CHANGE, Sws.CHECKING_ERROR, to=f"a new {name} that is too short")
        holder.anew()
        holder.present(name)


def _lengths(holder: Holder, name: PinName) -> Iterator[tuple[str, bytes]]:
    """Blocks that no code is: cut short, too long, and nothing but fill."""
    rules = holder.rules(name)
    right = rules.block(holder.right(name))
    yield "a block that is too short", right[:-1]
    yield "a block that is too long", right + bytes((rules.pad,))
    if rules.form == "digits":
        yield "a block of fill alone", bytes((rules.pad,)) * rules.size


def wrong_length(holder: Holder, name: PinName) -> None:
    """Blocks that are no code are refused, and counted only if the answer says so.

    Too short, too long, and nothing but fill, as a form left empty would send it.
    """
    most = holder.rules(name).tries
    for what, block in _lengths(holder, name):
        with holder.spending(name):
            answer = holder.verify_block(name, block)
            allowed = (Sws.WARNING_63CX, Sws.CHECKING_ERROR)
            demand_sw(answer, _VERIFY, *allowed, to=f"{what} as {name}")
            _demand_counted_as_told(holder, name, answer, most)
            holder.present(name)


def _demand_counted_as_told(
    holder: Holder, name: PinName, answer: ResponseApdu, before: int
) -> None:
    """The card may count such a try, but then it says so."""
    told = before if answer.tries_left is None else answer.tries_left
    left = holder.tries(name)
    expected = f"{told} tries left of {name}, as {answer.sw:04X} tells"
    demand(left == told and told >= before - 1, expected, f"{left}", _LEFT)


def asked(holder: Holder, name: PinName) -> None:
    """VERIFY without data tells its state and costs nothing.

    Cards that do not know the question refuse it; also that costs nothing.
    """
    most = holder.rules(name).tries
    with holder.spending(name):
        _demand_state(holder, name, most, "before it was given")
        refused_try(holder, name, most - 1)
        _demand_state(holder, name, most - 1, "after a wrong one")
        holder.present(name)
        answer = holder.verify_block(name, b"")
        allowed = (0x9000, 0x63C0 | most, Sws.CHECKING_ERROR)
        demand_sw(answer, _VERIFY, *allowed, to=f"VERIFY without data after the right {name}")


def _demand_state(holder: Holder, name: PinName, left: int, when: str) -> None:
    """VERIFY without data tells the tries left, or is not there; it never costs one."""
    answer = holder.verify_block(name, b"")
    # ISO/IEC 7816-4 lets a card leave the question out; then it refuses it and counts nothing.
    allowed = (0x63C0 | left, Sws.CHECKING_ERROR)
    demand_sw(answer, _VERIFY, *allowed, to=f"VERIFY without data for {name} {when}")
    holder.demand_tries(name, left, f"after VERIFY without data {when}")


def unchangeable(holder: Holder, name: PinName) -> None:
    """It is not changed on a generation that fixes it.

    The right one opens as before.
    """
    with holder.spending(name):
        answer = holder.change(name, holder.right(name), holder.other(name, 3))
        demand_sw(answer, _CHANGE, Sws.CHECKING_ERROR, to=f"changing {name}, which cannot be")
        holder.anew()
        holder.present(name)


def unknown_reference(holder: Holder, name: PinName) -> None:
    """A reference that no code has is refused, even with the right digits.

    No counter moves.
    """
    block = holder.rules(name).block(holder.right(name))
    before = {each: holder.tries(each) for each in holder.profile.pins}
    command = CommandApdu(0x00, INS.VERIFY, 0x00, _UNKNOWN_REFERENCE, block)
    answer = holder.subject.transmit(command, holder.channel)
    demand_sw(answer, _VERIFY, Sws.CHECKING_ERROR, to="a reference that no code has")
    for each, left in before.items():
        holder.demand_tries(each, left, "after an unknown reference")


def wrong_parameters(holder: Holder, name: PinName) -> None:
    """Commands for it whose P1 means nothing are refused, even with the right digits.

    VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER; nothing is proved, changed or counted.
    """
    rules = holder.rules(name)
    block = rules.block(holder.right(name))
    asked = {
        INS.VERIFY: block,
        INS.CHANGE_REFERENCE_DATA: block * 2,
        INS.RESET_RETRY_COUNTER: block,
    }
    puk = holder.profile.pins.get("PUK")
    with holder.spending(name):
        if puk is not None and puk.method == "verify":
            holder.present("PUK")
        holder.eid.enter_for(name)
        for ins, data in asked.items():
            command = CommandApdu(0x00, ins, _NO_P1, rules.reference, data)
            answer = holder.subject.transmit(command, holder.channel)
            to = f"{command.name} of {name} with P1={_NO_P1:02X}"
            demand_sw(answer, "ISO/IEC 7816-4, 7.5", Sws.ERROR, to=to)
        holder.demand_tries(name, rules.tries, "after commands that mean nothing")


def before_channel(holder: Holder, name: PinName) -> None:
    """It is not taken before PACE.

    Without contact a code never crosses the air unprotected, and costs no try there.
    """
    subject = holder.subject
    subject.require_contactless()
    plain = subject.power_up()
    rules = holder.rules(name)
    subject.eid(plain).files.enter(rules.directory)
    block = rules.block(holder.right(name))
    answer = subject.transmit(CommandApdu(0x00, INS.VERIFY, 0x00, rules.reference, block), plain)
    demand_sw(answer, "BSI TR-03110-2, 2.4", Sws.CHECKING_ERROR, to=f"{name} before PACE")
    holder.anew()
    holder.demand_tries(name, rules.tries, "after it was offered before PACE")
