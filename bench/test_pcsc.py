"""What pcscd costs: a whole contactless read through it, and one command there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.served import ServedCard, served_card
from harness.profile import Interface
from harness.reading import OK, Reading
from harness.secret import Can, Pin
from harness.station import CardOptions, Codes, Station
from harness.tap import Tap
from harness.terminal.pin_guard import PinGuard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_benchmark.fixture import BenchmarkFixture

    from fixtures.pcscd import VirtualReader

pytest.importorskip("smartcard", reason="pyscard is missing: pip install eidrig[pcsc]")

CODES = Codes(Can("123456"), Pin("1234"))
SELECT_CARD_ACCESS = bytes.fromhex("00A4020C02011C")


@pytest.fixture(scope="module", params=["est-idemia-2018", "est-thales-2025"])
def card(request: pytest.FixtureRequest, virtual_reader: VirtualReader) -> Iterator[ServedCard]:
    """Lay each generation on the virtual reader, served by a program of its own."""
    options = CardOptions(request.param, interface=Interface.CONTACTLESS)
    with served_card(virtual_reader, options) as card:
        yield card


def test_a_contactless_read_through_pcscd(benchmark: BenchmarkFixture, card: ServedCard) -> None:
    """Wall time of one read: PACE, PIN1, personal data, both certificates, login proof."""

    def read() -> Reading:
        return Tap(Station.open(card.place), CODES, PinGuard()).run()

    assert benchmark(read).outcome == OK


def test_a_command_through_pcscd(benchmark: BenchmarkFixture, card: ServedCard) -> None:
    """Wall time of one short command there and back, through pcscd and the card's own program."""
    icc = Station.open(card.place).icc
    icc.connect()
    try:
        assert benchmark(icc.transmit, SELECT_CARD_ACCESS) == b"\x90\x00"
    finally:
        icc.disconnect()
