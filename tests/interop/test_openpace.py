"""PACE and secure messaging against OpenPACE, each side in both roles."""

from __future__ import annotations

import ctypes
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from fixtures.openpace import LIBRARY, Openpace, OpenpaceError
from fixtures.openpace_chip import Protected, TheirChip
from harness import tlv
from harness.apdu import CommandApdu, ResponseApdu
from harness.clock import VirtualClock
from harness.emulator.front import SecureFront
from harness.emulator.pace import PaceChip
from harness.errors import WrongPinError
from harness.mrz import Mrz, check_digit
from harness.profile import Pace
from harness.secret import Can, Pin, Puk, Secret
from harness.security_info import PaceInfo, encode_oid, encode_pace_info
from harness.terminal.channel import CardChannel
from harness.terminal.pace import PaceTerminal


def _is_missing() -> bool:
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        return True
    return False


pytestmark = pytest.mark.skipif(
    _is_missing(), reason=f"{LIBRARY} is missing: install Debian's package libeac3"
)

NUMBER, BIRTH, EXPIRY = "T22000129", "640812", "101031"
TD1 = (
    f"I<UTO{NUMBER}{check_digit(NUMBER)}{'<' * 15}"
    f"{BIRTH}{check_digit(BIRTH)}F{EXPIRY}{check_digit(EXPIRY)}UTO{'<' * 11}0"
    f"ERIKSSON<<ANNA<MARIA{'<' * 10}"
)
PASSWORDS: dict[str, tuple[str, Secret]] = {
    "MRZ": (TD1, Mrz(NUMBER, BIRTH, EXPIRY)),
    "CAN": ("123456", Can("123456")),
    "PIN": ("654321", Pin("654321")),
    "PUK": ("9876543210", Puk("9876543210")),
}
EXCHANGES = (
    (CommandApdu(0x00, 0xA4, 0x04, 0x0C, bytes.fromhex("A0000002471001")), ResponseApdu()),
    (CommandApdu(0x00, 0xB0, 0x00, 0x00, ne=256), ResponseApdu(bytes(range(223)))),
    (CommandApdu(0x00, 0xB0, 0x01, 0x00, ne=15), ResponseApdu(b"fifteen bytes..")),
    (CommandApdu(0x00, 0xB0, 0x7F, 0xFF, ne=1), ResponseApdu(sw=0x6B00)),
    (CommandApdu(0x00, 0xCB, 0x3F, 0xFF, bytes.fromhex("4D087006"), 256), ResponseApdu(b"odd")),
    (CommandApdu(0x00, 0x84, 0x00, 0x00), ResponseApdu(sw=0x6700)),
    (CommandApdu(0x00, 0x88, 0x00, 0x00, bytes(200), 256), ResponseApdu(bytes(96))),
)

ECDH_GM = "0.4.0.127.0.7.2.2.4.2"
SUITES = {"AES-128": f"{ECDH_GM}.2", "AES-192": f"{ECDH_GM}.3", "AES-256": f"{ECDH_GM}.4"}
every_suite = pytest.mark.parametrize("oid", SUITES.values(), ids=SUITES)
every_curve = pytest.mark.parametrize("parameter_id", range(8, 19))
every_password = pytest.mark.parametrize("kind", PASSWORDS)


@pytest.fixture
def peer() -> Iterator[Openpace]:
    """The library in a process of its own."""
    openpace = Openpace()
    yield openpace
    openpace.close()


def card_access(info: PaceInfo) -> bytes:
    """EF.CardAccess as we write it, which the library has to understand."""
    return tlv.encode(0x31, encode_pace_info(info))


@dataclass
class TheirTerminal:
    """The library as a terminal that speaks to one of our cards."""

    peer: Openpace
    front: SecureFront

    def establish(self, oid: str, reference: int, parameter_id: int) -> None:
        """PACE, step by step."""
        step = self.peer.step
        at = tlv.encode(0x80, encode_oid(oid)) + bytes.fromhex(
            f"8301{reference:02X}8401{parameter_id:02X}"
        )
        assert self.front(CommandApdu(0x00, 0x22, 0xC1, 0xA4, at)).sw == 0x9000
        step("decrypt_nonce", self._exchange(b"", 0x80))
        mapping = step("mapping_data")
        step("map_generator", self._exchange(tlv.encode(0x81, mapping), 0x82))
        own = step("ephemeral_key")
        theirs = self._exchange(tlv.encode(0x83, own), 0x84)
        step("shared_secret", theirs)
        token = tlv.encode(0x85, step("token", theirs))
        step("verify_token", self._exchange(token, 0x86, cla=0x00))
        step("open_channel")

    def _exchange(self, data: bytes, expected: int, cla: int = 0x10) -> bytes:
        command = CommandApdu(cla, 0x86, 0x00, 0x00, tlv.encode(0x7C, data), 256)
        answer = self.front(command)
        if not answer.ok:
            message = f"our card answered {answer.sw:04X}"
            raise OpenpaceError(message)
        (inner,) = tlv.parse_one(answer.data).children()
        assert inner.tag == expected
        return inner.value

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        """One protected exchange."""
        end = Protected(self.peer)
        self.peer.step("count")
        objects = end.data(command.data, odd=bool(command.ins & 1))
        objects += tlv.encode(0x97, bytes((command.ne & 0xFF,))) if command.ne else b""
        header = bytes((command.cla | 0x0C,)) + command.header[1:]
        data = objects + end.mac(header, *([objects] if objects else []))
        answer = self.front(replace(command, cla=command.cla | 0x0C, data=data, ne=256))
        self.peer.step("count")
        assert answer.data[-10:] == end.mac(answer.data[:-10])
        found = tlv.parse_all(answer.data)
        assert tlv.find(found, 0x99) == answer.sw.to_bytes(2, "big")
        return ResponseApdu(end.opened(found), answer.sw)


class Scripted:
    """An application behind our front that answers as told and keeps what it was asked."""

    def __init__(self, answers: list[ResponseApdu]) -> None:
        self._answers = answers
        self.heard: list[CommandApdu] = []

    def execute(self, command: CommandApdu) -> ResponseApdu:
        """Answer the next one."""
        self.heard.append(command)
        return self._answers.pop(0)

    def open_channel(self) -> None:
        """Nothing depends on it."""

    def close_channel(self) -> None:
        """Nothing depends on it."""


class NoCount:
    """Wrong passwords, not counted."""

    wrong_passwords = 0

    def set_wrong_passwords(self, count: int) -> None:
        """Forget them."""


def our_front(
    info: PaceInfo, kind: str, application: Scripted, nonce_size: int = 16
) -> SecureFront:
    """Our card's PACE and secure messaging in front of an application."""
    rules = Pace.model_validate(
        {
            "oid": info.oid,
            "parameter_id": info.parameter_id,
            "nonce_size": nonce_size,
            "passwords": [kind],
            "select_first": "main",
            "wrong_password": 0x6300,
            "source": "OpenPACE",
        }
    )
    chip = PaceChip(rules, {kind: PASSWORDS[kind][1]}, NoCount(), VirtualClock(), secrets.randbelow)
    return SecureFront(chip, application)


def run_against_their_chip(peer: Openpace, info: PaceInfo, kind: str) -> None:
    """Our terminal opens a channel to their chip and all exchanges pass through it."""
    text, password = PASSWORDS[kind]
    peer.start(card_access(info), kind, text)
    card = TheirChip(peer, [answer for _, answer in EXCHANGES])
    channel = PaceTerminal(info).establish(CardChannel(card), password)
    for command, answer in EXCHANGES:
        assert channel.transmit(command) == answer
    assert card.heard == [command for command, _ in EXCHANGES]


def run_against_our_chip(peer: Openpace, info: PaceInfo, kind: str, nonce_size: int = 16) -> None:
    """Their terminal opens a channel to our chip and all exchanges pass through it."""
    peer.start(card_access(info), kind, PASSWORDS[kind][0])
    application = Scripted([answer for _, answer in EXCHANGES])
    terminal = TheirTerminal(peer, our_front(info, kind, application, nonce_size))
    assert info.parameter_id is not None
    terminal.establish(info.oid, list(PASSWORDS).index(kind) + 1, info.parameter_id)
    for command, answer in EXCHANGES:
        assert terminal.transmit(command) == answer
    assert application.heard == [command for command, _ in EXCHANGES]


@every_suite
@every_curve
def test_our_terminal_and_their_chip(peer: Openpace, oid: str, parameter_id: int) -> None:
    """On every curve with every cipher our terminal understands their chip."""
    run_against_their_chip(peer, PaceInfo(oid, 2, parameter_id), "CAN")


@every_suite
@every_curve
def test_their_terminal_and_our_chip(peer: Openpace, oid: str, parameter_id: int) -> None:
    """On every curve with every cipher their terminal understands our chip."""
    run_against_our_chip(peer, PaceInfo(oid, 2, parameter_id), "CAN")


@every_password
def test_every_password(peer: Openpace, kind: str) -> None:
    """MRZ, CAN, PIN and PUK mean the same to both sides, in both roles."""
    info = PaceInfo("0.4.0.127.0.7.2.2.4.2.4", 2, 12)
    run_against_their_chip(peer, info, kind)
    run_against_our_chip(peer, info, kind)


@pytest.mark.parametrize("parameter_id", [12, 16])
def test_a_nonce_of_32_bytes(peer: Openpace, parameter_id: int) -> None:
    """Their terminal understands the longer nonce that the IDEMIA card sends."""
    run_against_our_chip(peer, PaceInfo("0.4.0.127.0.7.2.2.4.2.4", 2, parameter_id), "CAN", 32)


@every_password
def test_a_wrong_password(peer: Openpace, kind: str) -> None:
    """A wrong password is found out by their chip and by ours."""
    info = PaceInfo("0.4.0.127.0.7.2.2.4.2.2", 2, 13)
    wrong = {"MRZ": TD1.replace("640812", "640813")}.get(kind, "000000000")
    peer.start(card_access(info), kind, wrong)
    with pytest.raises(WrongPinError, match=f"refused the {kind}"):
        PaceTerminal(info).establish(CardChannel(TheirChip(peer)), PASSWORDS[kind][1])
    peer.start(card_access(info), kind, wrong)
    terminal = TheirTerminal(peer, our_front(info, kind, Scripted([])))
    with pytest.raises(OpenpaceError, match="our card answered 6300"):
        terminal.establish(info.oid, list(PASSWORDS).index(kind) + 1, 13)
