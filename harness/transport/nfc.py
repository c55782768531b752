"""A card near a contactless device of nfcpy, reached with our own block protocol.

nfcpy senses the card and carries the blocks; activation, chaining and recovery are ours.
"""

from __future__ import annotations

from dataclasses import replace

from harness.clock import Clock, WallClock
from harness.errors import EidrigError, LinkError, NoCardError
from harness.icc import FrameLink
from harness.isodep.activation import Activated, TypeA, TypeB
from harness.isodep.crc import CRC_SIZE
from harness.isodep.pcd import IsoDepPcd
from harness.isodep.pcd_engine import Statistics
from harness.transport.nfc_device import Device, Technology

_WAIT_SECONDS = 10.0
_PAUSE_SECONDS = 0.05
_SLACK_SECONDS = 0.05
_UDP_SLACK_SECONDS = 0.5


class NfcReader:
    """A `FieldLink`, and the `Activation` that fits the card it found, of type A or B.

    `reset` waits up to `wait_seconds` for a card. Every waiting time is prolonged by
    `slack_seconds`, for a card that is played by a host: by default 0.05, and 0.5 at a UDP path,
    where both hosts are in every answer. The device is opened by `reset` and held until `close`.
    """

    def __init__(
        self,
        path: str,
        wait_seconds: float = _WAIT_SECONDS,
        clock: Clock | None = None,
        slack_seconds: float | None = None,
    ) -> None:
        self._path = path
        self._wait_seconds = wait_seconds
        self._clock = clock or WallClock()
        if slack_seconds is None:
            slack_seconds = _UDP_SLACK_SECONDS if path.startswith("udp") else _SLACK_SECONDS
        self._slack_seconds = slack_seconds
        self._device: Device | None = None
        self._technology = Technology.A

    def reset(self) -> None:
        """Field off and on until a card is found, selected and ready for RATS or WUPB.

        Raises:
            NoReaderError: the device is not there.
            NoCardError: no card came in time, or it does not speak ISO/IEC 14443-4.
            LinkError: the device failed.
            UsageError: the path has no meaning.
        """
        if self._device is None or not self._device.is_open:
            self._device = Device(self._path)
        deadline = self._clock.now() + self._wait_seconds
        while (sensed := self._device.sense()) is None:
            if self._clock.now() >= deadline:
                message = f"there is no card at {self._path}; hold one to it"
                raise NoCardError(message)
            self._clock.sleep(_PAUSE_SECONDS)
        if not sensed.speaks_iso_dep:
            message = f"what lies at {self._path} does not speak ISO/IEC 14443-4; present a card"
            raise NoCardError(message)
        self._technology = sensed.technology

    def exchange(self, block: bytes, timeout: float) -> bytes:
        """Carry one block there and one back.

        Raises:
            LinkError: nothing whole came back; its class in `nfc_device` says why.
        """
        return self._held.exchange(block, timeout + self._slack_seconds)

    def activate(self, link: FrameLink, clock: Clock) -> Activated:
        """As `TypeA` or `TypeB`, with frames that the device can carry.

        Raises:
            LinkError, ProtocolViolation: as theirs.
        """
        device = self._held
        kind = TypeA if self._technology is Technology.A else TypeB
        activated = kind(fsd=device.longest_in + CRC_SIZE).activate(link, clock)
        fsc = min(activated.limits.fsc, device.longest_out + CRC_SIZE)
        return replace(activated, limits=replace(activated.limits, fsc=fsc))

    def close(self) -> None:
        """Switch the field off and let go of the device."""
        if self._device is not None:
            self._device.close()
            self._device = None

    @property
    def _held(self) -> Device:
        if self._device is None or not self._device.is_open:
            message = f"the NFC device {self._path} is not open; connect first"
            raise LinkError(message)
        return self._device


class NfcCard:
    """An `Icc`: the card near the device at an nfcpy path; parameters as of `NfcReader`.

    The device is held only from `connect` to `disconnect`, since a PN532 that is not let go of
    keeps the fast serial line it agreed on, and cannot be opened again before it loses its power.
    """

    def __init__(
        self, path: str, wait_seconds: float = _WAIT_SECONDS, clock: Clock | None = None
    ) -> None:
        self._reader = NfcReader(path, wait_seconds, clock)
        self._pcd = IsoDepPcd(self._reader, self._reader, clock)

    @property
    def statistics(self) -> Statistics:
        """What crossed the air so far, over every activation."""
        return self._pcd.statistics

    def connect(self) -> bytes:
        """Open the device, find the card, activate it, and return its ATR form.

        Raises:
            NoReaderError, NoCardError, UsageError: as of `NfcReader.reset`.
            LinkError, ProtocolViolation: as of `IsoDepPcd.connect`.
        """
        try:
            return self._pcd.connect()
        except EidrigError:
            self._reader.close()
            raise

    def transmit(self, command: bytes) -> bytes:
        """Carry one command APDU to the card and its response back.

        Raises:
            LinkError: card or device are gone.
            ProtocolViolation: as of `IsoDepPcd.transmit`.
        """
        return self._pcd.transmit(command)

    def disconnect(self) -> None:
        """Deselect the card, switch the field off and let go of the device."""
        self._pcd.disconnect()
        self._reader.close()
