"""The other commands, and one wrong input for each: one sentence, the right code, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import harness
from fixtures.cards import IDEMIA, PROFILES, THALES
from fixtures.command import PROGRAM, Eidrig, run
from harness.profile import parse_profile
from harness.transport.doctor import Finding

COMMANDS = ("read", "emulate", "profiles", "readers", "doctor", "trace")


def test_profiles_are_listed(eidrig: Eidrig) -> None:
    """`eidrig profiles` lists the built-in ones, for people and for programs."""
    listed = eidrig("profiles")
    assert listed.code == 0
    for name in PROFILES:
        assert name in listed.out
    assert set(PROFILES) <= set(eidrig("profiles", "--json").document)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_shown(eidrig: Eidrig, profile: str) -> None:
    """`eidrig profiles NAME` shows its facts with their sources, and what is unknown."""
    shown = eidrig("profiles", profile)
    assert shown.code == 0
    for part in (
        profile,
        "contactless ATR",
        "directory personal",
        "PIN1",
        "Unknown",
        "nfc-android",
    ):
        assert part in shown.out
    assert eidrig("profiles", profile, "--json").document["name"] == profile


def test_brackets_in_a_profile_are_shown(eidrig: Eidrig, tmp_path: Path) -> None:
    """What a profile file says is text, also where it looks like markup."""
    genuine = Path("card_profiles", f"{THALES}.toml").read_text()
    file = tmp_path / "mine.toml"
    file.write_text(genuine.replace('title = "', 'title = "[/bold] [x] '))
    assert "[/bold] [x] Estonian" in eidrig("profiles", file).out


def test_help(eidrig: Eidrig) -> None:
    """--help names every command and the exit codes, and each command has a help of its own."""
    shown = eidrig("--help")
    assert shown.code == 0
    for command in COMMANDS:
        assert command in shown.out
        own = eidrig(command, "-h")
        assert own.code == 0
        assert own.out.startswith(f"Usage: eidrig {command}")
    assert "Exit codes: 0 success" in shown.out


def test_version(eidrig: Eidrig) -> None:
    """--version tells the version of the package."""
    assert eidrig("--version").out.strip().endswith(harness.__version__)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["raed"], "No such command 'raed'"),
        (["read", "--jason"], "No such option"),
        (["--jason"], "No such option"),
        (["read", "extra"], "unexpected extra argument"),
        (["read", "--card", "nonsense"], "nonsense is no place to reach a card; there are emul"),
        (["read", "--card", "usb:1"], "usb:1 is no place to reach a card; there are emulated:"),
        (["read", "--card", "emulated:x"], "emulated: stands alone; name a profile"),
        (["read", "--card", "vpcd:35963"], "lacks a host or a port"),
        (["read", "--card", "vpcd-listen:-1"], "'-1' is not a port number"),
        (["read", "--card", "pcsc:("], "is not a regular expression"),
        (["read", "--card", "replay:/no/such"], "/no/such cannot be read: No such file"),
        (["read", "--profile", "est-1999"], "there is no profile est-1999; there are"),
        (["read", "--plan", "hasty"], "has no read plan hasty; it has eidrig, official-app"),
        (["read", "--pin-floor", "16"], "16 is not in the range 0<=x<=15"),
        (["read", "--seed", "one"], "'one' is not a valid integer"),
        (["read", "--person", "/no/such"], "/no/such cannot be read: No such file"),
        (["read", "--trust", "/no/such"], "/no/such cannot be read: No such file"),
        (["read", "--trace", "/no/such/trace"], "/no/such/trace cannot be written"),
        (["read", "--record", "/no/such/record"], "/no/such/record cannot be written"),
        (["read", "--state", "/no/such/state"], "/no/such/state cannot be written"),
        (["read", "--state", "/"], "is a directory"),
        (["profiles", "est-1999"], "there is no profile est-1999"),
        (["profiles", "/no/such.toml"], "/no/such.toml cannot be read"),
        (["trace"], "Missing argument 'FILE'"),
        (["trace", "/no/such"], "/no/such cannot be read"),
        (["readers", "all"], "unexpected extra argument"),
        (["doctor", "--fix"], "No such option"),
    ],
)
def test_wrong_usage(eidrig: Eidrig, arguments: list[str], complaint: str) -> None:
    """Every wrong argument is one sentence and code 2."""
    assert complaint in eidrig(*arguments).refused(2)


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "{}",
        "[]",
        '{"level": "wire"}',
        '{"level":"wire","phase":"","start":0,"seconds":"x","command":"00","response":"90"}',
        '{"level":"wire","phase":"","start":0,"seconds":0,"command":"0g","response":"9000"}',
        '{"level":"wire","phase":"","start":0,"seconds":0,"command":5,"response":"9000"}',
        '{"level":"wire","phase":[],"start":0,"seconds":0,"command":"00","response":"9000"}',
    ],
)
def test_a_trace_that_is_none(eidrig: Eidrig, tmp_path: Path, text: str) -> None:
    """The line of a file that no trace has is named."""
    file = tmp_path / "trace.jsonl"
    file.write_text(f"{text}\n")
    assert f"{file}, line 1 is no line of a trace" in eidrig("trace", file).refused(2)


def test_a_trace_that_is_no_text(eidrig: Eidrig, tmp_path: Path) -> None:
    """A binary file is no trace."""
    file = tmp_path / "trace.jsonl"
    file.write_bytes(b"\xff\xfe\x00")
    assert "is not a text file in UTF-8" in eidrig("trace", file).refused(2)


@pytest.fixture
def recording(eidrig: Eidrig, tmp_path: Path) -> Path:
    """A good recording."""
    file = tmp_path / "record.json"
    assert eidrig("read", "--record", file).code == 0
    return file


def _spoilt(document: dict[str, Any], *path: object, value: object) -> str:
    inner: Any = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "other"),
        (("version",), 2),
        (("atr",), "3"),
        (("atr",), 5),
        (("exchanges",), None),
        (("exchanges", 0), {}),
        (("exchanges", 0, "command"), "00A4"),
        (("exchanges", 0, "response"), ""),
        (("exchanges", 0, "response"), "90"),
        (("exchanges", 0, "response"), 9000),
        (("exchanges", 0, "command"), "xx"),
    ],
)
def test_a_recording_that_is_none(
    eidrig: Eidrig, recording: Path, path: tuple[object, ...], value: object
) -> None:
    """A spoilt recording is refused with 2 before anything is read from it."""
    recording.write_text(_spoilt(json.loads(recording.read_text()), *path, value=value))
    sentence = eidrig("read", "--card", f"replay:{recording}").refused(2)
    assert "not a recording" in sentence


def test_a_recording_that_lacks_an_answer(eidrig: Eidrig, recording: Path) -> None:
    """A command that the recorded run never sent is named, with the remedy."""
    ran = eidrig("read", "--card", f"replay:{recording}", "--sign", "--json")
    sentence = ran.refused(2)
    assert "the recording has no answer to" in sentence
    assert "record the run again" in sentence
    assert ran.document["outcome"] == "usage"


def test_a_recording_with_other_challenges(eidrig: Eidrig, recording: Path) -> None:
    """A challenge of a length that no hash has is a failed check, not a crash."""
    document = json.loads(recording.read_text())
    for each in document["exchanges"]:
        if each["command"].startswith("00880000"):
            each["command"] = "0088000004DEADBEEF00"
    recording.write_text(json.dumps(document))
    ran = eidrig("read", "--card", f"replay:{recording}", "--json")
    assert "no hash is 4 bytes long" in ran.refused(1)
    assert ran.document["outcome"] == "check-failed"


def test_a_trust_file_without_a_certificate(eidrig: Eidrig, tmp_path: Path) -> None:
    """A file given with --trust that holds no certificate is named."""
    file = tmp_path / "ca.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert f"{file} holds no certificate" in eidrig("read", "--trust", file).refused(2)
    file.write_bytes(b"\x30\x03\x02\x01\x00")
    assert f"{file} holds no certificate" in eidrig("read", "--trust", file).refused(2)


def test_nothing_is_left_by_a_refused_read(eidrig: Eidrig, tmp_path: Path) -> None:
    """A read that never touched the card writes no file."""
    files = [tmp_path / name for name in ("trace", "record", "state")]
    trace, record, state = files
    options = ("--trace", trace, "--record", record, "--state", state)
    eidrig("read", *options, "--can-from", "env:NOT_SET").refused(2)
    assert list(tmp_path.iterdir()) == []


def test_without_pcscd(eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no smart card service runs, that is said with how to start it, and the code is 3."""
    pytest.importorskip("smartcard", reason="needs pyscard")
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", "/no/such/socket")
    monkeypatch.setenv("CODE_CAN", "123456")
    read = ("read", "--card", "pcsc:ACR", "--json", "--no-pin", "--can-from", "env:CODE_CAN")
    ran = eidrig(*read)
    assert "start it (on Linux: systemctl start pcscd.socket" in ran.refused(3)
    assert ran.document["outcome"] == "no-reader"
    assert ran.document["card"] == {"place": "pcsc:ACR", "atr": None, "interface": None}
    assert "start it" in eidrig("readers").refused(3)


@pytest.mark.parametrize(
    ("names", "code", "complaint"),
    [
        ([], 3, "there is no card reader; plug one in"),
        (["Other 00", "Third 01"], 3, "no reader matches 'ACR'; there are: Other 00, Third 01"),
        (["ACR 00", "ACR 01"], 2, "'ACR' matches more than one reader: ACR 00, ACR 01; name"),
    ],
)
def test_none_or_two_readers(
    eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch, names: list[str], code: int, complaint: str
) -> None:
    """No reader, none that matches, and two that match are told apart, with what there is."""
    pytest.importorskip("smartcard", reason="needs pyscard")
    from harness.transport import pcsc

    monkeypatch.setattr(pcsc, "_context", lambda: 1)
    monkeypatch.setattr(pcsc, "_names", lambda _: names)
    monkeypatch.setenv("CODE_CAN", "123456")
    ran = eidrig("read", "--card", "pcsc:ACR", "--no-pin", "--can-from", "env:CODE_CAN")
    assert complaint in ran.refused(code)


def test_the_names_of_readers_are_shown_whole(
    eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The brackets in a reader's name are part of it."""
    pytest.importorskip("smartcard", reason="needs pyscard")
    from harness.cli import readers
    from harness.transport.pcsc import Reader

    name = "ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00"
    found = [Reader(name, True, b"\x3b\x80"), Reader("Empty", False, b"")]
    monkeypatch.setattr(readers, "list_readers", lambda: found)
    shown = eidrig("readers")
    assert shown.code == 0
    assert name in shown.out
    assert "3B80" in shown.out
    assert "none" in shown.out


def test_doctor(eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch) -> None:
    """`eidrig doctor` says for each thing whether it is there and what to do where it is not."""
    from harness.cli import doctor

    assert eidrig("doctor").code == 0
    found = [Finding("pyscard", False, "not installed", "pip install 'eidrig[pcsc]'")]
    monkeypatch.setattr(doctor, "examine", lambda: found)
    shown = eidrig("doctor")
    assert shown.code == 0
    assert "missing" in shown.out
    assert "pip install 'eidrig[pcsc]'" in shown.out


@pytest.mark.parametrize("command", [["profiles"], ["read", "--json"], ["--help"]])
def test_a_reader_of_the_output_that_leaves(command: list[str]) -> None:
    """Output that nobody reads any more ends the program quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [*PROGRAM, *command], stdout=writing, stderr=subprocess.PIPE, check=False, text=True
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_a_terminal_of_few_characters() -> None:
    """Where stdout cannot write a letter of the holder's name, an escape stands for it."""
    ran = run("read", PYTHONIOENCODING="ascii")
    assert (ran.code, ran.err) == (0, "")
    assert "J\\xd5EORG" in ran.out
    ran = run("read", "--json", PYTHONIOENCODING="ascii")
    assert ran.document["personal_data"]["surname"] == "JÕEORG"


def test_the_program_of_its_own() -> None:
    """Run as a program, without a terminal, a read prints its object and nothing else."""
    ran = run("read", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.document["outcome"] == "ok"


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX")
def test_progress_is_shown_on_a_terminal() -> None:
    """At a terminal the progress is drawn on stderr and wiped; stdout stays one clean object."""
    ours, theirs = os.openpty()
    ended = subprocess.run(
        [*PROGRAM, "read", "--json"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=True,
        env=os.environ | {"TERM": "xterm"},
    )
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    os.close(theirs)
    assert "hold the card to the reader" in shown
    assert json.loads(ended.stdout)["outcome"] == "ok"


@pytest.mark.parametrize("profile", PROFILES)
def test_a_shown_profile_is_a_profile(eidrig: Eidrig, profile: str) -> None:
    """The JSON of a profile holds everything that its file does."""
    shown = eidrig("profiles", profile, "--json").document
    text = Path("card_profiles", f"{profile}.toml").read_text()
    assert shown == json.loads(parse_profile(text, profile).model_dump_json(by_alias=True))
    assert shown["pins"]["PIN1"]["tries"] == 3
    assert profile in (IDEMIA, THALES)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--phone", "android", "--interface", "contact"), "leave --interface contact away"),
        (("--card", "vpcd:127.0.0.1:9", "--seed", "3"), "a seed can only be chosen for emulated:"),
        (("--card", "vpcd:127.0.0.1:9", "--phone", "android"), "need an emulated card"),
        (("--trace", "frames.pcapng"), "add --phone android"),
        (("--phone", "none"), "there is no phone none; there are android"),
        (("--motion", "none"), "there is no motion none"),
        (("--preset", "none"), "there is no card preset none"),
        (("--height-mm", "-1"), "a card is held 0 to 1000 mm away, not -1"),
        (("--height-mm", "9", "--motion", "edge-of-field"), "choose one for tremor instead"),
        (("--fault", "none"), "there is no fault none"),
        (("--policy", "none"), "there is no policy none; there are once, restart, resume"),
        (("--no-pin",), "--pin1-from: with --no-pin no PIN1 is verified"),
        (("--pin2-from", "env:CODE"), "--pin2-from: PIN2 is only for --sign"),
        (("--mrz-from", "env:CODE"), "give --can-from or --mrz-from"),
        (("--trace", "x.out", "--record", "x.out"), "x.out cannot hold two results"),
    ],
)
def test_contradictory_options_are_refused(
    eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    """Options that do not go together, or name nothing, are told in one sentence."""
    monkeypatch.setenv("CODE", "123456")
    codes = ("--can-from", "env:CODE", "--pin1-from", "env:CODE")
    assert said in eidrig("read", *arguments, *codes).refused(2)


def test_what_signs_nothing_is_not_asked_to(eidrig: Eidrig) -> None:
    """--sign on a card without a signing key is refused, not passed over."""
    ran = eidrig("read", "--profile", "icao-passport", "--sign")
    assert "icao-passport has nothing to sign with; leave --sign away" in ran.refused(2)


def test_a_face_that_is_not_there_is_told(eidrig: Eidrig, tmp_path: Path) -> None:
    """A card without a face is read, and a sentence says why no file is there."""
    ran = eidrig("read", "--face", tmp_path / "face.jpg")
    assert (ran.code, list(tmp_path.iterdir())) == (0, [])
    assert "no face was read" in ran.err


def test_an_empty_trace_is_told(eidrig: Eidrig, tmp_path: Path) -> None:
    """A trace of nothing is not passed over in silence."""
    (tmp_path / "trace").touch()
    assert "trace has nothing to show" in eidrig("trace", tmp_path / "trace").err


def test_a_card_out_of_reach(eidrig: Eidrig) -> None:
    """A card held where the simulated phone's field ends is no card; a little lower it is read."""
    assert "hold it closer" in eidrig("read", "--height-mm", "36").err
    assert eidrig("read", "--height-mm", "20").code == 0


def test_a_read_in_the_air_is_traced_at_three_levels(eidrig: Eidrig, tmp_path: Path) -> None:
    """With a simulated phone the trace holds frames, wire and plain commands, and is shown so."""
    trace = tmp_path / "air.jsonl"
    ran = eidrig("read", "--json", "--phone", "android", "--policy", "resume",
                 "--fault", "tag-lost@frame=60,for=0.2", "--trace", str(trace))  # fmt: skip
    assert ran.code == 0
    assert ran.document["attempts"] == 2
    assert ran.document["frames"]["retransmissions"] > 0
    levels = {json.loads(line)["level"] for line in trace.read_text().splitlines()}
    assert levels == {"frame", "wire", "plain"}
    shown = eidrig("trace", str(trace)).out
    for start in ("frame >", "frame <", "wire  >", "plain <"):
        assert start in shown


def test_a_state_file_belongs_to_one_holder(eidrig: Eidrig, tmp_path: Path) -> None:
    """The state of a card with other codes is refused, before a try could be spent."""
    person, state = tmp_path / "person.toml", tmp_path / "state.json"
    person.write_text('pin1 = "4321"\n')
    state_of_person = ("--person", str(person), "--state", str(state))
    wrong = ("--pin1-from", f"file:{tmp_path / 'pin'}")
    (tmp_path / "pin").write_text("9999")
    assert eidrig("read", *state_of_person, *wrong).code == 4
    assert "belongs to" in eidrig("read", "--state", str(state)).refused(2)
