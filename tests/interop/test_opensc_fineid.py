"""Debian's OpenSC reads the emulated Finnish card, for which it has no driver, by PKCS#15 alone.

Version 0.23 does not know the ATR of FINEID v4. Its configuration gives the ATR a driver that adds
little to ISO/IEC 7816; files, codes, keys and certificates are then found by our directory files.
No such driver signs with elliptic curves, so no signature is made.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fixtures.served import ServedCard, served_card
from harness.profile import Content, PinName
from harness.station import CardOptions, Codes, Station
from harness.tap import Tap, TapOptions
from harness.terminal.pin_guard import PinGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fixtures.pcscd import Pcscd

pytest.importorskip("smartcard", reason="pyscard is missing: pip install 'eidrig[pcsc]'")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("opensc-tool", "pkcs15-tool"))),
    reason="OpenSC is not installed (apt install opensc)",
)

CONFIGURATION = """
app default {
  card_atr ATR { driver = "MaskTech"; name = "FINEID v4"; }
}
"""
IDS: dict[PinName, str] = {"PIN1": "01", "PIN2": "02"}


@pytest.fixture
def card(pcscd: Pcscd, tmp_path: Path) -> Iterator[ServedCard]:
    """Plug in a Finnish card of a test's own."""
    with served_card(pcscd.slots[1], CardOptions("fin-fineid-v4", state=tmp_path / "c")) as card:
        yield card


@pytest.fixture
def opensc(card: ServedCard, tmp_path: Path) -> Callable[..., str]:
    """What a tool of OpenSC says of the card, which must end with the code that is expected."""
    path = tmp_path / "opensc.conf"
    path.write_text(CONFIGURATION.replace("ATR", card.atr.hex(":")))

    def run(tool: str, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [tool, "--reader", "1", *arguments],
            env=os.environ | {"LC_ALL": "C.UTF-8", "OPENSC_CONF": str(path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    return run


def test_the_directory_is_understood(opensc: Callable[..., str]) -> None:
    """PINs with their rules, keys with their references and certificates with their paths."""
    told = opensc("pkcs15-tool", "--dump")
    assert "PKCS#15 Card [Finnish identity card, FINEID v4]" in told
    assert re.findall(r"PIN \[(\w+)\]", told) == ["PIN1", "PIN2"]
    assert re.findall(r"Reference +: \d+ \((0x\w+)\)", told) == ["0x11", "0x82"]
    assert re.findall(r"min_len:(\d+), max_len:(\d+), stored_len:(\d+)", told) == [
        ("4", "12", "12"),
        ("6", "12", "12"),
    ]
    assert re.findall(r"Private EC Key \[(\w+)\]", told) == ["Authentication", "Signature"]
    assert re.findall(r"Key ref +: (\d+)", told) == ["1", "2"]
    assert re.findall(r"FieldLength +: (\d+)", told) == ["384", "384"]
    assert re.findall(r"Usage +: \[\w+\], (.*)", told) == ["sign", "sign, nonRepudiation"]
    assert re.findall(r"Path +: (3f00\d+)\n", told) == ["3f004331", "3f0050164332"]


@pytest.mark.parametrize(
    ("number", "content"),
    [("01", Content.AUTHENTICATION_CERTIFICATE), ("02", Content.SIGNING_CERTIFICATE)],
)
def test_certificates_are_read(
    card: ServedCard, opensc: Callable[..., str], number: str, content: Content
) -> None:
    """The certificates found by the directory are those of the card, byte for byte."""
    pem = opensc("pkcs15-tool", "--read-certificate", number)
    der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    assert der == card.image.contents[content]


@pytest.mark.parametrize(("name", "code"), [("PIN1", "1234"), ("PIN2", "123456")])
def test_codes_are_verified(
    card: ServedCard, opensc: Callable[..., str], name: PinName, code: str
) -> None:
    """A code is filled up as its entry says: the right one is taken, a wrong one costs a try."""

    def offer(digits: str, ends_with: int = 0) -> None:
        arguments = ("--verify-pin", "--auth-id", IDS[name], "--pin", digits)
        opensc("pkcs15-tool", *arguments, code=ends_with)

    offer("9" * len(code), 255)
    assert tries(card)[name] == 4
    offer(code)
    assert tries(card)[name] == 5


def tries(card: ServedCard) -> dict[PinName, int]:
    """The tries left as our own terminal reads them through the same reader."""
    station = Station.open(card.place, CardOptions("fin-fineid-v4"))
    tap = Tap(station, Codes(), PinGuard(), TapOptions(use_pin=False))
    return tap.run().tries_left
