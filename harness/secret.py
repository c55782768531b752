"""Values that must never be shown: CAN, PIN, PUK, MRZ and keys."""

from __future__ import annotations

import hmac
import re
from typing import NoReturn

from harness.errors import UsageError


class Secret:
    """Bytes that show themselves only to `reveal`, never to repr, str, format, pickle or a diff."""

    __slots__ = ("_value",)
    label = "secret"

    def __init__(self, value: bytes) -> None:
        self._value = bytes(value)

    def reveal(self) -> bytes:
        """The value itself, for the one place that must use it."""
        return self._value

    def __repr__(self) -> str:
        return f"<{self.label}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        message = f"a {self.label} is not written anywhere"
        raise TypeError(message)


class Digits(Secret):
    """A password of ASCII digits with a least and a greatest length."""

    least = 1
    most = 12

    def __init__(self, digits: str) -> None:
        if not re.fullmatch(rf"[0-9]{{{self.least},{self.most}}}", digits):
            wanted = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"
            message = f"the {self.label} must be {wanted} digits; got {len(digits)} characters"
            raise UsageError(message)
        super().__init__(digits.encode("ascii"))


class Can(Digits):
    """The card access number: six digits printed on the card (ICAO 9303-11, 4.4)."""

    label = "CAN"
    least = most = 6


class Pin(Digits):
    """A PIN of the card holder, 4 to 12 digits; the profile may ask for more than 4."""

    label = "PIN"
    least = 4


class Puk(Digits):
    """The code that unblocks a PIN, 8 to 12 digits."""

    label = "PUK"
    least = 8
