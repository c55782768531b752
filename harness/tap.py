"""One hold of the card: activate it, open the channel, carry out a plan, let go.

What was read before a failure is kept: a `Reading` is complete or says what stopped it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from harness.errors import CheckError, EidrigError, PinError, UsageError
from harness.profile import Content, Interface, PinName, Profile
from harness.secret import Digits
from harness.security_info import PaceInfo
from harness.session import Session
from harness.station import Codes, Station
from harness.terminal.certificate import Authorities, Certificate
from harness.terminal.eid import Eid, KeyName
from harness.terminal.pin_guard import PinGuard

OK = "ok"
TEST_DOCUMENT = b"Signed by eidrig to test a card. This signature means nothing else."


@dataclass(slots=True)
class Reading:
    """What one tap brought; fields stay None or empty where it did not get that far.

    `outcome` is "ok" or the name of the failure, `error` the failure itself.
    """

    outcome: str = OK
    error: EidrigError | None = None
    atr: bytes = b""
    profile: Profile | None = None
    interface: Interface | None = None
    pace: PaceInfo | None = None
    tries_left: dict[PinName, int] = field(default_factory=dict)
    verified: dict[PinName, bool] = field(default_factory=dict)
    personal_data: dict[Content, str] = field(default_factory=dict)
    certificates: dict[KeyName, Certificate] = field(default_factory=dict)
    chains: dict[KeyName, bool] = field(default_factory=dict)
    signatures: dict[KeyName, bool] = field(default_factory=dict)
    total_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TapOptions:
    """How far a tap goes: whether PIN1 is verified, whether PIN2 signs, by which read plan."""

    use_pin: bool = True
    sign: bool = False
    plan: str = "eidrig"


class Tap:
    """Holds the card of one station once."""

    def __init__(
        self,
        station: Station,
        codes: Codes,
        guard: PinGuard,
        options: TapOptions | None = None,
        authorities: Authorities | None = None,
    ) -> None:
        self._station = station
        self._phase = station.journal.phase
        self._codes = codes
        self._guard = guard
        self._options = options or TapOptions()
        self._authorities = authorities
        self._reading = Reading()

    def run(self) -> Reading:
        """Carry the tap out; a failure ends up in the reading, never as an exception."""
        clock, reading = self._station.journal.clock, self._reading
        start = clock.now()
        try:
            self._read()
        except EidrigError as error:
            reading.error = error
            reading.outcome = error.code if isinstance(error, PinError) else error.outcome
            self._learn_from(error)
        finally:
            self._station.icc.disconnect()
            reading.total_seconds = clock.now() - start
        return reading

    def _learn_from(self, error: EidrigError) -> None:
        if isinstance(error, PinError) and error.tries_left is not None:
            name = cast("PinName", error.name)
            self._reading.tries_left[name] = error.tries_left

    def _read(self) -> None:
        reading = self._reading
        session = Session.begin(self._station)
        reading.atr, reading.profile = session.atr, session.profile
        reading.interface = session.interface
        plan = session.plan(self._options.plan)
        channel = session.secure(self._codes.can)
        reading.pace = session.pace_info if channel.is_secured else None
        eid = session.eid(channel, self._guard, self._options.plan)
        for operation in plan.operations:
            self._carry_out(eid, *operation.split(" ", 1))

    def _carry_out(self, eid: Eid, verb: str, argument: str = "") -> None:
        match verb:
            case "tries":
                self._read_tries(eid, cast("PinName", argument))
            case "personal-data":
                with self._phase("read personal data"):
                    self._reading.personal_data = eid.personal_data()
            case "certificate":
                self._read_certificate(eid, cast("KeyName", argument))
            case "verify" if self._options.use_pin:
                self._verify(eid, cast("PinName", argument), self._codes.pin1)
            case "authenticate" if self._options.use_pin:
                self._authenticate(eid)
            case "sign" if self._options.sign:
                self._sign(eid)
            case "verify" | "authenticate" | "sign":
                pass  # not asked for
            case _:
                message = f"the read plan has an unknown operation: {verb} {argument}"
                raise UsageError(message)

    def _read_tries(self, eid: Eid, name: PinName) -> None:
        with self._phase(f"tries left {name}"):
            self._reading.tries_left[name] = eid.tries_left(name)

    def _read_certificate(self, eid: Eid, name: KeyName) -> None:
        with self._phase(f"read {name} certificate"):
            certificate = eid.certificate(name)
        self._reading.certificates[name] = certificate
        if self._authorities is not None:
            self._reading.chains[name] = False
            self._authorities.check(certificate)
            self._reading.chains[name] = True

    def _verify(self, eid: Eid, name: PinName, code: Digits | None) -> None:
        if code is None:
            message = f"{name} is needed for this; give it, or leave it out with --no-pin"
            raise UsageError(message)
        self._reading.verified[name] = False
        with self._phase(f"verify {name}"):
            eid.verify(name, code)
        self._reading.verified[name] = True
        # A right code gives the counter all its tries back (ISO/IEC 7816-4, 7.5.6).
        self._reading.tries_left[name] = eid.profile.pins[name].tries

    def _authenticate(self, eid: Eid) -> None:
        self._reading.signatures["authentication"] = False
        certificate = self._certificate("authentication")
        with self._phase("internal authenticate"):
            eid.authenticate(certificate)
        self._reading.signatures["authentication"] = True

    def _sign(self, eid: Eid) -> None:
        certificate = self._certificate("signing")
        self._verify(eid, "PIN2", self._codes.pin2)
        self._reading.signatures["signing"] = False
        with self._phase("sign"):
            eid.sign(certificate, TEST_DOCUMENT)
        self._reading.signatures["signing"] = True

    def _certificate(self, name: KeyName) -> Certificate:
        try:
            return self._reading.certificates[name]
        except KeyError:
            message = f"the read plan uses the {name} key before it reads its certificate"
            raise CheckError(message) from None
