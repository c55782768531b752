"""Secrets come from where the caller says, and no failure tells them."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from harness.errors import UsageError
from harness.secret import Can, Pin
from harness.transport.credential import ask

if TYPE_CHECKING:
    from pathlib import Path

ASK = """
from harness.errors import UsageError
from harness.secret import Can
from harness.transport.credential import ask
try:
    print("length", len(ask("prompt", Can)))
except UsageError as error:
    print(error)
"""


class KeyringError(Exception):
    """Stands for the library's own error."""


def keyring(entries: dict[tuple[str, str], str]) -> SimpleNamespace:
    """Return a module like `keyring` that holds these entries."""

    def get_password(service: str, user: str) -> str | None:
        if service == "locked":
            raise KeyringError
        return entries.get((service, user))

    return SimpleNamespace(
        get_password=get_password, errors=SimpleNamespace(KeyringError=KeyringError)
    )


@pytest.fixture
def can_file(tmp_path: Path) -> Path:
    """A private file with a CAN and a line end."""
    file = tmp_path / "can.txt"
    file.write_text("123456\r\n")
    file.chmod(0o600)
    return file


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """`env:` takes the value of a variable."""
    monkeypatch.setenv("THE_CAN", "123456")
    assert ask("env:THE_CAN", Can) == Can("123456")


def test_from_an_unset_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is not set is named, with the secret that was wanted."""
    monkeypatch.delenv("THE_PIN", raising=False)
    with pytest.raises(UsageError, match="no PIN1: the environment variable THE_PIN is not set"):
        ask("env:THE_PIN", Pin, "PIN1")


def test_from_a_file(can_file: Path) -> None:
    """`file:` takes what the file holds, without the line end."""
    secret = ask(f"file:{can_file}", Can)
    assert isinstance(secret, Can)
    assert secret == Can("123456")


def test_from_a_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(UsageError, match="cannot be read"):
        ask(f"file:{tmp_path / 'can.txt'}", Can)


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_from_a_file_as_a_default_umask_makes_it(can_file: Path) -> None:
    """A file that others may read serves too: who may read it is its owner's choice."""
    can_file.chmod(0o644)
    assert ask(f"file:{can_file}", Can) == Can("123456")


@pytest.mark.parametrize("value", ["12345", "1234567", "12345x", "123456\n7", ""])
def test_what_is_no_can_is_refused_unseen(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A value of the wrong form is refused, and the message tells only how long it was."""
    monkeypatch.setenv("THE_CAN", value)
    with pytest.raises(UsageError) as refused:
        ask("env:THE_CAN", Can)
    assert str(refused.value) == f"the CAN must be 6 digits; got {len(value)} characters"


@pytest.mark.parametrize(
    "source", ["123456", "", "env", "env:", "file:", "keyring:", "prompt:now", "ENV:X", "123456:"]
)
def test_a_source_that_is_none_is_refused_unseen(source: str) -> None:
    """A mistaken source, which may be the CAN itself, is not shown; the right ones are."""
    with pytest.raises(UsageError, match="use env:NAME, file:PATH, prompt or keyring:") as refused:
        ask(source, Can)
    assert "123456" not in str(refused.value)


def test_prompt_without_a_terminal_says_what_else(tmp_path: Path) -> None:
    """Where nobody can type, the prompt points to the other sources and reads nothing."""
    piped = tmp_path / "input"
    piped.write_text("123456\n")
    with piped.open() as stdin:
        told = subprocess.run(
            [sys.executable, "-c", ASK],
            stdin=stdin,
            capture_output=True,
            check=True,
            text=True,
            start_new_session=True,
        )
    assert told.stdout.strip() == (
        "there is no terminal to ask for the CAN; take it from env:NAME or file:PATH"
    )


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX")
def test_prompt_on_a_terminal_shows_nothing() -> None:
    """At a terminal the name of the secret is asked for and what is typed is not echoed."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", ASK],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    ) as person:
        shown = os.read(ours, 100)
        os.write(ours, b"123456\n")
        told, _ = person.communicate(timeout=30)
    shown += os.read(ours, 100)
    os.close(ours)
    os.close(theirs)
    assert shown.replace(b"\r\n", b"") == b"CAN: "
    assert told == b"length 6\n"


@pytest.mark.parametrize("source", ["keyring:eidrig/PIN1", "keyring:eidrig"])
def test_from_the_keyring(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """`keyring:` takes the entry of a service, for the secret's own name unless one is given."""
    monkeypatch.setitem(sys.modules, "keyring", keyring({("eidrig", "PIN1"): "1234"}))
    assert ask(source, Pin, "PIN1") == Pin("1234")


def test_a_missing_keyring_entry_says_how_to_make_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that is not there is answered with the command that stores it."""
    monkeypatch.setitem(sys.modules, "keyring", keyring({}))
    with pytest.raises(UsageError, match="keyring set eidrig CAN"):
        ask("keyring:eidrig", Can)


def test_a_locked_keyring_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyring that refuses is reported as such."""
    monkeypatch.setitem(sys.modules, "keyring", keyring({}))
    with pytest.raises(UsageError, match=r"cannot be asked for the CAN \(KeyringError\)"):
        ask("keyring:locked", Can)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyring source without the library says what to install."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UsageError, match=r"pip install 'eidrig\[keyring\]'"):
        ask("keyring:eidrig", Can)
