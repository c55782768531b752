"""What a folder holds, sealed: a SHA-256 of every file, and an Ed25519 signature over them.

`manifest.sig` is the signature over the bytes of `manifest.json` (RFC 8032), so that others can
check it, too: `openssl pkeyutl -verify -rawin -pubin -inkey key.pub -sigfile manifest.sig
-in manifest.json`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from harness.errors import CheckError, UsageError
from harness.transport.storage import read_bytes, write_atomic

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"


@dataclass(frozen=True, slots=True)
class Seal:
    """A manifest that holds: how many files, and the key that signed, if one was asked for."""

    files: int
    fingerprint: str


def new_keys() -> tuple[bytes, bytes]:
    """A private and a public key, PEM."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    return (
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )


def fingerprint(public: Ed25519PublicKey) -> str:
    """SHA-256 over the 32 bytes of a public key, in hexadecimal."""
    return hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a PEM file.

    Raises:
        UsageError: the file cannot be read or holds no such key.
    """
    raw = read_bytes(path)
    try:
        key = load_pem_private_key(raw, None)
    except (ValueError, TypeError):
        key = None
    if isinstance(key, Ed25519PrivateKey):
        return key
    message = f"{path} holds no private Ed25519 key in PEM without a password; eidrig keys new"
    raise UsageError(message)


def checking_key(path: Path) -> Ed25519PublicKey:
    """The public key in a PEM file.

    Raises:
        UsageError: the file cannot be read or holds no such key.
    """
    raw = read_bytes(path)
    try:
        key = load_pem_public_key(raw)
    except ValueError:
        key = None
    if isinstance(key, Ed25519PublicKey):
        return key
    message = f"{path} holds no public Ed25519 key in PEM"
    raise UsageError(message)


def unseal(folder: Path) -> None:
    """Take the seal from a folder that is about to change."""
    for name in (SIGNATURE, MANIFEST):
        (folder / name).unlink(missing_ok=True)


def seal(folder: Path, key: Ed25519PrivateKey | None) -> None:
    """Write the manifest of a folder as it is now, and sign it.

    Raises:
        UsageError: the folder cannot be read or written.
    """
    unseal(folder)
    document: dict[str, object] = {"schema": 1, "files": dict(_digests(folder))}
    if key is not None:
        document["key"] = fingerprint(key.public_key())
    raw = (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()
    if key is not None:
        write_atomic(folder / SIGNATURE, key.sign(raw))
    write_atomic(folder / MANIFEST, raw)


def verify(folder: Path, key: Ed25519PublicKey | None) -> Seal:
    """Check that a folder is as it was sealed, and by whom if a key is given.

    Raises:
        CheckError: a file was changed, added or taken away, or the signature is not the key's; the
            message names the file.
        UsageError: the folder was never sealed.
    """
    raw = _manifest(folder)
    if key is not None:
        _check_signature(folder, raw, key)
    try:
        document = json.loads(raw)
        files = {str(name): str(digest) for name, digest in document["files"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        message = f"{folder / MANIFEST} was changed: it is no manifest any more"
        raise CheckError(message) from None
    if wrong := list(_differences(files, dict(_digests(folder)))):
        message = f"{folder} is not as it was sealed: {'; '.join(wrong)}"
        raise CheckError(message)
    return Seal(len(files), fingerprint(key) if key is not None else "")


def _manifest(folder: Path) -> bytes:
    if not (folder / MANIFEST).is_file():
        message = f"{folder} has no {MANIFEST}: the run did not end, or it is no report"
        raise UsageError(message)
    return read_bytes(folder / MANIFEST)


def _check_signature(folder: Path, raw: bytes, key: Ed25519PublicKey) -> None:
    if not (folder / SIGNATURE).is_file():
        message = f"{folder} is not signed: {SIGNATURE} is missing"
        raise CheckError(message)
    try:
        key.verify(read_bytes(folder / SIGNATURE), raw)
    except InvalidSignature:
        message = f"{MANIFEST} was changed, or {SIGNATURE} was not made with this key"
        raise CheckError(message) from None


def _digests(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file but the seal itself, with its SHA-256."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or (path.is_file() and name not in (MANIFEST, SIGNATURE)):
            yield name, hashlib.sha256(read_bytes(path)).hexdigest()


def _differences(sealed: dict[str, str], found: dict[str, str]) -> Iterator[str]:
    for name in sorted(sealed.keys() | found.keys()):
        if name not in found:
            yield f"{name} is missing"
        elif name not in sealed:
            yield f"{name} was added"
        elif sealed[name] != found[name]:
            yield f"{name} was changed"
