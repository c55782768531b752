"""The results of a run in a file to which each is added as it comes, whatever happens next."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from harness.conformance.campaign.record import Record
from harness.errors import UsageError
from harness.profile.words import Strict
from harness.transport.storage import append_durably, read_bytes, write_atomic

FILE = "results.jsonl"


class Identity(Strict):
    """What must be the same for results to belong together."""

    started: str
    profile: str
    profile_hash: str
    card: str
    interface: str = ""
    seed: int
    samples: int
    eidrig: str

    def differences(self, other: Identity) -> tuple[str, ...]:
        """In what another run differs, in the words of the options."""
        names = {"profile_hash": "the facts of the profile", "eidrig": "the version of eidrig"}
        return tuple(
            names.get(name, f"the {name}")
            for name in type(self).model_fields
            if name != "started" and getattr(self, name) != getattr(other, name)
        )


class Ledger:
    """Opens or begins the results of a run in a folder; `records` has the latest of each run.

    Raises:
        UsageError: the folder holds another run, or is no folder that can be written to.
    """

    def __init__(self, folder: Path, identity: Identity) -> None:
        self._path = folder / FILE
        self.records: dict[str, Record] = {}
        self.identity = identity
        if self._path.exists():
            self._resume()
        else:
            _require_empty(folder)
            write_atomic(self._path, identity.model_dump_json() + "\n")

    def _resume(self) -> None:
        head, *lines = self._whole_lines()
        try:
            found = Identity.model_validate_json(head)
            differences = found.differences(self.identity)
            self.records = {record.id: record for record in map(_record, lines)}
        except ValidationError:
            message = f"{self._path} holds no results of eidrig certify; name another --out"
            raise UsageError(message) from None
        if differences and not self.records:  # nothing was found yet that could be mixed up
            write_atomic(self._path, self.identity.model_dump_json() + "\n")
            return
        if differences:
            message = (
                f"{self._path.parent} holds a run that differs in {' and '.join(differences)}; "
                "name another --out, or repeat the command as it was"
            )
            raise UsageError(message)
        self.identity = found

    def _whole_lines(self) -> list[bytes]:
        """Every line that was written to its end; the torn rest of one is cut off."""
        raw = read_bytes(self._path)
        whole = raw[: raw.rfind(b"\n") + 1]
        if len(whole) < len(raw):
            os.truncate(self._path, len(whole))
        return whole.splitlines() or [b""]

    def add(self, record: Record) -> None:
        """Keep a record for good.

        Raises:
            UsageError: the file cannot be written.
        """
        self.records[record.id] = record
        append_durably(self._path, record.model_dump_json(exclude_defaults=True) + "\n")


def _record(line: bytes) -> Record:
    return Record.model_validate_json(line)


def _require_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        strangers = sorted(each.name for each in folder.iterdir())
    except OSError as error:
        message = f"{folder} cannot be written to: {error.strerror}"
        raise UsageError(message) from error
    if strangers:
        message = (
            f"{folder} holds {strangers[0]} and no results of eidrig certify; "
            "name a folder that is empty or not there yet"
        )
        raise UsageError(message)
