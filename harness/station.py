"""The one place that knows how a stack is put together, from a place to reach a card."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from types import MappingProxyType

from harness.clock import Clock, WallClock
from harness.emulator.card import EmulatedCard
from harness.emulator.memory import CardMemory
from harness.emulator.person import Person, parse_person
from harness.emulator.personalise import CardImage, personalise
from harness.emulator.replayed import ReplayedCard
from harness.errors import UsageError
from harness.icc import Icc
from harness.isodep.pcd_engine import Statistics
from harness.mrz import Mrz
from harness.profile import Interface, PinName, Profile
from harness.profiles import DEFAULT_PROFILE, load_profile, recognise
from harness.recording import Recording
from harness.secret import Can, Digits
from harness.trace import Journal, Journaled, Observer
from harness.transport.storage import read_bytes, read_text, require_writable, write_atomic
from harness.transport.vpcd import VpcdReader

PLACES = (
    "emulated:, pcsc:<regular expression>, nfc:<nfcpy path>, vpcd-listen:<port>, "
    "vpcd:<host>:<port>, replay:<file>"
)


@dataclass(frozen=True, slots=True)
class Codes:
    """The secrets of one card holder, each None where it is not needed or not known."""

    can: Can | None = None
    pin1: Digits | None = None
    pin2: Digits | None = None
    mrz: Mrz | None = None


@dataclass(frozen=True, slots=True)
class CardOptions:
    """What to make an emulated card of; harmless for a card that exists already."""

    profile: str | None = None
    person: Path | None = None
    seed: int = 0
    state: Path | None = None
    interface: Interface | None = None
    """None: the one that the profile names first."""


@dataclass(slots=True)
class Station:
    """A card within reach: the stack to speak to it, and what is known of it beforehand.

    `icc` notes every exchange in `journal`. `codes` are those of a card that is not real, and
    `authorities` the DER certificates that its chain may be checked against. `is_precious` marks a
    card whose tries must not be spent lightly.
    """

    icc: Icc
    place: str = ""
    journal: Journal = field(default_factory=Journal)
    profile: Profile | None = None
    codes: Codes = field(default_factory=Codes)
    authorities: tuple[bytes, ...] = ()
    is_precious: bool = True
    emulated: EmulatedCard | None = None
    interface: Interface | None = None
    """How an emulated card is reached."""
    challenge: Callable[[], bytes] | None = None
    statistics: Callable[[], Statistics] | None = None
    close: Callable[[], None] = lambda: None
    """Lets go of what reaches the card, such as a port; the station is of no use then."""

    @classmethod
    def open(
        cls,
        place: str = "emulated:",
        options: CardOptions | None = None,
        *,
        observers: Sequence[Observer] = (),
        clock: Clock | None = None,
    ) -> Station:
        """Put the stack for a place together; nothing is sent to the card yet.

        Raises:
            UsageError: no such kind of place, or something it needs is missing or malformed.
            NoReaderError: there is no such reader.
        """
        kind, colon, where = place.partition(":")
        opener = _OPENERS.get(kind)
        if opener is None or not colon:
            message = f"{place} is no place to reach a card; there are {PLACES}"
            raise UsageError(message)
        options = options or CardOptions()
        if kind != "emulated":
            _refuse_making(options, place)
        clock = clock or WallClock()
        station = opener(where, options, clock)
        journal = Journal(clock, observers)
        return replace(station, place=place, journal=journal, icc=Journaled(station.icc, journal))

    def profile_for(self, atr: bytes) -> Profile:
        """The profile that was named, else the one that knows this ATR.

        Raises:
            UsageError: none was named and none knows it.
        """
        return self.profile or recognise(atr)


def _refuse_making(options: CardOptions, place: str) -> None:
    """A card that exists already is not made: what says how to make one does not apply."""
    given = {
        "a person": options.person is not None,
        "a seed": options.seed != 0,
        "a state file": options.state is not None,
        "the contact interface": options.interface is Interface.CONTACT,
    }
    if wrong := [name for name, is_given in given.items() if is_given]:
        message = f"{' and '.join(wrong)} can only be chosen for emulated:, not for {place}"
        raise UsageError(message)


def card_image(options: CardOptions) -> tuple[CardImage, Person]:
    """Personalise the card that `options` describe.

    Raises:
        UsageError: the profile or person cannot be read or is not valid.
    """
    profile = load_profile(options.profile or DEFAULT_PROFILE)
    person = Person()
    if options.person is not None:
        person = parse_person(read_text(options.person), str(options.person))
    return personalise(profile, person, options.seed), person.fitted(profile)


def card_memory(image: CardImage, state: Path | None) -> CardMemory:
    """The card's counters, kept in a file if one is named.

    Raises:
        UsageError: the file is not this card's, or cannot be read or written.
    """
    if state is None:
        return CardMemory(image)
    require_writable(state)
    saved = read_bytes(state) if state.exists() else None
    return CardMemory(image, saved, keep=lambda raw: write_atomic(state, raw))


def _open_emulated(where: str, options: CardOptions, clock: Clock) -> Station:
    if where:
        message = f"emulated: stands alone; name a profile to choose the card, not {where}"
        raise UsageError(message)
    image, person = card_image(options)
    interface = options.interface or image.profile.interfaces[0]
    card = EmulatedCard(image, interface, card_memory(image, options.state), clock)
    return Station(
        icc=card,
        profile=image.profile,
        codes=Codes(person.can, person.pin1, person.pin2, mrz_of(image)),
        authorities=image.authorities,
        is_precious=False,
        emulated=card,
        interface=interface,
    )


def mrz_of(image: CardImage) -> Mrz | None:
    """The password of a card's machine readable zone, where it is opened with that."""
    profile, mrz = image.profile, image.passwords.get("MRZ")
    by_mrz = profile.bac or (profile.pace and "MRZ" in profile.pace.passwords)
    return mrz if by_mrz and isinstance(mrz, Mrz) else None


def _open_replay(where: str, options: CardOptions, clock: Clock) -> Station:  # noqa: ARG001
    recording = Recording.from_json(read_text(Path(where)), where)
    profile = load_profile(options.profile or recording.profile)
    # A replayed card opens its channel with any CAN, MRZ or PIN that both sides use.
    can, mrz = Can("000000"), Mrz("000000000", "000000", "000000")
    pin1, pin2 = _zeros(profile, "PIN1", 4), _zeros(profile, "PIN2", 5)
    challenges = cycle(recording.challenges or (bytes(64),))
    return Station(
        icc=ReplayedCard(recording, profile, can, mrz, pin=pin1),
        profile=profile,
        codes=Codes(can, pin1, pin2, mrz),
        is_precious=False,
        challenge=lambda: next(challenges),
    )


def _zeros(profile: Profile, name: PinName, usual: int) -> Digits:
    """A code that the profile allows, for a card that takes any."""
    rules = profile.pins.get(name)
    return Digits("0" * (rules.min_length if rules else usual))


def _open_pcsc(where: str, options: CardOptions, clock: Clock) -> Station:  # noqa: ARG001
    from harness.transport.pcsc import PcscCard  # noqa: PLC0415 - needs pyscard

    return Station(icc=PcscCard(where), profile=_named(options))


def _open_nfc(where: str, options: CardOptions, clock: Clock) -> Station:
    from harness.transport.nfc import NfcCard  # noqa: PLC0415 - needs nfcpy

    card = NfcCard(where, clock=clock)
    return Station(icc=card, profile=_named(options), statistics=lambda: card.statistics)


def _open_vpcd_listen(where: str, options: CardOptions, clock: Clock) -> Station:  # noqa: ARG001
    return _served_by(VpcdReader.listen(port_number(where)), options)


def _open_vpcd(where: str, options: CardOptions, clock: Clock) -> Station:  # noqa: ARG001
    host, port = host_and_port(where)
    return _served_by(VpcdReader.dial(host, port, wait_seconds=10.0), options)


def _served_by(reader: VpcdReader, options: CardOptions) -> Station:
    return Station(icc=reader, profile=_named(options), close=reader.close)


def _named(options: CardOptions) -> Profile | None:
    return load_profile(options.profile) if options.profile else None


def host_and_port(where: str) -> tuple[str, int]:
    """Split `host:port`.

    Raises:
        UsageError: it has another form.
    """
    host, _, port = where.rpartition(":")
    if not host:
        message = f"vpcd:{where} lacks a host or a port; write vpcd:127.0.0.1:35963"
        raise UsageError(message)
    return host, port_number(port)


def port_number(text: str) -> int:
    """A TCP port.

    Raises:
        UsageError: it is not 0 to 65535.
    """
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65535:
        message = f"{text!r} is not a port number"
        raise UsageError(message)
    return int(text)


_OPENERS: Mapping[str, Callable[[str, CardOptions, Clock], Station]] = MappingProxyType(
    {
        "emulated": _open_emulated,
        "replay": _open_replay,
        "pcsc": _open_pcsc,
        "nfc": _open_nfc,
        "vpcd-listen": _open_vpcd_listen,
        "vpcd": _open_vpcd,
    }
)
