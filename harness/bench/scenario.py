"""What one benchmark is about: a card, a phone, a hand, and what the phone does about a tear."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

from harness.air.card_time import CardSpeed
from harness.air.faults import Fault
from harness.air.motion import Motion, measured, motion, usual_height
from harness.air.phone import Phone
from harness.errors import UsageError
from harness.profile import Profile
from harness.tap import Policy


@dataclass(frozen=True, slots=True)
class Hand:
    """A way of holding a card; `make` gives the motion of the hand with a number.

    `height` is the mean distance in mm, None where only a trace knows it; `label` names both.
    """

    name: str
    make: Callable[[int], Motion]
    label: str
    height: float | None = None

    @classmethod
    def named(cls, name: str, height: float | None = None) -> Hand:
        """A built-in motion, at its usual height unless another one is given.

        Raises:
            UsageError: there is none of that name (the message lists them), or not at this height.
        """
        motion(name, height=height)
        usual = usual_height(name)
        if height in (None, usual):
            return cls(name, partial(motion, name), name, usual)
        return cls(name, partial(motion, name, height=height), f"{name} at {height:g} mm", height)

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
        return cls(name, lambda _: trace, name)


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
            "height_mm": "" if self.hand.height is None else f"{self.hand.height:g}",
            "policy": self.policy.name,
            "plan": self.plan,
            "faults": " ".join(str(fault) for fault in self.faults),
        }

    @property
    def name(self) -> str:
        """The names of all parts, joined; the usual height goes without saying."""
        parts = self.params | {"motion": self.hand.label, "height_mm": ""}
        return "/".join(filter(None, parts.values()))


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
