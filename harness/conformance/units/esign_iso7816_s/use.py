"""PIN2 that is set: verified, changed, and what it lets the signing key do."""

from __future__ import annotations

from harness.apdu import INS, CommandApdu, ResponseApdu
from harness.conformance.acts.holder import Holder
from harness.conformance.case import Effect, case
from harness.conformance.judgement import Sws, demand_sw
from harness.conformance.subject import Subject
from harness.conformance.units.esign_iso7816_s.signer import (
    NEEDS,
    PIN,
    PLAN,
    SHORT,
    refuses_to_sign,
    sign_once,
    signing,
)
from harness.errors import ApduError


@case(
    "ESIGN_ISO7816_S_3",
    f"{PLAN}_3; ISO/IEC 7816-4, 7.5.6",
    "9000 to VERIFY inside the channel",
    needs=NEEDS,
)
@signing
def _verify(holder: Holder) -> None:
    """PIN2 is verified inside the channel of PACE.

    It travels protected, as a code of the application behind the channel.
    """
    holder.present(PIN)


@case(
    "ESIGN_ISO7816_S_4",
    f"{PLAN}_4; ISO/IEC 7816-8, 11.2",
    "9000 to VERIFY, and a signature that its certificate confirms",
    needs=NEEDS,
)
@signing
def _signature(holder: Holder) -> None:
    """After PIN2 the signing key signs.

    The signature is checked with the public key in the holder's certificate.
    """
    sign_once(holder)


@case(
    "ESIGN_ISO7816_S_5",
    f"{PLAN}_5; ISO/IEC 7816-4, 7.5.7",
    "9000 to CHANGE REFERENCE DATA",
    "9000 to VERIFY with the new PIN after a reset",
    needs=(*NEEDS, "PIN2-CHANGE"),
    preconditions=("a card that is lost in between keeps a PIN2 with each digit three higher",),
    effect=Effect.CHANGES_CARD,
)
@signing
def _change(holder: Holder) -> None:
    """PIN2 is changed inside the channel, and the change outlives the power.

    The old value comes back at the end.
    """
    old, new = holder.right(PIN), holder.other(PIN, 3)
    with holder.spending(PIN):
        demand_sw(holder.change(PIN, old, new), f"{PLAN}_5", 0x9000, to="changing PIN2")
        holder.anew()
        try:
            demand_sw(holder.verify(PIN, new), f"{PLAN}_5", 0x9000, to="the changed PIN2")
        finally:
            back = holder.change(PIN, new, old)
        demand_sw(back, f"{PLAN}_5", 0x9000, to="changing PIN2 back")


@case(
    "ESIGN_ISO7816_S_11",
    f"{PLAN}_11; ISO/IEC 7816-4, 7.5.10",
    "6982 or 6984 to RESET RETRY COUNTER with a new value",
    "63CX to VERIFY with that value after a reset",
    needs=(*NEEDS, "PUK-FIRST"),
    effect=Effect.SPENDS_TRIES,
)
@signing
def _set_twice(holder: Holder) -> None:
    """A PIN2 that is set is not set anew by one who proves nothing.

    Neither the old value nor the PUK was given.
    """
    new, rules = holder.other(PIN, 3), holder.rules(PIN)
    with holder.spending(PIN):
        holder.eid.files.enter(rules.directory)
        command = CommandApdu(
            0x00, INS.RESET_RETRY_COUNTER, 0x02, rules.reference, rules.block(new)
        )
        answer = holder.subject.transmit(command, holder.channel)
        demand_sw(answer, f"{PLAN}_11", 0x6982, 0x6984, to="setting PIN2 without old one or PUK")
        holder.anew()
        answer = holder.verify(PIN, new)
        demand_sw(answer, f"{PLAN}_11", Sws.WARNING_63CX, to="the PIN2 that was refused")


@case(
    "ESIGN_ISO7816_S_14",
    f"{PLAN}_14; ISO/IEC 7816-4, 7.5.7",
    "6A80, 6A87, 6982 or another error to a new PIN2 that is too short",
    "9000 to VERIFY with the old one",
    needs=(*NEEDS, "PIN2-CHANGE"),
    effect=Effect.CHANGES_CARD,
)
@signing
def _change_too_short(holder: Holder) -> None:
    """A new PIN2 that is too short is refused, and the old one stays.

    It has one digit fewer than the least the card allows.
    """
    short = holder.right(PIN)[: holder.rules(PIN).min_length - 1]
    with holder.spending(PIN):
        answer = holder.change(PIN, holder.right(PIN), short)
        demand_sw(answer, f"{PLAN}_14", *SHORT, to="a new PIN2 that is too short")
        holder.present(PIN)


@case(
    "ESIGN_ISO7816_S_19",
    f"{PLAN}_19",
    "9000 to VERIFY, and a signature",
    "6982 to the second signature",
    needs=(*NEEDS, "SINGLE-USE"),
)
@signing
def _one_signature(holder: Holder) -> None:
    """One verification of PIN2 serves one signature.

    A second document is not signed behind the holder's back.
    """
    sign_once(holder)
    refuses_to_sign(holder, "after one signature", f"{PLAN}_19", 0x6982)


@case(
    "ESIGN_ISO7816_S_21",
    f"{PLAN}_21",
    "6982 to the signature",
    needs=NEEDS,
)
@signing
def _without_pin(holder: Holder) -> None:
    """Without PIN2 the signing key does not sign.

    The channel of PACE alone proves no consent.
    """
    refuses_to_sign(holder, "without PIN2", f"{PLAN}_21", 0x6982)


def _answer_to_verify(holder: Holder) -> ResponseApdu:
    """What the card says to PIN2, or to the SELECT before it: the application may be closed."""
    try:
        return holder.verify(PIN)
    except ApduError as error:
        return ResponseApdu(b"", error.sw)


@case(
    "ESIGN_ISO7816_S_23",
    f"{PLAN}_23; BSI TR-03110-2, 2.3.2.2",
    "6982 to VERIFY, or already to the SELECT before it",
    "6982 to the signature",
    needs=(*NEEDS, "CONTACTLESS"),
    effect=Effect.SPENDS_TRIES,
)
def _without_channel(subject: Subject) -> None:
    """A terminal that has opened no channel neither verifies PIN2 nor signs.

    What the German application asks of a terminal's certificate is asked of PACE here.
    """
    holder = Holder(subject)
    subject.require_closed()
    with holder.spending(PIN):
        holder.resume(subject.power_up())
        answer = _answer_to_verify(holder)
        demand_sw(answer, f"{PLAN}_23", 0x6982, to="the right PIN2 without a channel")
        refuses_to_sign(holder, "without a channel", f"{PLAN}_23", 0x6982)


CASES = (
    _verify,
    _signature,
    _change,
    _set_twice,
    _change_too_short,
    _one_signature,
    _without_pin,
    _without_channel,
)
