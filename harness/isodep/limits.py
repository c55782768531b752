"""What the two sides agree on before the first block: frame sizes, waiting time, bit rates."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Self

from harness.air.timing import fwt_cycles, seconds
from harness.errors import UsageError

# FSD by FSDI and FSC by FSCI, bytes with CRC; ISO/IEC 14443-4, 5.1 and 5.2.3
FRAME_SIZES = (16, 24, 32, 40, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096)
DIVISORS = (1, 2, 4, 8)  # 106, 212, 424 and 848 kbit/s; ISO/IEC 14443-4, 5.2.4
DEFAULT_FWI = 4  # ISO/IEC 14443-4, 7.2
LONGEST_FWI = 14  # ISO/IEC 14443-4, 7.2
MOST_CID = 14  # ISO/IEC 14443-4, 5.1
MOST_WTXM = 59  # ISO/IEC 14443-4, 7.3
FWT_MAX = seconds(fwt_cycles(LONGEST_FWI))


def frame_size(index: int) -> int:
    """Bytes with CRC of an FSDI or FSCI; the reserved D...F count as C (ISO/IEC 14443-4, 5.1)."""
    return FRAME_SIZES[min(index, len(FRAME_SIZES) - 1)]


def size_index(size: int) -> int:
    """The FSDI or FSCI of the largest frame that fits in `size` bytes.

    Raises:
        UsageError: less than the 16 bytes that everybody must take (ISO/IEC 14443-4, 5.1).
    """
    if size < FRAME_SIZES[0]:
        message = f"a frame size is at least {FRAME_SIZES[0]} bytes, not {size}"
        raise UsageError(message)
    return bisect_right(FRAME_SIZES, size) - 1


def check_range(name: str, value: int, most: int, least: int = 0) -> int:
    """`value` itself, or UsageError when it is not within `least`...`most`."""
    if not least <= value <= most:
        message = f"{name} runs from {least} to {most}, not {value}"
        raise UsageError(message)
    return value


@dataclass(frozen=True, slots=True)
class Limits:
    """How one activated PCD and PICC may talk.

    `fsd` and `fsc` are the longest frames that PCD and PICC take, in bytes with CRC; `fwi` 0...14;
    `cid` 0...14, or None when blocks carry none.

    Raises:
        UsageError: a value that contradicts ISO/IEC 14443-4, such as FSC under 16 or FWI 15.
    """

    fsd: int = 256
    fsc: int = 32
    fwi: int = DEFAULT_FWI
    cid: int | None = None

    def __post_init__(self) -> None:
        size_index(self.fsd)
        size_index(self.fsc)
        check_range("FWI", self.fwi, LONGEST_FWI)
        check_range("CID", self.cid or 0, MOST_CID)

    @property
    def fwt(self) -> float:
        """The frame waiting time in seconds: 4096/fc * 2^FWI (ISO/IEC 14443-4, 7.2)."""
        return seconds(fwt_cycles(self.fwi))


@dataclass(frozen=True, slots=True)
class BitRates:
    """The divisors D that a PICC can do (1, 2, 4, 8: 106...848 kbit/s), 1 always among them.

    `same` demands one divisor for both directions. ISO/IEC 14443-4, 5.2.4; ISO/IEC 14443-3, 7.9.4.
    """

    to_card: tuple[int, ...] = (1,)
    to_reader: tuple[int, ...] = (1,)
    same: bool = False

    def __post_init__(self) -> None:
        for divisors in (self.to_card, self.to_reader):
            if 1 not in divisors or not set(divisors) <= set(DIVISORS):
                message = f"bit rate divisors are some of {DIVISORS} with 1, not {divisors}"
                raise UsageError(message)

    @classmethod
    def decode(cls, byte: int) -> Self:
        """Read TA1 or the bit rate byte of an ATQB; with its reserved bit set, only D = 1."""
        if byte & 0x08:
            return cls()
        return cls(_divisors(byte), _divisors(byte >> 4), bool(byte & 0x80))

    def encode(self) -> int:
        """The byte that `decode` reads."""
        to_reader = _divisor_bits(self.to_reader)
        return self.same << 7 | to_reader << 4 | _divisor_bits(self.to_card)

    def choose(self, to_card: int, to_reader: int) -> tuple[int, int]:
        """The fastest pair of divisors that the PICC can do and neither wish is exceeded by."""
        if self.same:
            both = set(self.to_card) & set(self.to_reader)
            fastest = max(d for d in both if d <= min(to_card, to_reader))
            return fastest, fastest
        return (
            max(d for d in self.to_card if d <= to_card),
            max(d for d in self.to_reader if d <= to_reader),
        )


def _divisors(bits: int) -> tuple[int, ...]:
    return (1, *(d for bit, d in enumerate(DIVISORS[1:]) if bits >> bit & 1))


def _divisor_bits(divisors: tuple[int, ...]) -> int:
    return sum(1 << bit for bit, d in enumerate(DIVISORS[1:]) if d in divisors)
