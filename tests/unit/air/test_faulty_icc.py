"""Every fault that APDUs show, at a card that does nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from harness.air.faults import FAULTS, Level, parse_fault
from harness.air.faulty_icc import FaultyIcc
from harness.air.mischief import wanted
from harness.apdu import CommandApdu
from harness.clock import VirtualClock
from harness.errors import LinkError, NoCardError, UsageError
from harness.icc import Icc

OK = bytes.fromhex("9000")
READ_256 = bytes.fromhex("00B0000000")
READ_224 = bytes.fromhex("00B00000E0")
SECURED_READ_256 = bytes.fromhex("0CB000000D9701008E08000000000000000000")
SECURED_READ_224 = bytes.fromhex("0CB000000D9701E08E08000000000000000000")
SET_AT = bytes.fromhex("0022C1A40F800A04007F00070202040204830102")
SET_AT_84 = bytes.fromhex("0022C1A412800A04007F0007020204020483010284010D")
STEP, LAST_STEP = bytes.fromhex("10860000027C0000"), bytes.fromhex("00860000027C0000")
SELECT_CARD_ACCESS = bytes.fromhex("00A4020C02011C")


@dataclass
class Card:
    """Answers from a table, else 9000; remembers what it was asked."""

    answers: dict[bytes, bytes] = field(default_factory=dict)
    asked: list[bytes] = field(default_factory=list)
    powered: bool = False

    def connect(self) -> bytes:
        """Power on."""
        self.powered = True
        return b"\x3b\x80\x80\x01\x01"

    def transmit(self, command: bytes) -> bytes:
        """From the table."""
        self.asked.append(command)
        return self.answers.get(command, OK)

    def disconnect(self) -> None:
        """Power off."""
        self.powered = False


def faulty(card: Card, *texts: str, clock: VirtualClock | None = None) -> FaultyIcc:
    """The card behind faults, connected."""
    icc = FaultyIcc(card, [parse_fault(text) for text in texts], clock or VirtualClock())
    icc.connect()
    return icc


def test_it_is_a_card() -> None:
    """Without faults it is the card itself, down to commands that are no APDUs."""
    card = Card({READ_256: bytes(5) + OK})
    icc = faulty(card)
    assert isinstance(icc, Icc)
    assert icc.transmit(READ_256) == bytes(5) + OK
    assert icc.transmit(b"\x00") == OK
    icc.disconnect()
    assert not card.powered


@pytest.mark.parametrize("sw", ["6700", "6282", "6B00"])
def test_long_reads_refused(sw: str) -> None:
    """Reads over the limit get the status word, protected ones by their DO 97; others pass."""
    icc = faulty(Card(), f"le-refused@above=224,sw={sw}")
    assert icc.transmit(READ_256) == icc.transmit(SECURED_READ_256) == bytes.fromhex(sw)
    assert icc.transmit(READ_224) == icc.transmit(SECURED_READ_224) == OK


def test_6c_names_the_length() -> None:
    """6C00 becomes the length that would do."""
    assert faulty(Card(), "le-refused@above=160,sw=6C00").transmit(READ_256) == b"\x6c\xa0"


def test_le_refused_on_select_and_mse() -> None:
    """SELECT and MSE are refused with Le only."""
    icc = faulty(Card(), "le-refused-select", "le-refused-mse")
    assert icc.transmit(SELECT_CARD_ACCESS + b"\x00") == bytes.fromhex("6700")
    assert icc.transmit(SELECT_CARD_ACCESS) == OK
    assert icc.transmit(SET_AT + b"\x00") == bytes.fromhex("6700")
    assert icc.transmit(SET_AT) == OK


@pytest.mark.parametrize("sw", ["6A80", "6A87"])
def test_tag_84_needed(sw: str) -> None:
    """MSE:Set AT passes with a domain parameter reference only."""
    icc = faulty(Card(), f"tag-84-needed@sw={sw}")
    assert icc.transmit(SET_AT) == bytes.fromhex(sw)
    assert icc.transmit(SET_AT_84) == OK


def test_no_extended_length() -> None:
    """Extended APDUs and long ones are refused, or not answered at all."""
    extended = bytes.fromhex("00B00000000200")
    icc = faulty(Card(), "no-extended-length")
    assert icc.transmit(extended) == bytes.fromhex("6700")
    assert icc.transmit(bytes.fromhex("00D60000FF") + bytes(255)) == OK
    assert faulty(Card(), "no-extended-length@limit=100").transmit(
        bytes.fromhex("00D60000FF") + bytes(255)
    ) == bytes.fromhex("6700")
    with pytest.raises(LinkError, match="too long for this phone"):
        faulty(Card(), "no-extended-length@sw=0000").transmit(extended)


def test_response_in_parts() -> None:
    """A protected answer comes in parts by plain GET RESPONSE and is whole when joined."""
    body = bytes(range(200))
    icc = faulty(Card({SECURED_READ_256: body + OK}), "response-in-parts@part=80")
    first = icc.transmit(SECURED_READ_256)
    second = icc.transmit(bytes.fromhex("00C0000000"))
    third = icc.transmit(bytes.fromhex("00C0000028"))
    assert (first[-2:], second[-2:], third[-2:]) == (b"\x61\x78", b"\x61\x28", OK)
    assert first[:-2] + second[:-2] + third[:-2] == body


def test_rest_of_a_response_is_dropped() -> None:
    """Another command than GET RESPONSE loses the rest."""
    card = Card({READ_256: bytes(200) + OK})
    icc = faulty(card, "response-in-parts@part=80")
    icc.transmit(READ_256)
    icc.transmit(SET_AT)
    icc.transmit(bytes.fromhex("00C0000000"))
    assert card.asked[-1] == bytes.fromhex("00C0000000")


def test_zero_fill() -> None:
    """EF.CardAccess reads as padded with zeros, by selection or by SFI; other files do not."""
    by_sfi = bytes.fromhex("00B09C0000")
    behind = bytes.fromhex("00B000F000")
    card = Card({READ_256: b"\x31\x00" + OK, by_sfi: b"\x31\x00" + OK, behind: b"\x6b\x00"})
    icc = faulty(card, "zero-fill@size=250")
    assert icc.transmit(READ_256) == b"\x31\x00" + OK
    icc.transmit(SELECT_CARD_ACCESS)
    assert icc.transmit(READ_256) == b"\x31\x00" + bytes(248) + OK
    assert icc.transmit(behind) == bytes(10) + OK
    icc.transmit(bytes.fromhex("00A4020C020101"))
    assert icc.transmit(READ_256) == b"\x31\x00" + OK
    assert icc.transmit(by_sfi) == b"\x31\x00" + bytes(248) + OK


def test_aborted_pace() -> None:
    """The step fails, then one other command gets 6883, then the card goes on."""
    icc = faulty(Card(), "pace-aborted@apdu=3")
    assert icc.transmit(SET_AT) == icc.transmit(STEP) == OK
    assert icc.transmit(STEP) == bytes.fromhex("6A80")
    assert icc.transmit(SELECT_CARD_ACCESS) == bytes.fromhex("6883")
    assert icc.transmit(SELECT_CARD_ACCESS) == OK


def test_ten_wrong_cans() -> None:
    """After ten failures the eleventh try takes 30 s more, over resets too; a right one clears."""
    clock = VirtualClock()
    card = Card({LAST_STEP: bytes.fromhex("6300")})
    icc = faulty(card, "wrong-can-delay", clock=clock)
    for _ in range(10):
        icc.transmit(SET_AT)
        icc.transmit(LAST_STEP)
    assert clock.now() == 0
    icc.connect()
    icc.transmit(SET_AT)
    assert clock.now() == 30
    card.answers.clear()
    icc.transmit(LAST_STEP)
    icc.transmit(SET_AT)
    assert clock.now() == 30


def test_dead_session() -> None:
    """From then on protected commands get 6988, plain ones pass; a new PACE or reset revives."""
    icc = faulty(Card(), "session-dead@apdu=2")
    assert icc.transmit(SECURED_READ_224) == OK
    assert icc.transmit(SECURED_READ_224) == bytes.fromhex("6988")
    assert icc.transmit(SECURED_READ_224) == bytes.fromhex("6988")
    assert icc.transmit(READ_224) == OK
    icc.transmit(SET_AT)
    assert icc.transmit(SECURED_READ_224) == OK
    other = faulty(Card(), "session-dead@apdu=1")
    assert other.transmit(SECURED_READ_224) == bytes.fromhex("6988")
    other.connect()
    assert other.transmit(SECURED_READ_224) == OK


def test_foreign_command() -> None:
    """Before the command meant the card sees one that nobody here has sent."""
    card = Card()
    icc = faulty(card, "foreign-command@apdu=2")
    icc.transmit(SECURED_READ_224)
    icc.transmit(SECURED_READ_224)
    foreign = bytes.fromhex("03B0000001")
    assert card.asked == [SECURED_READ_224, foreign, SECURED_READ_224]


def test_link_lost() -> None:
    """The command is not sent, the card is off, and cannot be activated for the time meant."""
    clock, card = VirtualClock(), Card()
    icc = faulty(card, "link-lost@apdu=2,for=0.5", clock=clock)
    icc.transmit(READ_224)
    with pytest.raises(LinkError, match="taken away"):
        icc.transmit(READ_224)
    assert not card.powered
    assert len(card.asked) == 1
    with pytest.raises(NoCardError):
        icc.connect()
    clock.sleep(0.5)
    icc.connect()
    assert icc.transmit(READ_224) == OK


def test_time_and_probability() -> None:
    """A trigger by time strikes once at or after it, one by odds as the seed says."""
    clock, card = VirtualClock(), Card()
    icc = faulty(card, "foreign-command@time=1", clock=clock)
    for _ in range(4):
        icc.transmit(READ_224)
        clock.sleep(0.6)
    assert len(card.asked) == 5
    counts = []
    for seed in (1, 1, 2):
        card = Card()
        icc = FaultyIcc(card, [parse_fault("foreign-command@p=0.3")], VirtualClock(), seed)
        for _ in range(100):
            icc.transmit(READ_224)
        counts.append(card.asked)
    assert counts[0] == counts[1] != counts[2]
    assert 110 < len(counts[0]) < 150


def test_fault_of_another_level() -> None:
    """A fault of frames cannot be given to a card."""
    with pytest.raises(UsageError, match="bit-error acts on frames"):
        faulty(Card(), "bit-error")


@pytest.mark.parametrize(
    "name", [name for name, kind in FAULTS.items() if kind.level is Level.APDU]
)
def test_every_apdu_fault_is_made(name: str) -> None:
    """Each name of the catalogue can be put before a card."""
    icc = faulty(Card(), f"{name}@apdu=2")
    assert icc.transmit(READ_224) == OK


@pytest.mark.parametrize(
    ("command", "count"),
    [(READ_256, 256), (READ_224, 224), (SECURED_READ_256, 256), (SET_AT, 0), (LAST_STEP, 256)],
)
def test_wanted_bytes(command: bytes, count: int) -> None:
    """The Le of a plain command, or the one inside a protected one."""
    assert wanted(CommandApdu.decode(command)) == count
