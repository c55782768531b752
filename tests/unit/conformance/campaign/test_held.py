"""A real card comes out of a campaign as it went in, whatever the cases would do to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from harness.apdu import INS, CommandApdu
from harness.clock import VirtualClock
from harness.conformance.campaign import examination
from harness.conformance.campaign.examination import Examiner, Rules
from harness.conformance.campaign.held import Custody, HeldSource
from harness.conformance.campaign.one_card import examine_in_turn
from harness.conformance.case import Case, Effect, Verdict
from harness.conformance.catalogue import chosen
from harness.conformance.execution import Run, runs
from harness.conformance.source import EmulatedSource
from harness.conformance.subject import Subject
from harness.emulator.card import EmulatedCard
from harness.emulator.lies import MISBEHAVIOURS
from harness.emulator.memory import CardMemory
from harness.emulator.misbehaviour import MisbehavingCard
from harness.emulator.pins import PinPad
from harness.errors import LinkError
from harness.profile import Interface
from harness.secret import Can, Pin, Puk, Secret
from harness.station import CardOptions, Station
from harness.trace import Journal, Journaled

MakeCase = Callable[..., Case]
GIVEN: dict[str, Secret] = {
    "CAN": Can("123456"),
    "PIN1": Pin("1234"),
    "PIN2": Pin("12345"),
    "PUK": Puk("12345678"),
}
WRONG_PIN = b"9999" + 8 * b"\xff"


@dataclass
class Held:
    """A card that is treated as a real one, and looked into."""

    card: EmulatedCard
    source: HeldSource

    def tries(self, name: str = "PIN1") -> int:
        """The card's own count."""
        return self.card.memory.tries(name)

    def examiner(self, *, allow_destructive: bool = False) -> Examiner:
        """One whose custody has been prepared."""
        custody = Custody(self.source, allow_destructive=allow_destructive)
        self.notes = custody.prepare()
        return Examiner(self.source, Rules(), custody)


@pytest.fixture
def held(source: EmulatedSource) -> Held:
    """A contactless card, and every code for it."""
    return held_of(source)


def held_of(source: EmulatedSource) -> Held:
    """The same of any card."""
    clock = VirtualClock()
    card = EmulatedCard(source.image, Interface.CONTACTLESS, CardMemory(source.image), clock)
    journal = Journal(clock)
    station = Station(Journaled(card, journal), "test:", journal, source.profile)
    return Held(card, HeldSource(station, source.profile, GIVEN))


def offers_wrong_pin(subject: Subject) -> None:
    """A case that spends a try of PIN1 inside the channel."""
    channel = subject.access()
    subject.eid(channel).tries_left("PIN1")
    subject.transmit(CommandApdu(0x00, INS.VERIFY, 0x00, 0x01, WRONG_PIN), channel)


def changes_in_the_clear(subject: Subject) -> None:
    """A case that would change a code."""
    subject.power_up()
    subject.transmit(CommandApdu(0x00, INS.CHANGE_REFERENCE_DATA, 0x00, 0x01, 24 * b"1"))


def test_a_card_is_as_before(held: Held, make_case: MakeCase) -> None:
    """Preparing and harmless cases cost nothing."""
    record = held.examiner().examine(Run(make_case(lambda subject: subject.access())))
    assert record.verdict is Verdict.PASS
    assert [held.tries(name) for name in ("PIN1", "PIN2", "PUK")] == [3, 3, 3]
    assert held.notes == ()


@pytest.mark.parametrize(
    ("effect", "why"),
    [
        (Effect.SPENDS_TRIES, "it spends tries, which needs --allow-destructive"),
        (Effect.CHANGES_CARD, "it changes the card, which needs --allow-destructive"),
        (Effect.BLOCKS, "it blocks a code, which needs --allow-destructive"),
    ],
)
def test_what_leaves_traces_needs_permission(
    held: Held, make_case: MakeCase, effect: Effect, why: str
) -> None:
    """A case with an effect is blocked, with the option that would allow it."""
    record = held.examiner().examine(Run(make_case(offers_wrong_pin, effect=effect)))
    assert record.verdict is Verdict.BLOCKED
    assert record.reason.startswith(why)
    assert held.tries() == 3


def test_spent_tries_are_given_back(held: Held, make_case: MakeCase) -> None:
    """With permission a try may be spent, and the right code sets the counter back."""
    examiner = held.examiner(allow_destructive=True)
    case = make_case(offers_wrong_pin, effect=Effect.SPENDS_TRIES)
    for _ in range(5):
        assert examiner.examine(Run(case)).verdict is Verdict.PASS
        assert held.tries() == 3


def test_a_harmless_case_that_costs_a_try_ends_it_all(held: Held, make_case: MakeCase) -> None:
    """A case that lies about its effect costs one try, which is given back, and no second."""
    examiner = held.examiner()
    runs = [Run(make_case(offers_wrong_pin, f"X_{n}")) for n in range(4)]
    records = list(examine_in_turn(examiner, runs))
    assert [each.verdict for each in records] == [Verdict.PASS]
    assert examiner.halted == "PIN1 lost a try in X_0, which must cost none: it ended there"
    assert held.tries() == 3
    assert examiner.examine(runs[1]).verdict is Verdict.BLOCKED


def test_no_command_changes_a_code_in_a_harmless_case(held: Held, make_case: MakeCase) -> None:
    """Such a command is not even sent."""
    record = held.examiner().examine(Run(make_case(changes_in_the_clear)))
    assert record.verdict is Verdict.BLOCKED
    assert "INS 24" in record.reason


def test_a_wrong_code_is_offered_once(held: Held, make_case: MakeCase) -> None:
    """A code that the card refuses is not used by any case, and costs one try in all."""
    held.source = replace(held.source, codes={**GIVEN, "PIN1": Pin("4321")})
    examiner = held.examiner(allow_destructive=True)
    assert held.tries() == 2
    assert held.notes == ("PIN1 is not used: PIN1 is wrong; 2 tries left",)
    uses = make_case(lambda subject: subject.secret("PIN1"))
    record = examiner.examine(Run(uses))
    assert record.verdict is Verdict.BLOCKED
    assert record.reason == "the PIN1 was not given, or the card has refused it"
    spends = make_case(offers_wrong_pin, effect=Effect.SPENDS_TRIES)
    assert "PIN1 has 2 of 3 tries left" in examiner.examine(Run(spends)).reason
    assert held.tries() == 2


def test_a_wrong_can_is_offered_once(held: Held, make_case: MakeCase) -> None:
    """Without its CAN a contactless card can neither be read nor harmed."""
    held.source = replace(held.source, codes={"CAN": Can("000000")})
    examiner = held.examiner()
    assert held.notes == ("CAN is not used: the card refused the CAN: it is wrong",)
    record = examiner.examine(Run(make_case(lambda subject: subject.access())))
    assert record.verdict is Verdict.BLOCKED


@pytest.mark.parametrize("profile", ["est-idemia-2018", "est-thales-2025", "deu-npa"])
def test_a_wrong_puk_blocks_nothing(profile: str, make_case: MakeCase) -> None:
    """A PUK that the card refuses costs one try in all, and no code is blocked on its account."""
    source = EmulatedSource.of(CardOptions(profile=profile))
    held, given = held_of(source), [*source.profile.pins]
    codes = {name: source.secret(name) for name in ("CAN", *given)}
    wrong = Puk("9" * len(codes["PUK"].reveal()))
    held.source = replace(held.source, codes={**codes, "PUK": wrong})
    before = held.tries("PUK")
    examiner = held.examiner(allow_destructive=True)
    (note,) = held.notes
    assert note.startswith("PUK is not used: ")
    assert held.tries("PUK") == before - 1
    record = examiner.examine(Run(make_case(offers_wrong_pin, effect=Effect.BLOCKS)))
    assert "the PUK that would give it back" in record.reason
    assert {name: held.tries(name) for name in given} == {
        **{name: rules.tries for name, rules in held.source.profile.pins.items()},
        "PUK": before - 1,
    }


def test_a_try_lost_before_is_not_held_against_the_card(held: Held) -> None:
    """A case that no counter may move by compares it with what it was, not with the most."""
    held.card.memory.set_tries("PUK", 2)
    (unit,) = chosen(cases=("EID_C_27",))
    assert held.examiner().examine(Run(unit.cases[0])).verdict is Verdict.PASS


@pytest.mark.parametrize("profile", ["est-idemia-2018", "est-thales-2025"])
def test_a_right_puk_changes_nothing(profile: str) -> None:
    """Trying the PUK leaves every code and every counter as it was."""
    held = held_of(EmulatedSource.of(CardOptions(profile=profile)))
    before = {
        name: (held.tries(name), held.card.memory.code(name)) for name in GIVEN if name != "CAN"
    }
    held.examiner(allow_destructive=True)
    assert held.notes == ()
    after = {name: (held.tries(name), held.card.memory.code(name)) for name in before}
    assert after == before


def test_a_broken_channel_is_found_by_the_cases(held: Held) -> None:
    """A card whose PACE is wrong for another reason than the CAN fails; it is not just blocked."""
    liar = MisbehavingCard(held.card, MISBEHAVIOURS["token-wrong"])
    journal = Journal(VirtualClock())
    station = replace(held.source.opened, icc=Journaled(liar, journal), journal=journal)
    held.source = replace(held.source, opened=station)
    examiner = held.examiner()
    assert not [note for note in held.notes if note.startswith("CAN")]
    (unit,) = chosen(cases=("EAC2_ISO7816_H_1",))
    (run,) = runs(unit.cases[0], held.source.profile)
    record = examiner.examine(run)
    assert record.verdict is Verdict.FAIL
    assert "expected the token of the same keys, got another" in record.reason
    assert [held.tries(name) for name in ("PIN1", "PIN2", "PUK")] == [3, 3, 3]


def test_a_counter_that_stays_low_is_found(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that has accepted a code and still tells a lost try fails; it is not just blocked."""
    told = PinPad.tries
    monkeypatch.setattr(PinPad, "tries", lambda pad, name: told(pad, name) - 1)
    custody = Custody(held.source, allow_destructive=False, floor=0)
    assert custody.prepare() == ()
    (unit,) = chosen(cases=("EID_C_1",))
    record = Examiner(held.source, Rules(), custody).examine(Run(unit.cases[0]))
    assert record.verdict is Verdict.FAIL
    assert "expected 3 tries left of PIN1 after the right one, got 2" in record.reason


def test_nothing_blocks_without_the_puk(held: Held, make_case: MakeCase) -> None:
    """A code is blocked only where it can be given back."""
    codes = {name: code for name, code in GIVEN.items() if name != "PUK"}
    held.source = replace(held.source, codes=codes)
    record = held.examiner(allow_destructive=True).examine(
        Run(make_case(offers_wrong_pin, effect=Effect.BLOCKS))
    )
    assert record.verdict is Verdict.BLOCKED
    assert "the PUK that would give it back" in record.reason


@pytest.mark.parametrize("number", range(1, 9))
def test_what_cannot_be_cut_is_not_spent(held: Held, number: int) -> None:
    """A case that needs the power cut within a command leaves a real card's codes alone."""
    (unit,) = chosen(cases=(f"EID_I_{number}",))
    record = held.examiner(allow_destructive=True).examine(Run(unit.cases[0]))
    assert record.verdict is Verdict.BLOCKED
    assert "emulated card only" in record.reason
    assert not record.apdus
    assert [held.tries(name) for name in ("PIN1", "PIN2", "PUK")] == [3, 3, 3]


def test_a_blocked_code_is_to_be_unblocked(held: Held, make_case: MakeCase) -> None:
    """Where a code has no try left, the sentence does not advise to verify it."""
    held.card.memory.set_tries("PIN1", 0)
    record = held.examiner(allow_destructive=True).examine(
        Run(make_case(offers_wrong_pin, effect=Effect.SPENDS_TRIES))
    )
    assert record.reason == "PIN1 has 0 of 3 tries left; unblock it, then go on"


def test_a_code_is_blocked_for_good_only_by_name(held: Held, make_case: MakeCase) -> None:
    """Permission to destroy is not enough for what nothing gives back."""
    final = make_case(lambda subject: subject.access(), effect=Effect.FINAL)
    record = held.examiner(allow_destructive=True).examine(Run(final))
    assert record.verdict is Verdict.BLOCKED
    assert "only if named with --case" in record.reason
    custody = Custody(held.source, allow_destructive=True, named=("X_1",))
    custody.prepare()
    assert Examiner(held.source, Rules(), custody).examine(Run(final)).verdict is Verdict.PASS


def test_a_try_that_was_lost_with_the_card_blames_no_case(held: Held, make_case: MakeCase) -> None:
    """After a tear the counter is set back before the next case, which is not taken for guilty."""

    def torn(subject: Subject) -> None:
        offers_wrong_pin(subject)
        message = "gone"
        raise LinkError(message)

    examiner = held.examiner(allow_destructive=True)
    record = examiner.examine(Run(make_case(torn, effect=Effect.SPENDS_TRIES)))
    assert (record.verdict, held.tries()) == (Verdict.INCONCLUSIVE, 2)
    harmless = make_case(lambda subject: subject.eid(subject.access()).tries_left("PIN1"))
    assert examiner.examine(Run(harmless)).verdict is Verdict.PASS
    assert (held.tries(), examiner.halted) == (3, "")


def test_a_reader_that_hangs_is_not_used_again(
    held: Held, make_case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a case is stuck in the reader nothing else is sent to the card."""
    never = threading.Event()
    examiner = held.examiner()
    monkeypatch.setattr(examination, "PATIENCE", 0.05)
    runs = [Run(make_case(lambda _: never.wait() and None, f"X_{n}")) for n in range(3)]
    records = list(examine_in_turn(examiner, runs))
    never.set()
    assert [each.verdict for each in records] == [Verdict.INCONCLUSIVE]
    assert examiner.halted == "X_0 hangs in the reader, so that no other can be run"


def test_a_card_that_is_gone_ends_it(held: Held, make_case: MakeCase) -> None:
    """After three cases that the link ended, the rest is not run."""

    def lost(_: Subject) -> None:
        message = "gone"
        raise LinkError(message)

    runs = [Run(make_case(lost, f"X_{n}")) for n in range(6)]
    records = list(examine_in_turn(held.examiner(), runs))
    assert [each.verdict for each in records] == 3 * [Verdict.INCONCLUSIVE]
