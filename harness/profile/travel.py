"""The tables of an electronic passport or ICAO identity card (ICAO 9303-10 and 9303-11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from harness.profile.words import Fact, Interface, Strict, Sw, Text
from harness.security_info import describe_oid, is_chip_authentication

Digest = Literal["sha1", "sha224", "sha256", "sha384", "sha512"]
KeyKind = Literal[
    "rsa-1024",
    "rsa-1280",
    "rsa-1536",
    "rsa-2048",
    "rsa-3072",
    "rsa-4096",
    "secp224r1",
    "secp256r1",
    "secp384r1",
    "secp521r1",
    "brainpoolP256r1",
    "brainpoolP384r1",
    "brainpoolP512r1",
]
ParameterId = Literal[0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
"""A group by its number in ICAO 9303-11, table 12: 0 to 2 of numbers, 8 to 18 curves."""


class Bac(Fact):
    """Basic Access Control (ICAO 9303-11, 4.3)."""

    needed_on: tuple[Interface, ...] = (Interface.CONTACTLESS,)
    """The interfaces on which nothing but open files can be used before BAC, or PACE."""
    wrong_keys: Sw = 0x6300
    """The answer to EXTERNAL AUTHENTICATE with the keys of another document."""
    without_challenge: Sw = 0x6985
    """The answer to EXTERNAL AUTHENTICATE without a fresh challenge."""
    inside_channel: Sw = 0x6982
    """The answer to BAC where a channel stands already."""


def _is_chip_authentication_oid(oid: str) -> str:
    if not is_chip_authentication(oid):
        message = f"oid is not a chip authentication protocol: {describe_oid(oid)}"
        raise ValueError(message)
    return oid


class ChipAuthentication(Fact):
    """One static key agreement key of the chip (ICAO 9303-11, 6.2); DG14 lists it."""

    oid: Annotated[Text, AfterValidator(_is_chip_authentication_oid)]
    version: Literal[1] = 1
    parameter_id: ParameterId
    explicit_parameters: bool = True
    """Whether the public key spells its group out, or names it by number (TR-03110-3, A.2.1.1)."""
    key_id: Annotated[int, Field(ge=0, le=255)] | None = None
    """The number of the key; needed where there are several."""


def key_numbers_fault(keys: Sequence[ChipAuthentication]) -> str | None:
    """What is wrong with the numbers of several keys, or None."""
    numbers = [each.key_id for each in keys]
    if len(set(numbers)) != len(numbers) or (len(numbers) > 1 and None in numbers):
        return "chip_authentication: several keys need numbers that tell them apart (key_id)"
    return None


class ActiveAuthentication(Fact):
    """The key that signs the terminal's challenge (ICAO 9303-11, 6.1); DG15 holds its public half.

    RSA signs as ISO/IEC 9796-2, scheme 1; ECDSA gives r || s.
    """

    kind: KeyKind
    hash: Digest


class Signer(Strict):
    """The keys of country and document signer, and how they sign (ICAO 9303-12, 4.4)."""

    kind: KeyKind
    scheme: Literal["ecdsa", "rsa-pkcs1", "rsa-pss"]
    hash: Digest
    explicit_parameters: bool = False
    """Whether certificates spell a curve out, as 9303-12, 4.4 has it, or name it, as many do."""

    @model_validator(mode="after")
    def _scheme_suits_the_key(self) -> Self:
        if self.kind.startswith("rsa-") != self.scheme.startswith("rsa-"):
            message = f"scheme {self.scheme} cannot be used with a key of kind {self.kind}"
            raise ValueError(message)
        if self.explicit_parameters and self.kind.startswith("rsa-"):
            message = "explicit_parameters belongs to a key on a curve"
            raise ValueError(message)
        return self


class Lds(Fact):
    """The logical data structure: which document it is, and how it is made (ICAO 9303-10)."""

    version: Literal["0107", "0108"] = "0107"
    """The version of the structure; with 0108 the SOD tells it, too (9303-10, 4.6.2.2)."""
    unicode: Annotated[str, Field(pattern=r"^[0-9]{6}$")] = "040000"
    document: Literal["TD1", "TD2", "TD3"]
    """The size of the document, and so the form of its machine readable zone."""
    face_format: Literal["jpeg", "jpeg2000"] = "jpeg"
    face_size: Annotated[int, Field(ge=2000, le=200_000)] = 15_000
    """About how many bytes the face image takes."""
    digest: Digest
    """What the data groups are hashed with."""
    signer: Signer
