"""The catalogue on a chip whose PACE is not ours: what a right chip must pass, OpenPACE passes."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from fixtures.cards import image_of
from fixtures.openpace import LIBRARY, Openpace
from fixtures.openpace_chip import TheirChip
from harness import tlv
from harness.apdu import INS, CommandApdu, ResponseApdu
from harness.clock import VirtualClock
from harness.conformance.case import Case, Verdict
from harness.conformance.catalogue import UNITS
from harness.conformance.execution import Run, execute
from harness.conformance.source import EmulatedSource
from harness.emulator.person import Person
from harness.profile import PaceOffer, Profile
from harness.secret import Secret
from harness.security_info import PaceInfo, encode_pace_info
from harness.station import Station
from harness.trace import Journal, Journaled, Observer


def _is_missing() -> bool:
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        return True
    return False


pytestmark = pytest.mark.skipif(
    _is_missing(), reason=f"{LIBRARY} is missing: install Debian's package libeac3"
)

IDEMIA = "est-idemia-2018"
ECDH_GM = "0.4.0.127.0.7.2.2.4.2"
OFFERS = tuple(
    PaceOffer(oid=f"{ECDH_GM}.{cipher}", parameter_id=curve)
    for cipher, curve in ((2, 12), (3, 15), (4, 13), (4, 16))
)
# What rests on the arithmetic of PACE; form and order of the commands are not the library's.
KEYS = (23, 24, 30, 41, 42, 49, 50, 52)
EDGES = (25, 26, 27, 28, 43, 44, 45, 46)
TOKENS = (35, 36, 62, 76)
IDS = (
    *(f"ISO7816_P_{number}" for number in (2, 73, *KEYS, *EDGES, *TOKENS)),
    *("EAC2_ISO7816_H_1", "EAC2_ISO7816_H_33", "EAC2_ISO7816_H_34", "EAC2_ISO7816_H_36"),
    *("PACE_1", "PACE_2", "PACE_3", "SM_17"),
)
# Numbers instead of points: what the library refuses, and what it does not look at.
DH_OFFERS = tuple(
    PaceOffer(oid=f"0.4.0.127.0.7.2.2.4.1.{cipher}", parameter_id=group)
    for cipher, group in ((2, 0), (4, 1), (3, 2))
)
REFUSED = ("ISO7816_P_48", "ISO7816_P_53", "PACE_10", "PACE_11", "PACE_13", "PACE_14")
TAKEN = (
    *("ISO7816_P_23", "ISO7816_P_29", "ISO7816_P_41", "ISO7816_P_47", "EAC2_ISO7816_H_35"),
    *("PACE_12", "PACE_15"),
)


def cases(*identifiers: str) -> list[Case]:
    """Cases of the catalogue."""
    return [case for unit in UNITS for case in unit.cases if case.id in identifiers]


CASES = cases(*IDS)


def name_of(value: Case | PaceOffer) -> str:
    """How a parameter is called."""
    return value.id if isinstance(value, Case) else f"{value.oid[-3:]}-{value.reference}"


@dataclass
class LibraryCard:
    """A card with one open file, whose PACE and secure messaging are the library's."""

    peer: Openpace
    atr: bytes
    access: bytes
    chip: TheirChip = field(init=False)
    _running: bool = False
    _opened: bool = False

    def connect(self) -> bytes:
        """Begin anew with the CAN."""
        self.peer.start(self.access, "CAN", "123456")
        self.chip, self._running, self._opened = TheirChip(self.peer), False, False
        return self.atr

    def disconnect(self) -> None:
        """Nothing outlives the power."""

    def transmit(self, command: bytes) -> bytes:
        """Answer a command; a run of PACE ends with its first fault."""
        decoded = CommandApdu.decode(command)
        if decoded.is_secured:
            return self._protected(decoded)
        match decoded.ins:
            case INS.SELECT:
                return b"\x90\x00"
            case INS.MANAGE_SECURITY_ENVIRONMENT:
                self._running = True
            case INS.GENERAL_AUTHENTICATE if self._running:
                pass
            case _:
                return b"\x69\x85"
        answer = self.chip.transmit(command)
        self._running = answer[-2:] == b"\x90\x00"
        self._opened = self._running and decoded.data[2:3] == b"\x85"
        return answer

    def _protected(self, command: CommandApdu) -> bytes:
        if not self._opened:
            return b"\x69\x88"
        reads = command.ins == INS.READ_BINARY
        self.chip.answers = [ResponseApdu(self.access[:8] if reads else b"")]
        return self.chip.transmit(command.encode())


@dataclass
class LibrarySource:
    """Gives each case the library's card, which is taken for an Estonian one."""

    right: EmulatedSource
    peer: Openpace
    offer: PaceOffer
    is_precious: bool = False

    @property
    def profile(self) -> Profile:
        """What the card is said to be."""
        return self.right.profile

    @property
    def authorities(self) -> tuple[bytes, ...]:
        """None: it has no certificates."""
        return ()

    def secret(self, name: str) -> Secret:
        """The CAN."""
        return self.right.secret(name)

    def sample(self, *, pin_active: bool = True, pin2_changed: bool = True) -> None:
        """There is no other card."""

    def station(self, observer: Observer, seed: int) -> Station:
        """The card, whatever the seed: the library draws its own numbers."""
        del seed
        info = PaceInfo(self.offer.oid, 2, self.offer.parameter_id)
        access = tlv.encode(0x31, encode_pace_info(info))
        card = LibraryCard(self.peer, self.profile.recognise[0].atr, access)
        journal = Journal(VirtualClock(), (observer,))
        icc = Journaled(card, journal)
        return Station(icc=icc, journal=journal, profile=self.profile, is_precious=False)


@pytest.fixture(scope="module")
def peer() -> Iterator[Openpace]:
    """The library in a process of its own."""
    openpace = Openpace()
    yield openpace
    openpace.close()


def test_every_case_is_known() -> None:
    """The cases named here are cases of the catalogue."""
    named = {*IDS, *REFUSED, *TAKEN}
    assert {case.id for case in cases(*named)} == named


@pytest.mark.parametrize("offer", OFFERS, ids=name_of)
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_library_passes(peer: Openpace, case: Case, offer: PaceOffer) -> None:
    """Valid keys at every edge are taken, bad keys and tokens are refused, channels carry data."""
    source = LibrarySource(EmulatedSource(image_of(IDEMIA), Person()), peer, offer)
    result = execute(Run(case, offer), source)
    assert (result.verdict, result.reason) == (Verdict.PASS, "")


@pytest.mark.parametrize("offer", DH_OFFERS, ids=name_of)
@pytest.mark.parametrize("case", cases(*REFUSED), ids=name_of)
def test_the_library_refuses(peer: Openpace, case: Case, offer: PaceOffer) -> None:
    """Zero, 1 and one less than the prime are refused by whoever looks at a key at all."""
    source = LibrarySource(EmulatedSource(image_of(IDEMIA), Person()), peer, offer)
    result = execute(Run(case, offer), source)
    assert (result.verdict, result.reason) == (Verdict.PASS, "")


@pytest.mark.parametrize("offer", DH_OFFERS, ids=name_of)
@pytest.mark.parametrize("case", cases(*TAKEN), ids=name_of)
def test_the_catalogue_finds_what_the_library_takes(
    peer: Openpace, case: Case, offer: PaceOffer
) -> None:
    """Numbers above the prime, of another size or subgroup are taken by this version, and found."""
    source = LibrarySource(EmulatedSource(image_of(IDEMIA), Person()), peer, offer)
    result = execute(Run(case, offer), source)
    assert result.verdict is Verdict.FAIL
    assert result.got == "9000 (ok)"


def test_a_library_with_another_password_fails(peer: Openpace) -> None:
    """A chip that does not know the password is found out."""
    source = LibrarySource(EmulatedSource(image_of(IDEMIA), Person()), peer, OFFERS[0])
    (case,) = (each for each in CASES if each.id == "ISO7816_P_2")

    def started(access: bytes, kind: str, password: str) -> None:
        del password
        Openpace.start(peer, access, kind, "654321")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peer, "start", started)
        result = execute(Run(case, OFFERS[0]), source)
    assert result.verdict is Verdict.FAIL
    assert "refused the CAN" in result.reason
