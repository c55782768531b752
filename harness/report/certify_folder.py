"""The folder of a run: every file whole or not at all, and sealed at the end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from harness.conformance.campaign.record import Report
from harness.errors import UsageError
from harness.report.certify import Minutes
from harness.report.certify_page import as_page
from harness.report.junit import as_junit
from harness.report.manifest import seal, unseal
from harness.transport.storage import read_bytes, write_atomic

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Folder:
    """Writes report.json, report.html, junit.xml and environment.json beside ledger and traces."""

    path: Path

    def begin(self) -> None:
        """Take the seal of an earlier run away, and make room for traces."""
        unseal(self.path)
        (self.path / "traces").mkdir(exist_ok=True)

    def write(self, minutes: Minutes) -> Report:
        """Write the report as things stand now.

        Raises:
            UsageError: a library of the report is missing, or a file cannot be written.
        """
        report = minutes.report()
        page = as_page(report, self.path)
        documents: dict[str, str | bytes] = {
            "report.json": as_json(report),
            "report.html": page,
            "junit.xml": as_junit(report),
            "environment.json": _environment(report),
        }
        for name, content in documents.items():
            write_atomic(self.path / name, content)
        return report

    def seal(self, key: Ed25519PrivateKey | None) -> None:
        """Write the manifest, and sign it with a key."""
        seal(self.path, key)


def require_libraries() -> None:
    """See to it that the report can be made.

    Raises:
        UsageError: a library of the report is not installed.
    """
    for name in ("jinja2", "junitparser"):
        if find_spec(name) is None:
            message = f"the report needs {name}: pip install 'eidrig[certify]'"
            raise UsageError(message)


def read_report(folder: Path) -> Report:
    """The report in a folder.

    Raises:
        UsageError: there is none.
    """
    raw = read_bytes(folder / "report.json")
    try:
        return Report.model_validate_json(raw)
    except ValueError:
        message = f"{folder / 'report.json'} is no report of eidrig certify"
        raise UsageError(message) from None


def as_json(report: Report) -> str:
    """The text of report.json; docs/certify.schema.json describes it."""
    return report.model_dump_json(by_alias=True, indent=1) + "\n"


def _environment(report: Report) -> str:
    """What the run depends on, apart from its results."""
    document = report.model_dump(mode="json", include={"conditions", "environment"})
    return json.dumps(document, indent=1) + "\n"
