"""The file tree: SELECT and READ BINARY (ISO/IEC 7816-4, 7.1.1 and 7.2.3)."""

from __future__ import annotations

from collections.abc import Mapping

from harness import tlv
from harness.apdu import SW, CommandApdu
from harness.emulator.memory import CardMemory
from harness.emulator.personalise import CardImage
from harness.emulator.status import Refused, SecurityStatus
from harness.profile import MF, File, Interface
from harness.tlv import TlvError

_FCI, _FCP, _NOTHING = 0x00, 0x04, 0x0C
_MOST_BEHIND_HEAD = ((2, 0x7F), (3, 0xFF))
"""Bytes of tag and length of a data object with so many bytes inside, at most."""


class FileSystem:
    """The profile's directories and files with the image's contents."""

    def __init__(
        self, image: CardImage, status: SecurityStatus, memory: CardMemory | None = None
    ) -> None:
        self._profile = image.profile
        self._status = status
        self._memory = memory
        self._directories = {entry.path: entry for entry in image.profile.directories.values()}
        self._files = {
            f"{self._profile.directories[entry.directory].path}/{entry.fid.hex().upper()}": name
            for name, entry in image.profile.files.items()
        }
        self._contents: Mapping[str, bytes] = image.files

    def select(self, command: CommandApdu) -> bytes:
        """Carry out SELECT and return the control information asked for."""
        if command.p2 not in (_FCI, _FCP, _NOTHING):
            raise Refused(SW.INCORRECT_P1_P2)
        self._check_quirks(command)
        if command.p1 == 0x04:
            self._select_application(command)
        else:
            self._select_path(self._resolve(command))
        return self._control_information(command.p2)

    def _check_quirks(self, command: CommandApdu) -> None:
        quirks = self._profile.quirks
        if quirks.select_p1 and command.p1 not in quirks.select_p1:
            raise Refused(SW.INCORRECT_P1_P2)
        if quirks.select_p2 and command.p2 not in quirks.select_p2:
            raise Refused(SW.INCORRECT_P1_P2)
        if "select" in quirks.no_ne_on and command.ne:
            raise Refused(SW.WRONG_LENGTH)
        if quirks.no_select_mf and command.data == bytes.fromhex(MF) and command.p1 != 0x04:
            raise Refused(quirks.no_select_mf)

    def _select_application(self, command: CommandApdu) -> None:
        allowed = self._profile.select.contactless_application_p2
        contactless = self._status.interface is Interface.CONTACTLESS
        if contactless and allowed and command.p2 not in allowed:
            raise Refused(SW.INCORRECT_P1_P2)
        for path, entry in self._directories.items():
            if entry.aid == command.data and entry.aid:
                self._status.enter(path)
                self._forget_codes(path)
                return
        raise Refused(SW.FILE_NOT_FOUND)

    def _forget_codes(self, path: str) -> None:
        """Selecting an application anew ends what was verified in it; in the MF, everything."""
        if path == MF:
            self._status.verified.clear()
        for name, rules in self._profile.pins.items():
            if rules.scope == "local" and self._profile.directories[rules.directory].path == path:
                self._status.verified.discard(name)

    def _resolve(self, command: CommandApdu) -> str:
        if len(command.data) % 2:
            raise Refused(SW.LC_INCONSISTENT_WITH_P1_P2)
        fids = [command.data[i : i + 2].hex().upper() for i in range(0, len(command.data), 2)]
        here = self._status.directory
        match command.p1, len(fids):
            case 0x00, 0:
                return MF
            case 0x00 | 0x01 | 0x02, 1:
                return MF if fids == [MF] else f"{here}/{fids[0]}"
            case 0x03, 0:
                return here.rpartition("/")[0] or MF
            case 0x08 | 0x09, count if count:
                base = MF if command.p1 == 0x08 else here
                return "/".join(fids if fids[0] == MF else (base, *fids))
        known = command.p1 in (0x00, 0x01, 0x02, 0x03, 0x08, 0x09)
        raise Refused(SW.LC_INCONSISTENT_WITH_P1_P2 if known else SW.INCORRECT_P1_P2)

    def _select_path(self, path: str) -> None:
        if path in self._directories:
            self._status.enter(path)
        elif path in self._files:
            self._status.enter(path.rpartition("/")[0])
            self._status.file = self._files[path]
        else:
            raise Refused(SW.FILE_NOT_FOUND)

    def _control_information(self, p2: int) -> bytes:
        if p2 == _NOTHING:
            return b""
        if self._status.file is None:
            body = self._directory_information()
        else:
            body = self._file_information(self._profile.files[self._status.file])
        return tlv.encode(0x62 if p2 == _FCP else 0x6F, body)

    def _directory_information(self) -> bytes:
        entry = self._directories[self._status.directory]
        fid = bytes.fromhex(entry.path[-4:])
        name = tlv.encode(0x84, entry.aid) if entry.aid else b""
        return tlv.encode(0x82, b"\x38") + tlv.encode(0x83, fid) + name

    def _file_information(self, file: File) -> bytes:
        rules = self._profile.select
        size = len(self._contents[self._status.file or ""]).to_bytes(2, "big")
        fields = {
            "size": tlv.encode(rules.size_tag, size),
            "descriptor": tlv.encode(0x82, b"\x01"),
            "file-id": tlv.encode(0x83, file.fid),
            "life-cycle": tlv.encode(0x8A, b"\x05"),
            "access": tlv.encode(0x8C, file.access) if file.access else b"",
        }
        return b"".join(fields[name] for name in rules.fcp) + self._counter(file)

    def _counter(self, file: File) -> bytes:
        """How many tries a code has left and at most, where the file tells."""
        if file.counter is None or self._memory is None:
            return b""
        state = bytes((self._memory.tries(file.counter), self._profile.pins[file.counter].tries))
        inner = tlv.encode(0xA3, tlv.encode(0x82, state))
        return tlv.encode(0xA5, tlv.encode(0xA2, inner))

    def read(self, command: CommandApdu) -> bytes:
        """Carry out READ BINARY by current file or by short file identifier."""
        offset = command.p1 << 8 | command.p2
        if command.p1 & 0x80:
            self._status.file = self._by_short_identifier(command.p1 & 0x7F)
            offset = command.p2
        return self._deliver(offset, command.ne)

    def read_odd(self, command: CommandApdu) -> bytes:
        """Carry out READ BINARY with the odd instruction: 54 with the offset in, 53 out."""
        if not self._profile.transmission.odd_read:
            raise Refused(SW.INS_NOT_SUPPORTED)
        if command.p1 or command.p2 & 0xE0:
            raise Refused(SW.INCORRECT_P1_P2)
        if command.p2:
            self._status.file = self._by_short_identifier(command.p2)
        try:
            offset = tlv.parse_one(command.data)
        except TlvError:
            raise Refused(SW.WRONG_DATA) from None
        if offset.tag != 0x54 or not 1 <= len(offset.value) <= 3:
            raise Refused(SW.WRONG_DATA)
        fits = (head for head, most in _MOST_BEHIND_HEAD if command.ne - head <= most)
        head = next(fits, 4)  # Ne counts tag and length, too
        content = self._deliver(int.from_bytes(offset.value, "big"), max(command.ne - head, 0))
        return tlv.encode(0x53, content)

    def _deliver(self, offset: int, ne: int) -> bytes:
        name = self._status.file
        if name is None:
            raise Refused(SW.COMMAND_NOT_ALLOWED)
        self._status.require_for(self._profile.files[name])
        if not ne:
            raise Refused(SW.WRONG_LENGTH)
        content = self._contents[name]
        if offset >= len(content):
            raise Refused(self._profile.transmission.end_of_file)
        left, quirks = len(content) - offset, self._profile.quirks
        if quirks.largest_ne and ne > quirks.largest_ne:
            raise Refused(quirks.refused_ne)
        if quirks.exact_ne and ne > left:
            raise Refused(0x6C00 | left)
        return content[offset : offset + min(ne, self._profile.transmission.max_read)]

    def _by_short_identifier(self, sfi: int) -> str:
        for path, name in self._files.items():
            directory = path.rpartition("/")[0]
            if self._profile.files[name].sfi == sfi and directory == self._status.directory:
                return name
        raise Refused(SW.FILE_NOT_FOUND)
