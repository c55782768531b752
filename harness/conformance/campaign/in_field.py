"""An emulated card that lies still on a simulated desk reader: its times and frames are the air's.

On a virtual clock this costs next to nothing, and no case can tell the difference but by time.
"""

from __future__ import annotations

from dataclasses import replace

from harness.air.card_time import card_speed
from harness.air.channel import Hold
from harness.air.coupling import Field
from harness.air.fact import assumed
from harness.air.frame import Frame
from harness.air.motion import Motion
from harness.air.phone import phone
from harness.conformance.source import CardSource, EmulatedSource
from harness.profile import Interface, Profile
from harness.secret import Secret
from harness.simulation import AirConditions, in_air
from harness.station import Station
from harness.trace import HIDDEN, Exchange, Level, Observer, hide_codes, hide_data

READER = "usb-reader"
_PATIENCE = assumed(86_400.0, "a laboratory waits as long as the card asks for more time")


class FrameEvidence:
    """Keeps the frames of a case; of those that carried what is hidden only first byte and length.

    It is told of frames as they pass, and of an exchange when its frames have passed.
    """

    def __init__(self, *, shows_data: bool = False) -> None:
        self._shows_data = shows_data
        self._settled = 0
        self.frames: list[Frame] = []

    def __call__(self, frame: Frame) -> None:
        """Keep a frame."""
        self.frames.append(frame)

    def note(self, exchange: Exchange) -> None:
        """Hide in its frames what is hidden in an exchange."""
        if exchange.level is not Level.WIRE:
            return
        shown = hide_codes(exchange.command) + hide_data(exchange, shows_files=self._shows_data)
        if HIDDEN in shown:
            for number in range(self._settled, len(self.frames)):
                frame = self.frames[number]
                masked = frame.data[:1] + bytes(max(len(frame.data) - 1, 0))
                self.frames[number] = replace(frame, data=masked)
        self._settled = len(self.frames)


class FieldSource:
    """An emulated source whose cards are reached through field and frames.

    `evidence` holds the frames of the card that was given last.
    """

    def __init__(
        self,
        source: EmulatedSource,
        *,
        shows_data: bool = False,
        shown_by: FieldSource | None = None,
    ) -> None:
        self._source = source
        self._shows_data = shows_data
        patient = replace(phone(READER), timeout=_PATIENCE)
        # Nothing is disturbed: a case that meets noise would say nothing about the card.
        quiet = replace(Field.of(patient), burst_floor=0.0)
        still = Motion("on the reader", lambda _: 0.0)
        self._conditions = AirConditions(
            patient, card_speed(source.profile.timing), still, hold=Hold(still, quiet)
        )
        self.evidence = FrameEvidence()
        self._shown_by = shown_by or self

    @property
    def profile(self) -> Profile:
        """The profile it is made by."""
        return self._source.profile

    @property
    def is_precious(self) -> bool:
        """Never: each card is a new one."""
        return False

    @property
    def authorities(self) -> tuple[bytes, ...]:
        """The test authorities that signed its certificates."""
        return self._source.authorities

    def secret(self, name: str) -> Secret:
        """A code of the person it is made for.

        Raises:
            Blocked: this card has none.
        """
        return self._source.secret(name)

    def sample(self, *, pin_active: bool = True, pin2_changed: bool = True) -> CardSource:
        """Another card in this state, in the same field; its frames are kept here."""
        sample = self._source.sample(pin_active=pin_active, pin2_changed=pin2_changed)
        return FieldSource(sample, shows_data=self._shows_data, shown_by=self._shown_by)

    def station(self, observer: Observer, seed: int) -> Station:
        """A new card on the reader, on a virtual clock."""
        station = self._source.station(observer, seed)
        evidence = self._shown_by.evidence = FrameEvidence(shows_data=self._shows_data)
        station.journal.observers = (*station.journal.observers, evidence)
        return in_air(station, replace(self._conditions, seed=seed), (evidence,))


def in_field(source: EmulatedSource, *, shows_data: bool = False) -> CardSource:
    """The source with its cards in the field, if they are reached without contact."""
    interface = source.interface or source.profile.interfaces[0]
    if source.profile.radio is None or interface is not Interface.CONTACTLESS:
        return source
    return FieldSource(source, shows_data=shows_data)
