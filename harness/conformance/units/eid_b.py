"""Unit EID_B: wrong CANs slow the card down, and never block it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.conformance.acts.holder import Holder
from harness.conformance.case import Effect, Unit, case
from harness.conformance.judgement import Failure, demand
from harness.conformance.subject import Subject
from harness.errors import WrongPinError
from harness.profile.facts import CanDelay
from harness.secret import Can

_CLAUSE = "BSI TR-03110-1, 2.2"
_DELAY = "the profile's pace.delay"
_WITHOUT_DELAY = 5
_PROMPT, _SLOW = 0.5, 0.5
"""Shares of the declared delay: below the first nothing was delayed, above the second it was."""


def _wrong(subject: Subject) -> float:
    """Offer a CAN that is wrong; how many seconds the card took to say so.

    Raises:
        Failure: the card took it.
    """
    right = subject.secret("CAN").reveal()
    wrong = Can("".join(str((int(digit) + 1) % 10) for digit in right.decode("ascii")))
    channel = subject.power_up()
    subject.session.select_first()
    clock = subject.station.journal.clock
    start = clock.now()
    try:
        subject.terminal().run(channel, wrong)
    except WrongPinError:
        return clock.now() - start
    raise Failure("a refused CAN", "a channel opened with a wrong CAN", _CLAUSE)


def _delay(subject: Subject) -> CanDelay:
    delay = subject.profile.own_pace.delay
    assert delay is not None  # noqa: S101 - the case needs DELAY
    return delay


def _times(subject: Subject, count: int) -> Iterator[float]:
    yield from (_wrong(subject) for _ in range(count))


def _demand_prompt(subject: Subject, seconds: float, when: str) -> None:
    delay = _delay(subject)
    expected = f"an answer without delay to a wrong CAN {when}"
    demand(seconds < delay.seconds * _PROMPT, expected, f"a delay of {seconds:.1f} s", _DELAY)


@case(
    "EID_B_1", _CLAUSE, "6300 or 63CX to the token, then a channel", needs=("CAN",), per_suite=True
)
def _refused(subject: Subject) -> None:
    """A wrong CAN is refused, and the right one is taken right after.

    The refusal comes with the last step, since no step before it depends on the CAN alone.
    """
    _wrong(subject)
    subject.pace("CAN")


@case("EID_B_2", _CLAUSE, "a channel", needs=("CAN", "!DELAY"))
def _never_blocks(subject: Subject) -> None:
    """Wrong CANs in a row never block the card.

    The CAN is printed on the card and so has no counter that could run out.
    """
    for _ in range(_WITHOUT_DELAY):
        _wrong(subject)
    subject.pace("CAN")


@case(
    "EID_B_3",
    _DELAY,
    "no delay up to the number that the profile declares, then one as long as declared",
    needs=("CAN", "DELAY"),
    effect=Effect.SPENDS_TRIES,
)
def _onset(subject: Subject) -> None:
    """The delay begins after as many wrong CANs as declared, also across power-off.

    Every try is made in a new activation: a count that ends with the power would not slow down
    anyone.
    """
    delay = _delay(subject)
    subject.pace("CAN")
    for number, seconds in enumerate(_times(subject, delay.after), start=1):
        _demand_prompt(subject, seconds, f"number {number}")
    seconds = _wrong(subject)
    expected = f"a delay of about {delay.seconds:.0f} s after {delay.after} wrong CANs"
    demand(seconds >= delay.seconds * _SLOW, expected, f"{seconds:.1f} s", _DELAY)
    subject.pace("CAN")


@case(
    "EID_B_4",
    _DELAY,
    "a channel, and no delay for the next wrong CAN",
    needs=("CAN", "DELAY"),
    effect=Effect.SPENDS_TRIES,
)
def _cleared(subject: Subject) -> None:
    """The right CAN opens a card that is slowed down, and clears the delay.

    Nobody can lock the holder out by trying CANs, and the holder does not wait twice.
    """
    delay = _delay(subject)
    for _ in _times(subject, delay.after + 2):
        pass
    try:
        subject.pace("CAN")
    except WrongPinError as error:
        expected = f"the right CAN is taken after {delay.after + 2} wrong ones"
        raise Failure(expected, str(error), _CLAUSE) from None
    _demand_prompt(subject, _wrong(subject), "after the right one")
    subject.pace("CAN")


@case("EID_B_5", _CLAUSE, "the same tries left as before", needs=("CAN", "PIN1|PIN2"))
def _other_counters(subject: Subject) -> None:
    """A wrong CAN costs no try of any code.

    Otherwise anyone could block a card in a pocket.
    """
    before = _counters(subject)
    _wrong(subject)
    _wrong(subject)
    after = _counters(subject)
    demand(after == before, f"tries left {before}", f"{after} after wrong CANs", _CLAUSE)


def _counters(subject: Subject) -> dict[str, int]:
    holder = Holder(subject)
    return {name: holder.tries(name) for name in subject.profile.pins}


UNIT = Unit(
    "EID_B",
    "Wrong CANs",
    "eidrig",
    (_refused, _never_blocks, _onset, _cleared, _other_counters),
)
