"""What a whole emulated read costs, and what its parts do: both sides' cryptography in one process.

The personalisation of the card is left out: a real card has it behind it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fixtures.cards import PROFILES, image_of
from harness.apdu import CommandApdu, ResponseApdu
from harness.crypto.curve import STANDARDIZED
from harness.crypto.kdf import session_keys
from harness.crypto.pace import Confirmation, GenericMapping
from harness.crypto.suite import AES_128, AES_256, Cipher, PaceSuite
from harness.emulator.card import EmulatedCard
from harness.emulator.person import Person
from harness.reading import TapOptions
from harness.secure_messaging import ChipSession, TerminalSession
from harness.station import Codes, Station
from harness.tap import Tap
from harness.terminal.certificate import Authorities
from harness.terminal.pin_guard import PinGuard

ID_PACE_ECDH_GM_AES_256 = "0.4.0.127.0.7.2.2.4.2.4"
NONCE = bytes(range(1, 33))


def whole_read(profile: str) -> Callable[[], None]:
    """PACE, PIN1, personal data, both certificates with their chains, and a login proof."""
    image, person = image_of(profile), Person()
    codes = Codes(person.can, person.pin1)

    def read() -> None:
        station = Station(icc=EmulatedCard(image), profile=image.profile, is_precious=False)
        authorities = Authorities(image.authorities)
        reading = Tap(station, codes, PinGuard(0), TapOptions(), authorities).run()
        assert reading.outcome == "ok"
        assert all(reading.chains.values())

    return read


@pytest.mark.benchmark(group="whole read, CPU", timer=time.process_time)
@pytest.mark.parametrize("profile", PROFILES)
def test_cpu(benchmark: BenchmarkFixture, profile: str) -> None:
    """CPU time of a whole read, warm; aim: 15 ms on P-256."""
    benchmark.pedantic(whole_read(profile), rounds=50, warmup_rounds=5)


@pytest.mark.benchmark(group="whole read, wall")
@pytest.mark.parametrize("profile", PROFILES)
def test_wall(benchmark: BenchmarkFixture, profile: str) -> None:
    """Wall time of the same."""
    benchmark.pedantic(whole_read(profile), rounds=50, warmup_rounds=5)


def agree(parameter_id: int) -> tuple[Confirmation, Confirmation]:
    """Both roles of PACE with generic mapping, without a wire between them."""
    suite, domain = PaceSuite.of(ID_PACE_ECDH_GM_AES_256), STANDARDIZED[parameter_id]
    terminal, chip = (GenericMapping(suite, domain, secrets.randbelow) for _ in range(2))
    mapped = terminal.agree(NONCE, chip.public), chip.agree(NONCE, terminal.public)
    return mapped[0].confirm(mapped[1].public), mapped[1].confirm(mapped[0].public)


@pytest.mark.benchmark(group="PACE, both roles, CPU", timer=time.process_time)
@pytest.mark.parametrize("parameter_id", STANDARDIZED, ids=lambda each: STANDARDIZED[each].name)
def test_pace(benchmark: BenchmarkFixture, parameter_id: int) -> None:
    """The arithmetic of PACE on every standardised curve."""
    terminal, chip = benchmark.pedantic(agree, args=(parameter_id,), rounds=20, warmup_rounds=2)
    assert terminal.own_token == chip.peer_token


@pytest.mark.benchmark(group="secure messaging, both ends")
@pytest.mark.parametrize("cipher", [AES_128, AES_256], ids=lambda each: each.name)
@pytest.mark.parametrize("size", [16, 223, 4096])
def test_secure_messaging(benchmark: BenchmarkFixture, cipher: Cipher, size: int) -> None:
    """READ BINARY of some bytes: protected, opened, answered, and the answer opened."""
    keys = session_keys(b"shared secret", cipher)
    terminal, chip = TerminalSession(keys), ChipSession(keys)
    command, content = CommandApdu(0x00, 0xB0, 0, 0, ne=256), bytes(size)

    def exchange() -> bytes:
        chip.unprotect(terminal.protect(command))
        return terminal.unprotect(chip.protect(ResponseApdu(content)), command).data

    assert benchmark(exchange) == content
    benchmark.extra_info["bytes"] = size
