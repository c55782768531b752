"""A card plugged into a real pcscd by the vsmartcard protocol and reached through pyscard."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from fixtures.echo_card import (
    ATR,
    GIVE_260,
    PULL,
    SELECT,
    WHAT_IS_SELECTED,
    EchoCard,
    served,
)
from fixtures.pcscd import CLIENT_SOCKET, Pcscd, VirtualReader
from harness.errors import LinkError, NoCardError, NoReaderError, UsageError
from harness.icc import Icc
from harness.transport import doctor
from harness.transport.limits import EXTENDED, SHORT_ONLY
from harness.transport.tcp import Dialling
from harness.transport.vpcd import VpcdCard

pytest.importorskip("smartcard", reason="pyscard is missing: pip install 'eidrig[pcsc]'")
pcsc = import_module("harness.transport.pcsc")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.transport.pcsc import PcscCard

WAIT = 20.0
WITHOUT_PYSCARD = """
import sys
sys.modules["smartcard"] = None
from harness.errors import UsageError
try:
    import harness.transport.pcsc
except UsageError as error:
    print(error)
"""
CONNECT = """
from harness.errors import EidrigError
from harness.transport.pcsc import PcscCard, list_readers
for attempt in (list_readers, PcscCard("").connect):
    try:
        print(attempt(), end=" ")
    except EidrigError as error:
        print(type(error).__name__, error)
"""


def await_presence(name: str, *, present: bool) -> None:
    """Wait until pcscd has noticed that a card came or left; it looks every 0.4 s."""
    deadline = time.monotonic() + WAIT
    while {reader.name: reader.card_present for reader in pcsc.list_readers()}[name] != present:
        assert time.monotonic() < deadline, f"pcscd never saw card_present={present}"
        time.sleep(0.02)


@contextmanager
def plugged(card: EchoCard, slot: VirtualReader) -> Iterator[None]:
    """Keep a card in a slot while the block runs; the slot is empty again afterwards."""
    with served(VpcdCard(card, Dialling("127.0.0.1", slot.port))):
        await_presence(slot.name, present=True)
        yield
    await_presence(slot.name, present=False)


@pytest.fixture
def echo(virtual_reader: VirtualReader) -> Iterator[EchoCard]:
    """Plug a card into the virtual reader."""
    card = EchoCard()
    with plugged(card, virtual_reader):
        yield card


@pytest.fixture
def icc(virtual_reader: VirtualReader) -> Iterator[PcscCard]:
    """Give whatever card is in the virtual reader, through PC/SC."""
    card = pcsc.PcscCard(re.escape(virtual_reader.name))
    yield card
    card.disconnect()


def test_the_card_behind_pcscd_is_the_card_itself(echo: EchoCard, icc: PcscCard) -> None:
    """ATR, commands and answers pass through pcscd unchanged."""
    del echo
    assert isinstance(icc, Icc)
    assert icc.connect() == ATR
    assert icc.transmit(SELECT) == b"\x90\x00"
    assert icc.transmit(WHAT_IS_SELECTED) == SELECT[5:] + b"\x90\x00"


def test_long_answers_and_extended_commands_pass(echo: EchoCard, icc: PcscCard) -> None:
    """More than 256 bytes pass in both directions, up to what the reader announces."""
    del echo
    icc.connect()
    assert icc.transmit(GIVE_260) == bytes(range(256)) + b"last\x90\x00"
    command = bytes.fromhex("00D6000000") + (4000).to_bytes(2) + bytes(4000)
    assert icc.transmit(command) == command + b"\x90\x00"


def test_the_reader_says_that_it_takes_extended_commands(echo: EchoCard, icc: PcscCard) -> None:
    """The limit comes from the driver's own properties, and more than it is refused."""
    del echo
    icc.connect()
    assert icc.max_command == EXTENDED
    with pytest.raises(UsageError, match=f"at most {EXTENDED} bytes"):
        icc.transmit(bytes(EXTENDED + 1))


def test_a_card_of_t0_only_gets_its_commands_as_t0_has_them(
    icc: PcscCard, virtual_reader: VirtualReader
) -> None:
    """With T=0 only short commands pass, and no Le follows data."""
    with plugged(EchoCard(atr=b"\x3b\x00"), virtual_reader):
        assert icc.connect() == b"\x3b\x00"
        assert icc.max_command == SHORT_ONLY
        command = bytes.fromhex("00DA00000201020A")
        assert icc.transmit(command) == command[:-1] + b"\x90\x00"


def test_connect_means_from_power_off(
    echo: EchoCard, icc: PcscCard, virtual_reader: VirtualReader
) -> None:
    """What an earlier session selected is gone, though pcscd keeps the card powered."""
    icc.connect()
    icc.transmit(SELECT)
    icc.connect()
    assert icc.transmit(WHAT_IS_SELECTED) == b"none\x90\x00"
    again = pcsc.PcscCard(re.escape(virtual_reader.name))
    icc.disconnect()
    again.connect()
    again.disconnect()
    assert echo.calls.count("connect") >= 3


def test_a_pulled_card_is_a_link_error_and_comes_back(
    echo: EchoCard, icc: PcscCard, virtual_reader: VirtualReader
) -> None:
    """A card pulled within a command blames the link; laid back, it connects again."""
    del echo
    icc.connect()
    with pytest.raises(LinkError):
        icc.transmit(PULL)
    with pytest.raises(LinkError):
        icc.transmit(SELECT)
    icc.disconnect()
    await_presence(virtual_reader.name, present=False)
    await_presence(virtual_reader.name, present=True)
    assert icc.connect() == ATR


def test_a_card_pulled_between_commands_is_a_link_error(
    icc: PcscCard, virtual_reader: VirtualReader
) -> None:
    """A card that left while nothing was sent is missed by the next command, and then absent."""
    with plugged(EchoCard(), virtual_reader):
        icc.connect()
    with pytest.raises(LinkError, match="removed"):
        icc.transmit(SELECT)
    with pytest.raises(NoCardError, match="no card in"):
        icc.connect()


def test_a_held_card_is_held_exclusively(
    echo: EchoCard, icc: PcscCard, virtual_reader: VirtualReader
) -> None:
    """A second program is told that the card is in use, and gets it when the first lets go."""
    del echo
    second = pcsc.PcscCard(re.escape(virtual_reader.name))
    icc.connect()
    with pytest.raises(LinkError, match="another program uses the card"):
        second.connect()
    icc.disconnect()
    assert second.connect() == ATR
    second.disconnect()


def test_an_empty_reader_has_no_card(icc: PcscCard, virtual_reader: VirtualReader) -> None:
    """A reader without a card is named."""
    with pytest.raises(NoCardError, match=f"no card in {virtual_reader.name}"):
        icc.connect()


def test_transmit_without_connect_is_a_link_error(icc: PcscCard) -> None:
    """A command before any card says to connect first."""
    with pytest.raises(LinkError, match="connect first"):
        icc.transmit(SELECT)


def test_two_readers_matching_are_both_named(pcscd: Pcscd) -> None:
    """A pattern that fits two readers is the caller's to narrow."""
    first, second = (slot.name for slot in pcscd.slots)
    with pytest.raises(UsageError, match=f"more than one reader: {first}, {second}"):
        pcsc.PcscCard("VIRTUAL").connect()


def test_no_reader_matching_lists_the_readers(pcscd: Pcscd) -> None:
    """A pattern that fits none is answered with what there is."""
    first, second = (slot.name for slot in pcscd.slots)
    with pytest.raises(NoReaderError, match=f"'ACR1252'; there are: {first}, {second}"):
        pcsc.PcscCard("ACR1252").connect()


def test_a_broken_pattern_is_refused_at_once() -> None:
    """A pattern that is no regular expression is refused before any reader is touched."""
    with pytest.raises(UsageError, match="not a regular expression"):
        pcsc.PcscCard("(")


def test_without_pyscard_the_extra_is_named() -> None:
    """Importing the room without pyscard is a UsageError that says what to install."""
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_PYSCARD], capture_output=True, check=True, text=True
    )
    assert told.stdout.strip().endswith("pip install 'eidrig[pcsc]'")


def failure_with(service: Path) -> str:
    """Return how connecting fails in a new process whose pcscd is at `service`."""
    told = subprocess.run(
        [sys.executable, "-c", CONNECT],
        env=os.environ | {CLIENT_SOCKET: os.fspath(service)},
        capture_output=True,
        check=True,
        text=True,
    )
    return told.stdout.strip()


def test_no_reader_at_all(pcscd_without_readers: Pcscd) -> None:
    """A service without readers lists none and asks for one to be plugged in."""
    assert failure_with(pcscd_without_readers.socket) == (
        "[] NoReaderError there is no card reader; plug one in"
    )


def test_no_service(tmp_path: Path) -> None:
    """Without a pcscd both the card and the list of readers say how to start it."""
    told = failure_with(tmp_path / "nobody")
    assert told.count("NoReaderError the smart card service is not running; start it") == 2


def test_list_readers_tells_which_has_a_card(echo: EchoCard, pcscd: Pcscd) -> None:
    """Each reader is listed with its card's ATR, or none."""
    del echo
    full, empty = pcscd.slots
    assert pcsc.list_readers() == [
        pcsc.Reader(full.name, card_present=True, atr=ATR),
        pcsc.Reader(empty.name, card_present=False, atr=b""),
    ]


def test_polling_does_not_activate_the_card(echo: EchoCard, pcscd: Pcscd) -> None:
    """Pcscd's look for a card, over and over, does not activate it each time."""
    before = list(echo.calls)
    for _ in range(20):
        pcsc.list_readers()
    assert echo.calls == before
    assert pcscd.log.exists()


def test_the_card_comes_back_when_pcscd_restarts(
    echo: EchoCard, icc: PcscCard, pcscd: Pcscd, virtual_reader: VirtualReader
) -> None:
    """A restart of pcscd is a LinkError for its client, and the card plugs itself in again."""
    del echo
    icc.connect()
    pcscd.stop()
    with pytest.raises(LinkError):
        icc.transmit(SELECT)
    icc.disconnect()
    pcscd.start()
    await_presence(virtual_reader.name, present=True)
    assert icc.connect() == ATR
    assert icc.transmit(SELECT) == b"\x90\x00"


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="TCP_QUICKACK is Linux only")
def test_quickack_is_set_for_every_command(
    virtual_reader: VirtualReader, icc: PcscCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card acknowledges at once, at least twice a command, as Debian's driver needs it."""
    acknowledged: list[int] = []

    class Watched(socket.socket):
        def setsockopt(self, *args: int) -> None:  # type: ignore[override]
            acknowledged.extend(arg for arg in args if arg == socket.TCP_QUICKACK)
            super().setsockopt(*args)

    monkeypatch.setattr(socket, "socket", Watched)
    with plugged(EchoCard(), virtual_reader):
        icc.connect()
        acknowledged.clear()
        for _ in range(10):
            icc.transmit(SELECT)
        assert len(acknowledged) >= 20


def test_doctor_sees_the_service_and_its_readers(echo: EchoCard, pcscd: Pcscd) -> None:
    """The doctor finds pcscd running, and which of its readers has a card."""
    del echo
    findings = {finding.name: finding for finding in doctor.examine()}
    full, empty = pcscd.slots
    assert findings["smart card service"].ok is True
    assert findings["readers"].detail == f"{full.name} (card), {empty.name} (empty)"
    assert findings["virtual reader driver"].ok is True
