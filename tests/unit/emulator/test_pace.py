"""PACE and the secure channel of the emulated card, command by command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fixtures.cards import (
    CAN,
    IDEMIA,
    PROFILES,
    THALES,
    AnsweringCard,
    Talk,
    image_of,
    opened,
    pace_info,
    powered,
    profile_of,
    scalars,
)
from fixtures.vectors import G1_SET_AT, G1_SET_AT_WITH_PARAMETERS, ICAO_G1
from harness.apdu import CommandApdu, ResponseApdu
from harness.clock import VirtualClock
from harness.crypto.kdf import SessionKeys
from harness.crypto.suite import AES_128
from harness.emulator.card import EmulatedCard
from harness.emulator.front import SecureFront
from harness.emulator.memory import CardMemory
from harness.emulator.pace import PaceChip
from harness.errors import LinkError, UsageError, WrongPinError
from harness.mrz import Mrz
from harness.profile import Content, Interface, Pace
from harness.secret import Can, Secret
from harness.secure_messaging import TerminalSession
from harness.terminal.channel import CardChannel
from harness.terminal.pace import PaceTerminal

G1_RULES = Pace(
    oid=ICAO_G1.oid,
    parameter_id=ICAO_G1.parameter_id,
    nonce_size=16,
    passwords=("MRZ",),
    select_first="main",
    wrong_password=0x6300,
    source="ICAO 9303-11, appendix G.1",
)
SET_AT = {
    IDEMIA: "0022C1A412800A04007F0007020204020483010284010C00",
    THALES: "0022C1A40F800A04007F0007020204020483010200",
}


class Echo:
    """An application that answers with the command's data and notes its channels."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def execute(self, command: CommandApdu) -> ResponseApdu:
        """Answer with the data."""
        return ResponseApdu(command.data)

    def open_channel(self) -> None:
        """Note it."""
        self.noted.append("open")

    def close_channel(self) -> None:
        """Note it."""
        self.noted.append("close")


class Count:
    """Wrong passwords, kept in memory."""

    wrong_passwords = 0

    def set_wrong_passwords(self, count: int) -> None:
        """Keep the count."""
        self.wrong_passwords = count


def g1_draws() -> Callable[[int], int]:
    """The nonce and then both private keys of the chip in the worked example."""
    nonce = int.from_bytes(ICAO_G1.nonce, "big")
    return scalars(nonce + 1, ICAO_G1.chip_mapping[0], ICAO_G1.chip_ephemeral[0])


@pytest.mark.parametrize("set_at", [G1_SET_AT, G1_SET_AT_WITH_PARAMETERS])
def test_appendix_g1(set_at: str) -> None:
    """Given its nonce and keys, the chip answers every command of the worked example."""
    chip = PaceChip(G1_RULES, {"MRZ": Mrz(*ICAO_G1.mrz)}, Count(), VirtualClock(), g1_draws())
    application = Echo()
    front = SecureFront(chip, application)
    for command, answer in ((set_at, "9000"), *ICAO_G1.apdus):
        decoded = CommandApdu.decode(bytes.fromhex(command))
        assert front(decoded).encode().hex().upper() == answer
    assert application.noted == ["open"]
    keys = SessionKeys(AES_128, Secret(ICAO_G1.key_enc), Secret(ICAO_G1.key_mac))
    session, select = TerminalSession(keys), CommandApdu(0x00, 0xA4, 0x04, 0x0C, b"echo")
    assert session.unprotect(front(session.protect(select)), select).data == b"echo"


@pytest.mark.parametrize("name", PROFILES)
def test_shapes_of_the_answers(name: str) -> None:
    """Nonce and points have the sizes and headers that phones check byte for byte."""
    card = powered(name)
    assert card(SET_AT[name]) == "9000"
    nonce = card("10860000027C0000")
    assert nonce.startswith({IDEMIA: "7C228020", THALES: "7C128010"}[name])
    assert len(nonce) == {IDEMIA: 2 * 36 + 4, THALES: 2 * 20 + 4}[name]


@pytest.mark.parametrize(
    ("name", "data", "sw"),
    [
        (IDEMIA, "800A04007F00070202040204830102", "9000"),
        (IDEMIA, "800A04007F0007020204020483010284010C", "9000"),
        (IDEMIA, "800A04007F0007020204020483010284010D", "6A80"),
        (IDEMIA, "800A04007F00070202040202830102", "6A80"),
        (IDEMIA, "830102", "6A80"),
        (IDEMIA, "800A04007F00070202040204", "6A88"),
        (IDEMIA, "800A04007F00070202040204830101", "6A88"),
        (IDEMIA, "800A04007F00070202040204830103", "6A88"),
        (IDEMIA, "800A04007F000702020402048301", "6A80"),
        (IDEMIA, "", "6A80"),
        (THALES, "800A04007F00070202040204830102", "9000"),
        (THALES, "800A04007F00070202040204830102840110", "9000"),
        (THALES, "800A04007F0007020204020483010284010C", "6A80"),
    ],
)
def test_set_at(name: str, data: str, sw: str) -> None:
    """MSE:Set AT is taken with and without tag 84 and Le, and refused where something is wrong."""
    command = f"0022C1A4{len(data) // 2:02X}{data}" if data else "0022C1A4"
    for le in ("", "00"):
        assert powered(name)(command + le) == sw


def test_a_card_that_needs_tag_84() -> None:
    """A card whose profile requires the parameters answers 6A87 without them."""
    rules = G1_RULES.model_copy(update={"parameter_reference": "required"})
    chip = PaceChip(rules, {"MRZ": Mrz(*ICAO_G1.mrz)}, Count(), VirtualClock(), g1_draws())
    front = SecureFront(chip, Echo())
    assert front(CommandApdu.decode(bytes.fromhex(G1_SET_AT))).sw == 0x6A87
    assert front(CommandApdu.decode(bytes.fromhex(G1_SET_AT_WITH_PARAMETERS))).sw == 0x9000


@pytest.mark.parametrize(
    ("steps", "sw"),
    [
        (["10860000027C0000"], "6985"),
        (["SET", "00860000027C0000"], "6A80"),
        (["SET", "10860000037C01 00 00"], "6A80"),
        (["SET", "1086000002 7D00 00"], "6A80"),
        (["SET", "1086000003 7C0000 00"], "6A80"),
        (["SET", "10860000 00"], "6A80"),
        (["SET", "10860000027C0000", "10860000027C0000"], "6A80"),
        (["SET", "10860000027C0000", "1086000006 7C0481020400 00"], "6300"),
        (["SET", "10860000027C0000", "1086000006 7C0483020400 00"], "6A80"),
        (["SET", "10860000027C0000", "008600000C7C0A8508000000000000000000"], "6A80"),
        (["SET", "00A4020C02011C", "10860000027C0000"], "6985"),
        (["SET", "10860000027C0000", "0084000008", "1086000006 7C0481020400 00"], "6985"),
        (["SET", "1086000003 7C0000 00", "10860000027C0000"], "6985"),
    ],
)
@pytest.mark.parametrize("name", PROFILES)
def test_steps_out_of_order(name: str, steps: list[str], sw: str) -> None:
    """A step that is malformed, repeated, skipped or interrupted ends the run."""
    card, answer = powered(name), ""
    for step in steps:
        answer = card((SET_AT[name] if step == "SET" else step).replace(" ", ""))
    assert answer[-4:] == sw


@pytest.mark.parametrize("name", PROFILES)
def test_a_point_off_the_curve(name: str) -> None:
    """A mapping point that is not on the curve is refused as a wrong password is."""
    card, size = powered(name), {IDEMIA: 65, THALES: 97}[name]
    point = "04" + "00" * (size - 1)
    card.all(SET_AT[name], "10860000027C0000")
    assert card(f"10860000{size + 4:02X}7C{size + 2:02X}81{size:02X}{point}00") == "6300"


@pytest.mark.parametrize("name", PROFILES)
def test_a_wrong_can(name: str) -> None:
    """A wrong CAN shows as 6300 at the last step, is counted, and the right one clears it."""
    memory = CardMemory(image_of(name))
    card = EmulatedCard(image_of(name), memory=memory, clock=VirtualClock())
    card.connect()
    watched = AnsweringCard(card.transmit)
    channel = CardChannel(watched)
    terminal = PaceTerminal(pace_info(name))
    for count in (1, 2):
        with pytest.raises(WrongPinError) as caught:
            terminal.establish(channel, Can("654321"))
        assert (caught.value.name, caught.value.tries_left) == ("CAN", None)
        assert memory.wrong_passwords == count
        assert watched.sent[-1].startswith("008600000C7C0A8508")
    terminal.establish(channel, CAN)
    assert memory.wrong_passwords == 0


def test_the_delay_after_ten_wrong_cans() -> None:
    """From the eleventh run on IDEMIA takes 30 s, never blocks, and a right CAN ends the delay."""
    clock, memory = VirtualClock(), CardMemory(image_of(IDEMIA))
    terminal = PaceTerminal(pace_info(IDEMIA))
    for _ in range(10):
        with pytest.raises(WrongPinError):
            terminal.establish(powered(IDEMIA, memory=memory, clock=clock).channel, Can("000000"))
    assert (clock.now(), memory.wrong_passwords) == (0.0, 10)
    with pytest.raises(WrongPinError):
        terminal.establish(powered(IDEMIA, memory=memory, clock=clock).channel, Can("000000"))
    assert clock.now() == 30.0
    terminal.establish(powered(IDEMIA, memory=memory, clock=clock).channel, CAN)
    assert (clock.now(), memory.wrong_passwords) == (60.0, 0)
    terminal.establish(powered(IDEMIA, memory=memory, clock=clock).channel, CAN)
    assert clock.now() == 60.0


def test_no_delay_on_thales() -> None:
    """Nobody published a delay for Thales, so the emulated one has none."""
    clock, memory = VirtualClock(), CardMemory(image_of(THALES))
    memory.set_wrong_passwords(50)
    PaceTerminal(pace_info(THALES)).establish(
        powered(THALES, memory=memory, clock=clock).channel, CAN
    )
    assert clock.now() == 0.0


def wire(card: Talk, command: str) -> bytes:
    """Send bytes past the channel, straight to the card."""
    return card.card.transmit(bytes.fromhex(command))


@pytest.mark.parametrize("name", PROFILES)
def test_a_second_pace_inside_the_channel(name: str) -> None:
    """MSE:Set AT inside the channel is answered 6985, and the channel stays."""
    card = opened(name)
    assert card(SET_AT[name]) == "6985"
    assert card("10860000027C0000") == "6985"
    assert card("00A4020C02011C") == "9000"


@pytest.mark.parametrize("name", PROFILES)
def test_a_plain_command_ends_the_channel(name: str) -> None:
    """A plain command is answered in the clear, and the channel with all rights is gone."""
    card = opened(name)
    reference = "01" if name == IDEMIA else "81"
    pad = "FF" if name == IDEMIA else "00"
    card.all(f"002000{reference}0C31323334{pad * 8}")
    assert wire(card, "00A4020C02011C").hex() == "9000"
    assert wire(card, f"002000{reference}").hex() == "6982"
    session = card.channel._session
    assert session is not None
    protected = session.protect(CommandApdu(0x00, 0xA4, 0x02, 0x0C, b"\x01\x1c"))
    assert card.card.transmit(protected.encode()).hex() == "6988"
    again = PaceTerminal(pace_info(name)).establish(powered(name, memory=card.memory).channel, CAN)
    assert again.is_secured


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize(
    ("command", "sw"),
    [
        ("0CA4020C0A8E08000000000000000000", "6988"),
        ("0CA4020C00", "6987"),
        ("0CA4020C0297 0000", "6987"),
        ("0CA4020C03870500 00", "6988"),
    ],
)
def test_an_error_of_secure_messaging_ends_the_channel(name: str, command: str, sw: str) -> None:
    """A protected command that is wrong is answered plain 6987 or 6988, and the channel is gone."""
    card = opened(name)
    session = card.channel._session
    assert session is not None
    assert wire(card, command.replace(" ", "")).hex().upper() == sw
    session._keyed.advance()  # so that a card which kept the session would understand
    good = session.protect(CommandApdu(0x00, 0xA4, 0x02, 0x0C, b"\x01\x1c")).encode()
    assert card.card.transmit(good).hex() == "6988"


@pytest.mark.parametrize("name", PROFILES)
def test_protected_commands_without_a_channel(name: str) -> None:
    """Before PACE a protected command is answered 6988."""
    assert (
        powered(name).card.transmit(bytes.fromhex("0CA4020C0A8E08000000000000000000")).hex()
        == "6988"
    )


@pytest.mark.parametrize("name", PROFILES)
def test_an_error_status_keeps_the_channel(name: str) -> None:
    """A refused command is answered protected, and the channel goes on."""
    card = opened(name)
    assert card("00A4020C02FFFF") == "6A82"
    assert card("00A4020C02011C") == "9000"


@pytest.mark.parametrize("name", PROFILES)
def test_what_was_verified_ends_with_the_channel(name: str) -> None:
    """A PIN verified inside a channel that was dropped is unverified in the next one."""
    card = opened(name)
    reference, pad = {IDEMIA: ("01", "FF"), THALES: ("81", "00")}[name]
    card.all(f"002000{reference}0C31323334{pad * 8}", f"002000{reference}")
    again = Talk(card.card, PaceTerminal(pace_info(name)).establish(CardChannel(card.card), CAN))
    assert again(f"002000{reference}") == "63C3"


def test_power_off_ends_everything() -> None:
    """Without power the card is gone, and with new power the channel is."""
    card = opened(IDEMIA)
    card.card.disconnect()
    with pytest.raises(LinkError, match="not powered"):
        wire(card, "00A4020C02011C")
    card.card.connect()
    assert wire(card, "0CA4020C0A8E08000000000000000000").hex() == "6988"


@pytest.mark.parametrize("interface", Interface)
@pytest.mark.parametrize("name", PROFILES)
def test_pace_works_on_both_interfaces(name: str, interface: Interface) -> None:
    """PACE opens a channel over contact too, and the ATR is that of the interface."""
    card = opened(name, interface=interface)
    assert card("00A4020C02011C") == "9000"
    recognition = profile_of(name).recognition_of(card.card.atr)
    assert recognition is not None
    assert recognition.interface is interface


def test_an_ephemeral_point_off_the_curve() -> None:
    """The chip refuses an unusable point in the agreement as it does in the mapping."""
    chip = PaceChip(G1_RULES, {"MRZ": Mrz(*ICAO_G1.mrz)}, Count(), VirtualClock(), g1_draws())
    front = SecureFront(chip, Echo())
    for command in (G1_SET_AT, *(command for command, _ in ICAO_G1.apdus[:2])):
        assert front(CommandApdu.decode(bytes.fromhex(command))).ok
    for point in ("04" + "00" * 64, ICAO_G1.chip_ephemeral[1].hex()):
        agree = CommandApdu.decode(bytes.fromhex(f"10860000457C438341{point}00"))
        assert front(agree).sw in (0x6300, 0x6985)


def test_a_card_without_the_interface() -> None:
    """A generation that is not recognised on an interface cannot be emulated on it."""
    image = image_of(IDEMIA)
    entries = [r for r in image.profile.recognise if r.interface is Interface.CONTACT]
    profile = image.profile.model_copy(update={"recognise": tuple(entries)})
    card = EmulatedCard(replace(image, profile=profile), Interface.CONTACTLESS)
    with pytest.raises(UsageError, match="has no contactless interface"):
        card.connect()


def test_a_card_with_extended_length() -> None:
    """A card whose profile allows extended length takes and gives what others refuse."""
    image = image_of(IDEMIA)
    rules = image.profile.transmission.model_copy(
        update={"extended_length": True, "max_read": 65536}
    )
    profile = image.profile.model_copy(update={"transmission": rules})
    card = EmulatedCard(replace(image, profile=profile), clock=VirtualClock())
    card.connect()
    channel = PaceTerminal(pace_info(IDEMIA)).establish(CardChannel(card), CAN)
    channel.send(CommandApdu(0x00, 0xA4, 0x08, 0x0C, bytes.fromhex("ADF13401")))
    whole = channel.send(CommandApdu(0x00, 0xB0, 0x00, 0x00, ne=65536))
    assert whole == image.contents[Content.AUTHENTICATION_CERTIFICATE]
