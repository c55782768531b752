"""Unit EID_K: keys are chosen properly, and given something to work on."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness.apdu import INS, CommandApdu, ResponseApdu
from harness.conformance.acts.holder import Holder
from harness.conformance.case import Unit, case
from harness.conformance.judgement import Sws, demand_sw
from harness.conformance.subject import Subject
from harness.profile import KeyRules
from harness.terminal.family import AUTHENTICATION, SIGNATURE, operation, set_environment

_CHOICE, _COMPUTATION = "ISO/IEC 7816-4, 7.5.11", "ISO/IEC 7816-8, 11"
_COMPUTE, _DECIPHER = 0x9E9A, 0x8086
_UNKNOWN_KEY = 0x7E


def _computations(data: bytes) -> Iterator[tuple[str, CommandApdu]]:
    """The commands by which cards sign, whichever a family has."""
    ins = INS.INTERNAL_AUTHENTICATE
    yield "INTERNAL AUTHENTICATE", CommandApdu(0x00, ins, 0x00, 0x00, data, 256)
    yield "PSO: COMPUTE DIGITAL SIGNATURE", operation(_COMPUTE, data, 256)


def _choose(holder: Holder, template: int, data: bytes) -> ResponseApdu:
    ins = INS.MANAGE_SECURITY_ENVIRONMENT
    command = CommandApdu(0x00, ins, 0x41, template, data)
    return holder.subject.transmit(command, holder.channel)


def _login_key(holder: Holder) -> KeyRules:
    """Give the login key's code, and go where the key is."""
    rules = holder.profile.keys["authentication"]
    holder.present(rules.pin)
    holder.eid.enter_key(rules)
    return rules


@case("EID_K_1", _CHOICE, "an error", needs=("AUTHENTICATE",))
def _nothing_chosen(subject: Subject) -> None:
    """Nothing is signed before a key was chosen, even after its code.

    A card does not pick a key by itself.
    """
    holder = Holder(subject)
    _login_key(holder)
    for name, command in _computations(holder.digest("authentication")):
        answer = subject.transmit(command, holder.channel)
        demand_sw(answer, _CHOICE, Sws.ERROR, to=f"{name} with no key chosen")


@case("EID_K_2", _COMPUTATION, "an error", needs=("AUTHENTICATE",))
def _nothing_given(subject: Subject) -> None:
    """A chosen key does not sign nothing.

    The digest before does not stand in for one that was not given.
    """
    holder = Holder(subject)
    rules = _login_key(holder)
    holder.sign("authentication", holder.digest("authentication"))
    if rules.each_time:
        holder.present(rules.pin)
    for name, command in _computations(b""):
        answer = subject.transmit(command, holder.channel)
        demand_sw(answer, _COMPUTATION, Sws.ERROR, to=f"{name} without a digest")


@case("EID_K_3", _CHOICE, "a checking error", needs=("AUTHENTICATE",))
def _badly_chosen(subject: Subject) -> None:
    """A choice of no key, of an unknown one, or that cannot be read is refused.

    MSE:SET without a reference, with one that no key has, and with bytes that are no data objects.
    """
    holder = Holder(subject)
    rules = _login_key(holder)
    algorithm = rules.authenticate[0]
    objects = bytes((0x80, len(algorithm))) + algorithm
    for what, data in (
        ("without a key", objects),
        ("of an unknown key", objects + bytes((0x84, 1, _UNKNOWN_KEY))),
        ("cut short", objects + bytes((0x84, 2, rules.reference))),
    ):
        for template in (AUTHENTICATION, SIGNATURE):
            answer = _choose(holder, template, data)
            to = f"MSE:SET {what} in {template:02X}"
            demand_sw(answer, _CHOICE, Sws.CHECKING_ERROR, to=to)


@case("EID_K_4", _CHOICE, "an error", needs=("AUTHENTICATE", "TWO-TEMPLATES"))
def _chosen_for_login(subject: Subject) -> None:
    """A key that was chosen to log in does not sign documents.

    Where each use has a template of its own, the command must be the one of that use.
    """
    holder = Holder(subject)
    rules = _login_key(holder)
    set_environment(holder.channel, AUTHENTICATION, rules, rules.authenticate[0])
    digest = holder.digest("authentication")
    answer = subject.transmit(operation(_COMPUTE, digest, 256), holder.channel)
    demand_sw(answer, _CHOICE, Sws.ERROR, to="PSO: COMPUTE DIGITAL SIGNATURE by the login key")


@case("EID_K_5", "ISO/IEC 7816-8, 11.8", "an error", needs=("PIN1", "DECIPHER"))
def _deciphers_no_point(subject: Subject) -> None:
    """Deciphering wants a point behind its padding indicator.

    Another indicator, a point cut short, and nothing at all are refused.
    """
    holder = Holder(subject)
    public = holder.certificate("authentication").public_key
    assert isinstance(public, ec.EllipticCurvePublicKey)  # noqa: S101 - DECIPHER is ECDH
    own = ec.derive_private_key(1 + subject.chance.getrandbits(250), public.curve)
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    holder.present("PIN1")
    holder.eid.decipher(point)
    for what, data in (
        ("with another indicator", b"\x02" + point),
        ("of a point cut short", b"\x00" + point[:-1]),
        ("of nothing", b"\x00"),
    ):
        answer = subject.transmit(operation(_DECIPHER, data, 256), holder.channel)
        demand_sw(answer, "ISO/IEC 7816-8, 11.8", Sws.ERROR, to=f"PSO: DECIPHER {what}")


@case("EID_K_6", _CHOICE, "an error", needs=("AUTHENTICATE",))
def _wrong_parameters(subject: Subject) -> None:
    """Choosing and computing with parameters that mean nothing is refused.

    P1 = 5A stands for no set of MSE, no algorithm and no operation.
    """
    holder = Holder(subject)
    rules = _login_key(holder)
    holder.sign("authentication", holder.digest("authentication"))
    if rules.each_time:
        holder.present(rules.pin)
    digest = holder.digest("authentication")
    algorithm = rules.authenticate[0]
    chosen = bytes((0x80, len(algorithm))) + algorithm + bytes((0x84, 1, rules.reference))
    for ins, p2, data in (
        (INS.MANAGE_SECURITY_ENVIRONMENT, AUTHENTICATION, chosen),
        (INS.MANAGE_SECURITY_ENVIRONMENT, SIGNATURE, chosen),
        (INS.INTERNAL_AUTHENTICATE, 0x00, digest),
        (INS.PERFORM_SECURITY_OPERATION, 0x9A, digest),
        (INS.PERFORM_SECURITY_OPERATION, 0x5A, digest),
    ):
        ne = 0 if ins == INS.MANAGE_SECURITY_ENVIRONMENT else 256
        command = CommandApdu(0x00, ins, 0x5A, p2, data, ne)
        answer = subject.transmit(command, holder.channel)
        to = f"{command.name} with P1=5A P2={p2:02X}"
        demand_sw(answer, "ISO/IEC 7816-4, 5.4", Sws.ERROR, to=to)


UNIT = Unit(
    "EID_K",
    "Choosing keys",
    "eidrig",
    (
        _nothing_chosen,
        _nothing_given,
        _badly_chosen,
        _chosen_for_login,
        _deciphers_no_point,
        _wrong_parameters,
    ),
)
