"""Debian's OpenSC takes the emulated card of 2018 for the real one, over contact through pcscd."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fixtures.served import ServedCard, served_card
from harness.profile import Content, Interface, PinName
from harness.secret import Pin
from harness.station import CardOptions, Codes, Station
from harness.tap import Reading, Tap, TapOptions
from harness.terminal.pin_guard import PinGuard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.pcscd import Pcscd

pytest.importorskip("smartcard", reason="pyscard is missing: pip install 'eidrig[pcsc]'")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("opensc-tool", "pkcs15-tool", "pkcs11-tool"))),
    reason="OpenSC is not installed (apt install opensc)",
)

PIN1, PIN2, PUK = "1234", "12345", "12345678"
FULL: dict[PinName, int] = {"PIN1": 3, "PIN2": 3, "PUK": 3}
PIN_IDS: dict[PinName, str] = {"PIN1": "1", "PIN2": "2", "PUK": "3"}
SLOTS_OF_A_READER = 4  # PKCS#11 slots that OpenSC numbers for each reader
CERTIFICATES = (
    ("1", Content.AUTHENTICATION_CERTIFICATE),
    ("2", Content.SIGNING_CERTIFICATE),
)
DOCUMENT = b"A document that a test signs."


@dataclass(frozen=True)
class Key:
    """A private key as PKCS#11 finds it: token, PIN, object, and the certificate it belongs to."""

    token: int
    pin: str
    id: str
    content: Content

    def verify(self, card: ServedCard, signature: bytes, digest: bytes) -> None:
        """Hold a plain signature, r and s of 48 bytes each, against the card's certificate."""
        assert len(signature) == 96
        r, s = (int.from_bytes(half) for half in (signature[:48], signature[48:]))
        public = x509.load_der_x509_certificate(card.image.contents[self.content]).public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        hashed = Prehashed(hashes.SHA256() if len(digest) == 32 else hashes.SHA384())
        public.verify(encode_dss_signature(r, s), digest, ec.ECDSA(hashed))


@dataclass(frozen=True)
class OpenSc:
    """OpenSC's tools at the card in the reader with this number."""

    reader: int

    def pkcs15(self, *arguments: str, fails: bool = False) -> str:
        """What pkcs15-tool says."""
        return self.run("pkcs15-tool", "--reader", str(self.reader), *arguments, fails=fails)

    def pkcs11(self, token: int, *arguments: str, fails: bool = False) -> str:
        """What pkcs11-tool says about the card's token for PIN1 (0) or PIN2 (1)."""
        slot = self.reader * SLOTS_OF_A_READER + token
        return self.run("pkcs11-tool", "--slot", str(slot), *arguments, fails=fails)

    def run(self, *command: str, fails: bool = False) -> str:
        """What a tool says, which must succeed or fail as told."""
        done = subprocess.run(
            command,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
        )
        assert bool(done.returncode) == fails, done.stdout
        return done.stdout

    def verify(self, name: PinName, code: str, *, fails: bool = False) -> str:
        """Offer a code."""
        return self.pkcs15("--verify-pin", "--auth-id", PIN_IDS[name], "--pin", code, fails=fails)

    def pin1_tries(self) -> int:
        """PIN1's tries left; of the other codes this version only says what `flags` has."""
        told = re.search(r"(?s)PIN \[PIN1\].*?Tries left\s*: (\d+)", self.pkcs15("--list-pins"))
        assert told
        return int(told[1])

    def flags(self, token: int) -> list[str]:
        """What PKCS#11 says of a token, such as `user PIN locked`."""
        slot = rf"\(0x{self.reader * SLOTS_OF_A_READER + token:x}\)"
        told = self.run("pkcs11-tool", "--list-slots")
        found = re.search(rf"(?s){slot}.*?token flags\s*: ([^\n]*)", told)
        assert found, told
        return found[1].split(", ")


@pytest.fixture(scope="module")
def card(pcscd: Pcscd) -> Iterator[ServedCard]:
    """Plug in a card that no test changes."""
    with served_card(pcscd.slots[0], CardOptions(interface=Interface.CONTACT)) as card:
        yield card


@pytest.fixture
def spare_card(pcscd: Pcscd, tmp_path: Path) -> Iterator[ServedCard]:
    """Plug in a card of a test's own, whose counters outlive the program that serves it."""
    options = CardOptions(interface=Interface.CONTACT, state=tmp_path / "card.json")
    with served_card(pcscd.slots[1], options) as card:
        yield card


@pytest.fixture(scope="module")
def opensc(card: ServedCard) -> OpenSc:
    """Give OpenSC's tools at the unchanged card."""
    del card
    return OpenSc(reader=0)


@pytest.fixture
def opensc_spare(spare_card: ServedCard) -> OpenSc:
    """Give OpenSC's tools at the card of this test."""
    del spare_card
    return OpenSc(reader=1)


def read_with_eidrig(card: ServedCard, pin1: str | None = None) -> Reading:
    """Read the card with this project's own terminal through the same pcscd."""
    codes = Codes(pin1=Pin(pin1) if pin1 else None)
    options = TapOptions(use_pin=pin1 is not None)
    return Tap(Station.open(card.place), codes, PinGuard(0), options).run()


def tries_left(card: ServedCard) -> dict[PinName, int]:
    """The tries left of each code, as our terminal asks the card."""
    return read_with_eidrig(card).tries_left


def test_the_card_is_recognised(card: ServedCard, opensc: OpenSc) -> None:
    """ATR and application make OpenSC call it EstEID 2018."""
    assert opensc.run("opensc-tool", "--reader", "0", "--name").strip() == "EstEID 2018"
    atr = opensc.run("opensc-tool", "--reader", "0", "--atr").strip().replace(":", "")
    assert atr == card.atr.hex() == "3bdb960080b1fe451f830012233f536549440f9000f1"


def test_the_dump_shows_what_a_real_card_shows(opensc: OpenSc) -> None:
    """Holder, document number, three codes, two keys and two certificates are all found."""
    told = opensc.pkcs15("--dump")
    assert "PKCS#15 Card [JÕEORG,JAAK-KRISTJAN,38001085718]" in told
    assert re.search(r"Serial number\s*: AS0000001\n", told)
    assert re.findall(r"PIN \[(\w+)\]", told) == ["PIN1", "PIN2", "PUK"]
    pair = ["Isikutuvastus", "Allkirjastamine"]
    assert re.findall(r"Private EC Key \[(\w+)\]", told) == pair
    assert re.findall(r"X\.509 Certificate \[(\w+)\]", told) == pair
    assert re.findall(r"FieldLength\s*: (\d+)", told) == ["384", "384"]
    assert re.findall(r"Tries left\s*: (\d+)", told) == ["3", "3", "3"]


def test_both_certificates_are_listed(opensc: OpenSc) -> None:
    """Each is listed under its label at the path the real card has it."""
    told = opensc.pkcs15("--list-certificates")
    assert re.findall(r"Path\s*: (\w+)", told) == ["3f00adf13401", "3f00adf2341f"]


@pytest.mark.parametrize(("number", "content"), CERTIFICATES)
def test_certificates_are_read_whole(
    card: ServedCard, opensc: OpenSc, number: str, content: Content
) -> None:
    """What OpenSC reads is, byte for byte, what the card was personalised with."""
    pem = opensc.pkcs15("--read-certificate", number)
    parsed = x509.load_pem_x509_certificate(pem.encode())
    assert parsed.public_bytes(Encoding.DER) == card.image.contents[content]


@pytest.mark.parametrize(("name", "code"), [("PIN1", PIN1), ("PIN2", PIN2), ("PUK", PUK)])
def test_the_right_code_is_accepted(
    card: ServedCard, opensc: OpenSc, name: PinName, code: str
) -> None:
    """Each code is verified, and costs no try."""
    opensc.verify(name, code)
    assert tries_left(card) == FULL


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(Key(0, PIN1, "01", Content.AUTHENTICATION_CERTIFICATE), id="PIN1"),
        pytest.param(Key(1, PIN2, "02", Content.SIGNING_CERTIFICATE), id="PIN2"),
    ],
)
@pytest.mark.parametrize("mechanism", ["ECDSA", "ECDSA-SHA384", "ECDSA-SHA256"])
def test_signatures_hold(
    card: ServedCard, opensc: OpenSc, tmp_path: Path, mechanism: str, key: Key
) -> None:
    """Each key signs through PKCS#11 after its PIN, and its certificate verifies the signature."""
    hashed = hashlib.sha256 if mechanism.endswith("SHA256") else hashlib.sha384
    digest = hashed(DOCUMENT).digest()
    (tmp_path / "in").write_bytes(digest if mechanism == "ECDSA" else DOCUMENT)
    opensc.pkcs11(
        key.token, "--login", "--pin", key.pin, "--sign", "--mechanism", mechanism, "--id", key.id,
        "--input-file", str(tmp_path / "in"), "--output-file", str(tmp_path / "out"),
    )  # fmt: skip
    key.verify(card, (tmp_path / "out").read_bytes(), digest)


@pytest.mark.parametrize("mechanism", ["ECDH1-DERIVE", "ECDH1-COFACTOR-DERIVE"])
def test_a_secret_is_derived(
    card: ServedCard, opensc: OpenSc, tmp_path: Path, mechanism: str
) -> None:
    """ECDH with the authentication key gives the secret that the other side computes."""
    peer = ec.generate_private_key(ec.SECP384R1())
    public = peer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "peer").write_bytes(public)
    opensc.pkcs11(
        0, "--login", "--pin", PIN1, "--derive", "--mechanism", mechanism, "--id", "01",
        "--input-file", str(tmp_path / "peer"), "--output-file", str(tmp_path / "out"),
    )  # fmt: skip
    own = card.image.keys["authentication"].public_key()
    assert (tmp_path / "out").read_bytes() == peer.exchange(ec.ECDH(), own)


def test_a_wrong_pin_costs_a_try_that_outlives_the_power(
    spare_card: ServedCard, opensc_spare: OpenSc
) -> None:
    """The try is gone for OpenSC and for our terminal alike, also after the card was pulled."""
    told = opensc_spare.verify("PIN1", "9999", fails=True)
    assert "PIN code or key incorrect" in told
    assert opensc_spare.pin1_tries() == 2
    assert tries_left(spare_card) == FULL | {"PIN1": 2}
    spare_card.unplug()
    spare_card.plug()
    assert opensc_spare.pin1_tries() == 2
    assert tries_left(spare_card) == FULL | {"PIN1": 2}


def test_the_right_pin_gives_the_tries_back(spare_card: ServedCard, opensc_spare: OpenSc) -> None:
    """A try that OpenSC spent comes back when our terminal offers the right PIN1."""
    opensc_spare.verify("PIN1", "9999", fails=True)
    reading = read_with_eidrig(spare_card, PIN1)
    assert (reading.outcome, reading.verified) == ("ok", {"PIN1": True})
    assert opensc_spare.pin1_tries() == 3


def test_a_wrong_login_is_shown_until_the_pin_is_blocked(
    spare_card: ServedCard, opensc_spare: OpenSc
) -> None:
    """PKCS#11 flags each step: the tries of PIN2 are low, then the last one, then none."""
    shown = []
    for wrong in ("54321", "54322", "54323"):
        opensc_spare.pkcs11(1, "--login", "--pin", wrong, "--list-objects", fails=True)
        shown += [flag for flag in opensc_spare.flags(1) if "user PIN" in flag]
    assert shown == ["user PIN count low", "final user PIN try", "user PIN locked"]
    assert opensc_spare.pin1_tries() == 3
    assert tries_left(spare_card) == FULL | {"PIN2": 0}


@pytest.mark.parametrize(("name", "old", "new"), [("PIN1", PIN1, "4321"), ("PIN2", PIN2, "54321")])
def test_a_pin_is_changed(
    spare_card: ServedCard, opensc_spare: OpenSc, name: PinName, old: str, new: str
) -> None:
    """From then on the new code is right and the old one wrong."""
    opensc_spare.pkcs15("--change-pin", "--auth-id", PIN_IDS[name], "--pin", old, "--new-pin", new)
    opensc_spare.verify(name, old, fails=True)
    assert tries_left(spare_card) == FULL | {name: 2}
    opensc_spare.verify(name, new)
    assert tries_left(spare_card) == FULL


def test_what_opensc_changed_our_terminal_uses(
    spare_card: ServedCard, opensc_spare: OpenSc
) -> None:
    """Our terminal logs in with the PIN1 that OpenSC set."""
    opensc_spare.pkcs15("--change-pin", "--auth-id", "1", "--pin", PIN1, "--new-pin", "4321")
    reading = read_with_eidrig(spare_card, "4321")
    assert (reading.outcome, reading.signatures) == ("ok", {"authentication": True})


@pytest.mark.parametrize(("name", "old", "new"), [("PIN1", PIN1, "4321"), ("PIN2", PIN2, "54321")])
def test_a_blocked_pin_is_unblocked_with_the_puk(
    spare_card: ServedCard, opensc_spare: OpenSc, name: PinName, old: str, new: str
) -> None:
    """Three wrong tries block a PIN, also for its right value; the PUK gives it a new one."""
    refusals = [opensc_spare.verify(name, new, fails=True) for _ in range(3)]
    assert "Authentication method blocked" in refusals[-1]
    assert "Authentication method blocked" in opensc_spare.verify(name, old, fails=True)
    assert tries_left(spare_card) == FULL | {name: 0}
    number = PIN_IDS[name]
    opensc_spare.pkcs15("--unblock-pin", "--auth-id", number, "--puk", PUK, "--new-pin", new)
    assert tries_left(spare_card) == FULL
    opensc_spare.verify(name, new)


def test_a_wrong_puk_unblocks_nothing(spare_card: ServedCard, opensc_spare: OpenSc) -> None:
    """A wrong PUK costs one of its own tries and leaves the PIN as it was."""
    told = opensc_spare.pkcs15(
        "--unblock-pin", "--auth-id", "1", "--puk", "99999999", "--new-pin", "4321", fails=True
    )
    assert "PUK code incorrect; tries left: 2" in told
    assert tries_left(spare_card) == FULL | {"PUK": 2}
    opensc_spare.verify("PIN1", PIN1)
