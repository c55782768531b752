"""A card, a hold and a whole stack to try the air with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from harness.air.channel import Hold
from harness.air.coupling import Field
from harness.air.faults import parse_fault
from harness.air.frame import Frame
from harness.air.link import Air
from harness.air.motion import motion
from harness.air.phone import phone
from harness.clock import VirtualClock
from harness.errors import LinkError
from harness.isodep.activation import TypeA
from harness.isodep.ats import Ats
from harness.isodep.limits import BitRates
from harness.isodep.pcd import IsoDepPcd
from harness.isodep.picc import IsoDepPicc

COMPUTING = 0.02  # seconds
COMMANDS = [
    bytes((0, 0xB0, 0, number)) + bytes(9 * (number % 30)) + bytes((40 + 6 * number,))
    for number in range(30)
]


@dataclass
class EchoCard:
    """Answers as many bytes as the command's last byte says, and remembers what it was asked."""

    asked: list[bytes] = field(default_factory=list)
    powered: int = 0

    def connect(self) -> bytes:
        """Power on."""
        self.powered += 1
        return bytes.fromhex("3B80800101")

    def transmit(self, command: bytes) -> bytes:
        """As many zeros as asked for."""
        self.asked.append(command)
        return bytes(command[-1]) + b"\x90\x00"

    def disconnect(self) -> None:
        """Power off."""

    def work(self) -> float:
        """Longer than the waiting time after every seventh command."""
        return 0.3 if self.asked[-1][3] % 7 == 3 else COMPUTING


@dataclass
class Read:
    """What came of one read over the air."""

    finished: bool
    error: LinkError | None
    end: float
    retransmissions: int
    wtx: int
    frames: Sequence[Frame]
    card: EchoCard


class Bench:
    """Reads the card of this module over an `Air` as the whole stack does."""

    def field(self) -> Field:
        """That of an Android phone."""
        return Field.of(phone("android"))

    def quiet(self) -> Hold:
        """A steady hand and no disturbance at all."""
        return Hold(motion("steady"), replace(self.field(), burst_floor=0.0))

    def hold(self, name: str, seed: int = 1, bursts: float = 2e-3) -> Hold:
        """A built-in motion over the phone."""
        return Hold(motion(name, seed), replace(self.field(), burst_floor=bursts))

    def read(
        self, hold: Hold | None = None, seed: int = 0, *faults: str, activation: TypeA | None = None
    ) -> Read:
        """Activate, send all commands, and say how it went."""
        clock, card, frames = VirtualClock(), EchoCard(), list[Frame]()
        rates = BitRates((1, 2, 4, 8), (1, 2, 4, 8))
        picc = IsoDepPicc(card, Ats.configured(fsc=128, sfgi=2, rates=rates), work_time=card.work)
        air = Air(
            picc,
            clock,
            hold=hold or self.quiet(),
            seed=seed,
            faults=[parse_fault(fault) for fault in faults],
            observers=[frames.append],
        )
        reader = IsoDepPcd(air, activation or TypeA(fsd=128, to_card=2, to_reader=4), clock)
        error = self._drive(reader, clock)
        counted = reader.statistics
        return Read(
            error is None, error, clock.now(), counted.retransmissions, counted.wtx, frames, card
        )

    @staticmethod
    def _drive(reader: IsoDepPcd, clock: VirtualClock) -> LinkError | None:
        try:
            reader.connect()
            for command in COMMANDS:
                clock.sleep(0.004)
                assert reader.transmit(command) == bytes(command[-1]) + b"\x90\x00"
        except LinkError as error:
            return error
        return None


@pytest.fixture
def bench() -> Bench:
    """The whole stack on a virtual clock."""
    return Bench()


@pytest.fixture
def make_air() -> Callable[..., Air]:
    """An `Air` around any card's side."""
    return lambda picc, clock, **options: Air(picc, clock, hold=Bench().quiet(), **options)
