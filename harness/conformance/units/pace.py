"""Unit PACE: what the plans leave out of PACE on the chip."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from harness.conformance.acts import codes
from harness.conformance.acts.abuse import FAILED, WITHOUT_COUNTER, Abuse, Make
from harness.conformance.acts.pace_steps import PaceSteps, Step
from harness.conformance.acts.proofs import demand_channel, demand_closed, demand_gone
from harness.conformance.acts.tear import cut_at_write
from harness.conformance.case import Case, Effect, Unit, case
from harness.conformance.contents.infos import chip_keys
from harness.conformance.judgement import Failure, Sws, demand, demand_sw
from harness.conformance.subject import Subject
from harness.conformance.units.lds_k import infos_of
from harness.errors import CheckError, LinkError
from harness.profile import Content
from harness.secret import Secret

_CLAUSE = "ICAO 9303-11, 4.4"
_RUNS = 8
_KEYS = "PACE-GM|PACE-CAM"


@case("PACE_1", f"{_CLAUSE}.1", "a nonce of its own in each run", needs=("PACE",), per_suite=True)
def _fresh_nonce(subject: Subject) -> None:
    """Each run of PACE has another nonce.

    A nonce that comes again lets one try passwords against what was heard.
    """
    nonces = {PaceSteps(subject).go(Step.NONCE).answers[Step.NONCE][0].value for _ in range(_RUNS)}
    demand(
        len(nonces) == _RUNS, f"{_RUNS} nonces in {_RUNS} runs", f"{len(nonces)}", f"{_CLAUSE}.1"
    )


def _fresh(step: Step, subject: Subject) -> None:
    values = {PaceSteps(subject).go(step).answers[step][0].value for _ in range(_RUNS)}
    demand(len(values) == _RUNS, f"{_RUNS} keys in {_RUNS} runs", f"{len(values)}", f"{_CLAUSE}.1")


def _fresh_key(number: int, name: str, step: Step, needs: tuple[str, ...]) -> Case:
    return Case(
        f"PACE_{number}",
        f"{_CLAUSE}.1",
        f"Each run of PACE has another {name} of the chip.",
        "A private key that serves twice ties sessions together and gives secrecy away.",
        (f"another {name} in each run",),
        needs=("PACE", *needs),
        per_suite=True,
        run=partial(_fresh, step),
    )


@case(
    "PACE_4",
    f"{_CLAUSE}.4",
    "an error to GENERAL AUTHENTICATE",
    needs=("PACE",),
    per_suite=True,
)
def _nothing_chosen(subject: Subject) -> None:
    """Without MSE:Set AT there is no nonce.

    The chip knows neither protocol nor password yet.
    """
    steps = PaceSteps(subject)
    demand_sw(steps.send(steps.command(Step.NONCE)), f"{_CLAUSE}.4", Sws.ERROR, to="no MSE:Set AT")


@case(
    "PACE_5",
    f"{_CLAUSE}.4",
    "an error to the mapping data of the run that was left",
    needs=("PACE",),
    per_suite=True,
)
def _begun_anew(subject: Subject) -> None:
    """MSE:Set AT within a run ends it.

    The nonce that was given is not mapped any more.
    """
    steps = PaceSteps(subject).go(Step.NONCE)
    steps.send(steps.command(Step.SET_AT))
    answer = steps.send(steps.command(Step.MAP))
    demand_sw(answer, f"{_CLAUSE}.4", Sws.ERROR, to="mapping data behind a new MSE:Set AT")


def _left_out(step: Step, subject: Subject) -> None:
    steps = PaceSteps(subject).go(Step(step - 1))
    later = Step(step + 1)
    value = steps.any_public() if later is Step.AGREE else bytes(8)
    answer = steps.send(steps.authenticate(later, value))
    demand_sw(answer, f"{_CLAUSE}.4", *FAILED, to=f"PACE without its step {step.value}")
    demand_closed(subject)


def _leaving_out(number: int, name: str, step: Step) -> Case:
    return Case(
        f"PACE_{number}",
        f"{_CLAUSE}.4",
        f"PACE without {name} is refused.",
        "The steps have one order; whoever leaves one out has proved nothing.",
        ("6300 or an error to the step behind the one left out", "nothing is opened"),
        needs=WITHOUT_COUNTER,
        per_suite=True,
        run=partial(_left_out, step),
    )


@case(
    "PACE_8",
    f"{_CLAUSE}.1",
    "6300 or an error to the wrong token, and to the right one behind it",
    "nothing is opened",
    needs=WITHOUT_COUNTER,
    per_suite=True,
)
def _token_again(subject: Subject) -> None:
    """Behind a wrong token the right one is too late.

    A run allows one try only; otherwise tokens could be tried without end.
    """
    steps = PaceSteps(subject).go(Step.AGREE)
    wrong = steps.send(steps.authenticate(Step.TOKEN, bytes(len(steps.token))))
    demand_sw(wrong, f"{_CLAUSE}.1", *FAILED, to="a wrong token")
    late = steps.send(steps.command(Step.TOKEN))
    demand_sw(late, f"{_CLAUSE}.1", *FAILED, to="the right token behind a wrong one")
    demand_gone(subject, steps.keys, 0, "behind a token that came too late")
    demand_channel(subject, PaceSteps(subject).go(Step.TOKEN).secured)


@case(
    "PACE_9",
    "BSI TR-03110-2, 3.2",
    "an error to MSE:Set AT or to the first GENERAL AUTHENTICATE inside the channel",
    needs=("PACE",),
    per_suite=True,
)
def _second_run(subject: Subject) -> None:
    """Inside its channel a second run of PACE is refused.

    Only a suspended PIN is an exception, inside the channel of the CAN.
    """
    channel = PaceSteps(subject).go(Step.TOKEN).secured
    again = PaceSteps(subject, channel=channel)
    demand_sw(again.send(again.command(Step.SET_AT)), "BSI TR-03110-2, 3.2", 0x9000, Sws.ERROR)
    answer = again.send(again.command(Step.NONCE))
    demand_sw(answer, "BSI TR-03110-2, 3.2", Sws.ERROR, to="a second PACE in its own channel")


def _number(value: Callable[[int], int]) -> Callable[[Step], Make]:
    """A key that is a number which depends on the prime only."""

    def at(step: Step) -> Make:
        def made(steps: PaceSteps) -> bytes:
            number = value(steps.domain.prime)
            return number.to_bytes((number.bit_length() + 7) // 8, "big")

        return lambda steps: steps.authenticate(step, made(steps))

    return at


_NUMBERS: tuple[tuple[str, str, Callable[[int], int]], ...] = (
    ("1", "Every power of 1 is 1: the chip's secret would not count.", lambda _: 1),
    (
        "one less than the prime",
        "Its powers are 1 and itself: one bit of the chip's secret would show.",
        lambda prime: prime - 1,
    ),
    (
        "outside the subgroup",
        "2 generates more than the subgroup; small factors of the chip's secret would show.",
        lambda _: 2,
    ),
)


def _small_numbers() -> tuple[Case, ...]:
    rows = [
        (step, name, *row)
        for step, name in ((Step.MAP, "A mapping key"), (Step.AGREE, "An ephemeral key"))
        for row in _NUMBERS
    ]
    return tuple(
        Abuse(
            f"PACE_{number}",
            "ICAO 9303-11, 4.4.1; RFC 2631, 2.1.5",
            f"{name} {what} is refused",
            why,
            step,
            _number(value)(step),
            FAILED,
            ("PACE-DH", *((_KEYS,) if step is Step.MAP else ())),
        ).case
        for number, (step, name, what, why, value) in enumerate(rows, 10)
    )


@case(
    "PACE_16",
    "BSI TR-03110-2, 2.4; TR-03110-3, B.7",
    "an error to RESET RETRY COUNTER inside the channel of the CAN, with new tries or a new PIN",
    "9000 at every step with the old PIN",
    needs=("PACE", "CAN", "PIN", "PIN-MANAGEMENT"),
    effect=Effect.CHANGES_CARD,
)
def _not_by_the_can(subject: Subject) -> None:
    """The channel of the CAN neither unblocks the PIN nor changes it.

    The CAN is printed on the card: whoever sees it must not come to a PIN by it.
    """
    clause = "BSI TR-03110-2, 2.4"
    codes.require_whole(subject)
    new = codes.another(subject.password("PIN")).reveal()
    with codes.given_back(subject):
        channel = codes.opened(subject, "CAN")
        for what, command in (("new tries", codes.reset(0x03)), ("a PIN", codes.reset(0x02, new))):
            answer = subject.transmit(command, channel)
            demand_sw(answer, clause, Sws.ERROR, to=f"{what} inside the channel of the CAN")
        demand_channel(subject, codes.opened(subject))


@case(
    "PACE_17",
    "BSI TR-03110-2, 2.2.3; EN 419211-2, FIA_AFL.1",
    "one try fewer behind a run of PACE that the power cut at its first write",
    needs=("PACE", "PIN"),
    preconditions=("a card whose power can be cut within a command",),
    effect=Effect.SPENDS_TRIES,
)
def _pin_counted_first(subject: Subject) -> None:
    """A try of the PIN is stored as lost before the token is compared.

    Whoever cuts the power as soon as a PIN proves wrong could try them all otherwise.
    """
    clause = "EN 419211-2, FIA_AFL.1"
    codes.require_whole(subject)
    with codes.given_back(subject):
        for which, secret in (("wrong", codes.another(subject.password("PIN"))), ("right", None)):
            due = codes.tries(subject) - 1
            if not _torn_at_first_write(subject, secret):
                expected = f"a try stored as lost before the {which} PIN is compared"
                raise Failure(expected, "nothing stored", clause)
            left, when = codes.tries(subject), f"after the power failed at the {which} one"
            demand(left == due, f"{due} tries left of the PIN {when}", f"{left}", clause)


def _torn_at_first_write(subject: Subject, secret: Secret | None) -> bool:
    """Offer a PIN to a card that loses its power with its first write; whether it wrote."""
    try:
        with cut_at_write(subject, 1):
            codes.offer(subject, secret=secret)
    except LinkError:
        return True
    finally:
        subject.power_off()
    return False


@case(
    "PACE_18",
    f"{_CLAUSE}.3.5.2; ICAO 9303-10, 3.11.4",
    "data that only the private key of EF.CardSecurity makes",
    needs=("PACE-CAM", "CARD-SECURITY"),
    per_suite=True,
)
def _chip_proved(subject: Subject) -> None:
    """Chip authentication mapping proves the static key that EF.CardSecurity vouches for.

    A copy of the chip holds every file, but not the private key.
    """
    run = subject.pace()
    keys = chip_keys(infos_of(subject.read(Content.CARD_SECURITY, run.channel)))
    try:
        demand(run.chip is not None and run.chip.check(keys) in keys, "a proof", "none", _CLAUSE)
    except CheckError as error:
        raise Failure("the chip of EF.CardSecurity", str(error), f"{_CLAUSE}.3.5.2") from error


UNIT = Unit(
    "PACE",
    "PACE on the chip, beyond the plans",
    "eidrig",
    (
        _fresh_nonce,
        _fresh_key(2, "mapping key", Step.MAP, (_KEYS,)),
        _fresh_key(3, "ephemeral key", Step.AGREE, ()),
        _nothing_chosen,
        _begun_anew,
        _leaving_out(6, "the mapping", Step.MAP),
        _leaving_out(7, "the key agreement", Step.AGREE),
        _token_again,
        _second_run,
        *_small_numbers(),
        _not_by_the_can,
        _pin_counted_first,
        _chip_proved,
    ),
)
