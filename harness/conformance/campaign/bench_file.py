"""A station in a file: where a lab's card lies, what it is, and where its codes come from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator

from harness.errors import UsageError
from harness.profile.words import Strict, Text
from harness.station import PLACES
from harness.transport.credential import SOURCES
from harness.transport.storage import read_text

_SOURCE = r"^(env:.+|file:.+|prompt|keyring:.+)$"
_PLACE = re.compile(r" \(at [^()]*\)$")
Source = Annotated[str, Field(pattern=_SOURCE)]


class Reader(Strict):
    """What reads the card, and how the card lies on it."""

    name: str = ""
    position: str = ""
    height_mm: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class Sources(Strict):
    """Where each code comes from; never the code itself."""

    can: Source | None = None
    mrz: Source | None = None
    pin1: Source | None = None
    pin2: Source | None = None
    puk: Source | None = None


class BenchFile(Strict):
    """A lab writes it once for each of its places."""

    card: Text
    profile: Text
    trust: tuple[Text, ...] = ()
    """Files with the issuers' certificates, relative to this file."""
    reader: Reader = Reader()
    codes: Sources = Sources()

    @field_validator("card")
    @classmethod
    def _is_place(cls, value: str) -> str:
        kinds = [place.strip().partition(":")[0] for place in PLACES.split(",")]
        if value.partition(":")[0] not in kinds or ":" not in value:
            message = f"one of {PLACES}"
            raise ValueError(message)
        return value


def read_bench_file(path: Path) -> BenchFile:
    """A station from a TOML file; docs/certify.md describes every key.

    Raises:
        UsageError: it cannot be read, or a key is missing, misspelt or out of its range; the
            message names each key with what it allows, and never a code.
    """
    try:
        document = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        # Only the place of the mistake is told: the text there could hold a code.
        place = _PLACE.search(str(error))
        message = f"{path} is not valid TOML{place.group() if place else ''}"
        raise UsageError(message) from None
    try:
        return BenchFile.model_validate(document)
    except ValidationError as error:
        found = "; ".join(
            _said(tuple(map(str, each["loc"])), each["type"], each["msg"])
            for each in error.errors(include_url=False, include_input=False)
        )
        message = f"{path} is no station: {found}"
        raise UsageError(message) from None


def _said(place: tuple[str, ...], kind: str, said: str) -> str:
    """A problem at its key; a source is not shown, it might be the code itself."""
    if kind == "extra_forbidden":
        tables: dict[str, type[Strict]] = {"reader": Reader, "codes": Sources}
        table = tables[place[0]] if len(place) > 1 else BenchFile
        return f"{'.'.join(place)}: there are only {', '.join(table.model_fields)}"
    if kind == "missing":
        return f"{'.'.join(place)} is missing"
    if place[0] == "codes":
        said = f"use {SOURCES}"
    return f"{'.'.join(place)}: {said}"
