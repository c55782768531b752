"""The tables of a profile."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from harness.profile.travel import ParameterId
from harness.profile.words import (
    Byte,
    Content,
    Fact,
    Hex,
    Interface,
    Operation,
    PasswordName,
    PinName,
    Strict,
    Sw,
    Text,
)
from harness.security_info import describe_oid, is_pace_protocol


class Recognition(Fact):
    """How a card of this generation shows itself."""

    interface: Interface
    atr: Hex
    """The ATR as PC/SC reports it."""
    mask: Hex | None = None
    """Bits of the ATR that must agree; absent: all of them."""
    personality: Text | None = None
    """Which chip of the generation this is, where it has several."""
    only_named: bool = False
    """Whether cards of another profile have this ATR, too, and that one is taken by default."""

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
    hold_seconds: Annotated[float, Field(gt=0)] | None = None
    """The longest that a whole read by the plan `eidrig` may take while the card is held still."""


class Transmission(Fact):
    """What one command and one answer may carry."""

    extended_length: bool
    max_read: Annotated[int, Field(ge=1, le=65536)]
    """The most bytes one READ BINARY delivers."""
    end_of_file: Sw
    """The answer to READ BINARY at or behind the end."""
    odd_read: bool = False
    """Whether READ BINARY has its odd instruction, too, which takes an offset as data (54)."""
    largest_command: Annotated[int, Field(ge=261, le=65535)] | None = None
    """The most bytes of a command; absent: what its encoding can carry."""
    largest_answer: Annotated[int, Field(ge=258, le=65535)] | None = None
    """The most bytes of an answer, which EF.ATR/INFO tells beside the former (7816-4, 12.7.1)."""


class SelectRules(Fact):
    """What SELECT accepts and answers."""

    contactless_application_p2: tuple[Byte, ...] = ()
    """The only P2 accepted when selecting by AID without contact; empty: every P2."""
    fcp: tuple[Literal["size", "descriptor", "file-id", "life-cycle", "access"], ...] = ("size",)
    """What the FCP template of an EF lists, in this order."""
    size_tag: Literal[0x80, 0x81] = 0x80


class Quirks(Fact):
    """What this card does otherwise than most; the emulated card does the same."""

    largest_ne: Annotated[int, Field(ge=1, le=256)] | None = None
    """The largest Ne of READ BINARY it takes; a larger one is answered with `refused_ne`."""
    refused_ne: Sw = 0x6700
    no_ne_on: tuple[Literal["select", "mse"], ...] = ()
    """The commands that it answers with 6700 if they carry Le."""
    exact_ne: bool = False
    """Whether it answers 6Cxx where fewer bytes are left than Ne asks for."""
    fetch_answers: bool = False
    """Whether the data of a command that also carries data waits for GET RESPONSE (T=0)."""
    select_p1: tuple[Byte, ...] = ()
    """The only P1 of SELECT that it accepts; empty: every one."""
    select_p2: tuple[Byte, ...] = ()
    """The only P2 of SELECT that it accepts; empty: every one."""
    no_select_mf: Sw | None = None
    """The answer to SELECT with 3F00, if it does not accept that."""
    before_pace: Sw = 0x6982
    """The answer to what is closed before PACE."""


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


class PaceOffer(Strict):
    """One way in which the card runs PACE."""

    oid: Annotated[Text, AfterValidator(_is_pace_oid)]
    parameter_id: ParameterId
    explicit_id: Annotated[int, Field(ge=32, le=255)] | None = None
    """The card's own number for the group, where it spells it out instead of naming it."""

    @property
    def reference(self) -> int:
        """How EF.CardAccess and MSE:Set AT name the group."""
        return self.parameter_id if self.explicit_id is None else self.explicit_id


class Pace(PaceOffer, Fact):
    """The PACE protocols of the card, the one that this package uses first."""

    needed_on: tuple[Interface, ...] = (Interface.CONTACTLESS,)
    """The interfaces on which nothing but open files can be used before PACE."""
    others: tuple[PaceOffer, ...] = ()
    """What else the card offers."""
    protocol_from: Literal["profile", "card-access"] = "profile"
    """Whether the terminal runs this protocol at once, or reads EF.CardAccess and chooses."""
    nonce_size: Literal[16, 32]
    passwords: tuple[PasswordName, ...] = ("CAN",)
    parameter_reference: Literal["optional", "required"] = "optional"
    """Whether MSE:Set AT must name the domain parameters (tag 84)."""
    set_at_ne: Literal[0, 256] = 0
    """Ne of MSE:Set AT; the standard has none, but phones ask some cards for 256 bytes."""
    card_access_size: Annotated[int, Field(ge=0, le=4096)] = 0
    """The size EF.CardAccess is filled up to with zeros; 0: no fill."""
    opens_with: Literal["CAN", "PIN", "MRZ"] = "CAN"
    """The password of the first channel; with the PIN there is none before that is verified."""
    select_first: Text
    """What the terminal selects before MSE:Set AT: a directory or a file of this profile."""
    authorities: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}[!-~]{1,9}[0-9A-Z]{5}$")], ...],
        Field(max_length=2),
    ] = ()
    """Whose terminal certificates the card trusts, newest first; named to who shows a CHAT."""
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

    @model_validator(mode="after")
    def _aid_is_there(self) -> Self:
        if self.select == "aid" and self.aid is None:
            message = "aid is missing, but select is by aid"
            raise ValueError(message)
        return self


def _is_fid(fid: bytes) -> bytes:
    if len(fid) != 2:
        message = f"a file identifier has two bytes, not {len(fid)}"
        raise ValueError(message)
    return fid


class File(Fact):
    """An elementary file."""

    directory: Text
    fid: Annotated[Hex, AfterValidator(_is_fid)]
    content: Content
    value: Hex | None = None
    """The bytes as recorded from a card; absent: the personaliser makes them."""
    records: dict[Annotated[str, Field(pattern=r"^[0-9]{1,3}$")], Content] = Field(
        default_factory=dict
    )
    """What the records of a file with content "records" hold, by their tag."""
    dates: Text = "%d %m %Y"
    """How dates are written, as for strftime."""
    tag: Byte | None = None
    """The data object that wraps the content; absent: the content stands bare."""
    open: bool = False
    """Readable without contact before PACE or BAC."""
    needs: Literal["channel", "pace", "chip-authentication", "terminal-authentication"] = "channel"
    """What opens a file that is not open: any channel that the interface asks for, one by PACE,
    chip authentication, or terminal authentication, which is not emulated: it stays closed."""
    select: Literal["child", "path"] = "child"
    or_path: bool = False
    """Try the path from the application in the MF where a card refuses to select it as child."""
    length: Literal["header", "fcp", "answer", "end"]
    """Where its size is told: the DER header, the FCP, one short answer, or only its end."""
    sfi: Annotated[int, Field(ge=1, le=30)] | None = None
    access: Hex = b""
    """The access bytes its FCP shows, where it shows any."""
    counter: PinName | None = None
    """The code whose tries its FCP tells (A5, A2, A3, 82: left and most)."""

    @model_validator(mode="after")
    def _content_is_there(self) -> Self:
        if self.content is Content.RECORDED and self.value is None:
            message = "value is missing: content 'recorded' needs the bytes"
            raise ValueError(message)
        if self.open and self.needs != "channel":
            message = f"open contradicts needs = {self.needs!r}"
            raise ValueError(message)
        if bool(self.records) != (self.content is Content.RECORDS):
            message = "records and content 'records' belong together"
            raise ValueError(message)
        return self


class KeyRules(Fact):
    """A private key, and the algorithm references that each use of it accepts, preferred first."""

    directory: Text
    scope: Literal["global", "local"]
    reference: Byte
    pin: PinName
    certificate: Literal[Content.AUTHENTICATION_CERTIFICATE, Content.SIGNING_CERTIFICATE]
    found_by: Literal["profile", "pkcs15"] = "profile"
    """Where certificate and references are taken from: here, or the PKCS#15 files beside it."""
    kind: Literal["secp256r1", "secp384r1", "secp521r1", "rsa-2048", "rsa-3072"] = "secp384r1"
    hash: Literal["sha256", "sha384", "sha512"] = "sha384"
    """What the terminal hashes with."""
    each_time: bool = False
    """Whether every signature needs the PIN anew."""
    authenticate: tuple[Hex, ...] = ()
    sign: tuple[Hex, ...] = ()
    decipher: tuple[Hex, ...] = ()

    @property
    def is_rsa(self) -> bool:
        """Whether it is an RSA key."""
        return self.kind.startswith("rsa-")


class Plan(Fact):
    """An order of operations that reads the card, and how sparingly."""

    operations: tuple[Operation, ...]
    reselect: bool = False
    """Select the directory again before every operation, even where it is selected."""
    to_the_end: bool = False
    """Read certificates until the card says that they ended, not to their known length."""
    ne: Annotated[int, Field(ge=1, le=256)] | None = None
    """The Ne of READ BINARY; absent: the most that fits one protected answer."""
    by_sfi: bool = False
    """Read a file by its short identifier where it has one, without selecting it."""
    extended: bool = False
    """READ BINARY with extended length, as much at once as EF.ATR/INFO allows, if the card can."""


class Deviation(Fact):
    """A case of the conformance catalogue that cards of this generation are known to fail."""

    case: Text
    """The case's identifier; with its PACE protocol in brackets, only for that one."""
    reason: Text
    """Why it is accepted, as a report shows it."""
