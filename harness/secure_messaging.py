"""Secure messaging with AES or 3DES, both roles (ICAO 9303-11, 9.8).

`TerminalSession` and `ChipSession` are the two ends; both rest on `_Keyed`, which knows keys and
send sequence counter and nothing of APDUs, and leaves the cipher to the suite of the keys. Both
fail closed: the MAC is checked before anything is parsed, and after the first fault neither end
does anything more.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from harness import tlv
from harness.apdu import (
    CLA_SECURE,
    MAX_EXTENDED_NE,
    MAX_SHORT_NC,
    MAX_SHORT_NE,
    SW,
    CommandApdu,
    ResponseApdu,
    describe_sw,
)
from harness.crypto.cipher import MAC_SIZE, pad, unpad
from harness.crypto.kdf import SessionKeys
from harness.errors import ApduError, ProtocolViolation
from harness.tlv import Tlv, TlvError

_LARGEST_BLOCK = 16
_MAC_OBJECT = bytes((0x8E, MAC_SIZE))
_STATUS_OBJECT_SIZE = 4
_DATA, _DATA_ODD, _NE, _STATUS, _MAC = 0x87, 0x85, 0x97, 0x99, 0x8E


class SecureMessagingError(ProtocolViolation):
    """A protected answer is missing something or was tampered with; the session is over."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "ICAO 9303-11, 9.8")


class UnprotectedStatusError(ApduError):
    """The card answered an error without protection, which ends the session (9303-11, 9.8.9)."""

    def __init__(self, sw: int, command: str, meaning: str) -> None:
        super().__init__(sw, command, f"{meaning}, unprotected: the channel is closed")


class SecureMessagingFault(Exception):
    """What the chip answers, unprotected, to a command it must not accept."""

    def __init__(self, sw: SW) -> None:
        super().__init__(sw.name)
        self.sw = sw


class _Keyed:
    """Encryption and MAC under one session's keys and counter (ICAO 9303-11, 9.8.2)."""

    def __init__(self, keys: SessionKeys, ssc: int = 0) -> None:
        self._enc = keys.cipher.keyed(keys.enc)
        self._mac = keys.cipher.keyed(keys.mac)
        self._block = keys.cipher.keyed.block_size
        self._ssc = ssc

    def advance(self) -> None:
        """Count one more APDU; every command and every answer counts."""
        self._ssc = (self._ssc + 1) % (1 << 8 * self._block)

    def encrypt(self, plain: bytes) -> bytes:
        return self._enc.encrypt(pad(plain, self._block), self._iv())

    def decrypt(self, encrypted: bytes) -> bytes | None:
        """The data, or None where the bytes are not whole blocks with valid padding."""
        if not encrypted or len(encrypted) % self._block:
            return None
        return unpad(self._enc.decrypt(encrypted, self._iv()), self._block)

    def mac(self, *parts: bytes) -> bytes:
        """The MAC over counter and parts; each part is padded on its own."""
        padded = b"".join(pad(part, self._block) for part in parts)
        return self._mac.authenticate_blocks(self._counter() + padded)

    def _counter(self) -> bytes:
        return self._ssc.to_bytes(self._block, "big")

    def _iv(self) -> bytes:
        return self._enc.message_iv(self._counter())


def largest_plain_answer(room: int) -> int:
    """The most plain bytes whose protected answer, status word apart, fits in `room` bytes.

    They fit with every cipher, as none has larger blocks than AES.
    """
    for blocks in range(room // _LARGEST_BLOCK, 0, -1):
        value = 1 + blocks * _LARGEST_BLOCK
        whole = 1 + len(tlv.length_bytes(value)) + value + _STATUS_OBJECT_SIZE + 2 + MAC_SIZE
        if whole <= room:
            return blocks * _LARGEST_BLOCK - 1
    return 0


class TerminalSession:
    """The terminal's end: protects commands, and accepts only what the chip protected.

    `ssc` is where the send sequence counter stands before the first command.
    """

    def __init__(self, keys: SessionKeys, ssc: int = 0) -> None:
        self._keyed = _Keyed(keys, ssc)
        self._dead = False

    def protect(self, command: CommandApdu) -> CommandApdu:
        """Wrap one command (ICAO 9303-11, 9.8.4).

        The result is extended where the command is, or where it no longer fits a short one.

        Raises:
            SecureMessagingError: the session ended with an earlier fault.
        """
        if self._dead:
            message = "this session ended with a fault; establish a new one"
            raise SecureMessagingError(message)
        self._keyed.advance()
        cla = command.cla | CLA_SECURE
        header = bytes((cla, command.ins, command.p1, command.p2))
        objects = self._data_object(command) + _ne_object(command.ne)
        covered = (header, objects) if objects else (header,)
        data = objects + _MAC_OBJECT + self._keyed.mac(*covered)
        extended = command.extended or command.ne > MAX_SHORT_NE or len(data) > MAX_SHORT_NC
        ne = MAX_EXTENDED_NE if extended else MAX_SHORT_NE
        return CommandApdu(cla, command.ins, command.p1, command.p2, data, ne, extended)

    def _data_object(self, command: CommandApdu) -> bytes:
        if not command.data:
            return b""
        encrypted = self._keyed.encrypt(command.data)
        if command.ins & 1:
            return tlv.encode(_DATA_ODD, encrypted)
        return tlv.encode(_DATA, b"\x01", encrypted)

    def unprotect(self, answer: ResponseApdu, command: CommandApdu) -> ResponseApdu:
        """Check and unwrap the answer to `command` (ICAO 9303-11, 9.8.5).

        Raises:
            SecureMessagingError: unprotected success, a wrong MAC, missing or disordered data
                objects, or an inner status word that differs from the outer.
            UnprotectedStatusError: an unprotected error status.
        """
        self._keyed.advance()
        try:
            return self._unprotect(answer, command)
        except (SecureMessagingError, UnprotectedStatusError):
            self._dead = True
            raise

    def _unprotect(self, answer: ResponseApdu, command: CommandApdu) -> ResponseApdu:
        objects, trailer = answer.data[:-10], answer.data[-10:]
        if not answer.data and not answer.ok:
            raise UnprotectedStatusError(answer.sw, command.name, describe_sw(answer.sw))
        if len(trailer) != 2 + MAC_SIZE or not trailer.startswith(_MAC_OBJECT):
            message = f"the answer to {command.name} carries no MAC"
            raise SecureMessagingError(message)
        if not hmac.compare_digest(trailer[2:], self._keyed.mac(objects)):
            message = f"the answer to {command.name} has a wrong MAC"
            raise SecureMessagingError(message)
        encrypted, status = _split_answer(objects)
        if status != answer.sw:
            message = f"the protected status {status:04X} is not the {answer.sw:04X} outside"
            raise SecureMessagingError(message)
        return ResponseApdu(self._decrypt(encrypted), status)

    def _decrypt(self, encrypted: bytes | None) -> bytes:
        plain = b"" if encrypted is None else self._keyed.decrypt(encrypted)
        if plain is None:
            message = "the encrypted data is not padded whole blocks"
            raise SecureMessagingError(message)
        return plain


def _ne_object(ne: int) -> bytes:
    if not ne:
        return b""
    size = 1 if ne <= MAX_SHORT_NE else 2
    return tlv.encode(_NE, (ne % (1 << 8 * size)).to_bytes(size, "big"))


def _split_answer(objects: bytes) -> tuple[bytes | None, int]:
    """The encrypted data, if any, and the status word of an authentic answer."""
    try:
        found = tlv.parse_all(objects)
    except TlvError as error:
        message = f"malformed data objects in a protected answer: {error}"
        raise SecureMessagingError(message) from error
    match found:
        case (*data, Tlv(tag=0x99, value=status)) if len(status) == 2 and len(data) <= 1:
            return (_encrypted(data[0]) if data else None), int.from_bytes(status, "big")
    tags = " ".join(f"{each.tag:X}" for each in found) or "none"
    message = f"expected [87 or 85] 99 in a protected answer, got {tags}"
    raise SecureMessagingError(message)


def _encrypted(data: Tlv) -> bytes:
    if data.tag == _DATA and data.value[:1] == b"\x01":
        return data.value[1:]
    if data.tag == _DATA_ODD:
        return data.value
    message = f"data object {data.tag:X} does not hold padded encrypted data"
    raise SecureMessagingError(message)


@dataclass(frozen=True, slots=True)
class _CommandObjects:
    """The data objects of a protected command, in the order the standard gives them."""

    data: Tlv | None
    ne: bytes
    mac: bytes
    covered: bytes


class ChipSession:
    """The chip's end: accepts only protected commands, and protects its answers.

    `ssc` is where the send sequence counter stands before the first command.
    """

    def __init__(self, keys: SessionKeys, ssc: int = 0) -> None:
        self._keyed = _Keyed(keys, ssc)

    def unprotect(self, command: CommandApdu) -> CommandApdu:
        """Check and unwrap one command.

        Raises:
            SecureMessagingFault: 6987 where data objects are missing, 6988 where they are wrong;
                the session must then be dropped.
        """
        if not command.is_secured:
            raise SecureMessagingFault(SW.SM_DATA_OBJECTS_MISSING)
        self._keyed.advance()
        found = _command_objects(command.data)
        covered = (command.header, found.covered) if found.covered else (command.header,)
        if not hmac.compare_digest(found.mac, self._keyed.mac(*covered)):
            raise SecureMessagingFault(SW.SM_DATA_OBJECTS_INCORRECT)
        data = b"" if found.data is None else self._decrypt(found.data, odd=bool(command.ins & 1))
        cla, ne = command.cla & ~CLA_SECURE, _decode_ne(found.ne)
        return CommandApdu(cla, command.ins, command.p1, command.p2, data, ne, command.extended)

    def _decrypt(self, data: Tlv, *, odd: bool) -> bytes:
        expected = _DATA_ODD if odd else _DATA
        indicator = b"" if odd else b"\x01"
        if data.tag != expected or not data.value.startswith(indicator):
            raise SecureMessagingFault(SW.SM_DATA_OBJECTS_INCORRECT)
        plain = self._keyed.decrypt(data.value[len(indicator) :])
        if plain is None:
            raise SecureMessagingFault(SW.SM_DATA_OBJECTS_INCORRECT)
        return plain

    def protect(self, answer: ResponseApdu, *, odd: bool = False) -> ResponseApdu:
        """Wrap one answer; `odd` says that the command's INS was odd (DO85 then)."""
        self._keyed.advance()
        objects = b""
        if answer.data:
            encrypted = self._keyed.encrypt(answer.data)
            objects = (
                tlv.encode(_DATA_ODD, encrypted) if odd else tlv.encode(_DATA, b"\x01", encrypted)
            )
        objects += tlv.encode(_STATUS, answer.sw.to_bytes(2, "big"))
        return ResponseApdu(objects + _MAC_OBJECT + self._keyed.mac(objects), answer.sw)


def _command_objects(raw: bytes) -> _CommandObjects:
    try:
        found = tlv.parse_all(raw)
    except TlvError:
        raise SecureMessagingFault(SW.SM_DATA_OBJECTS_INCORRECT) from None
    if not found or found[-1].tag != _MAC:
        raise SecureMessagingFault(SW.SM_DATA_OBJECTS_MISSING)
    rest = list(found[:-1])
    data = rest.pop(0) if rest and rest[0].tag in (_DATA, _DATA_ODD) else None
    ne = rest.pop(0).value if rest and rest[0].tag == _NE else b""
    if rest or len(found[-1].value) != MAC_SIZE or len(ne) > 2:
        raise SecureMessagingFault(SW.SM_DATA_OBJECTS_INCORRECT)
    return _CommandObjects(data, ne, found[-1].value, raw[: -2 - MAC_SIZE])


def _decode_ne(raw: bytes) -> int:
    return (int.from_bytes(raw, "big") or 1 << 8 * len(raw)) if raw else 0
