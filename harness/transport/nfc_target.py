"""A card played by a contactless device of nfcpy, for a phone or reader to be held against."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import closing

from harness.errors import LinkError, ProtocolViolation
from harness.icc import Icc
from harness.isodep.ats import Ats, Rats, historical_bytes
from harness.isodep.block import DeselectBlock
from harness.isodep.crc import CRC_SIZE
from harness.isodep.limits import size_index
from harness.isodep.picc import IsoDepPicc
from harness.isodep.picc_engine import Reply
from harness.transport.nfc_device import Called, Device, DeviceGone, Garbled, Silence
from harness.transport.vpcd import Visit

# 2.5 s: a card played by a host answers late (a PACE step, a serial line, a busy machine), and no
# S(WTX) can be sent while it computes. FWI 14 would allow 4.9 s, but a PN53x on the other side can
# only be told to wait 3.3 s, and with every lost block the reader waits this long.
_FWI = 13
_LONGEST_FSC = 256
_POLL_SECONDS = 1.0
_MOST_GARBLED = 8
_RANDOM_ID = b"\x08"  # ISO/IEC 14443-3, 6.5.4; the PN53x sends no other first byte
_NEW_SEARCH = (b"\x26", b"\x52")  # REQA and WUPA; ISO/IEC 14443-3, 6.4


class NfcTarget:
    """Plays any `Icc` as a card of type A through the device at an nfcpy path.

    `ats` is by default one with the historical bytes of the card's ATR, the longest frames that the
    device takes up to 256 bytes, no bit rate beyond 106 kbit/s, and FWI 13. `observe` is told when
    a reader began to talk to the card and when it left; a `LinkError` of the card makes the card
    fall silent until the reader looks for it again. The last three bytes of the UID are random for
    every reader.
    """

    def __init__(
        self,
        icc: Icc,
        path: str,
        ats: Ats | None = None,
        observe: Callable[[Visit], None] = lambda _visit: None,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._icc = icc
        self._path = path
        self._ats = ats
        self._observe = observe
        self._random_bytes = random_bytes
        self._stopping = False

    def serve(self, *, once: bool = False) -> None:
        """Serve one reader after the other until `stop`, or with `once` only the first.

        Raises:
            NoReaderError: the device is not there.
            LinkError: the device failed.
            UsageError: the path has no meaning, or the device cannot be a card.
        """
        with closing(Device(self._path)) as device:
            ats = self._ats or self._own_ats(device)
            while not self._stopping:
                if self._serve_next(device, ats) and once:
                    return

    def stop(self) -> None:
        """Make `serve` return within about a second; safe in a signal handler."""
        self._stopping = True

    def _own_ats(self, device: Device) -> Ats:
        historical = historical_bytes(self._icc.connect())
        self._icc.disconnect()
        fsc = min(_LONGEST_FSC, device.longest_in + CRC_SIZE)
        return Ats.configured(fsc, _FWI, historical=historical)

    def _serve_next(self, device: Device, ats: Ats) -> bool:
        uid = _RANDOM_ID + self._random_bytes(3)
        called = device.listen(uid, ats.encode(), _POLL_SECONDS)
        if called is None:
            return False
        self._observe(Visit.BEGUN)
        picc = IsoDepPicc(self._icc, ats)
        try:
            self._attend(device, picc, called)
        except DeviceGone:
            raise
        except LinkError:
            return True
        finally:
            picc.reset()
            self._observe(Visit.ENDED)
        return True

    def _attend(self, device: Device, picc: IsoDepPicc, called: Called) -> None:
        """Answer blocks until the reader deselects the card or its field is gone."""
        reply = picc.receive(_within(called.rats, device.longest_out))
        if called.block is not None:
            reply = picc.receive(called.block)
        while not self._stopping:
            if _is_farewell(reply):
                device.exchange(_frame(reply), 0.0)
                return  # only a device that listens can be found and activated again
            block = self._next_block(device, reply)
            if block in _NEW_SEARCH:
                return  # this reader left without a word, and the next one is searching
            reply = picc.receive(block) if block else None

    def _next_block(self, device: Device, reply: Reply | None) -> bytes:
        """Send a reply and wait for a block; b"" while the reader is silent."""
        frame = _frame(reply)
        for _ in range(_MOST_GARBLED):
            try:
                return device.exchange(frame, _POLL_SECONDS)
            except Silence:
                return b""
            except Garbled:  # the reader will ask again; ISO/IEC 14443-4, 7.5.7
                frame = None
        message = f"{_MOST_GARBLED} blocks in a row came damaged"
        raise LinkError(message)


def _within(rats: bytes, longest_out: int) -> bytes:
    """The reader's RATS, with its FSD brought down to what the device can send."""
    try:
        asked = Rats.decode(rats)
    except ProtocolViolation:
        return rats  # the card will not answer it
    return Rats(min(asked.fsdi, size_index(longest_out + CRC_SIZE)), asked.cid).encode()


def _frame(reply: Reply | None) -> bytes | None:
    return reply.frame if reply else None


def _is_farewell(reply: Reply | None) -> bool:
    return reply is not None and reply.frame[0] & 0xF7 == DeselectBlock().encode()[0]
