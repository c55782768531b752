"""No CAN, PIN, PUK or key in anything that a read, a trace or an emulated card leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from io import StringIO
from pathlib import Path

import pytest

from fixtures.cards import PROFILES, profile_of
from fixtures.command import Eidrig, running
from fixtures.secrets import leaks
from fixtures.trouble import PulledCard, TamperedCard
from harness.emulator.card import EmulatedCard
from harness.emulator.person import parse_person
from harness.emulator.personalise import personalise
from harness.icc import Icc

Served = Callable[[Icc], AbstractContextManager[str]]
Wrap = Callable[[Icc], Icc]
CAN, PIN1, PIN2, PUK = "940713", "571938264017", "862047193358", "918273645098"
PERSON = f'can = "{CAN}"\npin1 = "{PIN1}"\npin2 = "{PIN2}"\npuk = "{PUK}"\n'
WRONG = "604918273355"


@pytest.fixture
def person(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person with codes that can hardly appear by chance."""
    file = tmp_path_factory.mktemp("person") / "person.toml"
    file.write_text(PERSON)
    return file


def test_the_search_finds() -> None:
    """The search of these tests does find what it looks for."""
    key = bytes(range(16))
    for text in (f"CAN {CAN}", PIN1, PIN2.encode().hex(), PUK.encode().hex().upper(), key.hex()):
        assert leaks(text, (CAN, PIN1, PIN2, PUK), [key])
    assert not leaks(f"AB{CAN}", (CAN,), [key])


def _untouched(card: Icc) -> Icc:
    return card


def _pulled(card: Icc) -> Icc:
    return PulledCard(card, 25, late=True)


def _spoilt(card: Icc) -> Icc:
    return TamperedCard(
        card, lambda n, _, answer: answer[:-3] + b"?" + answer[-2:] if n == 30 else answer
    )


@pytest.mark.parametrize("wrap", [_untouched, _pulled, _spoilt])
@pytest.mark.parametrize("interface", ["contact", "contactless"])
@pytest.mark.parametrize("profile", PROFILES)
def test_in_everything_a_read_leaves(
    eidrig: Eidrig,
    keys: list[bytes],
    tmp_path: Path,
    profile: str,
    interface: str,
    wrap: Wrap,
) -> None:
    """Output, object, trace, recording and state file hold no secret, whatever became of the read.

    Over contact the codes cross the wire in the clear, and are still nowhere to be found.
    """
    person = tmp_path / "person.toml"
    person.write_text(PERSON)
    options = ("--profile", profile, "--interface", interface, "--person", person, "--sign")
    for style in ([], ["--json"]):
        files = [tmp_path / name for name in ("trace", "record", "state")]
        trace, record, state = files
        ran = eidrig(
            "read", *options, *style, "--trace", trace, "--record", record, "--state", state,
            wrap=wrap,
        )  # fmt: skip
        assert ran.code == (0 if wrap is _untouched else ran.code)
        shown = "".join(eidrig("trace", trace, "--level", each).out for each in ("all", "wire"))
        written = [file.read_text() for file in files if file.exists()]
        assert len(written) >= 2
        for text in (ran.out, ran.err, shown, *written):
            assert leaks(text, (CAN, PIN1, PIN2, PUK), keys) == []
    assert bool(keys) is (interface == "contactless")


@pytest.mark.parametrize("interface", ["contact", "contactless"])
@pytest.mark.parametrize("profile", PROFILES)
def test_in_what_a_wrong_code_leaves(
    eidrig: Eidrig,
    keys: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    profile: str,
    interface: str,
) -> None:
    """A refused code is a secret too: it may be that of another card."""
    monkeypatch.setenv("WRONG", WRONG)
    trace, record, state = (tmp_path / name for name in ("trace", "record", "state"))
    ran = eidrig(
        "read", "--profile", profile, "--interface", interface, "--pin1-from", "env:WRONG",
        "--trace", trace, "--record", record, "--state", state,
    )  # fmt: skip
    assert ran.code == 4
    for text in (ran.out, ran.err, *(file.read_text() for file in (trace, record, state))):
        assert leaks(text, (WRONG,), keys) == []


@pytest.mark.parametrize("source", ["env", "file"])
def test_in_what_a_malformed_code_leaves(
    eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str
) -> None:
    """A code of the wrong form is refused unseen."""
    monkeypatch.setenv("MALFORMED", f"{PIN1}x")
    file = tmp_path / "pin1"
    file.write_text(f"{PIN1}x\n")
    where = "env:MALFORMED" if source == "env" else f"file:{file}"
    ran = eidrig("read", "--pin1-from", where)
    assert ran.code == 2
    assert PIN1 not in ran.out + ran.err


@pytest.mark.parametrize("profile", PROFILES)
def test_across_a_socket(
    eidrig: Eidrig,
    keys: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
    served: Served,
    tmp_path: Path,
    profile: str,
) -> None:
    """Codes from the environment reach a far card and nothing else."""
    for name, code in (("A", CAN), ("B", PIN1), ("C", PIN2)):
        monkeypatch.setenv(name, code)
    trace, record = tmp_path / "trace", tmp_path / "record"
    card = EmulatedCard(personalise(profile_of(profile), parse_person(PERSON, "the test")))
    sources = ("--can-from", "env:A", "--pin1-from", "env:B", "--pin2-from", "env:C")
    with served(card) as place:
        options = ("--card", place, "--sign", "--trace", trace, "--record", record)
        ran = eidrig("read", *options, *sources)
    assert ran.code == 0
    for text in (ran.out, ran.err, trace.read_text(), record.read_text()):
        assert leaks(text, (CAN, PIN1, PIN2), keys) == []


def test_in_what_an_emulated_card_says(person: Path, tmp_path: Path) -> None:
    """The codes of a person file are not announced: only those of the invented person are."""
    state = tmp_path / "state"
    options = ("--at", "vpcd-listen:0", "--person", person, "--state", state)
    with running("emulate", PROFILES[0], *options) as card:
        card.until("ready: ")
        ended = card.end()
    assert f"codes: as in {person}" in ended.out
    assert leaks(ended.out + ended.err, (CAN, PIN1, PIN2, PUK), []) == []


def test_in_a_crash(eidrig: Eidrig, person: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a fault of our own, with all local variables shown, tells no secret."""
    from rich.console import Console
    from rich.traceback import Traceback

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("harness.terminal.pin_guard.PinGuard.admit", fail)
    with pytest.raises(ZeroDivisionError) as crash:
        eidrig("read", "--person", person)
    dump = StringIO()
    shown = Traceback.from_exception(
        crash.type, crash.value, crash.tb, show_locals=True, locals_max_string=4000
    )
    Console(file=dump, width=400).print(shown)
    assert "PinGuard" in dump.getvalue()
    assert leaks(dump.getvalue(), (CAN, PIN1, PIN2, PUK), []) == []
