"""What each PACE costs, APDUs and all: both roles together, and the terminal alone.

To beat, measured on the same machine with OpenPACE, both roles: 1.18 ms on P-256, 7.05 ms on
brainpoolP256r1, 12.8 ms on brainpoolP384r1, 6.1 ms on P-521.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.protocol_speed import CIPHERS, table
from fixtures.pace_runs import (
    COMBINATIONS,
    PASSWORDS,
    FrontCard,
    chip_key,
    front_of,
    name_of,
    rules_of,
)
from harness.apdu import CommandApdu, ResponseApdu
from harness.crypto.kdf import session_keys
from harness.crypto.suite import AES_128, AES_192, AES_256, SUITES, TRIPLE_DES, Cipher, PaceSuite
from harness.icc import Icc
from harness.secure_messaging import ChipSession, TerminalSession
from harness.security_info import PaceInfo
from harness.terminal.channel import CardChannel
from harness.terminal.pace import PaceTerminal

AMOUNT = 32_000
every_suite = pytest.mark.parametrize(
    ("suite", "parameter_id"),
    [(suite, 12 if suite.key_agreement == "ECDH" else 0) for suite in SUITES.values()],
    ids=name_of,
)
every_group = pytest.mark.parametrize(
    ("suite", "parameter_id"),
    [each for each in COMBINATIONS if each[0].cipher is AES_128],
    ids=name_of,
)


@dataclass
class Stopwatch:
    """CPU time without what the card at the other end takes."""

    card: Icc | None = None
    spent: float = 0.0

    def now(self) -> float:
        """CPU seconds of our own side."""
        return time.process_time() - self.spent

    def connect(self) -> bytes:
        """Power the card up."""
        assert self.card is not None
        return self.card.connect()

    def transmit(self, command: bytes) -> bytes:
        """Pass a command on, off the clock."""
        assert self.card is not None
        begin = time.process_time()
        answer = self.card.transmit(command)
        self.spent += time.process_time() - begin
        return answer

    def disconnect(self) -> None:
        """Take the power away."""


OWN = Stopwatch()


def runs(suite: PaceSuite, parameter_id: int, watch: Stopwatch | None = None) -> Callable[[], None]:
    """PACE with the CAN, again and again."""
    keys = {parameter_id: chip_key(parameter_id)} if suite.mapping == "CAM" else {}
    card: Icc = FrontCard(front_of(rules_of(suite.oid, parameter_id), keys=keys))
    if watch is not None:
        watch.card, card = card, watch
    terminal = PaceTerminal(PaceInfo(suite.oid, 2, parameter_id))

    def run() -> None:
        assert terminal.establish(CardChannel(card), PASSWORDS["CAN"]).is_secured

    return run


@pytest.mark.benchmark(group="PACE by suite, both roles, CPU", timer=time.process_time)
@every_suite
def test_suites(benchmark: BenchmarkFixture, suite: PaceSuite, parameter_id: int) -> None:
    """Every suite, over P-256 or the group of 1024 bits."""
    benchmark.pedantic(runs(suite, parameter_id), rounds=20, warmup_rounds=2)


@pytest.mark.benchmark(group="PACE by group, both roles, CPU", timer=time.process_time)
@every_group
def test_groups(benchmark: BenchmarkFixture, suite: PaceSuite, parameter_id: int) -> None:
    """Every group with every mapping, AES-128."""
    benchmark.pedantic(runs(suite, parameter_id), rounds=10, warmup_rounds=1)


@pytest.mark.benchmark(group="PACE by group, terminal alone, CPU", timer=OWN.now)
@every_group
def test_terminal(benchmark: BenchmarkFixture, suite: PaceSuite, parameter_id: int) -> None:
    """The terminal's part alone; aim on P-256 with generic mapping: 2.5 ms."""
    benchmark.pedantic(runs(suite, parameter_id, OWN), rounds=10, warmup_rounds=1)


@pytest.mark.benchmark(group="secure messaging, both ends, 32 kB")
@pytest.mark.parametrize("cipher", [TRIPLE_DES, AES_128, AES_192, AES_256], ids=lambda c: c.name)
def test_throughput(benchmark: BenchmarkFixture, cipher: Cipher) -> None:
    """One long answer protected and opened; `extra_info` has the MB/s."""
    keys = session_keys(bytes(32), cipher)
    terminal, chip = TerminalSession(keys), ChipSession(keys)
    command, answer = CommandApdu(0x00, 0xB0, 0, 0, ne=65536), ResponseApdu(bytes(AMOUNT))

    def exchange() -> ResponseApdu:
        chip.unprotect(terminal.protect(command))
        return terminal.unprotect(chip.protect(answer), command)

    assert benchmark.pedantic(exchange, rounds=100, warmup_rounds=5) == answer
    if benchmark.stats is not None:  # not where benchmarks are disabled
        benchmark.extra_info["MB/s"] = round(AMOUNT / benchmark.stats["median"] / 1e6, 1)


def test_the_tables_of_the_docs() -> None:
    """The tables can be made again: every group, suite and cipher has a line with its numbers."""
    lines = list(table(rounds=1))
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| group")]
    groups = sum(1 for suite, _ in COMBINATIONS if suite.cipher is AES_128)
    assert len(rows) == groups + 1 + len(SUITES) + 1 + len(CIPHERS)
    assert all(float(row.split("|")[3].split()[0]) > 0 for row in rows if "MB/s" in row)
