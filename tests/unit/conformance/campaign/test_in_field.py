"""Frames as evidence: what crossed the air is kept, and what is secret in it is not."""

from __future__ import annotations

from harness.air.timing import Direction
from harness.apdu import INS, CommandApdu
from harness.conformance.campaign.in_field import FieldSource, in_field
from harness.conformance.evidence import Evidence
from harness.conformance.source import EmulatedSource
from harness.conformance.subject import Subject
from harness.profile import Interface
from harness.station import CardOptions

READ = CommandApdu(0x00, INS.READ_BINARY, 0x9C, 0x00, ne=8)
VERIFY = CommandApdu(0x00, INS.VERIFY, 0x00, 0x01, b"1234" + 8 * b"\xff")


def frames_of(source: EmulatedSource, *commands: CommandApdu, shows_data: bool = False) -> bytes:
    """All bytes of the frames of these commands on a new card."""
    field = FieldSource(source, shows_data=shows_data)
    subject = Subject(field, evidence=Evidence())
    subject.power_up()
    for command in commands:
        subject.transmit(command)
    subject.close()
    assert any(frame.direction is Direction.TO_CARD for frame in field.evidence.frames)
    return b"".join(frame.data for frame in field.evidence.frames)


def test_frames_carry_what_was_said(source: EmulatedSource) -> None:
    """A command that hides nothing is in the frames as it was sent."""
    select = CommandApdu(0x00, INS.SELECT, 0x00, 0x0C, b"\x3f\x00")
    assert select.encode() in frames_of(source, select)


def test_a_code_is_in_no_frame(source: EmulatedSource) -> None:
    """A PIN in the clear is taken from the frames, whether or not data is shown."""
    for shows_data in (False, True):
        assert b"1234" not in frames_of(source, VERIFY, shows_data=shows_data)


def test_files_are_in_frames_only_if_asked_for(source: EmulatedSource) -> None:
    """What a plain READ BINARY delivers is hidden as in the trace."""
    assert b"\x06\x0a\x04\x00\x7f\x00\x07" not in frames_of(source, READ)
    start = frames_of(source, READ, shows_data=True)
    assert b"\x31" in start
    assert start != frames_of(source, READ)


def test_what_is_hidden_does_not_hide_the_rest(source: EmulatedSource) -> None:
    """Frames before and behind a hidden exchange stay as they are."""
    select = CommandApdu(0x00, INS.SELECT, 0x00, 0x0C, b"\x3f\x00")
    assert frames_of(source, select, READ, select).count(select.encode()) == 2


def test_time_passes_in_the_field(source: EmulatedSource) -> None:
    """A card on the reader takes time, the same for the same seed; one without air takes none."""

    def seconds(where: object, seed: int) -> float:
        evidence = Evidence()
        subject = Subject(where, None, seed, evidence)  # type: ignore[arg-type]
        subject.pace()
        subject.close()
        return evidence.seconds

    assert seconds(source, 1) == 0.0
    assert seconds(in_field(source), 1) > 0.3
    assert seconds(in_field(source), 1) == seconds(in_field(source), 1)


def test_a_contact_card_is_in_no_field() -> None:
    """What is reached by contact is left as it is."""
    options = CardOptions(profile="est-idemia-2018", interface=Interface.CONTACT)
    by_contact = EmulatedSource.of(options)
    assert in_field(by_contact) is by_contact
    belgian = EmulatedSource.of(CardOptions(profile="bel-eid-1.8"))
    assert in_field(belgian) is belgian
