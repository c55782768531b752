"""The chip's end accepts nothing but protected commands."""

from __future__ import annotations

import pytest

from harness import tlv
from harness.apdu import CommandApdu
from harness.crypto.kdf import SessionKeys
from harness.crypto.suite import AES_256
from harness.secret import Secret
from harness.secure_messaging import ChipSession, SecureMessagingFault, TerminalSession, _Keyed

KEYS = SessionKeys(AES_256, Secret(bytes(32)), Secret(bytes(range(32))))
SELECT = CommandApdu(0x00, 0xA4, 0x02, 0x0C, bytes.fromhex("011C"))


def refusal(command: CommandApdu) -> int:
    """How a fresh chip refuses a command."""
    with pytest.raises(SecureMessagingFault) as caught:
        ChipSession(KEYS).unprotect(command)
    return caught.value.sw


def authentic(*objects: bytes, ins: int = 0xA4) -> CommandApdu:
    """A first command with these objects and a right MAC."""
    keyed = _Keyed(KEYS)
    keyed.advance()
    header, joined = bytes((0x0C, ins, 0x02, 0x0C)), b"".join(objects)
    mac = keyed.mac(header, joined) if joined else keyed.mac(header)
    return CommandApdu(0x0C, ins, 0x02, 0x0C, joined + tlv.encode(0x8E, mac), 256)


def encrypted(plain: bytes = b"\x01\x1c") -> bytes:
    """Ciphertext as the first command would hold."""
    keyed = _Keyed(KEYS)
    keyed.advance()
    return keyed.encrypt(plain)


def do87(value: bytes) -> bytes:
    """Encrypted data with its padding indicator."""
    return tlv.encode(0x87, b"\x01", value)


def test_an_authentic_command_is_taken() -> None:
    """What is made in the right shape is accepted: only the shape is at fault below."""
    opened = ChipSession(KEYS).unprotect(authentic(do87(encrypted())))
    assert (opened.header, opened.data, opened.ne) == (SELECT.header, SELECT.data, 0)


@pytest.mark.parametrize(
    ("ne", "meant"), [("970100", 256), ("970110", 16), ("97020000", 65536), ("97020100", 256)]
)
def test_forms_of_the_expected_length(ne: str, meant: int) -> None:
    """DO97 of one and of two bytes is read, zeros as the most there can be."""
    assert ChipSession(KEYS).unprotect(authentic(bytes.fromhex(ne))).ne == meant


def test_an_odd_instruction_has_its_own_object() -> None:
    """With an odd INS the data stands in DO85 without padding indicator."""
    command = authentic(tlv.encode(0x85, encrypted()), ins=0xCB)
    assert ChipSession(KEYS).unprotect(command).data == SELECT.data


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        pytest.param(SELECT, 0x6987, id="plain"),
        pytest.param(CommandApdu(0x0C, 0xA4, 2, 12), 0x6987, id="empty"),
        pytest.param(CommandApdu(0x0C, 0xA4, 2, 12, do87(encrypted())), 0x6987, id="no MAC"),
        pytest.param(CommandApdu(0x0C, 0xA4, 2, 12, b"\x8e\x08" + bytes(8)), 0x6988, id="MAC"),
        pytest.param(CommandApdu(0x0C, 0xA4, 2, 12, b"\x8e\x04" + bytes(4)), 0x6988, id="size"),
        pytest.param(CommandApdu(0x0C, 0xA4, 2, 12, b"\x87\x05"), 0x6988, id="malformed"),
        pytest.param(authentic(bytes.fromhex("970100"), do87(encrypted())), 0x6988, id="order"),
        pytest.param(authentic(bytes.fromhex("8101AA")), 0x6988, id="other object"),
        pytest.param(authentic(bytes.fromhex("9703000000")), 0x6988, id="long Le"),
        pytest.param(authentic(tlv.encode(0x85, encrypted())), 0x6988, id="DO85, even INS"),
        pytest.param(authentic(do87(encrypted()), ins=0xCB), 0x6988, id="DO87, odd INS"),
        pytest.param(authentic(tlv.encode(0x87, encrypted())), 0x6988, id="no indicator"),
        pytest.param(authentic(do87(encrypted()[:-1])), 0x6988, id="half a block"),
        pytest.param(authentic(do87(b"")), 0x6988, id="no ciphertext"),
        pytest.param(authentic(do87(bytes(16))), 0x6988, id="no padding"),
    ],
)
def test_refusals(command: CommandApdu, sw: int) -> None:
    """Missing objects are answered 6987, wrong ones 6988."""
    assert refusal(command) == sw


def test_a_replayed_command_is_refused() -> None:
    """A command that was right once is wrong the second time."""
    chip, wire = ChipSession(KEYS), TerminalSession(KEYS).protect(SELECT)
    chip.unprotect(wire)
    with pytest.raises(SecureMessagingFault) as caught:
        chip.unprotect(wire)
    assert caught.value.sw == 0x6988


def test_a_changed_header_is_refused() -> None:
    """The header is under the MAC: another P2 is a fault."""
    wire = TerminalSession(KEYS).protect(SELECT)
    assert refusal(CommandApdu(0x0C, 0xA4, 0x02, 0x04, wire.data, wire.ne)) == 0x6988
