"""How the reader gets from a card in the field to the first block, for types A and B."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from harness.air.timing import ACTIVATION_FWT, seconds
from harness.clock import Clock
from harness.errors import LinkError, NoCardError, ProtocolViolation
from harness.icc import FrameLink
from harness.isodep.atqb import Atqb, Attrib, Reqb
from harness.isodep.ats import Ats, Pps, Rats
from harness.isodep.limits import Limits, size_index

_FWT_ATQB = seconds(7680)  # ISO/IEC 14443-3, 7.5
_FWT_ACTIVATION = seconds(ACTIVATION_FWT)


@dataclass(frozen=True, slots=True)
class Activated:
    """What an activation leads to: the ATR to show, the limits to obey, the divisors in force."""

    atr: bytes
    limits: Limits
    to_card: int = 1
    to_reader: int = 1


class Activation(Protocol):
    """A way to activate a card that the link has found."""

    def activate(self, link: FrameLink, clock: Clock) -> Activated:
        """Exchange the frames that come before the first block, pauses included.

        Raises:
            LinkError: the card did not answer.
            ProtocolViolation: the card answered something else.
        """
        ...


@dataclass(frozen=True, slots=True)
class TypeA:
    """RATS, and PPS where it gains speed, with a card that has been selected (ISO/IEC 14443-4, 5).

    `fsd` is the longest frame we take; `cid` the number to give the card, None for blocks without
    CID; `to_card` and `to_reader` the fastest divisors (1, 2, 4, 8) we wish for.

    Raises:
        UsageError: FSD under 16, or a CID outside 0...14.
    """

    fsd: int = 256
    cid: int | None = None
    to_card: int = 1
    to_reader: int = 1

    def __post_init__(self) -> None:
        Limits(fsd=self.fsd, cid=self.cid)

    def activate(self, link: FrameLink, clock: Clock) -> Activated:
        """RATS, the pause SFGT, and PPS unless both directions stay at 106 kbit/s."""
        rats = Rats(size_index(self.fsd), self.cid or 0)
        ats = Ats.decode(_ask(link, rats.encode(), _FWT_ACTIVATION))
        clock.sleep(ats.sfgt)
        limits = Limits(rats.fsd, ats.fsc, ats.fwi, self.cid if ats.supports_cid else None)
        divisors = ats.rates.choose(self.to_card, self.to_reader)
        if divisors != (1, 1):
            _agree(link, Pps(*divisors, cid=rats.cid), limits.fwt)
        return Activated(ats.atr, limits, *divisors)


@dataclass(frozen=True, slots=True)
class TypeB:
    """WUPB and ATTRIB; parameters as of `TypeA` (ISO/IEC 14443-3, 7)."""

    fsd: int = 256
    cid: int | None = None
    to_card: int = 1
    to_reader: int = 1

    def __post_init__(self) -> None:
        Limits(fsd=self.fsd, cid=self.cid)

    def activate(self, link: FrameLink, clock: Clock) -> Activated:
        """WUPB, ATTRIB, and the pause SFGT."""
        atqb = Atqb.decode(_ask(link, Reqb(wake=True).encode(), _FWT_ATQB))
        if not atqb.iso_dep:
            message = "the card in the field does not speak ISO/IEC 14443-4: present another one"
            raise NoCardError(message)
        divisors = atqb.rates.choose(self.to_card, self.to_reader)
        attrib = Attrib(atqb.pupi, size_index(self.fsd), self.cid or 0, *divisors)
        limits = Limits(attrib.fsd, atqb.fsc, atqb.fwi, self.cid if atqb.supports_cid else None)
        answer = _ask(link, attrib.encode(), limits.fwt)
        if not answer or answer[0] & 0x0F != attrib.cid:
            message = f"the answer {answer.hex().upper()} to ATTRIB does not name the CID given"
            raise ProtocolViolation(message, "ISO/IEC 14443-3, 7.11")
        clock.sleep(atqb.sfgt)
        return Activated(atqb.atr(answer[0] >> 4), limits, *divisors)


def _agree(link: FrameLink, pps: Pps, timeout: float) -> None:
    answer = _ask(link, pps.encode(), timeout)
    if answer != pps.answer:
        message = f"the card answered PPS with {answer.hex().upper()}"
        raise ProtocolViolation(message, "ISO/IEC 14443-4, 5.4")


def _ask(link: FrameLink, frame: bytes, timeout: float) -> bytes:
    # One repetition is allowed, ISO/IEC 14443-4, 5.6.1.1 and 5.6.2.1.
    try:
        return link.exchange(frame, timeout)
    except NoCardError:
        raise
    except LinkError:
        return link.exchange(frame, timeout)
