"""The built-in profiles, and those in files."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from harness.errors import UsageError
from harness.profile import Profile, parse_profile
from harness.transport.storage import read_text

DEFAULT_PROFILE = "est-idemia-2018"


def _folder() -> Traversable:
    installed = files("harness") / "card_profiles"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "card_profiles"


def builtin_names() -> list[str]:
    """The names of the profiles that come with the package, in order."""
    entries = (entry.name for entry in _folder().iterdir())
    return sorted(name.removesuffix(".toml") for name in entries if name.endswith(".toml"))


def builtin(name: str) -> Profile:
    """One profile that comes with the package."""
    text = (_folder() / f"{name}.toml").read_text(encoding="utf-8")
    return parse_profile(text, f"the built-in profile {name}")


def load_profile(name_or_path: str) -> Profile:
    """A profile by built-in name, or from a TOML file.

    Raises:
        UsageError: neither a name nor a file, or a file that is no valid profile.
    """
    if name_or_path in builtin_names():
        return builtin(name_or_path)
    if not name_or_path.endswith(".toml") and "/" not in name_or_path:
        known = ", ".join(builtin_names())
        message = f"there is no profile {name_or_path}; there are {known}, or give a .toml file"
        raise UsageError(message)
    return parse_profile(read_text(Path(name_or_path)), name_or_path)


def recognise(atr: bytes) -> Profile:
    """The built-in profile whose cards answer with this ATR.

    Raises:
        UsageError: no profile knows it.
    """
    for name in builtin_names():
        if builtin(name).recognition_of(atr) is not None:
            return builtin(name)
    known = ", ".join(builtin_names())
    message = (
        f"no profile knows a card with ATR {atr.hex().upper()}; "
        f"name its profile ({known}, or a .toml file)"
    )
    raise UsageError(message)
