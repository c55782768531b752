"""The two contracts of the house: anything that answers APDUs, anything that carries blocks."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Icc(Protocol):
    """Anything that answers APDUs: a card in a reader, an emulated card, a recording, a socket."""

    def connect(self) -> bytes:
        """Activate the card from power-off and return its ATR (an ATS in the form of an ATR).

        Raises:
            LinkError: no reader, no card, or the card did not come up.
        """
        ...

    def transmit(self, command: bytes) -> bytes:
        """Send one encoded command APDU and return the encoded response APDU.

        Raises:
            LinkError: the card is gone; nothing is known about whether it saw the command.
        """
        ...

    def disconnect(self) -> None:
        """Power the card off and let go of it; harmless when it is already gone."""
        ...


class FrameLink(Protocol):
    """Anything that carries one ISO/IEC 14443-4 block there and one back."""

    def exchange(self, block: bytes, timeout: float) -> bytes:
        """Send one block (no CRC) and return the next one; `timeout` is in seconds.

        Raises:
            LinkError: no block came back in time, or what came was damaged.
        """
        ...
