"""The built-in profiles, and those in files."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from harness.errors import UsageError
from harness.profile import Profile, merged, parse_profile
from harness.profile.document import Document
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
    return parse_profile(*find_text(name), find_text)


def find_text(name_or_path: str, named_in: str = "") -> tuple[str, str]:
    """The text of a profile and where it is; a path may be relative to the file that names it.

    Raises:
        UsageError: neither a built-in name nor a file that can be read.
    """
    if name_or_path in builtin_names():
        text = (_folder() / f"{name_or_path}.toml").read_text(encoding="utf-8")
        return text, f"the built-in profile {name_or_path}"
    if not name_or_path.endswith(".toml") and "/" not in name_or_path:
        known = ", ".join(builtin_names())
        message = f"there is no profile {name_or_path}; there are {known}, or give a .toml file"
        if Path(f"{name_or_path}.toml").exists():
            message += f", such as {name_or_path}.toml, which is here"
        raise UsageError(message)
    path = Path(named_in).parent / name_or_path if named_in else Path(name_or_path)
    return read_text(path), str(path)


def document_of(name_or_path: str) -> Document:
    """The merged document of a profile, whether or not it is valid.

    Raises:
        UsageError: it cannot be found or is not TOML.
    """
    return merged(*find_text(name_or_path), find_text)


def load_profile(name_or_path: str) -> Profile:
    """A profile by built-in name, or from a TOML file.

    Raises:
        UsageError: neither a name nor a file, or a file that is no valid profile.
    """
    return parse_profile(*find_text(name_or_path), find_text)


def matching(atr: bytes) -> list[Profile]:
    """Every built-in profile that is to be taken for this ATR, in order of their names."""
    known = ((each, each.recognition_of(atr)) for each in map(builtin, builtin_names()))
    return [profile for profile, entry in known if entry is not None and not entry.only_named]


def listing(applications: frozenset[bytes]) -> Profile | None:
    """The one built-in profile whose EF.DIR lists just these applications, or None."""
    profiles = map(builtin, builtin_names())
    found = [
        each
        for each in profiles
        if each.known_by_applications and each.listed and each.listed == applications
    ]
    return found[0] if len(found) == 1 else None


def recognise(atr: bytes) -> Profile:
    """The built-in profile whose cards answer with this ATR.

    Raises:
        UsageError: no profile knows it.
    """
    found = matching(atr)
    if found:
        return found[0]
    known = ", ".join(builtin_names())
    message = (
        f"no profile knows a card with ATR {atr.hex().upper()}; "
        f"name its profile ({known}, or a .toml file), or look at it with eidrig inspect"
    )
    raise UsageError(message)
