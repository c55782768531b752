"""Wrong, blocked and missing codes: what is told, what is spent, and what is never sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from fixtures.cards import IDEMIA, PROFILES, THALES, image_of
from fixtures.command import Eidrig, run
from fixtures.trouble import CountingCard
from harness.emulator.card import EmulatedCard
from harness.emulator.memory import CardMemory
from harness.errors import BlockedPinError, WrongPinError
from harness.icc import Icc
from harness.profile import Interface, PinName
from harness.profiles import builtin
from harness.secret import Can, Pin, Puk
from harness.session import Session
from harness.station import Station
from harness.terminal.eid import Eid
from harness.terminal.pin_guard import PinGuard

Served = Callable[[Icc], AbstractContextManager[str]]
CODES = {"CODE_CAN": "123456", "CODE_PIN1": "1234"}
FROM = ("--can-from", "env:CODE_CAN", "--pin1-from", "env:CODE_PIN1")


@pytest.fixture(autouse=True)
def _codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The right codes in the environment; tests replace single ones."""
    for name, value in CODES.items():
        monkeypatch.setenv(name, value)


def tries(card: EmulatedCard) -> dict[str, int]:
    """What the card itself counts."""
    return {name: card.memory.tries(name) for name in ("PIN1", "PIN2", "PUK")}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_wrong_can(
    eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch, offered: list[int], profile: str
) -> None:
    """A wrong CAN ends with 4 and its name, before any PIN is offered; the card counts it."""
    monkeypatch.setenv("CODE_CAN", "654321")
    ran = eidrig("read", "--profile", profile, "--json", *FROM)
    assert "CAN" in ran.refused(4)
    assert ran.document["outcome"] == "can-wrong"
    assert ran.document["pace"] is None
    assert ran.document["pin1"] == {"verified": None, "tries_left": None}
    assert offered == []
    assert tries(eidrig.cards[0]) == {"PIN1": 3, "PIN2": 3, "PUK": 3}
    assert eidrig.cards[0].memory.wrong_passwords == 1


@pytest.mark.parametrize("interface", ["contact", "contactless"])
@pytest.mark.parametrize("profile", PROFILES)
def test_a_wrong_pin1(
    eidrig: Eidrig,
    monkeypatch: pytest.MonkeyPatch,
    offered: list[int],
    profile: str,
    interface: str,
) -> None:
    """A wrong PIN1 ends with 4, tells the tries left, and was sent exactly once."""
    monkeypatch.setenv("CODE_PIN1", "4321")
    ran = eidrig("read", "--profile", profile, "--interface", interface, "--json", *FROM)
    assert ran.refused(4) == "eidrig: PIN1 is wrong; 2 tries left"
    assert ran.document["outcome"] == "pin1-wrong"
    assert ran.document["pin1"] == {"verified": False, "tries_left": 2}
    assert ran.document["personal_data"]["surname"] == "JÕEORG"
    assert offered == [builtin(profile).pins["PIN1"].reference]
    assert tries(eidrig.cards[0]) == {"PIN1": 2, "PIN2": 3, "PUK": 3}


def test_a_wrong_pin1_in_the_summary(eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The summary says that PIN1 was not verified and how many tries are left."""
    monkeypatch.setenv("CODE_PIN1", "4321")
    shown = " ".join(eidrig("read", *FROM).out.split())
    assert "PIN1 not verified, 2 tries left" in shown
    assert "Not completed: pin1-wrong (2 tries left)" in shown


@pytest.mark.parametrize("profile", PROFILES)
def test_the_counters_outlive_the_run(
    eidrig: Eidrig,
    monkeypatch: pytest.MonkeyPatch,
    offered: list[int],
    profile: str,
    tmp_path: Path,
) -> None:
    """With --state wrong codes add up over runs until PIN1 is blocked and no more offered."""
    state = tmp_path / "state.json"
    arguments = ("read", "--profile", profile, "--json", "--state", state, *FROM)
    monkeypatch.setenv("CODE_PIN1", "4321")
    for left, outcome in ((2, "pin1-wrong"), (1, "pin1-wrong"), (0, "pin1-blocked")):
        ran = eidrig(*arguments)
        ran.refused(4)
        assert ran.document["outcome"] == outcome
        assert ran.document["pin1"]["tries_left"] == left
        assert json.loads(state.read_text())["tries"]["PIN1"] == left
        assert list(tmp_path.iterdir()) == [state]
    assert len(offered) == 3
    monkeypatch.setenv("CODE_PIN1", "1234")
    ran = eidrig(*arguments)
    assert "unblock it with the PUK" in ran.refused(4)
    assert ran.document["outcome"] == "pin1-blocked"
    assert len(offered) == 3


def test_a_right_pin1_gives_the_tries_back(
    eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After a right PIN1 the state file has all tries again."""
    state = tmp_path / "state.json"
    monkeypatch.setenv("CODE_PIN1", "4321")
    eidrig("read", "--state", state, *FROM)
    monkeypatch.setenv("CODE_PIN1", "1234")
    assert eidrig("read", "--state", state, *FROM).code == 0
    assert json.loads(state.read_text())["tries"] == {"PIN1": 3, "PIN2": 3, "PUK": 3}


def _damaged(name: str, value: object) -> Callable[[str], str]:
    def damage(text: str) -> str:
        return json.dumps(json.loads(text) | {name: value})

    return damage


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda text: text[: len(text) // 2], "is not one that eidrig wrote"),
        (lambda _: "", "is not one that eidrig wrote"),
        (lambda _: "[]", "is not one that eidrig wrote"),
        (lambda _: "\udcff", "is not one that eidrig wrote"),
        (_damaged("card", "est-idemia-2018/AS0000001/5"), "belongs to card"),
        (_damaged("tries", {"PIN1": 3}), "damaged"),
        (_damaged("tries", {"PIN1": 4, "PIN2": 3, "PUK": 3}), "damaged"),
        (_damaged("tries", {"PIN1": "3", "PIN2": 3, "PUK": 3}), "damaged"),
        (_damaged("tries", {"PIN1": True, "PIN2": 3, "PUK": 3}), "damaged"),
        (_damaged("codes", {}), "damaged"),
        (_damaged("wrong_passwords", -1), "damaged"),
        (_damaged("pin2_changed", "yes"), "damaged"),
        (_damaged("colour", "red"), "is not one that eidrig wrote"),
    ],
)
def test_a_state_that_is_none(
    eidrig: Eidrig,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    damage: Callable[[str], str],
    complaint: str,
) -> None:
    """A damaged or foreign state file is refused with 2 and stays as it was."""
    state = tmp_path / "state.json"
    monkeypatch.setenv("CODE_PIN1", "4321")
    eidrig("read", "--state", state, *FROM)
    state.write_bytes(damage(state.read_text()).encode("utf-8", "surrogateescape"))
    before = state.read_bytes()
    assert complaint in eidrig("read", "--state", state, *FROM).refused(2)
    assert state.read_bytes() == before


def _eid(profile: str, memory: CardMemory) -> Eid:
    card = EmulatedCard(image_of(profile), Interface.CONTACTLESS, memory)
    session = Session.begin(Station(icc=card, profile=image_of(profile).profile))
    return session.eid(session.open(Can("123456")).channel, PinGuard(0))


@pytest.mark.parametrize("name", ["PIN1", "PIN2"])
@pytest.mark.parametrize("profile", PROFILES)
def test_a_blocked_pin_is_unblocked(profile: str, name: PinName) -> None:
    """The PUK gives a blocked PIN a new value and all its tries."""
    memory = CardMemory(image_of(profile))
    memory.set_tries(name, 0)
    eid = _eid(profile, memory)
    with pytest.raises(BlockedPinError):
        eid.verify(name, Pin("1234" if name == "PIN1" else "12345"))
    eid.unblock(name, Puk("12345678"), Pin("97531"))
    eid.verify(name, Pin("97531"))
    assert (memory.tries(name), memory.tries("PUK")) == (3, 3)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_puk_blocks_too(profile: str) -> None:
    """Three wrong PUKs block it, the tries told each time; then even the right one is not sent."""
    memory = CardMemory(image_of(profile))
    memory.set_tries("PIN1", 0)
    for wrong, left in (("00000001", 2), ("00000002", 1)):
        with pytest.raises(WrongPinError) as refused:
            _eid(profile, memory).unblock("PIN1", Puk(wrong), Pin("97531"))
        assert (refused.value.code, refused.value.tries_left) == ("puk-wrong", left)
    with pytest.raises(BlockedPinError):
        _eid(profile, memory).unblock("PIN1", Puk("00000003"), Pin("97531"))
    with pytest.raises(BlockedPinError, match="PUK is blocked"):
        _eid(profile, memory).unblock("PIN1", Puk("12345678"), Pin("97531"))
    assert (memory.tries("PIN1"), memory.tries("PUK")) == (0, 0)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_floor_of_a_real_card(
    eidrig: Eidrig, offered: list[int], served: Served, profile: str
) -> None:
    """PIN1 with two tries left is not offered to a card that might be real, unless asked to."""
    memory = CardMemory(image_of(profile))
    memory.set_tries("PIN1", 2)
    card = EmulatedCard(image_of(profile), Interface.CONTACTLESS, memory)
    with served(card) as place:
        ran = eidrig("read", "--card", place, "--json", *FROM)
        assert "lower the PIN floor" in ran.refused(4)
        assert ran.document["outcome"] == "pin1-floor"
        assert ran.document["pin1"] == {"verified": False, "tries_left": 2}
        assert offered == []
        assert eidrig("read", "--card", place, "--pin-floor", "1", *FROM).code == 0
    assert len(offered) == 1


@pytest.mark.parametrize("place", ["emulated:", "vpcd"])
def test_a_can_of_five_digits_touches_no_card(
    eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch, served: Served, place: str
) -> None:
    """A CAN of five digits is refused before the card is powered or even called."""
    monkeypatch.setenv("CODE_CAN", "12345")
    touched = CountingCard(EmulatedCard(image_of(IDEMIA)))
    monkeypatch.setattr(touched, "connect", lambda: pytest.fail("the card was powered"))
    with served(touched) as port:
        where = port if place == "vpcd" else place
        sentence = eidrig("read", "--card", where, *FROM, wrap=lambda _: touched).refused(2)
    assert sentence == "eidrig: the CAN must be 6 digits; got 5 characters"
    assert touched.commands == []


@pytest.mark.parametrize(
    ("option", "source", "complaint"),
    [
        ("--can-from", "env:NO_SUCH_CAN", "there is no CAN: the environment variable NO_SUCH_CAN"),
        ("--pin1-from", "file:/no/such/file", "/no/such/file cannot be read: No such file"),
        ("--pin1-from", "file:/", "/ cannot be read: Is a directory"),
        ("--can-from", "123456", "that is not a source of a secret; use env:NAME, file:PATH"),
        ("--pin1-from", "keyring:", "that is not a source of a secret; use env:NAME"),
    ],
)
def test_a_source_without_a_code(eidrig: Eidrig, option: str, source: str, complaint: str) -> None:
    """A code that cannot be had is said to be missing, before a card is powered."""
    made: list[CountingCard] = []

    def watch(card: EmulatedCard) -> Icc:
        made.append(CountingCard(card))
        return made[0]

    sentence = eidrig("read", option, source, wrap=watch).refused(2)
    assert complaint in sentence
    assert "123456" not in sentence
    assert made[0].commands == []


def test_no_terminal_to_ask_at() -> None:
    """A prompt where nobody can type says what else to use, and names the code that is missing."""
    sentence = run("read", "--card", "vpcd-listen:0").refused(2)
    assert "no terminal to ask for the CAN; take it from env:NAME or file:PATH" in sentence


def test_codes_from_files_of_a_default_umask(eidrig: Eidrig, tmp_path: Path) -> None:
    """Codes in ordinary files serve."""
    for name, value in CODES.items():
        (tmp_path / name).write_text(f"{value}\n")
        (tmp_path / name).chmod(0o644)
    sources = (f"file:{tmp_path / name}" for name in CODES)
    can, pin1 = sources
    assert eidrig("read", "--can-from", can, "--pin1-from", pin1).code == 0


@pytest.mark.parametrize("profile", [THALES])
def test_a_pin2_fresh_from_the_factory_is_not_offered(
    eidrig: Eidrig, offered: list[int], tmp_path: Path, profile: str
) -> None:
    """A PIN2 that must be changed first is not offered, and the outcome says so."""
    person = tmp_path / "person.toml"
    person.write_text("pin2_changed = false\n")
    ran = eidrig("read", "--profile", profile, "--person", person, "--sign", "--json")
    assert "must be changed before its first use" in ran.refused(4)
    assert ran.document["outcome"] == "pin2-blocked"
    assert ran.document["pin2"] == {"verified": False, "tries_left": 3}
    assert offered == [builtin(profile).pins["PIN1"].reference]
