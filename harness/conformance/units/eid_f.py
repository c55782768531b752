"""Unit EID_F: a key works after its own code, and only then."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness.apdu import INS, CommandApdu
from harness.conformance.acts.holder import Holder
from harness.conformance.case import Case, Effect, Unit, case
from harness.conformance.judgement import Blocked, Failure, Sws, demand, demand_sw
from harness.conformance.subject import Subject
from harness.errors import ApduError, CheckError
from harness.profile import KeyName, PinName
from harness.terminal.families import FAMILIES

_CLAUSE = "EN 419212-2, 10.2"
_SIGNATURES = 3
_USES: dict[KeyName, str] = {"authentication": "AUTHENTICATE", "signing": "SIGN"}


def _code(holder: Holder, key: KeyName) -> PinName:
    return holder.profile.keys[key].pin


def _digests(holder: Holder, key: KeyName) -> Iterator[bytes]:
    """Some drawn by chance, and the two at the ends."""
    size = hashlib.new(holder.profile.keys[key].hash).digest_size
    yield from (holder.digest(key) for _ in range(_SIGNATURES))
    yield bytes(size)
    yield b"\xff" * size


def _right(key: KeyName, subject: Subject) -> None:
    holder = Holder(subject)
    certificate = holder.certificate(key)
    for digest in _digests(holder, key):
        holder.present(_code(holder, key))
        signature = holder.sign(key, digest)
        try:
            certificate.check_signature(signature, digest)
        except CheckError as error:
            expected = f"a signature of the {key} certificate's key over what was given"
            raise Failure(expected, str(error), "ISO/IEC 7816-8, 11") from None


def _fresh_nonces(key: KeyName, subject: Subject) -> None:
    holder = Holder(subject)
    halves = set()
    for _ in range(_SIGNATURES):
        holder.present(_code(holder, key))
        signature = holder.sign(key, holder.digest(key))
        halves.add(signature[: len(signature) // 2])
    got = f"{len(halves)} of {_SIGNATURES} different"
    expected = f"another r in every signature of the {key} key"
    demand(len(halves) == _SIGNATURES, expected, got, "FIPS 186-5, 6.3")


def _unproved(key: KeyName, subject: Subject) -> None:
    holder = Holder(subject)
    holder.demand_unusable(key, f"before {_code(holder, key)}", _CLAUSE)


def _after_other(key: KeyName, subject: Subject) -> None:
    holder = Holder(subject)
    other: PinName = "PIN2" if _code(holder, key) == "PIN1" else "PIN1"
    holder.present(other)
    holder.demand_unusable(key, f"after {other} alone", _CLAUSE)


def _after_reset(key: KeyName, subject: Subject) -> None:
    holder = Holder(subject)
    holder.present(_code(holder, key))
    holder.anew()
    holder.demand_unusable(key, "after a reset", _CLAUSE)


def _after_lost_channel(key: KeyName, subject: Subject) -> None:
    holder = Holder(subject)
    holder.present(_code(holder, key))
    if not holder.channel.is_secured:
        message = "no channel is needed on this interface"
        raise Blocked(message)
    subject.transmit(CommandApdu(0x00, INS.SELECT, 0x04, 0x0C, bytes(5)), subject.plain)
    subject.session.select_first()
    again = subject.terminal().run(subject.plain, subject.password(subject.usual_password))
    holder.resume(again.channel)
    holder.demand_unusable(key, "in the next channel", "ICAO 9303-11, 9.8.9")


def _after_wrong(key: KeyName, subject: Subject) -> None:
    holder = Holder(subject)
    code = _code(holder, key)
    with holder.spending(code):
        holder.present(code)
        holder.verify(code, holder.other(code))
        holder.demand_unusable(key, f"after a wrong {code}", "ISO/IEC 7816-4, 7.5.6")


@case("EID_F_15", _CLAUSE, "6982 or 6985", needs=("PIN2", "SIGN", "LOCAL-PIN2"))
def _after_leaving(subject: Subject) -> None:
    """The signing key is closed again once its application was left.

    What was verified in an application ends when it is selected anew.
    """
    holder = Holder(subject)
    home = holder.rules("PIN2").directory
    for way in (home,), ("main", home):
        holder.present("PIN2")
        for name in way:
            _select_anew(holder, name)
        when = f"after {' and '.join(way)} {'was' if len(way) == 1 else 'were'} selected anew"
        holder.demand_unusable("signing", when, _CLAUSE)


def _select_anew(holder: Holder, name: str) -> None:
    """Select an application by its name, wherever the card stands."""
    place = holder.profile.directories[name]
    if place.select == "aid":
        command = CommandApdu(0x00, INS.SELECT, 0x04, 0x0C, place.aid or b"")
        answer = holder.subject.transmit(command, holder.channel)
        demand_sw(answer, "ISO/IEC 7816-4, 7.1.1", 0x9000, to=f"selecting {name}")


@case("EID_F_16", _CLAUSE, "a signature, then 6982 or 6985", needs=("SIGN", "SINGLE-USE"))
def _single(subject: Subject) -> None:
    """One PIN, one signature.

    The holder consents to each document; a program that learned to wait must not sign a second.
    """
    holder = Holder(subject)
    holder.present(_code(holder, "signing"))
    holder.sign("signing", holder.digest("signing"))
    holder.demand_unusable("signing", "a second time", _CLAUSE)


@case(
    "EID_F_17",
    "ISO/IEC 7816-8, 11.8",
    "the secret that the certificate's key shares",
    needs=("PIN1", "DECIPHER"),
)
def _agrees(subject: Subject) -> None:
    """Deciphering gives the secret of the certificate's key, after PIN1 only.

    ECDH with a key drawn by chance, done on both sides.
    """
    holder = Holder(subject)
    public = holder.certificate("authentication").public_key
    assert isinstance(public, ec.EllipticCurvePublicKey)  # noqa: S101 - DECIPHER is ECDH
    own = ec.derive_private_key(1 + subject.chance.getrandbits(250), public.curve)
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    try:
        holder.eid.decipher(point)
    except ApduError as error:
        demand(error.sw in (0x6982, 0x6985), "6982 before PIN1", f"{error.sw:04X}", _CLAUSE)
    else:
        raise Failure("6982 or 6985 before PIN1", "a shared secret", _CLAUSE)
    holder.present("PIN1")
    shared = holder.eid.decipher(point).reveal()
    right = shared == own.exchange(ec.ECDH(), public)
    demand(right, "the secret shared with the certificate's key", "another", "SEC 1, 3.3.1")


@case("EID_F_18", "SEC 1, 3.2.2", "a checking or execution error", needs=("PIN1", "DECIPHER"))
def _off_curve(subject: Subject) -> None:
    """A point off the curve is refused.

    Its secret would tell the key, piece by piece.
    """
    holder = Holder(subject)
    rules = holder.profile.keys["authentication"]
    public = holder.certificate("authentication").public_key
    holder.present("PIN1")
    holder.eid.enter_key(rules)
    size = (public.key_size + 7) // 8
    point = b"\x04" + (1).to_bytes(size, "big") + (1).to_bytes(size, "big")
    try:
        FAMILIES[holder.profile.family](holder.channel, holder.profile).decipher(rules, point)
    except ApduError as error:
        got = f"{error.sw:04X}"
        demand(Sws.ERROR.value.holds(error.sw), "an error for a point off the curve", got, _CLAUSE)
        return
    raise Failure("an error for a point off the curve", "a shared secret", "SEC 1, 3.2.2")


@case("EID_F_19", _CLAUSE, "6982 or 6985", needs=("PIN1", "AUTHENTICATE", "LOGOFF"))
def _logged_off(subject: Subject) -> None:
    """The keys are closed once the holder has logged off.

    Where a card has a command for it, a program can end a session without taking the card out.
    """
    holder = Holder(subject)
    holder.present("PIN1")
    answer = subject.transmit(CommandApdu(0x80, 0xE6, 0x00, 0x00), holder.channel)
    demand_sw(answer, "BELPIC applet 1.8 reference manual", 0x9000, to="LOGOFF")
    holder.demand_unusable("authentication", "after LOGOFF", _CLAUSE)


_ROWS: tuple[
    tuple[
        Callable[[KeyName, Subject], None], tuple[KeyName, ...], str, str, Effect, tuple[str, ...]
    ],
    ...,
] = (
    (
        _right,
        ("authentication", "signing"),
        "The {} key signs what it is given.",
        "The signature verifies under the certificate, for digests by chance and the extremes.",
        Effect.NONE,
        (),
    ),
    (
        _fresh_nonces,
        ("authentication", "signing"),
        "The {} key never uses a nonce twice.",
        "Two ECDSA signatures with one nonce tell the private key; RSA signatures differ anyway.",
        Effect.NONE,
        (),
    ),
    (
        _unproved,
        ("authentication", "signing"),
        "The {} key does nothing before its code.",
        "Neither the channel nor choosing the key is enough.",
        Effect.NONE,
        (),
    ),
    (
        _after_other,
        ("authentication", "signing"),
        "The {} key does nothing after the other code.",
        "PIN1 lets nobody sign, PIN2 lets nobody log in.",
        Effect.NONE,
        ("PIN1", "PIN2"),
    ),
    (
        _after_reset,
        ("authentication", "signing"),
        "The {} key is closed after a reset.",
        "What was verified ends with the power.",
        Effect.NONE,
        (),
    ),
    (
        _after_lost_channel,
        ("authentication", "signing"),
        "The {} key is closed after its channel was lost.",
        "A plain command ends the channel; the next one begins with nothing verified.",
        Effect.NONE,
        ("PACE",),
    ),
    (
        _after_wrong,
        ("authentication", "signing"),
        "The {} key is closed by a wrong code.",
        "A comparison that fails takes back what one before had opened.",
        Effect.SPENDS_TRIES,
        (),
    ),
)
_VERIFIED: dict[KeyName, str] = {"authentication": "PIN1", "signing": "PIN2|PIN1"}


def _cases() -> Iterator[Case]:
    number = 0
    for run, keys, title, purpose, effect, needs in _ROWS:
        for key in keys:
            number += 1
            by_verify = (_VERIFIED[key],) if run is _after_wrong else ()
            yield Case(
                f"EID_F_{number}",
                _CLAUSE,
                title.format("login" if key == "authentication" else "signing"),
                purpose,
                ("as the title says; a refusal is 6982 or 6985",),
                (_USES[key], *by_verify, *needs),
                effect=effect,
                run=partial(run, key),
            )


UNIT = Unit(
    "EID_F",
    "Keys and their codes",
    "eidrig",
    (*_cases(), _after_leaving, _single, _agrees, _off_curve, _logged_off),
)
