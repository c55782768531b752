"""Reading long files, and files of cards that do not give as much at once as others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.cards import IDEMIA, AnsweringCard, profile_of
from harness import tlv
from harness.apdu import CommandApdu, ResponseApdu
from harness.errors import ApduError, ProtocolViolation
from harness.profile import Content, File, Plan, Profile
from harness.terminal.channel import CardChannel
from harness.terminal.files import Files
from harness.terminal.pieces import Pieces

Answer = Callable[[CommandApdu], ResponseApdu | None]
LONG = tlv.encode(0x75, bytes(range(251)) * 300)  # 75306 bytes and a header of five


def profile(**transmission: object) -> Profile:
    """A card that has the odd instruction."""
    base = profile_of(IDEMIA)
    changed = base.transmission.model_copy(update={"odd_read": True} | transmission)
    return base.model_copy(update={"transmission": changed})


def file() -> File:
    """A file that tells its length, with a short identifier."""
    found = profile_of(IDEMIA).file_with(Content.AUTHENTICATION_CERTIFICATE)
    return found.model_copy(update={"sfi": 0x02})


def plan(**changed: object) -> Plan:
    """The usual plan, changed."""
    return profile_of(IDEMIA).plans["eidrig"].model_copy(update=changed)


def files_on(card: AnsweringCard, pieces: Pieces | None = None, **changed: object) -> Files:
    """Files over a card in the clear."""
    return Files(CardChannel(card), profile(), plan(**changed), pieces)


def card_with(content: bytes, refuse: Answer = lambda _: None) -> AnsweringCard:
    """A card whose every file holds `content`; `refuse` may answer a command in its place."""

    def answer(raw: bytes) -> bytes:
        command = CommandApdu.decode(raw)
        refused = refuse(command)
        if refused is not None:
            return refused.encode()
        if command.ins == 0xB0:
            offset = command.p2 if command.p1 & 0x80 else command.p1 << 8 | command.p2
            data = content[offset : offset + command.ne]
        elif command.ins == 0xB1:
            offset = int.from_bytes(tlv.parse_one(command.data).value, "big")
            head = 2 if command.ne < 130 else 3
            data = tlv.encode(0x53, content[offset : offset + command.ne - head])
        else:
            return b"\x90\x00"
        return (data + b"\x90\x00") if data else b"\x6b\x00"

    return AnsweringCard(answer)


def reads(card: AnsweringCard) -> list[str]:
    """The READ BINARY commands that came."""
    return [sent for sent in card.sent if sent[2:4] in ("B0", "B1")]


def test_behind_the_last_offset() -> None:
    """A file of more than 32 KiB is read whole, its far part with data object 54."""
    card = card_with(LONG + b"fill")
    assert files_on(card).read(file()) == LONG
    far = [sent for sent in reads(card) if sent.startswith("00B1")]
    assert all(sent.startswith("00B1000004540280") for sent in far[:1])
    assert far[-1].startswith("00B10000055403012")


def test_a_card_without_the_odd_instruction() -> None:
    """A file that says it is longer than offsets reach is not begun on other cards."""
    card = card_with(LONG)
    files = Files(CardChannel(card), profile_of(IDEMIA), plan())
    with pytest.raises(ProtocolViolation, match="says that it is"):
        files.read(file())
    assert len(reads(card)) == 1


@pytest.mark.parametrize(
    "answer",
    ["54 01 00", "53 00", "53 05 00", "53 01 00 53 01 00"],
    ids=["other tag", "no data", "cut", "two"],
)
def test_a_malformed_far_answer(answer: str) -> None:
    """An answer to the odd instruction that is not data in 53 is a violation."""

    def refuse(command: CommandApdu) -> ResponseApdu | None:
        return ResponseApdu(bytes.fromhex(answer)) if command.ins == 0xB1 else None

    with pytest.raises(ProtocolViolation):
        files_on(card_with(LONG, refuse)).read(file())


def at_most(size: int, sw: int) -> Answer:
    """A card that refuses to be asked for more than `size` bytes."""

    def refuse(command: CommandApdu) -> ResponseApdu | None:
        refused = command.ins == 0xB0 and command.ne > size
        return ResponseApdu(sw=sw) if refused else None

    return refuse


OBJECT = tlv.encode(0x75, bytes(1000))


class Inside(CardChannel):
    """What goes on inside a protected channel, where nobody corrects a wrong Le."""

    is_secured = True

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        """Hand a command on as it is."""
        return ResponseApdu.decode(self._icc.transmit(command.encode()))


@pytest.mark.parametrize("sw", [0x6700, 0x6282, 0x6C00, 0x6C70, 0x6B00])
@pytest.mark.parametrize(("size", "learned"), [(230, 224), (200, 160), (130, 112)])
def test_the_ladder(sw: int, size: int, learned: int) -> None:
    """A card that refuses a length is asked for less, and for no more than that ever after."""
    card = card_with(OBJECT, at_most(size, sw))
    files = Files(Inside(card), profile(), plan(ne=256))
    assert files.read(file()) == OBJECT
    asked = [int(sent[8:10], 16) or 256 for sent in reads(card)]
    assert learned in asked
    assert all(each <= learned for each in asked[asked.index(learned) :])
    assert len(set(reads(card))) == len(asked)


@pytest.mark.parametrize("sw", [0x6700, 0x6B00, 0x6282])
def test_a_card_that_gives_nothing_beyond_the_end(sw: int) -> None:
    """A short file on a card that refuses to give less than was asked for is read all the same."""
    short = tlv.encode(0x61, b"abc")

    def refuse(command: CommandApdu) -> ResponseApdu | None:
        offset = command.p1 << 8 | command.p2
        beyond = command.ins == 0xB0 and offset + command.ne > len(short)
        return ResponseApdu(sw=sw) if beyond else None

    card = card_with(short, refuse)
    assert files_on(card).read(file()) == short
    assert [sent[8:] for sent in reads(card)] == ["E7", "04", "01"]


def test_a_card_that_refuses_every_length() -> None:
    """The refusal is told after the last rung, and no command comes twice."""
    card = card_with(OBJECT, lambda c: ResponseApdu(sw=0x6700) if c.ne != 4 else None)
    with pytest.raises(ApduError, match="6700"):
        files_on(card).read(file())
    assert len(set(reads(card))) == len(reads(card))


@pytest.mark.parametrize("sw", [0x6982, 0x6988, 0x6A82, 0x6F00])
def test_other_refusals_end_the_read(sw: int) -> None:
    """Any other refusal is told at once; nothing more is sent."""
    card = card_with(
        OBJECT, lambda c: ResponseApdu(sw=sw) if c.p1 | c.p2 and c.ins == 0xB0 else None
    )
    with pytest.raises(ApduError):
        files_on(card).read(file())
    assert len(reads(card)) == 2


def test_by_short_identifier() -> None:
    """A plan may read by short identifier: no SELECT of the file, and the rest by offset."""
    card = card_with(OBJECT)
    assert files_on(card, by_sfi=True).read(file()) == OBJECT
    assert not any(sent.startswith("00A4020C") for sent in card.sent)
    assert [sent[4:8] for sent in reads(card)][:2] == ["8200", "00E7"]


def test_a_begun_file_is_selected() -> None:
    """What was begun before is read on by offset, which a short identifier cannot do."""
    card, pieces = card_with(OBJECT), Pieces()
    pieces.keep(file().content, OBJECT[:500])
    assert files_on(card, pieces, by_sfi=True).read(file()) == OBJECT
    assert any(sent.startswith("00A4020C") for sent in card.sent)
    assert reads(card)[0].startswith("00B001F4")


@pytest.mark.parametrize(("length", "cut"), [(2000, 1000), (1000, 500)])
def test_longer_or_shorter_than_announced(length: int, cut: int) -> None:
    """A file that ends before its own length is a violation that says where."""
    head = tlv.encode(0x75, bytes(length))[:cut]
    card = card_with(head)
    with pytest.raises(ProtocolViolation, match=f"ended after {cut}"):
        files_on(card).read(file())


@pytest.mark.parametrize(
    ("told", "asked"), [(1304, 1000), (600, 598), (None, 256)], ids=["more", "less", "not told"]
)
def test_as_much_as_the_card_tells(told: int | None, asked: int) -> None:
    """With extended length a card is asked for what it delivers at once, or says."""
    card = card_with(LONG[:3000])
    rules = profile(extended_length=True, largest_answer=told, max_read=1000)
    files = Files(CardChannel(card), rules, plan(extended=True))
    with pytest.raises(ProtocolViolation, match="ended after 3000"):
        files.read(file())
    first = CommandApdu.decode(bytes.fromhex(reads(card)[0]))
    assert (first.ne, first.extended) == (asked, asked > 256)


def test_no_extended_length_unasked() -> None:
    """A plan that does not ask for it never uses extended length, whatever the card can."""
    card = card_with(OBJECT)
    rules = profile(extended_length=True, largest_answer=1304, max_read=1000)
    assert Files(CardChannel(card), rules, plan()).read(file()) == OBJECT
    assert all(len(sent) == 10 for sent in reads(card))
