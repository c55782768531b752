"""The card of a pytest run: where it is, what is known of it, and the rules for its codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from harness.clock import VirtualClock
from harness.emulator.person import Person, parse_person
from harness.errors import EidrigError, UsageError
from harness.mrz import Mrz
from harness.profile import Interface, Profile
from harness.secret import Can, Digits, Pin, Puk
from harness.session import Session
from harness.simulation import AirConditions, in_air
from harness.station import CardOptions, Station
from harness.terminal.certificate import Authorities, load_certificates
from harness.terminal.pin_guard import DEFAULT_FLOOR, PinGuard, Refusals
from harness.terminal.pin_watch import PinWatch
from harness.trace import Journal, Journaled
from harness.transport.credential import ask, ask_any
from harness.transport.storage import read_bytes, read_text

CODES: Mapping[str, type[Digits]] = MappingProxyType(
    {"CAN": Can, "PIN1": Pin, "PIN2": Pin, "PUK": Puk}
)
_REPLAYED_PUK = Puk("00000000")  # a replayed card takes any code that is as long as the recorded


@dataclass(frozen=True, slots=True)
class Identity:
    """What a card says of itself when it is activated."""

    atr: bytes
    profile: Profile
    interface: Interface


class Rig:
    """Opens the place that the settings name, and hands it out test by test.

    `setting` gives the text of an option, `stated` the same if it stood on the command line; ""
    where nothing was said. Standing settings say where the codes of a real card come from; another
    card has its own, unless the command line says so.

    Raises:
        UsageError: a setting is malformed.
    """

    def __init__(self, setting: Callable[[str], str], stated: Callable[[str], str]) -> None:
        self._setting = setting
        self._stated = stated
        self.place = setting("card") or "emulated:"
        self._options = CardOptions(
            profile=setting("card-profile") or None,
            person=_path(setting("person")),
            seed=_number(setting("card-seed") or "0", "card-seed", range(1 << 63)),
            state=_path(setting("card-state")),
            interface=_interface(setting("card-interface")),
        )
        self._trust = _path(setting("card-trust"))
        floor = setting("pin-floor")
        self._floor = _number(floor, "pin-floor", range(16)) if floor else None
        self._given: dict[str, Digits] = {}
        self._mrz: Mrz | None = None
        self._refusals = Refusals()
        self._opened: Station | None = None
        self._identity: Identity | EidrigError | None = None

    def prepare(self) -> None:
        """Open the place and fetch the codes, before any card is touched; twice does no harm.

        Raises:
            UsageError: no such place, profile or person, or a source without a right code.
            NoReaderError: there is no such reader.
        """
        says = self._setting if self.is_real else self._stated
        for name, kind in CODES.items():
            source = says(f"{name.lower()}-from")
            if source and name not in self._given:
                self._given[name] = ask(source, kind, name)
        self._fetch_mrz(says("mrz-from"))
        self.person()
        self.authorities()

    def _fetch_mrz(self, source: str) -> None:
        found = ask_any(source, "MRZ") if source and self._mrz is None else None
        self._mrz = found if isinstance(found, Mrz) else self._mrz

    def _station(self) -> Station:
        if self._opened is None:
            self._opened = Station.open(self.place, self.making)
        return self._opened

    @property
    def making(self) -> CardOptions:
        """How an emulated card is made.

        Standing settings that say how to make a card do not touch one that exists.
        """
        is_made = self.place.startswith("emulated:")
        return self._options if is_made else CardOptions(profile=self._options.profile)

    @property
    def given(self) -> Mapping[str, Digits]:
        """The codes that were given for a real card, by name."""
        return self._given

    @property
    def held(self) -> Station:
        """The place of a real card, opened once for the run."""
        return self._station()

    def close(self) -> None:
        """Let go of the place."""
        if self._opened is not None:
            self._opened.close()

    @property
    def is_real(self) -> bool:
        """Whether tries spent on this card are lost."""
        return self._station().is_precious

    @property
    def is_emulated(self) -> bool:
        """Whether the card is made anew for each test."""
        return self._station().emulated is not None

    @property
    def is_one_card(self) -> bool:
        """Whether tests in several processes would work on one and the same card."""
        return self.is_real or self._options.state is not None

    @property
    def pin_floor(self) -> int:
        """How many tries a wrong code must leave."""
        default = DEFAULT_FLOOR if self.is_real else 0
        return default if self._floor is None else self._floor

    def identity(self) -> Identity:
        """Activate the card once in the run to learn what it is.

        Raises:
            LinkError: there is no card, or it is gone.
            UsageError: no profile knows it.
        """
        if self._identity is None:
            try:
                self._identity = self._identify()
            except EidrigError as error:
                self._identity = error
        if isinstance(self._identity, EidrigError):
            raise self._identity
        return self._identity

    def _identify(self) -> Identity:
        station = self._station()
        try:
            session = Session.begin(station)
        finally:
            station.icc.disconnect()
        return Identity(session.atr, session.profile, session.interface)

    def station_in_air(self, conditions: AirConditions) -> Station:
        """A new emulated card for one test, held against a simulated phone on a virtual clock.

        Raises:
            UsageError: the card is not an emulated one.
        """
        profile = self.identity().profile
        station = Station.open(self.place, self.making, clock=VirtualClock())
        return in_air(replace(station, profile=profile), conditions)

    def station(self, *, may_spend: bool, may_verify: bool) -> Station:
        """A station for one test, with a journal of its own; an emulated card is a new one.

        `may_spend` tells a test that may do anything to a real card; another one may at most
        verify codes, with `may_verify`.
        """
        profile = self.identity().profile
        if not self.is_real:
            return replace(Station.open(self.place, self.making), profile=profile)
        icc, journal = self._station().icc, Journal()
        if not may_spend:
            icc = PinWatch(icc, may_verify=may_verify)
        icc = Journaled(icc, journal)
        return replace(self._station(), icc=icc, journal=journal, profile=profile)

    def guard(self, *, may_spend: bool) -> PinGuard:
        """The guard for one test; on a real card it knows what was refused in all the others."""
        if not self.is_real:
            return PinGuard(self.pin_floor)
        only = None if may_spend else frozenset(self._given.values())
        return PinGuard(self.pin_floor, self._refusals, only)

    def code(self, name: str) -> Digits | None:
        """A code by name: as given, else as an emulated card has it, or as a recording takes it."""
        if self.is_real or self.is_emulated:
            return self._given.get(name) or self._own_code(name)
        return self._own_code(name)

    def can(self) -> Can | None:
        """The CAN, as `code`."""
        can = self.code("CAN")
        return can if isinstance(can, Can) else None

    def mrz(self) -> Mrz | None:
        """The password of the machine readable zone, as `code`."""
        return self._mrz or self._station().codes.mrz

    def _own_code(self, name: str) -> Digits | None:
        if self.is_real:
            return None
        codes = self._station().codes
        puk = self.person().puk if self.is_emulated else _REPLAYED_PUK
        return {"CAN": codes.can, "PIN1": codes.pin1, "PIN2": codes.pin2, "PUK": puk}[name]

    def person(self) -> Person:
        """The person in the file, else the one that an emulated card is made for.

        Raises:
            UsageError: the file holds none.
        """
        path = self._options.person
        person = Person() if path is None else parse_person(read_text(path), str(path))
        profile = self._station().profile if self.is_emulated else None
        return person.fitted(profile) if profile else person

    def authority_files(self) -> tuple[bytes, ...]:
        """The DER certificates of the trusted issuers, else those of an emulated card.

        Raises:
            UsageError: the file holds no certificate.
        """
        if self._trust is not None:
            return tuple(load_certificates(read_bytes(self._trust), str(self._trust)))
        return self._station().authorities

    def authorities(self) -> Authorities | None:
        """The same as a chain may be checked against; None where nobody knows any.

        Raises:
            UsageError: the file holds no certificate.
        """
        known = self.authority_files()
        return Authorities(known) if known else None

    def unmet(self, need: str) -> str | None:
        """Why this run does not give what a test needs and which option would; None if it does.

        Raises:
            LinkError, UsageError: as `identity`, for a need that only the card can tell.
        """
        match need:
            case "emulated":
                return None if self.is_emulated else "an emulated card (--card emulated:)"
            case "real":
                return None if self.is_real else "a real card (such as --card pcsc:)"
            case "live":
                live = self.is_real or self.is_emulated
                return None if live else "a card that is no recording (--card)"
            case "contact" | "contactless":
                return self._unmet_interface(need)
            case "person":
                known = self.is_emulated or self._options.person is not None
                return None if known else "to know the card's person (--person FILE)"
            case "authorities":
                known = self._trust is not None or bool(self._station().authorities)
                return None if known else "to know the issuers (--card-trust FILE)"
            case "mrz":
                return None if self.mrz() is not None else "the MRZ (--mrz-from SOURCE)"
            case "lds":
                return self._unmet_lds()
            case "can" | "pin1" | "pin2" | "puk":
                known = self.code(need.upper()) is not None
                return None if known else f"{need.upper()} (--{need}-from SOURCE)"
        return self._unmet_profile(need.removeprefix("profile:"))

    def _unmet_interface(self, wanted: str) -> str | None:
        interface = self.identity().interface
        if interface == wanted:
            return None
        how = f"--card-interface {wanted}" if self.is_emulated else "--card with such a reader"
        return f"a {wanted} card; this one is {interface} ({how})"

    def _unmet_lds(self) -> str | None:
        profile = self.identity().profile
        if profile.lds is not None:
            return None
        return f"a passport or ICAO card; this one is {profile.name} (--card-profile or --card)"

    def _unmet_profile(self, wanted: str) -> str | None:
        name = self.identity().profile.name
        if name == wanted:
            return None
        return f"a card of profile {wanted}; this one is {name} (--card-profile or --card)"

    def __str__(self) -> str:
        """The place, what is known of the card without touching it, and the floor."""
        profile = self._station().profile
        name = profile.name if profile else "profile told by the card"
        return f"{self.place}, {name}, PIN floor {self.pin_floor}"


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _number(text: str, option: str, allowed: range) -> int:
    if text.isascii() and text.isdigit() and int(text) in allowed:
        return int(text)
    message = f"--{option} is a number from {allowed.start} to {allowed.stop - 1}, not {text!r}"
    raise UsageError(message)


def _interface(text: str) -> Interface | None:
    try:
        return Interface(text) if text else None
    except ValueError:
        message = f"--card-interface is {' or '.join(Interface)}, not {text!r}"
        raise UsageError(message) from None
