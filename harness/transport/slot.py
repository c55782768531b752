"""A card in the slot of a virtual reader: what each frame of the reader does to it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from harness.errors import LinkError

if TYPE_CHECKING:
    from harness.icc import Icc

_MOST_LOOKS = 3  # before a reader powers a card that came; usually it is one


class Control(bytes, Enum):
    """The one-byte frames of a reader."""

    POWER_OFF = b"\x00"
    POWER_ON = b"\x01"
    RESET = b"\x02"
    GET_ATR = b"\x04"


class Slot:
    """A card as one reader of the vsmartcard protocol sees it: powered or not, used or not yet."""

    def __init__(self, icc: Icc) -> None:
        self._icc = icc
        self._atr = b""
        self._powered = False
        self._noticed = False
        self._looks = 0
        self.used = False

    @property
    def overlooked(self) -> bool:
        """Whether the reader looks for a card over and over, sees this one, and never powers it.

        pcscd does so when the card before left, in use, less than one look ago: it takes that one
        for gone and this one for the same.
        """
        return not self._noticed and self._looks > _MOST_LOOKS

    def obey(self, frame: bytes) -> bytes | None:
        """Do what the frame says; return what the reader is owed, if anything.

        Raises:
            LinkError: the card is gone, or the frame makes no sense.
        """
        self.used = True
        match frame:
            case Control.POWER_OFF:
                self.power_off()
            case Control.POWER_ON | Control.RESET:
                self._noticed = True
                self._power_on()
            case Control.GET_ATR:
                self._looks += 1
                return self._known_atr()
            case _:
                return self._answer(frame)
        return None

    def power_off(self) -> None:
        """Take the power away if the card has any."""
        if self._powered:
            self._powered = False
            self._icc.disconnect()

    def _power_on(self) -> None:
        self.power_off()
        self._atr = self._icc.connect()
        self._powered = True

    def _known_atr(self) -> bytes:
        # pcscd asks for the ATR again and again to see whether the card is there, also before it
        # ever powers it: that must not activate the card each time.
        if not self._atr:
            self._power_on()
            self.power_off()
        return self._atr

    def _answer(self, command: bytes) -> bytes:
        if len(command) == 1 or not self._powered:
            message = "the reader sent what a card can only answer by silence"
            raise LinkError(message)
        return self._icc.transmit(command)
