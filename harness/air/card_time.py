"""How long the card's own chip computes on an APDU, from a named preset.

The time is a function of the command and the response as they cross the air: the general mapping
of PACE is recognised by its tags, the curve by the length of the point, AES work by the bytes of a
protected APDU. So the same presets serve an emulated card, a recording and a benchmark.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.air.fact import Fact, assumed, named
from harness.apdu import CLA_SECURE, INS

_TABLES = "JCAlgTest result tables (crocs-muni/jcalgtest_results), card "
_AES = Fact(0.009 / 256, "JCAlgTest: AES-256-CBC takes 9 ms per 256 bytes")
_OVERHEAD = assumed(0.003, "parsing, file access and response of a JavaCard applet")
_EEPROM = assumed(0.005, "two writes of a tries counter to non-volatile memory")
_SET_KAT = bytes((INS.MANAGE_SECURITY_ENVIRONMENT, 0x41, 0xA6))
_AROUND_A_HIDDEN_KEY = 38
"""Bytes of a protected command with a key on a curve that are not its coordinates: header, data
objects, padding, MAC and lengths; exact for fields of 256 and 384 bits with AES."""
_SIZE_EXPONENT = assumed(
    2.0,
    "other field sizes as (bits/256)^2: between the equal medians of JCAlgTest's P-256 and P-384 "
    "tables and the cube of schoolbook arithmetic",
)


@dataclass(frozen=True)
class CardSpeed:
    """What one kind of chip needs, in seconds.

    `multiply` and `keygen` are on P-256; `aes_byte` is for every byte of a protected APDU, `write`
    for a change of memory, `overhead` comes on top of every APDU.
    """

    name: str
    multiply: Fact[float]
    keygen: Fact[float]
    aes_byte: Fact[float] = _AES
    write: Fact[float] = _EEPROM
    overhead: Fact[float] = _OVERHEAD
    size_exponent: Fact[float] = _SIZE_EXPONENT

    def curve_factor(self, bits: int) -> float:
        """How many times longer a field of `bits` takes than one of 256."""
        return float((bits / 256) ** self.size_exponent.value)

    def pace(self, bits: int = 256) -> float:
        """Generic mapping on the card: two key generations, three multiplications."""
        return self.curve_factor(bits) * (2 * self.keygen.value + 3 * self.multiply.value)

    def seconds(self, command: bytes, response: bytes) -> float:
        """The computing time of one APDU, both as they cross the air; at least the overhead."""
        if len(command) < 4:
            return self.overhead.value
        work = self._operation(command, response)
        if command[0] & CLA_SECURE == CLA_SECURE:
            work += (len(command) + len(response)) * self.aes_byte.value
        return self.overhead.value + work

    def _operation(self, command: bytes, response: bytes) -> float:
        ins = command[1]
        if self._agrees_under_protection(command):
            return self._hidden_agreement(command)
        if ins == INS.GENERAL_AUTHENTICATE:
            return self._pace_step(response)
        if ins in (INS.PERFORM_SECURITY_OPERATION, INS.INTERNAL_AUTHENTICATE):
            return self.multiply.value  # an ECDSA signature is one multiplication
        return self.write.value if ins == INS.VERIFY else 0.0

    @staticmethod
    def _agrees_under_protection(command: bytes) -> bool:
        """GENERAL AUTHENTICATE or MSE:Set KAT inside a channel: chip authentication, mostly."""
        inside = command[0] & CLA_SECURE == CLA_SECURE
        return inside and (command[1] == INS.GENERAL_AUTHENTICATE or command[1:4] == _SET_KAT)

    def _hidden_agreement(self, command: bytes) -> float:
        """One multiplication; how large the field is shows in what the protection has around it."""
        bits = max(0, len(command) - _AROUND_A_HIDDEN_KEY) // 2 * 8
        return self.multiply.value * self.curve_factor(bits)

    def _pace_step(self, response: bytes) -> float:
        """A step by the tag of the card's own answer 7C L tag: 80, 82, 84, 86 (9303-11, 4.4.4)."""
        tag, length = _first_object(response)
        bits = (length - 1) // 2 * 8
        factor = self.curve_factor(bits)
        if tag == 0x82:  # own mapping key, shared point, nonce times generator
            return factor * (self.keygen.value + 2 * self.multiply.value)
        if tag == 0x84:  # own key on the mapped generator, shared secret
            return factor * (self.keygen.value + self.multiply.value)
        return length * self.aes_byte.value


def _first_object(response: bytes) -> tuple[int, int]:
    """Tag and value length of the first object inside 7C; (0, 0) where there is none."""
    if len(response) < 6 or response[0] != 0x7C:
        return 0, 0
    start = 2 if response[1] < 0x80 else 2 + (response[1] & 0x7F)
    body = response[start:]
    if len(body) < 2:
        return 0, 0
    length = body[1] if body[1] < 0x80 else int.from_bytes(body[2 : 2 + (body[1] & 0x7F)], "big")
    return body[0], length


CARD_SPEEDS = {
    speed.name: speed
    for speed in (
        CardSpeed(
            "fast",
            Fact(0.020, _TABLES + "JCOP4 J3R180"),
            Fact(0.027, _TABLES + "JCOP4 J3R180"),
            overhead=assumed(0.002, "a newer chip of the same family as the other presets"),
        ),
        CardSpeed(
            "typical",
            Fact(0.106, _TABLES + "NXP J3A081"),
            Fact(0.104, _TABLES + "NXP J3A081"),
        ),
        CardSpeed(
            "slow-keygen",
            Fact(0.057, _TABLES + "JCOP3 J3H145"),
            Fact(0.304, _TABLES + "JCOP3 J3H145"),
        ),
        CardSpeed(
            "slowest",
            Fact(0.109, _TABLES + "Taisys"),
            Fact(0.868, _TABLES + "Taisys"),
            overhead=assumed(0.008, "a chip that is slow in everything"),
        ),
    )
}


def card_speed(name: str) -> CardSpeed:
    """A preset by name; raises UsageError with the list of names."""
    return named("card preset", name, CARD_SPEEDS)
