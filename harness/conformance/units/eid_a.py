"""Unit EID_A: how the card shows what it is, and how its applications are selected."""

from __future__ import annotations

from collections.abc import Iterator

from harness.apdu import INS, CommandApdu, ResponseApdu
from harness.atr import Atr, AtrError
from harness.conformance.case import Unit, case, not_implemented
from harness.conformance.judgement import Failure, Sws, demand, demand_sw
from harness.conformance.subject import Subject
from harness.profile import Interface

_RESETS = 3
_UNKNOWN_AID = bytes.fromhex("F0656964726967FF")
_SELECT_CLAUSE = "ISO/IEC 7816-4, 7.1.1"
_ATR_CLAUSE = "ISO/IEC 7816-3, 8.2"


def _atr(subject: Subject) -> Atr:
    subject.power_up()
    raw = subject.session.atr
    try:
        return Atr.parse(raw)
    except AtrError as error:
        raise Failure("a well-formed ATR", f"{raw.hex().upper()}: {error}", _ATR_CLAUSE) from None


@case("EID_A_1", "the profile's recognise", "an ATR that the profile lists for this interface")
def _recognised(subject: Subject) -> None:
    """The ATR is one of those that the profile lists.

    Every bit that a mask of the profile covers must agree, on the interface the card is reached by.
    """
    subject.power_up()
    atr, interface = subject.session.atr, subject.session.interface
    known = subject.profile.recognition_of(atr)
    expected = f"an ATR that the profile lists for {interface}"
    holds = known is not None and known.interface is interface
    demand(holds, expected, atr.hex().upper(), "the profile's recognise")


@case("EID_A_2", _ATR_CLAUSE, "an ATR as long as it says, with a right check byte where it has one")
def _well_formed(subject: Subject) -> None:
    """The ATR is well formed.

    Interface bytes, historical bytes and check byte are as many as announced, the check byte is the
    XOR of all before it, and without contact the ATR has the form that PC/SC gives it.
    """
    atr = _atr(subject)
    demand(atr.check is not False, "a right check byte", "a wrong one", _ATR_CLAUSE)
    if subject.session.interface is Interface.CONTACTLESS:
        got = subject.session.atr.hex().upper()
        demand(atr.is_contactless, "3B 8n 80 01", got, "PC/SC part 3, 3.1.3.2.3")


@case("EID_A_3", "ISO/IEC 7816-4, 12.1.1", "historical bytes whose objects end where they say")
def _historical(subject: Subject) -> None:
    """The historical bytes are well formed.

    In the categories 00 and 80 they are compact data objects, each as long as its length nibble
    says; category 00 ends with three bytes of status.
    """
    historical = _atr(subject).historical
    if historical[:1] not in (b"\x00", b"\x80"):
        return  # a reference to data, or proprietary: nothing more is ruled
    objects = historical[1:-3] if historical[0] == 0x00 else historical[1:]
    while objects:
        size = 1 + (objects[0] & 0x0F)
        got = historical.hex().upper()
        demand(size <= len(objects), "whole compact objects", got, "ISO/IEC 7816-4, 12.1.1.2")
        objects = objects[size:]


@case(
    "EID_A_4",
    "ISO/IEC 14443-4, 5.2.7",
    "the historical bytes that the profile lists",
    needs=("CONTACTLESS",),
)
def _radio(subject: Subject) -> None:
    """The historical bytes of the ATS are those of the profile.

    Phones tell card generations apart by them alone.
    """
    subject.require_contactless()
    atr = _atr(subject)
    known = {
        Atr.parse(entry.atr).historical
        for entry in subject.profile.recognise
        if entry.interface is Interface.CONTACTLESS and entry.mask is None
    } | {subject.profile.own_radio.historical_bytes}
    expected = " or ".join(sorted(each.hex().upper() for each in known))
    got = atr.historical.hex().upper()
    masked = any(entry.mask for entry in subject.profile.recognise)
    demand(masked or atr.historical in known, expected, got, "the profile's radio")


@case("EID_A_5", "ISO/IEC 7816-3, 6.2.2", "the same ATR after every reset")
def _steady(subject: Subject) -> None:
    """The card shows the same ATR every time.

    Whoever looks a card up by its ATR must find the same one after each activation.
    """
    subject.power_up()
    first = subject.session.atr
    for _ in range(_RESETS):
        subject.power_up()
        again = subject.session.atr
        demand(again == first, first.hex().upper(), again.hex().upper(), "ISO/IEC 7816-3, 6.2.2")


def _selected(subject: Subject, aid: bytes, p2: int = 0x0C) -> ResponseApdu:
    ne = 256 if p2 != 0x0C and "select" not in subject.profile.quirks.no_ne_on else 0
    return subject.transmit(CommandApdu(0x00, INS.SELECT, 0x04, p2, aid, ne))


def _aids(subject: Subject) -> Iterator[bytes]:
    places = subject.profile.directories.values()
    yield from (place.aid for place in places if place.aid)


def _open_aids(subject: Subject) -> Iterator[bytes]:
    """The applications that can be selected without a channel.

    ISO/IEC 7816-4, 9.3 lets a card keep an application behind its access rules.
    """
    closed = subject.profile.needs_channel(subject.session.interface)
    allowed = (0x9000, 0x6982) if closed else (0x9000,)
    for aid in _aids(subject):
        subject.power_up()
        answer = _selected(subject, aid)
        demand_sw(answer, _SELECT_CLAUSE, *allowed, to=f"SELECT {aid.hex().upper()}")
        if answer.ok:
            yield aid


@case("EID_A_6", _SELECT_CLAUSE, "9000 for every application", needs=("APPLICATION",))
def _applications(subject: Subject) -> None:
    """Every application is selected by its name.

    In the clear, or inside the channel where the card answers 6982 without one.
    """
    opened = set(_open_aids(subject))
    for aid in _aids(subject):
        if aid not in opened:
            command = CommandApdu(0x00, INS.SELECT, 0x04, 0x0C, aid)
            answer = subject.transmit(command, subject.access())
            to = f"SELECT {aid.hex().upper()} inside the channel"
            demand_sw(answer, _SELECT_CLAUSE, 0x9000, to=to)


@case("EID_A_7", _SELECT_CLAUSE, "6A82", needs=("APPLICATION",))
def _unknown(subject: Subject) -> None:
    """A name that no application has is refused, and does no harm.

    The card's own application can be selected right after it.
    """
    opened = tuple(_open_aids(subject))
    subject.power_up()
    answer = _selected(subject, _UNKNOWN_AID)
    demand_sw(answer, _SELECT_CLAUSE, 0x6A82, to="a name that no application has")
    for aid in opened:
        demand_sw(_selected(subject, aid), _SELECT_CLAUSE, 0x9000)


@case("EID_A_8", _SELECT_CLAUSE, "6A82", needs=("APPLICATION",))
def _longer(subject: Subject) -> None:
    """A name longer than the application's is another name.

    A card may take the beginning of a name for the whole, but not more than the whole.
    """
    for aid in _aids(subject):
        if len(aid) < 16:  # ISO/IEC 7816-4, 12.2.3: a name has at most 16 bytes
            subject.power_up()
            answer = _selected(subject, aid + b"\x5a")
            demand_sw(answer, _SELECT_CLAUSE, 0x6A82, to="a name with a byte added")


@case(
    "EID_A_9",
    _SELECT_CLAUSE,
    "9000 with the P2 that the profile lists, a checking error with any other",
    needs=("APPLICATION-P2", "CONTACTLESS"),
)
def _without_contact(subject: Subject) -> None:
    """Without contact an application is selected only as the profile says.

    Phones that ask for control information where the card gives none do not get further.
    """
    subject.require_contactless()
    for aid in tuple(_open_aids(subject)):
        for p2 in (0x00, 0x04, 0x0C):
            takes = p2 in subject.profile.select.contactless_application_p2
            allowed = 0x9000 if takes else Sws.CHECKING_ERROR
            to = f"SELECT with P2={p2:02X} without contact"
            demand_sw(_selected(subject, aid, p2), "the profile's select", allowed, to=to)


@case("EID_A_10", "ISO/IEC 7816-4, 5.4.1", "a checking error, and a card that still answers")
def _classes(subject: Subject) -> None:
    """Unknown classes and instructions are refused, and do no harm.

    6E00 or 6881 for a class or channel, 6D00 for an instruction that is not there.
    """
    opened = tuple(_open_aids(subject))
    subject.power_up()
    for cla in (0x01, 0xE0):
        answer = subject.transmit_raw(bytes((cla, INS.SELECT, 0x04, 0x0C, 1, 0)))
        clause = "ISO/IEC 7816-4, 5.4.1"
        demand_sw(answer, clause, 0x6E00, 0x6881, 0x6882, to=f"class {cla:02X}")
    answer = subject.transmit_raw(bytes.fromhex("00FD0000"))
    demand_sw(answer, "ISO/IEC 7816-4, 5.4.2", 0x6D00, to="instruction FD")
    for aid in opened:
        demand_sw(_selected(subject, aid), _SELECT_CLAUSE, 0x9000)


_ats = not_implemented(
    "EID_A_11",
    "ISO/IEC 14443-4, 5.2",
    "The ATS tells frame size, waiting time and bit rates of the profile.",
    "a reader behind PC/SC shows the historical bytes only; TR-03105-2 tests the ATS on the air",
)


UNIT = Unit(
    "EID_A",
    "Identification and selection",
    "eidrig",
    (
        _recognised,
        _well_formed,
        _historical,
        _radio,
        _steady,
        _applications,
        _unknown,
        _longer,
        _without_contact,
        _classes,
        _ats,
    ),
)
