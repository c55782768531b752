"""Which PACE to run with a card, and how to get ready for it."""

from __future__ import annotations

from harness.apdu import INS, CommandApdu
from harness.crypto.card_access import CardAccess, Offer, Preference
from harness.errors import ProtocolViolation
from harness.profile import Content, Profile
from harness.security_info import PaceInfo, SecurityInfoError
from harness.terminal.channel import CardChannel
from harness.terminal.files import Files
from harness.terminal.pace import PaceTerminal, declared
from harness.trace import CARD_ACCESS_PHASE


class CardPace:
    """The PACE of the card behind a plain channel: as its profile declares it, or as it offers.

    Where the profile says that the protocol comes from EF.CardAccess, the file is read, and what
    `preference` puts first among the offers that both sides support is taken.
    """

    def __init__(
        self, channel: CardChannel, profile: Profile, preference: Preference | None = None
    ) -> None:
        self._channel = channel
        self._profile = profile
        self._preference = preference
        self._terminal: PaceTerminal | None = None

    @property
    def info(self) -> PaceInfo:
        """The protocol chosen last; before any choice, the one that the profile declares.

        Raises:
            UsageError: the profile knows nothing about PACE.
        """
        return (self._terminal or declared(self._profile.own_pace)).info

    @property
    def group(self) -> int | None:
        """The standardized number of the group, also where the card spells it out or renumbers it.

        Raises:
            UsageError: the profile knows nothing about PACE.
        """
        return (self._terminal or declared(self._profile.own_pace)).group

    def ready(self) -> PaceTerminal:
        """Select what the card wants selected before MSE:Set AT, and settle the protocol.

        Raises:
            UsageError: the profile knows nothing about PACE, or nothing offered can be used.
            ProtocolViolation: EF.CardAccess is malformed or contradicts itself.
            ApduError: the card refuses a selection, or EF.CardAccess.
        """
        pace = self._profile.own_pace
        if pace.protocol_from == "profile":
            self.select_first()
            self._terminal = declared(pace)
        else:
            offer = self._offered()
            self._terminal = PaceTerminal(offer.info, pace.set_at_ne, domain=offer.domain)
        return self._terminal

    def select_first(self) -> None:
        """Select what the card wants selected before MSE:Set AT.

        Raises:
            ApduError: the card refuses.
        """
        name = self._profile.own_pace.select_first
        if name in self._profile.directories:
            with self._channel.journal.phase("select"):
                self._files().enter(name)
            return
        with self._channel.journal.phase(CARD_ACCESS_PHASE):
            fid = self._profile.files[name].fid
            self._channel.send(CommandApdu(0x00, INS.SELECT, 0x02, 0x0C, fid))

    def _offered(self) -> Offer:
        """Read EF.CardAccess, which leaves it selected, and take the best offer in it."""
        file, files = self._profile.file_with(Content.CARD_ACCESS), self._files()
        first = self._profile.own_pace.select_first
        if first in self._profile.directories:
            self.select_first()
        here = first if first in self._profile.directories else file.directory
        files.standing_at(self._profile.directories[here].path)
        with self._channel.journal.phase(CARD_ACCESS_PHASE):
            raw = files.read(file, within=True)
        return best_offer(raw, self._preference)

    def _files(self) -> Files:
        return Files(self._channel, self._profile, self._profile.plans["eidrig"])


def best_offer(card_access: bytes, preference: Preference | None = None) -> Offer:
    """The best way to run PACE among those that EF.CardAccess lists and this package speaks.

    Raises:
        ProtocolViolation: the file is malformed or contradicts itself.
        UsageError: it lists none that can be used.
    """
    try:
        return CardAccess.read(card_access).choose(preference)
    except SecurityInfoError as error:
        message = f"EF.CardAccess cannot be used: {error}"
        raise ProtocolViolation(message, "ICAO 9303-11, 9.2") from error
