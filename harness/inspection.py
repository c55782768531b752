"""Any card, described: its ATR, its open files, and the profiles that fit. No PIN is offered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness import tlv
from harness.atr import Atr, AtrError
from harness.crypto.card_access import Offer
from harness.crypto.chip_auth import chip_authentication_infos
from harness.crypto.chip_key import chip_public_keys
from harness.crypto.chip_mapping import ChipEvidence
from harness.crypto.passive_auth import CardSecurity
from harness.errors import CheckError, UsageError
from harness.profile import Profile
from harness.secret import Secret
from harness.security_info import (
    SecurityInfoError,
    describe_oid,
    is_pace_protocol,
    pace_infos,
    parse_security_infos,
)
from harness.session import activate, interface_of
from harness.station import Station
from harness.terminal.card_pace import best_offer
from harness.terminal.channel import CardChannel
from harness.terminal.inspection import (
    EF_ATR,
    EF_CARD_ACCESS,
    EF_DIR,
    LDS_AID,
    Found,
    Lds,
    Opened,
    applications,
    elsewhere,
    lds_application,
    look,
    open_with,
)
from harness.tlv import TlvError

Line = tuple[str, str]
_EXTENDED_LENGTH = 0x7F66  # ISO/IEC 7816-4, 12.7.1


@dataclass(frozen=True, slots=True)
class Fit:
    """A profile that fits: by what, and where the card is otherwise than it says."""

    profile: Profile
    reasons: tuple[str, ...]
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found on a card."""

    atr: bytes
    card_access: Found
    ef_atr: Found
    ef_dir: Found
    fits: tuple[Fit, ...]
    lds: Lds | None = None
    opened: Opened | None = None
    """What PACE opened, where a password was given."""

    def sections(self) -> Mapping[str, list[Line]]:
        """What was found, as lines of a name and a text under a title."""
        opened = {"Behind PACE": list(_opened(self.opened))} if self.opened else {}
        return {
            "ATR": [("bytes", self.atr.hex().upper()), *_atr(self.atr)],
            "EF.CardAccess": _file(self.card_access, _card_access),
            "EF.ATR/INFO": _file(self.ef_atr, _ef_atr),
            "EF.DIR": _file(self.ef_dir, _ef_dir),
            "LDS application": list(_lds(self.lds)),
            **opened,
            "Profiles": list(_profiles(self.fits)),
        }


def inspect(
    station: Station, profiles: Sequence[Profile], password: Secret | None = None
) -> Inspection:
    """Activate the card and read what is open; `profiles` are held against what is found.

    With a password, PACE is run as EF.CardAccess offers it, and what can be reached inside is told.

    Raises:
        LinkError: no card, or it is gone.
        UsageError: there is a password, but no PACE that it could be used for.
        WrongPinError: the password is wrong.
        CardError: the card breaks PACE off.
    """
    atr = activate(station)
    channel = CardChannel(station.icc, station.journal)
    with station.journal.phase("inspect"):
        access, home = _card_access_of(channel, profiles)
        files = (access, look(channel, EF_ATR), look(channel, EF_DIR))
        found = Inspection(atr, *files, (), lds_application(channel))
    fits = [_fit(each, found) for each in profiles]
    known = [each for each in fits if "ATR" in each.reasons]
    chosen = known or [each for each in fits if each.reasons]
    opened = None
    if password is not None:
        with station.journal.phase("PACE"):
            opened = open_with(
                channel, password, _offer(access), home, _known_applications(profiles)
            )
    if known:
        inside = opened.channel if opened else channel
        with station.journal.phase("PKCS#15"):
            chosen = [_looked_into(inside, atr, each) for each in known]
    return replace(found, fits=tuple(chosen), opened=opened)


def _card_access_of(channel: CardChannel, profiles: Sequence[Profile]) -> tuple[Found, bytes]:
    """EF.CardAccess in the MF, else where a profile has it; and the application selected for it."""
    access = look(channel, EF_CARD_ACCESS)
    for application in dict.fromkeys(map(_application_of_pace, profiles)):
        if access.raw:
            break
        if application and (found := look(channel, EF_CARD_ACCESS, application)).raw:
            return found, application
    return access, b""


def _looked_into(channel: CardChannel, atr: bytes, fit: Fit) -> Fit:
    """The same with what the card's own directory of keys says, where it can be read."""
    closed = fit.profile.needs_pace(interface_of(fit.profile, atr)) and not channel.is_secured
    found = () if closed else tuple(elsewhere(channel, fit.profile))
    return Fit(fit.profile, fit.reasons, fit.differences + found)


def _offer(access: Found) -> Offer:
    """The PACE to run.

    Raises:
        UsageError: none was found, or none that can be used.
        ProtocolViolation: EF.CardAccess is malformed or contradicts itself.
    """
    if not access.raw:
        message = f"the card shows no EF.CardAccess, so a password is of no use: {access.refusal}"
        raise UsageError(message)
    return best_offer(access.raw)


def _known_applications(profiles: Iterable[Profile]) -> Iterator[bytes]:
    yield LDS_AID
    for profile in profiles:
        yield from (each.aid for each in profile.directories.values() if each.aid)


def _opened(opened: Opened) -> Iterator[Line]:
    number = opened.info.parameter_id
    yield (
        "PACE",
        f"{describe_oid(opened.info.oid)} with parameters {number}, by the {opened.password}",
    )
    if opened.chip is not None:
        yield "chip", _proof(opened.chip, opened.card_security)
    for each in opened.authorities:
        yield "trusts", each.decode("ascii", errors="replace")
    security = opened.card_security
    said = f"{len(security.raw)} bytes" if security.raw else security.refusal
    yield "EF.CardSecurity", said
    if security.raw:
        yield from _card_security(security.raw)
    if opened.ef_dir.raw:
        yield from _ef_dir(opened.ef_dir.raw)
    for aid in opened.applications:
        yield "can be selected", aid.hex().upper()


def _card_security(raw: bytes) -> Iterator[Line]:
    """The chip authentication that EF.CardSecurity announces, of every version."""
    try:
        infos = CardSecurity.parse(raw).infos
        for info in chip_authentication_infos(infos):
            number = "" if info.key_id is None else f", key {info.key_id}"
            yield "chip authentication", f"{describe_oid(info.oid)}, version {info.version}{number}"
        for key in chip_public_keys(infos):
            number = "" if key.key_id is None else f"key {key.key_id}, "
            yield "chip's public key", f"{number}{key.domain.key_agreement} on {key.domain.name}"
    except (CheckError, SecurityInfoError) as error:
        yield "malformed", str(error)


def _lds(lds: Lds | None) -> Iterator[Line]:
    if lds is None or lds.refusal:
        yield "not selected", lds.refusal if lds else "not looked for"
        return
    yield "selected", "it is a passport or ICAO card"
    if lds.challenges:
        yield "challenge", "given: it may be opened with its MRZ by Basic Access Control"
    else:
        yield "challenge", "refused: it has no Basic Access Control, or not without PACE"


def _application_of_pace(profile: Profile) -> bytes | None:
    first = profile.pace.select_first if profile.pace else ""
    return profile.directories[first].aid if first in profile.directories else None


def _is_known_by_lds(profile: Profile, found: Inspection) -> bool:
    """Whether a card without EF.DIR is read by this profile, for its LDS alone."""
    alone = found.lds is not None and not found.lds.refusal and not found.ef_dir.raw
    return alone and profile.known_by_applications and profile.listed == frozenset((LDS_AID,))


def _fit(profile: Profile, found: Inspection) -> Fit:
    differences = tuple(_differences(profile, found.card_access))
    reasons = {
        "ATR": profile.recognition_of(found.atr) is not None,
        "EF.CardAccess": bool(found.card_access.raw) and not differences,
        "EF.DIR": bool(profile.listed) and profile.listed == applications(found.ef_dir.raw),
        "LDS application": _is_known_by_lds(profile, found),
    }
    return Fit(profile, tuple(name for name, holds in reasons.items() if holds), differences)


def _proof(chip: ChipEvidence, card_security: Found) -> str:
    """What the chip authentication mapping proves by the keys that EF.CardSecurity lists."""
    if not card_security.raw:
        return "sent a proof of itself, and shows no key to check it by"
    try:
        keys = chip_public_keys(CardSecurity.parse(card_security.raw).infos)
        number = chip.check(keys).key_id
    except (CheckError, SecurityInfoError) as error:
        return f"its proof of itself does not hold: {error}"
    return f"holds the private half of key {number} of EF.CardSecurity, whose signer is not checked"


def _differences(profile: Profile, access: Found) -> Iterator[str]:
    """Where EF.CardAccess is not what the profile says."""
    if profile.pace is None:
        if access.raw:
            yield "the card has EF.CardAccess, the profile has no PACE"
        return
    if not access.raw:
        yield f"the profile has PACE, but EF.CardAccess was not read: {access.refusal}"
        return
    try:
        found = {(i.oid, i.parameter_id) for i in pace_infos(parse_security_infos(access.raw))}
    except SecurityInfoError as error:
        yield f"EF.CardAccess cannot be read: {error}"
        return
    declared: set[tuple[str, int | None]] = {
        (offer.oid, offer.reference) for offer in profile.pace.offers
    }
    for oid, number in sorted(found - declared, key=str):
        yield f"only the card offers {describe_oid(oid)} with parameters {number}"
    for oid, number in sorted(declared - found, key=str):
        yield f"only the profile has {describe_oid(oid)} with parameters {number}"


def _atr(raw: bytes) -> list[Line]:
    try:
        return list(Atr.parse(raw).lines())
    except AtrError as error:
        return [("malformed", str(error))]


def _file(found: Found, decode: Callable[[bytes], Iterator[Line]]) -> list[Line]:
    if not found.raw:
        return [("not read", found.refusal)]
    try:
        lines = list(decode(found.raw))
    except (TlvError, SecurityInfoError) as error:
        lines = [("malformed", str(error))]
    return [("bytes", found.raw.hex().upper()), *lines]


def _card_access(raw: bytes) -> Iterator[Line]:
    for info in parse_security_infos(raw):
        values = " ".join(_value(each) for each in info.values)
        yield (
            "PACE" if is_pace_protocol(info.oid) else "info",
            f"{describe_oid(info.oid)}: {values}",
        )


def _value(value: tlv.Tlv) -> str:
    if value.tag == 0x02:
        return str(int.from_bytes(value.value, signed=True))
    return value.encode().hex().upper()


def _ef_atr(raw: bytes) -> Iterator[Line]:
    for each in tlv.parse_filled(raw):
        if each.tag == _EXTENDED_LENGTH:
            sizes = [str(int.from_bytes(size.value)) for size in each.children()]
            yield "extended length", f"commands and answers of at most {' and '.join(sizes)} bytes"
        else:
            yield f"{each.tag:X}", each.value.hex().upper()


def _ef_dir(raw: bytes) -> Iterator[Line]:
    for template in tlv.parse_filled(raw):
        parts = template.children() if template.tag == 0x61 else (template,)
        aid, label, path = (tlv.find(parts, tag) or b"" for tag in (0x4F, 0x50, 0x51))
        said = f"{aid.hex().upper()} {label.decode('utf-8', errors='replace')}".strip()
        yield "application", f"{said}, path {path.hex().upper()}" if path else said


def _profiles(fits: Sequence[Fit]) -> Iterator[Line]:
    if not fits:
        yield "none", "no profile knows this card; `eidrig profile new NAME` begins one"
    for fit in fits:
        yield fit.profile.name, f"{fit.profile.title}, by {' and '.join(fit.reasons)}"
        for difference in fit.differences:
            yield "differs", difference
