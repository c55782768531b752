"""PACE one step at a time, each datum open to replacement (ICAO 9303-11, 4.4.4)."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from harness import tlv
from harness.apdu import (
    CLA_CHAINING,
    INS,
    MAX_EXTENDED_NE,
    MAX_SHORT_NC,
    MAX_SHORT_NE,
    CommandApdu,
    ResponseApdu,
)
from harness.conformance.judgement import Failure, demand, demand_sw
from harness.conformance.subject import Subject
from harness.crypto.domain import Domain, InvalidElementError
from harness.crypto.integrated import pseudo_random
from harness.crypto.kdf import SessionKeys, password_key, session_keys
from harness.crypto.pace import (
    KeyAgreementError,
    authentication_token,
    decrypt_nonce,
)
from harness.crypto.standardized import DOMAINS
from harness.crypto.suite import PaceSuite
from harness.profile import PaceOffer, PasswordName
from harness.secret import Secret
from harness.security_info import encode_oid
from harness.terminal.channel import CardChannel
from harness.terminal.pace import REFERENCES
from harness.tlv import Tlv, TlvError

_DYNAMIC = 0x7C
_CLAUSE = "ICAO 9303-11, 4.4"
_DATA_CLAUSE = f"{_CLAUSE}.4.2"


class Step(IntEnum):
    """The commands of PACE, in their order."""

    SET_AT = 0
    NONCE = 1
    MAP = 2
    AGREE = 3
    TOKEN = 4


_PHASES = {
    Step.SET_AT: "MSE:Set AT",
    Step.NONCE: "get nonce",
    Step.MAP: "map nonce",
    Step.AGREE: "key agreement",
    Step.TOKEN: "mutual authentication",
}
_SENT = {Step.NONCE: None, Step.MAP: 0x81, Step.AGREE: 0x83, Step.TOKEN: 0x85}
_ANSWERED = {Step.NONCE: 0x80, Step.MAP: 0x82, Step.AGREE: 0x84, Step.TOKEN: 0x86}


class PaceSteps:
    """Our side of one run of PACE: the right command of each step, and what the answer leads to.

    `password` is the one under test; `channel` leads to the card, the plain one in a new
    activation by default.
    """

    def __init__(
        self,
        subject: Subject,
        password: PasswordName | None = None,
        channel: CardChannel | None = None,
        secret: Secret | None = None,
    ) -> None:
        self._subject = subject
        name = password or subject.usual_password
        self.password = subject.password(name)
        self.reference = REFERENCES[type(self.password)]
        self._pi = secret or self.password
        self.channel = channel or _selected(subject)
        self.offer = subject.offer
        self.suite = PaceSuite.of(self.offer.oid)
        self.domain: Domain[Any] = DOMAINS[self.offer.parameter_id]
        self.map_private = self.domain.random_scalar(self.random)
        self.map_nonce = self.random_bytes(self.suite.cipher.key_size)
        self.private = self.domain.random_scalar(self.random)
        self.announcement = b""
        """A CHAT as a data object, where the terminal announces itself."""
        self.answers: dict[Step, tuple[Tlv, ...]] = {}
        self._nonce = b""
        self.generator: Any = None
        self._keys: SessionKeys | None = None
        self._expected_token = b""
        self.token = b""

    @property
    def offers(self) -> tuple[PaceOffer, ...]:
        """All protocols of the card."""
        return self._subject.profile.own_pace.offers

    @property
    def needs_domain(self) -> bool:
        """Whether MSE:Set AT of this card must name the domain parameters."""
        ambiguous = sum(each.oid == self.offer.oid for each in self.offers) > 1
        return ambiguous or self._subject.profile.own_pace.parameter_reference == "required"

    def random(self, below: int) -> int:
        """A number of the run's own chance."""
        return self._subject.chance.randrange(below)

    def random_bytes(self, size: int) -> bytes:
        """Bytes of the run's own chance."""
        return self._subject.chance.randbytes(size)

    @property
    def keys(self) -> SessionKeys:
        """The session keys, once both public keys are known."""
        assert self._keys is not None  # noqa: S101 - after AGREE only
        return self._keys

    @property
    def mapping_data(self) -> bytes:
        """What the terminal sends to map the nonce: a public key, or a nonce of its own."""
        if self.suite.mapping == "IM":
            return self.map_nonce
        return self.domain.encode(self.domain.multiply_generator(self.map_private))

    @property
    def public(self) -> bytes:
        """The ephemeral public key on the mapped generator."""
        return self.domain.encode(self.domain.multiply(self.generator, self.private))

    def template(self, *, oid: bytes | None = None, reference: int | None = None) -> bytes:
        """The data of MSE:Set AT: protocol, password, domain parameters, perhaps a CHAT."""
        return b"".join(
            (
                tlv.encode(0x80, encode_oid(self.offer.oid) if oid is None else oid),
                tlv.encode(0x83, bytes((self.reference if reference is None else reference,))),
                self.domain_object,
                self.announcement,
            )
        )

    @property
    def domain_object(self) -> bytes:
        """The data object that names the domain parameters."""
        return tlv.encode(0x84, bytes((self.offer.reference,)))

    def set_at(self, data: bytes | None = None) -> CommandApdu:
        """MSE:Set AT with these data objects, the right ones by default."""
        data = self.template() if data is None else data
        ne = self._subject.profile.own_pace.set_at_ne
        return CommandApdu(0x00, INS.MANAGE_SECURITY_ENVIRONMENT, 0xC1, 0xA4, data, ne)

    def command(self, step: Step) -> CommandApdu:
        """The right command of a step, as far as the steps before it allow."""
        if step is Step.SET_AT:
            return self.set_at()
        values = {Step.NONCE: b"", Step.MAP: self.mapping_data, Step.TOKEN: self.token}
        value = self.public if step is Step.AGREE else values[step]
        return self.authenticate(step, value)

    def authenticate(self, step: Step, value: bytes, *more: bytes) -> CommandApdu:
        """GENERAL AUTHENTICATE with another value for a step, and perhaps more data objects."""
        tag = _SENT[step]
        inner = b"" if tag is None else tlv.encode(tag, value)
        return self.dynamic(step, tlv.encode(_DYNAMIC, inner, *more))

    def dynamic(self, step: Step, data: bytes, cla: int | None = None) -> CommandApdu:
        """GENERAL AUTHENTICATE with other data, or another class byte, than the step has."""
        if cla is None:
            cla = 0x00 if step is Step.TOKEN else CLA_CHAINING
        ne = MAX_EXTENDED_NE if len(data) > MAX_SHORT_NC else MAX_SHORT_NE
        return CommandApdu(cla, INS.GENERAL_AUTHENTICATE, 0x00, 0x00, data, ne)

    def send(self, command: CommandApdu) -> ResponseApdu:
        """Send a command of the run and take any status word."""
        return self._subject.transmit(command, self.channel)

    def go(self, until: Step) -> PaceSteps:
        """Carry out what is left of the steps up to `until`, each of which must succeed.

        Raises:
            Failure: the card refuses one, or answers it wrongly.
        """
        for step in Step:
            if step <= until and step not in self.answers:
                with self.channel.journal.phase(_PHASES[step]):
                    self.take(step, self.send(self.command(step)))
        return self

    def take(self, step: Step, answer: ResponseApdu) -> None:
        """Go on with the answer to a step.

        Raises:
            Failure: it is no success, or not what the step answers.
        """
        if step is Step.SET_AT:
            demand(answer.ok or answer.tries_left, "9000", f"{answer.sw:04X}", f"{_CLAUSE}.4.1")
            self.answers[step] = ()
            return
        demand_sw(answer, _DATA_CLAUSE, 0x9000)
        objects = self.answers[step] = _inside(answer.data, _ANSWERED[step])
        try:
            self._learn(step, objects[0].value)
        except (KeyAgreementError, InvalidElementError) as error:
            raise Failure("a usable value", str(error), f"{_CLAUSE}.1") from error

    def _learn(self, step: Step, value: bytes) -> None:
        cipher = self.suite.cipher
        match step:
            case Step.NONCE:
                self._nonce = decrypt_nonce(value, password_key(self._pi, cipher), cipher)
            case Step.MAP:
                self._map(value)
            case Step.AGREE:
                self._agree(value)
            case Step.TOKEN:
                right = value == self._expected_token
                demand(right, "the token of the same keys", "another", f"{_CLAUSE}.1 step 3 f")

    def _map(self, peer: bytes) -> None:
        if self.suite.mapping == "IM":
            demand(not peer, "empty mapping data", f"{len(peer)} bytes", f"{_CLAUSE}.3.3.2")
            number = pseudo_random(
                self.suite.cipher, self._nonce, self.map_nonce, self.domain.prime
            )
            self.generator = self.domain.from_field(number)
            return
        demand(peer != self.mapping_data, "a key of the chip's own", "ours", f"{_CLAUSE}.1")
        shared = self.domain.multiply(self.domain.decode(peer), self.map_private)
        base = self.domain.multiply_generator(int.from_bytes(self._nonce, "big"))
        self.generator = self.domain.add(base, shared)

    def _agree(self, peer: bytes) -> None:
        demand(peer != self.public, "a key of the chip's own", "ours", f"{_CLAUSE}.1 step 3 c")
        shared = self.domain.shared_secret(self.domain.decode(peer), self.private)
        self._keys = session_keys(shared, self.suite.cipher)
        self.token = authentication_token(self.suite, self._keys, peer)
        self._expected_token = authentication_token(self.suite, self._keys, self.public)

    @property
    def secured(self) -> CardChannel:
        """The channel that a whole run leads to."""
        return self.channel.secured(self.keys)

    def any_public(self) -> bytes:
        """A well-formed public key that belongs to no run."""
        scalar = self.domain.random_scalar(self.random)
        return self.domain.encode(self.domain.multiply_generator(scalar))


def _selected(subject: Subject) -> CardChannel:
    channel = subject.power_up()
    subject.session.select_first()
    return channel


def _inside(data: bytes, first: int) -> tuple[Tlv, ...]:
    """The objects of dynamic authentication data, which must begin with `first`."""
    try:
        outer = tlv.parse_one(data)
        inner = outer.children() if outer.tag == _DYNAMIC else ()
    except TlvError as error:
        raise Failure(f"7C with {first:02X}", str(error), _DATA_CLAUSE) from error
    got = " ".join(f"{each.tag:X}" for each in inner) or "none"
    demand(inner and inner[0].tag == first, f"7C with {first:02X}", got, _DATA_CLAUSE)
    return inner
