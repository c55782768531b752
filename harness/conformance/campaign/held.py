"""The one real card at hand, and the rules by which its codes survive a campaign."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import cast

from harness.conformance.acts.holder import Holder
from harness.conformance.case import Case, Effect
from harness.conformance.declared import declared
from harness.conformance.evidence import Evidence, Step
from harness.conformance.judgement import Blocked
from harness.conformance.source import CardSource
from harness.conformance.subject import Subject
from harness.errors import CardError, EidrigError, LinkError, PinError, WrongPinError
from harness.profile import PinName, Profile
from harness.secret import Can, Digits, Secret
from harness.station import Station
from harness.terminal.pin_guard import DEFAULT_FLOOR, PinGuard, Refusals
from harness.terminal.pin_watch import PinWatch
from harness.trace import Journal, Journaled, Level, Observer

# ISO/IEC 7816-4, 7.5.6 to 7.5.10, by the second byte, which secure messaging leaves in the clear;
# 22 C1 A4 begins PACE, which may be with a PIN.
_TOUCHES_CODES = ("20", "21", "24", "25", "2C", "2D")
_BEGINS_PACE = "22C1A4"
_PINS: tuple[PinName, ...] = ("PIN1", "PIN2")


@dataclass(frozen=True, slots=True)
class HeldSource:
    """The card that lies on a reader; every case gets the same one.

    `may_change` lets commands pass by which a code can be spent or changed.
    """

    opened: Station
    profile: Profile
    codes: Mapping[str, Secret] = field(default_factory=dict)
    authorities: tuple[bytes, ...] = ()
    may_change: bool = False
    is_precious: bool = field(default=True, init=False)

    def secret(self, name: str) -> Secret:
        """A code that was given for this card.

        Raises:
            Blocked: it was not.
        """
        try:
            return self.codes[name]
        except KeyError:
            message = f"the {name} was not given, or the card has refused it"
            raise Blocked(message) from None

    def sample(self, *, pin_active: bool = True, pin2_changed: bool = True) -> None:
        """There is only this card, whatever its state."""

    def station(self, observer: Observer, seed: int) -> Station:  # noqa: ARG002 - one card
        """The card, with a journal of its own for the case."""
        journal = Journal(self.opened.journal.clock, (observer,))
        icc = self.opened.icc
        if not self.may_change:
            icc = PinWatch(icc, may_verify=True)
        icc = Journaled(icc, journal)
        return replace(self.opened, icc=icc, journal=journal, profile=self.profile)


class Custody:
    """Decides before each case whether it may touch the card, and looks after it what it cost.

    `named` are the cases that were asked for by name: only these may block a code for good. A code
    is used only once the card has accepted it, and `floor` tries must outlive a mistake. A
    harmless case after which a counter stands lower than before ends the campaign; `halted` says
    so.
    """

    def __init__(
        self,
        source: HeldSource,
        *,
        allow_destructive: bool,
        named: Collection[str] = (),
        floor: int = DEFAULT_FLOOR,
    ) -> None:
        self._source = source
        self._allow_destructive = allow_destructive
        self._named = named
        memory = Refusals()
        self._guard = PinGuard(floor, memory)
        self._guard_of_the_accepted = PinGuard(0, memory)
        self._tries: dict[PinName, int] = {}
        self._unsettled = False
        self.halted = ""

    def prepare(self) -> tuple[str, ...]:
        """Offer each given code once, and say in a sentence each why one is not used.

        Raises:
            LinkError: the card is gone.
        """
        refused: dict[str, str] = {}
        for name in sorted(self._source.codes, key="PUK".__eq__):
            try:
                self._offer(name, refused)
            except (CardError, Blocked) as error:
                # Where PACE goes wrong otherwise, the cases shall find it; a CAN has no counter.
                if name in ("CAN", "MRZ") and not isinstance(error, PinError | Blocked):
                    continue
                refused[name] = f"{name} is not used: {error}"
        kept = {name: code for name, code in self._source.codes.items() if name not in refused}
        self._source = replace(self._source, codes=kept)
        self._tries = self._counted()
        return tuple(refused.values())

    def _offer(self, name: str, refused: Collection[str]) -> None:
        subject = Subject(replace(self._source, may_change=self._allow_destructive))
        try:
            if name in ("CAN", "MRZ"):
                pace = self._source.profile.pace
                if pace is not None and name in pace.passwords:
                    subject.pace(name)
            elif name in ("PIN1", "PIN2") and name in self._source.profile.pins:
                self._offer_pin(subject, name, self._guard)
            elif name == "PUK" and name in self._source.profile.pins:
                self._offer_puk(subject, refused)
        finally:
            subject.close()

    def _offer_puk(self, subject: Subject, refused: Collection[str]) -> None:
        """Whoever blocks a code must know that the PUK will give it back.

        Where it is only taken together with a new value, an accepted code is given its own.
        """
        profile = self._source.profile
        if profile.pins["PUK"].method == "pace" or "PUK-FIRST" in declared(profile):
            self._offer_pin(subject, "PUK", self._guard)
            return
        pin = next((each for each in _PINS if each in self._source.codes.keys() - refused), None)
        if pin is None or not self._allow_destructive:
            return
        holder, puk = Holder(subject), self._source.secret("PUK")
        self._guard.admit("PUK", puk, holder.tries("PUK"))
        answer = holder.unblock(pin, puk.reveal(), holder.right(pin))
        if not answer.ok:
            self._guard.refuse("PUK", puk)
            message = f"unblocking {pin} with it was answered {answer.sw:04X}"
            raise WrongPinError(message, "PUK", answer.tries_left or 0)

    def _offer_pin(self, subject: Subject, name: PinName, guard: PinGuard) -> None:
        code = cast("Digits", self._source.secret(name))
        if self._source.profile.pins[name].method == "verify":
            channel = subject.access()
            subject.session.eid(channel, guard).verify(name, code)
            return
        can = self._source.codes.get("CAN")
        subject.session.open_with(name, code, can if isinstance(can, Can) else None, guard)

    @property
    def accepted(self) -> Mapping[str, Secret]:
        """The codes that the card has accepted, and those that cannot be tried out."""
        return self._source.codes

    def source(self, case: Case) -> CardSource:
        """The card as a case may handle it."""
        return replace(self._source, may_change=case.effect is not Effect.NONE)

    def objection(self, case: Case) -> str:
        """Why a case must not be run; empty if it may."""
        if self.halted:
            return self.halted
        if self._unsettled:
            self._restore()
        if case.effect is Effect.NONE:
            return ""
        if not self._allow_destructive:
            return f"it {_does(case.effect)}, which needs --allow-destructive on a real card"
        if case.effect is Effect.FINAL and case.id not in self._named:
            return "it blocks a code for good; on a real card it is run only if named with --case"
        if case.effect is Effect.BLOCKS and "PUK" not in self._source.codes:
            return "it blocks a code, and the PUK that would give it back was not given"
        return self._worn()

    def _worn(self) -> str:
        """Which code has fewer tries than it should."""
        for name, left in self._tries.items():
            full = self._source.profile.pins[name].tries
            if name != "PUK" and left < full:
                remedy = "verify it once" if left else "unblock it"
                return f"{name} has {left} of {full} tries left; {remedy}, then go on"
        return ""

    def settle(self, case: Case, evidence: Evidence, *, is_lost: bool = False) -> None:
        """After a case that may have touched a code: count the tries, and give spent ones back.

        Where the card was lost in it, that is done once it is there again, and blames no case.
        """
        if not any(map(_touches, evidence.steps)):
            return
        if is_lost:
            self._unsettled = True
        elif (lost := self._restore()) and case.effect is Effect.NONE:
            names = " and ".join(lost)
            self.halted = f"{names} lost a try in {case.id}, which must cost none: it ended there"

    def halt(self, why: str) -> None:
        """Let no further case touch the card."""
        self.halted = why

    def _restore(self) -> list[PinName]:
        """Count the tries, and set back those that are fewer than before; which these were."""
        before, self._tries = self._tries, self._counted()
        lost = [name for name, left in self._tries.items() if left < before.get(name, left)]
        for name in lost:
            self._give_back(name)
        if lost:
            self._tries = self._counted()
        self._unsettled = False
        return lost

    def _give_back(self, name: PinName) -> None:
        """The right code sets its counter back; whatever goes wrong is seen in the counter."""
        if name not in self._source.codes:
            return
        subject = Subject(self._source)
        try:
            self._offer_pin(subject, name, self._guard_of_the_accepted)
        except (EidrigError, Blocked):
            return
        finally:
            _let_go(subject)

    def _counted(self) -> dict[PinName, int]:
        """The tries left of each code whose counter the card tells now."""
        found: dict[PinName, int] = {}
        if not self._source.profile.pins:
            return found
        subject = Subject(self._source)
        try:
            eid = subject.eid(subject.access())
            for name in self._source.profile.pins:
                found |= dict(_tries_of(eid.tries_left, name))
        except (CardError, LinkError, Blocked):
            return found or self._tries
        finally:
            _let_go(subject)
        return found


def _tries_of(ask: Callable[[PinName], int], name: PinName) -> Iterator[tuple[PinName, int]]:
    try:
        yield name, ask(name)
    except CardError:
        return  # a card need not tell


def _let_go(subject: Subject) -> None:
    with suppress(LinkError):
        subject.close()


def _touches(step: Step) -> bool:
    if step.level is not Level.WIRE:
        return False
    return step.command[2:4] in _TOUCHES_CODES or step.command[2:8] == _BEGINS_PACE


def _does(effect: Effect) -> str:
    return {Effect.SPENDS_TRIES: "spends tries", Effect.BLOCKS: "blocks a code"}.get(
        effect, str(effect)
    )
