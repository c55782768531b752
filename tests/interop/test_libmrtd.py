"""Debian's libmrtd reads emulated passports: its own keys, cryptograms and secure messaging."""

from __future__ import annotations

import shutil
from ctypes.util import find_library
from pathlib import Path

import pytest

from fixtures.cards import image_of
from fixtures.libmrtd import LibMrtd
from fixtures.passports import BAC_PASSPORT, PASSPORT
from harness.clock import VirtualClock
from harness.emulator.card import EmulatedCard
from harness.profiles import builtin

HOLDER = ("AS0000001", "800108", "350101")


IS_MISSING = not (find_library("mrtd") and shutil.which("gcc"))
pytestmark = pytest.mark.skipif(IS_MISSING, reason="libmrtd0 or gcc is not installed")


@pytest.fixture(params=[PASSPORT, BAC_PASSPORT])
def name(request: pytest.FixtureRequest) -> str:
    """Either passport with BAC."""
    return str(request.param)


@pytest.fixture
def reader(name: str) -> LibMrtd:
    """The library before a passport under power."""
    card = EmulatedCard(image_of(name), clock=VirtualClock())
    card.connect()
    return LibMrtd(card)


def test_every_file_that_is_open(reader: LibMrtd, name: str) -> None:
    """What it reads are the bytes that were put on the card, in every file but DG3."""
    assert reader.open(*HOLDER)
    image = image_of(name)
    for file, rules in builtin(name).files.items():
        if rules.directory == "lds" and file != "dg3":
            assert reader.read(int.from_bytes(rules.fid)) == image.files[file], file


@pytest.mark.parametrize("name", [PASSPORT], indirect=True)  # it seldom finds JPEG 2000 in zeros
def test_the_face(reader: LibMrtd, name: str, tmp_path: Path) -> None:
    """It finds the drawn face in DG2."""
    reader.open(*HOLDER)
    reader.save_image(reader.read(0x0102), tmp_path / "face")
    travel = image_of(name).travel
    assert travel is not None
    (saved,) = tmp_path.glob("face*")
    assert saved.read_bytes() == travel.face


def test_another_document(reader: LibMrtd) -> None:
    """With the fields of another zone it does not get in."""
    assert not reader.open("AS0000002", *HOLDER[1:])
