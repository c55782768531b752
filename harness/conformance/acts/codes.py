"""PIN and PUK as passwords of PACE: offered right and wrong, told and given back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from harness.apdu import INS, CommandApdu, ResponseApdu
from harness.conformance.acts.pace_steps import PaceSteps, Step
from harness.conformance.declared import declared
from harness.conformance.judgement import Blocked, Failure, Sws, demand_sw
from harness.conformance.subject import Subject
from harness.errors import CardError
from harness.profile import PasswordName
from harness.secret import Secret
from harness.terminal.channel import CardChannel

COSTS_A_RESET = "resets of the PIN are left: unblocking costs one for good (BSI TR-03110-2, 2.2.1)"
"""What a case must be told beforehand that leaves a PIN to be unblocked."""

LEAVES_CHANGED = "a card that is lost in between keeps a PIN whose last digit is one higher"
"""The same of a case that changes the PIN for a while; see `another`."""

_STATE_CLAUSE = "BSI TR-03110-3, B.14.1"
_PIN = 0x03


def another(code: Secret) -> Secret:
    """A code that is not this one, but as long and made of digits."""
    digits = code.reveal()
    return Secret(digits[:-1] + bytes((ord("0") + (digits[-1] - ord("0") + 1) % 10,)))


def state(subject: Subject, name: PasswordName = "PIN") -> ResponseApdu:
    """What MSE:Set AT answers in a new activation: 9000, or how a code stands."""
    steps = PaceSteps(subject, name)
    return steps.send(steps.command(Step.SET_AT))


def tries(subject: Subject, name: PasswordName = "PIN") -> int:
    """How many tries a code has left.

    Raises:
        Failure: the card says something that is no state of a code.
    """
    answer = state(subject, name)
    if answer.ok:
        return most(subject, name)
    left = demand_sw(answer, _STATE_CLAUSE, 0x9000, Sws.WARNING_63CX).tries_left
    assert left is not None  # noqa: S101 - 63CX
    return left


def most(subject: Subject, name: PasswordName = "PIN") -> int:
    """How many tries a code has at most, as the profile declares."""
    return subject.profile.pins["PIN1" if name == "PIN" else "PUK"].tries


def offer(
    subject: Subject,
    name: PasswordName = "PIN",
    *,
    secret: Secret | None = None,
    channel: CardChannel | None = None,
) -> ResponseApdu:
    """Run PACE up to the token with a code, the right one by default; the answer to the token."""
    steps = PaceSteps(subject, name, channel, secret).go(Step.AGREE)
    return steps.send(steps.command(Step.TOKEN))


def offer_wrong(
    subject: Subject, name: PasswordName = "PIN", channel: CardChannel | None = None
) -> ResponseApdu:
    """The same with a code that is not the right one, which costs a try."""
    return offer(subject, name, secret=another(subject.password(name)), channel=channel)


def opened(
    subject: Subject,
    name: PasswordName = "PIN",
    *,
    secret: Secret | None = None,
    channel: CardChannel | None = None,
) -> CardChannel:
    """The channel that a right code opens.

    Raises:
        Failure: it opens none.
    """
    return PaceSteps(subject, name, channel, secret).go(Step.TOKEN).secured


def reset(p1: int, new: bytes = b"", reference: int = _PIN) -> CommandApdu:
    """RESET RETRY COUNTER: new tries (03) or a new value (02) (BSI TR-03110-3, B.7)."""
    return CommandApdu(0x00, INS.RESET_RETRY_COUNTER, p1, reference, new)


def require_whole(subject: Subject) -> None:
    """Begin with a PIN that has all its tries.

    Raises:
        Blocked: it has lost some already, or is deactivated.
    """
    answer = state(subject)
    if not answer.ok:
        message = f"the PIN does not have all its tries: MSE:Set AT answers {answer.sw:04X}"
        raise Blocked(message)


def suspend(subject: Subject) -> None:
    """Offer wrong PINs, each in an activation of its own, until one try is left.

    Raises:
        Failure: the counter does not go down by one each time.
    """
    left = tries(subject)
    while left > 1:
        clause = "BSI TR-03110-2, 2.2.3"
        demand_sw(offer_wrong(subject), clause, 0x6300, 0x63C0 | left - 1)
        left -= 1
        demand_sw(state(subject), clause, 0x63C0 | left)


def block(subject: Subject) -> None:
    """Spend every try of the PIN, the last one inside the channel of the CAN.

    Raises:
        Failure: the card counts otherwise.
    """
    suspend(subject)
    answer = offer_wrong(subject, channel=opened(subject, "CAN"))
    demand_sw(answer, "BSI TR-03110-2, 2.2.3", 0x6300, 0x63C0)


def unblock(subject: Subject) -> None:
    """Give the PIN new tries inside the channel of the PUK.

    Raises:
        Failure: the card refuses.
    """
    channel = opened(subject, "PUK")
    demand_sw(subject.transmit(reset(0x03), channel), "BSI TR-03110-3, B.7", 0x9000)


@contextmanager
def given_back(subject: Subject, name: PasswordName = "PIN") -> Iterator[None]:
    """Whatever becomes of what is done inside, a password has all its tries behind it, if it can.

    For CAN and MRZ, which have no counter, a right run ends what delay there is.
    """
    try:
        yield
    except (Failure, CardError, Blocked):
        with suppress(Failure, CardError, Blocked):
            _restore(subject, name)
        raise
    _restore(subject, name)


def _restore(subject: Subject, name: PasswordName) -> None:
    if name != "PIN":
        opened(subject, name)
        return
    left = tries(subject)
    if not left:
        if "PIN-MANAGEMENT" in declared(subject.profile):
            unblock(subject)
        return
    if left < most(subject):
        suspended = left == 1 and subject.profile.pins["PIN1"].suspended
        opened(subject, channel=opened(subject, "CAN") if suspended else None)
