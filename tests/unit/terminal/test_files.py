"""Selecting and reading files."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.cards import IDEMIA, THALES, AnsweringCard, ScriptedCard, image_of, opened, profile_of
from harness.apdu import CommandApdu
from harness.errors import ApduError, ProtocolViolation
from harness.profile import Content, File
from harness.terminal.channel import CardChannel
from harness.terminal.files import Files
from harness.terminal.pieces import Pieces

DER = image_of(IDEMIA).contents[Content.AUTHENTICATION_CERTIFICATE]


def certificate_file(name: str = IDEMIA) -> File:
    """The authentication certificate's file."""
    return profile_of(name).file_with(Content.AUTHENTICATION_CERTIFICATE)


def files_on(card: AnsweringCard | ScriptedCard, name: str = IDEMIA, plan: str = "eidrig") -> Files:
    """Files over a card in the clear."""
    return Files(CardChannel(card), profile_of(name), profile_of(name).plans[plan])


def reader(content: bytes, end: str = "6B00", fci: str = "") -> Callable[[bytes], bytes]:
    """A card whose every file holds `content`, with up to 231 bytes a read."""

    def answer(raw: bytes) -> bytes:
        command = CommandApdu.decode(raw)
        if command.ins != 0xB0:
            return bytes.fromhex(fci if command.p2 == 0x04 else "") + b"\x90\x00"
        offset = command.p1 << 8 | command.p2
        data = content[offset : offset + min(command.ne, 231)]
        return data + b"\x90\x00" if data else bytes.fromhex(end)

    return answer


def test_the_header_tells_the_length() -> None:
    """A certificate is read in whole pieces to the length in its own header, and no further."""
    card = AnsweringCard(reader(DER + b"fill behind the certificate"))
    assert files_on(card).read(certificate_file()) == DER
    reads = [sent for sent in card.sent if sent.startswith("00B0")]
    assert reads == ["00B00000E7", "00B000E7E7", "00B001CEE7", "00B002B5E7", "00B0039C69"]


def test_reading_to_the_end() -> None:
    """The other plan reads until the card says that there is no more."""
    card = AnsweringCard(reader(DER))
    assert files_on(card, plan="official-app").read(certificate_file()) == DER
    assert card.sent[-1] == f"00B0{len(DER):04X}00"


@pytest.mark.parametrize("end", ["6B00", "6282"])
@pytest.mark.parametrize("size", [4, 100, 231, len(DER) - 1])
def test_a_certificate_cut_short(size: int, end: str) -> None:
    """A file that ends before its own length is a violation, wherever it ends."""
    card = AnsweringCard(reader(DER[:size], end))
    with pytest.raises((ProtocolViolation, ApduError)) as caught:
        files_on(card).read(certificate_file())
    assert len(card.sent) < 12
    if end == "6B00":
        assert f"ended after {size}" in str(caught.value)


@pytest.mark.parametrize("plan", ["eidrig", "official-app"])
def test_a_file_that_never_ends(plan: str) -> None:
    """A card that always has more to give is stopped where offsets end."""

    def endless(raw: bytes) -> bytes:
        return bytes(raw[-1] or 231) + b"\x90\x00" if raw[1] == 0xB0 else b"\x90\x00"

    card = AnsweringCard(endless)
    file = profile_of(IDEMIA).file_with(
        Content.SURNAME if plan == "eidrig" else Content.AUTHENTICATION_CERTIFICATE
    )
    with pytest.raises(ProtocolViolation, match="does not end within 32767 bytes"):
        files_on(card, plan=plan).read(file)
    assert len(card.sent) < 200


@pytest.mark.parametrize("content", [Content.SURNAME, Content.AUTHENTICATION_CERTIFICATE])
@pytest.mark.parametrize("plan", ["eidrig", "official-app"])
def test_success_with_nothing(content: Content, plan: str) -> None:
    """9000 without data would loop for ever; it is a violation instead."""
    card = AnsweringCard(lambda _: b"\x90\x00")
    with pytest.raises(ProtocolViolation, match="9000 and nothing at offset 0"):
        files_on(card, plan=plan).read(profile_of(IDEMIA).file_with(content))


@pytest.mark.parametrize("head", ["3F80", "30", "3085", "30 84 7FFFFFFF 00"])
def test_garbage_instead_of_a_certificate(head: str) -> None:
    """A header that is none, or that promises too much, is a violation."""
    card = AnsweringCard(reader(bytes.fromhex(head)))
    with pytest.raises(ProtocolViolation):
        files_on(card).read(certificate_file())
    assert len(card.sent) < 6


def test_an_answer_longer_than_asked() -> None:
    """Bytes beyond the certificate's own length are cut off."""
    card = AnsweringCard(
        lambda raw: (
            DER[raw[2] << 8 | raw[3] :] + bytes(50) + b"\x90\x00" if raw[1] == 0xB0 else b"\x90\x00"
        )
    )
    assert files_on(card).read(certificate_file()) == DER


def test_a_warning_with_the_last_bytes() -> None:
    """6282 with data is the end of the file, not an error."""
    answers = {0xA4: b"\x90\x00", 0xB0: b"\xc3\x95\x62\x82"}
    card = AnsweringCard(lambda raw: answers[raw[1]])
    assert files_on(card).read(profile_of(IDEMIA).file_with(Content.SURNAME)) == b"\xc3\x95"


@pytest.mark.parametrize("sw", ["6982", "6A82", "6700", "6F00"])
def test_refusals(sw: str) -> None:
    """A refused SELECT or READ BINARY is told with its status word."""
    for refuses in (0xA4, 0xB0):
        card = AnsweringCard(
            lambda raw, refuses=refuses: bytes.fromhex(sw if raw[1] == refuses else "9000")  # type: ignore[misc]
        )
        with pytest.raises(ApduError, match=sw):
            files_on(card).read(certificate_file())


@pytest.mark.parametrize(
    ("fci", "said"),
    [
        ("", "malformed file control parameters"),
        ("6203820101", "do not tell the file's size"),
        ("62068101", "malformed file control parameters"),
        ("6200", "do not tell the file's size"),
        ("62028100", "do not tell the file's size"),
    ],
)
def test_control_information_without_size(fci: str, said: str) -> None:
    """A missing or malformed size is a violation, and nothing is guessed."""
    card = AnsweringCard(reader(b"text", fci=fci))
    with pytest.raises(ProtocolViolation, match=said):
        files_on(card, THALES).read(profile_of(THALES).file_with(Content.SURNAME))


@pytest.mark.parametrize("tag", ["80", "81"])
def test_the_size_in_the_control_information(tag: str) -> None:
    """Either tag tells the size, of which not a byte more is read; zero bytes need no read."""
    card = AnsweringCard(reader(b"text and more", fci=f"62 04 {tag} 02 0004"))
    file = profile_of(THALES).file_with(Content.SURNAME)
    assert files_on(card, THALES).read(file) == b"text"
    assert card.sent == ["00A4080C02DFDD", "00A4020402500100", "00B0000004"]
    empty = AnsweringCard(reader(b"", fci=f"6204{tag}020000"))
    assert files_on(empty, THALES).read(file) == b""


def test_a_size_larger_than_the_file() -> None:
    """A size that the file does not keep is a violation instead of a loop."""
    card = AnsweringCard(reader(b"text", fci="6204 8102 0010"))
    with pytest.raises(ProtocolViolation, match="16 bytes ended after 4"):
        files_on(card, THALES).read(profile_of(THALES).file_with(Content.SURNAME))


def test_a_directory_is_entered_once() -> None:
    """Two files of one directory cost one selection of it, and none if it is selected."""
    card = ScriptedCard(
        [
            ("00A4040C10A000000077010800070000FE00000100", "9000"),
            ("00A4010C025000", "9000"),
            ("00A4020C025001", "9000"),
            ("00B0000000", "41 9000"),
            ("00A4020C025002", "9000"),
            ("00B0000000", "42 9000"),
        ]
    )
    files, profile = files_on(card), profile_of(IDEMIA)
    assert files.read(profile.file_with(Content.SURNAME)) == b"A"
    assert files.read(profile.file_with(Content.GIVEN_NAMES), within=True) == b"B"
    assert card.is_finished
    known = ScriptedCard([("00A4010C025000", "9000")])
    files = files_on(known)
    files.standing_at("3F00")
    files.enter("personal")
    files.enter("personal")
    assert known.is_finished


def test_a_long_short_file_is_read_on() -> None:
    """A file that fills the first answer is read on until it ends."""
    card, text = AnsweringCard(reader(b"x" * 300)), profile_of(IDEMIA).file_with(Content.SURNAME)
    assert files_on(card).read(text) == b"x" * 300


@pytest.mark.parametrize("name", [IDEMIA, THALES])
def test_protected_reads_fit_one_answer(name: str) -> None:
    """Through the channel a read asks for no more than one protected answer holds."""
    talk, profile = opened(name), profile_of(name)
    files = Files(talk.channel, profile, profile.plans["eidrig"])
    assert (
        files.read(certificate_file(name))
        == image_of(name).contents[Content.AUTHENTICATION_CERTIFICATE]
    )
    assert files._reads.chunk == 223


def test_the_beginning_of_a_file() -> None:
    """The first bytes are read afresh, by one selection and one read."""
    card = AnsweringCard(reader(DER))
    assert files_on(card).beginning(certificate_file(), 48) == DER[:48]
    assert card.sent[-1] == "00B0000030"
    assert len(card.sent) == 3


@pytest.mark.parametrize(("elsewhere", "selections"), [(False, 0), (True, 1)])
def test_a_begun_file_is_selected_once(*, elsewhere: bool, selections: int) -> None:
    """Read on after its beginning was compared, it is selected again only if we left it."""
    card, file, pieces = AnsweringCard(reader(DER)), certificate_file(), Pieces()
    pieces.keep(file.content, DER[:223])
    profile = profile_of(IDEMIA)
    files = Files(CardChannel(card), profile, profile.plans["eidrig"], pieces)
    assert files.beginning(file, 48) == DER[:48]
    before = len(card.sent)
    if elsewhere:
        files.enter(file.directory)
    assert files.read(file) == DER
    assert [sent[:4] for sent in card.sent[before:]].count("00A4") == selections


def test_a_plan_that_reselects() -> None:
    """A plan of that kind enters the application again at every operation."""
    card = AnsweringCard(reader(b"text"))
    files = files_on(card, plan="official-app")
    for _ in range(2):
        files.begin_operation()
        files.enter("personal")
    assert card.sent == ["00A4040C10A000000077010800070000FE00000100", "00A4010C025000"] * 2


def test_without_pieces_every_read_is_a_whole_one() -> None:
    """Who asks for no resumption gets a file anew each time."""
    card = AnsweringCard(reader(b"text"))
    files, file = files_on(card), profile_of(IDEMIA).file_with(Content.SURNAME)
    assert files.read(file) == files.read(file) == b"text"
    assert card.sent.count("00B0000000") == 2
