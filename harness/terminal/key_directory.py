"""The keys of a card: as its profile has them, or as its own directory files tell."""

from __future__ import annotations

from harness.errors import ProtocolViolation
from harness.profile import Content, File, KeyName, KeyRules, Profile
from harness.terminal import pkcs15
from harness.terminal.files import Files
from harness.terminal.pkcs15 import Located, Place

_KEYS, _CERTIFICATES = 0xA0, 0xA4  # ISO/IEC 7816-15, 8.2


class KeyDirectory:
    """Where each key's certificate lies and how the card names key and algorithm.

    The files of PKCS#15 are read when a key is first asked for whose profile wants them.
    """

    def __init__(self, files: Files, profile: Profile) -> None:
        self._files = files
        self._profile = profile
        self._located: dict[KeyName, Located] = {}

    def rules(self, name: KeyName) -> KeyRules:
        """The rules of a key, with the references that hold for this card.

        Raises:
            ApduError: a directory file is missing or may not be read.
            ProtocolViolation: a directory file is malformed or does not list the key.
        """
        key = self._profile.keys[name]
        if key.found_by == "profile":
            return key
        found = self.located(name)
        update: dict[str, object] = {}
        if found.reference is not None:
            update["reference"] = found.reference
        if found.algorithm is not None:
            update["sign" if name == "signing" else "authenticate"] = (found.algorithm,)
        if found.is_rsa != key.is_rsa:
            kind, digest = ("rsa-2048", "sha256") if found.is_rsa else ("secp384r1", "sha384")
            update |= {"kind": kind, "hash": digest}
        return key.model_copy(update=update)

    def certificate(self, name: KeyName) -> File:
        """The file with the certificate of a key.

        Raises:
            ApduError, ProtocolViolation: as `rules`, or the file lies where no one can go.
        """
        key = self._profile.keys[name]
        expected = self._profile.file_with(key.certificate)
        if key.found_by == "profile":
            return expected
        return self._file(self.located(name).certificate, expected)

    def located(self, name: KeyName) -> Located:
        """What the card itself says of a key, whatever its profile says.

        Raises:
            UsageError: the profile knows no PKCS#15 files there.
            ApduError, ProtocolViolation: as `rules`.
        """
        if name not in self._located:
            self._located[name] = self._locate(name)
        return self._located[name]

    def expected(self, name: KeyName) -> Place:
        """Where the profile has the certificate of a key."""
        file = self._profile.file_with(self._profile.keys[name].certificate)
        return Place(self._profile.directories[file.directory].path, file.fid)

    def _locate(self, name: KeyName) -> Located:
        home = self._profile.keys[name].directory
        path = self._profile.directories[home].path
        objects = self._profile.file_in(home, Content.PKCS15_OBJECTS)
        listed = pkcs15.object_directories(self._files.read_apart(objects), path)
        keys, certificates = (
            self._files.read_apart(self._file(_listed(listed, tag), objects))
            for tag in (_KEYS, _CERTIFICATES)
        )
        token = self._files.read_apart(self._profile.file_in(home, Content.PKCS15_TOKEN))
        return pkcs15.locate(name, path, keys, certificates, token)

    def _file(self, place: Place, like: File) -> File:
        """A file that is read as another one is, at another place."""
        for name, directory in self._profile.directories.items():
            if directory.path == place.directory:
                return like.model_copy(update={"directory": name, "fid": place.fid})
        message = f"the card's directory leads to {place}, where no path of the profile goes"
        raise ProtocolViolation(message, "ISO/IEC 7816-15, 8")


def _listed(listed: dict[int, Place], tag: int) -> Place:
    if tag in listed:
        return listed[tag]
    message = f"EF.OD does not list a file of kind {tag:X}"
    raise ProtocolViolation(message, "ISO/IEC 7816-15, 8.2")
