"""The vsmartcard protocol over real loopback sockets: both ends, and what goes wrong between."""

from __future__ import annotations

import signal
import socket
import struct
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest

from fixtures.echo_card import (
    ATR,
    GIVE_260,
    GIVE_TOO_MUCH,
    PULL,
    SELECT,
    WHAT_IS_SELECTED,
    EchoCard,
    served,
)
from harness.errors import LinkError, NoCardError, UsageError
from harness.icc import Icc
from harness.transport import vpcd
from harness.transport.tcp import Dialling, Listening
from harness.transport.vpcd import Visit, VpcdCard, VpcdReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST = "127.0.0.1"
WAIT = 10.0


@pytest.fixture
def place() -> Iterator[Listening]:
    """A free port that listens."""
    with closing(Listening(0)) as listening:
        yield listening


@pytest.fixture
def reader(place: Listening) -> Iterator[VpcdReader]:
    """A reader that listens on `place`."""
    with closing(VpcdReader(place, WAIT)) as reader:
        yield reader


@pytest.fixture(autouse=True)
def _no_long_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vpcd, "_PULLED_SECONDS", 0.0)
    monkeypatch.setattr(vpcd, "_REST_SECONDS", 0.0)


def frame(payload: bytes) -> bytes:
    """Return the bytes of one frame."""
    return len(payload).to_bytes(2) + payload


def talk(place: Listening, behave: Callable[[socket.socket], None]) -> threading.Thread:
    """Connect to `place` as a hand-made card and behave in a thread; hang up afterwards."""

    def run() -> None:
        with socket.create_connection((HOST, place.port)) as peer:
            behave(peer)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def read(peer: socket.socket, size: int) -> bytes:
    """Return exactly `size` bytes."""
    taken = b""
    while len(taken) < size:
        taken += peer.recv(size - len(taken))
    return taken


def activation(peer: socket.socket, atr: bytes = ATR) -> bytes:
    """Take a reader's power off, power on, get ATR, and answer it; return what was taken."""
    taken = read(peer, 9)
    peer.sendall(frame(atr))
    return taken


def test_a_card_and_a_reader_are_one_icc(reader: VpcdReader, place: Listening) -> None:
    """An Icc served through the protocol is the same Icc at the other end."""
    with served(VpcdCard(EchoCard(), Dialling(HOST, place.port))):
        assert isinstance(reader, Icc)
        assert reader.connect() == ATR
        assert reader.transmit(SELECT) == b"\x90\x00"
        assert reader.transmit(GIVE_260) == bytes(range(256)) + b"last\x90\x00"


def test_the_reader_may_call_and_the_card_listen() -> None:
    """Either end may be the one that listens."""
    place = Listening(0)
    with (
        served(VpcdCard(EchoCard(), place)),
        closing(VpcdReader.dial(HOST, place.port, WAIT)) as reader,
    ):
        assert reader.connect() == ATR


@pytest.mark.parametrize("size", [4, 255, 256, 4096, 65533])
def test_frames_of_every_size_pass_whole(reader: VpcdReader, place: Listening, size: int) -> None:
    """A command and its answer arrive unchanged up to the longest frame."""
    command = bytes(index % 251 for index in range(size))
    with served(VpcdCard(EchoCard(), Dialling(HOST, place.port))):
        reader.connect()
        assert reader.transmit(command) == command + b"\x90\x00"


def test_connect_means_from_power_off(reader: VpcdReader, place: Listening) -> None:
    """Connecting again powers the card off and on, so nothing stays selected."""
    with served(VpcdCard(EchoCard(), Dialling(HOST, place.port))):
        reader.connect()
        reader.transmit(SELECT)
        reader.connect()
        assert reader.transmit(WHAT_IS_SELECTED) == b"none\x90\x00"


def test_reader_resets_in_the_order_of_the_protocol(reader: VpcdReader, place: Listening) -> None:
    """Connecting sends power off, power on, and the request for the ATR."""
    taken: list[bytes] = []
    thread = talk(place, lambda peer: taken.append(activation(peer)))
    reader.connect()
    thread.join()
    assert taken == [frame(b"\x00") + frame(b"\x01") + frame(b"\x04")]


def test_disconnect_powers_off_and_keeps_the_connection(
    reader: VpcdReader, place: Listening
) -> None:
    """After disconnect the card is off, and the same card answers the next connect."""
    card = EchoCard()
    visits: list[Visit] = []
    with served(VpcdCard(card, Dialling(HOST, place.port), visits.append)):
        reader.connect()
        reader.disconnect()
        reader.connect()
        assert card.calls == ["connect", "disconnect", "connect"]
        assert visits == [Visit.BEGUN]


def test_disconnect_and_close_are_harmless_twice(reader: VpcdReader) -> None:
    """Letting go of a card that was never there does nothing."""
    reader.disconnect()
    reader.close()
    reader.close()


def test_transmit_without_connect_is_a_link_error(reader: VpcdReader) -> None:
    """A command before any card says to connect first."""
    with pytest.raises(LinkError, match="connect first"):
        reader.transmit(SELECT)


@pytest.mark.parametrize("size", [0, 1, 3, 65536])
def test_commands_that_no_frame_carries_are_refused(
    reader: VpcdReader, place: Listening, size: int
) -> None:
    """A command that would be a control byte or too long is refused and the card stays."""
    with served(VpcdCard(EchoCard(), Dialling(HOST, place.port))):
        reader.connect()
        with pytest.raises(UsageError, match="4 to 65535"):
            reader.transmit(bytes(size))
        assert reader.transmit(SELECT) == b"\x90\x00"


def test_nobody_comes_to_a_listening_reader() -> None:
    """A reader that waits in vain says where it waited and what to do."""
    with (
        closing(VpcdReader.listen(0, wait_seconds=0.01)) as reader,
        pytest.raises(NoCardError, match=r"port \d+ of 127.0.0.1 within 0.01 s; start the card"),
    ):
        reader.connect()


def test_nobody_listens_where_the_reader_calls(place: Listening) -> None:
    """A refused call is a missing card, not a crash."""
    place.close()
    reader = VpcdReader.dial(HOST, place.port)
    with pytest.raises(NoCardError, match=f"no card was at 127.0.0.1:{place.port}"):
        reader.connect()


def test_a_taken_port_says_what_to_do(place: Listening) -> None:
    """Listening where somebody listens already asks for another port."""
    with pytest.raises(UsageError, match="choose another port"):
        VpcdReader.listen(place.port)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_is_none_is_refused(port: int) -> None:
    """Numbers that are no ports are the caller's mistake at both ends."""
    with pytest.raises(UsageError, match=f"{port} is not a TCP port"):
        VpcdReader.listen(port)
    with pytest.raises(UsageError, match=f"{port} is not a TCP port"):
        VpcdReader.dial(HOST, port)


def test_a_host_without_address_is_refused() -> None:
    """A name that cannot be resolved is the caller's mistake."""
    with pytest.raises(UsageError, match="not an address"):
        VpcdReader.dial("no host", 35963).connect()


def test_the_reader_listens_on_loopback_unless_told() -> None:
    """Nobody outside this machine can reach a reader that was not opened to them."""
    with closing(Listening(0)) as shut, closing(Listening(0, host="0.0.0.0")) as opened:  # noqa: S104
        assert (shut.host, opened.host) == (HOST, "0.0.0.0")  # noqa: S104
        VpcdReader.listen(0).close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "hung up"),
        (b"\x00", "hung up"),
        (b"\x00\x10\x3b", "hung up"),
        (b"\x00\x00", "no bytes"),
        (frame(b"\x3b"), "1 bytes where its ATR"),
        (frame(bytes(34)), "34 bytes where its ATR"),
    ],
)
def test_garbage_for_an_atr_is_a_link_error(
    reader: VpcdReader, place: Listening, answer: bytes, words: str
) -> None:
    """A cut, empty or senseless ATR blames the link and leaves no half-open card."""

    def behave(peer: socket.socket) -> None:
        read(peer, 9)
        peer.sendall(answer)

    thread = talk(place, behave)
    with pytest.raises(LinkError, match=words):
        reader.connect()
    thread.join()
    with pytest.raises(LinkError, match="connect first"):
        reader.transmit(SELECT)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"\x00", "hung up"),
        (b"\x01\x00\x90", "hung up"),
        (b"\x00\x00", "no bytes"),
        (frame(b"\x90"), "no status word"),
    ],
)
def test_garbage_for_a_response_is_a_link_error(
    reader: VpcdReader, place: Listening, answer: bytes, words: str
) -> None:
    """A cut, empty or too short response blames the link."""

    def behave(peer: socket.socket) -> None:
        activation(peer)
        read(peer, 2 + len(SELECT))
        peer.sendall(answer)

    thread = talk(place, behave)
    reader.connect()
    with pytest.raises(LinkError, match=words):
        reader.transmit(SELECT)
    thread.join()


def test_a_silent_card_is_a_link_error(place: Listening) -> None:
    """A card that never answers is given up after the seconds it was allowed."""
    done = threading.Event()

    def behave(peer: socket.socket) -> None:
        activation(peer)
        done.wait(WAIT)

    thread = talk(place, behave)
    with closing(VpcdReader(place, WAIT, answer_seconds=0.05)) as reader:
        reader.connect()
        with pytest.raises(LinkError, match=r"silent for 0\.05 s"):
            reader.transmit(SELECT)
    done.set()
    thread.join()


def test_a_response_in_single_bytes_is_read_whole(reader: VpcdReader, place: Listening) -> None:
    """However the network cuts a frame, the reader puts it together."""

    def behave(peer: socket.socket) -> None:
        activation(peer)
        read(peer, 2 + len(SELECT))
        for byte in frame(b"slow\x90\x00"):
            peer.sendall(bytes([byte]))

    thread = talk(place, behave)
    reader.connect()
    assert reader.transmit(SELECT) == b"slow\x90\x00"
    thread.join()


def test_a_pulled_card_comes_back(reader: VpcdReader, place: Listening) -> None:
    """A LinkError of the served card hangs up on the reader, whose next connect finds it again."""
    with served(VpcdCard(EchoCard(), Dialling(HOST, place.port))):
        reader.connect()
        with pytest.raises(LinkError):
            reader.transmit(PULL)
        assert reader.connect() == ATR


def test_an_answer_that_no_frame_carries_pulls_the_card(
    reader: VpcdReader, place: Listening
) -> None:
    """A card whose answer is longer than a frame is hung up on instead of cut short."""
    with served(VpcdCard(EchoCard(), Dialling(HOST, place.port))):
        reader.connect()
        with pytest.raises(LinkError):
            reader.transmit(GIVE_TOO_MUCH)
        assert reader.connect() == ATR


def test_a_connection_torn_down_is_a_link_error(reader: VpcdReader, place: Listening) -> None:
    """A connection that is reset rather than closed blames the link, and lets go harmlessly."""

    def tear(peer: socket.socket) -> None:
        activation(peer)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    for let_go in (False, True):
        thread = talk(place, tear)
        reader.connect()
        thread.join()
        if let_go:
            reader.disconnect()
        with pytest.raises(LinkError, match="connect first" if let_go else "is gone"):
            reader.transmit(SELECT)


def test_a_card_that_left_unseen_is_replaced(reader: VpcdReader, place: Listening) -> None:
    """When the card hung up between two uses, connect takes the next card without an error."""
    thread = talk(place, lambda peer: (activation(peer), None)[1])
    reader.connect()
    thread.join()
    with served(VpcdCard(EchoCard(), Dialling(HOST, place.port))):
        assert reader.connect() == ATR
        assert reader.transmit(SELECT) == b"\x90\x00"


def test_the_card_serves_one_reader_after_the_other() -> None:
    """A listening card outlives its readers, and is powered off when one leaves."""
    card = EchoCard()
    place = Listening(0)
    with served(VpcdCard(card, place)):
        for _ in range(2):
            with closing(VpcdReader.dial(HOST, place.port, WAIT)) as reader:
                reader.connect()
    assert card.calls == ["connect", "disconnect"] * 2


def test_once_ends_after_the_first_reader() -> None:
    """With `once` the card stops by itself when its first reader leaves."""
    place = Listening(0)
    visits: list[Visit] = []
    with served(VpcdCard(EchoCard(), place, visits.append), once=True) as thread:
        with closing(VpcdReader.dial(HOST, place.port, WAIT)) as reader:
            reader.connect()
        thread.join(WAIT)
        assert not thread.is_alive()
    assert visits == [Visit.BEGUN, Visit.ENDED]


def test_the_card_waits_for_a_reader_to_start() -> None:
    """A card that calls before its reader listens finds it later."""
    with closing(Listening(0)) as taken:
        port = taken.port
    with served(VpcdCard(EchoCard(), Dialling(HOST, port))):
        with suppress(NoCardError), closing(VpcdReader.dial(HOST, port)) as nobody:
            nobody.connect()
        with closing(VpcdReader.listen(port, WAIT)) as reader:
            assert reader.connect() == ATR


def test_asking_for_the_atr_does_not_power_the_card(place: Listening) -> None:
    """A reader that polls the ATR to see a card activates it once, and leaves it off."""
    card = EchoCard()
    with served(VpcdCard(card, Dialling(HOST, place.port))):
        peer = place.meet(WAIT)
        assert peer is not None
        with peer:
            for _ in range(3):
                peer.sendall(frame(b"\x04"))
                assert read(peer, 2 + len(ATR)) == frame(ATR)
            assert card.calls == ["connect", "disconnect"]


def test_a_card_that_is_only_looked_at_comes_anew(place: Listening) -> None:
    """A reader that took it for the card before is hung up on, which is no visit, and meets it."""
    with served(VpcdCard(EchoCard(), Dialling(HOST, place.port)), once=True):
        looking = place.meet(WAIT)
        assert looking is not None
        with looking:
            looking.sendall(4 * frame(b"\x04"))
            assert read(looking, 3 * len(frame(ATR))) == 3 * frame(ATR)
            assert looking.recv(1) == b""
        noticing = place.meet(WAIT)
        assert noticing is not None
        with noticing:
            noticing.sendall(frame(b"\x01") + 9 * frame(b"\x04"))
            assert read(noticing, 9 * len(frame(ATR))) == 9 * frame(ATR)


def test_reset_powers_the_card_anew(place: Listening) -> None:
    """The reset of the protocol takes the card through power-off."""
    card = EchoCard()
    with served(VpcdCard(card, Dialling(HOST, place.port))):
        peer = place.meet(WAIT)
        assert peer is not None
        with peer:
            peer.sendall(frame(b"\x01") + frame(SELECT) + frame(b"\x02") + frame(WHAT_IS_SELECTED))
            assert read(peer, 12) == frame(b"\x90\x00") + frame(b"none\x90\x00")


@pytest.mark.parametrize(
    "garbage",
    [
        frame(SELECT),
        frame(b"\x01") + frame(b"\x07"),
        frame(b"\x01") + b"\x00\x00",
        frame(b"\x01") + frame(SELECT)[:-1],
    ],
    ids=["command without power", "unknown control", "empty frame", "cut command"],
)
def test_the_card_hangs_up_on_a_senseless_reader(place: Listening, garbage: bytes) -> None:
    """A card answers nonsense by leaving, and serves the next reader."""
    with served(VpcdCard(EchoCard(), Dialling(HOST, place.port))):
        peer = place.meet(WAIT)
        assert peer is not None
        with peer:
            peer.sendall(garbage)
            peer.shutdown(socket.SHUT_WR)
            assert peer.recv(100) == b""
        with closing(VpcdReader(place, WAIT)) as reader:
            assert reader.connect() == ATR


def test_stop_works_from_a_signal_handler(place: Listening) -> None:
    """A signal stops a card that waits for its reader's next word, and powers it off."""
    card = EchoCard()
    server = VpcdCard(card, Dialling(HOST, place.port))
    reader = VpcdReader(place, WAIT)

    def connect_then_signal() -> None:
        reader.connect()
        signal.raise_signal(signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, lambda *_: server.stop())
    try:
        thread = threading.Thread(target=connect_then_signal)
        thread.start()
        server.serve()
        thread.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
        reader.close()
    assert card.calls == ["connect", "disconnect"]


def test_a_stopped_card_gives_its_port_back(place: Listening) -> None:
    """After stop another may listen on the same port at once."""
    with served(VpcdCard(EchoCard(), place)):
        pass
    Listening(place.port).close()


def test_a_call_that_reached_itself_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection whose two ends are the same port is not taken for a card."""
    with socket.socket() as own, closing(Listening(0)) as free:
        free.close()
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.bind((HOST, free.port))
        own.connect((HOST, free.port))
        monkeypatch.setattr(socket, "create_connection", lambda *_, **__: own)
        assert Dialling(HOST, free.port).meet(0) is None


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="TCP_QUICKACK is Linux only")
def test_every_read_is_acknowledged_at_once(
    place: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each read TCP_QUICKACK is set anew, or a peer of two segments stalls for 40 ms."""
    events: list[str] = []

    class Watched(socket.socket):
        def setsockopt(self, *args: int) -> None:  # type: ignore[override]
            if args == (socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1):
                events.append("quickack")
            super().setsockopt(*args)

        def recv(self, *args: int) -> bytes:
            events.append("recv")
            return super().recv(*args)

    monkeypatch.setattr(socket, "socket", Watched)
    with (
        served(VpcdCard(EchoCard(), Dialling(HOST, place.port))),
        closing(VpcdReader(place, WAIT)) as reader,
    ):
        reader.connect()
        for _ in range(5):
            reader.transmit(SELECT)
    reads = [index for index, event in enumerate(events) if event == "recv"]
    assert len(reads) >= 10
    assert events.count("quickack") >= len(reads)
