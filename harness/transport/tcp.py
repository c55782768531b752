"""TCP as the vsmartcard protocol uses it: two ways to meet a peer, and frames once met."""

from __future__ import annotations

import selectors
import socket
from typing import Protocol

from harness.clock import Clock, WallClock
from harness.errors import LinkError, UsageError

LONGEST = 0xFFFF
_LENGTH_BYTES = 2
_CHUNK = 0x10000
_DIAL_SECONDS = 1.0
_DIAL_AGAIN_SECONDS = 0.1


class Place(Protocol):
    """Where a peer is met: a port that listens, or an address to call."""

    def meet(self, seconds: float) -> socket.socket | None:
        """Return a connection to a peer, or None when nobody was there within `seconds`."""
        ...

    def close(self) -> None:
        """Stop meeting anybody here."""
        ...


class Listening:
    """A port of this machine that peers connect to; `port` 0 takes any free one.

    Raises:
        UsageError: the port is taken or may not be used.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        _check_port(port, least=0)
        try:
            self._server = socket.create_server((host, port), backlog=1)
        except OSError as error:
            message = f"cannot listen on {host}:{port} ({error}); choose another port"
            raise UsageError(message) from error
        self.host = host
        self.port: int = self._server.getsockname()[1]

    def __str__(self) -> str:
        return f"port {self.port} of {self.host}"

    def meet(self, seconds: float) -> socket.socket | None:
        """Accept the next peer, waiting for it up to `seconds`."""
        self._server.settimeout(seconds)
        try:
            peer, _ = self._server.accept()
        except (TimeoutError, BlockingIOError, ConnectionAbortedError):
            return None
        return peer

    def close(self) -> None:
        """Give the port back."""
        self._server.close()


class Dialling:
    """An address where a peer listens, called again and again until it answers.

    Raises:
        UsageError: the port is not a port.
    """

    def __init__(self, host: str, port: int, clock: Clock | None = None) -> None:
        _check_port(port, least=1)
        self.host = host
        self.port = port
        self._clock = clock or WallClock()

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def meet(self, seconds: float) -> socket.socket | None:
        """Call until somebody answers or `seconds` have passed; at least once.

        Raises:
            UsageError: the host has no address.
        """
        deadline = self._clock.now() + seconds
        while (peer := self._call()) is None and self._clock.now() < deadline:
            self._clock.sleep(_DIAL_AGAIN_SECONDS)
        return peer

    def _call(self) -> socket.socket | None:
        try:
            peer = socket.create_connection((self.host, self.port), timeout=_DIAL_SECONDS)
        except socket.gaierror as error:
            message = f"{self} is not an address that can be called ({error})"
            raise UsageError(message) from error
        except OSError:
            return None
        if peer.getsockname() == peer.getpeername():
            # A call to an unused ephemeral port of this machine can be given that very port as
            # its own and connect to itself (RFC 9293, 3.5, simultaneous open).
            peer.close()
            return None
        return peer

    def close(self) -> None:
        """Nothing is held between calls."""


def _check_port(port: int, least: int) -> None:
    if not least <= port <= 0xFFFF:
        message = f"{port} is not a TCP port; choose one from 1024 to 65535"
        raise UsageError(message)


class Wire:
    """Frames over one TCP connection: a 2-byte big-endian length, then that many bytes.

    `stall_seconds` is how long a peer that owes us bytes may keep us waiting for the next of them.
    """

    def __init__(self, peer: socket.socket, stall_seconds: float) -> None:
        self._peer = peer
        self._stall_seconds = stall_seconds
        self._received = bytearray()
        self._news = selectors.DefaultSelector()
        self._news.register(peer, selectors.EVENT_READ)
        peer.settimeout(stall_seconds)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, payload: bytes) -> None:
        """Send one frame of 1 to 65535 bytes, its length and its bytes in one segment.

        Raises:
            LinkError: the peer is gone, or the payload does not fit a frame.
        """
        if not 1 <= len(payload) <= LONGEST:
            message = f"a frame carries 1 to {LONGEST} bytes; {len(payload)} cannot be sent"
            raise LinkError(message)
        try:
            self._peer.sendall(len(payload).to_bytes(_LENGTH_BYTES) + payload)
        except OSError as error:
            message = f"the other side of the connection is gone ({error})"
            raise LinkError(message) from error

    def receive(self) -> bytes:
        """Return the next frame whole, 1 to 65535 bytes.

        Raises:
            LinkError: the peer left, stalled, or announced an empty frame.
        """
        length = int.from_bytes(self._exactly(_LENGTH_BYTES))
        if length == 0:
            message = "the other side of the connection sent a frame of no bytes"
            raise LinkError(message)
        return self._exactly(length)

    def has_news(self, seconds: float) -> bool:
        """Whether a frame, or the end of the connection, shows within `seconds`."""
        self._acknowledge_at_once()
        return bool(self._received or self._news.select(seconds))

    def close(self) -> None:
        """Hang up."""
        self._news.close()
        self._peer.close()

    def _exactly(self, size: int) -> bytes:
        while len(self._received) < size:
            self._received += self._some()
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    def _some(self) -> bytes:
        self._acknowledge_at_once()
        try:
            some = self._peer.recv(_CHUNK)
        except TimeoutError as error:
            message = f"the other side of the connection was silent for {self._stall_seconds:g} s"
            raise LinkError(message) from error
        except OSError as error:
            message = f"the other side of the connection is gone ({error})"
            raise LinkError(message) from error
        if not some:
            message = "the other side of the connection hung up"
            raise LinkError(message)
        return some

    def _acknowledge_at_once(self) -> None:
        # Peers send length and payload as two segments and hold the second back until the first is
        # acknowledged, which Linux delays by 40 ms and which each send of ours makes it do again.
        if hasattr(socket, "TCP_QUICKACK"):
            self._peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
