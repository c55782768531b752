"""Openssl, which knows nothing of us, looks into made documents and takes the terminal's part."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from asn1crypto import x509

from fixtures.cards import image_of
from fixtures.command import Eidrig
from fixtures.emrtd_vectors import IcaoF
from fixtures.passports import (
    BAC_PASSPORT,
    ID_CARD,
    PASSPORT,
    READ,
    SELECT_DG1,
    by_bac,
    image_with,
    through,
)
from harness import tlv
from harness.crypto.kdf import session_keys
from harness.crypto.suite import AES_128
from harness.profile import Content
from harness.profiles import builtin
from harness.secure_messaging import TerminalSession

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
EVERY = (PASSPORT, BAC_PASSPORT, ID_CARD, "bel-eid-1.8-icao")


def openssl(folder: Path, *arguments: str) -> bytes:
    """What openssl says, in a folder."""
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture
def folder(eidrig: Eidrig, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A document made as files."""
    name = getattr(request, "param", PASSPORT)
    assert eidrig("personalise", name, "--out", tmp_path / "card").code == 0
    return tmp_path / "card"


every = pytest.mark.parametrize("folder", EVERY, indirect=True)


@every
def test_the_chain(folder: Path) -> None:
    """The document signer's certificate was issued by the CSCA."""
    chain = ("verify", "-CAfile", "certificates/csca.pem", "certificates/document-signer.pem")
    assert openssl(folder, *chain) == b"certificates/document-signer.pem: OK\n"
    text = openssl(folder, "x509", "-in", "certificates/document-signer.pem", "-noout", "-text")
    for said in (
        b"Private Key Usage Period",
        b"Digital Signature",
        b"2.23.136.1.1.6.2",
        b"DirName:/L=",
    ):
        assert said in text


def verify_signed(folder: Path, file: str) -> bytes:
    """The content of signed data that the CSCA vouches for."""
    vouched = ("-CAfile", "certificates/csca.pem", "-purpose", "any")
    return openssl(folder, "cms", "-verify", "-inform", "DER", "-in", file, *vouched)


@every
def test_the_security_object(folder: Path) -> None:
    """The signature over EF.SOD holds, and what it signs are the hashes of the files beside it."""
    content = verify_signed(folder, "document/sod.cms")
    card = json.loads((folder / "card.json").read_text())
    rules = builtin(card["profile"]).lds
    assert rules is not None
    for name, file in card["files"].items():
        if file["content"].startswith("dg"):
            (path,) = (folder / "files").rglob(f"*-{name}.bin")
            assert openssl(folder, "dgst", f"-{rules.digest}", "-binary", str(path)) in content


@every
def test_card_security(folder: Path) -> None:
    """The signature over EF.CardSecurity holds, where the card has the file."""
    for path in (folder / "files").rglob("*-card-security.bin"):
        assert verify_signed(folder, str(path)).startswith(b"\x31")


def test_a_changed_security_object(folder: Path) -> None:
    """One hash changed, and the signature no longer holds."""
    path = folder / "document/sod.cms"
    content = verify_signed(folder, "document/sod.cms")
    changed = content[:-1] + bytes((content[-1] ^ 1,))
    path.write_bytes(path.read_bytes().replace(content, changed))
    with pytest.raises(AssertionError, match="verification failure"):
        verify_signed(folder, "document/sod.cms")


@pytest.mark.parametrize("kind", ["secp256r1", "brainpoolP384r1"])
def test_curves_that_are_spelt_out(tmp_path: Path, kind: str) -> None:
    """With explicit parameters both signatures hold; a chain of such openssl refuses by policy."""
    lds = builtin(PASSPORT).lds
    assert lds is not None
    signer = lds.signer.model_copy(update={"kind": kind, "explicit_parameters": True})
    image = image_with(PASSPORT, lds=lds.model_copy(update={"signer": signer}))
    assert image.travel is not None
    pki = image.travel.pki
    (tmp_path / "csca").write_bytes(pki.authority)
    public = openssl(tmp_path, "x509", "-inform", "DER", "-in", "csca", "-noout", "-pubkey")
    (tmp_path / "public").write_bytes(public)
    certificate = x509.Certificate.load(pki.signer)
    (tmp_path / "body").write_bytes(certificate["tbs_certificate"].dump())
    (tmp_path / "signature").write_bytes(bytes(certificate["signature_value"]))
    check = ("dgst", "-sha256", "-verify", "public", "-signature", "signature", "body")
    assert openssl(tmp_path, *check) == b"Verified OK\n"
    (tmp_path / "sod").write_bytes(tlv.parse_one(image.contents[Content.LDS_SOD]).value)
    assert openssl(tmp_path, "cms", "-verify", "-noverify", "-inform", "DER", "-in", "sod")
    text = openssl(tmp_path, "x509", "-inform", "DER", "-in", "csca", "-noout", "-text")
    assert b"Field Type: prime-field" in text


@every
def test_the_keys_belong_to_the_certificates(folder: Path) -> None:
    """Both private keys have the public halves in the certificates."""
    for name in ("csca", "document-signer"):
        ours = openssl(folder, "pkey", "-in", f"keys/{name}.pem", "-pubout")
        told = openssl(folder, "x509", "-in", f"certificates/{name}.pem", "-noout", "-pubkey")
        assert ours == told


def test_active_authentication_with_rsa(tmp_path: Path) -> None:
    """Openssl opens the signature with the key of DG15; the challenge is in what was hashed."""
    image = image_of(BAC_PASSPORT)
    answer = bytes.fromhex(by_bac(BAC_PASSPORT)(f"0088000008{IcaoF.CHALLENGE.hex()}00"))
    (tmp_path / "dg15").write_bytes(tlv.parse_one(image.contents[Content.DG15]).value)
    (tmp_path / "signature").write_bytes(answer[:-2])
    recover = ("pkeyutl", "-verifyrecover", "-pubin", "-keyform", "DER", "-inkey", "dg15")
    plain = ("-in", "signature", "-pkeyopt", "rsa_padding_mode:none")
    opened = openssl(tmp_path, *recover, *plain)
    (tmp_path / "message").write_bytes(opened[1:-21] + IcaoF.CHALLENGE)
    digest = openssl(tmp_path, "dgst", "-sha1", "-binary", "message")
    assert (opened[:1], opened[-21:]) == (b"\x6a", digest + b"\xbc")


def test_active_authentication_with_ecdsa(tmp_path: Path) -> None:
    """Openssl verifies the plain signature once it stands in DER."""
    image = image_of(PASSPORT)
    answer = bytes.fromhex(by_bac()(f"0088000008{IcaoF.CHALLENGE.hex()}00"))[:-2]
    numbers = (tlv.encode(0x02, b"\0" + half) for half in (answer[:32], answer[32:]))
    (tmp_path / "signature").write_bytes(tlv.encode(0x30, *map(_shortest, numbers)))
    (tmp_path / "dg15").write_bytes(tlv.parse_one(image.contents[Content.DG15]).value)
    (tmp_path / "challenge").write_bytes(IcaoF.CHALLENGE)
    verify = ("dgst", "-sha256", "-keyform", "DER", "-verify", "dg15", "-signature", "signature")
    assert openssl(tmp_path, *verify, "challenge") == b"Verified OK\n"


def _shortest(number: bytes) -> bytes:
    value = tlv.parse_one(number).value.lstrip(b"\0")
    return tlv.encode(0x02, (b"\0" if value[0] & 0x80 else b"") + value)


def test_chip_authentication(tmp_path: Path) -> None:
    """Openssl takes the spelt-out key of DG14 and agrees on the secret that the chip has."""
    card, image = by_bac(), image_of(PASSPORT)
    infos = tlv.parse_one(tlv.parse_one(image.contents[Content.DG14]).value).children()
    kind = bytes.fromhex("04007F000702020102")  # id-PK-ECDH
    (public,) = (i.children()[1].encode() for i in infos if i.children()[0].value == kind)
    (tmp_path / "chip").write_bytes(public)
    openssl(
        tmp_path, "pkey", "-pubin", "-inform", "DER", "-in", "chip", "-pubout", "-out", "chip.pem"
    )
    curve = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1")
    openssl(tmp_path, "genpkey", *curve, "-out", "own.pem")
    own = openssl(tmp_path, "pkey", "-in", "own.pem", "-pubout", "-outform", "DER")
    card.all("002241A40C800A04007F00070202030202")
    assert card(f"00860000457C438041{own[-65:].hex()}00") == "7C009000"
    secret = openssl(tmp_path, "pkeyutl", "-derive", "-inkey", "own.pem", "-peerkey", "chip.pem")
    keys = session_keys(secret, AES_128)
    through(card, TerminalSession(keys)).all(SELECT_DG1, READ)
