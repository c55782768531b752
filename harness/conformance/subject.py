"""The card under test, as a case handles it."""

from __future__ import annotations

import random
from collections.abc import Callable

from harness.apdu import ApduFormatError, CommandApdu, ResponseApdu
from harness.conformance.acts.elementary import SELECT_LDS
from harness.conformance.evidence import Evidence
from harness.conformance.judgement import Blocked, Failure
from harness.conformance.source import CardSource
from harness.crypto.standardized import DOMAINS
from harness.mrz import Mrz
from harness.profile import Content, Interface, PaceOffer, PasswordName, Profile
from harness.secret import Pin, Puk, Secret
from harness.secure_messaging import UnprotectedStatusError
from harness.security_info import PaceInfo
from harness.session import Session
from harness.station import Station
from harness.terminal.bac import BacTerminal
from harness.terminal.channel import CardChannel
from harness.terminal.eid import Eid
from harness.terminal.files import Files
from harness.terminal.pace import Established, PaceTerminal


class Subject:
    """One card for one case.

    `offer` is the PACE protocol under test, where a case is run once for each; `seed` draws
    everything random on an emulated card, the card's side as well. On a precious card nothing is
    drawn from it: whoever knows the private keys of a run can try passwords against what is kept
    of it in `evidence`.
    """

    def __init__(
        self,
        source: CardSource,
        offer: PaceOffer | None = None,
        seed: int = 0,
        evidence: Evidence | None = None,
    ) -> None:
        self.source = source
        self.profile: Profile = source.profile
        self.evidence = evidence or Evidence()
        self.chance = _chance(source, seed)
        self._offer = offer
        self._seed = seed
        self._station: Station | None = None
        self._session: Session | None = None

    @property
    def offer(self) -> PaceOffer:
        """The PACE protocol under test, else the one that the profile declares first."""
        return self._offer or self.profile.own_pace

    @property
    def station(self) -> Station:
        """How the card is reached; it is the same card for the whole case."""
        if self._station is None:
            self._station = self.source.station(self.evidence, self._seed)
        return self._station

    def power_up(self) -> CardChannel:
        """Activate the card, from power-off if it was on, and speak to it in the clear.

        Raises:
            LinkError: there is no card, or it is gone.
        """
        self.power_off()
        self._session = Session.recognised(self.station, self.station.icc.connect())
        return self._session.channel

    def power_off(self) -> None:
        """Take the power from the card."""
        if self._session is not None:
            self.station.icc.disconnect()
            self._session = None

    def close(self) -> None:
        """Let go of the card."""
        self.power_off()
        if self._station is not None and not self.source.is_precious:
            self._station.close()

    def take_sample(self, *, pin_active: bool = True, pin2_changed: bool = True) -> bool:
        """Go on with another card of the same kind in this state.

        Returns False where there is only the card at hand, whatever its state.
        """
        sample = self.source.sample(pin_active=pin_active, pin2_changed=pin2_changed)
        if sample is None:
            return False
        self.close()
        self.source, self._station = sample, None
        return True

    @property
    def session(self) -> Session:
        """The present activation; one begins where none was."""
        if self._session is None:
            self.power_up()
        assert self._session is not None  # noqa: S101 - power_up sets it
        return self._session

    @property
    def plain(self) -> CardChannel:
        """The present activation's channel in the clear, whatever else was opened."""
        return self.session.channel

    def require_contactless(self) -> None:
        """Let a case go on only where the card is reached without contact.

        Raises:
            Blocked: it is reached over contact.
            LinkError: there is no card, or it is gone.
        """
        if self.session.interface is not Interface.CONTACTLESS:
            message = "the card is reached over contact; run this case without contact"
            raise Blocked(message)

    def secret(self, name: str) -> Secret:
        """A code by name: CAN, MRZ, PIN1, PIN2 or PUK.

        Raises:
            Blocked: it was not given.
        """
        return self.source.secret(name)

    def password(self, name: PasswordName) -> Secret:
        """The same as PACE takes it; the PIN of PACE is PIN1.

        Raises:
            Blocked: it was not given.
        """
        if name not in ("PIN", "PUK"):
            return self.secret(name)
        kind = Pin if name == "PIN" else Puk
        return kind(self.secret("PIN1" if name == "PIN" else name).reveal().decode("ascii"))

    @property
    def usual_password(self) -> PasswordName:
        """The password that opens the card for most cases: CAN before MRZ before the others.

        Raises:
            Blocked: the profile has no PACE.
        """
        allowed = self.profile.pace.passwords if self.profile.pace else ()
        for name in ("CAN", "MRZ", "PIN", "PUK"):
            if name in allowed:
                return name
        message = "the profile declares no password for PACE"
        raise Blocked(message)

    def terminal(self, offer: PaceOffer | None = None) -> PaceTerminal:
        """Our side of PACE for one protocol of the card."""
        offer = offer or self.offer
        info = PaceInfo(offer.oid, 2, offer.reference)
        return PaceTerminal(
            info,
            self.profile.own_pace.set_at_ne,
            self.chance.randrange,
            DOMAINS[offer.parameter_id],
        )

    def pace(self, name: PasswordName | None = None, offer: PaceOffer | None = None) -> Established:
        """Select what the card wants selected and run PACE in a new activation.

        Raises:
            Blocked: the password was not given.
            CardError, LinkError: as the steps of PACE.
        """
        password = self.password(name or self.usual_password)
        channel = self.power_up()
        self.session.select_first()
        return self.terminal(offer).run(channel, password)

    def access(self) -> CardChannel:
        """A new activation with the channel that this card's files and codes need.

        Raises:
            Blocked: a password was not given.
            CardError, LinkError: as the steps of PACE.
        """
        channel = self.power_up()
        interface = self.session.interface
        if self.profile.needs_pace(interface):
            return self.pace().channel
        return self.bac() if self.profile.needs_channel(interface) else channel

    def bac(self) -> CardChannel:
        """Select the application of a passport and run BAC in a new activation.

        Raises:
            Blocked: the MRZ was not given.
            CardError, LinkError: as the steps of BAC.
        """
        mrz, channel = self.mrz, self.power_up()
        self.enter_lds(channel)
        return BacTerminal(self.chance.randbytes).establish(channel, mrz)

    @property
    def mrz(self) -> Mrz:
        """The machine readable zone as BAC takes it.

        Raises:
            Blocked: it was not given.
        """
        mrz = self.secret("MRZ")
        if not isinstance(mrz, Mrz):
            message = "BAC takes a machine readable zone"
            raise Blocked(message)
        return mrz

    def require_closed(self) -> None:
        """Let a case about closed files go on only where this interface closes them.

        Raises:
            Blocked: on this interface nothing needs a channel.
        """
        if not self.profile.needs_channel(self.session.interface):
            message = f"over {self.session.interface} this card needs no channel"
            raise Blocked(message)

    def read(self, content: Content, channel: CardChannel | None = None) -> bytes:
        """A whole file of the profile through a channel, the plain one by default.

        Raises:
            CardError, LinkError: as `Files.read`.
        """
        return self.files(channel).read(self.profile.file_with(content))

    def beginning(self, content: Content, size: int, channel: CardChannel | None = None) -> bytes:
        """The first bytes of a file, which is left selected.

        Raises:
            CardError, LinkError: as `Files.beginning`.
        """
        return self.files(channel).beginning(self.profile.file_with(content), size)

    def enter_lds(self, channel: CardChannel) -> None:
        """Select the application of a passport.

        Raises:
            ApduError: the card refuses.
        """
        channel.send(SELECT_LDS)

    def files(self, channel: CardChannel | None = None) -> Files:
        """The files of the card through a channel, the plain one by default."""
        return Files(channel or self.plain, self.profile, self.profile.plans["eidrig"])

    def eid(self, channel: CardChannel) -> Eid:
        """The card's application through a channel of the present activation."""
        return self.session.eid(channel)

    def transmit(self, command: CommandApdu, channel: CardChannel | None = None) -> ResponseApdu:
        """Send a command through a channel, the plain one by default, and take any status word.

        Raises:
            LinkError, ProtocolViolation: the card is gone, or breaks secure messaging.
        """
        try:
            return (channel or self.plain).transmit(command)
        except UnprotectedStatusError as error:
            return ResponseApdu(sw=error.sw)

    def transmit_altered(
        self,
        command: CommandApdu,
        channel: CardChannel,
        change: Callable[[CommandApdu], CommandApdu],
    ) -> ResponseApdu:
        """Protect a command, change it on its way, and take the answer as it is on the wire.

        Raises:
            LinkError: the card is gone.
            Failure: the answer is no answer.
        """
        return self.transmit_raw(change(channel.protected(command)).encode())

    def transmit_raw(self, command: bytes) -> ResponseApdu:
        """Send bytes as they are, whether or not they are a command, past every channel.

        Raises:
            LinkError: the card is gone.
            Failure: the answer is no answer.
        """
        answer = self.station.icc.transmit(command)
        try:
            return ResponseApdu.decode(answer)
        except ApduFormatError as error:
            raise Failure("an answer APDU", str(error), "ISO/IEC 7816-4, 5.1") from None


def _chance(source: CardSource, seed: int) -> random.Random:
    if source.is_precious:
        return random.SystemRandom()
    return random.Random(f"terminal {seed}")  # noqa: S311 - the same run again
