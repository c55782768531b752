"""Whatever the files of a passport hold, every case ends with a verdict."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from fixtures.file_units import OURS
from fixtures.mutants.mutant import unbroken
from harness.conformance.case import Verdict
from harness.conformance.execution import execute, runs
from harness.profile import LDS_FILES, Content

PROFILES = ("icao-passport", "icao-passport-bac", "icao-id-card")
UNITS = ("LDS_", "EAC2_DATA_", "ISO7816_I", "ISO7816_R", "ISO7816_U")
CHANGED = (*LDS_FILES, Content.CARD_SECURITY, Content.DIRECTORY, Content.ATR_INFO)
LENGTHS = (0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0xFF)


def spoilt(raw: bytes, chance: random.Random) -> bytes:
    """A file with a few bytes changed, lost or put in, mostly at its beginning."""
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        last = len(changed) - 1
        at = min(int(chance.expovariate(1 / 40)), last)
        match chance.randrange(4):
            case 0:
                del changed[at : at + chance.randint(1, min(4, last))]
            case 1:
                changed[at:at] = chance.randbytes(chance.randint(1, 4))
            case _:
                changed[at] = chance.choice((*LENGTHS, chance.randrange(256)))
    return bytes(changed)


@pytest.mark.parametrize("seed", range(6))
def test_strange_files_are_judged(seed: int) -> None:
    """Cases pass, fail, or say what is missing; none is inconclusive, and none crashes."""
    chance = random.Random(seed)  # noqa: S311 - the same files for the same seed
    source = unbroken(PROFILES[seed % len(PROFILES)])
    named = source.profile.files.items()
    names = [name for name, file in named if file.content in CHANGED]
    files = {name: spoilt(source.image.files[name], chance) for name in names}
    broken = replace(source, image=replace(source.image, files={**source.image.files, **files}))
    ended = {
        execute(run, broken).verdict
        for unit in OURS
        if unit.name.startswith(UNITS)
        for case in unit.cases
        for run in runs(case, source.profile)
    }
    assert Verdict.FAIL in ended
    assert Verdict.INCONCLUSIVE not in ended
