"""Whole runs of PACE, and what a channel that stands must refuse."""

from __future__ import annotations

from collections.abc import Callable

from harness import tlv
from harness.conformance.acts.pace_steps import PaceSteps, Step
from harness.conformance.acts.proofs import (
    Opened,
    demand_channel,
    demand_closed,
    demand_session_ends,
    probe,
)
from harness.conformance.case import Run, case
from harness.conformance.judgement import Sws, demand, demand_sw
from harness.conformance.subject import Subject
from harness.profile import PasswordName

_TR = "ICAO TR Part 3, 3.14"
_WHOLE = "9000 at every step, a token that is right, and a protected read that succeeds"
_CHIP_DATA = 0x8A


def _opens(subject: Subject, name: PasswordName) -> None:
    demand_channel(subject, subject.pace(name).channel)


@case(
    "ISO7816_P_1",
    f"{_TR}.2; ICAO 9303-11, 4.4.4",
    _WHOLE,
    needs=("PACE", "MRZ", "CARD-ACCESS"),
    per_suite=True,
)
def _mrz(subject: Subject) -> None:
    """PACE with the MRZ opens a channel.

    The whole protocol with the password of the machine readable zone; a protected command then
    shows that chip and terminal have agreed on the same keys.
    """
    _opens(subject, "MRZ")


@case(
    "ISO7816_P_2",
    f"{_TR}.3; ICAO 9303-11, 4.4.4",
    _WHOLE,
    needs=("PACE", "CAN", "CARD-ACCESS"),
    per_suite=True,
)
def _can(subject: Subject) -> None:
    """PACE with the CAN opens a channel.

    The same as with the machine readable zone, with the number printed on the card.
    """
    _opens(subject, "CAN")


def _with_template(template: Callable[[PaceSteps], bytes]) -> Run:
    def run(subject: Subject) -> None:
        steps = PaceSteps(subject)
        steps.take(Step.SET_AT, steps.send(steps.set_at(template(steps))))
        demand_channel(subject, steps.go(Step.TOKEN).secured)

    return run


@case(
    "ISO7816_P_73",
    f"{_TR}.66; ICAO 9303-11, 4.4.4.1",
    _WHOLE,
    needs=("PACE", "ONE-DOMAIN", "CARD-ACCESS"),
    per_suite=True,
)
def _with_domain(subject: Subject) -> None:
    """Domain parameters may be named even where the chip has one set only.

    Tag 84 is optional there, and a chip that has no need for it must take it.
    """
    _with_template(PaceSteps.template)(subject)


@case(
    "ISO7816_P_74",
    f"{_TR}.67; ICAO 9303-11, 4.4.4.1",
    _WHOLE,
    needs=("PACE", "NO-84", "CARD-ACCESS"),
    per_suite=True,
)
def _without_domain(subject: Subject) -> None:
    """Domain parameters need not be named where the chip has one set only.

    MSE:Set AT without tag 84 chooses the only set there is.
    """
    _with_template(lambda steps: steps.template().removesuffix(steps.domain_object))(subject)


@case(
    "ISO7816_P_78",
    f"{_TR}.71; ICAO 9303-11, 4.4.5",
    "9000 at every step, and no data object 8A behind the token",
    needs=("PACE", "CAM-CHIP", "PACE-GM|PACE-IM"),
    per_suite=True,
)
def _no_chip_data(subject: Subject) -> None:
    """A chip with chip authentication mapping gives no chip data in the other mappings.

    Encrypted chip authentication data (8A) belong to their own mapping only.
    """
    steps = PaceSteps(subject).go(Step.TOKEN)
    demand(
        tlv.find(steps.answers[Step.TOKEN], _CHIP_DATA) is None,
        "no 8A",
        "8A",
        "ICAO 9303-11, 4.4.5",
    )
    demand_channel(subject, steps.secured)


@case(
    "ISO7816_P_3",
    f"{_TR}.4; ICAO 9303-11, 9.8",
    "9000 to a protected SELECT",
    "no access to a plain command, and no session behind it",
    needs=("PACE",),
    per_suite=True,
)
def _plain_command(subject: Subject) -> None:
    """A plain command ends the channel and gets no access.

    What PACE opened is open to protected commands only, and the session does not outlive a command
    without protection.
    """

    def abuse(opened: Opened) -> None:
        opened.subject.transmit(probe(subject.profile))
        demand_closed(opened.subject)

    demand_session_ends(subject, abuse, "behind a plain command")


@case(
    "ISO7816_P_79",
    f"{_TR}.72; ICAO 9303-11, 9.8",
    "6988 or 6982 to a protected SELECT with an old counter",
    "no session behind it",
    needs=("PACE",),
    per_suite=True,
)
def _old_counter(subject: Subject) -> None:
    """A protected command with a wrong send sequence counter is refused and ends the channel.

    Its MAC covers the counter of the command before, as that of a replayed command does.
    """

    def abuse(opened: Opened) -> None:
        replayed = opened.protected().at(opened.counted - 1)
        answer = opened.subject.transmit(replayed.command())
        demand_sw(answer, f"{_TR}.72", 0x6988, 0x6982, to="a command with an old counter")

    demand_session_ends(subject, abuse, "behind a command with an old counter")


@case(
    "ISO7816_P_80",
    f"{_TR}.73; ICAO 9303-11, 9.8",
    "a checking error to a protected SELECT without its cryptogram",
    "no session behind it",
    needs=("PACE",),
    per_suite=True,
)
def _no_cryptogram(subject: Subject) -> None:
    """A protected command whose cryptogram was taken away is refused and ends the channel.

    DO87 is missing, while the MAC still covers it.
    """

    def abuse(opened: Opened) -> None:
        parts = opened.protected()
        answer = opened.subject.transmit(parts.command(parts.ne + parts.mac_object))
        demand_sw(answer, f"{_TR}.73", Sws.CHECKING_ERROR, to="a command without its cryptogram")

    demand_session_ends(subject, abuse, "behind a command without its cryptogram")


CASES = (
    _mrz,
    _can,
    _with_domain,
    _without_domain,
    _no_chip_data,
    _plain_command,
    _old_counter,
    _no_cryptogram,
)
