"""What the phone's system adds to every APDU: its own time, and its limits."""

from __future__ import annotations

from harness.air.phone import Phone
from harness.clock import Clock
from harness.errors import LinkError, UsageError
from harness.icc import Icc


class PhoneHost:
    """A card as an application on a phone reaches it, around the `Icc` of the phone's controller.

    Half of the host time passes before the command and half after the response. A limit of time is
    noticed when the answer is there, or the controller has given up: an exchange is not cut short.
    """

    def __init__(self, icc: Icc, phone: Phone, clock: Clock) -> None:
        self._icc = icc
        self._phone = phone
        self._clock = clock
        self._session_began = clock.now()

    def connect(self) -> bytes:
        """As the controller does; a new session begins."""
        self._session_began = self._clock.now()
        return self._icc.connect()

    def disconnect(self) -> None:
        """As the controller does."""
        self._icc.disconnect()

    def transmit(self, command: bytes) -> bytes:
        """Send one command.

        Raises:
            UsageError: the command is longer than this phone transceives.
            LinkError: the response is, or it took too long, or the session was over.
        """
        limit = self._phone.transceive_limit.value
        if len(command) > limit:
            message = f"{self._phone.name} sends at most {limit} bytes at once: use shorter ones"
            raise UsageError(message)
        self._pass_time()
        began = self._clock.now()
        response = self._icc.transmit(command)
        took = self._clock.now() - began
        self._pass_time()
        if len(response) > limit:
            self._end(f"takes at most {limit} bytes at once: read in smaller parts")
        if took > self._phone.timeout.value:
            self._end(
                f"waits {self._phone.timeout.value:g} s for an answer, and this card needs longer"
            )
        session = self._phone.session_limit.value
        if session is not None and self._clock.now() - self._session_began > session:
            self._end(f"ends a session after {session:g} s: tap again")
        return response

    def _pass_time(self) -> None:
        self._clock.sleep(self._phone.host_time.value / 2)

    def _end(self, reason: str) -> None:
        self._icc.disconnect()
        message = f"{self._phone.name} {reason}"
        raise LinkError(message)
