"""Protected commands in their parts, to be taken apart and put together wrongly (9303-11, 9.8)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness import tlv
from harness.apdu import MAX_SHORT_NE, CommandApdu
from harness.crypto.cipher import MAC_SIZE, pad
from harness.crypto.kdf import SessionKeys
from harness.secure_messaging import TerminalSession

_NE, _MAC = 0x97, 0x8E


@dataclass(frozen=True, slots=True)
class Protected:
    """One protected command: its header, data objects as they travel, and the MAC.

    `ssc` is the send sequence counter that its MAC covers; `plain` is what it protects.
    """

    keys: SessionKeys
    ssc: int
    plain: CommandApdu
    header: bytes
    data: bytes
    ne: bytes
    mac: bytes

    @classmethod
    def of(cls, keys: SessionKeys, ssc: int, command: CommandApdu) -> Protected:
        """A command as the terminal rightly protects it with this counter."""
        right = TerminalSession(keys, ssc - 1).protect(command)
        found = tlv.parse_all(right.data)
        data = b"".join(each.encode() for each in found if each.tag not in (_NE, _MAC))
        ne = b"".join(each.encode() for each in found if each.tag == _NE)
        return cls(keys, ssc, command, right.header, data, ne, found[-1].value)

    def at(self, ssc: int) -> Protected:
        """The same command as it is rightly protected with another counter."""
        return Protected.of(self.keys, ssc, self.plain)

    def sealed(self) -> Protected:
        """The same with the MAC that its present parts ought to have."""
        return self.sealed_over(self.data + self.ne)

    def sealed_over(self, objects: bytes) -> Protected:
        """The same with a MAC over its header and these objects."""
        size = self.keys.cipher.keyed.block_size
        parts = (self.header, objects) if objects else (self.header,)
        blocks = self.ssc.to_bytes(size, "big") + b"".join(pad(part, size) for part in parts)
        mac = self.keys.cipher.keyed(self.keys.mac).authenticate_blocks(blocks)
        return replace(self, mac=mac)

    @property
    def mac_object(self) -> bytes:
        """The data object with the MAC."""
        return tlv.encode(_MAC, self.mac)

    def with_wrong_mac(self) -> Protected:
        """The same with one bit of the MAC flipped."""
        return replace(self, mac=flipped(self.mac))

    def encrypting(self, blocks: bytes) -> Protected:
        """The same, sealed, with DO87 around the encryption of whole blocks, padded or not."""
        size = self.keys.cipher.keyed.block_size
        cipher = self.keys.cipher.keyed(self.keys.enc)
        sent = cipher.encrypt(blocks, cipher.message_iv(self.ssc.to_bytes(size, "big")))
        return replace(self, data=tlv.encode(0x87, b"\x01", sent)).sealed()

    def command(self, objects: bytes | None = None, *, cla: int | None = None) -> CommandApdu:
        """The command, with other data than its objects in their order where `objects` is given."""
        if objects is None:
            objects = self.data + self.ne + self.mac_object
        first, ins, p1, p2 = self.header
        return CommandApdu(first if cla is None else cla, ins, p1, p2, objects, MAX_SHORT_NE)


def flipped(value: bytes) -> bytes:
    """The value with its last bit changed."""
    return value[:-1] + bytes((value[-1] ^ 1,))


def shortened(mac: bytes) -> bytes:
    """A MAC that is one byte short."""
    return tlv.encode(_MAC, mac[: MAC_SIZE - 1])
