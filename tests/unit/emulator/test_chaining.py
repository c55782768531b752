"""Commands that come in parts, answers that leave in parts."""

from __future__ import annotations

import pytest

from fixtures.cards import IDEMIA, image_of, opened, powered
from harness.apdu import CommandApdu, ResponseApdu
from harness.emulator.chaining import AnswerParts, CommandParts
from harness.profile import Content


class Echo:
    """Answers with the data it was sent, or so many bytes as P1 and P2 say, and notes calls."""

    def __init__(self) -> None:
        self.seen: list[CommandApdu] = []

    def __call__(self, command: CommandApdu) -> ResponseApdu:
        """Note and answer."""
        self.seen.append(command)
        return ResponseApdu(command.data or bytes(command.p1 << 8 | command.p2))


def get_response(ne: int) -> CommandApdu:
    """GET RESPONSE in the clear."""
    return CommandApdu(0x00, 0xC0, 0x00, 0x00, ne=ne)


def test_a_long_answer_leaves_in_parts() -> None:
    """What does not fit Ne is announced by 61xx and fetched until 9000."""
    parts = AnswerParts(Echo())
    first = parts(CommandApdu(0x00, 0xB0, 0x02, 0x58, ne=256))
    assert (len(first.data), first.sw) == (256, 0x6100)
    second = parts(get_response(256))
    assert (len(second.data), second.sw) == (256, 0x6158)
    third = parts(get_response(0x58))
    assert (len(third.data), third.sw) == (0x58, 0x9000)
    assert parts(get_response(256)).sw == 0x6985


def test_another_command_forgets_the_rest() -> None:
    """A rest that was not fetched is gone once another command comes."""
    parts = AnswerParts(Echo())
    parts(CommandApdu(0x00, 0xB0, 0x02, 0x58, ne=256))
    parts(CommandApdu(0x00, 0xB0, 0x00, 0x01, ne=256))
    assert parts(get_response(256)).sw == 0x6985


def test_a_small_ne_leaves_more_behind() -> None:
    """GET RESPONSE with a small Le gives that much and announces the rest again."""
    parts = AnswerParts(Echo())
    assert parts(CommandApdu(0x00, 0xB0, 0x00, 0x20, ne=8)).sw == 0x6118
    assert parts(get_response(8)).sw == 0x6110


def test_a_chain_is_joined() -> None:
    """The parts of a chain reach the application as one command with its last class byte."""
    echo = Echo()
    parts = CommandParts(echo)
    assert parts(CommandApdu(0x10, 0x2A, 0x80, 0x86, b"one ")) == ResponseApdu()
    assert parts(CommandApdu(0x10, 0x2A, 0x80, 0x86, b"two ")) == ResponseApdu()
    assert parts(CommandApdu(0x00, 0x2A, 0x80, 0x86, b"three")).data == b"one two three"
    assert [command.cla for command in echo.seen] == [0x00]


def test_a_broken_chain() -> None:
    """A command in between is answered 6883, and the chain is forgotten."""
    echo = Echo()
    parts = CommandParts(echo)
    parts(CommandApdu(0x10, 0x2A, 0x80, 0x86, b"one "))
    assert parts(CommandApdu(0x00, 0xA4, 0x00, 0x0C)).sw == 0x6883
    assert parts(CommandApdu(0x00, 0x2A, 0x80, 0x86, b"two")).data == b"two"
    assert len(echo.seen) == 1


def test_general_authenticate_is_no_chain_to_join() -> None:
    """GENERAL AUTHENTICATE passes part by part, as PACE wants it."""
    echo = Echo()
    parts = CommandParts(echo)
    assert parts(CommandApdu(0x10, 0x86, 0, 0, b"one")).data == b"one"
    assert parts(CommandApdu(0x00, 0x86, 0, 0, b"two")).data == b"two"


def test_a_258_byte_answer_leaves_in_two() -> None:
    """231 plain bytes protected are 258: 256 with 6102 and two by a plain GET RESPONSE."""
    card = opened(IDEMIA)
    card.all("00A4080C04ADF13401")
    session = card.channel._session
    assert session is not None
    read = CommandApdu(0x00, 0xB0, 0x00, 0x00, ne=256)
    first = card.card.transmit(session.protect(read).encode())
    assert (len(first), first[-2:].hex()) == (258, "6102")
    rest = card.card.transmit(bytes.fromhex("00C0000002"))
    assert (len(rest), rest[-2:].hex()) == (4, "9000")
    whole = ResponseApdu.decode(first[:-2] + rest)
    expected = image_of(IDEMIA).contents[Content.AUTHENTICATION_CERTIFICATE][:231]
    assert session.unprotect(whole, read).data == expected
    assert card("00A4020C02FFFF") == "6A82"


@pytest.mark.parametrize("command", ["00C0000000", "00C0000002"])
def test_nothing_to_fetch(command: str) -> None:
    """GET RESPONSE with nothing waiting is answered 6985."""
    assert powered(IDEMIA)(command) == "6985"


def test_a_chained_decipher_on_the_card() -> None:
    """A protected command sent in two parts is carried out as one."""
    card = opened(IDEMIA)
    card.all("00A4040C0DE828BD080FF2504F5420415750", "002000010C31323334FFFFFFFFFFFFFFFF")
    card.all("002241A4098004FF200800840181", "1088000018" + "11" * 24)
    assert len(card("0088000018" + "22" * 24 + "00")) == 2 * 96 + 4
