"""GENERAL AUTHENTICATE in a wrong form: tags, objects too many or missing, class byte, order."""

from __future__ import annotations

from harness import tlv
from harness.apdu import CLA_CHAINING, INS, CommandApdu
from harness.conformance.acts.abuse import (
    WITHOUT_COUNTER,
    Abuse,
    Make,
    prove_nothing_opened,
)
from harness.conformance.acts.pace_steps import PaceSteps, Step
from harness.conformance.acts.proofs import demand_channel, demand_closed
from harness.conformance.case import case
from harness.conformance.judgement import Sws, demand, demand_sw
from harness.conformance.subject import Subject

_OTHER_TEMPLATE = 0x8C
_FOREIGN = CommandApdu(0x00, INS.READ_BINARY, 0x9C, 0x00, ne=1)
_CLAUSE = "ICAO TR Part 3, 3.14"


def _inner(steps: PaceSteps, step: Step) -> bytes:
    """The right data of a step, without the template around them."""
    return tlv.parse_one(steps.command(step).data).value


def _in_other_template(step: Step) -> Make:
    return lambda steps: steps.dynamic(step, tlv.encode(_OTHER_TEMPLATE, _inner(steps, step)))


def _bare(step: Step) -> Make:
    return lambda steps: steps.dynamic(step, _inner(steps, step))


def _under(step: Step, tag: int) -> Make:
    def made(steps: PaceSteps) -> CommandApdu:
        value = tlv.parse_one(_inner(steps, step)).value
        return steps.dynamic(step, tlv.encode(0x7C, tlv.encode(tag, value)))

    return made


def _with(step: Step, more: str) -> Make:
    return lambda steps: steps.dynamic(
        step, tlv.encode(0x7C, _inner(steps, step), bytes.fromhex(more))
    )


def _of_class(step: Step, cla: int) -> Make:
    return lambda steps: steps.dynamic(step, steps.command(step).data, cla)


def _behind_foreign(step: Step) -> Make:
    """The right command, behind one that does not belong to the run."""

    def made(steps: PaceSteps) -> CommandApdu:
        right = steps.command(step)
        steps.send(_FOREIGN)
        return right

    return made


_NAMES = {
    Step.NONCE: "the request for the nonce",
    Step.MAP: "mapping data",
    Step.AGREE: "an ephemeral public key",
    Step.TOKEN: "a token",
}
_TEMPLATE = "The dynamic authentication data stand in 8C instead of 7C."
_NO_TEMPLATE = "The data object comes without 7C around it."
_TAG = "The value is right, its tag belongs to another step."
_MORE = "Behind the right data object stands one that has no place there."
_CHAIN = "All but the last command of PACE announce that more follow; this one does not."
_LAST = "The token ends PACE, yet its class byte announces that more follows."
_BETWEEN = "A READ BINARY between two commands of PACE ends the run."

_ROWS: tuple[tuple[int, int, Step, str, str, Make], ...] = (
    (11, 10, Step.NONCE, "under a wrong template tag", _TEMPLATE, _in_other_template(Step.NONCE)),
    (12, 11, Step.NONCE, "without data", "The command carries nothing.", _bare(Step.NONCE)),
    (13, 12, Step.NONCE, "with a data object", _MORE, _with(Step.NONCE, "810101")),
    (54, 48, Step.NONCE, "outside a chain", _CHAIN, _of_class(Step.NONCE, 0x00)),
    (15, 14, Step.MAP, "under a wrong template tag", _TEMPLATE, _in_other_template(Step.MAP)),
    (16, 15, Step.MAP, "without template", _NO_TEMPLATE, _bare(Step.MAP)),
    (17, 16, Step.MAP, "under a wrong tag", _TAG, _under(Step.MAP, 0x82)),
    (55, 49, Step.MAP, "outside a chain", _CHAIN, _of_class(Step.MAP, 0x00)),
    (59, 53, Step.MAP, "behind a foreign command", _BETWEEN, _behind_foreign(Step.MAP)),
    (19, 17, Step.AGREE, "under a wrong template tag", _TEMPLATE, _in_other_template(Step.AGREE)),
    (20, 18, Step.AGREE, "without template", _NO_TEMPLATE, _bare(Step.AGREE)),
    (21, 19, Step.AGREE, "under a wrong tag", _TAG, _under(Step.AGREE, 0x84)),
    (22, 20, Step.AGREE, "with another data object", _MORE, _with(Step.AGREE, "840101")),
    (56, 50, Step.AGREE, "outside a chain", _CHAIN, _of_class(Step.AGREE, 0x00)),
    (60, 54, Step.AGREE, "behind a foreign command", _BETWEEN, _behind_foreign(Step.AGREE)),
    (31, 29, Step.TOKEN, "under a wrong template tag", _TEMPLATE, _in_other_template(Step.TOKEN)),
    (32, 30, Step.TOKEN, "without template", _NO_TEMPLATE, _bare(Step.TOKEN)),
    (33, 31, Step.TOKEN, "under a wrong tag", _TAG, _under(Step.TOKEN, 0x86)),
    (34, 32, Step.TOKEN, "with another data object", _MORE, _with(Step.TOKEN, "860101")),
    (57, 51, Step.TOKEN, "within a chain", _LAST, _of_class(Step.TOKEN, CLA_CHAINING)),
    (61, 55, Step.TOKEN, "behind a foreign command", _BETWEEN, _behind_foreign(Step.TOKEN)),
)


@case(
    "ISO7816_P_14",
    f"{_CLAUSE}.13",
    "an error, or a nonce of its own with which PACE succeeds",
    needs=("PACE",),
    per_suite=True,
)
def _nonce_twice(subject: Subject) -> None:
    """A nonce that is asked for twice is not given twice.

    The chip either ends the run or begins it anew with another nonce.
    """
    steps = PaceSteps(subject).go(Step.NONCE)
    first = steps.answers.pop(Step.NONCE)
    again = demand_sw(steps.send(steps.command(Step.NONCE)), f"{_CLAUSE}.13", 0x9000, Sws.ERROR)
    if not again.ok:
        prove_nothing_opened(subject, steps, Step.NONCE, f"{_CLAUSE}.13")
        return
    steps.take(Step.NONCE, again)
    demand(steps.answers[Step.NONCE] != first, "another nonce", "the same again", f"{_CLAUSE}.13")
    demand_channel(subject, steps.go(Step.TOKEN).secured)


@case(
    "ISO7816_P_58",
    f"{_CLAUSE}.52",
    "any answer to the other command; an error to the token; no access",
    needs=WITHOUT_COUNTER,
    per_suite=True,
)
def _token_left_out(subject: Subject) -> None:
    """Another command in the place of the token leaves everything closed.

    The run of PACE is complete but for the proof that the terminal has the same keys.
    """
    steps = PaceSteps(subject).go(Step.AGREE)
    demand_sw(steps.send(_FOREIGN), f"{_CLAUSE}.52", 0x9000, Sws.WARNING, Sws.ERROR)
    demand_closed(subject)
    prove_nothing_opened(subject, steps, Step.TOKEN, f"{_CLAUSE}.52")


CASES = (
    *(
        Abuse(
            f"ISO7816_P_{number}",
            f"{_CLAUSE}.{section}; ICAO 9303-11, 4.4.4.2",
            f"{_NAMES[step].capitalize()} {how} is refused",
            why,
            step,
            make,
        ).case
        for number, section, step, how, why, make in _ROWS
    ),
    _nonce_twice,
    _token_left_out,
)
