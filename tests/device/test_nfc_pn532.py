"""Whole reads through nfcpy's own PN532 driver and a simulated chip, as reader and as card."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib import import_module

import pytest

from fixtures.cards import IDEMIA, PROFILES, THALES, image_of
from fixtures.echo_card import GIVE_260, EchoCard
from fixtures.nfc_udp import CODES, is_whole, nothing_left_open, played, tap
from fixtures.pn532 import Pn532
from fixtures.pn532_firmware import Fault, Firmware
from fixtures.rf_field import Facing, Identity, LaidCard
from harness.emulator.card import EmulatedCard
from harness.errors import LinkError, NoCardError, NoReaderError, UsageError
from harness.icc import Icc
from harness.isodep.atqb import Atqb
from harness.isodep.ats import Ats
from harness.isodep.picc import IsoDepPicc
from harness.secret import Can
from harness.station import Codes
from harness.transport.vpcd import Visit

pytest.importorskip("nfc", reason="nfcpy is missing: pip install 'eidrig[nfc]'")
nfc = import_module("harness.transport.nfc")
nfc_device = import_module("harness.transport.nfc_device")
nfc_target = import_module("harness.transport.nfc_target")

PUPI = bytes.fromhex("08451D20")
NEVER = 0.0


@pytest.fixture(autouse=True)
def _tidy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(nfc_target, "_POLL_SECONDS", 0.1)
    # Both hosts share this machine with everything else that it does.
    monkeypatch.setattr(nfc, "_SLACK_SECONDS", 0.2)
    with nothing_left_open():
        yield


def laid(card: Icc, identity: Ats | Atqb | None = None) -> LaidCard:
    """A card on an antenna, of the type of its identity."""
    found_as = None if isinstance(identity, Atqb) else Identity()
    return LaidCard(IsoDepPicc(card, identity), found_as)


def with_card(name: str, faults: dict[int, Fault] | None = None) -> Pn532:
    """A chip with an emulated card in its field."""
    return Pn532(Firmware(laid(EmulatedCard(image_of(name))), faults=faults))


@pytest.mark.parametrize("name", PROFILES)
def test_a_card_of_type_a_is_read_whole(name: str) -> None:
    """Driver and chip carry every command once, and the chip ends asleep at its first speed."""
    with with_card(name) as chip:
        reading, station = tap(chip.place)
        assert is_whole(reading, image_of(name))
        assert station.statistics is not None
        assert station.statistics().retransmissions == 0
        assert station.statistics().frames_sent == chip.firmware.exchanges
        assert (chip.baud_rate, chip.is_asleep, chip.firmware.field_on) == (115200, True, False)


def test_the_driver_uses_the_fast_line_and_no_protocol_of_the_chip() -> None:
    """The line speeds up, the chip's automatic RATS is off, and blocks pass InCommunicateThru."""
    with with_card(IDEMIA) as chip:
        tap(chip.place)
        assert chip.commands.count(0x10) == 2
        assert {0x12, 0x14, 0x32, 0x4A, 0x42, 0x16} <= set(chip.commands)
        assert 0x40 not in chip.commands


@pytest.mark.parametrize("name", PROFILES)
def test_a_card_of_type_b_is_read_whole(name: str) -> None:
    """After a search for type A in vain, WUPB and ATTRIB of our own replace those of the chip."""
    card = laid(EmulatedCard(image_of(name)), Atqb.configured(PUPI))
    with Pn532(Firmware(card)) as chip:
        reading, _ = tap(chip.place, profile=name)
        assert is_whole(reading, image_of(name))
    attribs = [frame for frame in card.heard if frame[0] == 0x1D]
    assert [frame[6] & 0x0F for frame in attribs] == [5, 8]  # 64 bytes, then 256


@pytest.mark.parametrize("identity", [Ats.configured(4096), Atqb.configured(PUPI, 4096)])
def test_frames_stay_within_what_the_chip_carries(identity: Ats | Atqb) -> None:
    """A card that takes frames of 4096 bytes is spoken to in frames of at most 265."""
    card = laid(EchoCard(), identity)
    with Pn532(Firmware(card)) as chip:
        icc = nfc.NfcCard(chip.place)
        icc.connect()
        command = bytes.fromhex("00D6000000") + (3000).to_bytes(2) + bytes(range(250)) * 12
        assert icc.transmit(command) == command + b"\x90\x00"
        assert icc.transmit(GIVE_260)[-6:] == b"last\x90\x00"
        icc.disconnect()
    assert 256 < max(map(len, card.heard)) + 2 <= 265


def test_every_connect_is_from_power_off() -> None:
    """The field goes off in between, and the card has forgotten what was selected."""
    with Pn532(Firmware(laid(card := EchoCard()))) as chip:
        icc = nfc.NfcCard(chip.place)
        for _ in range(2):
            icc.connect()
        icc.disconnect()
    assert card.calls[:3] == ["connect", "disconnect", "connect"]


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.MUTE, Fault.CRC])
@pytest.mark.parametrize("at", [7, 20, 33])
def test_a_lost_or_damaged_block_is_recovered(fault: Fault, at: int) -> None:
    """What the chip reports as a time-out or a wrong CRC leads to R(NAK) and to the right data."""
    with with_card(THALES, {at: fault}) as chip:
        reading, station = tap(chip.place)
    assert is_whole(reading, image_of(THALES))
    assert station.statistics is not None
    assert station.statistics().retransmissions > 0


def test_a_lost_rats_is_sent_again() -> None:
    """The first frame of all may be repeated once."""
    with with_card(IDEMIA, {1: Fault.LOST}) as chip:
        assert tap(chip.place)[0].outcome == "ok"


def test_a_card_that_leaves_is_a_lost_link() -> None:
    """After as many time-outs as the reader has patience the card is given up, and no try spent."""
    faults = dict.fromkeys(range(20, 200), Fault.LOST)
    with with_card(IDEMIA, faults) as chip:
        reading, _ = tap(chip.place)
        assert reading.outcome == "link-lost"
        assert chip.is_asleep


def test_an_unplugged_reader_is_a_lost_link_and_then_no_reader() -> None:
    """A plug pulled within a read loses the card; the next read finds no reader."""
    with with_card(IDEMIA, {25: Fault.UNPLUG}) as chip:
        reading, _ = tap(chip.place)
        assert reading.outcome == "link-lost"
        assert isinstance(reading.error, LinkError)
        again, _ = tap(chip.place)
        assert again.outcome == "no-reader"
        assert "plug it in" in str(again.error)


def test_a_chip_that_does_not_answer_is_no_reader() -> None:
    """A serial port whose chip does not understand us is not taken for a reader."""
    with Pn532() as chip:
        chip.baud_rate = 460800  # left behind by a program that did not say goodbye
        with pytest.raises(NoReaderError, match="cannot be used"):
            nfc.NfcCard(chip.place).connect()


def test_an_empty_field_is_no_card() -> None:
    """The reader waits for a card as long as it was told, and then says so."""
    with Pn532() as chip:
        with pytest.raises(NoCardError, match="hold one to it"):
            nfc.NfcCard(chip.place, wait_seconds=NEVER).connect()
        assert chip.is_asleep


def test_a_card_that_comes_late_is_found() -> None:
    """A search goes on until the card is there."""
    card = laid(EchoCard())
    card.present = False

    class Arriving:
        def now(self) -> float:
            return 0.0

        def sleep(self, seconds: float) -> None:
            card.present |= seconds > 0

    with Pn532(Firmware(card)) as chip:
        icc = nfc.NfcCard(chip.place, wait_seconds=1.0, clock=Arriving())
        assert icc.connect()[0] == 0x3B
        icc.disconnect()


def test_a_tag_that_is_no_smart_card_is_refused() -> None:
    """What does not speak ISO/IEC 14443-4 is not sent a RATS."""
    card = LaidCard(IsoDepPicc(EchoCard()), Identity(sel_res=0x08))
    with (
        Pn532(Firmware(card)) as chip,
        pytest.raises(NoCardError, match="does not speak ISO/IEC 14443-4"),
    ):
        nfc.NfcCard(chip.place).connect()
    assert card.heard == []


def test_a_card_without_connect_is_a_link_error() -> None:
    """Neither an APDU nor a block goes anywhere before the device is open."""
    with pytest.raises(LinkError, match="connect first"):
        nfc.NfcCard("usb").transmit(b"\x00\xa4\x00\x00")
    with pytest.raises(LinkError, match="connect first"):
        nfc.NfcReader("usb").exchange(b"\xe0\x80", 1.0)


@pytest.mark.parametrize("name", PROFILES)
def test_one_chip_reads_the_card_that_another_plays(name: str) -> None:
    """Reader, driver, chip, field, chip, driver and card: the whole read, and both chips sleep."""
    facing, visits = Facing(), list[Visit]()
    with Pn532(Firmware(facing)) as reader, Pn532(Firmware(facing=facing)) as card:
        target = nfc_target.NfcTarget(
            EmulatedCard(image_of(name)), card.place, observe=visits.append
        )
        with played(target):
            for _ in range(2):
                assert is_whole(tap(reader.place)[0], image_of(name))
        assert reader.is_asleep
        assert card.is_asleep
        assert card.baud_rate == 115200
    assert visits == [Visit.BEGUN, Visit.ENDED] * 2


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.MUTE, Fault.CRC])
def test_a_played_card_recovers_too(fault: Fault) -> None:
    """Blocks lost between two chips are asked for again, and the data are right."""
    facing = Facing()
    ats = Ats.configured(fwi=8, historical=bytes.fromhex("00233F536549440F9000"))
    with (
        Pn532(Firmware(facing, faults={12: fault})) as reader,
        Pn532(Firmware(facing=facing)) as card,
        played(nfc_target.NfcTarget(EmulatedCard(image_of(IDEMIA)), card.place, ats)),
    ):
        reading, station = tap(reader.place, profile=IDEMIA)
    assert is_whole(reading, image_of(IDEMIA))
    assert station.statistics is not None
    assert station.statistics().retransmissions > 0


def test_a_played_card_keeps_to_the_frames_of_its_reader() -> None:
    """The FSD of the RATS, which the driver answers by itself, still reaches the card."""
    facing = Facing()
    with (
        Pn532(Firmware(facing)) as reader,
        Pn532(Firmware(facing=facing)) as card,
        played(nfc_target.NfcTarget(EchoCard(), card.place)),
    ):
        link = nfc.NfcReader(reader.place)
        link.reset()
        ats = link.exchange(b"\xe0\x20", 1.0)  # FSD 32
        assert Ats.decode(ats).fsc == 256
        assert Ats.decode(ats).fwi == 13
        answer = link.exchange(b"\x02" + GIVE_260, 1.0)
        assert answer == b"\x12" + bytes(range(29))
        link.close()


def test_a_played_card_has_a_random_uid_each_time() -> None:
    """The UID begins with 08, and the rest comes from the source of randomness."""
    facing = Facing()
    drawn = iter((b"\x01\x02\x03", *[b"\xaa\xbb\xcc"] * 1000))
    with Pn532(Firmware(facing)) as reader, Pn532(Firmware(facing=facing)) as card:
        target = nfc_target.NfcTarget(EchoCard(), card.place, random_bytes=lambda _: next(drawn))
        with played(target):
            facing.power(on=True)
            seen = set()
            for _ in range(1000):
                found = facing.select()
                seen |= {found.uid} if found else set()
                if len(seen) == 2:
                    break
                time.sleep(0.001)
    assert seen == {b"\x08\x01\x02\x03", b"\x08\xaa\xbb\xcc"}
    assert reader.commands == []


def test_a_wrong_can_at_a_played_card_is_told() -> None:
    """The failure is that of the CAN, not of the link."""
    facing = Facing()
    with (
        Pn532(Firmware(facing)) as reader,
        Pn532(Firmware(facing=facing)) as card,
        played(nfc_target.NfcTarget(EmulatedCard(image_of(THALES)), card.place)),
    ):
        codes = Codes(Can("999999"), CODES.pin1, CODES.pin2)
        assert tap(reader.place, codes)[0].outcome == "can-wrong"


def test_an_unplugged_device_ends_the_service() -> None:
    """A played card whose device is gone does not wait for readers any more."""
    with Pn532() as chip:
        target = nfc_target.NfcTarget(EchoCard(), chip.place)
        raised: list[Exception] = []

        class Watched:
            stop = target.stop

            def serve(self, *, once: bool = False) -> None:
                try:
                    target.serve(once=once)
                except LinkError as error:
                    raised.append(error)

        with played(Watched()) as thread:
            while 0x8C not in chip.commands:
                thread.join(0.01)
            chip.unplug()
            thread.join(10)
        assert "plug it in again" in str(raised[0])


def test_a_device_without_type_b_looks_for_type_a_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chip whose driver cannot search for type B finds a card of type A all the same."""
    monkeypatch.setattr("nfc.clf.pn532.Chipset.in_list_passive_target_brty_range", (0,))
    with Pn532() as chip:
        with pytest.raises(NoCardError):
            nfc.NfcCard(chip.place, wait_seconds=NEVER).connect()
        assert chip.commands.count(0x4A) == 1


def test_a_device_that_cannot_be_a_card_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver without card emulation is the caller's to replace."""

    def cannot(*_: object) -> None:
        raise nfc_device.clf.UnsupportedTargetError

    monkeypatch.setattr("nfc.clf.pn532.Device.listen_tta", cannot)
    with Pn532() as chip:
        with pytest.raises(UsageError, match="cannot be a card; a PN532 can"):
            nfc_target.NfcTarget(EchoCard(), chip.place).serve()
        assert chip.is_asleep
