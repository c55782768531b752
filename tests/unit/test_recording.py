"""Recordings: written, read back, and free of codes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fixtures.cards import CAN, IDEMIA, PROFILES, image_of, pace_info, profile_of
from harness.apdu import CommandApdu
from harness.clock import VirtualClock
from harness.emulator.card import EmulatedCard
from harness.emulator.replayed import ReplayedCard
from harness.errors import LinkError, UsageError
from harness.profile import Content
from harness.recording import Recorder, Recording
from harness.secret import Can, Pin
from harness.terminal.channel import CardChannel
from harness.terminal.eid import Eid
from harness.terminal.pace import PaceTerminal
from harness.terminal.pin_guard import PinGuard
from harness.trace import Journal, Journaled

DIGEST = bytes(range(48))


def record(name: str) -> tuple[Recording, Recorder]:
    """A run against the emulated card, recorded: data, certificate, PIN1 and login."""
    recorder = Recorder()
    journal = Journal(VirtualClock(), (recorder,))
    card = Journaled(EmulatedCard(image_of(name)), journal)
    atr = card.connect()
    run(name, CardChannel(card, journal), CAN)
    return recorder.recording(name, atr), recorder


def run(name: str, channel: CardChannel, can: Can) -> None:
    """The run itself."""
    secured = PaceTerminal(pace_info(name), 256).establish(channel, can)
    eid = Eid(secured, profile_of(name), PinGuard(0), challenge=lambda: DIGEST)
    assert eid.personal_data()[Content.SURNAME] == "JÕEORG"
    certificate = eid.certificate("authentication")
    eid.verify("PIN1", Pin("1234"))
    eid.authenticate(certificate)


@pytest.mark.parametrize("name", PROFILES)
def test_a_recording_plays_the_card(name: str) -> None:
    """The same run on the played recording, under a fresh channel and another CAN, is the same."""
    recording, _ = record(name)
    again = Recording.from_json(recording.to_json(), "run.json")
    assert again == recording
    card = ReplayedCard(again, profile_of(name), Can("000000"))
    assert card.connect() == recording.atr
    run(name, CardChannel(card), Can("000000"))
    assert again.challenges == (DIGEST,)


@pytest.mark.parametrize("name", PROFILES)
def test_a_recording_holds_no_secret(name: str) -> None:
    """Neither PIN nor CAN nor the key agreement is in the file."""
    text = record(name)[0].to_json()
    assert b"1234".hex() + ("FF" if name == IDEMIA else "00") not in text.upper()
    assert "**" * 12 in text
    assert CAN.reveal().hex() not in text
    commands = [each["command"] for each in json.loads(text)["exchanges"]]
    assert not [command for command in commands if command[2:4] == "86" or command[2:6] == "22C1"]


def test_what_was_not_recorded() -> None:
    """A command that the recorded run never sent is told, not guessed."""
    card = ReplayedCard(record(IDEMIA)[0], profile_of(IDEMIA), Can("000000"))
    with pytest.raises(LinkError, match="not connected"):
        card.transmit(bytes.fromhex("00A4000C"))
    card.connect()
    channel = PaceTerminal(pace_info(IDEMIA), 256).establish(CardChannel(card), Can("000000"))
    with pytest.raises(UsageError, match="has no answer to GET CHALLENGE"):
        channel.transmit(CommandApdu(0x00, 0x84, 0x00, 0x00, ne=8))
    assert card.transmit(b"\x00").hex() == "6700"


GOOD: dict[str, Any] = {
    "format": "eidrig-recording",
    "version": 1,
    "profile": IDEMIA,
    "atr": "3B00",
    "exchanges": [{"command": "00A4000C", "response": "9000", "seconds": 0.0}],
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps(GOOD | {"version": 2}),
        json.dumps(GOOD | {"format": "other"}),
        json.dumps(GOOD | {"atr": "zz"}),
        json.dumps(GOOD | {"exchanges": [{}]}),
        json.dumps(GOOD | {"exchanges": None}),
        json.dumps(GOOD | {"exchanges": [GOOD["exchanges"][0] | {"command": "00"}]}),
        json.dumps(GOOD | {"exchanges": [GOOD["exchanges"][0] | {"response": "90"}]}),
    ],
)
def test_what_is_no_recording(text: str) -> None:
    """Another file, or one of another version, is refused by name."""
    assert Recording.from_json(json.dumps(GOOD), "run.json").profile == IDEMIA
    with pytest.raises(UsageError, match=r"run\.json is not a recording (that|of)[a-z :;-]*( 1)?$"):
        Recording.from_json(text, "run.json")
