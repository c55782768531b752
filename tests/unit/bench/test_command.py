"""`eidrig bench` from outside: tables, files, exit codes, and what it refuses."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from harness.bench.saved import read_saved
from harness.cli import main
from harness.emulator.card import EmulatedCard
from harness.errors import UsageError
from harness.station import CardOptions, card_image
from harness.transport.tcp import Listening
from harness.transport.vpcd import VpcdCard

QUICK = ("--fast", "--taps", "20")
Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in this process; its exit code."""

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["eidrig", "bench", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    return call


def test_one_scenario(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """A single scenario shows its percentiles and the waterfall of its phases."""
    assert run("--taps", "3", "--preset", "fast", "--motion", "steady") == 0
    shown = capsys.readouterr().out
    for word in ("1st try", "p50", "p95", "max", "map nonce", "verify PIN1", "█"):
        assert word in shown


def test_every_combination(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Options that are repeated give every combination, one row each."""
    motions = ("--motion", "tremor", "--motion", "slip")
    policies = ("--policy", "restart", "--policy", "resume")
    assert run(*QUICK, *motions, *policies) == 0
    rows = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    for row in (["tremor", "restart"], ["tremor", "resume"], ["slip", "restart"]):
        assert row in rows


def test_heights(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each height is a scenario of its own; the usual one goes without saying in its name."""
    file = tmp_path / "run.json"
    heights = ("--height-mm", "8", "--height-mm", "60")
    assert run(*QUICK, "--motion", "steady", "--policy", "once", *heights, "--json", str(file)) == 0
    shown = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line]
    assert shown[:3] == ["height_mm", "8", "60"]
    near, far = json.loads(file.read_text(encoding="utf-8"))["benchmarks"]
    assert "/steady/" in near["name"]
    assert "/steady at 60 mm/" in far["name"]
    assert [each["params"]["height_mm"] for each in (near, far)] == ["8", "60"]
    reached = [each["extra_info"]["summary"]["within_policy"] for each in (near, far)]
    assert reached[0] > 0.8
    assert reached[1] == 0


def test_a_trace_has_its_own_heights(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A height beside a measured motion is refused."""
    file = tmp_path / "hand.csv"
    file.write_text("0,5\n", encoding="utf-8")
    assert run(*QUICK, "--motion-file", str(file), "--height-mm", "9") == 2
    assert "a measured motion has its own heights" in capsys.readouterr().err


def test_saved_and_compared(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same run again is not slower; a slower card is, with exit code 1."""
    file = tmp_path / "run.json"
    assert run(*QUICK, "--json", str(file)) == 0
    assert run(*QUICK, "--compare", str(file)) == 0
    assert "nothing got slower" in capsys.readouterr().out
    document = json.loads(file.read_text(encoding="utf-8"))
    hold = document["benchmarks"][0]["extra_info"]["summary"]["hold"]
    hold.update({name: seconds * 0.8 for name, seconds in hold.items()})
    file.write_text(json.dumps(document), encoding="utf-8")
    assert run(*QUICK, "--compare", str(file)) == 1
    assert "hold p50" in capsys.readouterr().out
    assert run(*QUICK, "--compare", str(file), "--threshold", "30") == 0


def test_two_runs_are_identical(run: Run, tmp_path: Path) -> None:
    """Two runs of one seed write the same benchmarks, to the last digit."""
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file in files:
        assert run("--taps", "3", "--motion", "slip", "--json", str(file)) == 0
    first, second = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    assert first["benchmarks"] == second["benchmarks"]


def test_pytest_benchmark_reads_it(run: Run, tmp_path: Path) -> None:
    """`pytest-benchmark compare` shows our file as one of its own."""
    pytest.importorskip("pytest_benchmark", reason="pytest-benchmark is not installed")
    file = tmp_path / "run.json"
    assert run(*QUICK, "--motion", "slip", "--motion", "walk-by", "--json", str(file)) == 0
    shown = subprocess.run(
        [sys.executable, "-m", "pytest_benchmark", "compare", str(file)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert "est-idemia-2018/android/typical/slip/resume/eidrig" in shown.stdout
    assert "Failed to load" not in shown.stdout + shown.stderr


def test_what_the_record_carries(run: Run, tmp_path: Path) -> None:
    """Machine, commit, versions, profile hash, phases and percentiles are in the file."""
    file = tmp_path / "run.json"
    assert run(*QUICK, "--json", str(file)) == 0
    document = json.loads(file.read_text(encoding="utf-8"))
    assert {"machine_info", "commit_info", "datetime", "version"} < set(document)
    extra = document["benchmarks"][0]["extra_info"]
    assert extra["engine"] == "fast"
    assert len(extra["profile_hash"]) == 64
    assert "cryptography" in extra["versions"]
    assert set(extra["summary"]["hold"]) == {"p50", "p90", "p95", "p99", "max"}
    assert extra["summary"]["phases"][0]["name"] == "activate"
    assert extra["lower_bound"]["apdus"] == 43
    assert document["benchmarks"][0]["params"]["phone"] == "android"
    assert len(document["benchmarks"][0]["stats"]["data"]) == 20


def test_a_measured_hand(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A trace from a file is a motion; a broken line in one is named."""
    file = tmp_path / "hand.csv"
    file.write_text("time_s,distance_mm\n0,60\n0.5,5\n9,5\n", encoding="utf-8")
    assert run(*QUICK, "--motion-file", str(file)) == 0
    assert "100.0%" in capsys.readouterr().out
    file.write_text("time_s,distance_mm\n0,60\n0.5,near\n", encoding="utf-8")
    assert run(*QUICK, "--motion-file", str(file)) == 2
    assert "hand.csv: line 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--motion", "jump"], "there are case-and-metal, edge-of-field"),
        (["--phone", "fax"], "there are android"),
        (["--preset", "warp"], "there are fast, slow-keygen"),
        (["--policy", "hope"], "there are once, restart, resume"),
        (["--plan", "guess"], "it has eidrig, official-app"),
        (["--profile", "xyz"], "there are bel-eid-1.8"),
        (["--fault", "gremlin"], "there are bit-error"),
        (["--fast", "--fault", "bit-error@frame=9"], "leave away --fast or --fault"),
        (["--position", "centre"], "--position: only for a real card"),
        (["--height-mm", "-1"], "-1.0 is not in the range"),
        (["--height-mm", "nan"], "nan is no number that can be measured"),
        (["--threshold", "nan"], "nan is no number that can be measured"),
        (["--json", "x.out", "--html", "x.out"], "x.out cannot hold two results"),
        (["--height-mm", "9", "--motion", "edge-of-field"], "a height of its own, 30 mm"),
        (["--card", "vpcd:127.0.0.1:1", "--pin2-from", "env:X"], "signs nothing with PIN2"),
        (["--can-from", "env:CAN"], "--can-from: only for a real card"),
        (["--card", "vpcd:127.0.0.1:1", "--fast"], "--fast: only for a simulated hold"),
        (["--card", "vpcd:127.0.0.1:1", "--motion", "slip"], "--motion: only for a simulated"),
        (["--json", "/nowhere/x.json"], "cannot be written"),
        (["--compare", "/nowhere/x.json"], "cannot be read"),
        (["--compare", __file__], "no benchmark that eidrig bench --json wrote"),
        (["--taps", "0"], "0 is not in the range"),
    ],
)
def test_refused(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: Sequence[str], message: str
) -> None:
    """A wrong word or a contradiction is refused before any tap, in one sentence, with code 2."""
    assert run(*arguments) == 2
    assert message in capsys.readouterr().err


def test_not_ours() -> None:
    """A pytest-benchmark file without our numbers is not taken for one."""
    with pytest.raises(UsageError, match="no benchmark that eidrig"):
        read_saved('{"benchmarks": [{"name": "x", "extra_info": {}}]}', "x.json")


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[str]:
    """An emulated card that waits at a port for a reader; its place."""
    image, _ = card_image(CardOptions(getattr(request, "param", None)))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    server = VpcdCard(EmulatedCard(image), Listening(port))
    thread = threading.Thread(target=lambda: server.serve(once=True))
    thread.start()
    yield f"vpcd:127.0.0.1:{port}"
    server.stop()
    thread.join()


def test_a_card_at_a_place(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: str
) -> None:
    """A card at a socket is timed by the wall clock; place, position and height are kept."""
    monkeypatch.setenv("BENCH_CAN", "123456")
    monkeypatch.setenv("BENCH_PIN1", "1234")
    codes = ("--can-from", "env:BENCH_CAN", "--pin1-from", "env:BENCH_PIN1")
    file = tmp_path / "run.json"
    place = ("--card", served, "--taps", "2", "--json", str(file))
    lies = ("--phone", "ACR1252", "--position", "centre", "--height-mm", "5")
    assert run(*place, *lies, *codes) == 0
    record = json.loads(file.read_text(encoding="utf-8"))["benchmarks"][0]
    assert record["extra_info"]["engine"] == "wall"
    assert record["params"]["phone"] == "ACR1252"
    assert record["params"]["position"] == "centre"
    assert record["params"]["height_mm"] == "5"
    assert len(record["extra_info"]["baselines"]) == 2
    assert record["extra_info"]["summary"]["within_policy"] == 1.0


@pytest.mark.parametrize("served", ["icao-id-card"], indirect=True)
def test_a_travel_document_is_asked_for_no_pin(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: str
) -> None:
    """A card without PIN1 is timed with the code alone that opens it."""
    monkeypatch.setenv("BENCH_CAN", "123456")
    file = tmp_path / "run.json"
    place = ("--card", served, "--taps", "1", "--json", str(file), "--profile", "icao-id-card")
    assert run(*place, "--can-from", "env:BENCH_CAN") == 0
    record = json.loads(file.read_text(encoding="utf-8"))["benchmarks"][0]
    assert record["extra_info"]["summary"]["within_policy"] == 1.0
