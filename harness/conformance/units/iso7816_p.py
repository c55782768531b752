"""Unit ISO7816_P: PACE on the chip."""

from __future__ import annotations

from harness.apdu import INS, CommandApdu
from harness.conformance.case import Unit, case
from harness.conformance.judgement import demand, demand_sw
from harness.conformance.subject import Subject
from harness.profile import Content, PasswordName
from harness.terminal.channel import CardChannel

_SOURCE = "ICAO TR RF and Protocol Testing Part 3, v3.2"


def _proves_channel(subject: Subject, channel: CardChannel) -> None:
    """A protected read shows that both sides have the same keys."""
    command = CommandApdu(0x00, INS.READ_BINARY, 0x9C, 0x00, ne=8)
    answer = subject.transmit(command, channel)
    demand_sw(answer, "ICAO 9303-11, 9.8", 0x9000)
    demand(answer.data[:1] == b"\x31", "the SET of EF.CardAccess", answer.data[:1].hex(), "9.2.11")


def _with(subject: Subject, name: PasswordName) -> None:
    subject.profile.file_with(Content.CARD_ACCESS)
    _proves_channel(subject, subject.pace(name).channel)


@case(
    "ISO7816_P_1",
    "ICAO 9303-11, 4.4.4",
    "9000 at every step, a token that is right, and a protected read that succeeds",
    needs=("PACE", "MRZ", "CARD-ACCESS"),
    per_suite=True,
)
def _mrz(subject: Subject) -> None:
    """PACE with the MRZ opens a channel.

    The whole protocol with the password of the machine readable zone; a protected command then
    shows that chip and terminal have agreed on the same keys.
    """
    _with(subject, "MRZ")


@case(
    "ISO7816_P_2",
    "ICAO 9303-11, 4.4.4",
    "9000 at every step, a token that is right, and a protected read that succeeds",
    needs=("PACE", "CAN", "CARD-ACCESS"),
    per_suite=True,
)
def _can(subject: Subject) -> None:
    """PACE with the CAN opens a channel.

    The same as with the machine readable zone, with the number printed on the card.
    """
    _with(subject, "CAN")


UNIT = Unit("ISO7816_P", "PACE on the chip", _SOURCE, (_mrz, _can))
