"""The German card's PIN: suspended, resumed inside the CAN's channel, blocked, unblocked.

The rules are those of BSI TR-03110: part 2, 2.4 and 3.3; part 3, B.11.
"""

from __future__ import annotations

import pytest

from harness.apdu import CommandApdu
from harness.clock import VirtualClock
from harness.emulator.card import EmulatedCard
from harness.emulator.memory import CardMemory
from harness.emulator.person import Person
from harness.emulator.personalise import personalise
from harness.errors import ApduError, BlockedPinError, PinFloorError, UsageError, WrongPinError
from harness.profiles import builtin
from harness.secret import Can, Pin, Puk, Secret
from harness.session import Session
from harness.station import Codes, Station
from harness.tap import Tap, TapOptions
from harness.terminal.channel import CardChannel
from harness.terminal.pace import PaceTerminal
from harness.terminal.pin_guard import PinGuard

CAN, PIN, WRONG, PUK = Can("123456"), Pin("123456"), Pin("999999"), Puk("1234567890")
UNBLOCK = CommandApdu(0x00, 0x2C, 0x03, 0x03)
SET_PIN = "0022C1A40F800A04007F00070202040202830103"


def station(*, tries: int = 3, active: bool = True) -> Station:
    """A card whose PIN has so many tries left."""
    profile = builtin("deu-npa")
    image = personalise(profile, Person(pin_active=active))
    memory = CardMemory(image)
    memory.set_tries("PIN1", tries)
    card = EmulatedCard(image, None, memory, VirtualClock())
    return Station(card, profile=profile, emulated=card, interface=card.interface)


def left(of: Station, name: str = "PIN1") -> int:
    """The tries left in the card's memory."""
    assert of.emulated is not None
    return of.emulated.memory.tries(name)


def pace(session: Session, password: Secret, channel: CardChannel | None = None) -> CardChannel:
    """Run PACE in the plain, or inside a channel."""
    return PaceTerminal(session.pace_info).establish(channel or session.channel, password)


def open_with(session: Session, code: Pin, can: Can | None = CAN, floor: int = 0) -> CardChannel:
    """Open the card with its PIN as a tap does."""
    return session.open_with("PIN1", code, can, PinGuard(floor))


@pytest.mark.parametrize("password", [CAN, PIN, PUK])
def test_each_password_opens_a_channel(password: Secret) -> None:
    """CAN, PIN and PUK each open the card."""
    session = Session.begin(station())
    assert pace(session, password).is_secured


@pytest.mark.parametrize(("tries", "answer"), [(3, "9000"), (2, "63C2"), (1, "63C1"), (0, "63C0")])
def test_choosing_the_pin_tells_its_state(tries: int, answer: str) -> None:
    """MSE:Set AT says how many tries are left, and costs none."""
    card = station(tries=tries)
    Session.begin(card)
    assert card.icc.transmit(bytes.fromhex(SET_PIN)).hex().upper() == answer
    assert left(card) == tries


def test_a_deactivated_pin() -> None:
    """A card that was handed out without its PIN says so (6283), and a tap tells it."""
    card = station(active=False)
    session = Session.begin(card)
    assert card.icc.transmit(bytes.fromhex(SET_PIN)).hex() == "6283"
    with pytest.raises(ApduError, match="deactivated"):
        open_with(session, PIN)
    assert left(card) == 3


def test_wrong_pins_until_it_is_blocked() -> None:
    """Two wrong PINs suspend, a third inside the CAN's channel blocks; then nothing is offered."""
    card = station()
    for expected in (2, 1):
        with pytest.raises(WrongPinError, match=f"{expected} tries left"):
            open_with(Session.begin(card), WRONG)
        assert left(card) == expected
    with pytest.raises(BlockedPinError, match="now blocked"):
        open_with(Session.begin(card), WRONG)
    assert left(card) == 0
    with pytest.raises(BlockedPinError, match="is blocked"):
        open_with(Session.begin(card), PIN)


def test_a_suspended_pin_is_not_taken_in_the_plain() -> None:
    """Without the CAN before it the last try is neither taken nor counted."""
    card = station(tries=1)
    session = Session.begin(card)
    with pytest.raises(ApduError, match="6985"):
        pace(session, PIN)
    assert left(card) == 1


def test_a_suspended_pin_is_resumed() -> None:
    """Inside the CAN's channel the right PIN opens the card and has all its tries again."""
    card = station(tries=1)
    assert open_with(Session.begin(card), PIN).is_secured
    assert left(card) == 3


def test_resuming_needs_the_can() -> None:
    """A terminal without the CAN is told what is missing, and no try is spent."""
    card = station(tries=1)
    with pytest.raises(UsageError, match="PIN1 is suspended, so it is read with its CAN"):
        open_with(Session.begin(card), PIN, can=None)
    assert left(card) == 1


@pytest.mark.parametrize(("tries", "password"), [(3, PIN), (1, CAN), (1, PUK)])
def test_no_second_pace_but_to_resume(tries: int, password: Secret) -> None:
    """Inside a channel PACE is refused (6985) unless it resumes the suspended PIN."""
    session = Session.begin(station(tries=tries))
    channel = pace(session, CAN)
    with pytest.raises(ApduError, match="6985"):
        pace(session, password, channel)


def test_resuming_after_the_puk_is_refused() -> None:
    """Only the CAN's channel is the one to resume in."""
    session = Session.begin(station(tries=1))
    channel = pace(session, PUK)
    with pytest.raises(ApduError, match="6985"):
        pace(session, PIN, channel)


def test_the_puk_unblocks() -> None:
    """Inside the PUK's channel a blocked PIN gets its tries back."""
    card = station(tries=0)
    session = Session.begin(card)
    pace(session, PUK).send(UNBLOCK)
    assert left(card) == 3
    assert open_with(Session.begin(card), PIN).is_secured


@pytest.mark.parametrize("password", [CAN, PIN])
def test_only_the_puk_unblocks(password: Secret) -> None:
    """Inside any other channel unblocking is refused (6982)."""
    card = station(tries=2)
    channel = pace(Session.begin(card), password)
    with pytest.raises(ApduError, match="6982"):
        channel.send(UNBLOCK)


def test_a_wrong_can_blocks_nothing() -> None:
    """The CAN has no counter: twenty wrong ones are answered 6300, and the right one opens."""
    card = station()
    session = Session.begin(card)
    for _ in range(20):
        with pytest.raises(WrongPinError):
            pace(session, Can("654321"))
    assert pace(session, CAN).is_secured


def test_the_floor_holds() -> None:
    """A PIN that is not to be risked is not offered by PACE either."""
    card = station(tries=2)
    with pytest.raises(PinFloorError):
        open_with(Session.begin(card), PIN, floor=2)
    assert left(card) == 2


def test_a_whole_read() -> None:
    """A tap opens the card with the PIN, or with the CAN if no PIN is to be used."""
    codes = Codes(CAN, PIN)
    reading = Tap(station(), codes, PinGuard(0)).run()
    assert (reading.outcome, reading.password) == ("ok", "PIN")
    assert reading.tries_left == {"PIN1": 3, "PUK": 10}
    reading = Tap(station(), codes, PinGuard(0), TapOptions(use_pin=False)).run()
    assert (reading.outcome, reading.password, reading.verified) == ("ok", "CAN", {})
