"""Where a CAN or a PIN comes from: the environment, a file, a person, or the desktop's keyring."""

from __future__ import annotations

import getpass
import os
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from harness.errors import UsageError
from harness.mrz import password_of
from harness.secret import Can, Digits, Pin, Puk, Secret
from harness.transport.storage import read_text

if TYPE_CHECKING:
    from collections.abc import Callable

    D = TypeVar("D", bound=Digits)

CODES = ("CAN", "MRZ", "PIN1", "PIN2", "PUK")
SOURCES = "env:NAME, file:PATH, prompt or keyring:SERVICE[/USER]"


def ask(source: str, kind: type[D], name: str | None = None) -> D:
    """Fetch a secret of `kind` from a source such as `env:CAN`, `file:can.txt` or `prompt`.

    `name` is what a person is asked for, and the keyring's user by default ("PIN1"); without it the
    kind's own label. No message ever holds the value.

    Raises:
        UsageError: the source is not one, has nothing, or what it has is no secret of that kind.
    """
    return kind(_fetched(source, name or kind.label))


def _fetched(source: str, name: str) -> str:
    how, _, where = source.partition(":")
    fetch = _FETCHERS.get(how)
    if fetch is None or (how == "prompt") == bool(where):
        # Not shown: somebody may have given the secret itself.
        message = f"that is not a source of a secret; use {SOURCES}"
        raise UsageError(message)
    return fetch(where, name)


def ask_any(source: str, name: str) -> Secret:
    """Fetch the code called `name`, one of `CODES`.

    The MRZ is the whole zone, or document number, date of birth and date of expiry (YYMMDD), with
    commas or spaces between.

    Raises:
        UsageError: as `ask`, or the MRZ has another form.
    """
    if name != "MRZ":
        kinds: dict[str, type[Digits]] = {"CAN": Can, "PUK": Puk}
        return ask(source, kinds.get(name, Pin), name)
    return password_of(_fetched(source, name))


def _from_environment(variable: str, name: str) -> str:
    if variable in os.environ:
        return os.environ[variable]
    message = f"there is no {name}: the environment variable {variable} is not set"
    raise UsageError(message)


def _from_file(path: str, _name: str) -> str:
    return read_text(Path(path).expanduser()).removesuffix("\n")


def _from_prompt(_where: str, name: str) -> str:
    with warnings.catch_warnings():
        # getpass warns before it would read from something that shows what is typed.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(f"{name}: ")
        except (getpass.GetPassWarning, EOFError, OSError) as error:
            message = (
                f"there is no terminal to ask for the {name}; take it from env:NAME or file:PATH"
            )
            raise UsageError(message) from error


def _from_keyring(entry: str, name: str) -> str:
    service, _, user = entry.partition("/")
    user = user or name
    try:
        keyring = import_module("keyring")
    except ImportError as error:
        message = "the keyring needs a library; install it with: pip install 'eidrig[keyring]'"
        raise UsageError(message) from error
    try:
        value: str | None = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        message = f"the keyring cannot be asked for the {name} ({type(error).__name__})"
        raise UsageError(message) from error
    if value is None:
        message = f"there is no {name} in the keyring; put it in with: keyring set {service} {user}"
        raise UsageError(message)
    return value


_FETCHERS: dict[str, Callable[[str, str], str]] = {
    "env": _from_environment,
    "file": _from_file,
    "prompt": _from_prompt,
    "keyring": _from_keyring,
}
