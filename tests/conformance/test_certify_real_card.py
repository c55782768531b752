"""A card on a reader is certified, and comes out as it went in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fixtures.cards import IDEMIA, image_of
from fixtures.command import Eidrig
from fixtures.echo_card import served
from harness.conformance.campaign.record import Record, Report
from harness.conformance.case import Verdict
from harness.emulator.card import EmulatedCard
from harness.errors import LinkError
from harness.profile import Interface
from harness.transport.tcp import Listening
from harness.transport.vpcd import VpcdCard

pytest.importorskip("jinja2", reason="jinja2 is not installed: eidrig[certify]")
pytest.importorskip("junitparser", reason="junitparser is not installed: eidrig[certify]")
RIGHT = {"CAN": "123456", "PIN1": "1234", "PIN2": "12345", "PUK": "12345678"}
CODES = ("PIN1", "PIN2", "PUK")


@dataclass
class Plugged:
    """An emulated card at a socket, for the program a real one; it leaves after `left` commands."""

    card: EmulatedCard
    uri: str = ""
    left: int | None = None

    def connect(self) -> bytes:
        """Power the card up."""
        return self.card.connect()

    def disconnect(self) -> None:
        """Take the power away."""
        self.card.disconnect()

    def transmit(self, command: bytes) -> bytes:
        """Answer, or be gone."""
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                message = "taken away"
                raise LinkError(message)
        return self.card.transmit(command)

    @property
    def tries(self) -> list[int]:
        """The card's own counts."""
        return [self.card.memory.tries(name) for name in CODES]


@pytest.fixture
def plugged() -> Iterator[Plugged]:
    """A contactless card in a reader."""
    place = Listening(0)
    card = Plugged(EmulatedCard(image_of(IDEMIA), Interface.CONTACTLESS))
    card.uri = f"vpcd:127.0.0.1:{place.port}"
    with served(VpcdCard(card, place)):
        yield card


@pytest.fixture
def bench(plugged: Plugged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lab's file for that place, with every code."""
    for name, digits in RIGHT.items():
        monkeypatch.setenv(f"LAB_{name}", digits)
    sources = "".join(f'{name.lower()} = "env:LAB_{name}"\n' for name in RIGHT)
    file = tmp_path / "bench.toml"
    file.write_text(
        f'card = "{plugged.uri}"\nprofile = "{IDEMIA}"\n\n[reader]\nname = "A reader"\n'
        f'position = "centre"\nheight_mm = 2.5\n\n[codes]\n{sources}'
    )
    return file


def records(folder: Path) -> dict[str, Record]:
    """What became of each run."""
    report = Report.model_validate_json((folder / "report.json").read_bytes())
    return {each.id: each for u in report.units for c in u.cases for each in c.results}


def test_by_default_nothing_is_spent(
    eidrig: Eidrig, plugged: Plugged, bench: Path, tmp_path: Path
) -> None:
    """Harmless cases pass, the others say what they need, and no counter has moved."""
    out = tmp_path / "report"
    ended = eidrig("certify", "--station", bench, "--out", out, "--samples", "2")
    assert ended.code == 0, ended
    found = records(out)
    blocked = [each for each in found.values() if "--allow-destructive" in each.reason]
    assert len(blocked) > 10
    assert {each.verdict for each in blocked} == {Verdict.BLOCKED}
    passed = [each for each in found.values() if each.verdict is Verdict.PASS]
    assert len(passed) > 100
    assert max(len(each.samples) for each in passed) == 2
    assert plugged.tries == [3, 3, 3]
    report = Report.model_validate_json((out / "report.json").read_bytes())
    assert (report.conditions.reader, report.conditions.height_mm) == ("A reader", 2.5)
    assert report.hold is not None
    assert (report.hold.engine, report.hold.taps) == ("wall", 2)


def test_with_permission_it_is_whole_again(
    eidrig: Eidrig, plugged: Plugged, bench: Path, tmp_path: Path
) -> None:
    """What spends, changes and blocks is run, and in the end every code is as before."""
    out = tmp_path / "report"
    units = [f"--unit=EID_{letter}" for letter in "CDF"]
    ended = eidrig("certify", "--station", bench, "--out", out, "--allow-destructive", *units)
    found = records(out)
    assert [each for each in found.values() if each.verdict is Verdict.FAIL] == []
    assert ended.code == 0, ended
    blocked = [each.reason for each in found.values() if each.verdict is Verdict.BLOCKED]
    assert all("only if named with --case" in reason for reason in blocked)
    assert plugged.tries == [3, 3, 3]
    again = eidrig("certify", "--station", bench, "--out", tmp_path / "after", "--unit=EID_C")
    assert again.code == 0, again
    assert again.err == ""


def test_a_wrong_code_costs_one_try(
    eidrig: Eidrig, plugged: Plugged, bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PIN that is not the card's is offered once, told, and used by no case."""
    monkeypatch.setenv("LAB_PIN1", "571938264017")
    out = tmp_path / "report"
    ended = eidrig("certify", "--station", bench, "--out", out, "--allow-destructive")
    assert "PIN1 is not used: PIN1 is wrong; 2 tries left" in ended.err
    assert plugged.tries[0] == 2
    alone = eidrig("certify", "--station", bench, "--out", tmp_path / "alone", "--unit=ISO7816_Q")
    assert (alone.code, plugged.tries[0]) == (4, 2)
    assert "571938264017" not in "".join(path.read_text("latin-1") for path in out.glob("*.*"))


def test_a_card_that_is_taken_away(
    eidrig: Eidrig, plugged: Plugged, bench: Path, tmp_path: Path
) -> None:
    """The run ends after three lost cases with code 3; the same command goes on from there."""
    plugged.left = 300
    command = ("certify", "--station", bench, "--out", tmp_path / "report", "--unit", "ISO7816_P")
    ended = eidrig(*command)
    assert ended.code == 3, ended
    before = records(tmp_path / "report")
    verdicts = [each.verdict for each in before.values()]
    assert verdicts.count(Verdict.INCONCLUSIVE) == 3
    assert Verdict.NOT_RUN in verdicts
    plugged.left = None
    assert eidrig(*command).code == 0
    after = records(tmp_path / "report")
    assert {each.verdict for each in after.values()} == {Verdict.PASS, Verdict.NOT_APPLICABLE}
    kept = [name for name, each in before.items() if each.verdict is Verdict.PASS]
    assert kept
    assert all(after[name].samples == before[name].samples for name in kept)


def test_a_recording_is_no_card(eidrig: Eidrig, tmp_path: Path) -> None:
    """What only answers what it was asked once cannot be certified."""
    recording = tmp_path / "run.json"
    assert eidrig("read", "--record", recording).code == 0
    options = ("--profile", IDEMIA, "--card", f"replay:{recording}", "--out", tmp_path / "report")
    assert "is no card" in eidrig("certify", *options).refused(2)
