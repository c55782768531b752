"""What any card tells of itself to someone who knows nothing of it, and spends no try of its."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness import tlv
from harness.apdu import INS, MAX_SHORT_NE, SW, CommandApdu, describe_sw
from harness.crypto.card_access import Offer
from harness.crypto.chip_mapping import ChipEvidence
from harness.errors import ApduError, CardError
from harness.profile import Content, Profile
from harness.secret import Secret
from harness.security_info import PaceInfo
from harness.terminal.channel import CardChannel
from harness.terminal.files import Files
from harness.terminal.key_directory import KeyDirectory
from harness.terminal.pace import PaceTerminal
from harness.terminal.pkcs15 import differences
from harness.tlv import TlvError

MF, EF_DIR, EF_ATR, EF_CARD_ACCESS, EF_CARD_SECURITY = (
    bytes.fromhex(fid) for fid in ("3F00", "2F00", "2F01", "011C", "011D")
)
LDS_AID = bytes.fromhex("A0000002471001")
"""The application of passports and ICAO cards (ICAO 9303-10, 4.1)."""
_LONGEST = 4096
_SIZES = (MAX_SHORT_NE, 160, 64)
_EXACT_NE = 0x6C  # the first byte of 6Cxx (ISO/IEC 7816-4, 5.6)
_SHORT_IDENTIFIERS = {EF_DIR: 0x1E, EF_ATR: 0x01, EF_CARD_ACCESS: 0x1C, EF_CARD_SECURITY: 0x1D}


@dataclass(frozen=True, slots=True)
class Found:
    """A file that was looked for: its bytes, or why there are none."""

    raw: bytes = b""
    refusal: str = ""


def applications(ef_dir: bytes) -> frozenset[bytes]:
    """The AIDs that EF.DIR lists; none where it is malformed (ISO/IEC 7816-4, 12.2.3.2)."""
    try:
        templates = tlv.parse_filled(ef_dir)
        aids = [tlv.find(each.children(), 0x4F) for each in templates if each.tag == 0x61]
    except TlvError:
        return frozenset()
    return frozenset(aid for aid in aids if aid)


@dataclass(frozen=True, slots=True)
class Opened:
    """What PACE opened on a card.

    `password` is the kind that was used, `authorities` are the certification authority references
    that the card named, `chip` is the proof that it sent of its chip, not yet checked,
    `applications` are the AIDs among those asked for that can be selected.
    """

    channel: CardChannel
    password: str
    info: PaceInfo
    authorities: tuple[bytes, ...]
    chip: ChipEvidence | None
    card_security: Found
    ef_dir: Found
    applications: tuple[bytes, ...]


def open_with(
    channel: CardChannel,
    password: Secret,
    offer: Offer,
    application: bytes,
    wanted: Iterable[bytes],
) -> Opened:
    """Run PACE where EF.CardAccess was found, and see what can be reached inside.

    `wanted` are the AIDs to try besides those that EF.DIR lists there.

    Raises:
        WrongPinError: the password is wrong.
        CardError, LinkError: as the steps of PACE.
    """
    look(channel, EF_CARD_ACCESS, application)
    established = PaceTerminal(offer.info, domain=offer.domain).run(channel, password)
    inside = established.channel
    security, directory = look(inside, EF_CARD_SECURITY), look(inside, EF_DIR)
    aids = dict.fromkeys((*wanted, *sorted(applications(directory.raw))))
    return Opened(
        inside,
        password.label,
        offer.info,
        established.authorities,
        established.chip,
        security,
        directory,
        tuple(aid for aid in aids if is_there(inside, aid)),
    )


def is_there(channel: CardChannel, aid: bytes) -> bool:
    """Whether an application can be selected, which it then is."""
    try:
        return channel.transmit(CommandApdu(0x00, INS.SELECT, 0x04, 0x0C, aid)).ok
    except CardError:  # the channel ended, and with it everything
        return False


@dataclass(frozen=True, slots=True)
class Lds:
    """Whether the LDS application can be selected without a code, and what it then answers.

    `refusal` is empty where it can; `challenges` says whether it gives a challenge, as chips with
    Basic Access Control do.
    """

    refusal: str
    challenges: bool = False


def lds_application(channel: CardChannel) -> Lds:
    """Select the LDS application and ask it for a challenge, which costs nothing.

    Raises:
        LinkError: the card is gone.
    """
    try:
        channel.send(CommandApdu(0x00, INS.SELECT, 0x04, 0x0C, LDS_AID))
    except CardError as error:
        return Lds(str(error))
    try:
        return Lds("", len(channel.send(CommandApdu(0x00, INS.GET_CHALLENGE, 0, 0, ne=8))) == 8)
    except CardError:
        return Lds("")


def look(channel: CardChannel, fid: bytes, application: bytes = b"") -> Found:
    """Read a file by its identifier, else by its short one; after an application if one is named.

    Raises:
        LinkError: the card is gone.
    """
    try:
        return Found(_read(channel, fid, application))
    except CardError as error:
        return Found(refusal=str(error))


def _read(channel: CardChannel, fid: bytes, application: bytes) -> bytes:
    if application:
        channel.send(CommandApdu(0x00, INS.SELECT, 0x04, 0x0C, application))
    else:  # some cards stand there already and refuse this
        channel.transmit(CommandApdu(0x00, INS.SELECT, 0x00, 0x0C, MF))
    selected = channel.transmit(CommandApdu(0x00, INS.SELECT, 0x02, 0x0C, fid))
    head = 0x00 if selected.ok else 0x80 | _SHORT_IDENTIFIERS[fid]
    data = _piece(channel, head, 0)
    while len(data) < _LONGEST and (more := _piece(channel, 0x00, len(data), is_first=False)):
        data += more
    return data


def _piece(channel: CardChannel, head: int, offset: int, *, is_first: bool = True) -> bytes:
    """One READ BINARY; a card that does not take its Ne is asked for less."""
    p1, p2 = head | offset >> 8, offset & 0xFF
    for ne in _SIZES:
        command = CommandApdu(0x00, INS.READ_BINARY, p1, p2, ne=ne)
        answer = channel.transmit(command)
        if answer.sw >> 8 == _EXACT_NE:
            answer = channel.transmit(command.with_ne(answer.sw & 0xFF or MAX_SHORT_NE))
        if answer.sw != SW.WRONG_LENGTH:
            break
    if answer.ok or answer.sw == SW.END_OF_FILE:
        return answer.data
    if is_first:
        raise ApduError(answer.sw, command.name, describe_sw(answer.sw))
    return b""


def elsewhere(channel: CardChannel, profile: Profile) -> Iterator[str]:
    """Where the card's PKCS#15 files say otherwise of its keys than a profile that knows them."""
    directory = KeyDirectory(Files(channel, profile, profile.plans["eidrig"]), profile)
    for name, key in profile.keys.items():
        here = (file for file in profile.files.values() if file.directory == key.directory)
        if not any(file.content is Content.PKCS15_OBJECTS for file in here):
            continue
        try:
            found = directory.located(name)
        except CardError as error:
            yield f"PKCS#15 does not lead to the {name} key: {error}"
        else:
            yield from differences(name, key, directory.expected(name), found)
