"""PIN2 while it is still the one that came with the card."""

from __future__ import annotations

from harness.conformance.acts.holder import Holder
from harness.conformance.case import Effect, case
from harness.conformance.judgement import Allowed, Blocked, demand_sw
from harness.conformance.subject import Subject
from harness.conformance.units.esign_iso7816_s.signer import (
    NEEDS,
    PIN,
    PLAN,
    SHORT,
    refuses_to_sign,
)

_UNSET: tuple[Allowed, ...] = (0x6984, 0x6982, 0x6A88)


def _with_first_value(subject: Subject) -> Holder:
    """A card whose PIN2 is the one it came with.

    Raises:
        Blocked: there is only the card at hand.
    """
    if not subject.take_sample(pin2_changed=False):
        message = "a card whose PIN2 was never changed is needed, and is not made here"
        raise Blocked(message)
    return Holder(subject)


@case(
    "ESIGN_ISO7816_S_1",
    f"{PLAN}_1",
    "9000 to CHANGE REFERENCE DATA with the first PIN and a new one",
    "9000 to VERIFY with the new one",
    needs=(*NEEDS, "PIN2-INITIAL", "PIN2-CHANGE"),
    preconditions=("a card whose PIN2 is still the first one",),
    effect=Effect.CHANGES_CARD,
)
def _set(subject: Subject) -> None:
    """The holder sets a PIN2 of his own in the place of the first one.

    From then on it verifies.
    """
    holder = _with_first_value(subject)
    new = holder.other(PIN, 3)
    answer = holder.change(PIN, holder.right(PIN), new)
    demand_sw(answer, f"{PLAN}_1", 0x9000, to="setting PIN2")
    demand_sw(holder.verify(PIN, new), f"{PLAN}_1", 0x9000, to="the PIN2 that was set")


@case(
    "ESIGN_ISO7816_S_9",
    f"{PLAN}_9",
    "6984, 6982 or 6A88 to VERIFY",
    "6982 or 6985 to the signature",
    needs=(*NEEDS, "PIN2-INITIAL"),
    preconditions=("a card whose PIN2 is still the first one",),
    effect=Effect.SPENDS_TRIES,
)
def _verify_unset(subject: Subject) -> None:
    """Before the holder has set a PIN2 there is none to verify.

    The value that came with the card is not one that signs.
    """
    holder = _with_first_value(subject)
    demand_sw(holder.verify(PIN), f"{PLAN}_9", *_UNSET, to="the PIN2 that came with the card")
    refuses_to_sign(holder, "before PIN2 was set", f"{PLAN}_9", 0x6982, 0x6985)


@case(
    "ESIGN_ISO7816_S_10",
    f"{PLAN}_10",
    "6A80, 6A87, 6982 or another error to a PIN2 that is too short",
    "6984, 6982 or 6A88 to VERIFY: it is still not set",
    needs=(*NEEDS, "PIN2-INITIAL", "PIN2-CHANGE"),
    preconditions=("a card whose PIN2 is still the first one",),
    effect=Effect.CHANGES_CARD,
)
def _set_too_short(subject: Subject) -> None:
    """A first PIN2 of the holder's own that is too short is refused.

    PIN2 then is as little set as before.
    """
    holder = _with_first_value(subject)
    short = holder.right(PIN)[: holder.rules(PIN).min_length - 1]
    answer = holder.change(PIN, holder.right(PIN), short)
    demand_sw(answer, f"{PLAN}_10", *SHORT, to="setting a PIN2 that is too short")
    demand_sw(holder.verify(PIN), f"{PLAN}_10", *_UNSET, to="the PIN2 that came with the card")


CASES = (_set, _verify_unset, _set_too_short)
