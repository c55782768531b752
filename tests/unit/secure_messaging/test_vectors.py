"""Secure messaging held against bytes that others published, both roles."""

from __future__ import annotations

import pytest

from fixtures.triple_des_vectors import ICAO_D4
from fixtures.vectors import SECURE_MESSAGING, SmExample
from harness.apdu import CommandApdu, ResponseApdu
from harness.crypto.cipher import pad, unpad
from harness.crypto.kdf import SessionKeys
from harness.secret import Secret
from harness.secure_messaging import ChipSession, TerminalSession, largest_plain_answer

every_example = pytest.mark.parametrize(
    "example", [*SECURE_MESSAGING, ICAO_D4], ids=lambda e: e.name
)


def keys_of(example: SmExample) -> SessionKeys:
    """The session keys of an example."""
    return SessionKeys(example.cipher, Secret(example.enc), Secret(example.mac))


@every_example
def test_the_terminal(example: SmExample) -> None:
    """The terminal protects every published command and opens every published answer."""
    session = TerminalSession(keys_of(example), example.ssc)
    for each in example.exchanges:
        command = CommandApdu.decode(bytes.fromhex(each.command))
        assert session.protect(command).encode().hex().upper() == each.protected
        if each.answer:
            protected = ResponseApdu.decode(bytes.fromhex(each.protected_answer))
            assert session.unprotect(protected, command).encode().hex().upper() == each.answer


@every_example
def test_the_chip(example: SmExample) -> None:
    """The chip opens every published command and protects every published answer."""
    session = ChipSession(keys_of(example), example.ssc)
    for each in example.exchanges:
        command, plain = (
            CommandApdu.decode(bytes.fromhex(raw)) for raw in (each.protected, each.command)
        )
        opened = session.unprotect(command)
        assert (opened.header, opened.data, opened.ne) == (plain.header, plain.data, plain.ne)
        if each.answer:
            answer = session.protect(ResponseApdu.decode(bytes.fromhex(each.answer)))
            assert answer.encode().hex().upper() == each.protected_answer


def test_padding() -> None:
    """Padding always adds at least the mark, and only a whole padding is taken off."""
    assert [len(pad(bytes(n))) for n in (0, 15, 16)] == [16, 16, 32]
    assert unpad(pad(b"data")) == b"data"
    assert unpad(b"data" + b"\x80" + bytes(15)) == b"data"
    for wrong in (b"", bytes(16), b"\x80" + bytes(16), b"data\x80\x01"):
        assert unpad(wrong) is None


@pytest.mark.parametrize(
    ("room", "most"), [(256, 223), (258, 239), (242, 223), (241, 207), (33, 15), (32, 0), (0, 0)]
)
def test_the_most_that_fits(room: int, most: int) -> None:
    """The largest plain answer fits the room protected, and one byte more does not."""
    assert largest_plain_answer(room) == most
