"""Chip authentication in the chip role: recorded sessions, restart, order, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fixtures.cards import Talk, image_of
from fixtures.emrtd_vectors import CHIP_SESSIONS, ChipSessionExample
from fixtures.passports import (
    BAC_PASSPORT,
    ID_CARD,
    PASSPORT,
    READ,
    SELECT_DG1,
    SELECT_LDS,
    by_bac,
    by_pace,
    card_of,
    image_with,
    through,
)
from harness import tlv
from harness.apdu import CommandApdu, ResponseApdu
from harness.crypto.chip_auth import (
    CHIP_AUTHENTICATION_SUITES,
    ID_CA,
    agree,
    chip_authentication_offers,
)
from harness.crypto.chip_key import ChipKey
from harness.crypto.kdf import SessionKeys
from harness.crypto.standardized import DOMAINS
from harness.emulator.chip_authentication import ChipAuthenticationChip
from harness.emulator.front import SecureFront
from harness.emulator.personalise import CardImage
from harness.emulator.status import SecurityStatus
from harness.emulator.travel import StaticKey
from harness.profile import ChipAuthentication, Content, Interface
from harness.profiles import builtin
from harness.secret import Secret
from harness.secure_messaging import ChipSession, TerminalSession, UnprotectedStatusError
from harness.security_info import parse_security_infos
from harness.terminal.channel import CardChannel

PRIVATE = 0x1234567890
REPLAYED = [example for example in CHIP_SESSIONS if example.exchanges]


class Silent:
    """An application that answers 9000 to everything."""

    takes_proprietary = False

    def execute(self, command: CommandApdu) -> ResponseApdu:
        """Succeed."""
        del command
        return ResponseApdu()

    def open_channel(self) -> None:
        """Nothing to do."""

    def close_channel(self) -> None:
        """Nothing to do."""


def _session(keys: tuple[object, bytes, bytes, int]) -> tuple[SessionKeys, int]:
    cipher, enc, mac, ssc = keys
    return SessionKeys(cipher, Secret(enc), Secret(mac)), ssc  # type: ignore[arg-type]


@pytest.mark.parametrize("example", REPLAYED, ids=lambda e: e.name)
def test_recorded_sessions(example: ChipSessionExample) -> None:
    """A chip whose key is the recorded terminal's, sent the recorded chip's, agrees on the same.

    The agreement does not know who is who, so the sessions of real passports pin the chip's part
    as well: what they answered under the keys before and behind it is answered here to the byte.
    """
    (offer,) = chip_authentication_offers(parse_security_infos(example.infos))
    domain, group = offer.key.domain, offer.key.domain.parameter_id
    assert group is not None
    rules = ChipAuthentication(
        oid=offer.suite.oid, parameter_id=group, key_id=offer.key_id, source="test"
    )
    key = StaticKey(rules, ChipKey(domain, example.private, offer.key_id))
    status = SecurityStatus(Interface.CONTACTLESS)
    front = SecureFront(None, Silent(), [ChipAuthenticationChip([key], status)])
    old, ssc = _session(example.old)
    front._session = ChipSession(old, ssc)
    before, behind = example.exchanges[:-2], example.exchanges[-1]
    for command, answer in before:
        assert front(CommandApdu.decode(bytes.fromhex(command))).encode().hex().upper() == answer
    plain = _agreement(offer.key.public, uses_kat=not before, key_id=offer.key_id)
    terminal = TerminalSession(old, ssc + 2 * len(before))
    answer = terminal.unprotect(front(terminal.protect(plain)), plain)
    assert (answer.sw, answer.data) == (0x9000, b"" if not before else b"\x7c\x00")
    command, answered = behind
    assert front(CommandApdu.decode(bytes.fromhex(command))).encode().hex().upper() == answered
    assert status.chip_authenticated


def _agreement(public: bytes, *, uses_kat: bool, key_id: int | None) -> CommandApdu:
    if uses_kat:
        number = b"" if key_id is None else tlv.encode(0x84, bytes((key_id,)))
        return CommandApdu(0x00, 0x22, 0x41, 0xA6, tlv.encode(0x91, public) + number)
    data = tlv.encode(0x7C, tlv.encode(0x80, public))
    return CommandApdu(0x00, 0x86, 0x00, 0x00, data, 256)


SET_AT = "002241A40C800A04007F00070202030202"
EPHEMERAL = {
    group: DOMAINS[group].encode(DOMAINS[group].multiply_generator(PRIVATE))
    for group in (0, 12, 13)
}


def restarted(talk: Talk, image: CardImage, number: int = 0) -> Talk:
    """The card through the channel that the agreement with one of its keys leads to."""
    assert image.travel is not None
    key = image.travel.static_keys[number]
    cipher = CHIP_AUTHENTICATION_SUITES[key.rules.oid].cipher
    keys = agree(key.pair.domain, PRIVATE, key.pair.public.public, cipher)
    return through(talk, TerminalSession(keys))


def dynamic(public: bytes) -> str:
    """GENERAL AUTHENTICATE with an ephemeral key."""
    data = tlv.encode(0x7C, tlv.encode(0x80, public))
    return CommandApdu(0x00, 0x86, 0x00, 0x00, data, 256).encode().hex()


def kat(public: bytes, *more: bytes) -> str:
    """MSE:Set KAT with an ephemeral key."""
    data = tlv.encode(0x91, public) + b"".join(more)
    return CommandApdu(0x00, 0x22, 0x41, 0xA6, data).encode().hex()


@pytest.mark.parametrize("open_card", [by_bac, by_pace])
def test_secure_messaging_restarts(open_card: Callable[[], Talk]) -> None:
    """The answer still comes under the old keys; behind it only the new ones work."""
    card = open_card()
    card.all(SELECT_LDS, SELECT_DG1, SET_AT)
    assert card(dynamic(EPHEMERAL[13])) == "7C009000"
    new = restarted(card, image_of(PASSPORT))
    new.all(SELECT_DG1, READ)
    with pytest.raises(UnprotectedStatusError, match="6988"):
        card(READ)
    with pytest.raises(UnprotectedStatusError, match="6988"):
        new(READ)


def test_triple_des_by_set_kat() -> None:
    """One command is enough for 3DES; the group of numbers is spelt out in DG14."""
    card, image = by_bac(BAC_PASSPORT), image_of(BAC_PASSPORT)
    assert card(kat(EPHEMERAL[0])) == "9000"
    restarted(card, image).all(SELECT_DG1, READ)


def test_triple_des_by_general_authenticate() -> None:
    """MSE:Set AT and GENERAL AUTHENTICATE do for 3DES, too."""
    card = by_bac(BAC_PASSPORT)
    card.all("002241A40C800A04007F00070202030101", dynamic(EPHEMERAL[0]))
    restarted(card, image_of(BAC_PASSPORT)).all(SELECT_DG1, READ)


TWO_KEYS = (
    ChipAuthentication(oid=f"{ID_CA}.2.1", parameter_id=12, key_id=1, source="test"),
    ChipAuthentication(oid=f"{ID_CA}.2.4", parameter_id=12, key_id=2, source="test"),
)


@pytest.mark.parametrize("number", [0, 1])
def test_several_keys(number: int) -> None:
    """A key that is named by its number is the one used."""
    image = image_with(PASSPORT, chip_authentication=TWO_KEYS)
    card = by_bac(image)
    if number:
        card.all("002241A40F800A04007F00070202030204840102", dynamic(EPHEMERAL[12]))
    else:
        card.all(kat(EPHEMERAL[12], b"\x84\x01\x01"))
    restarted(card, image, number).all(SELECT_DG1, READ)


def test_twice_in_one_session() -> None:
    """A second agreement restarts the channel once more."""
    card = by_bac()
    card.all(SET_AT, dynamic(EPHEMERAL[13]))
    card = restarted(card, image_of(PASSPORT))
    card.all(SET_AT, dynamic(EPHEMERAL[13]))
    restarted(card, image_of(PASSPORT)).all(SELECT_DG1, READ)


def test_what_chip_authentication_opens() -> None:
    """A file may wait for it; a dropped channel closes the file again."""
    files = builtin(PASSPORT).files
    dg11 = files["dg11"].model_copy(update={"needs": "chip-authentication"})
    image = image_with(PASSPORT, files={**files, "dg11": dg11})
    card = by_bac(image)
    card.all("00A4020C02010B")
    assert card(READ) == "6982"
    card.all(SET_AT, dynamic(EPHEMERAL[13]))
    new = restarted(card, image)
    new.all(READ)
    plain = replace(card, channel=CardChannel(card.card))
    plain.all(SELECT_LDS, "00A4020C02010B")
    assert plain(READ) == "6982"


P = DOMAINS[13].prime
OFF_CURVE = b"\x04" + (5).to_bytes(32) + (5).to_bytes(32)


@pytest.mark.parametrize(
    "public",
    [
        b"",
        b"\x00",
        b"\x04" + bytes(64),
        OFF_CURVE,
        EPHEMERAL[13][:-1],
        EPHEMERAL[13] + b"\0",
        b"\x02" + EPHEMERAL[13][1:33],
        b"\x04" + P.to_bytes(32) + EPHEMERAL[13][33:],
        EPHEMERAL[12],
    ],
)
def test_points_that_must_not_be_used(public: bytes) -> None:
    """Each is answered 6300, and the old channel goes on, the key no longer chosen."""
    card = by_bac()
    card.all(SET_AT)
    assert card(dynamic(public)) == "6300"
    assert card(dynamic(EPHEMERAL[13])) == "6985"
    card.all(SELECT_DG1, READ)


@pytest.mark.parametrize(
    "number", [0, 1, DOMAINS[0].prime - 1, DOMAINS[0].prime, DOMAINS[0].prime + 2]
)
def test_numbers_that_must_not_be_used(number: int) -> None:
    """In MSE:Set KAT each is answered 6A80, and the old channel goes on."""
    card = by_bac(BAC_PASSPORT)
    assert card(kat(number.to_bytes(128))) == "6A80"
    card.all(SELECT_DG1, READ)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("002241A400", "6A80"),
        ("002241A4028000", "6A80"),
        ("002241A40C800A04007F00070202030201", "6A80"),
        ("002241A40C800A04007F00070202040202", "6A80"),
        ("002241A40F800A04007F00070202030202840101", "6A88"),
        ("002241A40E800A04007F000702020302028400", "6A88"),
        ("002241A40F800A04007F00070202030202830101", "6A80"),
        ("002241A40B800A04007F000702020302", "6A80"),
        ("002241A6", "6A80"),
        (kat(EPHEMERAL[13]), "6A80"),
        ("008600000C7C0A8008" + "00" * 8 + "00", "6985"),
    ],
)
def test_what_is_refused(command: str, answer: str) -> None:
    """Malformed data, protocols and keys that are not there: the old channel goes on."""
    card = by_bac()
    assert card(command) == answer
    assert card(dynamic(EPHEMERAL[13])) == "6985"
    card.all(SELECT_DG1, READ)


@pytest.mark.parametrize("public_object", ["8100", "80008000", ""])
def test_malformed_general_authenticate(public_object: str) -> None:
    """GENERAL AUTHENTICATE wants 7C with 80 alone in it."""
    card = by_bac()
    card.all(SET_AT)
    data = tlv.encode(0x7C, bytes.fromhex(public_object))
    assert card(CommandApdu(0, 0x86, 0, 0, data, 256).encode().hex()) == "6A80"
    card.all(SELECT_DG1, READ)


@pytest.mark.parametrize("header", ["00860100", "00860001", "10860000"])
def test_other_headers(header: str) -> None:
    """P1 and P2 are zero, and there is no chain."""
    card = by_bac()
    card.all(SET_AT)
    data = tlv.encode(0x7C, tlv.encode(0x80, EPHEMERAL[13])).hex()
    assert card(f"{header}{len(data) // 2:02X}{data}00") in ("6A86", "6A80")
    card.all(SELECT_DG1, READ)


@pytest.mark.parametrize(
    "between", [SELECT_DG1, "0022C1A412800A04007F0007020204020283010184010D", "0084000008"]
)
def test_nothing_may_come_between(between: str) -> None:
    """Any other command, of whatever protocol, makes the card forget the key chosen."""
    card = by_bac()
    card.all(SET_AT)
    card(between)
    assert card(dynamic(EPHEMERAL[13])) == "6985"
    card.all(SELECT_DG1, READ)


def test_only_inside_a_channel() -> None:
    """In the clear it is refused."""
    card = card_of()
    card.all(SELECT_LDS)
    assert (card(SET_AT), card(kat(EPHEMERAL[13]))) == ("6982", "6982")
    assert card(dynamic(EPHEMERAL[13])) == "6985"


def test_a_card_without_it() -> None:
    """Without a key the commands are refused as unknown parameters."""
    card = by_bac(image_with(PASSPORT, chip_authentication=()))
    assert card(SET_AT) == "6A86"


@pytest.mark.parametrize("name", [PASSPORT, BAC_PASSPORT, ID_CARD])
def test_dg14_lists_what_the_chip_has(name: str) -> None:
    """What the file tells is what a reader of others' documents makes of it: one offer a key."""
    image = image_of(name)
    infos = parse_security_infos(tlv.parse_one(image.contents[Content.DG14]).value)
    offers = chip_authentication_offers(infos)
    assert image.travel is not None
    assert [(o.suite.oid, o.key.public) for o in offers] == [
        (key.rules.oid, key.pair.public.public) for key in image.travel.static_keys
    ]


@pytest.mark.parametrize("group", [0, 1, 2, 8, 12, 13, 16, 18])
@pytest.mark.parametrize("explicit", [False, True])
def test_every_way_to_write_a_group(group: int, *, explicit: bool) -> None:
    """Spelt out or by its number, each group is found in DG14 with the chip's public key."""
    domain = DOMAINS[group]
    arc = 1 if domain.key_agreement == "DH" else 2
    rules = ChipAuthentication(
        oid=f"{ID_CA}.{arc}.2", parameter_id=group, explicit_parameters=explicit, source="test"
    )
    image = image_with(PASSPORT, chip_authentication=(rules,))
    infos = parse_security_infos(tlv.parse_one(image.contents[Content.DG14]).value)
    (offer,) = chip_authentication_offers(infos)
    assert image.travel is not None
    assert offer.key.public == image.travel.static_keys[0].pair.public.public
    assert offer.key.domain.parameters == domain.parameters
