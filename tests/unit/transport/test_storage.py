"""Files are read with a clear word and written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.transport import storage


@pytest.mark.parametrize("data", [b"\x00\xff", "Mari-Liis Männik\n", b""])
def test_what_was_written_is_read(tmp_path: Path, data: bytes | str) -> None:
    """Bytes and text come back as they were written, and nothing else is left behind."""
    file = tmp_path / "state.json"
    storage.write_atomic(file, "older")
    storage.write_atomic(file, data)
    assert (storage.read_text(file) if isinstance(data, str) else storage.read_bytes(file)) == data
    assert list(tmp_path.iterdir()) == [file]


def test_text_has_one_kind_of_line_end(tmp_path: Path) -> None:
    """A file edited on Windows reads like any other."""
    file = tmp_path / "person.toml"
    file.write_bytes(b"a\r\nb\r\n")
    assert storage.read_text(file) == "a\nb\n"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Reading what is not there names the path and the reason."""
    with pytest.raises(UsageError, match=r"nothing\.toml cannot be read: No such file"):
        storage.read_text(tmp_path / "nothing.toml")


def test_a_folder_cannot_be_read(tmp_path: Path) -> None:
    """A folder given for a file is the caller's mistake."""
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        storage.read_bytes(tmp_path)


def test_bytes_that_are_no_text_are_not_shown(tmp_path: Path) -> None:
    """A file that is not UTF-8 is refused without a trace of what it holds."""
    file = tmp_path / "can.txt"
    file.write_bytes(b"12\xff456")
    with pytest.raises(UsageError, match="not a text file") as refused:
        storage.read_text(file)
    assert refused.value.__context__ is None


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk fails at the last moment the old file is whole and no draft is left."""
    file = tmp_path / "state.json"
    storage.write_atomic(file, "old")

    def full(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UsageError, match=r"state\.json cannot be written: No space left"):
        storage.write_atomic(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_writing_into_no_folder_is_refused(tmp_path: Path) -> None:
    """A folder that is not there is named, and not made."""
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        storage.write_atomic(tmp_path / "missing" / "state.json", "data")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="permission bits and links are POSIX")
def test_permissions_and_links_stay(tmp_path: Path) -> None:
    """A private file stays private, and a link stays a link to the file written."""
    file, link = tmp_path / "state.json", tmp_path / "link.json"
    file.write_text("old")
    file.chmod(0o600)
    link.symlink_to(file)
    storage.write_atomic(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_place_is_tried_beforehand(tmp_path: Path) -> None:
    """A file whose folder is missing, or is none, is refused before any work is done for it."""
    storage.require_writable(tmp_path / "new.json")
    (tmp_path / "file").touch()
    for place in (tmp_path / "missing" / "new.json", tmp_path / "file" / "new.json"):
        with pytest.raises(UsageError, match=r"new\.json cannot be written: .* is no folder"):
            storage.require_writable(place)


def test_two_results_never_share_a_file(tmp_path: Path) -> None:
    """A file that is named for two results is refused by whichever name; a device takes both."""
    file = tmp_path / "out"
    storage.require_all_writable(file, None, tmp_path / "other")
    with pytest.raises(UsageError, match=r"out cannot hold two results; name another file"):
        storage.require_all_writable(file, tmp_path / "folder" / ".." / "out")
    storage.require_all_writable(Path(os.devnull), Path(os.devnull))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are POSIX")
def test_a_pipe_is_written_into_and_stays_one(tmp_path: Path) -> None:
    """What is no file is never replaced by one: a pipe delivers the data and is still a pipe."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        storage.require_writable(pipe)
        storage.write_atomic(pipe, "data")
        assert os.read(reader, 16) == b"data"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    """What may hold a person's data can be read by nobody else."""
    file = tmp_path / "run.json"
    storage.write_atomic(file, "data")
    assert file.stat().st_mode & 0o777 == 0o600
