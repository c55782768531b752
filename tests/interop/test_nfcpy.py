"""Our reader and our played card at the two ends of nfcpy's UDP device, over loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from importlib import import_module
from typing import Any

import pytest

from fixtures.cards import IDEMIA, PROFILES, THALES, image_of
from fixtures.echo_card import ATR, GIVE_260, EchoCard
from fixtures.nfc_udp import CODES, is_whole, nothing_left_open, played, port_of, tap, udp_path
from fixtures.served import EIDRIG
from harness.cli.exit_code import LINK, USAGE
from harness.emulator.card import EmulatedCard
from harness.errors import LinkError, NoCardError, NoReaderError, UsageError
from harness.icc import Icc
from harness.isodep.ats import Ats, contactless_atr, historical_bytes
from harness.isodep.picc import IsoDepPicc
from harness.secret import Can
from harness.station import Codes
from harness.transport.vpcd import Visit

pytest.importorskip("nfc", reason="nfcpy is missing: pip install 'eidrig[nfc]'")
nfc = import_module("harness.transport.nfc")
nfc_device = import_module("harness.transport.nfc_device")
nfc_target = import_module("harness.transport.nfc_target")

WITHOUT_NFCPY = """
import sys
sys.modules["nfc"] = None
from harness.errors import UsageError
for room in ("nfc", "nfc_target"):
    try:
        __import__(f"harness.transport.{room}")
    except UsageError as error:
        print(error)
"""
RATS = b"\xe0\x80"
FROM_ENVIRONMENT = ("--can-from", "env:TEST_CAN", "--pin1-from", "env:TEST_PIN1")
QUICK = Ats.configured(fwi=6)  # 19 ms, and half a second that the reader adds at a UDP path


@pytest.fixture(autouse=True)
def _tidy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(nfc_target, "_POLL_SECONDS", 0.1)
    with nothing_left_open():
        yield


@pytest.mark.parametrize("name", PROFILES)
def test_the_played_card_is_read_whole_again_and_again(name: str) -> None:
    """Everything on the card crosses both drivers, for one reader after the other."""
    path, visits = udp_path(), list[Visit]()
    card = EmulatedCard(image_of(name))
    with played(nfc_target.NfcTarget(card, path, observe=visits.append), at=path):
        for _ in range(2):
            reading, station = tap(path)
            assert is_whole(reading, image_of(name))
            assert reading.atr == contactless_atr(historical_bytes(card.atr))
            assert station.statistics is not None
            assert station.statistics().bytes_received > 3000
    assert visits == [Visit.BEGUN, Visit.ENDED] * 2


def test_once_serves_the_first_reader_only() -> None:
    """After the first reader has left the service ends by itself."""
    path = udp_path()
    with played(nfc_target.NfcTarget(EchoCard(), path), at=path, once=True) as thread:
        icc = nfc.NfcCard(path)
        assert icc.connect() == contactless_atr(historical_bytes(ATR))
        assert icc.transmit(GIVE_260)[-6:] == b"last\x90\x00"
        icc.disconnect()
        thread.join(10)
        assert not thread.is_alive()


def test_a_wrong_can_is_told() -> None:
    """The failure is that of the CAN, not of the link."""
    path = udp_path()
    with played(nfc_target.NfcTarget(EmulatedCard(image_of(THALES)), path), at=path):
        reading, _ = tap(path, Codes(Can("999999"), CODES.pin1, CODES.pin2))
    assert reading.outcome == "can-wrong"


class Leaving:
    """An `Icc` that is gone at one command."""

    def __init__(self, card: EmulatedCard, at: int) -> None:
        self._card = card
        self._left = at
        self.connect, self.disconnect = card.connect, card.disconnect

    def transmit(self, command: bytes) -> bytes:
        """Answer, unless this is the one."""
        self._left -= 1
        if self._left == 0:
            message = "the card was pulled"
            raise LinkError(message)
        return self._card.transmit(command)


@pytest.mark.parametrize("at", [3, 15])
def test_a_card_that_leaves_is_a_lost_link(at: int) -> None:
    """A card gone within PACE or behind it is lost without a try spent; back again, it is read."""
    path, card = udp_path(), EmulatedCard(image_of(IDEMIA))
    with played(nfc_target.NfcTarget(Leaving(card, at), path, QUICK), at=path):
        assert tap(path, profile=IDEMIA)[0].outcome == "link-lost"
        assert card.memory.tries("PIN1") == 3
        assert is_whole(tap(path, profile=IDEMIA)[0], image_of(IDEMIA))


class Departing:
    """A server that plays a card through nfcpy and leaves, in nfcpy's own words, after a while."""

    def __init__(self, icc: Icc, path: str, blocks: int) -> None:
        self._picc = IsoDepPicc(icc, QUICK)
        self._path = path
        self._blocks = blocks

    def serve(self, *, once: bool = False) -> None:
        """Answer some blocks, then say that the link is off."""
        assert not once
        with closing(nfc_device.Device(self._path)) as device:
            called = device.listen(b"\x08\x01\x02\x03", b"", 10.0)
            assert called is not None
            block = called.rats
            for _ in range(self._blocks):
                reply = self._picc.receive(block)
                assert reply is not None
                block = device.exchange(reply.frame, 10.0)
            driver, reader = device._frontend.device, device._frontend.target._addr
            driver._send_data("RFOFF", b"", reader)

    def stop(self) -> None:
        """It ends by itself."""


def test_a_broken_link_is_a_lost_link() -> None:
    """What nfcpy calls a broken link ends the read as a lost link."""
    path = udp_path()
    with played(Departing(EmulatedCard(image_of(IDEMIA)), path, 20)):
        reading, _ = tap(path, profile=IDEMIA)
    assert reading.outcome == "link-lost"


def test_what_nfcpy_raises_is_told_apart() -> None:
    """Silence, damage and the end of the field are different errors, and all of the link."""
    path = udp_path()
    with (
        closing(nfc_device.Device(path)) as device,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reader,
    ):
        reader.connect(("127.0.0.1", port_of(path)))
        call = threading.Timer(0.3, reader.send, [b"106A e080"])
        call.start()
        assert device.listen(b"\x08\x01\x02\x03", b"", 10.0) == nfc_device.Called(RATS, None)
        call.join()
        with pytest.raises(nfc_device.Silence):
            device.exchange(None, 0.1)
        for word, error in ((b"106A", nfc_device.Garbled), (b"RFOFF", nfc_device.FieldGone)):
            reader.send(word)
            with pytest.raises(error):
                device.exchange(None, 10.0)
    with pytest.raises(nfc_device.DeviceGone, match="connect again"):
        device.exchange(RATS, 0.1)


def test_damage_alone_does_not_hold_the_card_for_ever() -> None:
    """After a row of damaged blocks the card waits for a reader again; a malformed RATS is none."""
    path, visits = udp_path(), list[Visit]()
    target = nfc_target.NfcTarget(EchoCard(), path, observe=visits.append)
    with (
        played(target),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reader,
    ):
        reader.connect(("127.0.0.1", port_of(path)))
        for word in (b"106A e0", b"106A e08f"):
            visits.clear()
            await_visits(visits, partial(reader.send, word), Visit.BEGUN)
            await_visits(visits, partial(reader.send, b"106A"), Visit.ENDED)
        icc = nfc.NfcCard(path)
        assert icc.connect()[0] == 0x3B
        icc.disconnect()


def await_visits(visits: list[Visit], act: Callable[[], object], last: Visit) -> None:
    """Do something over and over until the last visit is this one."""
    deadline = time.monotonic() + 10
    while visits[-1:] != [last]:
        assert time.monotonic() < deadline
        with suppress(ConnectionRefusedError):
            act()
        time.sleep(0.02)


def test_a_reader_that_vanished_makes_room_for_the_next() -> None:
    """A reader that dies without switching its field off does not keep the card to itself."""
    path, visits = udp_path(), list[Visit]()
    with played(nfc_target.NfcTarget(EchoCard(), path, observe=visits.append), at=path):
        dead = nfc.NfcCard(path)
        dead.connect()
        driver = dead._reader._device._frontend.device
        driver.socket.close()
        driver.socket = None
        driver._create_socket()  # one that has heard nothing, and has nobody to say goodbye to
        alive = nfc.NfcCard(path)
        alive.connect()
        assert alive.transmit(b"\x00\xb0\x00\x00") == b"\x00\xb0\x00\x00\x90\x00"
        alive.disconnect()
        dead.disconnect()
    assert visits == [Visit.BEGUN, Visit.ENDED] * 2


def test_nobody_there_is_no_card() -> None:
    """A UDP port where no card is played is an empty field."""
    with pytest.raises(NoCardError, match="hold one to it"):
        nfc.NfcCard(udp_path(), wait_seconds=0.0).connect()


def test_a_taken_port_is_told() -> None:
    """Two cards cannot be played at one port."""
    path = udp_path()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", port_of(path)))
        with pytest.raises(UsageError, match="is taken; choose another"):
            nfc_target.NfcTarget(EchoCard(), path).serve()


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("", UsageError),
        ("usbstick", UsageError),
        ("/dev/ttyUSB0", UsageError),
        ("udp:localhost:x", UsageError),
        ("udp:localhost:65536", UsageError),
        ("tty:/dev/null:pn5180", UsageError),
        ("tty:/dev/null:pn532", NoReaderError),
        ("tty:/dev/no-such-port:pn532", NoReaderError),
        ("tty:NOSUCHPORT:pn532", NoReaderError),
        ("usb:dead:beef", NoReaderError),
    ],
)
def test_a_path_that_leads_nowhere_is_told(path: str, error: type[Exception]) -> None:
    """A path without meaning is the caller's fault, a device that is not there is no reader."""
    with pytest.raises(error, match=r"path of an NFC device|plug (one|it) in"):
        nfc.NfcCard(path).connect()


def test_without_nfcpy_the_extra_is_named() -> None:
    """Importing either room without nfcpy is a UsageError that says what to install."""
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_NFCPY], capture_output=True, check=True, text=True
    )
    lines = told.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.endswith("pip install 'eidrig[nfc]'") for line in lines)


def eidrig_read(place: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, document and last words of `eidrig read` as a program of its own."""
    told = subprocess.run(
        [EIDRIG, "read", "--card", place, "--json", *FROM_ENVIRONMENT],
        env=os.environ | {"TEST_CAN": "123456", "TEST_PIN1": "1234"},
        capture_output=True,
        check=False,
        text=True,
    )
    return told.returncode, json.loads(told.stdout), told.stderr


@pytest.mark.parametrize("name", PROFILES)
def test_one_program_reads_the_card_that_another_plays(name: str) -> None:
    """`eidrig read` reads the card of `eidrig emulate`, which ends after its one reader."""
    place = f"nfc:{udp_path()}"
    with subprocess.Popen(
        [EIDRIG, "emulate", name, "--at", place, "--once"], stdout=subprocess.PIPE, text=True
    ) as emulate:
        code, document, words = eidrig_read(place)
        said, _ = emulate.communicate(timeout=20)
    assert (code, words) == (0, "")
    assert (document["outcome"], document["profile"]) == ("ok", name)
    assert document["pin1"]["verified"] is True
    assert emulate.returncode == 0
    assert said.splitlines()[-3:] == [Visit.BEGUN.value, Visit.ENDED.value, "stopped"]


def test_the_program_says_what_it_lacks() -> None:
    """A place of no meaning is exit code 2, a device that is not there 3; both in one sentence."""
    for place, code, outcome in (
        ("nfc:nowhere", USAGE, "usage"),
        ("nfc:tty:/dev/no-such-port:pn532", LINK, "no-reader"),
    ):
        ended, document, words = eidrig_read(place)
        assert (ended, document["outcome"]) == (code, outcome)
        assert words.startswith("eidrig: ")
        assert words.count("\n") == 1
