"""How long things last on the air, exactly: every duration is a whole number of carrier cycles.

A cycle is 1/fc, fc = 13.56 MHz (ISO/IEC 14443-2, 6). Functions named `..._cycles` return an int of
cycles; `seconds` turns cycles into seconds at the very end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from harness.errors import UsageError

FC = 13_560_000  # Hz, ISO/IEC 14443-2, 6.1
SUBCARRIER = 16  # cycles of fc per subcarrier cycle, ISO/IEC 14443-2, 8.2.2
CRC_BYTES = 2  # ISO/IEC 14443-3, 6.2.4 and 7.2: CRC_A and CRC_B
GRID = 128  # the raster of a type A answer, ISO/IEC 14443-3, 6.2.1.1
PAUSE = 32  # assumed pause at 106 kbit/s within t1 = 28...40.5 cycles, ISO/IEC 14443-2, 8.1.2.1
FDT_PICC_TO_PCD_A = 1172  # least, ISO/IEC 14443-3, 6.2.1.2
TR0 = 64 * SUBCARRIER  # least, ISO/IEC 14443-3, 7.10.3.1
TR1 = 80 * SUBCARRIER  # least, ISO/IEC 14443-3, 7.10.3.2
TR2_ETU = 14  # least time from EOF of the PICC to SOF of the PCD, ISO/IEC 14443-3, 7.10.3.4
REQUEST_GUARD = 7000  # least from one REQA/WUPA to the next, ISO/IEC 14443-3, 6.2.1.3
SOF_ETU = 12  # 10...11 etu low and 2...3 etu high, ISO/IEC 14443-3, 7.1.4
EOF_ETU = 10  # 10...11 etu low, ISO/IEC 14443-3, 7.1.5
ACTIVATION_FWT = 65_536  # the longest wait for an ATS, ISO/IEC 14443-4, 5.6.1
FIELD_OFF = 5 * FC // 1000  # at least 5 ms without field is a reset, ISO/IEC 14443-3, 5.4
FIELD_GUARD = 5 * FC // 1000  # unmodulated field before the first request, ISO/IEC 14443-3, 5.2


class Kind(Enum):
    """The two signal interfaces of ISO/IEC 14443-2."""

    A = "A"
    B = "B"


class Direction(Enum):
    """Who is sending."""

    TO_CARD = "pcd-to-picc"
    TO_READER = "picc-to-pcd"


# What is added to n * 128 when the last bit was 0, by divisor D (after a 1 half an etu more, as its
# last pause is half an etu earlier), and the least n by divisor. ISO/IEC 14443-3, 6.2.1.1.
_GRID_OFFSET = {1: 20, 2: 116, 4: 100, 8: 92}
_GRID_LEAST = {1: 9, 2: 8, 4: 8, 8: 8}


def seconds(cycles: int) -> float:
    """Carrier cycles as seconds."""
    return cycles / FC


def cycles(duration: float) -> int:
    """Seconds as the least whole number of carrier cycles that is not shorter."""
    return math.ceil(duration * FC - 1e-6)


def etu_cycles(divisor: int) -> int:
    """One bit at divisor D (1, 2, 4, 8 for 106...848 kbit/s): 128/D (ISO/IEC 14443-4, 5.2.4)."""
    if divisor not in _GRID_OFFSET:
        message = f"the bit rate divisor is 1, 2, 4 or 8 (106 to 848 kbit/s), not {divisor}"
        raise UsageError(message)
    return 128 // divisor


def fwt_cycles(fwi: int) -> int:
    """The frame waiting time 4096 * 2^FWI (ISO/IEC 14443-4, 7.2).

    Raises:
        UsageError: FWI is 15 (reserved) or not a nibble.
    """
    if not 0 <= fwi <= 14:
        message = f"FWI runs from 0 to 14, not {fwi}"
        raise UsageError(message)
    return 4096 << fwi


def sfgt_cycles(sfgi: int) -> int:
    """The pause the card needs after its ATS, none for SFGI 0 (ISO/IEC 14443-4, 5.2.5)."""
    return fwt_cycles(sfgi) if sfgi else 0


@dataclass(frozen=True)
class RfTiming:
    """The durations of one connection: type, and the bit rate divisors D of both directions.

    `egt` is the extra guard time between type B characters in etu: 0...6 from the PCD, 0...2 from
    the PICC (ISO/IEC 14443-3, 7.1.2); 0 by default.
    """

    kind: Kind = Kind.A
    to_card: int = 1
    to_reader: int = 1
    egt: int = 0

    def __post_init__(self) -> None:
        etu_cycles(self.to_card)
        etu_cycles(self.to_reader)

    def frame_cycles(self, n_bytes: int, direction: Direction) -> int:
        """A whole standard frame of `n_bytes`, CRC counted in (ISO/IEC 14443-3, 6.2.3 and 7.1)."""
        divisor = self.to_card if direction is Direction.TO_CARD else self.to_reader
        etu = etu_cycles(divisor)
        if self.kind is Kind.B:
            gaps = max(n_bytes - 1, 0) * self.egt
            return (SOF_ETU + 10 * n_bytes + gaps + EOF_ETU) * etu
        bits = 1 + 9 * n_bytes
        if direction is Direction.TO_CARD:
            return (bits + 2) * etu  # end of communication: a 0 and a bit without a pause
        if divisor == 1:
            return (bits + 1) * etu  # end of communication: a bit without subcarrier
        return 32 * SUBCARRIER + bits * etu  # preamble; the end is an inverted last parity

    def block_cycles(self, n_bytes: int, direction: Direction) -> int:
        """The frame of an ISO/IEC 14443-4 block of `n_bytes` without its CRC."""
        return self.frame_cycles(n_bytes + CRC_BYTES, direction)

    def frame(self, n_bytes: int, direction: Direction) -> float:
        """`frame_cycles` in seconds."""
        return seconds(self.frame_cycles(n_bytes, direction))

    def answer_gap_cycles(self, computing: int = 0) -> int:
        """From the end of the PCD's frame to the start of the PICC's, `computing` cycles included.

        Type A: the next step of the grid (ISO/IEC 14443-3, 6.2.1.1). The instant is the same for a
        last bit of 0 or 1; here it is counted from the end of the frame, not from the last pause.
        Type B: TR0, which the computing prolongs, and TR1 (ISO/IEC 14443-3, 7.10.3).
        """
        if self.kind is Kind.B:
            return max(TR0, computing) + TR1
        etu = etu_cycles(self.to_card)
        offset = _GRID_OFFSET[self.to_card] + PAUSE // self.to_card - 2 * etu
        steps = max(_GRID_LEAST[self.to_card], -((offset - computing) // GRID))
        return steps * GRID + offset

    def turnaround_cycles(self) -> int:
        """The least from the end of the PICC's frame to the start of the PCD's next one."""
        if self.kind is Kind.B:
            return TR2_ETU * etu_cycles(self.to_reader)
        return FDT_PICC_TO_PCD_A

    def exchange_cycles(self, sent: int, received: int, computing: int = 0) -> int:
        """Frame there, delay, frame back, turnaround; frame sizes in bytes with CRC."""
        return (
            self.frame_cycles(sent, Direction.TO_CARD)
            + self.answer_gap_cycles(computing)
            + self.frame_cycles(received, Direction.TO_READER)
            + self.turnaround_cycles()
        )


BASE_A = RfTiming()
BASE_B = RfTiming(Kind.B)
SHORT_FRAME = (1 + 7 + 2) * 128  # REQA, WUPA: seven bits, no parity; ISO/IEC 14443-3, 6.2.3.1


def request_a_cycles() -> int:
    """REQA or WUPA and its ATQA of two bytes (ISO/IEC 14443-3, 6.4.1)."""
    exchange = (
        SHORT_FRAME + BASE_A.answer_gap_cycles() + BASE_A.frame_cycles(2, Direction.TO_READER)
    )
    return max(exchange + FDT_PICC_TO_PCD_A, REQUEST_GUARD)


def select_cycles(uid_bytes: int) -> int:
    """Anticollision and SELECT on every cascade level of the UID (ISO/IEC 14443-3, 6.5.3)."""
    levels = {4: 1, 7: 2, 10: 3}
    if uid_bytes not in levels:
        message = f"a type A UID has 4, 7 or 10 bytes, not {uid_bytes}"
        raise UsageError(message)
    anticollision = BASE_A.exchange_cycles(2, 5)  # SEL NVB; four bytes and BCC, no CRC
    select = BASE_A.exchange_cycles(9, 3)  # SEL NVB UID BCC CRC; SAK CRC
    return levels[uid_bytes] * (anticollision + select)


def rats_cycles(ats_bytes: int, computing: int = 0) -> int:
    """RATS and an ATS of `ats_bytes` (its TL) at 106 kbit/s (ISO/IEC 14443-4, 5.1 and 5.2)."""
    return BASE_A.exchange_cycles(2 + CRC_BYTES, ats_bytes + CRC_BYTES, computing)


def pps_cycles() -> int:
    """PPS request with PPS1 and its answer at 106 kbit/s (ISO/IEC 14443-4, 5.3 and 5.4)."""
    return BASE_A.exchange_cycles(3 + CRC_BYTES, 1 + CRC_BYTES)


def request_b_cycles() -> int:
    """REQB and a basic ATQB of twelve bytes, one slot (ISO/IEC 14443-3, 7.7 and 7.9)."""
    return BASE_B.exchange_cycles(3 + CRC_BYTES, 12 + CRC_BYTES)


def attrib_cycles() -> int:
    """ATTRIB without higher layer data and its answer (ISO/IEC 14443-3, 7.10 and 7.11)."""
    return BASE_B.exchange_cycles(9 + CRC_BYTES, 1 + CRC_BYTES)


def detect_cycles(kind: Kind, uid_bytes: int = 4) -> int:
    """From field on to a card that waits for RATS (type A, selected) or for WUPB (type B)."""
    if kind is Kind.B:
        return FIELD_GUARD
    return FIELD_GUARD + request_a_cycles() + select_cycles(uid_bytes)
