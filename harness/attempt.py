"""One activation of the card: open the channel and carry the read plan on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from harness.crypto.issuer_certificate import TrustStore
from harness.document import OPERATIONS, DocumentRead
from harness.errors import CardError, CheckError, LinkError, PinError, UsageError
from harness.profile import Content, File, KeyName, PasswordName, PinName
from harness.reading import Reading, TapOptions
from harness.secret import Can
from harness.session import Access, Session, activate
from harness.station import Codes, Station
from harness.terminal.certificate import Authorities, Certificate
from harness.terminal.channel import CardChannel
from harness.terminal.eid import Eid
from harness.terminal.pin_guard import PinGuard

TEST_DOCUMENT = b"Signed by eidrig to test a card. This signature means nothing else."


@dataclass(frozen=True, slots=True)
class Attempt:
    """Carries a reading on by one activation; what the reading has already is left out.

    Files go on from where they stopped, after the card proved to be the same. A code is offered
    again only after its counter was read (`PinGuard`), and only for a key that still has to be
    used: what PIN1 had opened is closed again when the card loses power.
    """

    station: Station
    codes: Codes
    guard: PinGuard
    options: TapOptions
    authorities: Authorities | None
    reading: Reading

    def run(self) -> None:
        """Read until the plan is done.

        Raises:
            EidrigError: whatever stopped it; the reading holds all that came before.
        """
        reading = self.reading
        reading.atr = activate(self.station)
        session = Session.recognised(self.station, reading.atr)
        reading.profile, reading.interface = session.profile, session.interface
        plan = session.plan(self.options.plan)
        if self.options.sign and "sign" not in plan.operations:
            message = f"{session.profile.name} has nothing to sign with; leave --sign away"
            raise UsageError(message)
        access = session.open(self.codes.can, self.codes.mrz)
        eid = self._opened(session, access)
        counters = self._counters_at_hand(eid) if "verify PIN1" in plan.operations else {}
        self._prove_same_card(eid)
        reading.document.evidence = access.chip
        reading.tries_left |= counters
        for operation in plan.operations:
            eid = self._carry_out(session, eid, *operation.split(" ", 1))

    def _opened(self, session: Session, access: Access) -> Eid:
        """The card through a channel, noted with how that was opened."""
        reading = self.reading
        reading.access, reading.password = access.protocol, access.password
        reading.pace = None
        if access.protocol == "pace":
            reading.pace = replace(session.pace_info, parameter_id=session.pace.group)
        eid = session.eid(access.channel, self.guard, self.options.plan, reading.pieces)
        if access.protocol == "bac":
            eid.files.standing_at(session.profile.lds_directory)
        return eid

    def _over(self, session: Session, channel: CardChannel, password: PasswordName) -> Eid:
        """The card through a channel that PACE with this password opened."""
        return self._opened(session, Access(channel, "pace", password))

    def _read_document(self, session: Session, eid: Eid, operation: str) -> Eid:
        """Carry out an operation of passports; chip authentication leads to another channel."""
        trust = TrustStore(self.authorities.certificates) if self.authorities else None
        channel = DocumentRead(session, self.reading, trust).carry_out(operation, eid)
        if channel is eid.channel:
            return eid
        behind = session.eid(channel, self.guard, self.options.plan, self.reading.pieces)
        behind.files.standing_at(session.profile.lds_directory)
        return behind

    def _counters_at_hand(self, eid: Eid) -> dict[PinName, int]:
        """When going on: PIN1's counter, if the card stands beside it.

        It is read before VERIFY in any case, and later the card would have to come back for it.
        """
        reading = self.reading
        is_due = self.options.use_pin and "authentication" not in reading.signatures
        if not (reading.pieces and is_due and eid.is_beside("PIN1")):
            return {}
        with self.station.journal.phase("tries left PIN1"):
            return {"PIN1": eid.tries_left("PIN1")}

    def _prove_same_card(self, eid: Eid) -> None:
        """Read again what no other card has, and compare; without such a mark, read all again."""
        mark = self.reading.pieces.mark()
        if mark is None:
            self.reading.forget()
            return
        content, expected = mark
        with self.station.journal.phase("same card"):
            found = eid.files.beginning(_file_read(eid, content), len(expected))
        if found != expected:
            message = f"another card came back: its {content} is not the one read before"
            raise CheckError(message)

    def _carry_out(self, session: Session, eid: Eid, verb: str, argument: str = "") -> Eid:
        """Carry out one operation; the card as the next one finds it."""
        if verb != "authenticate":  # which goes on where PIN1 was verified
            eid.files.begin_operation()
        match verb:
            case "tries":
                self._read_tries(eid, cast("PinName", argument))
            case "personal-data":
                self._read_personal_data(eid)
            case "certificate":
                self._read_certificate(eid, cast("KeyName", argument))
            case "verify":
                return self._open_key(session, eid, cast("PinName", argument))
            case _ if verb in OPERATIONS:
                return self._read_document(session, eid, verb)
            case "authenticate" if self.options.use_pin:
                self._authenticate(eid)
            case "sign" if self.options.sign:
                self._sign(session, eid)
            case "authenticate" | "sign":
                pass  # not asked for
            case _:
                message = f"the read plan has an unknown operation: {verb} {argument}"
                raise UsageError(message)
        return eid

    def _open_key(self, session: Session, eid: Eid, name: PinName) -> Eid:
        """Verify a code; a card that a PIN opens is opened with the CAN if none is to be used."""
        if not self.options.use_pin:
            if not _opens_with_pin(session):
                return eid
            return self._over(session, session.establish_pace(self._can), "CAN")
        done = "authentication" in self.reading.signatures
        return eid if done else self._verify(session, eid, name)

    @property
    def _can(self) -> Can:
        if self.codes.can is None:
            message = "without its PIN this card is read with its CAN; give one"
            raise UsageError(message)
        return self.codes.can

    def _read_tries(self, eid: Eid, name: PinName) -> None:
        if name not in self.reading.tries_left:
            with self.station.journal.phase(f"tries left {name}"):
                self.reading.tries_left[name] = eid.tries_left(name)

    def _read_personal_data(self, eid: Eid) -> None:
        with self.station.journal.phase("read personal data"):
            self.reading.personal_data.update(eid.personal_data_by_file())
        if (
            Content.SURNAME not in self.reading.personal_data
            and "authentication" in eid.profile.keys
        ):
            self._read_certificate(eid, "authentication")
            named = _subject(self.reading.certificates["authentication"])
            self.reading.personal_data = named | self.reading.personal_data

    def _read_certificate(self, eid: Eid, name: KeyName) -> None:
        if name not in self.reading.certificates:
            with self.station.journal.phase(f"read {name} certificate"):
                self.reading.certificates[name] = eid.certificate(name)
        self._refuse_cut_code(self.reading.certificates[name])
        if self.authorities is not None and name not in self.reading.chains:
            self.reading.chains[name] = False
            self.authorities.check(self.reading.certificates[name])
            self.reading.chains[name] = True

    def _refuse_cut_code(self, certificate: Certificate) -> None:
        """A card whose answers are too short to be whole shows in the code of the certificate."""
        read = self.reading.personal_data.get(Content.PERSONAL_CODE, "")
        whole = certificate.personal_code or ""
        if read and read != whole and whole.startswith(read):
            message = (
                f"the card delivered {len(read)} of the {len(whole)} characters of the personal "
                "code: its answers end before its files do"
            )
            raise CheckError(message)

    def _verify(self, session: Session, eid: Eid, name: PinName) -> Eid:
        code = {"PIN1": self.codes.pin1, "PIN2": self.codes.pin2}.get(name)
        if code is None:
            message = f"{name} is needed for this; give it, or leave it out with --no-pin"
            raise UsageError(message)
        reading = self.reading
        try:
            if eid.profile.pins[name].method == "pace":
                opened = session.open_with(name, code, self.codes.can, self.guard)
                eid = self._over(session, opened, "PIN")
            else:
                with self.station.journal.phase(f"verify {name}"):
                    eid.verify(name, code)
        except PinError:
            reading.verified[name] = False
            raise
        except (LinkError, CardError):
            reading.tries_left.pop(name, None)  # the card may have counted
            raise
        reading.verified[name] = True
        # A right code gives the counter all its tries back (ISO/IEC 7816-4, 7.5.6).
        reading.tries_left[name] = eid.profile.pins[name].tries
        return eid

    def _authenticate(self, eid: Eid) -> None:
        if "authentication" in self.reading.signatures:
            return
        certificate = self._certificate("authentication")
        with self.station.journal.phase("internal authenticate"):
            self._signed("authentication", lambda: eid.authenticate(certificate))

    def _sign(self, session: Session, eid: Eid) -> None:
        if "signing" in self.reading.signatures:
            return
        certificate = self._certificate("signing")
        eid = self._verify(session, eid, eid.profile.keys["signing"].pin)
        with self.station.journal.phase("sign"):
            self._signed("signing", lambda: eid.sign(certificate, TEST_DOCUMENT))

    def _signed(self, name: KeyName, sign: Callable[[], bytes]) -> None:
        """Sign, and keep whether the signature held."""
        try:
            sign()
        except CheckError:
            self.reading.signatures[name] = False
            raise
        self.reading.signatures[name] = True

    def _certificate(self, name: KeyName) -> Certificate:
        try:
            return self.reading.certificates[name]
        except KeyError:
            message = f"the read plan uses the {name} key before it reads its certificate"
            raise UsageError(message) from None


def _opens_with_pin(session: Session) -> bool:
    pace = session.profile.pace
    return pace is not None and pace.opens_with == "PIN"


def _subject(certificate: Certificate) -> dict[Content, str]:
    """What a certificate says of its holder, for cards that have no files for it."""
    said = {
        Content.SURNAME: certificate.surname,
        Content.GIVEN_NAMES: certificate.given_names,
        Content.PERSONAL_CODE: certificate.personal_code,
    }
    return {content: text for content, text in said.items() if text}


def _file_read(eid: Eid, content: Content) -> File:
    """The file that a read takes a content from, where another file may hold it, too."""
    personal = (file for file in eid.profile.personal_files if file.content is content)
    return next(personal, None) or eid.file_with(content)
