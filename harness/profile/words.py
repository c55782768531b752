"""The words a profile is written in."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

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
    BIRTH_PLACE = "birth-place"
    BIRTH_DATE_AND_PLACE = "birth-date-and-place"
    PERSONAL_CODE = "personal-code"
    DOCUMENT_NUMBER = "document-number"
    ISSUE_DATE = "issue-date"
    EXPIRY_DATE = "expiry-date"
    CARD_ACCESS = "card-access"
    AUTHENTICATION_CERTIFICATE = "authentication-certificate"
    SIGNING_CERTIFICATE = "signing-certificate"
    ISSUING_CERTIFICATE = "issuing-certificate"
    ROOT_CERTIFICATE = "root-certificate"
    DIRECTORY = "directory"
    PKCS15_OBJECTS = "pkcs15-objects"
    PKCS15_TOKEN = "pkcs15-token"  # noqa: S105 - PKCS#15's word for the card
    PKCS15_KEYS = "pkcs15-keys"
    PKCS15_CERTIFICATES = "pkcs15-certificates"
    PKCS15_CODES = "pkcs15-codes"
    ATR_INFO = "atr-info"
    CARD_SECURITY = "card-security"
    LDS_COM = "lds-com"
    LDS_SOD = "lds-sod"
    DG1 = "dg1"
    DG2 = "dg2"
    DG3 = "dg3"
    DG4 = "dg4"
    DG5 = "dg5"
    DG6 = "dg6"
    DG7 = "dg7"
    DG8 = "dg8"
    DG9 = "dg9"
    DG10 = "dg10"
    DG11 = "dg11"
    DG12 = "dg12"
    DG13 = "dg13"
    DG14 = "dg14"
    DG15 = "dg15"
    DG16 = "dg16"
    RECORDS = "records"
    EMPTY = "empty"
    RECORDED = "recorded"


PERSONAL_DATA = (
    Content.SURNAME,
    Content.GIVEN_NAMES,
    Content.SEX,
    Content.CITIZENSHIP,
    Content.BIRTH_DATE,
    Content.BIRTH_PLACE,
    Content.BIRTH_DATE_AND_PLACE,
    Content.PERSONAL_CODE,
    Content.DOCUMENT_NUMBER,
    Content.ISSUE_DATE,
    Content.EXPIRY_DATE,
)

LDS_FILES = (
    Content.LDS_COM,
    Content.LDS_SOD,
    Content.DG1,
    Content.DG2,
    Content.DG3,
    Content.DG4,
    Content.DG5,
    Content.DG6,
    Content.DG7,
    Content.DG8,
    Content.DG9,
    Content.DG10,
    Content.DG11,
    Content.DG12,
    Content.DG13,
    Content.DG14,
    Content.DG15,
    Content.DG16,
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
KeyName = Literal["authentication", "signing"]
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
    "lds",
    "passive-authentication",
    "chip-authentication",
    "active-authentication",
]
PasswordName = Literal["MRZ", "CAN", "PIN", "PUK"]


class Strict(BaseModel):
    """A table whose keys are all known."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Fact(Strict):
    """A table of facts."""

    source: Text
    """Where this is known from; begins with "assumed:" where nobody published it."""
