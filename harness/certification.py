"""A campaign from its order to its sealed report: the one path of every way to certify."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness import __version__
from harness.bench.hardware import Bench
from harness.bench.machine import profile_hash
from harness.conformance.campaign import hold
from harness.conformance.campaign.campaign import Campaign
from harness.conformance.campaign.examination import Examiner, Rules
from harness.conformance.campaign.held import Custody, HeldSource
from harness.conformance.campaign.in_field import READER
from harness.conformance.campaign.ledger import Identity, Ledger
from harness.conformance.campaign.one_card import examine_in_turn
from harness.conformance.campaign.parallel import Making, examine_all
from harness.conformance.campaign.record import Conditions, HoldTime, Record, Report
from harness.conformance.execution import Run
from harness.errors import EidrigError, UsageError
from harness.mrz import Mrz
from harness.profile import Interface, Profile
from harness.profiles import load_profile
from harness.report.certify import Minutes, now
from harness.report.certify_folder import Folder, require_libraries
from harness.secret import Can, Digits, Secret
from harness.session import interface_of
from harness.station import CardOptions, Codes, Station
from harness.tap import policy
from harness.terminal.pin_guard import DEFAULT_FLOOR, PinGuard
from harness.transport.browser import print_to_pdf
from harness.transport.storage import write_atomic

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

EMULATED = "emulated:"
_SHARE = 0.1
"""How much of the time may go into reports of what is not finished."""

Began = Callable[[int, int], None]
Done = Callable[[Record], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be certified, how, and where the report goes."""

    out: Path
    options: CardOptions
    place: str = EMULATED
    units: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    rules: Rules = field(default_factory=Rules)
    allow_destructive: bool = False
    pin_floor: int = DEFAULT_FLOOR
    codes: Mapping[str, Secret] = field(default_factory=dict)
    authorities: tuple[bytes, ...] = ()
    reader: str = ""
    position: str = ""
    height_mm: float | None = None
    processes: int = 1
    pdf: bool = False
    key: Ed25519PrivateKey | None = None

    @property
    def profile(self) -> Profile:
        """The profile of the card.

        Raises:
            UsageError: none was named, or it is not valid.
        """
        if self.options.profile is None:
            message = "name the profile that is to be certified with --profile"
            raise UsageError(message)
        return load_profile(self.options.profile)


@dataclass(frozen=True, slots=True)
class Watch:
    """Who wants to know how it goes: `began` gets all runs and those left, `done` each record."""

    began: Began = lambda _all, _left: None
    done: Done = lambda _: None
    noted: Callable[[str], None] = lambda _: None


class Certification:
    """Carries out an order; what has been found is kept whatever ends it.

    `unused` then has a sentence for each code that was given and could not be used.

    Raises:
        UsageError: the order makes no sense, or its folder holds another run.
    """

    def __init__(self, order: Order, watch: Watch | None = None) -> None:
        require_libraries()
        self._order = order
        self._watch = watch or Watch()
        self._profile = order.profile
        self._campaign = Campaign.of(self._profile, order.units, order.cases)
        self._folder = Folder(order.out)
        self._ledger = Ledger(order.out, self._identity())
        self._folder.begin()
        self.unused: tuple[str, ...] = ()

    def _identity(self) -> Identity:
        order = self._order
        return Identity(
            started=now(),
            profile=self._profile.name,
            profile_hash=profile_hash(self._profile),
            card=order.place,
            interface=order.options.interface or "",
            seed=order.rules.seed,
            samples=order.rules.samples,
            eidrig=__version__,
        )

    def run(self) -> Report:
        """Run what is left, write the report and seal it.

        Raises:
            LinkError: there is no card.
            UsageError: something that the order needs is missing.
        """
        if self._order.place == EMULATED:
            return self._on_emulated_cards()
        with _opened(self._order) as station:
            return self._on_card(station)

    def _on_emulated_cards(self) -> Report:
        order = self._order
        making = Making(order.options, order.rules, order.out)
        conditions = self._emulated_conditions()
        minutes = Minutes(self._campaign, self._ledger, conditions)
        todo = self._left()
        self._gather(minutes, examine_all(making, todo, order.processes))
        try:
            found = hold.simulated(self._profile, order.rules.seed)
            minutes = replace(minutes, hold=found)
        except UsageError as error:
            minutes = replace(minutes, hold_why_not=f"Not simulated: {error}.")
        return self._finished(minutes)

    def _emulated_conditions(self) -> Conditions:
        interface = self._order.options.interface or self._profile.interfaces[0]
        atr = next(e.atr for e in self._profile.recognise if e.interface is interface)
        held = interface is Interface.CONTACTLESS
        return self._conditions(interface, atr, f"simulated {READER}" if held else "")

    def _conditions(self, interface: Interface, atr: bytes, reader: str) -> Conditions:
        order = self._order
        return Conditions(
            place=order.place,
            profile=self._profile.name,
            profile_hash=profile_hash(self._profile),
            seed=order.rules.seed,
            samples=order.rules.samples,
            interface=interface.value,
            atr=atr.hex().upper(),
            reader=reader,
            position=order.position,
            height_mm=order.height_mm,
            shows_data=order.rules.shows_data,
            destructive=order.allow_destructive,
        )

    def _on_card(self, station: Station) -> Report:
        order = self._order
        atr = station.icc.connect()
        station.icc.disconnect()
        conditions = self._conditions(interface_of(self._profile, atr), atr, order.reader)
        source = HeldSource(station, self._profile, order.codes, order.authorities)
        custody = Custody(
            source,
            allow_destructive=order.allow_destructive,
            named=order.cases,
            floor=order.pin_floor,
        )
        self.unused = custody.prepare()
        for note in self.unused:
            self._watch.noted(note)
        minutes = Minutes(self._campaign, self._ledger, conditions)
        examiner = Examiner(source, order.rules, custody, self._keep)
        self._gather(minutes, examine_in_turn(examiner, self._left()))
        if custody.halted:
            self._watch.noted(custody.halted)
        found, why_not = self._measured(station, custody)
        return self._finished(replace(minutes, hold=found, hold_why_not=why_not))

    def _keep(self, name: str, content: bytes) -> None:
        write_atomic(self._order.out / name, content)

    def _measured(self, station: Station, custody: Custody) -> tuple[HoldTime | None, str]:
        """As many whole reads as there are samples, with the codes that the card has accepted."""
        order, codes = self._order, custody.accepted
        can, pin1, mrz = (codes.get(name) for name in ("CAN", "PIN1", "MRZ"))
        known = Codes(
            can=can if isinstance(can, Can) else None,
            pin1=pin1 if isinstance(pin1, Digits) else None,
            mrz=mrz if isinstance(mrz, Mrz) else None,
        )
        bench = Bench(
            place=order.place,
            reader=order.reader,
            policy=policy("once"),
            profile=self._profile.name,
            position=order.position,
            height=order.height_mm,
            use_pin=known.pin1 is not None,
        )
        if custody.halted:
            return None, "Not measured: the run was ended."
        try:
            guard = PinGuard(order.pin_floor)
            return hold.measured(station, known, guard, bench, order.rules.samples), ""
        except EidrigError as error:
            return None, f"Not measured: {error}."

    def _left(self) -> tuple[Run, ...]:
        todo = self._campaign.left(self._ledger.records)
        self._watch.began(len(self._campaign.runs), len(todo))
        return todo

    def _gather(self, minutes: Minutes, records: Generator[Record]) -> None:
        """Keep each record as it comes, with a report of what is there from time to time."""
        due = 0.0
        try:
            for record in records:
                self._ledger.add(record)
                self._watch.done(record)
                if (began := time.monotonic()) >= due:
                    self._folder.write(minutes)
                    due = began + max((time.monotonic() - began) / _SHARE, 1.0)
        except BaseException:
            records.close()
            self._folder.write(minutes)
            raise

    def _finished(self, minutes: Minutes) -> Report:
        report = self._folder.write(minutes)
        if self._order.pdf:
            self._print()
        self._folder.seal(self._order.key)
        return report

    def _print(self) -> None:
        try:
            print_to_pdf(self._order.out / "report.html", self._order.out / "report.pdf")
        except UsageError as error:
            self._watch.noted(str(error))


@contextmanager
def _opened(order: Order) -> Iterator[Station]:
    """The place of a real card.

    Raises:
        UsageError: what is there is no real card, such as a recording.
    """
    with closing(Station.open(order.place, order.options)) as station:
        if not station.is_precious:
            message = f"{order.place} is no card; certify one on a reader, or an emulated one"
            raise UsageError(message)
        yield station
