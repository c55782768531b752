"""An emulated card held against a simulated phone: the stack of a tap, on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from harness.air.card_time import CardSpeed, card_speed
from harness.air.channel import Hold
from harness.air.coupling import Field
from harness.air.faults import Fault, Level, parse_fault
from harness.air.faulty_icc import FaultyIcc
from harness.air.host import PhoneHost
from harness.air.link import Air, Observer
from harness.air.motion import Motion, motion
from harness.air.phone import Phone, phone
from harness.air.timing import Kind
from harness.clock import Clock
from harness.errors import UsageError
from harness.icc import Icc
from harness.isodep.activation import TypeA, TypeB
from harness.isodep.atqb import Atqb
from harness.isodep.ats import Ats
from harness.isodep.limits import BitRates, frame_size
from harness.isodep.pcd import IsoDepPcd
from harness.isodep.picc import IsoDepPicc
from harness.profile import Interface, Radio
from harness.station import Station
from harness.trace import Journaled

_PUPI = bytes.fromhex("08451D20")


@dataclass(frozen=True, slots=True)
class AirConditions:
    """Everything between a phone and a card that a tap depends on.

    `hold` may be shared by many taps with the same phone and motion; it is made when absent.
    """

    phone: Phone = field(default_factory=lambda: phone("android"))
    speed: CardSpeed = field(default_factory=lambda: card_speed("typical"))
    motion: Motion = field(default_factory=lambda: motion("steady"))
    faults: tuple[Fault, ...] = ()
    seed: int = 0
    hold: Hold | None = None

    @classmethod
    def named(
        cls,
        phone_name: str = "android",
        preset: str = "typical",
        motion_name: str = "steady",
        faults: Iterable[str] = (),
        seed: int = 0,
        height: float | None = None,
    ) -> AirConditions:
        """The conditions with these names, faults as `tag-lost@frame=12`; `seed` draws all chance.

        `height` is the mean distance in mm that the motion keeps, None its usual one.

        Raises:
            UsageError: one of the names is unknown (the message lists those there are), or the
                motion is not made at this height.
        """
        return cls(
            phone(phone_name),
            card_speed(preset),
            motion(motion_name, seed, height),
            tuple(parse_fault(text) for text in faults),
            seed,
        )

    def shared(self) -> AirConditions:
        """The same conditions with the hold made, to be used for many seeds."""
        return replace(self, hold=self.hold or Hold(self.motion, Field.of(self.phone)))


class ComputingCard:
    """An `Icc` around a card that says how long a real chip would have computed."""

    def __init__(self, card: Icc, speed: CardSpeed) -> None:
        self._card = card
        self._speed = speed
        self._seconds = 0.0

    def connect(self) -> bytes:
        """Power the card up."""
        return self._card.connect()

    def disconnect(self) -> None:
        """Take the power away."""
        self._card.disconnect()

    def transmit(self, command: bytes) -> bytes:
        """Let the card answer, and take note of the time that its chip would have needed."""
        response = self._card.transmit(command)
        self._seconds = self._speed.seconds(command, response)
        return response

    def work_time(self) -> float:
        """Seconds of computing for the last command."""
        return self._seconds


def in_air(
    station: Station, conditions: AirConditions, frame_observers: Sequence[Observer] = ()
) -> Station:
    """The station of an emulated card, its card now reached through field, frames and phone.

    Raises:
        UsageError: the card is not an emulated one, or the phone cannot reach its type.
    """
    card, profile = station.emulated, station.profile
    if card is None or profile is None:
        message = "phone, motion, preset and faults need an emulated card; leave --card away"
        raise UsageError(message)
    if profile.radio is None or Interface.CONTACTLESS not in profile.interfaces:
        message = f"{profile.name} has no contactless interface to hold against a phone"
        raise UsageError(message)
    if card.interface is Interface.CONTACT:
        message = "a card held against a phone is contactless; leave --interface contact away"
        raise UsageError(message)
    clock, radio = station.journal.clock, profile.radio
    at_card = [each for each in conditions.faults if each.kind.level is Level.APDU]
    on_link = [each for each in conditions.faults if each.kind.level is Level.LINK]
    faulty = FaultyIcc(card, at_card, clock, conditions.seed) if at_card else card
    computing = ComputingCard(faulty, conditions.speed)
    link = Air(
        IsoDepPicc(computing, _identity(radio), computing.work_time),
        clock,
        hold=conditions.shared().hold,
        kind=Kind[radio.rf_type],
        seed=conditions.seed,
        faults=on_link,
        observers=frame_observers,
    )
    reader = _reader(link, conditions.phone, radio, clock)
    icc = Journaled(PhoneHost(reader, conditions.phone, clock), station.journal)
    return replace(station, icc=icc, statistics=lambda: reader.statistics)


def _identity(radio: Radio) -> Ats | Atqb:
    fsc = frame_size(radio.fsci)
    if radio.rf_type == "B":
        return Atqb.configured(_PUPI, fsc, radio.fwi, radio.sfgi)
    rates = BitRates(radio.divisors, radio.divisors)
    return Ats.configured(fsc, radio.fwi, radio.sfgi, rates, radio.historical_bytes)


def _reader(link: Air, device: Phone, radio: Radio, clock: Clock) -> IsoDepPcd:
    if radio.rf_type == "B" and not device.type_b.value:
        message = f"{device.name} does not reach cards of type B"
        raise UsageError(message)
    kind = TypeB if radio.rf_type == "B" else TypeA
    activation = kind(
        fsd=device.fsd.value, to_card=device.to_card.value, to_reader=device.to_reader.value
    )
    return IsoDepPcd(link, activation, clock)
