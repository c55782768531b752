"""`eidrig certify` as a lab uses it: a run, what interrupts it, and what proves its report."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from fixtures.command import PATIENCE, PROGRAM, Eidrig, run
from harness.conformance.campaign.record import Report
from harness.conformance.case import Verdict

pytest.importorskip("jinja2", reason="jinja2 is not installed: eidrig[certify]")
pytest.importorskip("junitparser", reason="junitparser is not installed: eidrig[certify]")
PROFILE = "est-idemia-2018"
SCHEMA = Path(__file__).parents[2] / "docs" / "certify.schema.json"
WHOLE = ("certify", "--profile", PROFILE, "--seed", "3", "--processes", "2")


def report_in(folder: Path) -> Report:
    """The report as anybody reads it."""
    return Report.model_validate_json((folder / "report.json").read_bytes())


def verdicts(report: Report) -> dict[str, Verdict]:
    """The verdict of each run."""
    return {
        each.id: each.verdict
        for unit in report.units
        for case in unit.cases
        for each in case.results
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run in two processes, as a program of its own, sealed with a key."""
    folder = tmp_path_factory.mktemp("lab")
    assert run("keys", "new", "lab", "--out", folder).code == 0
    done = run(*WHOLE, "--out", folder / "report", "--sign-with", folder / "lab.key")
    assert done.code == 0, done
    return folder


def test_the_folder_holds_what_is_promised(finished: Path) -> None:
    """Report in three forms, environment, ledger, seal, and two traces of each case that spoke."""
    folder = finished / "report"
    names = {each.name for each in folder.iterdir()}
    assert names == {
        "report.html", "report.json", "junit.xml", "environment.json", "results.jsonl",
        "manifest.json", "manifest.sig", "traces",
    }  # fmt: skip
    report = report_in(folder)
    spoke = [e for u in report.units for c in u.cases for e in c.results if e.apdus]
    assert len(spoke) > 20
    assert {t for e in spoke for t in e.traces} == {
        f"traces/{each.name}" for each in (folder / "traces").iterdir()
    }


def test_what_is_counted_is_what_is_there(finished: Path) -> None:
    """The counts of the summary are those of the cases, in JSON and in JUnit alike."""
    report = report_in(finished / "report")
    every = list(verdicts(report).values())
    assert report.complete
    assert report.counts == {v: every.count(v) for v in Verdict if v in every}
    suites = ET.parse(finished / "report" / "junit.xml").getroot()  # noqa: S314 - our own
    assert int(suites.attrib["tests"]) == len(every)
    assert int(suites.attrib["failures"]) == report.counts.get(Verdict.FAIL, 0)
    passed = report.counts[Verdict.PASS] + report.counts.get(Verdict.FAIL, 0)
    assert int(suites.attrib["skipped"]) == len(every) - passed


def test_the_environment_can_be_reproduced(finished: Path) -> None:
    """Profile, seed, card, versions and commit are told."""
    document = json.loads((finished / "report" / "environment.json").read_text())
    conditions = document["conditions"]
    assert (conditions["profile"], conditions["seed"]) == (PROFILE, 3)
    assert len(conditions["profile_hash"]) == 64
    assert conditions["atr"].startswith("3B")
    assert conditions["reader"] == "simulated usb-reader"
    assert document["environment"]["versions"]["eidrig"]


def test_latency_and_hold_time_are_told(finished: Path) -> None:
    """In the field every phase has its quantiles, and the whole read is simulated."""
    report = report_in(finished / "report")
    mapped = report.latency["map nonce"]
    assert 0.2 < mapped.p50 <= mapped.p90 <= mapped.max
    assert report.hold is not None
    assert report.hold.taps == 200
    assert report.hold.hold["p50"] >= (report.hold.lower_bound or 9)


def test_the_seal_holds_until_something_is_touched(finished: Path) -> None:
    """A sealed report is verified with the public key; the private one is its owner's alone."""
    checked = run("certify", "--verify", finished / "report", "--key", finished / "lab.pub")
    assert checked.code == 0, checked
    assert "are as they were sealed; signed by" in checked.out
    assert (finished / "lab.key").stat().st_mode & 0o777 == 0o600


def test_the_same_run_twice_says_the_same(finished: Path, tmp_path: Path) -> None:
    """With one process or two, the same seed gives the same verdicts and the same times."""
    done = run(*WHOLE, "--processes", "1", "--out", tmp_path / "again")
    assert done.code == 0, done
    first, second = report_in(finished / "report"), report_in(tmp_path / "again")
    assert verdicts(first) == verdicts(second)
    assert first.latency == second.latency
    assert first.hold == second.hold


def test_killed_at_any_moment_it_resumes(finished: Path, tmp_path: Path) -> None:
    """Killed again and again without warning, the same command ends with the same verdicts.

    After each death what is there can be read, and no process is left behind.
    """
    folder = tmp_path / "report"
    chance = random.Random(20261126)  # noqa: S311 - the same moments again
    command = [*PROGRAM, *WHOLE, "--out", str(folder)]
    kills = 0
    for _ in range(40):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            process.wait(chance.uniform(0.3, 2.0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            _is_readable(folder)
            _has_ended(process.pid)
        if kills >= 6 or process.returncode == 0:
            break
    done = run(*WHOLE, "--out", folder)
    assert done.code == 0, done
    assert kills >= 2
    assert verdicts(report_in(folder)) == verdicts(report_in(finished / "report"))
    assert run("certify", "--verify", folder).code == 0


def _is_readable(folder: Path) -> None:
    """Whatever of the report exists is whole."""
    if (folder / "report.json").exists():
        report = report_in(folder)
        assert sum(report.counts.values()) > 20
    for name in ("report.html", "junit.xml"):
        if (folder / name).exists():
            assert (folder / name).read_text().rstrip().endswith(">")


def _has_ended(session: int) -> None:
    """No process of a session is left after a moment."""
    deadline = time.monotonic() + PATIENCE
    while _in_session(session):
        assert time.monotonic() < deadline, "a process outlived the run"
        time.sleep(0.05)


def _in_session(session: int) -> list[str]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, number = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(number) == session and state != "Z":
            found.append(stat.parent.name)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_a_report(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end a run with a report of what was found, unsealed, and code 130."""
    folder = tmp_path / "report"
    command = [*PROGRAM, *WHOLE, "--samples", "10", "--out", str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + PATIENCE
    while not (folder / "report.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, number)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    report = report_in(folder)
    assert not report.complete
    assert report.counts[Verdict.NOT_RUN] > 0
    assert "no manifest.json" in run("certify", "--verify", folder).refused(2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "name the profile"),
        (("--profile", PROFILE), "--out"),
        (("--profile", PROFILE, "--out", "x", "--unit", "ISO7816_Z"), "there is no unit ISO7816_Z"),
        (
            ("--profile", PROFILE, "--out", "x", "--case", "P_1"),
            "there is no case P_1; cases begin with",
        ),
        (("--profile", PROFILE, "--out", "x", "--case", "EID_A_99"), "EID_A_99; there are EID_A_1"),
        (("--profile", PROFILE, "--out", "x", "--can-from", "env:CAN"), "its person's codes"),
        (("--profile", PROFILE, "--out", "x", "--card", "pcsc"), "is no place to reach a card"),
        (("--verify", "x"), "has no manifest.json"),
        (("--verify", "x", "--profile", PROFILE, "--out", "x"), "leave --profile, --out away"),
        (("--profile", PROFILE, "--out", "x", "--key", "lab.pub"), "--key is for --verify"),
        (("--profile", PROFILE, "--out", "x", "--height-mm", "nan"), "nan is no number"),
        (("--profile", PROFILE, "--out", "x", "--sign-with", __file__), "no private Ed25519 key"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_told(
    eidrig: Eidrig,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    options: tuple[str, ...],
    said: str,
) -> None:
    """Wrong usage ends with code 2 and one sentence that says what to do."""
    monkeypatch.chdir(tmp_path)
    assert said in eidrig("certify", *options).refused(2)


def test_another_run_does_not_mix_in(eidrig: Eidrig, tmp_path: Path) -> None:
    """Another seed in the same folder is refused with what differs."""
    few = ("certify", "--profile", PROFILE, "--unit", "ISO7816_Q", "--out", tmp_path / "r")
    assert eidrig(*few).code == 0
    refused = eidrig(*few, "--seed", "1").refused(2)
    assert "differs in the seed" in refused
    assert eidrig(*few).code == 0


def test_a_stale_deviation_is_a_fail(eidrig: Eidrig, tmp_path: Path) -> None:
    """A profile that declares a deviation which the card does not show ends with code 1."""
    profile = tmp_path / "own.toml"
    profile.write_text(
        f'extends = "{PROFILE}"\nname = "own"\n\n[[deviations]]\ncase = "ISO7816_Q_1"\n'
        'reason = "an older mask"\nsource = "assumed: a lab"\n'
    )
    options = ("--profile", profile, "--unit", "ISO7816_Q", "--out", tmp_path / "report")
    ended = eidrig("certify", *options)
    assert ended.code == 1
    assert "ISO7816_Q_1: fail: the profile declares a deviation here" in ended.out
    (stale,) = [
        e
        for u in report_in(tmp_path / "report").units
        for c in u.cases
        for e in c.results
        if e.verdict is Verdict.FAIL
    ]
    assert stale.deviation == "an older mask"


def test_the_form_tells_what_is_declared(eidrig: Eidrig) -> None:
    """`eidrig ics` says yes or no to every word, for eyes and for programs."""
    shown = eidrig("ics", PROFILE)
    assert shown.code == 0
    assert any(line.split()[:2] == ["yes", "PACE"] for line in shown.out.splitlines())
    assert any(line.split()[:2] == ["no", "PACE-IM"] for line in shown.out.splitlines())
    document: Any = eidrig("ics", PROFILE, "--json").document
    assert document["suites"] == ["ECDH-GM-AES-CBC-CMAC-256/12"]
    assert document["codes"]["PIN1"].startswith("4 to 12 digits, 3 tries")
    assert {each["word"]: each["declared"] for each in document["words"]}["PACE"]


def test_the_schema_is_the_documented_one(finished: Path) -> None:
    """The published schema is that of this version, and every report obeys it."""
    documented = json.loads(SCHEMA.read_text())
    made = Report.model_json_schema(by_alias=True, mode="serialization")
    assert documented == made | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    document = json.loads((finished / "report" / "report.json").read_text())
    jsonschema.Draft202012Validator(documented).validate(document)
    del document["conditions"]["atr"]
    assert not jsonschema.Draft202012Validator(documented).is_valid(document)


def test_the_whole_catalogue_is_quick_and_small(tmp_path: Path) -> None:
    """On the profile with the most cases it takes less than 60 s of computing and 300 MB.

    Computing time, since it counts the same however busy the machine is; on idle cores a run takes
    less than that. Memory is that of all its processes together, what they share counted once.
    """
    command = [*PROGRAM, "certify", "--profile", "icao-passport", "--processes", "2"]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path / "report")],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    most, ended = 0, 0
    while not ended:
        most = max(most, sum(map(_proportional, _in_session(process.pid))))
        time.sleep(0.1)
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert usage.ru_utime + usage.ru_stime < 60
    assert 50 < most / 1024 < 300


def _proportional(process: str) -> int:
    """The memory of a process in KiB, of what it shares its part (PSS)."""
    try:
        lines = Path("/proc", process, "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0  # it has just ended
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
