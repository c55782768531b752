"""A sealed folder: whatever is done to it afterwards is noticed, and named."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import CheckError, UsageError
from harness.report.manifest import (
    checking_key,
    fingerprint,
    new_keys,
    seal,
    signing_key,
    verify,
)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """A private and a public key as files."""
    files = tmp_path / "lab.key", tmp_path / "lab.pub"
    for file, pem in zip(files, new_keys(), strict=True):
        file.write_bytes(pem)
    return files


@pytest.fixture
def folder(tmp_path: Path, keys: tuple[Path, Path]) -> Path:
    """A sealed folder with a file and one in a folder of its own."""
    place = tmp_path / "report"
    (place / "traces").mkdir(parents=True)
    (place / "report.json").write_text("{}")
    (place / "traces" / "X_1.jsonl").write_text("{}\n")
    seal(place, signing_key(keys[0]))
    return place


def test_what_is_untouched_holds(folder: Path, keys: tuple[Path, Path]) -> None:
    """The seal tells how many files there are, and by whose key it was made."""
    public = checking_key(keys[1])
    sealed = verify(folder, public)
    assert (sealed.files, sealed.fingerprint) == (2, fingerprint(public))
    assert verify(folder, None).files == 2


def change(folder: Path) -> None:
    """One byte is another."""
    (folder / "traces" / "X_1.jsonl").write_text("[]\n")


def add(folder: Path) -> None:
    """A file that was not there."""
    (folder / "traces" / "X_2.jsonl").write_text("{}\n")


def take(folder: Path) -> None:
    """A file that is gone."""
    (folder / "report.json").unlink()


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (change, "traces/X_1.jsonl was changed"),
        (add, "traces/X_2.jsonl was added"),
        (take, "report.json is missing"),
    ],
)
def test_what_was_touched_is_named(
    folder: Path, keys: tuple[Path, Path], tamper: Callable[[Path], None], said: str
) -> None:
    """A file that was changed, added or taken away is named, with the key and without it."""
    tamper(folder)
    for key in (None, checking_key(keys[1])):
        with pytest.raises(CheckError, match=said):
            verify(folder, key)


def test_a_manifest_that_fits_again_is_not_signed(folder: Path, keys: tuple[Path, Path]) -> None:
    """Whoever changes a file and the manifest cannot make the signature."""
    change(folder)
    signature = (folder / "manifest.sig").read_bytes()
    seal(folder, None)
    (folder / "manifest.sig").write_bytes(signature)
    verify(folder, None)
    with pytest.raises(CheckError, match=r"manifest\.json was changed"):
        verify(folder, checking_key(keys[1]))


def test_the_key_of_another_does_not_fit(folder: Path, tmp_path: Path) -> None:
    """A report that somebody else sealed is not taken for the lab's."""
    other = tmp_path / "other.pub"
    other.write_bytes(new_keys()[1])
    with pytest.raises(CheckError, match="was not made with this key"):
        verify(folder, checking_key(other))


def test_without_signature_a_key_is_not_satisfied(folder: Path, keys: tuple[Path, Path]) -> None:
    """A signature that was taken away is missed."""
    (folder / "manifest.sig").unlink()
    with pytest.raises(CheckError, match="is not signed"):
        verify(folder, checking_key(keys[1]))


@pytest.mark.parametrize("text", ["", "{}", '{"files": 3}', "[1]"])
def test_a_broken_manifest_is_told(folder: Path, text: str) -> None:
    """A manifest that is none any more is a change, not a crash."""
    (folder / "manifest.json").write_text(text)
    with pytest.raises(CheckError, match="was changed: it is no manifest"):
        verify(folder, None)


def test_openssl_agrees(folder: Path, keys: tuple[Path, Path]) -> None:
    """The signature is one that software of others can check, as the documentation shows."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(keys[1])]
    command += ["-sigfile", "manifest.sig", "-in", "manifest.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "Signature Verified Successfully")
    (folder / "manifest.json").write_text("{}")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode != 0


def test_files_that_are_no_keys_are_refused(keys: tuple[Path, Path]) -> None:
    """Each key is taken only for what it is."""
    with pytest.raises(UsageError, match="no private Ed25519 key"):
        signing_key(keys[1])
    with pytest.raises(UsageError, match="no public Ed25519 key"):
        checking_key(keys[0])
