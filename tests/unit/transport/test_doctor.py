"""The doctor tells what is there and what to do about the rest, on every system."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from harness.errors import NoReaderError, UsageError
from harness.transport import doctor

if TYPE_CHECKING:
    from pathlib import Path

    from harness.errors import EidrigError

NAMES = [
    "pyscard",
    "nfcpy",
    "pyserial",
    "keyring",
    "python-pcapng",
    "plotly",
    "junitparser",
    "sqlalchemy",
    "smart card service",
    "readers",
    "virtual reader driver",
    "serial devices",
    "opensc-tool",
    "tshark",
]


@pytest.fixture(autouse=True)
def readers(monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace | EidrigError]:
    """Stand for PC/SC: the readers it lists, or the error it fails with."""
    listed: list[SimpleNamespace | EidrigError] = []

    def list_readers() -> list[SimpleNamespace | EidrigError]:
        for each in listed:
            if isinstance(each, Exception):
                raise each
        return listed

    stand_in = SimpleNamespace(list_readers=list_readers)
    monkeypatch.setitem(sys.modules, "harness.transport.pcsc", stand_in)
    return listed


def found(platform: str, root: Path) -> dict[str, doctor.Finding]:
    """Examine and return the findings by their names."""
    return {finding.name: finding for finding in doctor.examine(platform, root)}


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32", "freebsd14"])
def test_everything_is_looked_at_on_every_system(platform: str, tmp_path: Path) -> None:
    """The same findings come in the same order, and each lack has an advice."""
    findings = doctor.examine(platform, tmp_path)
    assert [finding.name for finding in findings] == NAMES
    assert [
        finding.name for finding in findings if finding.ok is False and not finding.advice
    ] == []


def test_a_bare_machine_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing libraries, programs and the driver are named with their install command."""
    monkeypatch.setattr(doctor, "find_spec", lambda _name: None)
    monkeypatch.setattr("shutil.which", lambda _name: None)
    findings = found("linux", tmp_path)
    assert findings["pyscard"].advice == "pip install 'eidrig[pcsc]'"
    assert findings["opensc-tool"].advice == "apt install opensc"
    assert "apt install vsmartcard-vpcd" in findings["virtual reader driver"].advice
    assert findings["serial devices"].ok is None


def test_a_well_found_machine_is_fine(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    readers: list[SimpleNamespace],
) -> None:
    """Where all is there, all is fine and the readers are listed."""
    monkeypatch.setattr(doctor, "find_spec", lambda name: name)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    for file in ("etc/reader.conf.d/vpcd", "dev/ttyUSB0"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).touch()
    readers += [
        SimpleNamespace(name="ACR1252 00 00", card_present=True),
        SimpleNamespace(name="ACR1252 00 01", card_present=False),
    ]
    findings = found("linux", tmp_path)
    assert {finding.ok for finding in findings.values()} == {True}
    assert findings["readers"].detail == "ACR1252 00 00 (card), ACR1252 00 01 (empty)"


def test_no_service_is_told_apart_by_system(tmp_path: Path, readers: list[EidrigError]) -> None:
    """How the service is started differs by system, and nothing is said about the readers."""
    readers.append(NoReaderError("not running"))
    advice = {
        platform: found(platform, tmp_path)["smart card service"].advice
        for platform in ("linux", "darwin", "win32")
    }
    assert "pcscd.socket" in advice["linux"]
    assert "plugged in" in advice["darwin"]
    assert "SCardSvr" in advice["win32"]
    assert found("linux", tmp_path)["readers"].ok is None


def test_a_forbidden_service_passes_on_what_to_do(
    tmp_path: Path, readers: list[EidrigError]
) -> None:
    """A service that may not be used is lacking, and the advice is the error's own."""
    readers.append(UsageError("you may not use it; let polkit allow you"))
    finding = found("linux", tmp_path)["smart card service"]
    assert finding.ok is False
    assert "polkit" in finding.advice


def test_a_closed_serial_device_names_the_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A serial device that may not be opened is named with the group to join."""
    (tmp_path / "dev").mkdir()
    device = tmp_path / "dev" / "ttyACM0"
    device.touch()
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    finding = found("linux", tmp_path)["serial devices"]
    assert finding.ok is False
    assert str(device) in finding.detail
    assert "dialout" in finding.advice
