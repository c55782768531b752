"""On what a benchmark ran: machine, commit and versions, in the words of pytest-benchmark."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from harness import __version__
from harness.profile import Profile

_LIBRARIES = ("cryptography", "fastecdsa", "asn1crypto", "pyscard", "nfcpy")
_HERE = Path(__file__).parent


def machine_info() -> dict[str, object]:
    """Node, processor, Python and system."""
    return {
        "node": platform.node(),
        "processor": platform.processor(),
        "machine": platform.machine(),
        "python_compiler": platform.python_compiler(),
        "python_implementation": platform.python_implementation(),
        "python_implementation_version": platform.python_version(),
        "python_version": platform.python_version(),
        "python_build": list(platform.python_build()),
        "release": platform.release(),
        "system": platform.system(),
        "cpu": {"brand_raw": _processor()},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def commit_info() -> dict[str, object]:
    """The commit that this package was checked out at; "unversioned" where it is installed."""
    return {
        "id": _git("rev-parse", "HEAD") or "unversioned",
        "time": _git("show", "-s", "--format=%cI"),
        "author_time": _git("show", "-s", "--format=%aI"),
        "dirty": bool(_git("status", "--porcelain")),
        "project": "eidrig",
        "branch": _git("rev-parse", "--abbrev-ref", "HEAD") or "(unknown)",
    }


def _git(*arguments: str) -> str | None:
    if not (_HERE.parent.parent / ".git").exists():
        return None
    try:
        ran = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", str(_HERE), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ran.stdout.strip()


def versions() -> dict[str, str]:
    """This package and the libraries it works with, where they are installed."""
    found = {"eidrig": __version__}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def profile_hash(profile: Profile) -> str:
    """SHA-256 of the profile's facts, in hexadecimal."""
    return hashlib.sha256(profile.model_dump_json(by_alias=True).encode()).hexdigest()
