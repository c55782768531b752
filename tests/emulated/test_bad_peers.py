"""PACE and secure messaging with a peer that lies, in both roles: no lie opens a channel.

Each lie is told to our terminal by a changed answer, and to the emulated card by a changed command,
in the middle of a run that is otherwise right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from fixtures.cards import CAN, IDEMIA, image_of, pace_info, scalars
from fixtures.pace_runs import PASSWORDS, FrontCard, chip_key, front_of, name_of, rules_of
from fixtures.trouble import CountingCard, TamperedCard
from harness import tlv
from harness.apdu import CommandApdu, ResponseApdu
from harness.clock import VirtualClock
from harness.crypto.kdf import session_keys
from harness.crypto.standardized import DOMAINS
from harness.crypto.suite import AES_128, AES_192, AES_256, SUITES, TRIPLE_DES, Cipher
from harness.emulator.card import EmulatedCard
from harness.errors import ApduError, CardError, ProtocolViolation
from harness.icc import Icc
from harness.secure_messaging import (
    ChipSession,
    SecureMessagingError,
    SecureMessagingFault,
    TerminalSession,
    UnprotectedStatusError,
)
from harness.security_info import PaceInfo
from harness.terminal.channel import CardChannel
from harness.terminal.pace import PaceTerminal

ID_PACE = "0.4.0.127.0.7.2.2.4."
MAP, AGREE = 3, 4  # the commands of PACE that carry keys, counted from MSE:Set AT
Change = Callable[[bytes], bytes]

SUITES_AND_GROUPS = [
    (f"{ID_PACE}{last}", number)
    for last, number in (
        *(("2.2", number) for number in DOMAINS if number >= 8),
        *(("1.2", number) for number in DOMAINS if number < 8),
        ("6.4", 13),
        ("4.2", 12),
        ("3.2", 0),
    )
]


@dataclass
class MeddledCard:
    """A card whose n-th command is changed on its way."""

    icc: Icc
    at: int
    change: Change
    seen: int = 0

    def connect(self) -> bytes:
        """Power the card up."""
        return self.icc.connect()

    def transmit(self, command: bytes) -> bytes:
        """Pass a command on, or another in its place."""
        self.seen += 1
        return self.icc.transmit(self.change(command) if self.seen == self.at else command)

    def disconnect(self) -> None:
        """Take the power away."""
        self.icc.disconnect()


def bad_keys(number: int, own: bytes, peer: bytes) -> Mapping[str, bytes]:
    """Public keys of a group that must not be used; `own` is what the victim has sent."""
    domain = DOMAINS[number]
    size, p = len(peer), domain.parameters.p
    if domain.key_agreement == "DH":
        numbers = {"0": 0, "1": 1, "p-1": p - 1, "p": p, "p+1": p + 1, "2": 2}
        shown = {
            name: value.to_bytes((value.bit_length() + 7) // 8) for name, value in numbers.items()
        }
        return shown | {
            "nothing": b"",
            "a byte too long": b"\0" + peer,
            "twice as long": peer * 2,
            "reflected": own,
        }
    half = (size - 1) // 2
    x, y = peer[1 : 1 + half], peer[1 + half :]
    other = DOMAINS[8 if half != 24 else 18]
    return {
        "nothing": b"",
        "infinity": b"\0",
        "infinity, filled": b"\0" * size,
        "zero": b"\x04" + bytes(size - 1),
        "zero x": b"\x04" + bytes(half) + y,
        "zero y": b"\x04" + x + bytes(half),
        "off the curve": b"\x04" + x + bytes((*y[:-1], y[-1] ^ 1)),
        "coordinates of p": b"\x04" + p.to_bytes(half) * 2,
        "all ones": b"\x04" + b"\xff" * (size - 1),
        "compressed": bytes((2 | y[-1] & 1,)) + x,
        "hybrid": bytes((6 | y[-1] & 1,)) + x + y,
        "raw": x + y,
        "a byte short": peer[:-1],
        "a byte long": peer + b"\0",
        "of another curve": other.encode(other.generator),
        "reflected": own,
    }


def card_of(oid: str, number: int) -> FrontCard:
    """A chip with one protocol."""
    proves = SUITES[oid].mapping == "CAM"
    keys = {number: chip_key(number)} if proves else {}
    return FrontCard(front_of(rules_of(oid, number), keys=keys))


def replaced(raw: bytes, value: bytes) -> bytes:
    """Dynamic authentication data with another value."""
    (inner,) = tlv.parse_one(raw).children()
    return tlv.encode(0x7C, tlv.encode(inner.tag, value))


def keys_of(command: bytes) -> bytes:
    """The key that a command carries."""
    (inner,) = tlv.parse_one(CommandApdu.decode(command).data).children()
    return inner.value


def named(value: object) -> str:
    """A part of a lie's name."""
    if isinstance(value, str) and value.startswith(ID_PACE):
        return name_of(SUITES[value])
    return str(value)


def names_of_bad_keys() -> Iterator[tuple[str, int, int, str]]:
    """Suite, group, step and lie."""
    for oid, number in SUITES_AND_GROUPS:
        domain = DOMAINS[number]
        key = domain.encode(domain.multiply_generator(5))
        for step in (MAP, AGREE):
            if step == AGREE or SUITES[oid].mapping != "IM":
                yield from ((oid, number, step, lie) for lie in bad_keys(number, b"", key))


LIES = list(names_of_bad_keys())
every_lie = pytest.mark.parametrize(("oid", "number", "step", "lie"), LIES, ids=named)


@every_lie
def test_a_key_told_to_the_terminal(oid: str, number: int, step: int, lie: str) -> None:
    """A card's key that must not be used breaks the protocol, and nothing is sent after it."""
    sent: list[bytes] = []

    def change(seen: int, command: bytes, answer: bytes) -> bytes:
        sent.append(command)
        if seen != step:
            return answer
        decoded = ResponseApdu.decode(answer)
        (inner,) = tlv.parse_one(decoded.data).children()
        bad = bad_keys(number, keys_of(command), inner.value)[lie]
        return ResponseApdu(replaced(decoded.data, bad)).encode()

    terminal = PaceTerminal(PaceInfo(oid, 2, number))
    with pytest.raises(ProtocolViolation, match=r"ICAO 9303-11, 4\.4\.1"):
        terminal.establish(
            CardChannel(TamperedCard(card_of(oid, number), change)), PASSWORDS["CAN"]
        )
    assert len(sent) == step


@pytest.mark.parametrize(
    ("oid", "number", "step", "lie"), [each for each in LIES if each[3] != "reflected"], ids=named
)
def test_a_key_told_to_the_chip(oid: str, number: int, step: int, lie: str) -> None:
    """A terminal's key that must not be used is answered as a wrong password, and the run ends."""

    def lied(command: bytes) -> bytes:
        decoded = CommandApdu.decode(command)
        data = replaced(decoded.data, bad_keys(number, b"", keys_of(command))[lie])
        return CommandApdu(decoded.cla, decoded.ins, 0, 0, data, decoded.ne).encode()

    card = MeddledCard(card_of(oid, number), step, lied)
    with pytest.raises(ApduError, match="6300"):
        PaceTerminal(PaceInfo(oid, 2, number)).establish(CardChannel(card), PASSWORDS["CAN"])
    assert card.seen == step
    assert_no_channel(card)


@pytest.mark.parametrize("step", [MAP, AGREE])
@pytest.mark.parametrize(("oid", "number"), [(f"{ID_PACE}2.2", 12), (f"{ID_PACE}1.2", 0)])
def test_the_chip_does_not_take_its_own_key(oid: str, number: int, step: int) -> None:
    """A terminal that by chance or craft has the chip's key of a step is refused there."""
    chip, terminal = ((7, 11), (7, 13)) if step == MAP else ((7, 11), (5, 11))
    rules = rules_of(oid, number)
    front = FrontCard(front_of(rules, randbelow=scalars(1 << 100, *chip)))
    card = MeddledCard(front, 0, lambda command: command)
    with pytest.raises(ApduError, match="6300"):
        PaceTerminal(PaceInfo(oid, 2, number), randbelow=scalars(*terminal)).establish(
            CardChannel(card), PASSWORDS["CAN"]
        )
    assert card.seen == step
    assert_no_channel(card)


def assert_no_channel(card: Icc) -> None:
    """A card on which PACE has ended without a channel, and cannot be taken up again."""
    last = CommandApdu(0x00, 0x86, 0, 0, tlv.encode(0x7C, tlv.encode(0x85, bytes(8))), 256)
    assert card.transmit(last.encode()).hex() == "6985"
    protected = CommandApdu(0x0C, 0xB0, 0, 0, bytes.fromhex("8E08") + bytes(8), 256)
    assert card.transmit(protected.encode()).hex() == "6988"


def spoilt(raw: bytes) -> Iterator[bytes]:
    """The bytes with one changed, or cut off at any place."""
    for at in range(len(raw)):
        yield raw[:at]
        for bit in (0x01, 0x20, 0x80):
            yield raw[:at] + bytes((raw[at] ^ bit,)) + raw[at + 1 :]


def recorded() -> CountingCard:
    """A run of PACE with the Estonian card, to know its commands by."""
    card = EmulatedCard(image_of(IDEMIA), clock=VirtualClock())
    card.connect()
    counted = CountingCard(card)
    PaceTerminal(pace_info(IDEMIA)).establish(CardChannel(counted), CAN)
    return counted


@pytest.mark.parametrize("number", range(1, 6))
def test_any_byte_of_a_command(number: int) -> None:
    """With any byte of a command of PACE changed or missing, no channel opens and nothing breaks.

    The last byte of each is Le and says nothing that PACE depends on.
    """
    length = len(recorded().commands[number - 1])
    has_le = number > 1
    for index in range(4 * (length - has_le)):
        card = EmulatedCard(image_of(IDEMIA), clock=VirtualClock())
        card.connect()

        def change(command: bytes, index: int = index) -> bytes:
            body, le = (command[:-1], command[-1:]) if has_le else (command, b"")
            return list(spoilt(body))[index] + (le if index % 4 else b"")

        meddled = MeddledCard(card, number, change)
        with pytest.raises(CardError):
            PaceTerminal(pace_info(IDEMIA)).establish(CardChannel(meddled), CAN)
        assert len(card.transmit(bytes.fromhex("00A4020C02011C"))) == 2


@pytest.mark.parametrize("number", range(1, 6))
def test_any_byte_of_an_answer(number: int) -> None:
    """With any byte of an answer of PACE changed or missing, the terminal ends with its error."""
    card = EmulatedCard(image_of(IDEMIA), clock=VirtualClock())
    card.connect()
    answers: list[bytes] = []

    def watch(seen: int, command: bytes, answer: bytes) -> bytes:
        del seen, command
        answers.append(answer)
        return answer

    PaceTerminal(pace_info(IDEMIA)).establish(CardChannel(TamperedCard(card, watch)), CAN)
    for index in range(4 * len(answers[number - 1])):

        def change(seen: int, command: bytes, answer: bytes, index: int = index) -> bytes:
            del command
            return list(spoilt(answer))[index] if seen == number else answer

        with pytest.raises(CardError):
            PaceTerminal(pace_info(IDEMIA)).establish(CardChannel(TamperedCard(card, change)), CAN)


READ = CommandApdu(0x00, 0xB0, 0x00, 0x00, b"", 100)
SELECT = CommandApdu(0x00, 0xA4, 0x02, 0x0C, b"\x01\x1c")
every_cipher = pytest.mark.parametrize(
    "cipher", [TRIPLE_DES, AES_128, AES_192, AES_256], ids=lambda each: each.name
)


def without(raw: bytes, tag: int) -> bytes:
    """Data objects without one of them."""
    return b"".join(each.encode() for each in tlv.parse_all(raw) if each.tag != tag)


@every_cipher
@pytest.mark.parametrize("tag", [0x87, 0x99, 0x8E])
def test_an_answer_without_a_field(cipher: Cipher, tag: int) -> None:
    """An answer that lacks its data, status or MAC ends the session, whatever the cipher."""
    keys = session_keys(bytes(32), cipher)
    terminal, chip = TerminalSession(keys), ChipSession(keys)
    chip.unprotect(terminal.protect(READ))
    answer = chip.protect(ResponseApdu(b"content of a file"))
    with pytest.raises(SecureMessagingError):
        terminal.unprotect(ResponseApdu(without(answer.data, tag), answer.sw), READ)
    with pytest.raises(SecureMessagingError, match="establish a new one"):
        terminal.protect(READ)


@every_cipher
@pytest.mark.parametrize(
    ("command", "tag"), [(SELECT, 0x87), (SELECT, 0x8E), (READ, 0x97), (READ, 0x8E)]
)
def test_a_command_without_a_field(cipher: Cipher, command: CommandApdu, tag: int) -> None:
    """A command that lacks its data, Le or MAC is a fault, whatever the cipher."""
    keys = session_keys(bytes(32), cipher)
    protected = TerminalSession(keys).protect(command)
    cut = CommandApdu(
        protected.cla, protected.ins, protected.p1, protected.p2,
        without(protected.data, tag), protected.ne,
    )  # fmt: skip
    with pytest.raises(SecureMessagingFault) as caught:
        ChipSession(keys).unprotect(cut)
    assert caught.value.sw in (0x6987, 0x6988)


@every_cipher
def test_any_byte_of_a_protected_answer(cipher: Cipher) -> None:
    """With any byte changed or missing an answer is refused, and never believed."""
    keys = session_keys(bytes(32), cipher)
    begin = ChipSession(keys)
    begin.unprotect(TerminalSession(keys).protect(READ))
    whole = begin.protect(ResponseApdu(b"content of a file")).encode()
    for changed in spoilt(whole):
        if len(changed) < 2:
            continue
        terminal = TerminalSession(keys)
        terminal.protect(READ)
        with pytest.raises((SecureMessagingError, UnprotectedStatusError)):
            terminal.unprotect(ResponseApdu.decode(changed), READ)


@every_cipher
@pytest.mark.parametrize("command", [SELECT, READ])
def test_any_byte_of_a_protected_command(cipher: Cipher, command: CommandApdu) -> None:
    """With any byte of header or data changed or missing a command is a fault."""
    keys = session_keys(bytes(32), cipher)
    protected = TerminalSession(keys).protect(command)
    for changed in spoilt(protected.header + protected.data):
        if len(changed) < 4:
            continue
        cut = CommandApdu(*changed[:4], changed[4:], protected.ne)
        with pytest.raises(SecureMessagingFault):
            ChipSession(keys).unprotect(cut)


def test_the_emulated_card_drops_the_channel_at_any_changed_byte() -> None:
    """Through the whole card: plain 6987 or 6988 to a changed command, and the channel is gone."""
    for index in range(4 * 29):
        card = EmulatedCard(image_of(IDEMIA), clock=VirtualClock())
        card.connect()
        channel = PaceTerminal(pace_info(IDEMIA)).establish(CardChannel(card), CAN)
        session = channel._session
        assert session is not None
        protected = session.protect(SELECT)
        body = list(spoilt(protected.data))[index]
        wire = CommandApdu(*protected.header, body, protected.ne).encode()
        assert card.transmit(wire).hex() in ("6987", "6988"), index
        again = session.protect(SELECT).encode()
        assert card.transmit(again).hex() == "6988"
