"""Chip authentication, version 1, on the card (ICAO 9303-11, 6.2.4; BSI TR-03110-3, B.1, B.2)."""

from __future__ import annotations

from collections.abc import Sequence

from harness import tlv
from harness.apdu import CLA_CHAINING, INS, SW, CommandApdu, ResponseApdu
from harness.crypto.chip_auth import CHIP_AUTHENTICATION_SUITES, agree
from harness.crypto.pace import KeyAgreementError
from harness.crypto.suite import TRIPLE_DES, Cipher
from harness.emulator.channels import Opened
from harness.emulator.status import Refused, SecurityStatus
from harness.emulator.travel import StaticKey
from harness.security_info import ID_CHIP_AUTHENTICATION, encode_oid
from harness.tlv import Tlv, TlvError

_SET_KAT, _SET_AT = 0x41A6, 0x41A4
_ID_CA = encode_oid(ID_CHIP_AUTHENTICATION)
_DYNAMIC = 0x7C


class ChipAuthenticationChip:
    """MSE:Set KAT alone for 3DES; MSE:Set AT and GENERAL AUTHENTICATE for every cipher.

    Secure messaging restarts behind the answer; a refusal leaves the channel as it is. Where the
    chip is not `is_alone` on the card, MSE:Set AT may be meant for the keys of the holder.
    """

    def __init__(
        self, keys: Sequence[StaticKey], status: SecurityStatus, *, is_alone: bool = True
    ) -> None:
        self._keys = keys
        self._status = status
        self._is_alone = is_alone
        self._chosen: StaticKey | None = None
        self._opened: Opened | None = None

    def answer(self, command: CommandApdu, *, inside: bool) -> ResponseApdu | None:
        """Answer the commands of the protocol.

        Raises:
            Refused: 6982 outside a channel, 6A80 for malformed data, a protocol that the card has
                not, or a public key that must not be used, 6A88 for a key that it has not, 6300
                for such a public key in GENERAL AUTHENTICATE.
        """
        chosen, self._chosen = self._chosen, None
        place = command.p1 << 8 | command.p2
        sets = command.ins == INS.MANAGE_SECURITY_ENVIRONMENT and place in (_SET_KAT, _SET_AT)
        agrees = command.ins == INS.GENERAL_AUTHENTICATE and chosen is not None
        if not (sets and self._is_meant(command)) and not agrees:
            return None
        if not inside:
            raise Refused(SW.SECURITY_STATUS_NOT_SATISFIED)
        if chosen is not None and agrees:
            self._agree_dynamically(chosen, command)
            return ResponseApdu(tlv.encode(_DYNAMIC))
        objects = _objects(command.data)
        if place == _SET_AT:
            self._chosen = self._choose(objects)
        else:
            self._agree_at_once(objects)
        return ResponseApdu()

    def _is_meant(self, command: CommandApdu) -> bool:
        """Whether MSE:Set is for this protocol and no other."""
        return self._is_alone or command.p2 == _SET_KAT & 0xFF or _ID_CA in command.data

    def abandon(self) -> None:
        """Forget the key that was chosen."""
        self._chosen = None

    def opened(self) -> Opened | None:
        """The channel of a run that just ended well, handed out once."""
        opened, self._opened = self._opened, None
        return opened

    def _choose(self, objects: tuple[Tlv, ...]) -> StaticKey:
        oid, reference = tlv.find(objects, 0x80), tlv.find(objects, 0x84)
        if oid is None or not {each.tag for each in objects} <= {0x80, 0x84}:
            raise Refused(SW.WRONG_DATA)
        fitting = [key for key in self._keys if encode_oid(key.rules.oid) == oid]
        if not fitting:
            raise Refused(SW.WRONG_DATA)
        return _only(fitting, reference)

    def _agree_at_once(self, objects: tuple[Tlv, ...]) -> None:
        public, reference = tlv.find(objects, 0x91), tlv.find(objects, 0x84)
        if public is None or not {each.tag for each in objects} <= {0x91, 0x84}:
            raise Refused(SW.WRONG_DATA)
        fitting = [key for key in self._keys if _cipher(key) is TRIPLE_DES]
        if not fitting:
            raise Refused(SW.WRONG_DATA)
        self._agree(_only(fitting, reference), public, SW.WRONG_DATA)

    def _agree_dynamically(self, chosen: StaticKey, command: CommandApdu) -> None:
        if command.p1 or command.p2 or command.cla & CLA_CHAINING:
            raise Refused(SW.INCORRECT_P1_P2 if command.p1 or command.p2 else SW.WRONG_DATA)
        match _objects(command.data):
            case (Tlv(tag=0x7C, value=value),):
                match _objects(value):
                    case (Tlv(tag=0x80, value=public),):
                        self._agree(chosen, public, SW.AUTHENTICATION_FAILED)
                        return
        raise Refused(SW.WRONG_DATA)

    def _agree(self, key: StaticKey, public: bytes, refusal: SW) -> None:
        try:
            keys = agree(key.pair.domain, key.pair.private, public, _cipher(key))
        except KeyAgreementError:
            raise Refused(refusal) from None
        self._status.chip_authenticated = True
        self._opened = Opened(keys)


def _cipher(key: StaticKey) -> Cipher:
    return CHIP_AUTHENTICATION_SUITES[key.rules.oid].cipher


def _only(keys: Sequence[StaticKey], reference: bytes | None) -> StaticKey:
    """The key with this reference; without one the only key there is."""
    if reference is not None:
        keys = [key for key in keys if key.rules.key_id == int.from_bytes(reference)]
    if len(keys) != 1:
        raise Refused(SW.REFERENCED_DATA_NOT_FOUND)
    return keys[0]


def _objects(data: bytes) -> tuple[Tlv, ...]:
    try:
        return tlv.parse_all(data)
    except TlvError:
        raise Refused(SW.WRONG_DATA) from None
