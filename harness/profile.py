"""A card generation as data: what it is, where things lie on it, and how it wants to be spoken to.

Every table of facts names its source, and what nobody knows is listed as unknown instead of
guessed. Terminal and emulator both follow the same profile; neither knows a card by name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)

from harness.errors import UsageError
from harness.security_info import describe_oid, is_pace_protocol

MF = "3F00"


class Interface(StrEnum):
    """How the card is reached."""

    CONTACT = "contact"
    CONTACTLESS = "contactless"


class Content(StrEnum):
    """What a file holds, by meaning; the personaliser fills it in."""

    SURNAME = "surname"
    GIVEN_NAMES = "given-names"
    SEX = "sex"
    CITIZENSHIP = "citizenship"
    BIRTH_DATE = "birth-date"
    BIRTH_DATE_AND_PLACE = "birth-date-and-place"
    PERSONAL_CODE = "personal-code"
    DOCUMENT_NUMBER = "document-number"
    EXPIRY_DATE = "expiry-date"
    CARD_ACCESS = "card-access"
    AUTHENTICATION_CERTIFICATE = "authentication-certificate"
    SIGNING_CERTIFICATE = "signing-certificate"


PERSONAL_DATA = (
    Content.SURNAME,
    Content.GIVEN_NAMES,
    Content.SEX,
    Content.CITIZENSHIP,
    Content.BIRTH_DATE,
    Content.BIRTH_DATE_AND_PLACE,
    Content.PERSONAL_CODE,
    Content.DOCUMENT_NUMBER,
    Content.EXPIRY_DATE,
)


def _from_hex(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return bytes.fromhex(value)
    except ValueError:
        message = "expected an even number of hexadecimal digits"
        raise ValueError(message) from None


def _to_hex(value: bytes) -> str:
    return value.hex().upper()


Hex = Annotated[
    bytes, BeforeValidator(_from_hex, json_schema_input_type=str), PlainSerializer(_to_hex)
]
Byte = Annotated[int, Field(ge=0, le=0xFF)]
Sw = Annotated[int, Field(ge=0x6000, le=0x9FFF)]
Text = Annotated[str, Field(min_length=1)]
PinName = Literal["PIN1", "PIN2", "PUK"]
Operation = Literal[
    "tries PIN1",
    "tries PIN2",
    "tries PUK",
    "personal-data",
    "certificate authentication",
    "certificate signing",
    "verify PIN1",
    "authenticate",
    "sign",
]
PasswordName = Literal["MRZ", "CAN", "PIN", "PUK"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Fact(_Strict):
    """A table of facts."""

    source: Text
    """Where this is known from; begins with "assumed:" where nobody published it."""


class Recognition(Fact):
    """How a card of this generation shows itself."""

    interface: Interface
    atr: Hex
    """The ATR as PC/SC reports it."""
    mask: Hex | None = None
    """Bits of the ATR that must agree; absent: all of them."""
    personality: Text | None = None
    """Which chip of the generation this is, where it has several."""

    @model_validator(mode="after")
    def _mask_fits(self) -> Self:
        if self.mask is not None and len(self.mask) != len(self.atr):
            message = "mask and atr must have the same length"
            raise ValueError(message)
        return self

    def fits(self, atr: bytes) -> bool:
        """Whether `atr` is one of these."""
        mask = self.mask or b"\xff" * len(self.atr)
        return len(atr) == len(self.atr) and all(
            (one ^ other) & bits == 0 for one, other, bits in zip(atr, self.atr, mask, strict=True)
        )


class Radio(Fact):
    """The card in the field (ISO/IEC 14443)."""

    rf_type: Literal["A", "B"]
    historical_bytes: Hex
    fsci: Annotated[int, Field(ge=0, le=12)] = 8
    fwi: Annotated[int, Field(ge=0, le=14)] = 8
    sfgi: Annotated[int, Field(ge=0, le=14)] = 0
    divisors: tuple[Literal[1, 2, 4, 8], ...] = (1,)
    """The bit rates it can do both ways, as divisors: 1 is 106 kbit/s, 8 is 848 kbit/s."""


class Transmission(Fact):
    """What one command and one answer may carry."""

    extended_length: bool
    max_read: Annotated[int, Field(ge=1, le=65536)]
    """The most bytes one READ BINARY delivers."""
    end_of_file: Sw
    """The answer to READ BINARY at or behind the end."""


class SelectRules(Fact):
    """What SELECT accepts and answers."""

    contactless_application_p2: tuple[Byte, ...] = ()
    """The only P2 accepted when selecting by AID without contact; empty: every P2."""
    fcp: tuple[Literal["size", "descriptor", "file-id", "life-cycle", "access"], ...] = ("size",)
    """What the FCP template of an EF lists, in this order."""
    size_tag: Literal[0x80, 0x81] = 0x80


class CanDelay(Fact):
    """How the card slows down someone who tries passwords."""

    after: Annotated[int, Field(ge=1)]
    """Wrong passwords in a row before the delay begins."""
    seconds: Annotated[float, Field(gt=0)]


def _is_pace_oid(oid: str) -> str:
    if not is_pace_protocol(oid):
        message = f"oid is not a PACE protocol: {describe_oid(oid)}"
        raise ValueError(message)
    return oid


class PaceOffer(_Strict):
    """One way in which the card runs PACE."""

    oid: Annotated[Text, AfterValidator(_is_pace_oid)]
    parameter_id: Literal[0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
    """The group, by its number in ICAO 9303-11, table 12: 0 to 2 of numbers, 8 to 18 curves."""
    explicit_id: Annotated[int, Field(ge=32, le=255)] | None = None
    """The card's own number for the group, where it spells it out instead of naming it."""

    @property
    def reference(self) -> int:
        """How EF.CardAccess and MSE:Set AT name the group."""
        return self.parameter_id if self.explicit_id is None else self.explicit_id


class Pace(PaceOffer, Fact):
    """The PACE protocols of the card, the one that this package uses first."""

    others: tuple[PaceOffer, ...] = ()
    """What else the card offers."""
    nonce_size: Literal[16, 32]
    passwords: tuple[PasswordName, ...] = ("CAN",)
    parameter_reference: Literal["optional", "required"] = "optional"
    """Whether MSE:Set AT must name the domain parameters (tag 84)."""
    set_at_ne: Literal[0, 256] = 0
    """Ne of MSE:Set AT; the standard has none, but phones ask some cards for 256 bytes."""
    card_access_size: Annotated[int, Field(ge=0, le=4096)] = 0
    """The size EF.CardAccess is filled up to with zeros; 0: no fill."""
    select_first: Text
    """What the terminal selects before MSE:Set AT: a directory or a file of this profile."""
    wrong_password: Sw
    delay: CanDelay | None = None

    @property
    def offers(self) -> tuple[PaceOffer, ...]:
        """All ways in which the card runs PACE."""
        return (self, *self.others)


class Directory(Fact):
    """A dedicated file, application or not."""

    path: Annotated[str, Field(pattern=r"^3F00(/[0-9A-F]{4})*$")]
    """File identifiers from the MF, such as 3F00/ADF1."""
    aid: Hex | None = None
    select: Literal["aid", "child", "path"]
    """How the terminal selects it: by AID, as child of the current DF, by path from the MF."""


class File(Fact):
    """An elementary file."""

    directory: Text
    fid: Hex
    content: Content
    tag: Byte | None = None
    """The data object that wraps the content; absent: the content stands bare."""
    open: bool = False
    """Readable without contact before PACE."""
    select: Literal["child", "path"] = "child"
    length: Literal["header", "fcp", "answer"]
    """Where the terminal learns the size: the DER header, the FCP, or one short answer."""
    sfi: Annotated[int, Field(ge=1, le=30)] | None = None
    access: Hex = b""
    """The access bytes its FCP shows, where it shows any."""


class PinRules(Fact):
    """A PIN or PUK."""

    reference: Byte
    directory: Text
    """Where its counter is read; also the only place where a local one can be used."""
    scope: Literal["global", "local"]
    min_length: Annotated[int, Field(ge=4, le=12)]
    stored_length: Annotated[int, Field(ge=4, le=16)] = 12
    pad: Byte
    tries: Annotated[int, Field(ge=1, le=15)]
    blocked: Sw = 0x6983
    blocking_try: Sw = 0x6983
    """The answer to the wrong try that blocks."""
    single_use: bool = False
    """Whether one verification serves one signature only."""
    changeable: bool = True


class KeyRules(Fact):
    """A private key, and the algorithm references that each use of it accepts, preferred first."""

    directory: Text
    scope: Literal["global", "local"]
    reference: Byte
    pin: PinName
    certificate: Literal[Content.AUTHENTICATION_CERTIFICATE, Content.SIGNING_CERTIFICATE]
    curve: Literal["secp384r1"] = "secp384r1"
    authenticate: tuple[Hex, ...] = ()
    sign: tuple[Hex, ...] = ()
    decipher: tuple[Hex, ...] = ()


class Plan(Fact):
    """An order of operations that reads the card, and how sparingly."""

    operations: tuple[Operation, ...]
    reselect: bool = False
    """Select the directory again before every operation, even where it is selected."""
    to_the_end: bool = False
    """Read certificates until the card says that they ended, not to their known length."""
    ne: Annotated[int, Field(ge=1, le=256)] | None = None
    """The Ne of READ BINARY; absent: the most that fits one protected answer."""


_NEEDS: Mapping[Operation, tuple[str, ...]] = MappingProxyType(
    {
        "tries PIN1": ("pins.PIN1",),
        "tries PIN2": ("pins.PIN2",),
        "tries PUK": ("pins.PUK",),
        "personal-data": (),
        "certificate authentication": ("keys.authentication",),
        "certificate signing": ("keys.signing",),
        "verify PIN1": ("pins.PIN1",),
        "authenticate": ("pins.PIN1", "keys.authentication.authenticate"),
        "sign": ("pins.PIN2", "keys.signing.sign"),
    }
)


class Profile(_Strict):
    """One card generation."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    title: Text
    country: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    family: Literal["ias-ecc", "ias-classic"]
    """Which commands it speaks for PINs, keys and counters."""
    unknown: tuple[Text, ...] = ()
    """What no source tells; the emulator's behaviour there is a choice, not a fact."""
    recognise: Annotated[tuple[Recognition, ...], Field(min_length=1)]
    radio: Radio
    transmission: Transmission
    select: SelectRules
    pace: Pace
    directories: dict[str, Directory]
    files: dict[str, File]
    pins: dict[PinName, PinRules]
    keys: dict[Literal["authentication", "signing"], KeyRules]
    plans: dict[str, Plan]

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        for table in ("files", "pins", "keys"):
            for key, entry in getattr(self, table).items():
                if entry.directory not in self.directories:
                    known = ", ".join(self.directories)
                    message = f"{table}.{key}.directory is not one of: {known}"
                    raise ValueError(message)
        if self.pace.select_first not in self.directories | self.files:
            known = ", ".join((*self.directories, *self.files))
            message = f"pace.select_first is not one of: {known}"
            raise ValueError(message)
        if "eidrig" not in self.plans:
            message = "plans.eidrig is missing"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _plans_have_what_they_need(self) -> Self:
        for plan, rules in self.plans.items():
            for operation in rules.operations:
                missing = next((each for each in _NEEDS[operation] if not self._has(each)), None)
                if missing:
                    message = f"{missing} is missing, but plans.{plan} has {operation!r}"
                    raise ValueError(message)
        return self

    def _has(self, path: str) -> bool:
        """Whether there is something at pins.NAME or keys.NAME.USE."""
        table, name, *use = path.split(".")
        entry = getattr(self, table).get(name)
        return bool(entry and all(getattr(entry, each) for each in use))

    def file_with(self, content: Content) -> File:
        """The file that holds `content`.

        Raises:
            UsageError: this generation has none.
        """
        for file in self.files.values():
            if file.content is content:
                return file
        message = f"the profile {self.name} has no file with {content}"
        raise UsageError(message)

    @property
    def personal_files(self) -> tuple[File, ...]:
        """The files of the directory `personal`, the document number (a card's mark) first."""
        files = (file for file in self.files.values() if file.directory == "personal")
        known = (file for file in files if file.content in PERSONAL_DATA)
        return tuple(sorted(known, key=lambda file: file.content is not Content.DOCUMENT_NUMBER))

    def recognition_of(self, atr: bytes) -> Recognition | None:
        """Which entry of `recognise` this ATR fits, or None."""
        return next((entry for entry in self.recognise if entry.fits(atr)), None)


def parse_profile(text: str, where: str) -> Profile:
    """Read a profile from TOML; `where` names it in errors.

    Raises:
        UsageError: not TOML, or a field is missing, misspelt or out of its range; the message
            names each field with what it allows.
    """
    try:
        return Profile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        message = f"{where} is not valid TOML: {error}"
        raise UsageError(message) from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in each['loc']) or 'profile'}: {each['msg']}"
            for each in error.errors(include_url=False, include_input=False)
        )
        message = f"{where} is not a valid profile: {problems}"
        raise UsageError(message) from None
