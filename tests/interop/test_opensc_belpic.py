"""Debian's OpenSC takes the emulated Belgian card for a real one, over contact through pcscd."""

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
from harness.profile import Content
from harness.secret import Pin
from harness.station import CardOptions, Codes, Station
from harness.tap import Tap, TapOptions
from harness.terminal.pin_guard import PinGuard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.pcscd import Pcscd

pytest.importorskip("smartcard", reason="pyscard is missing: pip install 'eidrig[pcsc]'")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("opensc-tool", "pkcs15-tool", "eidenv"))),
    reason="OpenSC is not installed (apt install opensc)",
)


@pytest.fixture(scope="module")
def card(pcscd: Pcscd) -> Iterator[ServedCard]:
    """Plug in a Belgian card."""
    with served_card(pcscd.slots[0], CardOptions("bel-eid-1.8")) as card:
        yield card


@pytest.fixture
def spare_card(pcscd: Pcscd, tmp_path: Path) -> Iterator[ServedCard]:
    """Plug in a Belgian card of a test's own."""
    with served_card(pcscd.slots[1], CardOptions("bel-eid-1.8", state=tmp_path / "c")) as card:
        yield card


def run(*command: str) -> str:
    """What a tool says."""
    done = subprocess.run(
        command,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
    )
    return done.stdout


@pytest.mark.usefixtures("card")
def test_it_is_known_by_name() -> None:
    """The driver for Belgian cards takes it."""
    assert "Belpic" in run("opensc-tool", "--reader", "0", "--name")


@pytest.mark.usefixtures("card")
def test_the_identity_is_read() -> None:
    """Eidenv decodes our identity file."""
    told = run("eidenv", "--reader", "0")
    assert "BELPIC_NAME: JÕEORG" in told
    assert "BELPIC_FIRSTNAMES: JAAK-KRISTJAN" in told
    assert "BELPIC_NATIONALNUMBER: 38001085718" in told
    assert "BELPIC_VALIDTILL: 01.01.2035" in told


@pytest.mark.usefixtures("card")
def test_the_pkcs15_directory_is_read() -> None:
    """The generic PKCS#15 code finds PIN, keys and certificates through our directory files."""
    told = run("pkcs15-tool", "--reader", "0", "--dump")
    assert re.findall(r"PIN \[(\w+)\]", told) == ["PIN1"]
    assert re.findall(r"Private EC Key \[(\w+)\]", told) == ["Authentication", "Signature"]
    assert re.findall(r"X\.509 Certificate \[(\w+)\]", told) == ["Authentication", "Signature"]


@pytest.mark.parametrize(
    ("number", "content"),
    [("1", Content.AUTHENTICATION_CERTIFICATE), ("2", Content.SIGNING_CERTIFICATE)],
)
def test_certificates_are_read_whole(card: ServedCard, number: str, content: Content) -> None:
    """What OpenSC reads is, byte for byte, what the card was personalised with."""
    pem = run("pkcs15-tool", "--reader", "0", "--read-certificate", number)
    parsed = x509.load_pem_x509_certificate(pem.encode())
    assert parsed.public_bytes(Encoding.DER) == card.image.contents[content]


def test_the_pin_block_is_the_one_opensc_builds(spare_card: ServedCard) -> None:
    """OpenSC's GlobalPlatform block of the right PIN is accepted, one of a wrong PIN counted."""
    verify = ("pkcs15-tool", "--reader", "1", "--verify-pin", "--auth-id", "1", "--pin")
    assert "incorrect" in run(*verify, "9999")
    codes, options = Codes(pin1=Pin("1234")), TapOptions(use_pin=False)
    reading = Tap(Station.open(spare_card.place), codes, PinGuard(0), options).run()
    assert reading.tries_left == {"PIN1": 2}
    assert "incorrect" not in run(*verify, "1234")
    reading = Tap(Station.open(spare_card.place), codes, PinGuard(0)).run()
    assert (reading.outcome, reading.tries_left) == ("ok", {"PIN1": 3})
    assert reading.personal_data[Content.SURNAME] == "JÕEORG"
