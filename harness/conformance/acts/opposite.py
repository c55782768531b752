"""The other side: our own terminal held against a card that misbehaves."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.apdu import INS, CommandApdu
from harness.conformance.judgement import Blocked, Failure, demand
from harness.conformance.subject import Subject
from harness.crypto.chat import Chat
from harness.crypto.standardized import DOMAINS
from harness.emulator.card import EmulatedCard
from harness.emulator.lies import MISBEHAVIOURS
from harness.emulator.memory import CardMemory
from harness.emulator.misbehaviour import MisbehavingCard, Misbehaviour, Moment, moment_of
from harness.emulator.personalise import CardImage
from harness.errors import EidrigError
from harness.profile import PasswordName, Profile
from harness.secret import Secret
from harness.secure_messaging import SecureMessagingError
from harness.security_info import PaceInfo
from harness.session import Session
from harness.station import Station
from harness.terminal.channel import CardChannel
from harness.terminal.pace import PaceTerminal
from harness.trace import Journaled

_RIGHT = Misbehaviour("It is a right card.", "opens the channel")
_PROTECTED_COMMANDS = 3


@dataclass(frozen=True, slots=True)
class Watched:
    """An `Icc` that keeps every command it was sent."""

    card: MisbehavingCard
    commands: list[bytes]

    def connect(self) -> bytes:
        """Power the card up."""
        return self.card.connect()

    def disconnect(self) -> None:
        """Take the power away."""
        self.card.disconnect()

    def transmit(self, command: bytes) -> bytes:
        """Keep a command and pass it on."""
        self.commands.append(command)
        return self.card.transmit(command)


class Opposite:
    """A card made for one case, misbehaving as `name` says, and our terminal before it.

    `reads_access` makes the terminal read EF.CardAccess and choose, whatever the profile says;
    `image` is another card than the one of the subject.

    Raises:
        Blocked: the subject is a real card: what is tested here is the terminal.
    """

    def __init__(
        self,
        subject: Subject,
        name: str | None = None,
        *,
        reads_access: bool = False,
        image: CardImage | None = None,
    ) -> None:
        emulated = subject.station.emulated
        if emulated is None:
            message = "this case is about the terminal: run it with an emulated card"
            raise Blocked(message)
        self._subject = subject
        self.misbehaviour = MISBEHAVIOURS[name] if name else _RIGHT
        made = self.misbehaviour.image(image or emulated.image)
        journal = subject.station.journal
        chance = subject.chance.randrange
        card = EmulatedCard(made, emulated.interface, CardMemory(made), journal.clock, chance)
        self.card = MisbehavingCard(card, self.misbehaviour)
        self.watched = Watched(self.card, [])
        profile = _choosing(made.profile) if reads_access else made.profile
        self._station: Station = replace(
            subject.station, icc=Journaled(self.watched, journal), profile=profile, emulated=card
        )

    def open(self, password: Secret | None = None, name: PasswordName | None = None) -> CardChannel:
        """Let the terminal run PACE as it always does, in a new activation.

        Raises:
            EidrigError: it does not come to a channel.
        """
        session = Session.begin(self._station)
        terminal = session.pace.ready()
        name = name or self._subject.usual_password
        return terminal.establish(session.channel, password or self._subject.password(name))

    def open_as(self, chat: Chat, name: PasswordName) -> CardChannel:
        """The same as a kind of terminal.

        Raises:
            EidrigError: it does not come to a channel.
        """
        session = Session.begin(self._station)
        session.select_first()
        offer = session.profile.own_pace
        terminal = PaceTerminal(
            PaceInfo(offer.oid, 2, offer.reference),
            offer.set_at_ne,
            domain=DOMAINS[offer.parameter_id],
            chat=chat,
        )
        return terminal.establish(session.channel, self._subject.password(name))

    def speak(self, channel: CardChannel) -> None:
        """Say something harmless in the channel, often enough for every lie to be told.

        Raises:
            EidrigError: an answer is not accepted.
        """
        for _ in range(_PROTECTED_COMMANDS):
            channel.transmit(CommandApdu(0x00, INS.SELECT, 0x04, 0x0C, bytes(5)))

    def demand_run(self, channel: CardChannel, clause: str) -> None:
        """Let a case go on only if the terminal ran PACE as the standard has it.

        Raises:
            Failure: it sent other commands, or the channel does not hold.
        """
        due = [moment for moment in Moment if moment is not Moment.PROTECTED]
        run = [CommandApdu.decode(each) for each in self.watched.commands]
        of_pace = [(moment_of(each), each.cla) for each in run if moment_of(each) is not None]
        names = [moment for moment, _ in of_pace]
        got = ", ".join(str(each) for each in names)
        demand(names == due, ", ".join(due), got, clause)
        chained = [cla for _, cla in of_pace[1:]]
        expected = "GENERAL AUTHENTICATE chained but for the last"
        demand(chained == [0x10, 0x10, 0x10, 0x00], expected, f"classes {chained}", clause)
        self.speak(channel)

    def demand_abort(
        self,
        clause: str,
        *errors: type[EidrigError],
        password: Secret | None = None,
        name: PasswordName | None = None,
    ) -> None:
        """Let a case go on only if the terminal ends as it should: by which error, and in silence.

        Raises:
            Failure: it accepts the lie, ends in another way, goes on talking, or tells the
                password.
        """
        due = f"a terminal that {self.misbehaviour.due}"
        channel = None
        try:
            channel = self.open(password, name)
            self.speak(channel)
        except EidrigError as error:
            if self.misbehaviour.lies:
                demand(self.card.lies, "a run that comes to the lie", str(error), clause)
            heard = f"{self.card.heard} commands after the lie"
            demand(self.card.heard == 0, due, heard, clause)
            kinds = " or ".join(each.__name__ for each in errors)
            demand(isinstance(error, errors), f"{due}: {kinds}", type(error).__name__, clause)
            self._demand_secret(str(error), password, name, clause)
        else:
            raise Failure(due, "a channel that was believed", clause)
        if channel is not None:
            self._demand_dead(channel, due, clause)

    def _demand_secret(
        self, said: str, password: Secret | None, name: PasswordName | None, clause: str
    ) -> None:
        subject = self._subject
        known = password or subject.password(name or subject.usual_password)
        digits = known.reveal()
        told = digits.decode("latin-1") in said or any(
            digits in each for each in self.watched.commands
        )
        demand(not told, "a password that is never told", "it is", clause)

    def _demand_dead(self, channel: CardChannel, due: str, clause: str) -> None:
        before = len(self.watched.commands)
        try:
            channel.transmit(CommandApdu(0x00, INS.SELECT, 0x04, 0x0C, bytes(5)))
        except SecureMessagingError:
            demand(len(self.watched.commands) == before, due, "another command", clause)
            return
        raise Failure(due, "another command in the same channel", clause)


def _choosing(profile: Profile) -> Profile:
    pace = profile.own_pace.model_copy(update={"protocol_from": "card-access"})
    return profile.model_copy(update={"pace": pace})
