"""The certificate holder authorization template that a terminal shows in PACE (TR-03110-3, C.1.5).

It says which kind of terminal asks and which rights it is after. Without terminal authentication
the card only checks that this kind of terminal may use the password, and names whom it trusts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from harness import tlv
from harness.security_info import SecurityInfoError, decode_oid, encode_oid
from harness.tlv import TlvError

TAG = 0x7F4C
Role = Literal["inspection system", "authentication terminal", "signature terminal"]

_ROLES = "0.4.0.127.0.7.3.1.2"
_OIDS: Mapping[Role, str] = MappingProxyType(
    {
        "inspection system": f"{_ROLES}.1",
        "authentication terminal": f"{_ROLES}.2",
        "signature terminal": f"{_ROLES}.3",
    }
)
_SIZES: Mapping[Role, int] = MappingProxyType(
    {"inspection system": 1, "authentication terminal": 5, "signature terminal": 1}
)
"""Bytes of the discretionary data, by kind of terminal (TR-03110-4, 2.2.3)."""

# The pairs of BSI TR-03105-3.3, EAC2_ISO7816_H_4 (accepted); all others are those of H_5.
_PASSWORDS: Mapping[Role, frozenset[str]] = MappingProxyType(
    {
        "inspection system": frozenset(("MRZ", "CAN")),
        "authentication terminal": frozenset(("CAN", "PIN")),
        "signature terminal": frozenset(("CAN", "PIN", "PUK")),
    }
)


class ChatError(ValueError):
    """These bytes are no certificate holder authorization template."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A kind of terminal, and its relative authorization as bits."""

    role: Role
    rights: bytes

    @classmethod
    def of(cls, role: Role, rights: int = 0) -> Chat:
        """A template with these rights, given as a number."""
        return cls(role, rights.to_bytes(_SIZES[role]))

    @property
    def value(self) -> bytes:
        """The value of data object 7F4C."""
        return tlv.encode(0x06, encode_oid(_OIDS[self.role])) + tlv.encode(0x53, self.rights)

    @classmethod
    def parse(cls, value: bytes) -> Chat:
        """Read the value of data object 7F4C.

        Raises:
            ChatError: malformed, an unknown kind of terminal, or rights of a wrong length.
        """
        try:
            match tlv.parse_all(value):
                case (tlv.Tlv(0x06, oid), tlv.Tlv(0x53, rights)):
                    return cls._known(decode_oid(oid), rights)
        except (TlvError, SecurityInfoError) as error:
            raise ChatError(str(error)) from error
        message = "a template is an object identifier (06) and discretionary data (53)"
        raise ChatError(message)

    @classmethod
    def _known(cls, oid: str, rights: bytes) -> Chat:
        for role, own in _OIDS.items():
            if own == oid and len(rights) == _SIZES[role]:
                return cls(role, rights)
        message = f"{oid} with {len(rights)} bytes of rights is no known kind of terminal"
        raise ChatError(message)

    def allows(self, password: str) -> bool:
        """Whether this kind of terminal may use the password."""
        return password in _PASSWORDS[self.role]
