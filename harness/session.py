"""A card under power, and the channels and views that can be opened on it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.apdu import INS, CommandApdu
from harness.crypto.standardized import DOMAINS
from harness.errors import UsageError
from harness.profile import Interface, Plan, Profile
from harness.secret import Can
from harness.security_info import PaceInfo
from harness.station import Station
from harness.terminal.channel import CardChannel
from harness.terminal.eid import Eid
from harness.terminal.files import Files
from harness.terminal.pace import PaceTerminal
from harness.terminal.pieces import Pieces
from harness.terminal.pin_guard import PinGuard
from harness.trace import CARD_ACCESS_PHASE


@dataclass(frozen=True, slots=True)
class Session:
    """One activation of a station's card: what it is, and the plain channel to it."""

    station: Station
    atr: bytes
    profile: Profile
    interface: Interface
    channel: CardChannel

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
        """Take an activated card for what its ATR says it is.

        Raises:
            UsageError: no profile knows the card.
        """
        profile = station.profile_for(atr)
        channel = CardChannel(station.icc, station.journal)
        return cls(station, atr, profile, interface_of(profile, atr), channel)

    @property
    def pace_info(self) -> PaceInfo:
        """The PACE protocol that the profile declares."""
        return PaceInfo(self.profile.pace.oid, 2, self.profile.pace.reference)

    def establish_pace(self, can: Can) -> CardChannel:
        """Select what the card wants selected, and run PACE with the CAN.

        Raises:
            WrongPinError: the CAN is wrong.
            CardError, LinkError: as the steps of PACE.
        """
        pace = self.profile.pace
        domain = DOMAINS[pace.parameter_id]
        terminal = PaceTerminal(self.pace_info, pace.set_at_ne, domain=domain)
        self._select_first()
        return terminal.establish(self.channel, can)

    def _select_first(self) -> None:
        name, files = self.profile.pace.select_first, self._files(self.channel)
        if name in self.profile.directories:
            with self.channel.journal.phase("select"):
                files.enter(name)
            return
        with self.channel.journal.phase(CARD_ACCESS_PHASE):
            fid = self.profile.files[name].fid
            self.channel.send(CommandApdu(0x00, INS.SELECT, 0x02, 0x0C, fid))

    def secure(self, can: Can | None) -> CardChannel:
        """The channel that the interface asks for: PACE without contact, plain over contact.

        Raises:
            UsageError: the card is contactless and there is no CAN.
        """
        if self.interface is Interface.CONTACT:
            return self.channel
        if can is None:
            message = "a contactless card is read with its CAN; give one"
            raise UsageError(message)
        return self.establish_pace(can)

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
        first = self.profile.pace.select_first
        if channel.is_secured and first in self.profile.directories:
            eid.files.standing_at(self.profile.directories[first].path)
        return eid

    def _files(self, channel: CardChannel) -> Files:
        return Files(channel, self.profile, self.profile.plans["eidrig"])

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
