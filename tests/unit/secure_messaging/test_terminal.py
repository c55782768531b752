"""The terminal's end fails closed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import tlv
from harness.apdu import CommandApdu, ResponseApdu
from harness.crypto.kdf import SessionKeys
from harness.crypto.suite import AES_256, TRIPLE_DES
from harness.secret import Secret
from harness.secure_messaging import (
    ChipSession,
    SecureMessagingError,
    TerminalSession,
    UnprotectedStatusError,
    _Keyed,
)

KEYS = SessionKeys(AES_256, Secret(bytes(32)), Secret(bytes(range(32))))
OLD_KEYS = SessionKeys(TRIPLE_DES, Secret(bytes(range(16))), Secret(bytes(range(16, 32))))
BAC_SSC = 0x887022120C06C226
"""Keys and counter as Basic Access Control leads to them."""
READ = CommandApdu(0x00, 0xB0, 0x00, 0x00, ne=231)
DATA = b"thirty-two bytes of file content"


class Forger:
    """Someone with the keys who makes authentic answers of any shape to the first command."""

    def __init__(self, keys: SessionKeys = KEYS, ssc: int = 0) -> None:
        self._keyed = _Keyed(keys, ssc)
        self._keyed.advance()
        self._keyed.advance()

    def encrypted(self, plain: bytes = DATA) -> bytes:
        """Ciphertext as the answer to the first command would hold."""
        return self._keyed.encrypt(plain)

    def answer(self, *objects: bytes, sw: int = 0x9000) -> ResponseApdu:
        """The objects with a right MAC behind them."""
        joined = b"".join(objects)
        mac = tlv.encode(0x8E, self._keyed.mac(joined))
        return ResponseApdu(joined + mac, sw)


def do87(encrypted: bytes) -> bytes:
    """Encrypted data with its padding indicator."""
    return tlv.encode(0x87, b"\x01", encrypted)


def asked(keys: SessionKeys = KEYS, ssc: int = 0) -> TerminalSession:
    """A terminal that waits for the answer to its first command."""
    session = TerminalSession(keys, ssc)
    session.protect(READ)
    return session


DO99 = bytes.fromhex("99029000")


both_ciphers = pytest.mark.parametrize(
    ("keys", "ssc"), [(KEYS, 0), (OLD_KEYS, BAC_SSC)], ids=["AES after PACE", "3DES after BAC"]
)


@both_ciphers
def test_an_authentic_answer_is_taken(keys: SessionKeys, ssc: int) -> None:
    """What the forger makes in the right shape is accepted: only the shape is at fault below."""
    forger = Forger(keys, ssc)
    answer = forger.answer(do87(forger.encrypted()), DO99)
    assert asked(keys, ssc).unprotect(answer, READ) == ResponseApdu(DATA)


@pytest.mark.parametrize("indicator", ["85", "87"])
def test_either_data_object_is_taken(indicator: str) -> None:
    """DO85 and DO87 are both understood, whatever the command's INS was."""
    forger = Forger()
    data = tlv.encode(0x85, forger.encrypted()) if indicator == "85" else do87(forger.encrypted())
    assert asked().unprotect(forger.answer(data, DO99), READ).data == DATA


def test_a_protected_error_is_an_answer() -> None:
    """An error status that is protected is authentic and does not end the session."""
    session, forger = asked(), Forger()
    answer = session.unprotect(forger.answer(bytes.fromhex("99026B00"), sw=0x6B00), READ)
    assert answer == ResponseApdu(sw=0x6B00)
    session.protect(READ)


SHAPES: dict[str, Callable[[Forger], ResponseApdu]] = {
    "naked 9000": lambda _: ResponseApdu(),
    "naked data": lambda _: ResponseApdu(DATA),
    "no status object": lambda f: f.answer(do87(f.encrypted())),
    "nothing but a MAC": lambda f: f.answer(),
    "inner status differs": lambda f: f.answer(bytes.fromhex("99026B00")),
    "outer status differs": lambda f: f.answer(DO99, sw=0x6B00),
    "status before data": lambda f: f.answer(DO99, do87(f.encrypted())),
    "two data objects": lambda f: f.answer(do87(f.encrypted()), do87(f.encrypted()), DO99),
    "two status objects": lambda f: f.answer(DO99, DO99),
    "short status": lambda f: f.answer(bytes.fromhex("990190")),
    "other object": lambda f: f.answer(bytes.fromhex("8101AA"), DO99),
    "no padding indicator": lambda f: f.answer(tlv.encode(0x87, f.encrypted()), DO99),
    "other padding indicator": lambda f: f.answer(tlv.encode(0x87, b"\x02", f.encrypted()), DO99),
    "empty data object": lambda f: f.answer(tlv.encode(0x87), DO99),
    "no ciphertext": lambda f: f.answer(do87(b""), DO99),
    "half a block": lambda f: f.answer(do87(f.encrypted()[:-1]), DO99),
    "no padding": lambda f: f.answer(do87(bytes(16)), DO99),
    "malformed objects": lambda f: f.answer(bytes.fromhex("8705"), DO99),
    "wrong MAC": lambda _: ResponseApdu(DO99 + bytes.fromhex("8E080000000000000000")),
    "short MAC": lambda f: ResponseApdu(f.answer(DO99).data[:-1]),
    "MAC of four bytes": lambda f: ResponseApdu(DO99 + b"\x8e\x04" + f.answer(DO99).data[6:10]),
    "no MAC": lambda _: ResponseApdu(DO99),
    "something behind the MAC": lambda f: ResponseApdu(f.answer(DO99).data + DO99),
    "error with leftover data": lambda _: ResponseApdu(b"\x00", 0x6982),
}


@both_ciphers
@pytest.mark.parametrize("shape", SHAPES)
def test_a_wrong_answer_ends_the_session(shape: str, keys: SessionKeys, ssc: int) -> None:
    """Whatever is not exactly a protected answer is an error, and nothing goes out after it."""
    session = asked(keys, ssc)
    with pytest.raises(SecureMessagingError):
        session.unprotect(SHAPES[shape](Forger(keys, ssc)), READ)
    with pytest.raises(SecureMessagingError, match="establish a new one"):
        session.protect(READ)


@pytest.mark.parametrize("sw", [0x6982, 0x6987, 0x6988, 0x6300, 0x63C2, 0x6F00])
def test_a_naked_error_ends_the_session(sw: int) -> None:
    """An unprotected error is told with its status word, and the session is over."""
    session = asked()
    with pytest.raises(UnprotectedStatusError) as caught:
        session.unprotect(ResponseApdu(sw=sw), READ)
    assert caught.value.sw == sw
    with pytest.raises(SecureMessagingError, match="establish a new one"):
        session.protect(READ)


def test_a_replayed_answer_is_refused() -> None:
    """An answer that was right once is wrong the second time."""
    terminal, chip = TerminalSession(KEYS), ChipSession(KEYS)
    chip.unprotect(terminal.protect(READ))
    answer = chip.protect(ResponseApdu(DATA))
    assert terminal.unprotect(answer, READ).data == DATA
    terminal.protect(READ)
    with pytest.raises(SecureMessagingError, match="wrong MAC"):
        terminal.unprotect(answer, READ)


def test_an_answer_of_another_session_is_refused() -> None:
    """An answer protected under other keys is refused."""
    other = ChipSession(SessionKeys(AES_256, Secret(bytes(32)), Secret(bytes(32))))
    other._keyed.advance()
    with pytest.raises(SecureMessagingError, match="wrong MAC"):
        asked().unprotect(other.protect(ResponseApdu(DATA)), READ)
