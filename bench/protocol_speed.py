"""The tables of docs/protocols.md: what PACE and secure messaging cost on this machine.

`python -m bench.protocol_speed` prints them: CPU time of each role, medians, APDUs and all, and
what OpenPACE takes in the same run where Debian's libeac3 is installed.
"""

from __future__ import annotations

import ctypes
import platform
import statistics
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from fixtures.openpace import LIBRARY, Openpace
from fixtures.pace_runs import (
    COMBINATIONS,
    PASSWORDS,
    FrontCard,
    chip_key,
    front_of,
    rules_of,
)
from harness import tlv
from harness.apdu import CommandApdu, ResponseApdu
from harness.bench.machine import machine_info
from harness.crypto.kdf import session_keys
from harness.crypto.standardized import DOMAINS
from harness.crypto.suite import AES_128, AES_192, AES_256, SUITES, TRIPLE_DES, Cipher, PaceSuite
from harness.secure_messaging import ChipSession, TerminalSession
from harness.security_info import PaceInfo, encode_pace_info
from harness.terminal.channel import CardChannel
from harness.terminal.pace import PaceTerminal

CIPHERS = (TRIPLE_DES, AES_128, AES_192, AES_256)
LONG, SHORT = 32_000, 223


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds of one PACE."""

    terminal: float
    chip: float

    @property
    def both(self) -> float:
        """Both roles together."""
        return self.terminal + self.chip


@dataclass
class _Timed:
    """A card whose own CPU time is kept."""

    card: FrontCard
    spent: float = 0.0

    def connect(self) -> bytes:
        """Power the card up."""
        return self.card.connect()

    def transmit(self, command: bytes) -> bytes:
        """Answer one command."""
        begin = time.process_time()
        try:
            return self.card.transmit(command)
        finally:
            self.spent += time.process_time() - begin

    def disconnect(self) -> None:
        """Take the power away."""


def cost(suite: PaceSuite, parameter_id: int, rounds: int) -> Cost:
    """What one PACE with the CAN takes our terminal and our chip."""
    keys = {parameter_id: chip_key(parameter_id)} if suite.mapping == "CAM" else {}
    card = _Timed(FrontCard(front_of(rules_of(suite.oid, parameter_id), keys=keys)))
    terminal = PaceTerminal(PaceInfo(suite.oid, 2, parameter_id))
    runs = []
    for _ in range(rounds + 1):
        card.spent, begin = 0.0, time.process_time()
        terminal.establish(CardChannel(card), PASSWORDS["CAN"])
        runs.append((time.process_time() - begin - card.spent, card.spent))
    own, chip = (statistics.median(each) for each in zip(*runs[1:], strict=True))
    return Cost(1000 * own, 1000 * chip)


def throughput(cipher: Cipher, size: int, rounds: int) -> float:
    """MB/s of content in answers of `size` bytes, protected and opened, commands included."""
    keys = session_keys(bytes(32), cipher)
    terminal, chip = TerminalSession(keys), ChipSession(keys)
    command, answer = CommandApdu(0x00, 0xB0, 0, 0, ne=size), ResponseApdu(bytes(size))
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        chip.unprotect(terminal.protect(command))
        terminal.unprotect(chip.protect(answer), command)
        times.append(time.process_time() - begin)
    return size / statistics.median(times) / 1e6


def table(rounds: int) -> Iterator[str]:
    """The lines of the document."""
    cpu = machine_info()["cpu"]
    assert isinstance(cpu, dict)
    yield f"Measured on one core of {cpu['brand_raw']} with Python {platform.python_version()}."
    yield ""
    yield "| group | mapping | terminal | chip | both | OpenPACE both | ratio |"
    yield "|---|---|---|---|---|---|---|"
    peer = _openpace()
    for suite, number in COMBINATIONS:
        if suite.cipher is AES_128:
            yield _group_line(suite, number, rounds, peer)
    if peer is not None:
        peer.close()
    yield ""
    yield "| suite | group | terminal | chip |"
    yield "|---|---|---|---|"
    for suite in SUITES.values():
        number = 12 if suite.key_agreement == "ECDH" else 0
        spent = cost(suite, number, rounds)
        name = f"{suite.key_agreement}-{suite.mapping}-{suite.cipher.name}"
        yield f"| {name} | {number} | {spent.terminal:.2f} | {spent.chip:.2f} |"
    yield ""
    yield f"| cipher | one answer of {LONG} bytes | answers of {SHORT} bytes |"
    yield "|---|---|---|"
    for cipher in CIPHERS:
        speeds = [throughput(cipher, size, 20 * rounds) for size in (LONG, SHORT)]
        yield f"| {cipher.name} | {speeds[0]:.1f} MB/s | {speeds[1]:.1f} MB/s |"


def _group_line(suite: PaceSuite, number: int, rounds: int, peer: Openpace | None) -> str:
    ours = cost(suite, number, rounds)
    line = f"| {number} {DOMAINS[number].name} | {suite.mapping} "
    line += f"| {ours.terminal:.2f} | {ours.chip:.2f} | {ours.both:.2f} |"
    if peer is None or suite.mapping != "GM":  # the library has no other mapping of the standard
        return f"{line} | |"
    info = encode_pace_info(PaceInfo(suite.oid, 2, number))
    theirs = 1000 * sum(peer.cost(tlv.encode(0x31, info), rounds))
    return f"{line} {theirs:.2f} | {ours.both / theirs:.2f} |"


def _openpace() -> Openpace | None:
    with suppress(OSError):
        ctypes.CDLL(LIBRARY)
        return Openpace()
    return None


if __name__ == "__main__":
    print("\n".join(table(rounds=15)))  # noqa: T201 - what it is for
