"""Finding and reading files with as few commands as the card allows."""

from __future__ import annotations

from harness import tlv
from harness.apdu import INS, MAX_SHORT_NE, CommandApdu
from harness.errors import ApduError, ProtocolViolation
from harness.profile import MF, Content, File, Plan, Profile
from harness.secure_messaging import UnprotectedStatusError
from harness.terminal.channel import CardChannel
from harness.terminal.pieces import Pieces
from harness.terminal.read_binary import CLAUSE, LAST_OFFSET, ReadBinary, is_refused_length
from harness.tlv import TlvError

MAX_FILE = 1 << 20
"""The longest file that is read with the odd instruction, far longer than any in use."""

_FCP, _NOTHING = 0x04, 0x0C
_HEADER = 4
"""Bytes that tell the length of any file of up to 65535 bytes (ICAO 9303-10, 4.5)."""


class Files:
    """Walks the card's directories and reads its files, knowing where it stands.

    Where `pieces` are given, a file that is whole there is not read again, and one that was begun
    is read on from where it stopped; without them every read is a whole one.
    """

    def __init__(
        self, channel: CardChannel, profile: Profile, plan: Plan, pieces: Pieces | None = None
    ) -> None:
        self._channel = channel
        self._profile = profile
        self._plan = plan
        self._pieces = Pieces() if pieces is None else pieces
        self._resumes = pieces is not None
        self._current: str | None = None
        self._selected: tuple[File, bytes] | None = None  # and what the card said of it
        self._reads = ReadBinary(channel, profile, plan)

    def standing_at(self, path: str) -> None:
        """Take note that the card's current directory is `path` already."""
        self._current = path

    def begin_operation(self) -> None:
        """Begin an operation of the plan; one that reselects does not rely on where it stands."""
        if self._plan.reselect:
            self._current = self._selected = None

    def stands_in(self, name: str) -> bool:
        """Whether a directory of the profile is selected, and the plan relies on that."""
        here = self._profile.directories[name].path
        return self._current == here and not self._plan.reselect

    def enter(self, name: str) -> None:
        """Select a directory of the profile, unless it is selected.

        Raises:
            ApduError: the card does not have it or does not let us in.
        """
        self._selected = None
        directory = self._profile.directories[name]
        if self._current == directory.path:
            return
        if directory.select == "child":
            self._enter_path(directory.path.rpartition("/")[0])
        if directory.select == "path":
            self._start_from_root()
        self._current = None
        match directory.select:
            case "aid":
                self._select(0x04, directory.aid or b"", _NOTHING)
            case "path" if directory.path == MF:
                self._select(0x00, bytes.fromhex(MF), _NOTHING)
            case "path":
                self._select(0x08, _path_bytes(directory.path), _NOTHING)
            case "child":
                self._select(0x01, bytes.fromhex(directory.path[-4:]), _NOTHING)
        self._current = directory.path

    def _start_from_root(self) -> None:
        """A plan that reselects begins every path in the application, though a path needs none."""
        if self._plan.reselect and self._current is None:
            self._enter_path(MF)

    def _enter_path(self, path: str) -> None:
        for name, directory in self._profile.directories.items():
            if directory.path == path:
                self.enter(name)

    def _select(self, p1: int, data: bytes, p2: int) -> bytes:
        self._selected = None
        ne = MAX_SHORT_NE if p2 == _FCP and self._takes_ne else 0
        return self._channel.send(CommandApdu(0x00, INS.SELECT, p1, p2, data, ne))

    @property
    def _takes_ne(self) -> bool:
        return "select" not in self._profile.quirks.no_ne_on

    def read(self, file: File, *, within: bool = False) -> bytes:
        """Select a file and read it whole; `within` stays in its directory if standing there.

        Raises:
            ApduError: the card refuses to select or to read.
            ProtocolViolation: the file ends before its own length, or never.
        """
        if not self._resumes:
            self._pieces.clear()
        whole = self._pieces.whole(file.content)
        if whole is not None:
            return whole
        if self._selected is not None and self._selected[0] is file:
            information = self._selected[1]
        elif self._plan.by_sfi and file.sfi and not self._pieces.begun(file.content):
            return self._pieces.finish(file.content, self._read_unselected(file, file.sfi))
        else:
            information = self._select_file(file, within=within)
        return self._pieces.finish(file.content, self._read_selected(file, information))

    def _read_unselected(self, file: File, sfi: int) -> bytes:
        """Read a file by its short identifier, which selects it on the way."""
        self.enter(file.directory)
        self._selected = None
        if file.length == "header":
            return self._read_object(file.content, sfi)
        self._pieces.keep(file.content, self._reads.at(0, self._reads.chunk, sfi))
        return self._read_on(file.content)

    def read_apart(self, file: File) -> bytes:
        """Read a file whole and keep nothing of it, as files of one meaning may lie in many places.

        Raises:
            ApduError, ProtocolViolation: as `read`.
        """
        kept, self._pieces = self._pieces, Pieces()
        try:
            return self._read_selected(file, self._select_file(file, within=True))
        finally:
            self._pieces = kept

    def _read_selected(self, file: File, information: bytes) -> bytes:
        match file.length:
            case "end":
                return self._read_on(file.content)
            case "fcp":
                return self._read_size(file.content, _size_in(information))
            case "header" if self._plan.to_the_end:
                return self._read_on(file.content)
            case "header":
                return self._read_object(file.content)
        return self._read_answer(file.content)

    def beginning(self, file: File, size: int) -> bytes:
        """Select a file and read its first `size` bytes, whatever was read of it before.

        A read of the same file that comes next finds it selected.

        Raises:
            ApduError: the card refuses to select or to read.
        """
        self.select(file)
        return self._reads.at(0, size)

    def select(self, file: File) -> None:
        """Select a file; reading it next does not select it again.

        Raises:
            ApduError: the card refuses.
        """
        information = self._select_file(file, within=False)
        self._selected = file, information

    def _select_file(self, file: File, *, within: bool) -> bytes:
        directory = self._profile.directories[file.directory]
        p2 = _FCP if file.length == "fcp" else _NOTHING
        if file.select == "path":
            self._start_from_root()
            information = self._select(0x08, _path_bytes(directory.path) + file.fid, p2)
            self._current = directory.path
            return information
        if not (within and self._current == directory.path):
            self.enter(file.directory)
        try:
            return self._select(0x02, file.fid, p2)
        except ApduError as error:
            if not file.or_path or isinstance(error, UnprotectedStatusError):
                raise
        return self._select_from_root(_path_bytes(directory.path) + file.fid, p2)

    def _select_from_root(self, path: bytes, p2: int) -> bytes:
        """Enter the application in the MF and follow a path; where that leaves us is not known."""
        self._current = None
        self._enter_path(MF)
        self._current = None
        return self._select(0x09, path, p2)

    def _read_answer(self, content: Content) -> bytes:
        """One read delivers a short file; only a full answer can have more behind it."""
        begun, largest = self._pieces.begun(content), self._reads.largest_ne
        if not begun:
            begun = self._more(content, largest)
            size = _said(begun) if content is Content.CARD_ACCESS else 0
            if size > len(begun):  # cards differ in how much one answer of theirs holds
                return self._read_size(content, size)
            if len(begun) < largest and len(begun) < self._profile.transmission.max_read:
                return begun
        return self._read_on(content)

    def _read_on(self, content: Content) -> bytes:
        """Read until the card says that the file has ended."""
        size = -1
        while size < len(self._pieces.begun(content)):
            size = len(self._pieces.begun(content))
            if size > LAST_OFFSET:
                message = f"the file does not end within {LAST_OFFSET} bytes"
                raise ProtocolViolation(message, CLAUSE)
            self._more(content, self._reads.chunk)
        return self._pieces.begun(content)

    def _read_object(self, content: Content, sfi: int | None = None) -> bytes:
        """Read a file that is one BER-TLV object and so says how long it is."""
        head = self._pieces.begun(content) or self._head(content, sfi)
        try:
            size = tlv.whole_length(head)
        except TlvError as error:
            message = f"{content} is no data object: {error}"
            raise ProtocolViolation(message, "ISO/IEC 8825-1, 8.1") from None
        largest = MAX_FILE if self._profile.transmission.odd_read else LAST_OFFSET
        if size is None or size > largest:
            said = (
                f"says that it is {size} bytes long" if size else "ends before it tells its length"
            )
            message = f"{content} {said if head else 'is empty'}"
            raise ProtocolViolation(message, CLAUSE)
        return self._read_size(content, size)[:size]

    def _head(self, content: Content, sfi: int | None) -> bytes:
        """The beginning of a file; a card that refuses more gives its header alone."""
        try:
            data = self._reads.at(0, self._reads.chunk, sfi)
        except ApduError as error:
            if not is_refused_length(error):
                raise
            data = b""
        data = data or self._reads.at(0, _HEADER, sfi)
        self._pieces.keep(content, data)
        return data

    def _read_size(self, content: Content, size: int) -> bytes:
        while (done := len(begun := self._pieces.begun(content))) < size:
            data = self._reads.exactly(done, size - done)
            if not data:
                message = f"a file of {size} bytes ended after {done}"
                raise ProtocolViolation(message, CLAUSE)
            self._pieces.keep(content, begun + data)
        return self._pieces.begun(content)

    def _more(self, content: Content, ne: int) -> bytes:
        """Read on from where the file was left; all of it so far."""
        begun = self._pieces.begun(content)
        data = begun + self._reads.at(len(begun), ne)
        self._pieces.keep(content, data)
        return data


def _path_bytes(path: str) -> bytes:
    return bytes.fromhex(path.removeprefix(MF).replace("/", ""))


def _size_in(information: bytes) -> int:
    """The file size in an FCP or FCI template (ISO/IEC 7816-4, 7.4.3)."""
    try:
        template = tlv.parse_one(information).children()
    except TlvError as error:
        message = f"malformed file control parameters: {error}"
        raise ProtocolViolation(message, "ISO/IEC 7816-4, 7.4.3") from None
    for tag in (0x80, 0x81):
        size = tlv.find(template, tag)
        if size:
            return int.from_bytes(size, "big")
    message = "the file control parameters do not tell the file's size"
    raise ProtocolViolation(message, "ISO/IEC 7816-4, 7.4.3")


def _said(head: bytes) -> int:
    """How long a data object says that it is; 0 if this is the beginning of none."""
    try:
        return tlv.whole_length(head) or 0
    except TlvError:
        return 0
