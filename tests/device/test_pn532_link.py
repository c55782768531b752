"""The simulated PN532, spoken to byte by byte through a real serial port driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from fixtures.echo_card import EchoCard
from fixtures.nfc_udp import nothing_left_open
from fixtures.pn532 import Pn532
from fixtures.pn532_firmware import VERSION, Firmware, Status
from fixtures.pn532_frame import ACK, ERROR, NACK, FrameReader, HostFrame, encode
from fixtures.rf_field import Facing, Identity, LaidCard
from harness.isodep.atqb import Atqb
from harness.isodep.picc import IsoDepPicc

serial = pytest.importorskip("serial", reason="pyserial is missing: pip install 'eidrig[nfc]'")

WAKE_UP = bytes(10)
GET_VERSION = bytes.fromhex("0000FF02FED4022A00")
SAYS_VERSION = bytes.fromhex("0000FF06FAD50332010607E800")
PUPI = bytes.fromhex("08451D20")
FIELD_OFF, FIELD_ON = b"\x32\x01\x00", b"\x32\x01\x01"
FIND_A, FIND_B = b"\x4a\x01\x00", b"\x4a\x01\x03\x00"
RATS = b"\xe0\x80"


class Host:
    """A serial port with a chip behind it."""

    def __init__(self, chip: Pn532) -> None:
        self.port: Any = serial.Serial(chip.line.path, 115200, timeout=5)

    def close(self) -> None:
        """Close the port."""
        self.port.close()

    def is_silent(self) -> bool:
        """Whether nothing more comes."""
        self.port.timeout = 0.1
        silent = not self.port.read(1)
        self.port.timeout = 5
        return silent

    def read(self) -> bytes:
        """The data of the next frame, without its identifier."""
        frames = FrameReader()
        while not (found := frames.feed(self.port.read(1))):
            pass
        assert found[0].data is not None
        assert found[0].data[0] == 0xD5
        assert self.port.read(1) == b"\x00"  # postamble
        return found[0].data[1:]

    def command(self, data: bytes) -> bytes:
        """The answer to a command, without its code, after the ACK."""
        self.port.write(encode(b"\xd4" + data))
        assert self.port.read(6) == ACK
        answer = self.read()
        assert answer[0] == data[0] + 1
        return answer[1:]

    def is_refused(self, data: bytes) -> bool:
        """Whether a command is answered with an error frame, after the ACK."""
        self.port.write(encode(b"\xd4" + data))
        return bool(self.port.read(6 + len(ERROR)) == ACK + ERROR)


@pytest.fixture(autouse=True)
def _tidy() -> Iterator[None]:
    with nothing_left_open():
        yield


@pytest.fixture
def host_of() -> Iterator[Callable[[Firmware], Host]]:
    """A way to power a chip up and open its port; all are gone afterwards."""
    with ExitStack() as stack:

        def powered(firmware: Firmware) -> Host:
            chip = stack.enter_context(Pn532(firmware))
            host = stack.enter_context(closing(Host(chip)))
            host.port.write(WAKE_UP)
            return host

        yield powered


@pytest.fixture
def chip() -> Iterator[Pn532]:
    """A chip with nothing in its field, still asleep."""
    with Pn532() as chip:
        yield chip


@pytest.fixture
def host(chip: Pn532) -> Iterator[Host]:
    """Its host, which has woken it."""
    with closing(Host(chip)) as host:
        host.port.write(WAKE_UP)
        yield host


def test_the_frames_are_those_of_the_manual() -> None:
    """Normal and extended frames are built as printed in the user manual, and read back."""
    assert encode(b"\xd4\x02") == GET_VERSION
    long = encode(b"\xd4\x00" + bytes(263))
    assert long.startswith(bytes.fromhex("0000FFFFFF0109F6D400"))
    assert len(long) == 3 + 5 + 265 + 2
    for data in (b"\xd4\x02", b"\xd4\x00" + bytes(253), b"\xd4\x00" + bytes(range(254))):
        (frame,) = FrameReader().feed(encode(data))
        assert frame == HostFrame("command", data, 1)


def test_frames_arrive_in_any_pieces() -> None:
    """A frame is the same however the line cuts it, with noise and zeros before it."""
    stream = b"\x55\x12" + WAKE_UP + GET_VERSION + ACK + NACK + encode(b"\xd4" + bytes(300))
    whole = FrameReader().feed(stream)
    frames = FrameReader()
    cut = [frame for byte in stream for frame in frames.feed(bytes([byte]))]
    assert cut == whole
    assert [frame.kind for frame in whole] == ["command", "ack", "nack", "command"]


def test_a_sleeping_chip_needs_a_long_preamble(chip: Pn532) -> None:
    """Without enough edges on the line a chip in low power does not hear its host."""
    with closing(Host(chip)) as host:
        host.port.write(GET_VERSION)
        assert host.is_silent()
        host.port.write(WAKE_UP + GET_VERSION)
        assert host.port.read(19) == ACK + SAYS_VERSION


def test_power_down_puts_it_to_sleep_again(host: Host, chip: Pn532) -> None:
    """After PowerDown it answers nothing until it is woken."""
    assert host.command(b"\x16\x70") == Status.OK.alone
    assert chip.is_asleep
    host.port.write(GET_VERSION)
    assert host.is_silent()


@pytest.mark.parametrize("damage", [3, 4, 6, 7])
def test_a_damaged_frame_is_not_answered(host: Host, damage: int) -> None:
    """A wrong length, data or checksum gets neither ACK nor answer, and the next frame does."""
    frame = bytearray(GET_VERSION)
    frame[damage] ^= 0x40
    host.port.write(bytes(frame))
    assert host.is_silent()
    host.port.write(bytes(300) + GET_VERSION)  # fills up what a wrong length announced
    assert host.port.read(19) == ACK + SAYS_VERSION


def test_a_nack_asks_for_the_last_answer_again(host: Host) -> None:
    """The answer is sent once more, without an ACK before it."""
    assert host.command(b"\x02") == VERSION
    host.port.write(NACK)
    assert host.port.read(13) == SAYS_VERSION


def test_an_unknown_command_gets_an_error_frame(host: Host) -> None:
    """What it cannot do, or with parameters of no meaning, it acknowledges and refuses."""
    for data in (b"\x7e", b"\x00\x09", b"\x14\x09", b"\x32\x7f", b"\x06\x63", b"\x8c\x01", b"\x10"):
        assert host.is_refused(data)


def test_the_line_test_echoes_the_longest_frame(host: Host) -> None:
    """Diagnose sends back all of 262 bytes, in an extended frame."""
    data = b"\x00" + bytes(number & 0xFF for number in range(262))
    assert host.command(b"\x00" + data) == data
    assert host.command(b"\x00\x01") == Status.OK.alone


def test_registers_keep_what_is_written(host: Host) -> None:
    """WriteRegister and ReadRegister take any number of registers at once."""
    assert host.command(bytes.fromhex("08 6302 83 6303 80")) == b""
    assert host.command(bytes.fromhex("06 6302 6303 6301")) == b"\x83\x80\x00"


def test_the_baud_rate_changes_after_the_hosts_ack(host: Host, chip: Pn532) -> None:
    """The answer still comes at the old rate; from the ACK on only the new one is heard."""
    assert host.command(b"\x10\x07") == b""
    assert chip.baud_rate == 115200
    host.port.write(ACK)
    assert host.is_silent()
    assert chip.baud_rate == 921600
    host.port.write(GET_VERSION)
    assert host.is_silent()
    host.port.baudrate = 921600
    assert host.command(b"\x02") == VERSION


def test_an_empty_field_is_told(host: Host) -> None:
    """Nothing is found, and the request is still in the FIFO, by which a driver knows."""
    for search in (FIND_A, FIND_B, b"\x4a\x01\x01\x00\xff\xff\x01\x00"):
        assert host.command(search) == b"\x00"
    assert host.command(bytes.fromhex("06 6339")) == b"\x26"
    assert host.command(b"\x42\xe0\x80") == Status.TIMEOUT.alone
    assert host.command(b"\x40\x01\x00") == Status.WRONG_CONTEXT.alone
    assert host.command(b"\x54\x01") == Status.WRONG_CONTEXT.alone


def test_a_card_of_type_a_is_found_and_heard(host_of: Callable[[Firmware], Host]) -> None:
    """It is reported with ATQA, SAK and UID; frames pass until the field goes off."""
    host = host_of(Firmware(LaidCard(IsoDepPicc(EchoCard()), Identity())))
    assert host.command(FIND_A) == bytes.fromhex("0101 0004 20 04 08A1B2C3")
    assert host.command(b"\x04")[2] == 1
    assert host.command(b"\x54\x01") == Status.OK.alone
    assert host.command(b"\x42" + RATS)[:1] == Status.OK.alone
    assert host.command(b"\x40\x01\x02\x00\x00")[:2] == b"\x00\x02"
    assert host.command(b"\x52\x00") == Status.OK.alone
    assert host.command(FIELD_OFF) == b""
    assert host.command(b"\x42\x02\x00") == Status.TIMEOUT.alone
    host.command(FIELD_ON)
    assert host.command(b"\x42\xb2") == Status.TIMEOUT.alone  # it has lost its state


def test_a_card_of_type_b_is_found_and_attached(host_of: Callable[[Firmware], Host]) -> None:
    """It is reported with its ATQB and its answer to the ATTRIB that the chip sends by itself."""
    atqb = Atqb.configured(PUPI)
    host = host_of(Firmware(LaidCard(IsoDepPicc(EchoCard(), atqb))))
    assert host.command(FIND_A) == b"\x00"
    assert host.command(FIND_B) == b"\x01\x01" + atqb.encode() + b"\x01\x01"
    assert host.command(b"\x42\xca\x01") == b"\x00\xca\x01"
    assert host.command(b"\x42\x05\x00\x08") == b"\x00" + atqb.encode()


def test_the_waiting_time_is_the_one_configured(host_of: Callable[[Firmware], Host]) -> None:
    """Without a limit a silent card keeps the chip waiting, until the host's ACK ends it."""
    host = host_of(Firmware(LaidCard(IsoDepPicc(EchoCard()), Identity())))
    host.command(FIND_A)
    assert host.command(b"\x32\x02\x00\x0b\x00") == b""
    host.port.write(encode(b"\xd4\x42\x02\x00"))
    assert host.port.read(6) == ACK
    assert host.is_silent()
    host.port.write(ACK)
    assert host.command(b"\x02") == VERSION


def init_as_target(sens_res: str = "0400", uid: str = "112233", sel_res: str = "20") -> bytes:
    """TgInitAsTarget for a card of type A."""
    return bytes.fromhex("8C 01" + sens_res + uid + sel_res) + bytes(18 + 10 + 2)


def test_two_chips_talk_over_one_field(host_of: Callable[[Firmware], Host]) -> None:
    """What one sends as a reader the other hears as a card, and back, until the field goes off."""
    facing = Facing()
    reader, card = host_of(Firmware(facing)), host_of(Firmware(facing=facing))
    assert reader.command(FIND_A) == b"\x00"
    assert card.command(b"\x88") == Status.WRONG_CONTEXT.alone
    assert card.command(b"\x90\x01") == Status.WRONG_CONTEXT.alone
    card.port.write(encode(b"\xd4" + init_as_target()))
    assert card.port.read(6) == ACK
    assert reader.command(FIND_A) == bytes.fromhex("0101 0004 20 04 08112233")
    reader.command(b"\x32\x02\x00\x0b\x10")
    reader.port.write(encode(b"\xd4\x42" + RATS))
    assert reader.port.read(6) == ACK
    assert card.read() == b"\x8d\x00" + RATS
    assert card.command(b"\x8a") == b"\x01\x00"
    assert card.command(b"\x90\x02\x72\x00") == Status.OK.alone
    assert reader.read() == b"\x43\x00\x02\x72\x00"
    reader.command(FIELD_OFF)
    assert card.command(b"\x88") == Status.RELEASED.alone
    assert card.command(b"\x90\x00") == Status.RELEASED.alone


def test_a_card_that_no_longer_listens_is_not_found(host_of: Callable[[Firmware], Host]) -> None:
    """A host that takes TgInitAsTarget back makes its chip fall silent."""
    facing = Facing()
    reader, card = host_of(Firmware(facing)), host_of(Firmware(facing=facing))
    card.port.write(encode(b"\xd4" + init_as_target()) + ACK)
    assert card.port.read(6) == ACK
    assert card.command(b"\x02") == VERSION
    assert reader.command(FIND_A) == b"\x00"
