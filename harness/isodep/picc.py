"""An emulated card at the end of the air: an `Icc` that answers frames."""

from __future__ import annotations

from collections.abc import Callable

from harness.errors import ProtocolViolation
from harness.icc import Icc
from harness.isodep.atqb import Atqb, Attrib, Reqb
from harness.isodep.ats import Ats, Pps, Rats, historical_bytes
from harness.isodep.limits import MOST_WTXM, Limits
from harness.isodep.picc_engine import PiccEngine, Reply


class IsoDepPicc:
    """A contactless card around an `Icc`: activation of type A or B, then the block protocol.

    `identity` is its ATS (type A) or ATQB (type B); by default a complete ATS with the historical
    bytes of the card's own ATR. `work_time` and `most_wtxm` are those of `PiccEngine`. The card is
    powered (`connect`) by the frame that activates it and unpowered (`disconnect`) by `reset`.
    """

    def __init__(
        self,
        card: Icc,
        identity: Ats | Atqb | None = None,
        work_time: Callable[[], float] | None = None,
        most_wtxm: int = MOST_WTXM,
    ) -> None:
        self._card = card
        self._identity = identity
        self._work_time = work_time
        self._most_wtxm = most_wtxm
        self._forget()

    @property
    def divisors(self) -> tuple[int, int]:
        """The divisors (1, 2, 4, 8) to the card and to the reader, in force after the last reply.

        ISO/IEC 14443-4, 5.4; ISO/IEC 14443-3, 7.10.
        """
        return self._divisors

    def reset(self) -> None:
        """The field was off: the card has lost its power and waits to be activated again."""
        self._card.disconnect()
        self._forget()

    def receive(self, frame: bytes) -> Reply | None:
        """Take one valid frame without its CRC; None is silence.

        Raises:
            LinkError: the `Icc` behind is gone.
        """
        if self._engine and not self._engine.halted:
            return self._on_pps(frame) or self._engine.receive(frame)
        try:
            if isinstance(self._identity, Atqb):
                return self._on_type_b(frame, self._identity)
            return self._on_rats(frame)
        except ProtocolViolation:
            return None

    def _forget(self) -> None:
        self._engine: PiccEngine | None = None
        self._divisors = (1, 1)
        self._found = False  # type B: ATQB sent, ATTRIB expected
        self._pps_cid: int | None = None  # type A: until the first block, PPS may come

    def _on_rats(self, frame: bytes) -> Reply | None:
        rats = Rats.decode(frame)
        if self._engine:  # ISO/IEC 14443-3, 6.3: halted, only WUPA brings it back
            return None
        atr = self._card.connect()
        ats = self._identity
        if not isinstance(ats, Ats):
            ats = Ats.configured(historical=historical_bytes(atr))
        cid = rats.cid if ats.supports_cid else None
        self._open(Limits(rats.fsd, ats.fsc, ats.fwi, cid))
        self._pps_cid = rats.cid
        return Reply(ats.encode())

    def _on_pps(self, frame: bytes) -> Reply | None:
        cid, self._pps_cid = self._pps_cid, None  # ISO/IEC 14443-4, 5.6.2.2: the first frame only
        if cid is None:
            return None
        try:
            pps = Pps.decode(frame)
        except ProtocolViolation:
            return None
        if pps.cid != cid:
            return None
        self._divisors = (pps.to_card, pps.to_reader)
        return Reply(pps.answer)

    def _on_type_b(self, frame: bytes, atqb: Atqb) -> Reply | None:
        if not self._found or len(frame) == len(Reqb().encode()):
            # A card that was found answers REQB and WUPB again; ISO/IEC 14443-3, 7.4.
            request = Reqb.decode(frame)
            self._found = self._found or request.wake or not self._engine
            return Reply(atqb.encode()) if self._found else None
        attrib = Attrib.decode(frame)
        if attrib.pupi != atqb.pupi:
            return None
        if not self._engine:  # else it is woken from the halt and was powered all the time
            self._card.connect()
        cid = attrib.cid if atqb.supports_cid else None
        self._open(Limits(attrib.fsd, atqb.fsc, atqb.fwi, cid))
        self._divisors = (attrib.to_card, attrib.to_reader)
        return Reply(attrib.answer())

    def _open(self, limits: Limits) -> None:
        self._found = False
        self._engine = PiccEngine(self._card.transmit, limits, self._work_time, self._most_wtxm)
