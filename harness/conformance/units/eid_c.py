"""Unit EID_C: the life of PIN1, PIN2 and PUK."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial

from harness.conformance.acts import trials, unblocking
from harness.conformance.acts.holder import Holder
from harness.conformance.case import Case, Effect, Unit
from harness.conformance.subject import Subject
from harness.profile import PinName

_VERIFY, _CHANGE = "ISO/IEC 7816-4, 7.5.6", "ISO/IEC 7816-4, 7.5.7"

Trial = Callable[[Holder, PinName], None]


def _run(trial: Trial, name: PinName, subject: Subject) -> None:
    trial(Holder(subject), name)


_SPENDS, _CHANGES = Effect.SPENDS_TRIES, Effect.CHANGES_CARD
_BLOCKS, _FINAL = Effect.BLOCKS, Effect.FINAL
_BOTH: tuple[PinName, ...] = ("PIN1", "PIN2")
_ROWS: tuple[tuple[Trial, tuple[PinName, ...], str, Effect, tuple[str, ...]], ...] = (
    (trials.right, ("PIN1", "PIN2"), "9000", Effect.NONE, ()),
    (trials.wrong, _BOTH, "63CX with one try less, then 9000", _SPENDS, ()),
    (trials.kept, _BOTH, "the same tries left after power-off", _SPENDS, ()),
    (
        trials.block,
        _BOTH,
        "63CX down to the blocking answer, then the profile's answer for a blocked code",
        _BLOCKS,
        ("PUK-VERIFY",),
    ),
    (
        trials.block_for_good,
        _BOTH,
        "63CX down to the blocking answer, then the profile's answer for a blocked code",
        _FINAL,
        ("!PUK-VERIFY",),
    ),
    (unblocking.unblock, _BOTH, "9000, then 63CX for the old value", _BLOCKS, ("PUK-VERIFY",)),
    (unblocking.wrong_puk, _BOTH, "63CX with one try of the PUK less", _BLOCKS, ("PUK-VERIFY",)),
    (
        unblocking.block_puk,
        ("PIN1",),
        "63CX down to the blocking answer, then the profile's answer for a blocked code",
        _FINAL,
        ("PUK-VERIFY",),
    ),
    (
        trials.change,
        _BOTH,
        "9000, 9000 for the new value, 63CX for the old one",
        _CHANGES,
        ("CHANGE",),
    ),
    (trials.change_with_wrong, _BOTH, "63CX with one try less", _SPENDS, ("CHANGE",)),
    (
        trials.change_to_short,
        _BOTH,
        "a checking error, then 9000 for the old value",
        _CHANGES,
        ("CHANGE",),
    ),
    (
        trials.wrong_length,
        _BOTH,
        "63CX or a checking error, and a counter that agrees",
        _SPENDS,
        (),
    ),
    (trials.asked, _BOTH, "63CX with the tries left, or a checking error", _SPENDS, ()),
    (trials.unchangeable, ("PUK",), "a checking error", _CHANGES, ("PUK-FIXED",)),
    (trials.unknown_reference, ("PIN1",), "a checking error", Effect.NONE, ()),
    (
        trials.before_channel,
        ("PIN1",),
        "a checking error, and all tries left",
        _SPENDS,
        ("PACE", "CONTACTLESS"),
    ),
    (
        unblocking.unproved_puk,
        ("PIN1",),
        "6982 or 6985, and a code that is blocked as before",
        _BLOCKS,
        ("PUK-VERIFY", "PUK-FIRST"),
    ),
    (
        unblocking.unblock_to_short,
        _BOTH,
        "a checking error, and a code that is blocked as before",
        _BLOCKS,
        ("PUK-VERIFY",),
    ),
    (unblocking.reset_by_itself, ("PUK",), "a checking error, then 9000", _CHANGES, ()),
    (trials.wrong_parameters, ("PIN1",), "an error, and all tries left", _SPENDS, ()),
)


def _cases() -> Iterator[Case]:
    number = 0
    for trial, names, expected, effect, needs in _ROWS:
        title, _, purpose = (inspect.getdoc(trial) or "").partition("\n\n")
        for name in names:
            number += 1
            yield Case(
                f"EID_C_{number}",
                _CHANGE if "CHANGE" in needs else _VERIFY,
                f"{name}: {title}",
                purpose,
                (expected,),
                trials.needs_of(name, needs),
                effect=effect,
                run=partial(_run, trial, name),
            )


UNIT = Unit("EID_C", "PIN1, PIN2 and PUK", "eidrig", tuple(_cases()))
