"""What it costs to read a passport with a face of 20 kB, and to have it proven.

Both sides' cryptography runs in one process; the personalisation of the card is left out.
"""

from __future__ import annotations

import time
from functools import cache

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fixtures.passports import BAC_PASSPORT, ID_CARD, PASSPORT, image_with
from harness.emulator.card import EmulatedCard
from harness.emulator.personalise import CardImage
from harness.profiles import builtin
from harness.reading import Reading, TapOptions
from harness.secret import Can
from harness.station import Codes, Station, mrz_of
from harness.tap import Tap
from harness.terminal.certificate import Authorities
from harness.terminal.pin_guard import PinGuard
from harness.trace import Journal, Journaled

FACE_SIZE = 20_000
DOCUMENTS = (BAC_PASSPORT, PASSPORT, ID_CARD)


@cache
def image(name: str) -> CardImage:
    """A card whose face takes about 20 kB."""
    lds = builtin(name).lds
    assert lds is not None
    return image_with(name, lds=lds.model_copy(update={"face_size": FACE_SIZE}))


def read(name: str) -> tuple[Reading, Journal]:
    """One whole read, with every proof."""
    made, journal = image(name), Journal()
    station = Station(
        Journaled(EmulatedCard(made), journal),
        journal=journal,
        profile=made.profile,
        is_precious=False,
    )
    codes = Codes(Can("123456"), mrz=mrz_of(made))
    authorities = Authorities(made.authorities)
    reading = Tap(station, codes, PinGuard(0), TapOptions(), authorities).run()
    assert reading.outcome == "ok"
    return reading, journal


@pytest.mark.benchmark(group="document with a face of 20 kB, CPU", timer=time.process_time)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_document(benchmark: BenchmarkFixture, name: str) -> None:
    """Access, every file, and passive, chip and active authentication; how much was the face."""
    reading, journal = benchmark.pedantic(read, args=(name,), rounds=15, warmup_rounds=2)
    spent = {phase.name: phase.seconds for phase in journal.phases}
    benchmark.extra_info["DG2 bytes"] = len(reading.document.groups[2])
    benchmark.extra_info["DG2 ms"] = round(spent["read DG2"] * 1000, 2)
    benchmark.extra_info["DG2 kB/s"] = round(
        len(reading.document.groups[2]) / spent["read DG2"] / 1000
    )
    benchmark.extra_info["APDUs"] = journal.apdus
