"""Chromium, where it is installed, as a printer of pages."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from harness.errors import UsageError
from harness.transport.machine import is_superuser
from harness.transport.storage import write_atomic

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 120.0  # seconds


def print_to_pdf(page: Path, pdf: Path) -> None:
    """Print a file of HTML into a PDF.

    Raises:
        UsageError: there is no Chromium, or it prints nothing.
    """
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        message = "a PDF needs Chromium, which is not installed (Debian: chromium)"
        raise UsageError(message)
    with tempfile.TemporaryDirectory(prefix="eidrig-") as folder:
        printed = Path(folder) / "page.pdf"
        options = ["--headless", "--disable-gpu", "--no-pdf-header-footer"]
        options += ["--no-sandbox"] if is_superuser() else []  # which root cannot have
        options += [f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}"]
        _run([program, *options, page.resolve().as_uri()])
        if not printed.is_file():
            message = f"{program} printed nothing"
            raise UsageError(message)
        write_atomic(pdf, printed.read_bytes())


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE)  # noqa: S603 - found on the path
    except (OSError, subprocess.SubprocessError) as error:
        message = f"{command[0]} cannot print ({type(error).__name__})"
        raise UsageError(message) from None
