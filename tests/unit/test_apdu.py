"""Command and response APDUs."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.apdu import (
    ApduFormatError,
    CommandApdu,
    ResponseApdu,
    describe_sw,
)

byte = st.integers(0, 255)
sizes = st.one_of(st.integers(0, 300), st.sampled_from([255, 256, 257, 65535]))
expected = st.one_of(st.integers(0, 300), st.sampled_from([255, 256, 257, 65535, 65536]))


@st.composite
def commands(draw: st.DrawFn) -> CommandApdu:
    """Any command of any case, short or extended."""
    cla, ins, p1, p2 = (draw(byte) for _ in range(4))
    data = b"\xa5" * draw(sizes)
    return CommandApdu(cla, ins, p1, p2, data, draw(expected), draw(st.booleans()))


@pytest.mark.parametrize(
    ("encoded", "nc", "ne", "extended"),
    [
        ("00A40000", 0, 0, False),
        ("00B0000000", 0, 256, False),
        ("00B0000010", 0, 16, False),
        ("00A4020C02011C", 2, 0, False),
        ("00A4020C02011C00", 2, 256, False),
        ("00B00000000000", 0, 65536, True),
        ("00B00000000101", 0, 257, True),
        ("00D60000000002AABB", 2, 0, True),
        ("00D60000000002AABB0010", 2, 16, True),
        ("00D60000000002AABB0000", 2, 65536, True),
    ],
)
def test_the_seven_encodings(encoded: str, nc: int, ne: int, *, extended: bool) -> None:
    """Each of the seven encodings is read for what it is and written back as it was."""
    command = CommandApdu.decode(bytes.fromhex(encoded))
    assert (len(command.data), command.ne, command.extended) == (nc, ne, extended)
    assert command.encode().hex().upper() == encoded


@given(commands())
@settings(max_examples=150)
def test_a_command_survives_its_encoding(command: CommandApdu) -> None:
    """Whatever the case, decoding an encoded command gives its header, data and Ne."""
    again = CommandApdu.decode(command.encode())
    assert (again.header, again.data, again.ne) == (command.header, command.data, command.ne)


@given(st.binary(max_size=24))
@settings(max_examples=400)
def test_bytes_are_a_command_or_a_format_error(raw: bytes) -> None:
    """Decoding any bytes gives a command that encodes to them, or an ApduFormatError."""
    with suppress(ApduFormatError):
        assert CommandApdu.decode(raw).encode() == raw


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "00A400",
        "00A4000002AA",
        "00A4000001AABBCC",
        "00B000000001",
        "00D6000000000200",
        "00D600000000020001FF",
    ],
)
def test_lengths_that_do_not_add_up(raw: str) -> None:
    """A command that is cut short or too long is refused."""
    with pytest.raises(ApduFormatError):
        CommandApdu.decode(bytes.fromhex(raw))


@pytest.mark.parametrize(
    "values",
    [
        (256, 0, 0, 0),
        (0, -1, 0, 0),
        (0, 0, 0, 0, bytes(65536)),
        (0, 0, 0, 0, b"", 65537),
        (0, 0, 0, 0, b"", -1),
    ],
)
def test_values_out_of_range(values: tuple[int, int, int, int]) -> None:
    """A command cannot be made of values that no encoding holds."""
    with pytest.raises(ApduFormatError):
        CommandApdu(*values)


@given(st.binary(max_size=40))
def test_an_answer_survives_its_encoding(raw: bytes) -> None:
    """Two bytes or more are an answer, fewer are a format error."""
    if len(raw) < 2:
        with pytest.raises(ApduFormatError):
            ResponseApdu.decode(raw)
    else:
        assert ResponseApdu.decode(raw).encode() == raw


@pytest.mark.parametrize(
    ("sw", "said"),
    [
        (0x9000, "ok"),
        (0x6A82, "file not found"),
        (0x6102, "2 more bytes available"),
        (0x6100, "256 more bytes available"),
        (0x6C10, "wrong Le, 16 bytes available"),
        (0x63C2, "verification failed, 2 tries left"),
        (0x1234, "unknown status word"),
    ],
)
def test_status_words_are_told(sw: int, said: str) -> None:
    """A status word is told in words, and an unknown one as just that."""
    assert describe_sw(sw) == said


def test_tries_left() -> None:
    """Only 63Cx tells how many tries are left."""
    assert ResponseApdu(sw=0x63C2).tries_left == 2
    assert ResponseApdu(sw=0x6300).tries_left is None
    assert ResponseApdu(sw=0x6983).tries_left is None


def test_nothing_shows_the_data() -> None:
    """Names and representations of commands and answers never show their data."""
    command = CommandApdu(0x00, 0x20, 0x00, 0x01, b"1234")
    assert repr(command) == "<VERIFY (00200001) Nc=4 Ne=0>"
    assert repr(ResponseApdu(b"1234")) == "<4 bytes, 9000>"
    assert CommandApdu(0x80, 0x12, 0, 0).name == "COMMAND (80120000)"


@pytest.mark.parametrize(
    ("cla", "chained", "secured"),
    [
        (0x00, False, False),
        (0x10, True, False),
        (0x0C, False, True),
        (0x1C, True, True),
        (0x80, False, False),
        (0xFC, False, False),
    ],
)
def test_class_byte(cla: int, *, chained: bool, secured: bool) -> None:
    """Chaining and secure messaging are read only from first interindustry class bytes."""
    command = CommandApdu(cla, 0xA4, 0, 0)
    assert (command.is_chained, command.is_secured) == (chained, secured)
