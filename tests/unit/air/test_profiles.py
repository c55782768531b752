"""Phones and card presets: every number has a source, and PACE costs what the tables say."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import tlv
from harness.air.card_time import CARD_SPEEDS, CardSpeed, card_speed
from harness.air.fact import Fact
from harness.air.phone import PHONES, Phone, phone
from harness.apdu import CommandApdu
from harness.crypto.kdf import SessionKeys
from harness.crypto.suite import AES_128
from harness.errors import UsageError
from harness.secret import Secret
from harness.secure_messaging import TerminalSession

POINT = bytes.fromhex("04") + bytes(64)

SESSION_KEYS = SessionKeys(AES_128, Secret(bytes(16)), Secret(bytes(16)))


@pytest.mark.parametrize("profile", [*PHONES.values(), *CARD_SPEEDS.values()])
def test_every_number_has_a_source(profile: Phone | CardSpeed) -> None:
    """Each field but the name is a fact with a source, or says why it is assumed."""
    facts = [getattr(profile, entry.name) for entry in fields(profile) if entry.name != "name"]
    assert facts
    assert all(isinstance(fact, Fact) and fact.source for fact in facts)


def test_unknown_names_list_what_there_is() -> None:
    """A name that does not exist is answered with those that do."""
    with pytest.raises(UsageError, match=r"no phone nokia.*android.*iphone"):
        phone("nokia")
    with pytest.raises(UsageError, match=r"no card preset quick.*fast.*slowest.*typical"):
        card_speed("quick")


@pytest.mark.parametrize(
    ("name", "pace"), [("fast", 0.11), ("typical", 0.52), ("slow-keygen", 0.78), ("slowest", 2.1)]
)
def test_pace_on_the_card(name: str, pace: float) -> None:
    """Two key generations and three multiplications, as the published tables give them."""
    speed = card_speed(name)
    assert speed.pace() == pytest.approx(pace, rel=0.04)
    steps = [b"\x82\x41" + POINT, b"\x84\x41" + POINT]
    answers = [b"\x7c\x43" + step + b"\x90\x00" for step in steps]
    computing = sum(speed.seconds(bytes.fromhex("1086000000"), answer) for answer in answers)
    assert computing == pytest.approx(speed.pace() + 2 * speed.overhead.value)


def test_larger_curves_take_longer() -> None:
    """A 384-bit step takes (384/256)^2 times that of 256 bits: the stated assumption."""
    speed = card_speed("fast")
    point = b"\x04" + bytes(96)
    answer = b"\x7c\x63\x82\x61" + point + b"\x90\x00"
    small = b"\x7c\x43\x82\x41" + POINT + b"\x90\x00"
    ratio = [
        speed.seconds(b"\x10\x86\0\0", found) - speed.overhead.value for found in (answer, small)
    ]
    assert ratio[0] / ratio[1] == pytest.approx(2.25)


def test_point_of_521_bits_has_a_long_length() -> None:
    """Lengths of two bytes inside the answer are understood."""
    speed = card_speed("fast")
    answer = b"\x7c\x81\x88\x82\x81\x85\x04" + bytes(132) + b"\x90\x00"
    assert speed.seconds(b"\x10\x86\0\0", answer) > speed.pace() / 2


def test_other_commands() -> None:
    """A signature is a multiplication, VERIFY a write, protected bytes are AES, nothing is free."""
    speed = card_speed("typical")
    plain = speed.seconds(bytes.fromhex("00B0000000"), bytes(258))
    assert plain == speed.overhead.value
    protected = speed.seconds(bytes.fromhex("0CB0000000"), bytes(258))
    assert protected - plain == pytest.approx(263 * 0.009 / 256)
    signature = speed.seconds(bytes.fromhex("0088000000"), bytes(98))
    assert signature - plain == pytest.approx(speed.multiply.value)
    verify = speed.seconds(bytes.fromhex("0020000100"), b"\x90\x00")
    assert verify - plain == pytest.approx(speed.write.value)


@pytest.mark.parametrize(("point", "factor"), [(65, 1.0), (97, 2.25)])
@pytest.mark.parametrize("header", ["0C860000", "0C2241A6"])
def test_chip_authentication_takes_one_multiplication(
    header: str, point: int, factor: float
) -> None:
    """Inside a channel only the length of a command tells the curve; a nonce costs nothing."""
    speed, session = card_speed("typical"), TerminalSession(SESSION_KEYS)
    cla, ins, p1, p2 = bytes.fromhex(header)
    data = tlv.encode(0x7C, tlv.encode(0x80, bytes(point)))
    sent = session.protect(CommandApdu(cla & 0xF0, ins, p1, p2, data, 256)).encode()
    empty = session.protect(CommandApdu(cla & 0xF0, ins, p1, p2, b"\x7c\x00", 256)).encode()
    longer = (len(sent) - len(empty)) * speed.aes_byte.value
    work = speed.seconds(sent, b"") - speed.seconds(empty, b"") - longer
    assert work == pytest.approx(factor * speed.multiply.value)


@given(st.binary(max_size=300), st.binary(max_size=300), st.sampled_from(sorted(CARD_SPEEDS)))
def test_any_bytes_have_a_time(command: bytes, response: bytes, name: str) -> None:
    """Whatever crosses the air, the computing time is finite and at least the overhead."""
    speed = card_speed(name)
    assert speed.overhead.value <= speed.seconds(command, response) < 100
