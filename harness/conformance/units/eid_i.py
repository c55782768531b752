"""Unit EID_I: a card that is torn away keeps true counters and whole codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from harness.apdu import ResponseApdu
from harness.conformance.acts.holder import Holder
from harness.conformance.acts.tear import cut_at_write, require_cuttable, torn_after
from harness.conformance.acts.trials import needs_of
from harness.conformance.case import Case, Effect, Unit, case
from harness.conformance.judgement import Failure, demand, demand_sw
from harness.conformance.subject import Subject
from harness.errors import LinkError
from harness.profile import PinName

_CLAUSE = "EN 419211-2, FIA_AFL.1"
_MOST_WRITES, _MOST_COMMANDS = 8, 24


def _answered(holder: Holder, write: int, act: Callable[[], ResponseApdu]) -> ResponseApdu | None:
    """What the card answered, or None where the power failed at that write."""
    try:
        with cut_at_write(holder.subject, write):
            return act()
    except LinkError:
        return None
    finally:
        holder.subject.power_off()


def _counted_first(name: PinName, subject: Subject) -> None:
    holder = Holder(subject)
    most = holder.rules(name).tries
    with holder.spending(name):
        for which, digits in (("wrong", holder.other(name)), ("right", holder.right(name))):
            before = holder.tries(name)
            answer = _answered(holder, 1, partial(holder.verify, name, digits))
            if answer is not None:
                expected = f"a try counted in memory before the {which} {name} is compared"
                raise Failure(expected, f"{answer.sw:04X} without a write before it", _CLAUSE)
            holder.anew()
            when = f"after the power failed while a {which} one was compared"
            holder.demand_tries(name, before - 1, when)
        holder.present(name)
        holder.demand_tries(name, most, "after the right one")


def _restored(name: PinName, subject: Subject) -> None:
    holder = Holder(subject)
    most = holder.rules(name).tries
    with holder.spending(name):
        for write in range(1, _MOST_WRITES):
            answer = _answered(holder, write, partial(holder.verify, name))
            holder.anew()
            left, due = holder.tries(name), (most - 1, most)
            expected = f"{due[0]} or {due[1]} tries of {name} after the power failed at a write"
            demand(left in due, expected, f"{left}", _CLAUSE)
            holder.present(name)
            if answer is not None:
                return


def _changed_whole(name: PinName, subject: Subject) -> None:
    holder = Holder(subject)
    old, new = holder.right(name), holder.other(name, 3)
    with holder.spending(name):
        for write in range(1, _MOST_WRITES):
            answer = _answered(holder, write, partial(holder.change, name, old, new))
            holder.anew()
            takes_new = holder.verify(name, new).ok
            takes_old = holder.verify(name, old).ok
            expected = f"either the old or the new {name} after the power failed in a change"
            got = "both are taken" if takes_new else "neither is taken"
            demand(takes_new is not takes_old, expected, got, "EN 419211-2, FPT_FLS.1")
            if takes_new:
                back = holder.change(name, new, old)
                demand_sw(back, "ISO/IEC 7816-4, 7.5.7", 0x9000, to=f"changing {name} back")
            if answer is not None:
                return


def _unblocked_whole(name: PinName, subject: Subject) -> None:
    holder = Holder(subject)
    puk, code = holder.right("PUK"), holder.right(name)
    with holder.spending(name, "PUK"):
        for write in range(1, _MOST_WRITES):
            for _ in range(holder.rules(name).tries):
                holder.verify(name, holder.other(name))
            answer = _answered(holder, write, partial(holder.unblock, name, puk, code))
            holder.anew()
            again = holder.unblock(name, puk, code)
            to = f"unblocking {name} after the power failed in it"
            demand_sw(again, "ISO/IEC 7816-4, 7.5.10", 0x9000, to=to)
            holder.present(name)
            holder.demand_tries(name, holder.rules(name).tries, "after unblocking")
            if answer is not None:
                return


@case(
    "EID_I_9",
    _CLAUSE,
    "all tries left, or one less where the code had gone out",
    needs=("PIN1",),
    effect=Effect.SPENDS_TRIES,
)
def _between(subject: Subject) -> None:
    """A card taken away between two commands has lost a try only if the code had gone out.

    At each command from the activation to VERIFY with a wrong code; also on a real card.
    """
    holder = Holder(subject)
    most = holder.rules("PIN1").tries
    with holder.spending("PIN1"):
        for commands in range(1, _MOST_COMMANDS):
            is_whole = _torn_try(subject, commands)
            holder.anew()
            left, due = holder.tries("PIN1"), (most - 1, most)
            expected = f"{due[0]} or {due[1]} tries of PIN1 after a tear at command {commands}"
            demand(left in due, expected, f"{left}", _CLAUSE)
            if left < most:
                holder.present("PIN1")
                break
            demand(not is_whole, "a try that is counted", "none after a wrong PIN1", _CLAUSE)


def _torn_try(subject: Subject, commands: int) -> bool:
    """Offer a wrong PIN1 to a card that is taken away; whether it came to the end."""
    try:
        with torn_after(subject, commands):
            holder = Holder(subject)
            holder.verify("PIN1", holder.other("PIN1"))
    except LinkError:
        return False
    finally:
        subject.power_off()
    return True


Trial = Callable[[PinName, Subject], None]

_BOTH: tuple[PinName, ...] = ("PIN1", "PIN2")
_ROWS: tuple[tuple[Trial, tuple[PinName, ...], str, str, tuple[str, ...], Effect], ...] = (
    (
        _counted_first,
        _BOTH,
        "A try of {} is stored as lost before the code is compared.",
        "Whoever cuts the power as soon as a code proves wrong could try them all otherwise.",
        (),
        Effect.CHANGES_CARD,
    ),
    (
        _restored,
        _BOTH,
        "A power cut while the right {} is verified costs a try at most.",
        "At each write; the right code is taken afterwards and gives the tries back.",
        (),
        Effect.CHANGES_CARD,
    ),
    (
        _changed_whole,
        _BOTH,
        "A power cut while {} is changed leaves one value that works.",
        "The old or the new one, never both and never none.",
        ("CHANGE",),
        Effect.CHANGES_CARD,
    ),
    (
        _unblocked_whole,
        _BOTH,
        "A power cut while {} is unblocked does not lose it.",
        "It can be unblocked again with the same PUK.",
        ("PUK-VERIFY",),
        Effect.BLOCKS,
    ),
)


def _run(trial: Trial, name: PinName, subject: Subject) -> None:
    require_cuttable(subject)
    trial(name, subject)


def _cases() -> Iterator[Case]:
    number = 0
    for trial, names, title, purpose, needs, effect in _ROWS:
        for name in names:
            number += 1
            yield Case(
                f"EID_I_{number}",
                _CLAUSE,
                title.format(name),
                purpose,
                ("the counter that the title says, after the power is back",),
                needs_of(name, needs),
                effect=effect,
                run=partial(_run, trial, name),
            )


UNIT = Unit("EID_I", "Torn away", "eidrig", (*_cases(), _between))
