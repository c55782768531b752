"""Unit EID_H: how files are read."""

from __future__ import annotations

from collections.abc import Iterator

from harness import tlv
from harness.apdu import INS, CommandApdu, ResponseApdu
from harness.conformance.acts.holder import Holder
from harness.conformance.case import Unit, case
from harness.conformance.judgement import Failure, Sws, demand, demand_sw
from harness.conformance.subject import Subject
from harness.profile import Content, File, Profile
from harness.tlv import TlvError

_READ, _SELECT = "ISO/IEC 7816-4, 7.2.3", "ISO/IEC 7816-4, 7.1.1"
_LADDER = (1, 2, 7, 8, 15, 16, 17, 31, 32, 127, 128, 180)
_BEHIND_ALL = 0x7FFF
_OFFSETS = 8
_MISSING = "FEF1"
_MOST_FILL = 4096
_ANY_FILE = ("EID", "CERTIFICATES|CARD-ACCESS")


def _file(profile: Profile) -> File:
    """The longest file that every card has: a certificate, else EF.CardAccess.

    Raises:
        UsageError: there is neither.
    """
    for key in profile.keys.values():
        return profile.file_with(key.certificate)
    return profile.file_with(Content.CARD_ACCESS)


class _Open:
    """A file that is selected, and what it holds."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.holder = Holder(subject)
        self.profile = self.holder.profile
        self.file = _file(self.profile)
        self.content = self.holder.eid.files.read(self.file)
        self._fill()

    def _fill(self) -> None:
        """Read on to where the file ends; what follows the data object belongs to it."""
        size = len(self.content)
        while (answer := self.read(len(self.content), 16)).data:
            self.content += answer.data
            behind = len(self.content) - size
            expected = f"an end within {_MOST_FILL} bytes behind what the file holds"
            demand(behind <= _MOST_FILL, expected, "none", _READ)

    def read(self, offset: int, ne: int) -> ResponseApdu:
        """READ BINARY of the file selected."""
        command = CommandApdu(0x00, INS.READ_BINARY, offset >> 8, offset & 0xFF, ne=ne)
        return self.subject.transmit(command, self.holder.channel)

    def demand_read(self, offset: int, ne: int) -> None:
        """Let a case go on only if a read within the file brings what stands there.

        Raises:
            Failure: it brings anything else.
        """
        answer = self.read(offset, ne)
        demand_sw(answer, _READ, 0x9000, to=f"{ne} bytes at {offset}")
        due = self.content[offset : offset + min(ne, self.profile.transmission.max_read)]
        expected = f"the {len(due)} bytes at {offset}"
        got = f"{len(answer.data)} bytes" + (", others" if len(answer.data) == len(due) else "")
        demand(answer.data == due, expected, got, _READ)

    @property
    def largest(self) -> int:
        """The most bytes that one read may ask for."""
        return min(self.profile.quirks.largest_ne or 256, self.profile.transmission.max_read)


@case("EID_H_1", _READ, "as many bytes as asked for", needs=_ANY_FILE)
def _ladder(subject: Subject) -> None:
    """A read brings as many bytes as it asks for.

    From one byte to the most that the profile declares, each time the beginning of the file.
    """
    file = _Open(subject)
    for ne in (*_LADDER, file.largest):
        if ne <= min(file.largest, len(file.content)):
            file.demand_read(0, ne)


@case("EID_H_2", _READ, "the bytes that stand there", needs=_ANY_FILE)
def _offsets(subject: Subject) -> None:
    """A read begins where its offset says.

    At the edges of bytes, blocks and of the file, and at places drawn by chance.
    """
    file = _Open(subject)
    last = len(file.content) - 1
    drawn = (subject.chance.randrange(last) for _ in range(_OFFSETS))
    edges = (0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x101, last)
    for offset in (*edges, *drawn):
        if offset <= last:
            file.demand_read(offset, min(16, last - offset + 1))


@case("EID_H_3", _READ, "the profile's answer", needs=_ANY_FILE)
def _end(subject: Subject) -> None:
    """A read at the end or behind it brings nothing.

    The answer is the one the profile declares, by which programs know that the file has ended.
    """
    file = _Open(subject)
    ends = subject.profile.transmission.end_of_file
    for offset in (len(file.content), len(file.content) + 1, _BEHIND_ALL):
        answer = file.read(offset, 16)
        demand_sw(answer, _READ, ends, to=f"a read at {offset} of {len(file.content)} bytes")
        demand(not answer.data, "no data behind the end", f"{len(answer.data)} bytes", _READ)


@case(
    "EID_H_4",
    _READ,
    "the rest with 9000 or 6282, or 6CXX where the profile has it so",
    needs=_ANY_FILE,
)
def _across(subject: Subject) -> None:
    """A read across the end brings what is left, or tells how much that is.

    Never bytes that are not of the file.
    """
    file = _Open(subject)
    offset = len(file.content) - 5
    command = CommandApdu(0x00, INS.READ_BINARY, offset >> 8, offset & 0xFF, ne=16)
    if file.holder.channel.is_secured:
        answer = file.read(offset, 16)
    else:
        answer = subject.transmit_raw(command.encode())
    if subject.profile.quirks.exact_ne:
        demand_sw(answer, _READ, 0x6C05, to="16 bytes where 5 are left")
        return
    demand_sw(answer, _READ, 0x9000, 0x6282, to="16 bytes where 5 are left")
    demand(answer.data == file.content[offset:], "the last 5 bytes", "others", _READ)


@case("EID_H_5", _READ, "an error, and no data", needs=_ANY_FILE)
def _nothing_selected(subject: Subject) -> None:
    """Nothing is read where no file is selected.

    Selecting a directory leaves no file selected.
    """
    holder = Holder(subject)
    first = next(iter(holder.profile.directories))
    for name in (_file(holder.profile).directory, first):
        holder.eid.files.enter(name)
    command = CommandApdu(0x00, INS.READ_BINARY, 0x00, 0x00, ne=16)
    answer = subject.transmit(command, holder.channel)
    demand_sw(answer, _READ, Sws.ERROR, to="READ BINARY with no file selected")


@case("EID_H_6", _SELECT, "6A82", needs=_ANY_FILE)
def _missing(subject: Subject) -> None:
    """A file that is not there is not found.

    And it is told as such, so that nobody takes it for a lost card.
    """
    holder = Holder(subject)
    holder.eid.files.enter(_file(holder.profile).directory)
    command = CommandApdu(0x00, INS.SELECT, 0x02, 0x0C, bytes.fromhex(_MISSING))
    answer = subject.transmit(command, holder.channel)
    demand_sw(answer, _SELECT, 0x6A82, to=f"SELECT of the file {_MISSING}, which is not there")


@case("EID_H_7", _SELECT, "a checking error", needs=_ANY_FILE)
def _parameters(subject: Subject) -> None:
    """SELECT with parameters that mean nothing is refused.

    P1 = 55 is reserved, P2 = F0 asks for what no standard knows.
    """
    holder = Holder(subject)
    fid = _file(holder.profile).fid
    for p1, p2 in ((0x55, 0x0C), (0x02, 0xF0)):
        answer = subject.transmit(CommandApdu(0x00, INS.SELECT, p1, p2, fid), holder.channel)
        demand_sw(answer, _SELECT, Sws.CHECKING_ERROR, to=f"SELECT with P1={p1:02X} P2={p2:02X}")


@case("EID_H_8", _READ, "no data", needs=_ANY_FILE)
def _without_ne(subject: Subject) -> None:
    """A read that asks for no bytes gets none.

    6700, or 9000 and nothing.
    """
    answer = _Open(subject).read(0, 0)
    demand_sw(answer, _READ, 0x6700, 0x9000, Sws.CHECKING_ERROR, to="READ BINARY without Le")
    demand(not answer.data, "no data without Le", f"{len(answer.data)} bytes", _READ)


@case("EID_H_9", "ISO/IEC 7816-4, 5.1", "6700", needs=("EID", "CARD-ACCESS", "!EXTENDED-LENGTH"))
def _extended(subject: Subject) -> None:
    """A card without extended length refuses it.

    Phones try it out; a card that half answers leads them astray.
    """
    _select_open_file(subject)
    answer = subject.transmit_raw(bytes.fromhex("00B00000000100"))
    demand_sw(answer, "ISO/IEC 7816-4, 5.1", 0x6700, to="READ BINARY of extended length")


@case(
    "EID_H_10", "ISO/IEC 7816-4, 5.1", "the file", needs=("EID", "CARD-ACCESS", "EXTENDED-LENGTH")
)
def _takes_extended(subject: Subject) -> None:
    """A card with extended length takes it.

    The same bytes come as for a short command.
    """
    _select_open_file(subject)
    short = subject.transmit_raw(bytes.fromhex("00B0000010"))
    answer = subject.transmit_raw(bytes.fromhex("00B00000000010"))
    demand_sw(answer, "ISO/IEC 7816-4, 5.1", 0x9000, to="READ BINARY of extended length")
    demand(answer.data == short.data, "the same 16 bytes", "others", "ISO/IEC 7816-4, 5.1")


def _select_open_file(subject: Subject) -> None:
    """Stand at EF.CardAccess in the clear."""
    plain = subject.power_up()
    subject.eid(plain).files.beginning(subject.profile.file_with(Content.CARD_ACCESS), 1)


@case("EID_H_11", "ISO/IEC 7816-4, 7.4.3", "the size of the file", needs=("SIZE",))
def _size(subject: Subject) -> None:
    """The size that the control information tells is the file's.

    Programs read that many bytes and no more.
    """
    holder = Holder(subject)
    for file in _sized(holder.profile):
        size = _told_size(holder, file)
        for offset, holds in ((size - 1, True), (size, False)):
            command = CommandApdu(0x00, INS.READ_BINARY, offset >> 8, offset & 0xFF, ne=1)
            answer = subject.transmit(command, holder.channel)
            expected = f"{size} bytes in {file.fid.hex().upper()}, as its FCP tells"
            got = f"{answer.sw:04X} at {offset}"
            demand(answer.ok is holds, expected, got, "ISO/IEC 7816-4, 7.4.3")


def _sized(profile: Profile) -> Iterator[File]:
    yield from (file for file in profile.files.values() if file.length == "fcp")


def _told_size(holder: Holder, file: File) -> int:
    home = holder.profile.directories[file.directory]
    p1, path = 0x02, file.fid
    if file.select == "path":
        p1, path = 0x08, bytes.fromhex(home.path.replace("/", "")[4:]) + file.fid
    else:
        holder.eid.files.enter(file.directory)
    ne = 0 if "select" in holder.profile.quirks.no_ne_on else 256
    answer = holder.subject.transmit(
        CommandApdu(0x00, INS.SELECT, p1, 0x04, path, ne), holder.channel
    )
    demand_sw(answer, _SELECT, 0x9000, to=f"SELECT of {file.fid.hex().upper()} with P2=04")
    try:
        template = tlv.parse_one(answer.data).children()
    except TlvError as error:
        raise Failure("control parameters", str(error), "ISO/IEC 7816-4, 7.4.3") from None
    size = tlv.find(template, 0x80) or tlv.find(template, 0x81)
    demand(size, "the size (80 or 81)", "none", "ISO/IEC 7816-4, 7.4.3")
    return int.from_bytes(size or b"")


@case("EID_H_12", "ISO/IEC 7816-4, 5.3.4", "an error", needs=("EID",))
def _nothing_to_get(subject: Subject) -> None:
    """GET RESPONSE brings nothing where nothing is left to bring.

    Neither after the power came on, nor after an answer that was whole.
    """
    get = CommandApdu(0x00, INS.GET_RESPONSE, 0x00, 0x00, ne=256)
    plain = subject.power_up()
    clause = "ISO/IEC 7816-4, 5.3.4"
    demand_sw(subject.transmit(get, plain), clause, Sws.ERROR, to="GET RESPONSE at the beginning")
    subject.transmit(CommandApdu(0x00, INS.SELECT, 0x04, 0x0C, bytes(5)), plain)
    demand_sw(subject.transmit(get, plain), clause, Sws.ERROR, to="GET RESPONSE after no data")


UNIT = Unit(
    "EID_H",
    "Reading files",
    "eidrig",
    (
        _ladder,
        _offsets,
        _end,
        _across,
        _nothing_selected,
        _missing,
        _parameters,
        _without_ne,
        _extended,
        _takes_extended,
        _size,
        _nothing_to_get,
    ),
)
