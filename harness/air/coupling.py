"""From a distance to what the field still does: power for the card, and errors on the air."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from harness.air.fact import Fact, assumed
from harness.air.phone import Phone
from harness.errors import UsageError

CARD_RADIUS = Fact(
    31.0, "mm; circle of the area between the antenna borders of ISO/IEC 14443-1 class 1"
)
EDGE_SNR = assumed(9.0, "dB where the card just has power: a few bit errors in a thousand")
BURST_LOSS = assumed(8.0, "dB that a disturbance takes: a display, a charger, another NFC poll")
BURST_FLOOR = assumed(2e-3, "bit errors in a burst that no coupling helps against")


def coupling(distance: float, radius: float, other: float) -> float:
    """The coupling factor of two coaxial loops, all lengths in mm; at most 1.

    k = r1^2 r2^2 / (sqrt(r1 r2) sqrt(d^2 + r1^2)^3) with r1 the larger loop (Finkenzeller, RFID
    Handbook, coupling coefficient).
    """
    large, small = max(radius, other), min(radius, other)
    reach = math.sqrt(distance * distance + large * large)
    return min(1.0, (large * small) ** 2 / (math.sqrt(large * small) * reach**3))


@dataclass(frozen=True)
class Conditions:
    """What holds at one distance: power, and the bit error rates of the two channel states."""

    powered: bool
    good: float
    bad: float


@dataclass(frozen=True)
class Field:
    """The field of one reader for one card antenna; radii and `reach` in mm.

    `reach` is the distance at which the card just has power; it is the zero of the margin.
    """

    loop_radius: float
    reach: float
    card_radius: float = CARD_RADIUS.value
    edge_snr: float = EDGE_SNR.value
    burst_loss: float = BURST_LOSS.value
    burst_floor: float = BURST_FLOOR.value

    def __post_init__(self) -> None:
        if min(self.loop_radius, self.reach, self.card_radius) <= 0:
            message = "the radii of both antennas and the reach must be more than 0 mm"
            raise UsageError(message)

    @classmethod
    def of(cls, phone: Phone) -> Field:
        """The field of a phone profile."""
        return cls(phone.loop_radius.value, phone.reach.value)

    @cached_property
    def _edge(self) -> float:
        return coupling(self.reach, self.loop_radius, self.card_radius)

    def margin(self, distance: float, loss: float = 0.0) -> float:
        """How many dB of voltage the card has more than it needs; negative is no power."""
        here = coupling(distance, self.loop_radius, self.card_radius)
        return 20 * math.log10(here / self._edge) - loss

    def conditions(self, distance: float, loss: float = 0.0) -> Conditions:
        """Power and bit error rates at a distance, with `loss` dB in between.

        The way back is load modulation, so its signal falls with the square of the coupling: the
        signal to noise ratio in dB moves by twice the margin. Bit errors are those of coherent
        binary detection, erfc(sqrt(snr / 2)) / 2.
        """
        margin = self.margin(distance, loss)
        snr = self.edge_snr + 2 * margin
        bad = max(self.burst_floor, _bit_errors(snr - self.burst_loss))
        return Conditions(margin >= 0, _bit_errors(snr), bad)


def _bit_errors(snr: float) -> float:
    return 0.5 * math.erfc(math.sqrt(10 ** (snr / 10) / 2))
