"""Where the card under test comes from: a new emulated one for each case, or the one at hand."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from harness.clock import VirtualClock
from harness.conformance.judgement import Blocked
from harness.emulator.card import EmulatedCard
from harness.emulator.memory import CardMemory
from harness.emulator.person import Person
from harness.emulator.personalise import CardImage
from harness.profile import Interface, Profile
from harness.secret import Secret
from harness.station import CardOptions, Station, card_image
from harness.trace import Journal, Journaled, Observer


class CardSource(Protocol):
    """Gives each case its card."""

    @property
    def profile(self) -> Profile:
        """What the card is said to be."""
        ...

    @property
    def is_precious(self) -> bool:
        """Whether tries spent and codes changed on this card are lost."""
        ...

    @property
    def authorities(self) -> tuple[bytes, ...]:
        """The DER certificates that the card's chains may be checked against."""
        ...

    def secret(self, name: str) -> Secret:
        """A code by name: CAN, MRZ, PIN1, PIN2 or PUK.

        Raises:
            Blocked: it was not given.
        """
        ...

    def sample(self, *, pin_active: bool = True, pin2_changed: bool = True) -> CardSource | None:
        """Another card of the same kind in this state, or None where there is only one card."""
        ...

    def station(self, observer: Observer, seed: int) -> Station:
        """The card, with `observer` told of every exchange and `seed` for an emulated one's chance.

        Raises:
            LinkError, UsageError: as `Station.open`.
        """
        ...


@dataclass(slots=True)
class EmulatedSource:
    """A card of one profile and person, as new for every case."""

    image: CardImage
    person: Person
    interface: Interface | None = None
    is_precious: bool = field(default=False, init=False)

    @classmethod
    def of(cls, options: CardOptions) -> EmulatedSource:
        """The card that `options` describe.

        Raises:
            UsageError: the profile or person cannot be read or is not valid.
        """
        image, person = card_image(options)
        return cls(image, person, options.interface)

    @property
    def profile(self) -> Profile:
        """The profile it is made by."""
        return self.image.profile

    @property
    def authorities(self) -> tuple[bytes, ...]:
        """The test authorities that signed its certificates."""
        return self.image.authorities

    def secret(self, name: str) -> Secret:
        """A code of the person it is made for."""
        person = self.person
        codes: Mapping[str, Secret] = {"PIN1": person.pin1, "PIN2": person.pin2, "PUK": person.puk}
        known = {**self.image.passwords, **codes}
        try:
            return known[name]
        except KeyError:
            message = f"this card has no {name}"
            raise Blocked(message) from None

    def sample(self, *, pin_active: bool = True, pin2_changed: bool = True) -> EmulatedSource:
        """The same card as handed out without its PIN, or with a PIN2 still to be changed."""
        image = replace(self.image, pin_active=pin_active, pin2_changed=pin2_changed)
        return replace(self, image=image)

    def station(self, observer: Observer, seed: int) -> Station:
        """A new card on a virtual clock, so that what it waits costs nothing."""
        clock = VirtualClock()
        chance = random.Random(f"card {seed}")  # noqa: S311 - the same run for the same seed
        card = EmulatedCard(
            self.image, self.interface, CardMemory(self.image), clock, chance.randrange
        )
        journal = Journal(clock, (observer,))
        return Station(
            icc=Journaled(card, journal),
            place="emulated:",
            journal=journal,
            profile=self.profile,
            authorities=self.authorities,
            is_precious=False,
            emulated=card,
            interface=card.interface,
        )
