"""A run of PACE with one command wrong: what is sent, what may come, and what is proved then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from harness.apdu import CommandApdu
from harness.conformance.acts.extreme_keys import of_other_size
from harness.conformance.acts.pace_steps import PaceSteps, Step
from harness.conformance.acts.proofs import demand_channel, demand_closed, demand_gone
from harness.conformance.case import Case
from harness.conformance.judgement import Allowed, Sws, demand_sw, named
from harness.conformance.subject import Subject
from harness.crypto.domain import Domain

Make = Callable[[PaceSteps], CommandApdu]

ERROR: tuple[Allowed, ...] = (Sws.ERROR,)
WITHOUT_COUNTER = ("PACE", "CAN|MRZ")
"""A wrong token must not cost a try of a code."""

FAILED: tuple[Allowed, ...] = (0x6300, Sws.ERROR)
"""A wrong key or token: authentication failed, or an error."""


def key_changed(step: Step, change: Callable[[bytes], bytes]) -> Make:
    """The right public key of a step, changed."""
    return lambda steps: steps.authenticate(step, change(_right_key(steps, step)))


def key_changed_in_group(step: Step, change: Callable[[bytes, Domain[Any]], bytes]) -> Make:
    """The same, where the change depends on the group."""
    return lambda steps: steps.authenticate(step, change(_right_key(steps, step), steps.domain))


def key_of_other_size(step: Step) -> Make:
    """A valid key of another group of the same kind."""
    return lambda steps: steps.authenticate(step, of_other_size(steps.domain))


def _right_key(steps: PaceSteps, step: Step) -> bytes:
    return steps.mapping_data if step is Step.MAP else steps.public


_AT_LAST = {
    Step.NONCE: "the first GENERAL AUTHENTICATE",
    Step.TOKEN: "one of the commands up to the token",
}


@dataclass(frozen=True, slots=True)
class Abuse:
    """One row of a plan: the command `make` in the place of a right one at `step`."""

    id: str
    clause: str
    title: str
    purpose: str
    step: Step
    make: Make
    allowed: tuple[Allowed, ...] = ERROR
    needs: tuple[str, ...] = ()
    at_last: Step = Step.NONCE
    """For MSE:Set AT: the last step at which the chip may still refuse."""

    @property
    def case(self) -> Case:
        """The row as a case, run for every PACE protocol of the card."""
        later = f"; then an error to {_AT_LAST[self.at_last]}"
        first = (
            f"9000 or {named(self.allowed)}" if self.step is Step.SET_AT else named(self.allowed)
        )
        return Case(
            self.id,
            self.clause,
            f"{self.title}.",
            self.purpose,
            (first + (later if self.step is Step.SET_AT else ""), "nothing is opened"),
            needs=(*WITHOUT_COUNTER, *self.needs),
            per_suite=True,
            run=partial(refused, self),
        )


def refused(abuse: Abuse, subject: Subject) -> None:
    """Run PACE up to the step, send what is wrong, and prove that it led nowhere."""
    clause, steps = abuse.clause, PaceSteps(subject)
    if abuse.step is Step.SET_AT:
        _refused_at_last(abuse, steps)
        demand_closed(subject)
        return
    steps.go(Step(abuse.step - 1))
    demand_sw(steps.send(abuse.make(steps)), clause, *abuse.allowed)
    prove_nothing_opened(subject, steps, abuse.step, clause)


def _refused_at_last(abuse: Abuse, steps: PaceSteps) -> None:
    """The plan lets a chip take a template and refuse it where it is used, but not later."""
    answer = steps.send(abuse.make(steps))
    demand_sw(answer, abuse.clause, 0x9000, *abuse.allowed)
    for step in (Step.NONCE, Step.MAP, Step.AGREE, Step.TOKEN)[: abuse.at_last]:
        answer = steps.send(steps.command(step))
        if not answer.ok or step is abuse.at_last:
            break
        steps.take(step, answer)
    demand_sw(answer, abuse.clause, *FAILED, to=_AT_LAST[abuse.at_last])


def prove_nothing_opened(subject: Subject, steps: PaceSteps, step: Step, clause: str) -> None:
    """The step that would follow is refused, and no channel stands.

    Behind a wrong token the card must still take a right run, which also ends what delay there is.
    """
    if step is Step.TOKEN:
        demand_gone(subject, steps.keys, 0, "behind a token that was refused")
        demand_closed(subject)
        again = PaceSteps(subject).go(Step.TOKEN)
        demand_channel(subject, again.secured)
        return
    value = {Step.NONCE: steps.mapping_data, Step.MAP: steps.any_public(), Step.AGREE: bytes(8)}
    command = steps.authenticate(Step(step + 1), value[step])
    demand_sw(steps.send(command), clause, *(ERROR if step < Step.AGREE else FAILED))
    demand_closed(subject)
