"""What cases prove behind an abuse is proved: an open card fails the proof."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.cards import image_of, profile_of
from harness.apdu import CommandApdu
from harness.conformance.acts.proofs import (
    Opened,
    demand_channel,
    demand_closed,
    demand_gone,
    demand_session_ends,
    probe,
)
from harness.conformance.judgement import Failure
from harness.conformance.source import EmulatedSource
from harness.conformance.subject import Subject
from harness.emulator.person import Person
from harness.profile import Interface
from harness.profiles import builtin, builtin_names

IDEMIA = "est-idemia-2018"
WITH_PACE = [name for name in builtin_names() if builtin(name).pace]


def subject(profile: str = IDEMIA, interface: Interface | None = None) -> Subject:
    """An emulated card under test."""
    image = image_of(profile)
    return Subject(EmulatedSource(image, Person().fitted(image.profile), interface))


@pytest.mark.parametrize("profile", WITH_PACE)
def test_every_card_carries_out_the_probe(profile: str) -> None:
    """The harmless command works in every card's channel, and has data."""
    assert probe(builtin(profile)).data
    Opened.by_pace(subject(profile))


def test_a_channel_is_shown_to_stand() -> None:
    """A read shows a channel; without one, a card that answers nothing fails."""
    card = subject()
    demand_channel(card, card.pace().channel)
    with pytest.raises(Failure):
        demand_channel(card, card.pace().channel.secured(Opened.by_pace(card).keys))


def test_closed_files_are_shown_to_be_closed() -> None:
    """A card that opens its files to a plain command fails; one on which all is open passes."""
    demand_closed(subject())
    demand_closed(subject(interface=Interface.CONTACT))
    profile = profile_of(IDEMIA)
    opened = {name: file.model_copy(update={"open": True}) for name, file in profile.files.items()}
    lax = replace(image_of(IDEMIA), profile=profile.model_copy(update={"files": opened}))
    source = EmulatedSource(lax, Person())
    card = Subject(source)
    card.profile = profile
    with pytest.raises(Failure, match="no access without a channel"):
        demand_closed(card)


def test_a_session_that_goes_on_is_found() -> None:
    """A rightly protected command that is answered fails the proof, wherever the counter stands."""
    opened = Opened.by_pace(subject())
    with pytest.raises(Failure, match="no session at all, got a protected answer"):
        demand_gone(opened.subject, opened.keys, opened.counted, "at all")
    with pytest.raises(Failure, match="no session behind nothing"):
        demand_session_ends(opened.subject, lambda _: None, "behind nothing")


def test_a_session_that_counted_the_abuse_is_found() -> None:
    """The proof also finds a card that has counted a command and its answer."""

    def counted(opened: Opened) -> None:
        opened.subject.transmit(opened.protected().command())

    with pytest.raises(Failure, match="no session behind a command"):
        demand_session_ends(subject(), counted, "behind a command")


def test_a_session_that_ended_passes() -> None:
    """A plain command ends the session of a right card."""
    plain = CommandApdu(0x00, 0xA4, 0x04, 0x0C, bytes(5))
    demand_session_ends(subject(), lambda opened: opened.subject.transmit(plain), "behind it")
