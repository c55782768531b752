"""Properties of secure messaging between our two ends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.apdu import CommandApdu, ResponseApdu
from harness.crypto.kdf import SessionKeys
from harness.crypto.suite import AES_128, AES_192, AES_256, TRIPLE_DES
from harness.secret import Secret
from harness.secure_messaging import (
    ChipSession,
    SecureMessagingError,
    SecureMessagingFault,
    TerminalSession,
    UnprotectedStatusError,
)

KEYS = tuple(
    SessionKeys(cipher, Secret(bytes(range(cipher.key_size))), Secret(bytes(cipher.key_size)))
    for cipher in (AES_128, AES_192, AES_256, TRIPLE_DES)
)
byte = st.integers(0, 255)
commands = st.builds(
    CommandApdu,
    cla=st.sampled_from([0x00, 0x10]),
    ins=st.sampled_from([0x20, 0xA4, 0xB0, 0xB1, 0xCB, 0x86]),
    p1=byte,
    p2=byte,
    data=st.one_of(st.binary(max_size=64), st.integers(65, 4000).map(bytes)),
    ne=st.one_of(st.integers(0, 300), st.sampled_from([255, 256, 257, 65535, 65536])),
    extended=st.booleans(),
)
answers = st.builds(
    ResponseApdu,
    st.one_of(st.binary(max_size=300), st.integers(301, 4000).map(bytes)),
    st.sampled_from([0x9000, 0x6282, 0x63C2, 0x6B00, 0x6A82, 0x6985]),
)
SELECT = CommandApdu(0x00, 0xA4, 0x02, 0x0C, bytes.fromhex("011C"))
GET_DATA = CommandApdu(0x00, 0xCB, 0x3F, 0xFF, bytes.fromhex("4D08"), 256)


def ends(keys: SessionKeys = KEYS[2]) -> tuple[TerminalSession, ChipSession]:
    """A terminal and a chip with the same keys."""
    return TerminalSession(keys), ChipSession(keys)


@given(st.sampled_from(KEYS), st.lists(st.tuples(commands, answers), min_size=1, max_size=3))
@settings(max_examples=120, deadline=None)
def test_what_goes_in_comes_out(
    keys: SessionKeys, exchanges: list[tuple[CommandApdu, ResponseApdu]]
) -> None:
    """Any commands and answers, of any case and status, pass through both ends unchanged."""
    terminal, chip = ends(keys)
    for command, answer in exchanges:
        wire = CommandApdu.decode(terminal.protect(command).encode())
        opened = chip.unprotect(wire)
        assert (opened.header, opened.data, opened.ne) == (command.header, command.data, command.ne)
        back = ResponseApdu.decode(chip.protect(answer, odd=bool(command.ins & 1)).encode())
        assert terminal.unprotect(back, command) == answer


@given(commands, answers)
@settings(max_examples=60, deadline=None)
def test_the_plain_text_does_not_show(command: CommandApdu, answer: ResponseApdu) -> None:
    """Data of 8 bytes or more is not found in what goes over the wire."""
    terminal, chip = ends()
    wire = terminal.protect(command)
    assert len(command.data) < 8 or command.data not in wire.data
    chip.unprotect(wire)
    assert len(answer.data) < 8 or answer.data not in chip.protect(answer).data


@pytest.mark.parametrize(("command", "odd"), [(SELECT, False), (GET_DATA, True)])
@pytest.mark.parametrize("data", [b"", b"file control parameters"])
def test_every_flipped_bit_of_an_answer_shows(
    command: CommandApdu, data: bytes, *, odd: bool
) -> None:
    """Each single bit of a protected answer, when flipped, ends the session with an error."""
    _, chip = ends()
    first, _ = ends()
    chip.unprotect(first.protect(command))
    good = chip.protect(ResponseApdu(data), odd=odd).encode()
    for bit in range(8 * len(good)):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        terminal, _ = ends()
        terminal.protect(command)
        with pytest.raises((SecureMessagingError, UnprotectedStatusError)):
            terminal.unprotect(ResponseApdu.decode(bytes(bad)), command)


@pytest.mark.parametrize("command", [SELECT, GET_DATA, CommandApdu(0x00, 0xB0, 0, 0, ne=231)])
def test_every_flipped_bit_of_a_command_shows(command: CommandApdu) -> None:
    """Each single bit of a protected command, when flipped, is answered 6987 or 6988."""
    terminal, _ = ends()
    good = terminal.protect(command)
    for bit in range(8 * (4 + len(good.data))):
        raw = bytearray(good.header + good.data)
        raw[bit // 8] ^= 1 << bit % 8
        cla, ins, p1, p2 = raw[:4]
        bad = CommandApdu(cla, ins, p1, p2, bytes(raw[4:]), good.ne)
        with pytest.raises(SecureMessagingFault) as caught:
            ends()[1].unprotect(bad)
        assert caught.value.sw in (0x6987, 0x6988)


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_answer_is_refused(data: bytes) -> None:
    """Bytes that are no protected answer are refused as one of the two errors."""
    terminal, _ = ends()
    terminal.protect(SELECT)
    for sw in (0x9000, 0x6982):
        with pytest.raises((SecureMessagingError, UnprotectedStatusError)):
            terminal._unprotect(ResponseApdu(data, sw), SELECT)


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_command_is_refused(data: bytes) -> None:
    """Bytes that are no protected command are answered 6987 or 6988."""
    with pytest.raises(SecureMessagingFault) as caught:
        ends()[1].unprotect(CommandApdu(0x0C, 0xA4, 0x04, 0x0C, data))
    assert caught.value.sw in (0x6987, 0x6988)
