"""A whole profile: its tables, how they refer to each other, and how it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from harness.errors import UsageError
from harness.profile.codes import PinRules
from harness.profile.document import Document, Loader, merged
from harness.profile.facts import (
    Deviation,
    Directory,
    File,
    KeyRules,
    Pace,
    Plan,
    Quirks,
    Radio,
    Recognition,
    SelectRules,
    Transmission,
)
from harness.profile.faults import explained, sentence
from harness.profile.travel import (
    ActiveAuthentication,
    Bac,
    ChipAuthentication,
    Lds,
    key_numbers_fault,
)
from harness.profile.travel_files import document_fault
from harness.profile.words import (
    MF,
    PERSONAL_DATA,
    Content,
    Interface,
    KeyName,
    Operation,
    PinName,
    Strict,
    Text,
)

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
        "sign": ("keys.signing.sign",),
        "lds": ("lds",),
        "passive-authentication": ("lds",),
        "chip-authentication": (),
        "active-authentication": ("active_authentication",),
    }
)


class Profile(Strict):
    """One card generation."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    title: Text
    country: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    country_code: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "ZZ"
    """The country in certificates (ISO 3166-1 alpha-2); ZZ: none."""
    family: Literal["ias-ecc", "ias-classic", "belpic", "mtcos", "npa", "emrtd"]
    """Which commands it speaks for PINs, keys and counters."""
    timing: Text = "typical"
    """The preset of computing times that a simulated read uses unless told otherwise."""
    unknown: tuple[Text, ...] = ()
    """What no source tells; the emulator's behaviour there is a choice, not a fact."""
    known_by_applications: bool = True
    """Whether a card with an unknown ATR is taken for this by the applications it lists."""
    recognise: Annotated[tuple[Recognition, ...], Field(min_length=1)]
    interfaces: Annotated[tuple[Interface, ...], Field(min_length=1)] = (
        Interface.CONTACTLESS,
        Interface.CONTACT,
    )
    """Where the eID application is offered, the usual one first."""
    radio: Radio | None = None
    transmission: Transmission
    select: SelectRules
    quirks: Quirks = Quirks(source="none declared")
    pace: Pace | None = None
    bac: Bac | None = None
    chip_authentication: tuple[ChipAuthentication, ...] = ()
    active_authentication: ActiveAuthentication | None = None
    lds: Lds | None = None
    directories: dict[str, Directory]
    files: dict[str, File]
    pins: dict[PinName, PinRules] = Field(default_factory=dict)
    keys: dict[KeyName, KeyRules] = Field(default_factory=dict)
    plans: dict[str, Plan]
    deviations: tuple[Deviation, ...] = ()
    """What its cards are known to do otherwise than the conformance catalogue demands."""

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        for table in ("files", "pins", "keys"):
            for key, entry in getattr(self, table).items():
                if entry.directory not in self.directories:
                    known = ", ".join(self.directories)
                    message = f"{table}.{key}.directory is not one of: {known}"
                    raise ValueError(message)
        if self.pace is not None and self.pace.select_first not in self.directories | self.files:
            known = ", ".join((*self.directories, *self.files))
            message = f"pace.select_first is not one of: {known}"
            raise ValueError(message)
        if self.pace is not None and self.pace.protocol_from == "card-access":
            self._require_card_access()
        for key, rules in self.keys.items():
            if rules.pin not in self.pins:
                message = f"keys.{key}.pin is not one of: {', '.join(self.pins)}"
                raise ValueError(message)
            if not any(file.content is rules.certificate for file in self.files.values()):
                message = f"keys.{key}.certificate is in no file: give one this content"
                raise ValueError(message)
            self._require_directory_files(key, rules)
        if "eidrig" not in self.plans:
            message = "plans.eidrig is missing"
            raise ValueError(message)
        return self

    def _require_directory_files(self, key: str, rules: KeyRules) -> None:
        held = {file.content for file in self.files.values() if file.directory == rules.directory}
        for content in (Content.PKCS15_OBJECTS, Content.PKCS15_TOKEN):
            if rules.found_by == "pkcs15" and content not in held:
                message = (
                    f"keys.{key}.found_by is pkcs15, but no file in {rules.directory} has the "
                    f"content {content}"
                )
                raise ValueError(message)

    def _require_card_access(self) -> None:
        if not any(file.content is Content.CARD_ACCESS for file in self.files.values()):
            message = "pace.protocol_from is card-access, but no file has the content card-access"
            raise ValueError(message)

    @model_validator(mode="after")
    def _interfaces_are_whole(self) -> Self:
        for interface in self.interfaces:
            if not any(entry.interface is interface for entry in self.recognise):
                message = f"recognise has no entry for {interface}, which interfaces names"
                raise ValueError(message)
        if Interface.CONTACTLESS in self.interfaces and self.radio is None:
            message = "radio: Field required where interfaces names contactless"
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

    @model_validator(mode="after")
    def _document_is_whole(self) -> Self:
        protocols = {
            "bac": self.bac,
            "chip_authentication": self.chip_authentication,
            "active_authentication": self.active_authentication,
        }
        if said := document_fault(self.files, self.lds, self.pace, protocols):
            raise ValueError(said)
        if said := key_numbers_fault(self.chip_authentication):
            raise ValueError(said)
        return self

    def _has(self, path: str) -> bool:
        """Whether there is something at TABLE, pins.NAME or keys.NAME.USE."""
        table, *rest = path.split(".")
        if not rest:
            return getattr(self, table) is not None
        name, *use = rest
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

    def file_in(self, directory: str, content: Content) -> File:
        """The file in a directory that holds `content`.

        Raises:
            UsageError: this generation has none there.
        """
        for file in self.files.values():
            if file.directory == directory and file.content is content:
                return file
        message = f"the profile {self.name} has no file with {content} in {directory}"
        raise UsageError(message)

    def needs_pace(self, interface: Interface) -> bool:
        """Whether a channel must be opened by PACE on this interface."""
        return self.pace is not None and interface in self.pace.needed_on

    @property
    def lds_directory(self) -> str:
        """The path of the directory with the data groups.

        Raises:
            UsageError: this generation has none.
        """
        return self.directories[self.file_with(Content.DG1).directory].path

    def needs_channel(self, interface: Interface) -> bool:
        """Whether a channel must be opened by PACE or BAC on this interface."""
        bac = self.bac is not None and interface in self.bac.needed_on
        return bac or self.needs_pace(interface)

    @property
    def own_radio(self) -> Radio:
        """The card in the field.

        Raises:
            UsageError: nothing is known about the card there.
        """
        if self.radio is None:
            message = f"the profile {self.name} tells nothing about the card without contact"
            raise UsageError(message)
        return self.radio

    @property
    def own_pace(self) -> Pace:
        """The card's PACE.

        Raises:
            UsageError: nothing is known about PACE with this card.
        """
        if self.pace is None:
            message = f"the profile {self.name} tells nothing about PACE"
            raise UsageError(message)
        return self.pace

    @property
    def listed(self) -> frozenset[bytes]:
        """The AIDs that EF.DIR lists, where the card has one."""
        if not any(file.content is Content.DIRECTORY for file in self.files.values()):
            return frozenset()
        places = self.directories.values()
        return frozenset(place.aid for place in places if place.aid and place.path != MF)

    @property
    def personal_files(self) -> tuple[File, ...]:
        """The files of the directory `personal`, the document number first: it marks the card."""
        files = (file for file in self.files.values() if file.directory == "personal")
        known = (f for f in files if f.content in PERSONAL_DATA or f.content is Content.RECORDS)
        return tuple(sorted(known, key=lambda file: file.content is not Content.DOCUMENT_NUMBER))

    def recognition_of(self, atr: bytes) -> Recognition | None:
        """Which entry of `recognise` this ATR fits, or None."""
        return next((entry for entry in self.recognise if entry.fits(atr)), None)


def parse_profile(text: str, where: str, load: Loader | None = None) -> Profile:
    """Read a profile from TOML; `where` names it in errors, `load` finds what it extends.

    Raises:
        UsageError: not TOML, or a field is missing, misspelt or out of its range; the message
            names each field with what it allows.
    """
    document = merged(text, where, load)
    if found := "; ".join(sentence(*each) for each in problems(document)):
        message = f"{where} is not a valid profile: {found}"
        raise UsageError(message)
    return Profile.model_validate(document)


def problems(document: Document) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with a merged document: where, and what is allowed there.

    TOML knows numbers from texts, so a text is never taken for a number or for true.
    """
    try:
        Profile.model_validate_json(json.dumps(document, default=str), strict=True)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            yield explained(each, Profile)
