"""The rules of a PIN or PUK, and the form in which a code travels."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from harness.profile.words import Byte, Fact, Sw, Text

_GLOBAL_PLATFORM_SIZE = 8


class PinRules(Fact):
    """A PIN or PUK."""

    method: Literal["verify", "pace"] = "verify"
    """How it is offered: by VERIFY, or as the password of PACE."""
    reference: Byte
    """P2 of VERIFY, or the number of the password in MSE:Set AT."""
    directory: Text
    """Where its counter is read; also the only place where a local one can be used."""
    scope: Literal["global", "local"]
    min_length: Annotated[int, Field(ge=4, le=12)]
    max_length: Annotated[int, Field(ge=4, le=16)] | None = None
    """The most digits; absent: as many as are stored."""
    stored_length: Annotated[int, Field(ge=4, le=16)] = 12
    form: Literal["digits", "global-platform"] = "digits"
    """Digits as ASCII and filled up, or 2L and packed digits in 8 bytes (GlobalPlatform)."""
    pad: Byte = 0xFF
    """What fills a code up to its stored length."""
    tries: Annotated[int, Field(ge=1, le=15)]
    blocked: Sw = 0x6983
    blocking_try: Sw = 0x6983
    """The answer to the wrong try that blocks."""
    suspended: bool = False
    """Whether the last try is only taken inside a channel opened with the CAN (PACE only)."""
    single_use: bool = False
    """Whether one verification serves one signature only."""
    changeable: bool = True
    puk_renews: bool = False
    """Whether the PUK's channel gives it a new value, not only its tries back (PACE only)."""

    @model_validator(mode="after")
    def _form_is_whole(self) -> Self:
        given = self.model_fields_set
        if self.method == "verify" and self.form == "digits" and "pad" not in given:
            message = "pad: Field required where a code travels as digits in VERIFY"
            raise ValueError(message)
        if self.suspended and self.method != "pace":
            message = "suspended belongs to a code with method = 'pace'"
            raise ValueError(message)
        if self.puk_renews and self.method != "pace":
            message = "puk_renews belongs to a code with method = 'pace'"
            raise ValueError(message)
        return self

    @property
    def most_digits(self) -> int:
        """The most digits a code may have."""
        return self.max_length or (12 if self.form == "global-platform" else self.stored_length)

    @property
    def size(self) -> int:
        """How many bytes a code is on its way; 0 where it never travels."""
        if self.method == "pace":
            return 0
        return _GLOBAL_PLATFORM_SIZE if self.form == "global-platform" else self.stored_length

    def allows(self, digits: bytes) -> bool:
        """Whether this could be the code: digits only, and as many as may be."""
        return digits.isdigit() and self.min_length <= len(digits) <= self.most_digits

    def block(self, digits: bytes) -> bytes:
        """A code as it travels in VERIFY."""
        if self.method == "pace":
            return digits
        if self.form == "global-platform":
            packed = bytes.fromhex(digits.decode("ascii").ljust(14, "F"))
            return bytes((0x20 | len(digits),)) + packed
        return digits.ljust(self.stored_length, bytes((self.pad,)))

    def digits(self, block: bytes) -> bytes | None:
        """The code inside a block, or None where the block cannot be one."""
        if self.form == "global-platform":
            packed = block[1:].hex()[: block[0] & 0x0F].encode() if block else b""
            return packed if self.allows(packed) and self.block(packed) == block else None
        digits = block.rstrip(bytes((self.pad,))) if self.method == "verify" else block
        return digits if self.allows(digits) else None
