"""A vendor's test runs unchanged on an emulated card, on a card in a reader and on a recording."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fixtures.served import EIDRIG, place_of, served_card
from harness.station import CardOptions

if TYPE_CHECKING:
    from fixtures.pcscd import VirtualReader

pytest.importorskip("smartcard", reason="pyscard is missing: pip install 'eidrig[pcsc]'")

VENDORS_TEST = """
import pytest

def test_login(eid, pin1, card_profile):
    certificate = eid.certificate("authentication")
    eid.verify("PIN1", pin1)
    eid.authenticate(certificate)
    assert certificate.personal_code == "38001085718"

def test_personal_data(eid):
    assert "JÕEORG" in eid.personal_data().values()

def test_channel(pace_channel):
    assert pace_channel.is_secured

@pytest.mark.destructive
def test_wrong_pin(eid):
    raise AssertionError("never on a card that is not emulated")
"""
CODES = {"CARD_CAN": "123456", "CARD_PIN1": "1234"}
SOURCES = ("--can-from", "env:CARD_CAN", "--pin1-from", "env:CARD_PIN1")


def vendors_run(folder: Path, *options: str) -> str:
    """What pytest says of the vendor's test, deselecting nothing."""
    (folder / "test_vendor.py").write_text(VENDORS_TEST, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", *options]
    done = subprocess.run(
        [*command, "test_vendor.py"],
        cwd=folder,
        env={**os.environ, **CODES},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("profile", ["est-idemia-2018", "est-thales-2025"])
def test_on_a_card_in_a_reader(virtual_reader: VirtualReader, tmp_path: Path, profile: str) -> None:
    """Through PC/SC all passes but what could spend a try, which is skipped with a reason."""
    with served_card(virtual_reader, CardOptions(profile)):
        said = vendors_run(tmp_path, "--card", place_of(virtual_reader), *SOURCES)
    assert "3 passed, 1 skipped" in said, said
    assert "--allow-destructive" in said
    assert "eidrig: pcsc:" in said


@pytest.mark.parametrize("profile", ["est-idemia-2018", "est-thales-2025"])
def test_on_a_recording(tmp_path: Path, profile: str) -> None:
    """On a recording of that read the same test passes, with no code given at all."""
    recording = tmp_path / "run.json"
    command = [EIDRIG, "read", "--profile", profile, "--record", str(recording)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    said = vendors_run(tmp_path, "--card", f"replay:{recording}")
    assert "3 passed, 1 skipped" in said, said
