"""Our captures as tshark sees them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from harness.air.card_time import card_speed
from harness.air.faults import parse_fault
from harness.air.frame import Fate
from harness.air.motion import motion
from harness.air.phone import phone
from harness.clock import VirtualClock
from harness.report.capture import FrameCapture, as_pcapng
from harness.simulation import AirConditions, in_air
from harness.station import Station
from harness.tap import Tap, policy
from harness.terminal.pin_guard import PinGuard
from harness.trace import Trace

pytestmark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="tshark is missing: apt install tshark"
)


DESELECT = "S-block, Deselect"


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A read with time extensions, a damaged frame and a second activation."""
    pytest.importorskip("pcapng", reason="python-pcapng is missing: pip install 'eidrig[capture]'")
    station = Station.open("emulated:", clock=VirtualClock())
    frames = FrameCapture(station.journal, Trace())
    faults = (parse_fault("bit-error@frame=20"), parse_fault("tag-lost@frame=40,for=0.1"))
    conditions = AirConditions(
        phone("android"), card_speed("typical"), motion("steady"), faults, seed=1
    )
    station = in_air(station, conditions, [frames])
    reading = Tap(station, station.codes, PinGuard(0), policy=policy("resume")).run()
    assert reading.outcome == "ok"
    file = tmp_path_factory.mktemp("capture") / "read.pcapng"
    file.write_bytes(as_pcapng(frames.frames))
    damaged = sum(frame.fate is Fate.CORRUPTED for frame in frames.frames)
    file.with_name("damaged").write_text(str(damaged), encoding="ascii")
    return file


def _fields(file: Path, *names: str) -> list[list[str]]:
    wanted = [part for name in names for part in ("-e", name)]
    command = ["tshark", "-r", str(file), "-T", "fields", *wanted]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line.split("\t") for line in printed.splitlines()]


def test_every_kind_of_frame_is_dissected(capture: Path) -> None:
    """RATS, ATS, I-blocks, time extensions, R(NAK) after damage and S(DESELECT) go by name."""
    seen = {name for (name,) in _fields(capture, "_ws.col.Info")}
    for message in ("RATS", "ATS", "I-block", "S-block, WTX", "R-block, NAK", DESELECT):
        assert any(name.startswith(message) for name in seen), message


def test_the_ats_is_that_of_the_profile(capture: Path) -> None:
    """The historical bytes in the ATS are those of the emulated generation."""
    historical = {value for (value,) in _fields(capture, "iso14443.hist_bytes")}
    assert historical - {""} == {"0012233f536549440f9000"}


def test_checksums_tell_damaged_frames(capture: Path) -> None:
    """Frames have a good CRC but for those that arrived damaged.

    The dissector takes the first CRC byte of S(DESELECT) for information, so those are left out.
    """
    damaged = (capture.parent / "damaged").read_text(encoding="ascii")
    status = [
        crc
        for name, crc in _fields(capture, "_ws.col.Info", "iso14443.crc.status")
        if not name.startswith(DESELECT)
    ]
    assert (str(status.count("0")), set(status)) == (damaged, {"0", "1"})
