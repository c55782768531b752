"""A card under power, and the channels and views that can be opened on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.crypto.chip_mapping import ChipEvidence
from harness.errors import ApduError, BlockedPinError, PinError, UsageError, WrongPinError
from harness.mrz import Mrz
from harness.profile import Interface, PasswordName, PinName, Plan, Profile
from harness.profiles import listing
from harness.secret import Can, Digits, Pin, Puk, Secret
from harness.security_info import PaceInfo
from harness.station import Station
from harness.terminal.bac import BacTerminal
from harness.terminal.card_pace import CardPace
from harness.terminal.channel import CardChannel
from harness.terminal.eid import Eid
from harness.terminal.emrtd import Emrtd, lds_directory
from harness.terminal.files import Files
from harness.terminal.inspection import EF_DIR, LDS_AID, applications, is_there, look
from harness.terminal.lds.document import Document
from harness.terminal.pieces import Pieces
from harness.terminal.pin_guard import PinGuard


@dataclass(frozen=True, slots=True)
class Access:
    """A channel to the card, by which protocol it was opened and with which password, if any.

    `chip` is what a chip with chip authentication mapping sent as its proof, not yet checked.
    """

    channel: CardChannel
    protocol: Literal["pace", "bac"] | None = None
    password: PasswordName | None = None
    chip: ChipEvidence | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One activation of a station's card: what it is, and the plain channel to it."""

    station: Station
    atr: bytes
    profile: Profile
    interface: Interface
    channel: CardChannel
    pace: CardPace

    @classmethod
    def begin(cls, station: Station) -> Session:
        """Activate the card and recognise it.

        Raises:
            LinkError: no card, or it is gone.
            UsageError: no profile knows the card.
        """
        return cls.recognised(station, activate(station))

    @classmethod
    def recognised(cls, station: Station, atr: bytes) -> Session:
        """Take an activated card for what its ATR says it is, else its applications.

        Raises:
            UsageError: no profile knows the card.
        """
        channel = CardChannel(station.icc, station.journal)
        try:
            profile = station.profile_for(atr)
        except UsageError:
            with station.journal.phase("recognise"):
                listed = _by_applications(station, channel)
            if listed is None:
                raise
            profile = listed
        pace = CardPace(channel, profile)
        return cls(station, atr, profile, interface_of(profile, atr), channel, pace)

    @property
    def pace_info(self) -> PaceInfo:
        """The PACE protocol of the card, as its profile declares or as it was last chosen."""
        return self.pace.info

    def establish_pace(self, can: Can) -> CardChannel:
        """Select what the card wants selected, and run PACE with the CAN.

        Raises:
            WrongPinError: the CAN is wrong.
            CardError, LinkError: as the steps of PACE.
        """
        return self.pace.ready().establish(self.channel, can)

    def open_with(
        self, name: PinName, code: Digits, can: Can | None, guard: PinGuard
    ) -> CardChannel:
        """Run PACE with a code of the holder, inside the CAN's channel where it is suspended.

        The tries left are read first, and the guard must admit the code.

        Raises:
            WrongPinError, BlockedPinError, PinFloorError: as for a code offered by VERIFY.
            UsageError: the code is suspended and there is no CAN, or it has a wrong length.
            CardError, LinkError: as the steps of PACE.
        """
        rules = self.profile.pins[name]
        if not rules.allows(code.reveal()):
            message = f"{name} has {rules.min_length} to {rules.most_digits} digits"
            raise UsageError(message)
        terminal, channel = self.pace.ready(), self.channel
        with channel.journal.phase(f"tries left {name}"):
            tries = terminal.tries_left(channel, rules.reference)
        guard.admit(name, code, rules.tries if tries is None else tries)
        if rules.suspended and tries == 1:
            channel = terminal.establish(channel, _needed(can, f"{name} is suspended"))
        try:
            opened = terminal.establish(channel, _as_password(rules.reference, code))
        except WrongPinError as error:
            guard.refuse(name, code)
            raise _refusal(name, error) from None
        # A tear proves nothing: PACE counts before it compares, so a right code costs a try, too.
        guard.accept(name, code)
        return opened

    def select_first(self) -> None:
        """Select what the card wants selected before PACE.

        Raises:
            ApduError: the card refuses.
        """
        self.pace.select_first()

    def open(self, can: Can | None, mrz: Mrz | None = None) -> Access:
        """Open what the profile asks for on this interface: PACE, else BAC, or nothing.

        A card that refuses PACE, as older ones do, is opened by BAC where the profile has it; one
        that is lost or finds the password wrong is not.

        Raises:
            UsageError: the profile knows no way on this interface, or the password is missing.
            WrongPinError: the password is wrong.
            CardError, LinkError: as the steps of PACE or BAC.
        """
        self._require_interface()
        pace, bac = self.profile.pace, self.profile.bac
        if pace is not None and self.interface in pace.needed_on and pace.opens_with != "PIN":
            password = self._password(pace.opens_with, pace.passwords, can, mrz)
            try:
                opened = self.pace.ready().run(self.channel, password)
                return Access(opened.channel, "pace", _name_of(password), opened.chip)
            except ApduError:
                if bac is None or mrz is None:
                    raise
        if bac is None or self.interface not in bac.needed_on:
            return Access(self.channel)
        return Access(self._basic_access(mrz), "bac", "MRZ")

    def _basic_access(self, mrz: Mrz | None) -> CardChannel:
        if mrz is None:
            message = f"this card is {self.interface}, so it is read with its MRZ; give one"
            raise UsageError(message)
        with self.channel.journal.phase("select"):
            files = Files(self.channel, self.profile, self.profile.plans["eidrig"])
            files.enter(lds_directory(self.profile))
        return BacTerminal().establish(self.channel, mrz)

    def _password(
        self, first: str, allowed: Sequence[str], can: Can | None, mrz: Mrz | None
    ) -> Can | Mrz:
        """The code to open the card with: the one the profile names first, else another given."""
        given: dict[str, Can | Mrz | None] = {"CAN": can, "MRZ": mrz}
        order = dict.fromkeys(name for name in (first, *allowed) if name in given)
        for name in order:
            code = given[name]
            if code is not None:
                return code
        message = f"this card is {self.interface}, so it is read with its {' or its '.join(order)}"
        raise UsageError(f"{message}; give one")

    def _require_interface(self) -> None:
        if self.interface not in self.profile.interfaces:
            there = ", ".join(self.profile.interfaces)
            message = (
                f"nobody published how {self.profile.name} is read on the {self.interface} "
                f"interface; read it with {there}"
            )
            raise UsageError(message)

    def eid(
        self,
        channel: CardChannel,
        guard: PinGuard | None = None,
        plan: str = "eidrig",
        pieces: Pieces | None = None,
    ) -> Eid:
        """The card as its holder's phone sees it, through a channel of this session.

        Raises:
            UsageError: the profile has no such read plan.
        """
        eid = Eid(
            channel,
            self.profile,
            guard,
            plan=self.plan(plan),
            challenge=self.station.challenge,
            pieces=pieces,
        )
        first = self.profile.pace.select_first if self.profile.pace else ""
        if channel.is_secured and first in self.profile.directories:
            eid.files.standing_at(self.profile.directories[first].path)
        return eid

    def emrtd(self, access: Access) -> Emrtd:
        """The passport or ICAO card behind an access of this session.

        Raises:
            UsageError: the profile has no LDS application.
        """
        lds_directory(self.profile)
        files = self.eid(access.channel, pieces=Pieces()).files
        if access.protocol == "bac":
            files.standing_at(self.profile.lds_directory)
        return Emrtd(access.channel, self.profile, files, Document(evidence=access.chip))

    def plan(self, name: str) -> Plan:
        """A read plan of the profile.

        Raises:
            UsageError: it has none of that name.
        """
        try:
            return self.profile.plans[name]
        except KeyError:
            known = ", ".join(self.profile.plans)
            message = f"{self.profile.name} has no read plan {name}; it has {known}"
            raise UsageError(message) from None


def _name_of(password: Can | Mrz) -> PasswordName:
    return "CAN" if isinstance(password, Can) else "MRZ"


def _by_applications(station: Station, channel: CardChannel) -> Profile | None:
    """The profile with the applications of EF.DIR, or with the LDS alone.

    A travel document needs EF.DIR only where it has more than that (ICAO 9303-10, 3.11.2). The card
    is activated anew behind the attempt, so that the MF is its current directory again.
    """
    listed = applications(look(channel, EF_DIR).raw)
    if not listed and is_there(channel, LDS_AID):
        listed = frozenset((LDS_AID,))
        station.icc.disconnect()
        station.icc.connect()
    return listing(listed)


def _needed(can: Can | None, why: str) -> Can:
    if can is None:
        message = f"{why}, so it is read with its CAN; give one"
        raise UsageError(message)
    return can


def _as_password(reference: int, code: Digits) -> Secret:
    """The code as the password that MSE:Set AT names so: 3 is the PIN, 4 the PUK."""
    kind = Puk if reference == 4 else Pin
    return kind(code.reveal().decode("ascii"))


def _refusal(name: PinName, error: WrongPinError) -> PinError:
    if error.tries_left == 0:
        return BlockedPinError(f"{name} was refused and is now blocked", name, 0)
    return WrongPinError(f"{name} is wrong; {error.tries_left} tries left", name, error.tries_left)


def activate(station: Station) -> bytes:
    """Power the card up and return its ATR.

    Raises:
        LinkError: no card, or it is gone.
    """
    with station.journal.phase("activate"):
        return station.icc.connect()


def interface_of(profile: Profile, atr: bytes) -> Interface:
    """On which interface a card answers: as its profile says, else by the form of the ATR.

    PC/SC shows a contactless card as 3B 8n 80 01 and historical bytes (PC/SC Part 3, 3.1.3.2.3).
    """
    known = profile.recognition_of(atr)
    if known is not None:
        return known.interface
    contactless = len(atr) > 4 and (atr[0], atr[1] >> 4, atr[2:4]) == (0x3B, 8, b"\x80\x01")
    return Interface.CONTACTLESS if contactless else Interface.CONTACT
