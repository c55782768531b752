"""A card that opens its applications only inside the channel: as allowed as one that shows them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from harness.clock import VirtualClock
from harness.conformance.campaign.held import HeldSource
from harness.conformance.case import Verdict
from harness.conformance.catalogue import chosen
from harness.conformance.execution import execute, runs
from harness.conformance.source import EmulatedSource
from harness.emulator.card import EmulatedCard
from harness.emulator.memory import CardMemory
from harness.profile import Interface
from harness.secret import Can, Digits, Pin, Puk, Secret
from harness.station import CardOptions, Station
from harness.trace import Journal, Journaled

SIGNER = bytes.fromhex("51534344204170706C69636174696F6E")
CODES: dict[str, type[Digits]] = {"CAN": Can, "PIN1": Pin, "PIN2": Pin, "PUK": Puk}


@dataclass(frozen=True)
class ClosedCard:
    """An `Icc` that refuses to select the signing application in the clear."""

    card: EmulatedCard
    refusal: bytes

    def connect(self) -> bytes:
        """Power the card up."""
        return self.card.connect()

    def disconnect(self) -> None:
        """Take the power away."""
        self.card.disconnect()

    def transmit(self, command: bytes) -> bytes:
        """Pass on all but that one command."""
        if command[:3] == b"\x00\xa4\x04" and command[5 : 5 + command[4]] == SIGNER:
            return self.refusal
        return self.card.transmit(command)


def closed(refusal: bytes) -> HeldSource:
    """A contactless Estonian card that answers so."""
    source = EmulatedSource.of(CardOptions(profile="est-idemia-2018"))
    clock = VirtualClock()
    memory = CardMemory(source.image)
    card = ClosedCard(EmulatedCard(source.image, Interface.CONTACTLESS, memory, clock), refusal)
    journal = Journal(clock)
    station = Station(Journaled(card, journal), "test:", journal, source.profile)
    codes: dict[str, Secret] = {
        name: kind(source.secret(name).reveal().decode()) for name, kind in CODES.items()
    }
    return HeldSource(station, source.profile, codes, may_change=True)


@pytest.mark.parametrize(
    "identifier", ["EID_A_6", "EID_A_7", "EID_A_9", "EID_A_10", "ESIGN_ISO7816_S_23"]
)
def test_an_application_may_be_closed_without_a_channel(identifier: str) -> None:
    """6982 to a SELECT in the clear is an access rule, not a missing application."""
    source = closed(b"\x69\x82")
    ((run,),) = (
        runs(case, source.profile) for unit in chosen(cases=(identifier,)) for case in unit.cases
    )
    result = execute(run, source)
    assert (result.verdict, result.reason) == (Verdict.PASS, "")


def test_an_application_may_not_be_missing() -> None:
    """Any other refusal still fails."""
    source = closed(b"\x6a\x82")
    ((run,),) = (
        runs(case, source.profile) for unit in chosen(cases=("EID_A_6",)) for case in unit.cases
    )
    assert execute(run, source).verdict is Verdict.FAIL
