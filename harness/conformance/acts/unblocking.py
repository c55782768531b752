"""What the unit EID_C does with the PUK: one function for each trial."""

from __future__ import annotations

from harness.conformance.acts.holder import UNPROVED, Holder
from harness.conformance.acts.trials import spend_all
from harness.conformance.judgement import Sws, demand_sw
from harness.profile import PinName
from harness.terminal.families import FAMILIES

_VERIFY, _UNBLOCK = "ISO/IEC 7816-4, 7.5.6", "ISO/IEC 7816-4, 7.5.10"


def unblock(holder: Holder, name: PinName) -> None:
    """The PUK gives a blocked one a new value and all its tries.

    The value before no longer opens anything.
    """
    new = holder.other(name, 3)
    with holder.spending(name, "PUK"):
        spend_all(holder, name)
        answer = holder.unblock(name, holder.right("PUK"), new)
        demand_sw(answer, _UNBLOCK, 0x9000, to=f"unblocking {name}")
        holder.demand_tries(name, holder.rules(name).tries, "after unblocking")
        demand_sw(holder.verify(name, new), _VERIFY, 0x9000, to=f"the new {name}")
        holder.anew()
        old = holder.verify(name)
        demand_sw(old, _VERIFY, Sws.WARNING_63CX, to=f"the old {name} after unblocking")
        back = holder.unblock(name, holder.right("PUK"), holder.right(name))
        demand_sw(back, _UNBLOCK, 0x9000, to=f"unblocking {name} with its first value")


def wrong_puk(holder: Holder, name: PinName) -> None:
    """A wrong PUK costs one of its own tries and leaves it blocked.

    What the new value would be makes no difference.
    """
    with holder.spending(name, "PUK"):
        spend_all(holder, name)
        answer = holder.unblock(name, holder.other("PUK"), holder.other(name, 3))
        left = holder.rules("PUK").tries - 1
        demand_sw(answer, _UNBLOCK, 0x63C0 | left, to=f"unblocking {name} with a wrong PUK")
        holder.demand_tries("PUK", left, "after a wrong one")
        holder.demand_tries(name, 0, "after a wrong PUK")


def unproved_puk(holder: Holder, name: PinName) -> None:
    """It is not unblocked before the PUK was verified.

    The command with the new value alone proves nothing.
    """
    family = FAMILIES[holder.profile.family](holder.channel, holder.profile)
    blocks = (holder.rules(each).block(holder.right(each)) for each in ("PUK", name))
    with holder.spending(name):
        spend_all(holder, name)
        *_, (directory, command) = family.unblock_commands(name, *blocks)
        holder.eid.files.enter(directory)
        answer = holder.subject.transmit(command, holder.channel)
        demand_sw(answer, _UNBLOCK, *UNPROVED, to=f"unblocking {name} without the PUK")
        holder.demand_tries(name, 0, "after unblocking without the PUK")


def unblock_to_short(holder: Holder, name: PinName) -> None:
    """It is not unblocked with a new value that is too short.

    The least length of the profile holds here as for a change; it stays blocked.
    """
    short = b"7" * (holder.rules(name).min_length - 1)
    with holder.spending(name, "PUK"):
        spend_all(holder, name)
        answer = holder.unblock(name, holder.right("PUK"), short)
        to = f"unblocking {name} with a value that is too short"
        demand_sw(answer, _UNBLOCK, Sws.CHECKING_ERROR, to=to)
        holder.demand_tries(name, 0, "after it")


def reset_by_itself(holder: Holder, name: PinName) -> None:
    """It does not give itself a new value by the command that unblocks.

    The PUK opens other codes; whoever has seen it once must not be able to replace it.
    """
    with holder.spending(name):
        answer = holder.unblock(name, holder.right(name), holder.other(name, 3))
        demand_sw(answer, _UNBLOCK, Sws.CHECKING_ERROR, to=f"unblocking {name} by itself")
        holder.anew()
        holder.present(name)


def block_puk(holder: Holder, name: PinName) -> None:
    """Wrong tries block the PUK, and the code itself still works.

    This is final: nothing gives a PUK back.
    """
    rules, pin = holder.rules("PUK"), holder.right(name)
    for left in reversed(range(rules.tries)):
        answer = holder.unblock(name, holder.other("PUK"), pin)
        allowed = (0x63C0 | left,) if left else (rules.blocking_try, 0x63C0)
        demand_sw(answer, _UNBLOCK, *allowed, to="a wrong PUK")
    holder.anew()
    answer = holder.unblock(name, holder.right("PUK"), pin)
    demand_sw(answer, _UNBLOCK, rules.blocked, 0x63C0, to="the right but blocked PUK")
    holder.demand_tries("PUK", 0, "while it is blocked")
    holder.present(name)
