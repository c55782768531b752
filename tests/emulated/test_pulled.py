"""The card pulled out at every single command of the read, before and after it saw the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from fixtures.cards import PROFILES, image_of
from fixtures.command import Eidrig
from fixtures.json_schema import faults, reading_schema
from fixtures.trouble import PulledCard, pulled
from harness.emulator.card import EmulatedCard
from harness.icc import Icc
from harness.profiles import builtin

Served = Callable[[Icc], AbstractContextManager[str]]
MOMENTS = pytest.mark.parametrize("late", [False, True], ids=["before", "after"])


def _count(eidrig: Eidrig, *arguments: object) -> int:
    """How many commands the undisturbed read has."""
    count = eidrig(*arguments).document["apdus"]
    assert isinstance(count, int)
    return count


def _wire(trace: Path) -> list[dict[str, str]]:
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    return [line for line in lines if line["level"] == "wire"]


@pytest.mark.parametrize("profile", PROFILES)
@MOMENTS
def test_at_every_command(
    eidrig: Eidrig, offered: list[int], tmp_path: Path, profile: str, *, late: bool
) -> None:
    """Each pull ends with 3 and `link-lost`, and reports no try that the card did not count.

    Nothing is sent after it, each code was offered at most once, and trace and recording are whole.
    """
    trace, record = tmp_path / "trace.jsonl", tmp_path / "record.json"
    arguments = ("read", "--profile", profile, "--sign", "--json")
    schema = reading_schema()
    for at in range(1, _count(eidrig, *arguments) + 1):
        offered.clear()
        ran = eidrig(
            *arguments, "--trace", trace, "--record", record,
            wrap=pulled(at, late=late),
        )  # fmt: skip
        assert ran.refused(3) == f"eidrig: the card was pulled at command {at}"
        document = ran.document
        assert not list(faults(document, schema, schema))
        assert (document["outcome"], document["apdus"]) == ("link-lost", at)
        memory = eidrig.cards[-1].memory
        for name in ("PIN1", "PIN2", "PUK"):
            told = document[name.lower()]["tries_left"]
            assert told in (None, memory.tries(name)), at
            assert memory.tries(name) == 3, at
            assert document[name.lower()].get("verified") is not False, at
        assert len(offered) == len(set(offered)), at
        wire = _wire(trace)
        assert len(wire) == at
        assert [line["response"] == "" for line in wire] == [False] * (at - 1) + [True]
        assert eidrig("trace", trace).code == 0
        assert json.loads(record.read_text())["profile"] == profile
        assert {file.name for file in tmp_path.iterdir()} == {trace.name, record.name}


@pytest.mark.parametrize("interface", ["contact", "contactless"])
@pytest.mark.parametrize("profile", PROFILES)
@MOMENTS
def test_while_it_holds_a_wrong_pin1(
    eidrig: Eidrig,
    offered: list[int],
    tmp_path: Path,
    profile: str,
    interface: str,
    *,
    late: bool,
) -> None:
    """The tries left are then unknown, not guessed; a fresh read tells what the card counted."""
    state, trace, wrong = (tmp_path / name for name in ("state", "trace", "wrong"))
    wrong.write_text("4321")
    read = ("read", "--profile", profile, "--interface", interface, "--state", state, "--json")
    eidrig(*read, "--trace", trace)
    at = [line["phase"] for line in _wire(trace)].index("verify PIN1") + 1
    offered.clear()
    ran = eidrig(*read, "--pin1-from", f"file:{wrong}", wrap=pulled(at, late=late))
    ran.refused(3)
    assert ran.document["pin1"] == {"verified": None, "tries_left": None}
    assert offered == ([builtin(profile).pins["PIN1"].reference] if late else [])
    fresh = eidrig(*read, "--no-pin").document["pin1"]["tries_left"]
    assert fresh == (2 if late else 3)
    assert eidrig.cards[-1].memory.tries("PIN1") == fresh


@pytest.mark.parametrize("profile", PROFILES)
def test_the_summary_of_a_torn_verify_claims_nothing(
    eidrig: Eidrig, tmp_path: Path, profile: str
) -> None:
    """Where the card was lost while it held PIN1, the summary does not say how many are left."""
    trace = tmp_path / "trace.jsonl"
    eidrig("read", "--profile", profile, "--trace", trace)
    at = [line["phase"] for line in _wire(trace)].index("verify PIN1") + 1
    shown = eidrig("read", "--profile", profile, wrap=pulled(at, late=True))
    assert "PIN1" not in shown.out.partition("Phase")[0]
    assert "Not completed: link-lost" in shown.out


@pytest.mark.parametrize("at", [1, 5, 20])
def test_through_a_socket(
    eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch, served: Served, at: int
) -> None:
    """A card pulled at the far end of a socket is the same clear outcome."""
    monkeypatch.setenv("CODE_CAN", "123456")
    card = PulledCard(EmulatedCard(image_of(PROFILES[0])), at)
    with served(card) as place:
        ran = eidrig("read", "--card", place, "--json", "--no-pin", "--can-from", "env:CODE_CAN")
    assert "hung up" in ran.refused(3)
    assert ran.document["outcome"] == "link-lost"
    assert ran.document["apdus"] == at
