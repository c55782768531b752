"""The fixtures: a card for each test, what can be opened on it, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import pytest

from harness.pytest_plugin.air import conditions_of
from harness.pytest_plugin.needs import is_destructive, rig_of, said_plainly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.emulator.card import EmulatedCard
    from harness.emulator.person import Person
    from harness.icc import Icc
    from harness.mrz import Mrz
    from harness.profile import Profile
    from harness.pytest_plugin.rig import Identity, Rig
    from harness.reading import Reading
    from harness.secret import Can, Digits
    from harness.session import Session
    from harness.station import Station
    from harness.terminal.certificate import Authorities
    from harness.terminal.channel import CardChannel
    from harness.terminal.eid import Eid
    from harness.terminal.emrtd import Emrtd
    from harness.terminal.pin_guard import PinGuard

V = TypeVar("V")


@pytest.fixture(scope="session")
def _eidrig_rig(request: pytest.FixtureRequest) -> Rig:
    """The card of the run and the rules for it."""
    with said_plainly():
        return rig_of(request.config)


@pytest.fixture(scope="session")
def _eidrig_identity(
    _eidrig_rig: Rig, record_testsuite_property: Callable[[str, object], None]
) -> Identity:
    """What the card says of itself; the facts of the rig go into the JUnit file."""
    with said_plainly():
        identity = _eidrig_rig.identity()
    facts = {
        "place": _eidrig_rig.place,
        "profile": identity.profile.name,
        "interface": identity.interface,
        "atr": identity.atr.hex().upper(),
        "pin_floor": _eidrig_rig.pin_floor,
    }
    for name, fact in facts.items():
        record_testsuite_property(f"eidrig_{name}", fact)
    return identity


@pytest.fixture(scope="session")
def card_profile(_eidrig_identity: Identity) -> Profile:
    """The profile of the card: as chosen, else as its ATR tells."""
    return _eidrig_identity.profile


@pytest.fixture
def station(
    request: pytest.FixtureRequest, _eidrig_rig: Rig, _eidrig_identity: Identity
) -> Station:
    """The stack to the card, not activated yet; a new emulated card for each test.

    With the markers `air` or `fault` it is held against a simulated phone.
    """
    with said_plainly():
        conditions = conditions_of(request.node)
    if conditions is not None:
        _require(_eidrig_rig, "emulated")
        return _eidrig_rig.station_in_air(conditions)
    may_verify = not {"pin1", "pin2", "puk"}.isdisjoint(request.fixturenames)
    with said_plainly():
        return _eidrig_rig.station(may_spend=is_destructive(request.node), may_verify=may_verify)


@pytest.fixture
def card_session(station: Station) -> Iterator[Session]:
    """One activation of the card: its ATR, profile, interface and plain channel."""
    from harness.session import Session  # noqa: PLC0415 - only if a card is used

    try:
        with said_plainly():
            session = Session.begin(station)
        yield session
    finally:
        station.icc.disconnect()


@pytest.fixture
def card(card_session: Session) -> Icc:
    """The activated card, spoken to in bytes; it loses its power after the test."""
    return card_session.station.icc


@pytest.fixture
def channel(card_session: Session) -> CardChannel:
    """The plain channel to the activated card."""
    return card_session.channel


@pytest.fixture
def pace_channel(card_session: Session, can: Can) -> CardChannel:
    """The channel that PACE with the CAN has opened."""
    with said_plainly():
        return card_session.establish_pace(can)


@pytest.fixture
def pin_guard(request: pytest.FixtureRequest, _eidrig_rig: Rig) -> PinGuard:
    """The rules for offering codes in this test; on a real card it remembers the whole run."""
    with said_plainly():
        return _eidrig_rig.guard(may_spend=is_destructive(request.node))


@pytest.fixture
def eid(request: pytest.FixtureRequest, card_session: Session, pin_guard: PinGuard) -> Eid:
    """The ID-card as its holder's phone sees it: inside PACE, or in the plain over contact."""
    needs_pace = card_session.profile.needs_pace(card_session.interface)
    name = "pace_channel" if needs_pace else "channel"
    channel = request.getfixturevalue(name)
    with said_plainly():
        return card_session.eid(channel, pin_guard)


@pytest.fixture
def emrtd(_eidrig_rig: Rig, card_session: Session) -> Emrtd:
    """The passport or ICAO card behind PACE or BAC; skips on other cards and without a code."""
    _require(_eidrig_rig, "lds")
    can, mrz = _eidrig_rig.can(), _eidrig_rig.mrz()
    if can is None:
        _require(_eidrig_rig, "mrz")
    with said_plainly():
        return card_session.emrtd(card_session.open(can, mrz))


@pytest.fixture
def tap(
    request: pytest.FixtureRequest, _eidrig_rig: Rig, station: Station, pin_guard: PinGuard
) -> Callable[..., Reading]:
    """A whole read as a person holds the card: `tap("resume")` gives its `Reading`.

    The policy is once, restart or resume; `plan`, `use_pin` and `sign` are those of `TapOptions`.
    """
    from harness.station import Codes  # noqa: PLC0415 - only if a card is used
    from harness.tap import Tap, TapOptions, policy  # noqa: PLC0415 - only if a card is used

    def hold(
        policy_name: str = "once", *, use_pin: bool = True, sign: bool = False, plan: str = "eidrig"
    ) -> Reading:
        wanted = ["can", *["pin1"] * use_pin, *["pin2"] * sign]
        if station.profile is not None and station.profile.lds is not None:
            codes = Codes(_eidrig_rig.can(), mrz=_eidrig_rig.mrz())
        else:
            codes = Codes(**{name: request.getfixturevalue(name) for name in wanted})
        options = TapOptions(use_pin=use_pin, sign=sign, plan=plan)
        return Tap(station, codes, pin_guard, options, policy=policy(policy_name)).run()

    return hold


@pytest.fixture
def emulated_card(_eidrig_rig: Rig, request: pytest.FixtureRequest) -> EmulatedCard | None:
    """The emulated card itself, with its memory to look into; skips on any other."""
    _require(_eidrig_rig, "emulated")
    station: Station = request.getfixturevalue("station")
    return station.emulated


@pytest.fixture(scope="session")
def can(_eidrig_rig: Rig) -> Can:
    """The CAN; skips where none was given for a real card."""
    return _found(_eidrig_rig, "can", _eidrig_rig.can())


@pytest.fixture(scope="session")
def mrz(_eidrig_rig: Rig) -> Mrz:
    """The password of the machine readable zone; skips where none is known."""
    return _found(_eidrig_rig, "mrz", _eidrig_rig.mrz())


@pytest.fixture(scope="session")
def pin1(_eidrig_rig: Rig) -> Digits:
    """PIN1; skips where none was given for a real card."""
    return _code(_eidrig_rig, "PIN1")


@pytest.fixture(scope="session")
def pin2(_eidrig_rig: Rig) -> Digits:
    """PIN2; skips where none was given for a real card."""
    return _code(_eidrig_rig, "PIN2")


@pytest.fixture(scope="session")
def puk(_eidrig_rig: Rig) -> Digits:
    """The PUK; skips where none was given for a real card."""
    return _code(_eidrig_rig, "PUK")


@pytest.fixture(scope="session")
def person(_eidrig_rig: Rig) -> Person:
    """Whom the card was made for; skips where a card is not emulated and no file tells."""
    _require(_eidrig_rig, "person")
    return _eidrig_rig.person()


@pytest.fixture(scope="session")
def authorities(_eidrig_rig: Rig) -> Authorities:
    """The issuers to check certificates against; skips where none are known."""
    return _found(_eidrig_rig, "authorities", _eidrig_rig.authorities())


def _code(rig: Rig, name: str) -> Digits:
    return _found(rig, name.lower(), rig.code(name))


def _found(rig: Rig, need: str, value: V | None) -> V:
    if value is None:
        pytest.skip(f"needs {rig.unmet(need)}")
    return value


def _require(rig: Rig, need: str) -> None:
    if reason := rig.unmet(need):
        pytest.skip(f"needs {reason}")
