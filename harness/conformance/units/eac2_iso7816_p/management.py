"""New values and new tries for the PIN: by its holder, by the PUK, by nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from harness.apdu import CommandApdu
from harness.conformance.acts import codes
from harness.conformance.acts.pace_steps import PaceSteps, Step
from harness.conformance.acts.proofs import demand_channel
from harness.conformance.case import Case, Effect, case, not_implemented
from harness.conformance.judgement import Blocked, Failure, Sws, demand_sw
from harness.conformance.subject import Subject
from harness.errors import CardError
from harness.secret import Secret
from harness.terminal.channel import CardChannel

_PLAN = "BSI TR-03105-3.3, 3.11"
_RESET = "BSI TR-03110-3, B.7"
_MANAGED = ("PACE", "PIN", "PIN-MANAGEMENT")
_WITH_PUK = (*_MANAGED, "CAN", "SUSPEND", "PUK")


def _refused_to_puk(subject: Subject, command: CommandApdu, clause: str) -> None:
    """The channel of the PUK refuses a command, and outlives that."""
    channel = codes.opened(subject, "PUK")
    demand_sw(subject.transmit(command, channel), clause, 0x6982)
    demand_channel(subject, channel)


@case(
    "EAC2_ISO7816_P_7",
    f"{_PLAN}.7; {_RESET}",
    "9000 to RESET RETRY COUNTER inside the channel of the PIN",
    "9000 at every step with the new PIN after a reset",
    needs=_MANAGED,
    preconditions=(codes.LEAVES_CHANGED,),
    effect=Effect.CHANGES_CARD,
)
def _changed(subject: Subject) -> None:
    """The holder of the PIN gives it a new value, which then opens the card.

    The old value comes back at the end.
    """
    codes.require_whole(subject)
    new = codes.another(subject.password("PIN"))
    _set_by(subject, codes.opened(subject), new, f"{_PLAN}.7")
    try:
        demand_channel(subject, codes.opened(subject, secret=new))
    finally:
        _change_back(subject, new)


def _set_by(subject: Subject, channel: CardChannel, new: Secret, clause: str) -> None:
    demand_sw(subject.transmit(codes.reset(0x02, new.reveal()), channel), clause, 0x9000)


@contextmanager
def _changed_back_from(subject: Subject, new: Secret) -> Iterator[None]:
    """A PIN that was changed against the rules inside gets its old value again."""
    try:
        yield
    except Failure:
        _change_back(subject, new)
        raise


def _change_back(subject: Subject, new: Secret) -> None:
    """Give the PIN its old value again; a failure to do so is not what the case is about."""
    with suppress(Failure, CardError):
        command = codes.reset(0x02, subject.password("PIN").reveal())
        subject.transmit(command, codes.opened(subject, secret=new))


@case(
    "EAC2_ISO7816_P_14",
    f"{_PLAN}.15; {_RESET}",
    "9000 to RESET RETRY COUNTER inside the channel of the PIN, twice",
    "9000 at every step with the PIN set last after a reset",
    needs=_MANAGED,
    preconditions=(codes.LEAVES_CHANGED,),
    effect=Effect.CHANGES_CARD,
)
def _changed_again(subject: Subject) -> None:
    """A PIN that was changed can be changed again, and only the last value counts.

    The new value is given up for the old one, which must open the card; the new one must not.
    """
    codes.require_whole(subject)
    new = codes.another(subject.password("PIN"))
    _set_by(subject, codes.opened(subject), new, f"{_PLAN}.15")
    old = subject.password("PIN")
    with codes.given_back(subject), _changed_back_from(subject, new):
        _set_by(subject, codes.opened(subject, secret=new), old, f"{_PLAN}.15")
        refused = codes.offer(subject, secret=new)
        demand_sw(refused, f"{_PLAN}.15", 0x6300, Sws.WARNING_63CX)
        demand_channel(subject, codes.opened(subject))


@case(
    "EAC2_ISO7816_P_9",
    f"{_PLAN}.10; {_RESET}",
    "9000 to RESET RETRY COUNTER inside the channel of the PUK",
    "9000 to MSE:Set AT with the PIN after a reset, and at every step with the old PIN",
    needs=_WITH_PUK,
    preconditions=(codes.COSTS_A_RESET,),
    effect=Effect.BLOCKS,
)
def _unblocked(subject: Subject) -> None:
    """The PUK gives a blocked PIN its tries back, and leaves its value as it was.

    The command carries no data.
    """
    codes.require_whole(subject)
    with codes.given_back(subject):
        codes.block(subject)
        codes.unblock(subject)
        demand_sw(codes.state(subject), f"{_PLAN}.10", 0x9000)
        demand_channel(subject, codes.opened(subject))


@case(
    "EAC2_ISO7816_P_10",
    f"{_PLAN}.11; {_RESET}",
    "9000 to RESET RETRY COUNTER with a new PIN inside the channel of the PUK",
    "9000 at every step with the new PIN after a reset",
    needs=(*_WITH_PUK, "PUK-RENEWS"),
    preconditions=(codes.COSTS_A_RESET, codes.LEAVES_CHANGED),
    effect=Effect.BLOCKS,
)
def _unblocked_with_new_pin(subject: Subject) -> None:
    """The PUK gives a blocked PIN a new value and its tries.

    The old value comes back at the end.
    """
    codes.require_whole(subject)
    with codes.given_back(subject):
        codes.block(subject)
        _renewed_by_puk(subject, f"{_PLAN}.11")


def _renewed_by_puk(subject: Subject, clause: str) -> None:
    new = codes.another(subject.password("PIN"))
    _set_by(subject, codes.opened(subject, "PUK"), new, clause)
    try:
        demand_channel(subject, codes.opened(subject, secret=new))
    finally:
        _change_back(subject, new)


@case(
    "EAC2_ISO7816_P_11",
    f"{_PLAN}.12; {_RESET}",
    "9000 to RESET RETRY COUNTER with a new PIN inside the channel of the PUK",
    "9000 at every step with the new PIN after a reset",
    needs=(*_MANAGED, "PUK", "PUK-RENEWS"),
    preconditions=(codes.LEAVES_CHANGED,),
    effect=Effect.CHANGES_CARD,
)
def _changed_by_puk(subject: Subject) -> None:
    """The PUK gives a PIN that is not blocked a new value.

    The old value comes back at the end.
    """
    codes.require_whole(subject)
    _renewed_by_puk(subject, f"{_PLAN}.12")


@case(
    "EAC2_ISO7816_P_12",
    f"{_PLAN}.13; {_RESET}",
    "6982 to RESET RETRY COUNTER with a new PIN inside the channel of the PUK",
    "9000 at every step with the old PIN after a reset",
    needs=(*_MANAGED, "PUK", "!PUK-RENEWS"),
    effect=Effect.CHANGES_CARD,
)
def _not_changed_by_puk(subject: Subject) -> None:
    """The PUK of this card unblocks only: it sets no new PIN.

    The PIN keeps the value it had.
    """
    codes.require_whole(subject)
    new = codes.another(subject.password("PIN"))
    with codes.given_back(subject), _changed_back_from(subject, new):
        _refused_to_puk(subject, codes.reset(0x02, new.reveal()), f"{_PLAN}.13")
        demand_channel(subject, codes.opened(subject))


@case(
    "EAC2_ISO7816_P_13",
    f"{_PLAN}.14; {_RESET}",
    "6982 to RESET RETRY COUNTER with a new PIN inside the channel of the PUK",
    "63C0 to MSE:Set AT with the PIN after a reset",
    needs=(*_WITH_PUK, "!PUK-RENEWS"),
    preconditions=(codes.COSTS_A_RESET,),
    effect=Effect.BLOCKS,
)
def _not_unblocked_with_new_pin(subject: Subject) -> None:
    """A blocked PIN stays blocked where the PUK may set no new one.

    What was refused has no effect.
    """
    codes.require_whole(subject)
    with codes.given_back(subject):
        codes.block(subject)
        command = codes.reset(0x02, codes.another(subject.password("PIN")).reveal())
        _refused_to_puk(subject, command, f"{_PLAN}.14")
        demand_sw(codes.state(subject), f"{_PLAN}.14", 0x63C0)


@case(
    "EAC2_ISO7816_P_19",
    f"{_PLAN}.20; BSI TR-03110-3, B.14.1",
    "6283 to MSE:Set AT",
    "no nonce",
    needs=("PACE", "PIN", "PIN-MANAGEMENT"),
    preconditions=("a card whose PIN was never activated",),
)
def _deactivated(subject: Subject) -> None:
    """A deactivated PIN is announced, and opens nothing.

    A card is handed out so where its holder does not want to use it online.
    """
    made = subject.take_sample(pin_active=False)
    steps = PaceSteps(subject, "PIN")
    answer = steps.send(steps.command(Step.SET_AT))
    if not made and (answer.ok or answer.tries_left is not None):
        message = "the PIN of this card is active; give a card whose PIN is not"
        raise Blocked(message)
    demand_sw(answer, f"{_PLAN}.20", 0x6283)
    demand_sw(steps.send(steps.command(Step.NONCE)), f"{_PLAN}.20", Sws.ERROR)


@case(
    "EAC2_ISO7816_P_20",
    f"{_PLAN}.21; {_RESET}",
    "6982 or another error to RESET RETRY COUNTER with a PIN that is too short",
    "9000 at every step with the old PIN after a reset",
    needs=_MANAGED,
    effect=Effect.CHANGES_CARD,
)
def _too_short(subject: Subject) -> None:
    """A new PIN that is too short is refused, and the old one stays.

    It has one digit fewer than the least the card allows.
    """
    codes.require_whole(subject)
    least = subject.profile.pins["PIN1"].min_length
    short = Secret(subject.password("PIN").reveal()[: least - 1])
    channel = codes.opened(subject)
    with codes.given_back(subject), _changed_back_from(subject, short):
        answer = subject.transmit(codes.reset(0x02, short.reveal()), channel)
        demand_sw(answer, f"{_PLAN}.21", 0x6982, Sws.ERROR)
        demand_channel(subject, channel)
        demand_channel(subject, codes.opened(subject))


def _needs_terminal(number: int, section: int, title: str) -> Case:
    return not_implemented(
        f"EAC2_ISO7816_P_{number}",
        f"{_PLAN}.{section}",
        f"{title}.",
        "it needs terminal authentication with a certificate for PIN management, which is not here",
    )


CASES = (
    _changed,
    _unblocked,
    _unblocked_with_new_pin,
    _changed_by_puk,
    _not_changed_by_puk,
    _not_unblocked_with_new_pin,
    _changed_again,
    _needs_terminal(15, 16, "An authorised terminal changes the PIN"),
    _needs_terminal(16, 17, "An authorised terminal does not change the PIN of every card"),
    _needs_terminal(17, 18, "An authorised terminal changes the CAN"),
    _needs_terminal(18, 19, "An authorised terminal does not change the CAN of every card"),
    _deactivated,
    _too_short,
)
