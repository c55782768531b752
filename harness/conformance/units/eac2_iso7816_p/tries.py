"""The tries of the PIN: counted, suspended, resumed, spent."""

from __future__ import annotations

from contextlib import suppress

from harness.conformance.acts import codes
from harness.conformance.acts.pace_steps import PaceSteps, Step
from harness.conformance.acts.proofs import demand_channel
from harness.conformance.case import Effect, case
from harness.conformance.judgement import Failure, Sws, demand_sw
from harness.conformance.subject import Subject
from harness.terminal.channel import CardChannel

_PLAN = "BSI TR-03105-3.3, 3.11"
_RULES = "BSI TR-03110-2, 2.2.3"
_SUSPENDING = ("PACE", "PIN", "CAN", "SUSPEND")


@case(
    "EAC2_ISO7816_P_1",
    f"{_PLAN}.1; {_RULES}",
    "9000 to MSE:Set AT",
    "6300 or 63CX to the wrong token",
    "63CX to MSE:Set AT, one try fewer",
    needs=("PACE", "PIN"),
    effect=Effect.SPENDS_TRIES,
)
def _wrong_pin(subject: Subject) -> None:
    """A wrong PIN lowers its counter by one.

    The card tells so when the PIN is chosen again after a reset.
    """
    codes.require_whole(subject)
    with codes.given_back(subject):
        left = codes.most(subject) - 1
        demand_sw(codes.offer_wrong(subject), f"{_PLAN}.1", 0x6300, 0x63C0 | left)
        demand_sw(codes.state(subject), f"{_PLAN}.1", 0x63C0 | left)


@case(
    "EAC2_ISO7816_P_2",
    f"{_PLAN}.2; {_RULES}",
    "63CX to MSE:Set AT",
    "9000 to the right token",
    "9000 to MSE:Set AT",
    needs=("PACE", "PIN"),
    effect=Effect.SPENDS_TRIES,
)
def _right_pin(subject: Subject) -> None:
    """The right PIN gives its counter all tries back.

    A PIN that lost a try is chosen with a warning, works, and is whole again.
    """
    codes.require_whole(subject)
    with codes.given_back(subject):
        codes.offer_wrong(subject)
        left = codes.most(subject) - 1
        demand_sw(codes.state(subject), f"{_PLAN}.2", 0x63C0 | left)
        codes.opened(subject)
        demand_sw(codes.state(subject), f"{_PLAN}.2", 0x9000)


@case(
    "EAC2_ISO7816_P_3",
    f"{_PLAN}.3; {_RULES}",
    "6300 or 63CX to each wrong token",
    "63CX to MSE:Set AT behind each, one try fewer every time, down to 63C1",
    needs=_SUSPENDING,
    effect=Effect.SPENDS_TRIES,
)
def _suspended_after_wrong_pins(subject: Subject) -> None:
    """Wrong PINs, each after a reset, lower the counter one by one until the PIN is suspended.

    The counter survives every reset and stops at the last try.
    """
    codes.require_whole(subject)
    with codes.given_back(subject):
        codes.suspend(subject)
        demand_sw(codes.state(subject), f"{_PLAN}.3", 0x63C1)


@case(
    "EAC2_ISO7816_P_4",
    f"{_PLAN}.4; {_RULES}",
    "63C1 to MSE:Set AT",
    "no channel, although the PIN is right",
    needs=_SUSPENDING,
    effect=Effect.BLOCKS,
)
def _suspended(subject: Subject) -> None:
    """A suspended PIN is announced, and does not open the card without the CAN.

    Whoever holds the card in the field unseen can so not spend the last try.
    """
    codes.require_whole(subject)
    with codes.given_back(subject):
        codes.suspend(subject)
        demand_sw(codes.state(subject), f"{_PLAN}.4", 0x63C1)
        _demand_suspended(subject)


def _demand_suspended(subject: Subject) -> None:
    """The right PIN alone opens nothing: the run of PACE fails at one of its steps."""
    steps = PaceSteps(subject, "PIN")
    for step in Step:
        answer = steps.send(steps.command(step))
        if step is not Step.SET_AT and not answer.ok:
            demand_sw(answer, _RULES, 0x6300, Sws.WARNING_63CX, Sws.ERROR)
            return
        with suppress(Failure):
            steps.take(step, answer)
    raise Failure("the suspended PIN to need the CAN first", "a channel without it", _RULES)


@case(
    "EAC2_ISO7816_P_5",
    f"{_PLAN}.5; {_RULES}",
    "9000 at every step with the CAN",
    "63C1 to MSE:Set AT with the PIN, inside its channel",
    "9000 at every step with the PIN, inside its channel",
    "9000 to MSE:Set AT with the PIN after a reset",
    needs=_SUSPENDING,
    effect=Effect.SPENDS_TRIES,
)
def _resumed(subject: Subject) -> None:
    """A suspended PIN is resumed inside the channel of the CAN, and is whole again.

    A second PACE runs under secure messaging of the first one, and its keys replace those.
    """
    codes.require_whole(subject)
    with codes.given_back(subject):
        codes.suspend(subject)
        demand_channel(subject, codes.opened(subject, channel=_chosen_inside(subject)))
        demand_sw(codes.state(subject), f"{_PLAN}.5", 0x9000)


def _chosen_inside(subject: Subject) -> CardChannel:
    """The channel of the CAN, in which the suspended PIN was chosen."""
    channel = codes.opened(subject, "CAN")
    steps = PaceSteps(subject, "PIN", channel)
    demand_sw(steps.send(steps.command(Step.SET_AT)), f"{_PLAN}.5", 0x63C1)
    return channel


@case(
    "EAC2_ISO7816_P_6",
    f"{_PLAN}.6; {_RULES}",
    "9000 at every step with the CAN",
    "63C1 to MSE:Set AT with the PIN after a reset, and no channel with it",
    needs=_SUSPENDING,
    effect=Effect.BLOCKS,
)
def _resumption_is_volatile(subject: Subject) -> None:
    """What the CAN resumed is suspended again after a reset.

    The permission to spend the last try ends with the power.
    """
    codes.require_whole(subject)
    with codes.given_back(subject):
        codes.suspend(subject)
        codes.opened(subject, "CAN")
        demand_sw(codes.state(subject), f"{_PLAN}.6", 0x63C1)
        _demand_suspended(subject)


@case(
    "EAC2_ISO7816_P_8",
    f"{_PLAN}.8; {_RULES}",
    "63C1 to MSE:Set AT with the suspended PIN, inside the channel of the CAN",
    "6300 or 63C0 to the wrong token inside the channel",
    needs=_SUSPENDING,
    preconditions=(codes.COSTS_A_RESET,),
    effect=Effect.BLOCKS,
)
def _blocked(subject: Subject) -> None:
    """A wrong PIN at the last try, inside the channel of the CAN, blocks the PIN.

    The PUK gives the tries back at the end, where the card has one.
    """
    codes.require_whole(subject)
    with codes.given_back(subject):
        codes.suspend(subject)
        answer = codes.offer_wrong(subject, channel=_chosen_inside(subject))
        demand_sw(answer, f"{_PLAN}.8", 0x6300, 0x63C0)
        demand_sw(codes.state(subject), f"{_PLAN}.8", 0x63C0)


@case(
    "EAC2_ISO7816_P_8a",
    f"{_PLAN}.9; {_RULES}",
    "63C0 to MSE:Set AT",
    "63C0 to it inside the channel of the CAN as well, and no nonce",
    needs=_SUSPENDING,
    preconditions=(codes.COSTS_A_RESET,),
    effect=Effect.BLOCKS,
)
def _chosen_while_blocked(subject: Subject) -> None:
    """A blocked PIN is announced, and not even the CAN makes it work.

    No run of PACE can be begun with it.
    """
    codes.require_whole(subject)
    with codes.given_back(subject):
        codes.block(subject)
        demand_sw(codes.state(subject), f"{_PLAN}.9", 0x63C0)
        _begins_nothing(PaceSteps(subject, "PIN"), "outside a channel")
        inside = PaceSteps(subject, "PIN", codes.opened(subject, "CAN"))
        _begins_nothing(inside, "inside the channel of the CAN")


def _begins_nothing(steps: PaceSteps, where: str) -> None:
    """Choose the blocked PIN and ask for a nonce, which must not come."""
    clause = f"{_PLAN}.9"
    demand_sw(steps.send(steps.command(Step.SET_AT)), clause, 0x63C0, Sws.ERROR)
    to = f"a nonce for the blocked PIN {where}"
    demand_sw(steps.send(steps.command(Step.NONCE)), clause, Sws.ERROR, to=to)


CASES = (
    _wrong_pin,
    _right_pin,
    _suspended_after_wrong_pins,
    _suspended,
    _resumed,
    _resumption_is_volatile,
    _blocked,
    _chosen_while_blocked,
)
