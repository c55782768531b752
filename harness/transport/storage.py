"""Files, read with a clear word when they cannot be, written whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from harness.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def read_bytes(path: Path) -> bytes:
    """Return what a file holds.

    Raises:
        UsageError: there is no such file, or it may not be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise UsageError(message) from error


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, each line end as one newline.

    Raises:
        UsageError: there is no such file, it may not be read, or it is not UTF-8.
    """
    raw = read_bytes(path)
    with suppress(UnicodeDecodeError):  # which would carry what the file holds
        return raw.decode("utf-8").replace("\r\n", "\n")
    message = f"{path} is not a text file in UTF-8"
    raise UsageError(message)


def require_writable(path: Path) -> None:
    """See to it, before any work is done for it, that a file can be written.

    Raises:
        UsageError: its folder is missing or may not be written to.
    """
    if path.exists() and not path.is_file():
        if path.is_dir() or not os.access(path, os.W_OK):
            message = f"{path} cannot be written: it is no file"
            raise UsageError(message)
        return
    folder = path.resolve().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        message = f"{path} cannot be written: {folder} is no folder that can be written to"
        raise UsageError(message)


def require_all_writable(*paths: Path | None) -> None:
    """The same for every file that was asked for, none of them twice.

    Raises:
        UsageError: one cannot be written, or two results would go into one file.
    """
    asked = [path for path in paths if path is not None]
    for path in asked:
        require_writable(path)
        same = [other for other in asked if other.resolve() == path.resolve()]
        if len(same) > 1 and (path.is_file() or not path.exists()):
            message = f"{path} cannot hold two results; name another file for one of them"
            raise UsageError(message)


def write_atomic(path: Path, data: bytes | str) -> None:
    """Replace a file by `data` (text as UTF-8) so that a reader finds the old or the new, whole.

    The permissions of a file that was there stay; a new one is its owner's alone, as it may hold
    what a card says of its holder. A pipe or a device is written into, never replaced.

    Raises:
        UsageError: the file cannot be written there; what was there before is untouched.
    """
    raw = data.encode("utf-8") if isinstance(data, str) else data
    if path.exists() and not path.is_file():
        _write_into(path, raw)
        return
    target = path.resolve()
    draft = target.with_name(f".{target.name}.{os.getpid()}.draft")
    try:
        _write_through(draft, raw)
        if target.exists():
            shutil.copymode(target, draft)
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        message = f"{path} cannot be written: {error.strerror}"
        raise UsageError(message) from error
    except BaseException:  # interrupted
        draft.unlink(missing_ok=True)
        raise


def _write_into(path: Path, data: bytes) -> None:
    try:
        with path.open("wb") as device:
            device.write(data)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise UsageError(message) from error


def _write_through(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def append_durably(path: Path, text: str) -> None:
    """Add text to the end of a file; when this returns it outlives a crash of the machine.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise UsageError(message) from error
