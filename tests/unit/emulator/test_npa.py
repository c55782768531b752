"""The German card's PIN: suspended, resumed inside the CAN's channel, blocked, unblocked.

The rules are those of BSI TR-03110: part 2, 2.4 and 3.3; part 3, B.7.
"""

from __future__ import annotations

import pytest

from harness.apdu import CommandApdu
from harness.clock import VirtualClock
from harness.crypto.chat import Chat
from harness.emulator.card import EmulatedCard
from harness.emulator.memory import CardMemory
from harness.emulator.person import Person
from harness.emulator.personalise import personalise
from harness.errors import ApduError, BlockedPinError, PinFloorError, UsageError, WrongPinError
from harness.profile import Profile
from harness.profiles import builtin
from harness.secret import Can, Pin, Puk, Secret
from harness.session import Session
from harness.station import Codes, Station
from harness.tap import Tap, TapOptions
from harness.terminal.channel import CardChannel
from harness.terminal.pace import PaceTerminal
from harness.terminal.pin_guard import PinGuard
from harness.terminal.pin_management import PinManagement

CAN, PIN, WRONG, PUK = Can("123456"), Pin("123456"), Pin("999999"), Puk("1234567890")
NEW = Pin("271828")
UNBLOCK = CommandApdu(0x00, 0x2C, 0x03, 0x03)
SET_PIN = "0022C1A40F800A04007F00070202040202830103"


def station(*, tries: int = 3, active: bool = True, profile: Profile | None = None) -> Station:
    """A card whose PIN has so many tries left."""
    profile = profile or builtin("deu-npa")
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
    managed(pace(session, PUK)).restore("PIN1")
    assert left(card) == 3
    assert open_with(Session.begin(card), PIN).is_secured


@pytest.mark.parametrize("password", [CAN, PIN])
def test_only_the_puk_unblocks(password: Secret) -> None:
    """Inside any other channel unblocking is refused (6982)."""
    card = station(tries=2)
    channel = pace(Session.begin(card), password)
    with pytest.raises(ApduError, match="6982"):
        channel.send(UNBLOCK)


def reset(p1: int, p2: int, data: bytes = b"") -> CommandApdu:
    """RESET RETRY COUNTER."""
    return CommandApdu(0x00, 0x2C, p1, p2, data)


def managed(channel: CardChannel) -> PinManagement:
    """The commands for the codes, inside a channel."""
    return PinManagement(channel, builtin("deu-npa"))


def test_the_pin_is_changed_after_the_pin() -> None:
    """Inside the PIN's channel it gets a new value, which alone opens the card from then on."""
    card = station(tries=2)
    managed(open_with(Session.begin(card), PIN)).renew("PIN1", NEW)
    assert left(card) == 3
    with pytest.raises(WrongPinError):
        open_with(Session.begin(card), PIN)
    assert left(card) == 2
    assert open_with(Session.begin(card), NEW).is_secured
    assert left(card) == 3


def test_a_changed_pin_outlives_the_power_and_the_run() -> None:
    """The new PIN is in the card's state, where it is not readable and damage is noticed."""
    profile, kept = builtin("deu-npa"), list[bytes]()
    image = personalise(profile, Person())

    def powered(memory: CardMemory) -> Session:
        card = EmulatedCard(image, None, memory, VirtualClock())
        return Session.begin(Station(card, profile=profile, emulated=card))

    first = powered(CardMemory(image, keep=kept.append))
    managed(open_with(first, PIN)).renew("PIN1", NEW)
    assert open_with(powered(CardMemory(image, kept[-1])), NEW).is_secured
    assert NEW.reveal() not in kept[-1]
    damaged = kept[-1].replace(b'"PIN": "', b'"PIN": "00')
    with pytest.raises(UsageError, match="state file is damaged"):
        CardMemory(image, damaged)


@pytest.mark.parametrize("password", [CAN, PUK])
def test_no_other_password_changes_the_pin(password: Secret) -> None:
    """Inside the channel of CAN or PUK a new PIN is refused (6982) and nothing changes."""
    card = station()
    channel = pace(Session.begin(card), password)
    with pytest.raises(ApduError, match="6982"):
        managed(channel).renew("PIN1", NEW)
    assert open_with(Session.begin(card), PIN).is_secured


def test_a_card_whose_puk_renews() -> None:
    """Where the profile says so, the PUK's channel sets a new PIN and unblocks it."""
    known = builtin("deu-npa")
    rules = known.pins["PIN1"].model_copy(update={"puk_renews": True})
    card = station(tries=0, profile=known.model_copy(update={"pins": known.pins | {"PIN1": rules}}))
    managed(pace(Session.begin(card), PUK)).renew("PIN1", NEW)
    assert left(card) == 3
    assert open_with(Session.begin(card), NEW).is_secured


def test_a_resumed_pin_can_be_changed() -> None:
    """Suspended, resumed inside the CAN's channel, and changed there (three channels deep)."""
    card = station(tries=1)
    managed(open_with(Session.begin(card), PIN)).renew("PIN1", NEW)
    assert left(card) == 3
    assert open_with(Session.begin(card), NEW).is_secured


@pytest.mark.parametrize("new", [b"", b"12345", b"1234567", b"12345X", bytes(6)])
def test_a_pin_that_may_not_be(new: bytes) -> None:
    """A new PIN of another form is refused (6A80), the old one stays, and no try is lost."""
    card = station()
    channel = open_with(Session.begin(card), PIN)
    assert channel.transmit(reset(0x02, 0x03, new)).sw == 0x6A80
    assert left(card) == 3
    assert open_with(Session.begin(card), PIN).is_secured


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        (CommandApdu(0x00, 0x44, 0x10, 0x03), 0x6982),
        (CommandApdu(0x00, 0x04, 0x10, 0x03), 0x6982),
        (CommandApdu(0x00, 0x44, 0x10, 0x02), 0x6A86),
        (reset(0x02, 0x02, b"654321"), 0x6982),
        (reset(0x03, 0x02), 0x6A86),
        (reset(0x00, 0x03, b"654321"), 0x6A86),
        (reset(0x02, 0x04, b"1234567890"), 0x6A86),
        (reset(0x03, 0x03, b"654321"), 0x6982),
    ],
)
def test_what_needs_an_authenticated_terminal_is_refused(command: CommandApdu, sw: int) -> None:
    """Without terminal authentication the CAN cannot be changed, nor what does not exist."""
    card = station()
    channel = open_with(Session.begin(card), PIN)
    assert channel.transmit(command).sw == sw
    assert pace(Session.begin(card), CAN).is_secured
    assert open_with(Session.begin(card), PIN).is_secured


def test_unblocking_takes_no_data() -> None:
    """Inside the PUK's channel a value behind P1 = 03 is refused (6700) and not stored."""
    card = station(tries=0)
    channel = pace(Session.begin(card), PUK)
    assert channel.transmit(reset(0x03, 0x03, NEW.reveal())).sw == 0x6700
    assert left(card) == 0


@pytest.mark.parametrize("command", [UNBLOCK, reset(0x02, 0x03, b"271828")])
def test_nothing_is_managed_in_the_plain(command: CommandApdu) -> None:
    """Outside every channel both commands are refused, also right after one has ended."""
    card = station(tries=0)
    session = Session.begin(card)
    assert session.channel.transmit(command).sw == 0x6982
    pace(session, PUK)
    assert session.channel.transmit(command).sw == 0x6982
    assert left(card) == 0


def test_resumption_ends_with_the_power() -> None:
    """A CAN given before the power went does not let the suspended PIN in."""
    card = station(tries=1)
    session = Session.begin(card)
    channel = pace(session, CAN)
    resume = CommandApdu.decode(bytes.fromhex(SET_PIN))
    assert channel.transmit(resume).sw == 0x63C1
    again = Session.begin(card)
    assert again.channel.transmit(resume).sw == 0x63C1
    with pytest.raises(ApduError, match="6985"):
        pace(again, PIN)
    assert left(card) == 1


def test_a_blocked_pin_cannot_be_resumed() -> None:
    """Inside the CAN's channel a blocked PIN is refused, with 6985 as any other second PACE."""
    session = Session.begin(station(tries=0))
    channel = pace(session, CAN)
    with pytest.raises(ApduError, match="6985"):
        pace(session, PIN, channel)


def test_a_deactivated_pin_cannot_be_resumed_or_changed() -> None:
    """A deactivated PIN says so inside the CAN's channel, too, and stays as it is."""
    card = station(tries=1, active=False)
    channel = pace(Session.begin(card), CAN)
    assert channel.transmit(CommandApdu.decode(bytes.fromhex(SET_PIN))).sw == 0x6283
    with pytest.raises(ApduError, match="6982"):
        managed(channel).renew("PIN1", NEW)


def test_the_puk_blocks_after_its_tries() -> None:
    """The last try of the PUK needs the CAN first; once it is spent, the right one is of no use."""
    card = station()
    assert card.emulated is not None
    card.emulated.memory.set_tries("PUK", 1)
    with pytest.raises(ApduError, match="6985"):
        pace(Session.begin(card), PUK)
    session = Session.begin(card)
    with pytest.raises(WrongPinError) as caught:
        pace(session, Puk("0000000000"), pace(session, CAN))
    assert caught.value.tries_left == 0
    with pytest.raises(BlockedPinError, match="the PUK is blocked"):
        pace(Session.begin(card), PUK)


def test_codes_are_managed_in_their_own_way() -> None:
    """A code of VERIFY is not changed by PACE, nor the other way round; nothing is sent."""
    session = Session.begin(station())
    for wrong in (
        lambda: session.eid(session.channel).change("PIN1", PIN, NEW),
        lambda: session.eid(session.channel).unblock("PIN1", PUK, NEW),
        lambda: PinManagement(session.channel, builtin("est-idemia-2018")).restore("PIN1"),
        lambda: managed(session.channel).renew("PIN1", Pin("12345")),
    ):
        with pytest.raises(UsageError, match=r"is given by|has 6 to 6 digits"):
            wrong()
    assert session.channel.journal.apdus == 0


def test_a_chat_is_taken_and_answered() -> None:
    """A terminal that shows what it is learns whom the card trusts; a PUK is not for it."""
    session = Session.begin(station())
    chat = Chat.of("authentication terminal")
    terminal = PaceTerminal(session.pace_info, chat=chat)
    assert terminal.run(session.channel, PIN).authorities == (b"ZZEIDRIG00001",)
    with pytest.raises(ApduError, match="6A80"):
        terminal.run(Session.begin(station()).channel, PUK)


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
