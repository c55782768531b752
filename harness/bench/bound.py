"""How fast a read could be at best: what no reader can leave out, at the cost of each part.

The commands are those without which the card, as far as anyone knows it, does not give the data:
one SELECT for a directory and for a file, READ BINARY with as few answers as the card allows, one
GET DATA for a counter, PACE, VERIFY and the login. Each costs its frames at the bit rate in force
with the least delays between them, the host's time, and the card's computing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from harness import tlv
from harness.air.timing import (
    CRC_BYTES,
    FIELD_OFF,
    Kind,
    RfTiming,
    attrib_cycles,
    cycles,
    detect_cycles,
    pps_cycles,
    rats_cycles,
    request_b_cycles,
    seconds,
    sfgt_cycles,
)
from harness.apdu import INS
from harness.bench import travel
from harness.bench.need import Need, plain, protected
from harness.bench.scenario import Scenario
from harness.crypto.standardized import DOMAINS
from harness.crypto.suite import PaceSuite
from harness.emulator.personalise import CardImage
from harness.profile import Content, File, KeyRules, Profile

_PROLOGUE = 1  # byte of a block without CID, ISO/IEC 14443-4, 7.1
_ATS_INTERFACE_BYTES = 5  # TL, T0, TA1, TB1, TC1
_DIGEST = 48  # bytes of the login challenge
_SIGNATURE = 96  # r and s on a curve of 384 bits

_COUNTERS = MappingProxyType({"ias-ecc": (10, 32), "ias-classic": (5, 31)})
"""Bytes of GET DATA for a counter and of its answer, by card family."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The least a read needs; seconds, and their parts.

    `field` is reset and activation, `frames` all frames and the delays between them, `host` the
    phone's own time, `card` the computing.
    """

    apdus: int
    field: float
    frames: float
    host: float
    card: float

    @property
    def seconds(self) -> float:
        """All parts together."""
        return self.field + self.frames + self.host + self.card


def lower_bound(scenario: Scenario, image: CardImage) -> Bound:
    """The bound for the data that the read plan of a scenario brings, without any disturbance."""
    needs = tuple(_needs(scenario, image))
    timing, fsd = _timing(scenario), scenario.phone.fsd.value
    work = [scenario.speed.seconds(each.command, each.response) for each in needs]
    whole = map(partial(_exchange_cycles, timing, fsd), needs, map(cycles, work))
    return Bound(
        apdus=len(needs),
        field=seconds(_activation_cycles(scenario, timing)),
        frames=seconds(sum(whole)) - sum(work),
        host=len(needs) * scenario.phone.host_time.value,
        card=sum(work),
    )


def _timing(scenario: Scenario) -> RfTiming:
    fastest, phone = max(scenario.profile.own_radio.divisors), scenario.phone
    rates = min(phone.to_card.value, fastest), min(phone.to_reader.value, fastest)
    return RfTiming(Kind[scenario.profile.own_radio.rf_type], *rates)


def _activation_cycles(scenario: Scenario, timing: RfTiming) -> int:
    radio = scenario.profile.own_radio
    begin = FIELD_OFF + detect_cycles(timing.kind) + sfgt_cycles(radio.sfgi)
    if timing.kind is Kind.B:
        return begin + request_b_cycles() + attrib_cycles()
    rats = rats_cycles(_ATS_INTERFACE_BYTES + len(radio.historical_bytes))
    is_fast = (timing.to_card, timing.to_reader) != (1, 1)
    return begin + rats + (pps_cycles() if is_fast else 0)


def _exchange_cycles(timing: RfTiming, fsd: int, need: Need, work: int) -> int:
    """One APDU: a frame there, computing, as many frames back as the reader's size asks for."""
    around = _PROLOGUE + CRC_BYTES
    parts = range(0, len(need.response), fsd - around)
    sizes = [min(fsd - around, len(need.response) - start) for start in parts]
    first = timing.exchange_cycles(len(need.command) + around, sizes[0] + around, work)
    return first + sum(timing.exchange_cycles(around, size + around) for size in sizes[1:])


def _needs(scenario: Scenario, image: CardImage) -> Iterator[Need]:
    profile = scenario.profile
    yield from travel.basic_access(profile) if profile.pace is None else _channel(profile)
    operations = [each.partition(" ") for each in profile.plans[scenario.plan].operations]
    for directory in _directories(profile):
        name = profile.directories[directory].aid or bytes(2)
        yield protected(INS.SELECT, len(name), 0)
    for verb, _, argument in operations:
        if verb in travel.OPERATIONS:
            yield from _of_document(scenario, image, verb)
        else:
            yield from _of_holder(scenario, image, verb, argument)


def _of_document(scenario: Scenario, image: CardImage, verb: str) -> Iterator[Need]:
    if verb == "lds":
        for file in travel.files(scenario.profile):
            yield from _read(scenario, _size(image, file))
    yield from travel.proof(scenario.profile, verb)


def _of_holder(scenario: Scenario, image: CardImage, verb: str, argument: str) -> Iterator[Need]:
    profile = scenario.profile
    match verb:
        case "tries" if profile.family in _COUNTERS:
            yield protected(INS.GET_DATA_ODD, *_COUNTERS[profile.family])
        case "personal-data":
            for file in profile.personal_files:
                yield from _file(scenario, _size(image, file))
        case "certificate":
            content = _certificate(profile, argument)
            yield from _file(scenario, len(image.contents[content]))
        case "verify" if profile.pins["PIN1"].method == "verify":
            yield protected(INS.VERIFY, 12, 0)
        case "authenticate":
            yield from _login(profile.keys["authentication"], profile.family)


def _size(image: CardImage, file: File) -> int:
    return next(len(image.files[name]) for name, f in image.profile.files.items() if f is file)


def _certificate(profile: Profile, name: str) -> Content:
    return next(rules.certificate for key, rules in profile.keys.items() if key == name)


def _channel(profile: Profile) -> Iterator[Need]:
    """What is selected first, and the five commands of PACE (ICAO 9303-11, 4.4.4)."""
    pace = profile.own_pace
    first = profile.directories.get(pace.select_first)
    name = (first.aid if first else None) or bytes(2)
    yield plain(INS.SELECT, name)
    yield plain(INS.MANAGE_SECURITY_ENVIRONMENT, bytes(15))  # protocol (80) and password (83)
    suite, domain = PaceSuite.of(pace.oid), DOMAINS[pace.parameter_id]
    key = domain.encode(domain.multiply_generator(1))
    mapping = (bytes(suite.cipher.key_size), b"") if suite.mapping == "IM" else (key, key)
    for sent, received in (
        (b"", tlv.encode(0x80, bytes(pace.nonce_size))),
        (tlv.encode(0x81, mapping[0]), tlv.encode(0x82, mapping[1])),
        (tlv.encode(0x83, key), tlv.encode(0x84, key)),
        (tlv.encode(0x85, bytes(8)), tlv.encode(0x86, bytes(8))),
    ):
        data, answer = tlv.encode(0x7C, sent), tlv.encode(0x7C, received)
        yield plain(INS.GENERAL_AUTHENTICATE, data, b"\0", answer)


def _directories(profile: Profile) -> list[str]:
    """Those to be entered behind the channel: of counters, codes, keys, and files found by name."""
    names = [rules.directory for rules in profile.pins.values()]
    names += [rules.directory for rules in profile.keys.values() if rules.scope == "local"]
    wanted = (*profile.personal_files, *_certificate_files(profile))
    names += [file.directory for file in wanted if file.select == "child"]
    names += [file.directory for file in travel.files(profile)]
    first = profile.pace.select_first if profile.pace else travel.directory(profile)
    return [name for name in dict.fromkeys(names) if name != first]


def _certificate_files(profile: Profile) -> Iterator[File]:
    yield from (profile.file_with(key.certificate) for key in profile.keys.values())


def _file(scenario: Scenario, size: int) -> Iterator[Need]:
    """SELECT, and READ BINARY."""
    yield protected(INS.SELECT, 2, 0)
    yield from _read(scenario, size)


def _read(scenario: Scenario, size: int) -> Iterator[Need]:
    """READ BINARY in parts of the size that takes the least time."""
    most = scenario.profile.transmission.max_read
    parts = range(most // 2, most + 1)  # smaller ones need more commands, and save nothing
    yield from min((_reads(size, part) for part in parts), key=partial(_time, scenario))


def _time(scenario: Scenario, needs: Sequence[Need]) -> float:
    timing, fsd = _timing(scenario), scenario.phone.fsd.value
    work = [scenario.speed.seconds(each.command, each.response) for each in needs]
    air = sum(map(partial(_exchange_cycles, timing, fsd), needs, map(cycles, work)))
    return seconds(air) + len(needs) * scenario.phone.host_time.value


def _reads(size: int, part: int) -> list[Need]:
    rest = [min(part, size - start) for start in range(0, size, part)]
    return [protected(INS.READ_BINARY, 0, each) for each in rest]


def _login(key: KeyRules, family: str) -> Iterator[Need]:
    algorithm = key.authenticate[0] if key.authenticate else b""
    yield protected(INS.MANAGE_SECURITY_ENVIRONMENT, 2 + len(algorithm) + 3, 0)
    if family == "ias-classic":  # the digest is loaded by a command of its own
        yield protected(INS.PERFORM_SECURITY_OPERATION, 2 + _DIGEST, 0)
        yield protected(INS.PERFORM_SECURITY_OPERATION, 0, _SIGNATURE)
    else:
        yield protected(INS.INTERNAL_AUTHENTICATE, _DIGEST, _SIGNATURE)
