"""Unit EID_D: the tries left can be read, and cost nothing to read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from harness.conformance.acts.holder import Holder
from harness.conformance.case import Case, Effect, Unit, case
from harness.conformance.judgement import Failure, demand, demand_sw
from harness.conformance.subject import Subject
from harness.errors import ApduError
from harness.profile import PinName

_CLAUSE = "ISO/IEC 7816-4, 7.5.1"
_READINGS = 20


def _fresh(name: PinName, subject: Subject) -> None:
    holder = Holder(subject)
    left, most = holder.tries(name), holder.rules(name).tries
    demand(0 <= left <= most, f"at most {most} tries of {name}", f"{left}", _CLAUSE)
    if not subject.source.is_precious:
        demand(left == most, f"{most} tries of a new card's {name}", f"{left}", _CLAUSE)


def _free(name: PinName, subject: Subject) -> None:
    holder = Holder(subject)
    first = holder.tries(name)
    for _ in range(_READINGS):
        holder.demand_tries(name, first, "however often it is read")
    holder.anew()
    holder.demand_tries(name, first, "after it was read often")


def _own(name: PinName, subject: Subject) -> None:
    holder = Holder(subject)
    others = [each for each in holder.profile.pins if each != name]
    with holder.spending(name):
        before = {each: holder.tries(each) for each in others}
        holder.verify(name, holder.other(name))
        for each in others:
            holder.demand_tries(each, before[each], f"after a wrong {name}")


@case(
    "EID_D_10",
    "BSI TR-03110-2, 2.4",
    "no counter before PACE",
    needs=("PACE", "CONTACTLESS", "PIN1"),
)
def _hidden(subject: Subject) -> None:
    """Without contact the tries left cannot be read before PACE.

    Otherwise anyone in reach learns whether the holder has mistyped.
    """
    subject.require_contactless()
    try:
        left = subject.eid(subject.plain).tries_left("PIN1")
    except ApduError:
        return
    raise Failure("no tries left shown before PACE", f"{left} of PIN1", "BSI TR-03110-2, 2.4")


@case(
    "EID_D_11",
    _CLAUSE,
    "all tries left, in the same activation and in the next",
    needs=("PIN1", "PIN2"),
    effect=Effect.SPENDS_TRIES,
)
def _each_its_own(subject: Subject) -> None:
    """The right PIN1 gives no tries of PIN2 back, nor PIN2 those of PIN1.

    Each code restores its own counter only.
    """
    holder = Holder(subject)
    pairs: tuple[tuple[PinName, PinName], ...] = (("PIN1", "PIN2"), ("PIN2", "PIN1"))
    for wrong, right in pairs:
        with holder.spending(wrong):
            holder.verify(wrong, holder.other(wrong))
            demand_sw(
                holder.verify(right), "ISO/IEC 7816-4, 7.5.6", 0x9000, to=f"the right {right}"
            )
            left = holder.rules(wrong).tries - 1
            holder.demand_tries(wrong, left, f"after a wrong one and the right {right}")


_ROWS = (
    (
        _fresh,
        "The tries left of {} can be read.",
        "A new card has all that the profile declares.",
        Effect.NONE,
    ),
    (
        _free,
        "Reading the tries left of {} costs none.",
        "The same number comes however often it is asked for.",
        Effect.NONE,
    ),
    (
        _own,
        "A wrong {} costs no try of any other code.",
        "Each code has a counter of its own.",
        Effect.SPENDS_TRIES,
    ),
)
_NAMES: tuple[PinName, ...] = ("PIN1", "PIN2", "PUK")


def _cases() -> Iterator[Case]:
    number = 0
    for run, title, purpose, effect in _ROWS:
        for name in _NAMES:
            number += 1
            yield Case(
                f"EID_D_{number}",
                _CLAUSE,
                title.format(name),
                purpose,
                ("the number that the profile and the answers tell",),
                ("PUK-VERIFY" if name == "PUK" else name,),
                effect=effect,
                run=partial(run, name),
            )


UNIT = Unit("EID_D", "Tries left", "eidrig", (*_cases(), _hidden, _each_its_own))
