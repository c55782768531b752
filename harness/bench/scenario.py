"""What one benchmark is about: a card, a phone, a hand, and what the phone does about a tear."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

from harness.air.card_time import CardSpeed
from harness.air.faults import Fault
from harness.air.motion import Motion, measured, motion
from harness.air.phone import Phone
from harness.errors import UsageError
from harness.profile import Profile
from harness.tap import Policy


@dataclass(frozen=True, slots=True)
class Hand:
    """A way of holding a card; `make` gives the motion of the hand with a number."""

    name: str
    make: Callable[[int], Motion]

    @classmethod
    def named(cls, name: str) -> Hand:
        """A built-in motion.

        Raises:
            UsageError: there is none of that name; the message lists them.
        """
        motion(name)
        return cls(name, partial(motion, name))

    @classmethod
    def traced(cls, text: str, name: str) -> Hand:
        """A measured motion from CSV text, the same for every number.

        Raises:
            UsageError: a line is malformed; the message names the file and the line.
        """
        try:
            trace = measured(text, name)
        except UsageError as error:
            message = f"{name}: {error}"
            raise UsageError(message) from None
        return cls(name, lambda _: trace)

    @classmethod
    def still(cls, distance: float) -> Hand:
        """A card that lies still at a distance in mm."""
        trace = Motion(f"still at {distance:g} mm", lambda _: distance)
        return cls(trace.name, lambda _: trace)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that a simulated tap depends on, but for its number.

    Raises:
        UsageError: the profile has no such read plan.
    """

    profile: Profile
    phone: Phone
    speed: CardSpeed
    hand: Hand
    policy: Policy
    plan: str = "eidrig"
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        if self.plan not in self.profile.plans:
            known = ", ".join(self.profile.plans)
            message = f"{self.profile.name} has no read plan {self.plan}; it has {known}"
            raise UsageError(message)

    @property
    def params(self) -> dict[str, str]:
        """Each part by its name, as the benchmark record has it."""
        return {
            "profile": self.profile.name,
            "phone": self.phone.name,
            "preset": self.speed.name,
            "motion": self.hand.name,
            "policy": self.policy.name,
            "plan": self.plan,
            "faults": " ".join(str(fault) for fault in self.faults),
        }

    @property
    def name(self) -> str:
        """The names of all parts, joined."""
        return "/".join(value for value in self.params.values() if value)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Several choices for every part of a scenario; the faults strike in all of them."""

    profiles: Sequence[Profile]
    phones: Sequence[Phone]
    speeds: Sequence[CardSpeed]
    hands: Sequence[Hand]
    policies: Sequence[Policy]
    plans: Sequence[str]
    faults: tuple[Fault, ...] = ()

    def scenarios(self) -> Iterator[Scenario]:
        """Every combination, each once, in the order given.

        Raises:
            UsageError: a profile lacks one of the read plans.
        """
        parts = (
            self.profiles,
            self.phones,
            self.speeds,
            self.hands,
            self.policies,
            self.plans,
        )
        for profile, phone, speed, hand, policy, plan in product(*parts):
            yield Scenario(profile, phone, speed, hand, policy, plan, self.faults)
