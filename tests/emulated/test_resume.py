"""A card that is lost in the middle of a read and comes back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import pytest

from fixtures.cards import PROFILES, image_of
from harness.apdu import INS
from harness.clock import VirtualClock
from harness.emulator.card import EmulatedCard
from harness.emulator.person import Person, personal_code
from harness.errors import LinkError, NoCardError
from harness.icc import Icc
from harness.profiles import builtin, builtin_names
from harness.secret import Pin
from harness.station import CardOptions, Codes, Station
from harness.tap import Policy, Reading, Tap, policy
from harness.terminal.pin_guard import PinGuard
from harness.trace import Journal, Journaled


@dataclass
class Slipping:
    """Loses the card at the given commands (counted over all activations), as the card saw them."""

    card: Icc
    at: frozenset[int]
    successor: Icc | None = None
    late: bool = False
    absent: int = 0
    sent: list[bytes] = field(default_factory=list)

    def connect(self) -> bytes:
        """Activate the card, unless it is not there yet."""
        if self.absent:
            self.absent -= 1
            message = "no card"
            raise NoCardError(message)
        return self.card.connect()

    def disconnect(self) -> None:
        """Power off."""
        self.card.disconnect()

    def transmit(self, command: bytes) -> bytes:
        """Pass a command on, or lose the card before or after it."""
        self.sent.append(command)
        if len(self.sent) not in self.at:
            return self.card.transmit(command)
        if self.late:
            self.card.transmit(command)
        self.card.disconnect()
        self.card = self.successor or self.card
        message = "the card slipped away"
        raise LinkError(message)

    def count(self, ins: int) -> int:
        """How many commands with this instruction byte were sent."""
        return sum(command[1] == ins for command in self.sent)


@cache
def station_of(profile: str) -> Station:
    """Where the holder's codes and the authorities of a card are."""
    return Station.open("emulated:", CardOptions(profile=profile))


def tap(
    icc: Icc, profile: str, chosen: Policy, codes: Codes | None = None
) -> tuple[Reading, Station]:
    """One tap on a card, in simulated time."""
    journal = Journal(VirtualClock())
    station = replace(station_of(profile), icc=Journaled(icc, journal), journal=journal)
    return Tap(station, codes or station.codes, PinGuard(0), policy=chosen).run(), station


def card(profile: str, person: Person | None = None) -> EmulatedCard:
    """An emulated card."""
    return EmulatedCard(image_of(profile, person))


def commands(profile: str) -> list[bytes]:
    """What an undisturbed read sends."""
    icc = Slipping(card(profile), frozenset())
    assert tap(icc, profile, policy("once"))[0].outcome == "ok"
    return icc.sent


every = pytest.mark.parametrize("profile", builtin_names())
every_with_files = pytest.mark.parametrize(
    "profile", [name for name in builtin_names() if builtin(name).keys]
)
both = pytest.mark.parametrize("profile", PROFILES)


@every
@pytest.mark.parametrize("late", [False, True])
def test_wherever_the_card_slips_a_resumed_read_is_whole(profile: str, *, late: bool) -> None:
    """Torn at any command, a resumed read brings the same as an undisturbed one."""
    whole, _ = tap(card(profile), profile, policy("once"))
    for number in range(1, len(commands(profile)) + 1):
        icc = Slipping(card(profile), frozenset({number}), late=late)
        reading, _ = tap(icc, profile, policy("resume"))
        assert (reading.outcome, reading.attempts) == ("ok", 2), number
        assert reading.personal_data == whole.personal_data
        assert reading.certificates == whole.certificates
        assert reading.tries_left == whole.tries_left
        assert all(reading.signatures.values())
        assert reading.document.groups == whole.document.groups
        assert (reading.document.chip is None) == (whole.document.chip is None)


@every_with_files
def test_resuming_sends_less_than_starting_anew(profile: str) -> None:
    """Torn in the last certificate, a resumed read sends fewer commands than a restarted one."""
    last = len(commands(profile))
    sent = {}
    for name in ("resume", "restart"):
        icc = Slipping(card(profile), frozenset({last}))
        assert tap(icc, profile, policy(name))[0].outcome == "ok"
        sent[name] = len(icc.sent)
    assert sent["resume"] < 0.75 * sent["restart"]


@every_with_files
def test_resuming_never_sends_more_than_starting_anew(profile: str) -> None:
    """Wherever the card slips, proof and counter cost no more commands than resuming saves."""
    whole = len(commands(profile))
    for number in range(1, whole + 1):
        icc = Slipping(card(profile), frozenset({number}))
        assert tap(icc, profile, policy("resume"))[0].outcome == "ok"
        assert len(icc.sent) - number <= whole, number


@every_with_files
def test_a_complete_file_is_not_read_again(profile: str) -> None:
    """After a tear in the last certificate, only that and the proof of identity are read."""
    before = commands(profile)
    icc = Slipping(card(profile), frozenset({len(before)}))
    tap(icc, profile, policy("resume"))
    again = icc.sent[len(before) :]
    reads = sum(command[1] == INS.READ_BINARY for command in again)
    assert reads < sum(command[1] == INS.READ_BINARY for command in before) / 3


@every_with_files
def test_another_card_is_told_from_the_first(profile: str) -> None:
    """If another card comes back, nothing of it is mixed with what was read before."""
    code = personal_code(Person().birth_date, Person().sex, 999)
    other = card(profile, replace(Person(), document_number="AS0000002", personal_code=code))
    icc = Slipping(card(profile), frozenset({len(commands(profile))}), successor=other)
    reading, _ = tap(icc, profile, policy("resume"))
    assert reading.outcome == "check-failed"
    assert "another card" in str(reading.error)


@both
def test_the_counter_is_read_before_a_pin_goes_out_again(profile: str) -> None:
    """After a tear at VERIFY the next thing about PIN1 is GET DATA, and then VERIFY once more."""
    at = next(n for n, sent in enumerate(commands(profile), 1) if sent[1] == INS.VERIFY)
    icc = Slipping(card(profile), frozenset({at}), late=True)
    assert tap(icc, profile, policy("resume"))[0].outcome == "ok"
    about_pins = [sent[1] for sent in icc.sent[at:] if sent[1] in (INS.VERIFY, INS.GET_DATA_ODD)]
    assert about_pins[:2] == [INS.GET_DATA_ODD, INS.VERIFY]


@both
def test_a_wrong_pin_that_the_card_counted_is_not_offered_again(profile: str) -> None:
    """Torn after the card counted a wrong PIN1, the PIN stays here and one try is spent."""
    at = next(n for n, sent in enumerate(commands(profile), 1) if sent[1] == INS.VERIFY)
    emulated = card(profile)
    icc = Slipping(emulated, frozenset({at}), late=True)
    codes = Codes(Person().can, Pin("9999"))
    reading, _ = tap(icc, profile, policy("resume"), codes)
    assert reading.outcome == "pin1-wrong"
    assert icc.count(INS.VERIFY) == 1
    assert emulated.memory.tries("PIN1") == reading.tries_left["PIN1"] == 2


@both
def test_a_refused_pin_ends_the_tap(profile: str) -> None:
    """A wrong PIN1 is no reason to try again, whatever the policy."""
    emulated = card(profile)
    icc = Slipping(emulated, frozenset())
    reading, _ = tap(icc, profile, policy("restart"), Codes(Person().can, Pin("9999")))
    assert (reading.outcome, reading.attempts, icc.count(INS.VERIFY)) == ("pin1-wrong", 1, 1)
    assert emulated.memory.tries("PIN1") == 2


def test_an_empty_field_is_polled_and_counts_as_no_attempt() -> None:
    """A card that comes late is waited for; the waiting is in the total, not in the hold."""
    profile = "est-idemia-2018"
    icc = Slipping(card(profile), frozenset(), absent=8)
    reading, _ = tap(icc, profile, policy("resume"))
    assert (reading.outcome, reading.attempts) == ("ok", 1)
    assert reading.total_seconds == pytest.approx(8 * policy("resume").pause)
    assert reading.held_seconds == 0  # the virtual clock stands while nothing sleeps on it


def test_a_policy_without_polling_says_at_once_that_there_is_no_card() -> None:
    """A single read of an empty field ends with no-card, after one look."""
    icc = Slipping(card("est-idemia-2018"), frozenset(), absent=1)
    reading, _ = tap(icc, "est-idemia-2018", policy("once"))
    assert (reading.outcome, reading.attempts) == ("no-card", 0)


def test_a_card_that_always_slips_ends_the_tap_in_time() -> None:
    """The policy's attempts and its time are both limits."""
    icc = Slipping(card("est-idemia-2018"), frozenset(range(1, 10_000)))
    limited = replace(policy("resume"), attempts=3)
    assert tap(icc, "est-idemia-2018", limited)[0].attempts == 3
    reading, _ = tap(icc, "est-idemia-2018", replace(policy("resume"), attempts=10_000))
    assert reading.outcome == "link-lost"
    assert 59 <= reading.total_seconds <= 60
