"""Unit ISO7816_I: chip authentication."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from harness.apdu import MAX_SHORT_NC, ResponseApdu
from harness.conformance.acts import extreme_keys
from harness.conformance.acts.chip_steps import ChipAuthentication, Way
from harness.conformance.acts.elementary import COM, SELECT_LDS
from harness.conformance.acts.extreme_keys import Wanted
from harness.conformance.acts.reading import (
    OPENED,
    SOME,
    demand_closed_to_short,
    demand_file,
    demand_session_gone,
)
from harness.conformance.case import Case, Run, Unit, not_implemented
from harness.conformance.judgement import Sws, demand, demand_sw
from harness.conformance.subject import Subject
from harness.conformance.units.sources import ICAO_3
from harness.crypto.suite import PaceSuite
from harness.terminal.channel import CardChannel

_CLAUSE, _SM_CLAUSE = "ICAO 9303-11, 6.2.4", "ICAO 9303-11, 9.8"
_NEEDS = ("LDS", "CA", "DG14", "COM")
_NO_KEY = 0x7F
"""A number that is given to no key."""
_WRONG_TAGS = {True: 0x93, False: 0x81}
"""What stands for the public key where its data object is wrong: in MSE:Set KAT and else."""


def _begin(subject: Subject, way: Way) -> ChipAuthentication:
    return ChipAuthentication.begin(subject, subject.access(), way)


def _demand_channel(subject: Subject, channel: CardChannel, expected: str) -> None:
    """The application is read through a channel, so that both sides have its keys."""
    clause = f"{_SM_CLAUSE}: {expected}"
    demand_sw(subject.transmit(SELECT_LDS, channel), clause, 0x9000)
    demand_file(subject.transmit(COM.by_short_identifier(SOME), channel), COM, clause)


def _demand_success(chip: ChipAuthentication, public: bytes) -> CardChannel:
    demand_sw(chip.run(public), _CLAUSE, 0x9000)
    channel = chip.agreed()
    _demand_channel(chip.subject, channel, "the chip has the new keys")
    return channel


def _demand_refusal(chip: ChipAuthentication, answer: ResponseApdu, why: str) -> None:
    """The key is refused, and the channel that stood goes on under its old keys."""
    demand(not answer.data, f"{why} refused", f"{len(answer.data)} bytes of data", _CLAUSE)
    demand_sw(answer, f"{_CLAUSE}: {why}", 0x6300, Sws.CHECKING_ERROR)
    _demand_channel(chip.subject, chip.channel, "the channel goes on under its old keys")


def _right(subject: Subject, way: Way) -> None:
    chip = _begin(subject, way)
    _demand_success(chip, chip.public)


def _old_keys(subject: Subject, way: Way) -> None:
    chip = _begin(subject, way)
    demand_sw(chip.run(chip.public), _CLAUSE, 0x9000)
    demand_session_gone(subject, chip.channel)
    demand_closed_to_short(subject, COM, _SM_CLAUSE)


def _other_size(subject: Subject, way: Way) -> None:
    chip = _begin(subject, way)
    public = extreme_keys.of_other_size(chip.domain)
    if len(public) > MAX_SHORT_NC // 2 and not subject.profile.transmission.extended_length:
        public = chip.public[: len(chip.public) // 2]  # what a short command has room for
    _demand_refusal(chip, chip.run(public), "a key of another size")


def _without_session(subject: Subject, way: Way) -> None:
    chip = _begin(subject, way)
    public = chip.public
    plain = subject.power_up()
    subject.require_closed()
    subject.enter_lds(plain)
    answer = chip.run(public, plain)
    what = "chip authentication without a channel"
    demand_sw(answer, f"{_CLAUSE}: {what}", Sws.CHECKING_ERROR)
    demand_closed_to_short(subject, COM, _CLAUSE)


def _in_the_clear(subject: Subject, way: Way) -> None:
    chip = _begin(subject, way)
    answer = chip.run(chip.public, subject.plain)
    what = "chip authentication in the clear while a channel stands"
    demand_sw(answer, f"{_CLAUSE}: {what}", Sws.CHECKING_ERROR)
    demand_session_gone(subject, chip.channel)
    demand_closed_to_short(subject, COM, _CLAUSE)


def _wrong_tag(subject: Subject, way: Way) -> None:
    chip = _begin(subject, way)
    answer = chip.run(chip.public, tag=_WRONG_TAGS[way.at_once])
    _demand_refusal(chip, answer, "a key in another data object")


def _origin(subject: Subject, way: Way) -> None:
    chip = _begin(subject, way)
    _demand_refusal(chip, chip.run(extreme_keys.origin(chip.public)), "the key (0, 0)")


def _edge(wanted: Wanted) -> Callable[[Subject, Way], None]:
    def run(subject: Subject, way: Way) -> None:
        chip = _begin(subject, way)
        generator = chip.domain.multiply_generator(1)
        private = extreme_keys.scalar_for(chip.domain, generator, chip.private, wanted)
        chip = replace(chip, private=private)
        _demand_success(chip, chip.public)

    return run


def _wrong_reference(subject: Subject, way: Way) -> None:
    chip = _begin(subject, way)
    answer = chip.run(chip.public, number=_NO_KEY)
    _demand_refusal(chip, answer, "a key reference that the chip does not have")


def _above_prime(subject: Subject, way: Way) -> None:
    chip = _begin(subject, way)
    public = extreme_keys.above_prime(chip.public, chip.domain)
    _demand_refusal(chip, chip.run(public), "a value above the prime")


def _off_curve(subject: Subject, way: Way) -> None:
    chip = _begin(subject, way)
    public = extreme_keys.off_curve(chip.public, chip.domain)
    _demand_refusal(chip, chip.run(public), "a point that is not on the curve")


def _after_mapping(subject: Subject) -> None:
    offers = subject.profile.own_pace.offers
    offer = next(each for each in offers if PaceSuite.of(each.oid).mapping == "CAM")
    channel = subject.pace(offer=offer).channel
    chip = ChipAuthentication.begin(subject, channel, Way(at_once=True))
    _demand_success(chip, chip.public)


_PASS = ("9000", "9000 under the new keys")
_FAIL = ("6300 or a checking error", "9000 under the old keys")
_CLEAR = ("a checking error", "an error in the clear", "6982")

_Row = tuple[str, str, tuple[str, ...], Callable[[Subject, Way], None], str]
_ROWS: tuple[_Row, ...] = (
    (
        "with a right key leads to new session keys",
        "A protected read under the new keys shows that the chip has its static key.",
        _PASS,
        _right,
        "",
    ),
    (
        "ends the use of the old session keys",
        "A command under the old keys finds no session afterwards.",
        ("9000", "an error in the clear"),
        _old_keys,
        "",
    ),
    (
        "with a key of another size is refused",
        "A key of another group, or half a key; the channel goes on as it was.",
        _FAIL,
        _other_size,
        "",
    ),
    (
        "is refused where no channel was opened",
        "The right commands in the clear, without PACE or BAC before them.",
        _CLEAR,
        _without_session,
        "",
    ),
    (
        "is refused in the clear while a channel stands",
        "The right commands without secure messaging end the session.",
        _CLEAR,
        _in_the_clear,
        "",
    ),
    (
        "with the key in another data object is refused",
        "The tag of the public key is one that the protocol does not have.",
        _FAIL,
        _wrong_tag,
        "",
    ),
    (
        "with the key (0, 0) is refused",
        "The point lies on no curve of the standard.",
        _FAIL,
        _origin,
        "ECDH",
    ),
    (
        "takes a key with a small x-coordinate",
        "The coordinate begins with zeros, which count.",
        _PASS,
        _edge(extreme_keys.small_x),
        "ECDH",
    ),
    (
        "takes a key with a large x-coordinate",
        "The coordinate lies just below the prime.",
        _PASS,
        _edge(extreme_keys.large_x),
        "ECDH",
    ),
    (
        "takes a key with a small y-coordinate",
        "The coordinate begins with zeros, which count.",
        _PASS,
        _edge(extreme_keys.small_y),
        "ECDH",
    ),
    (
        "takes a key with a large y-coordinate",
        "The coordinate lies just below the prime.",
        _PASS,
        _edge(extreme_keys.large_y),
        "ECDH",
    ),
    (
        "with a reference to a key that is not there is refused",
        "The number of the private key is one that DG14 does not have.",
        _FAIL,
        _wrong_reference,
        "",
    ),
    (
        "with a value above the prime is refused",
        "The value is right modulo the prime, but no element of the group.",
        _FAIL,
        _above_prime,
        "DH",
    ),
    (
        "with a point off the curve is refused",
        "Whoever calculates with such a point may give the static key away.",
        _FAIL,
        _off_curve,
        "ECDH",
    ),
)


def _bound(run: Callable[[Subject, Way], None], way: Way) -> Run:
    return lambda subject: run(subject, way)


def _cases(first: int, *, at_once: bool) -> Iterator[Case]:
    how = "MSE:Set KAT" if at_once else "MSE:Set AT with GENERAL AUTHENTICATE"
    word = "CA-KAT" if at_once else "CA-AT"
    for number, (title, purpose, expected, run, agreement) in enumerate(_ROWS, start=first):
        yield Case(
            f"ISO7816_I_{number}",
            _CLAUSE,
            f"Chip authentication by {how} {title}.",
            purpose,
            expected,
            (*_NEEDS, f"{word}-{agreement}" if agreement else word),
            (OPENED,),
            run=_bound(run, Way(at_once, agreement)),
        )


UNIT = Unit(
    "ISO7816_I",
    "Chip authentication",
    ICAO_3,
    (
        *_cases(1, at_once=True),
        Case(
            "ISO7816_I_15",
            _CLAUSE,
            "Chip authentication by MSE:Set KAT works after chip authentication mapping.",
            "A terminal may authenticate a chip again that its PACE has authenticated.",
            _PASS,
            (*_NEEDS, "CA-KAT", "PACE-CAM"),
            ("PACE with chip authentication mapping has opened a channel",),
            run=_after_mapping,
        ),
        *_cases(16, at_once=False),
        not_implemented(
            "ISO7816_I_30",
            "BSI TR-03110-3, B.3",
            "The mechanism of terminal authentication can be migrated.",
            "terminal authentication needs certificates of a verifier's authority",
        ),
    ),
)
