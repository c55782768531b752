"""Each national card that comes with the package: read whole, described, and made as files."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from fixtures.command import Eidrig
from harness.profile import Interface
from harness.profiles import builtin, builtin_names

CARDS = [(name, interface) for name in builtin_names() for interface in builtin(name).interfaces]


def _passwords(name: str) -> tuple[str, ...]:
    pace = builtin(name).pace
    return pace.passwords if pace else ()


with_keys = pytest.mark.parametrize("name", [n for n in builtin_names() if builtin(n).keys])


@pytest.mark.parametrize(("name", "interface"), CARDS)
def test_a_whole_read(eidrig: Eidrig, name: str, interface: Interface) -> None:
    """Everything the profile offers is read, both signatures hold, and the holder is known."""
    profile = builtin(name)
    signs = ["--sign"] if "signing" in profile.keys else []
    ran = eidrig("read", "--profile", name, "--interface", interface, "--json", *signs)
    document = ran.document
    assert (ran.code, document["outcome"], document["card"]["interface"]) == (0, "ok", interface)
    assert (document["pace"] is not None) == profile.needs_pace(interface)
    for key in profile.keys:
        assert document["certificates"][key]["chain_verified"] is True
    if profile.keys:
        assert document["authentication"]["signature_verified"] is True
        assert document["signing"]["signature_verified"] is True
        assert document["personal_data"]["surname"] == "JÕEORG"
        assert document["personal_data"]["personal_code"] == "38001085718"
    for code in profile.pins:
        if f"tries {code}" in profile.plans["eidrig"].operations:
            assert document[code.lower()]["tries_left"] == profile.pins[code].tries


@pytest.mark.parametrize("name", [n for n in builtin_names() if builtin(n).radio])
def test_held_against_a_phone(eidrig: Eidrig, name: str) -> None:
    """Whatever has a contactless interface can be held against a simulated phone."""
    air = ("--phone", "android", "--preset", "fast")
    ran = eidrig("read", "--profile", name, *air, "--json")
    assert (ran.code, ran.document["outcome"]) == (0, "ok")
    assert ran.document["frames"]["frames_sent"] > 0


@pytest.mark.parametrize("name", [n for n in builtin_names() if not builtin(n).radio])
def test_nothing_to_hold_against_a_phone(eidrig: Eidrig, name: str) -> None:
    """A card that is only known over contact says so instead of being made up."""
    said = eidrig("read", "--profile", name, "--phone", "android").refused(2)
    assert "no contactless interface" in said
    said = eidrig("read", "--profile", name, "--interface", "contactless").refused(2)
    assert f"nothing is known of {name} on the contactless interface" in said


@pytest.mark.parametrize(("name", "interface"), CARDS)
def test_it_is_recognised(eidrig: Eidrig, name: str, interface: Interface) -> None:
    """Inspecting the card finds its profile without a code, and no difference."""
    ran = eidrig("inspect", "--profile", name, "--interface", interface, "--json")
    (fit,) = ran.document["profiles"]
    assert (fit["name"], fit["differences"]) == (name, [])
    assert "ATR" in fit["by"]
    tries = {code: rules.tries for code, rules in builtin(name).pins.items()}
    assert {code: eidrig.cards[0].memory.tries(code) for code in tries} == tries


@pytest.mark.parametrize("name", [n for n in builtin_names() if "CAN" in _passwords(n)])
def test_it_is_opened_with_its_can(eidrig: Eidrig, tmp_path: Path, name: str) -> None:
    """Inspecting the card with its CAN runs the PACE that it offers; the CAN is not shown."""
    (tmp_path / "can").write_text("123456\n")
    ran = eidrig("inspect", "--profile", name, "--can-from", f"file:{tmp_path / 'can'}", "--json")
    assert ran.document["pace"]["oid"] == builtin(name).own_pace.oid
    assert "123456" not in ran.out


@pytest.mark.parametrize("name", builtin_names())
def test_a_recording_is_read_as_the_card_was(eidrig: Eidrig, tmp_path: Path, name: str) -> None:
    """What was recorded is played back whole, whichever password opened it and whatever signed."""
    recording = tmp_path / "run.json"
    read = eidrig("read", "--profile", name, "--record", recording, "--json").document
    ran = eidrig("read", "--card", f"replay:{recording}", "--json")
    assert ran.code == 0, ran.err
    for key in ("outcome", "pace", "personal_data", "authentication"):
        assert ran.document[key] == read[key]


def test_a_passport_is_opened_with_its_zone(eidrig: Eidrig, tmp_path: Path) -> None:
    """Inspecting a passport with its MRZ runs its PACE; with both passwords it is not touched."""
    (tmp_path / "mrz").write_text("AS0000001, 800108, 350101\n")
    (tmp_path / "can").write_text("123456\n")
    zone, can = f"file:{tmp_path / 'mrz'}", f"file:{tmp_path / 'can'}"
    ran = eidrig("inspect", "--profile", "icao-passport", "--mrz-from", zone, "--json")
    assert ran.code == 0, ran.err
    assert ran.document["pace"]["password"] == "MRZ"
    assert "A0000002471001" in ran.document["pace"]["applications"]
    both = ("--mrz-from", zone, "--can-from", can)
    said = eidrig("inspect", "--profile", "icao-passport", *both).refused(2)
    assert "give --can-from or --mrz-from" in said


@with_keys
def test_made_as_files(eidrig: Eidrig, tmp_path: Path, name: str) -> None:
    """The files hold certificates that belong to the keys and to the authorities beside them."""
    out = tmp_path / "card"
    assert eidrig("personalise", name, "--out", out).code == 0
    for key in builtin(name).keys:
        certificate = (out / "certificates" / f"{key}.pem").read_bytes()
        public = x509.load_pem_x509_certificate(certificate).public_key()
        assert public.key_size in (384, 2048)
    assert len(list((out / "files").rglob("*.bin"))) == len(builtin(name).files)


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
@with_keys
def test_openssl_agrees(eidrig: Eidrig, tmp_path: Path, name: str) -> None:
    """Openssl builds the chain, and finds the same public key in key and certificate."""
    eidrig("personalise", name, "--out", tmp_path)
    for key in builtin(name).keys:
        certificate, private = f"certificates/{key}.pem", f"keys/{key}.pem"
        chain = ("verify", "-CAfile", "certificates/authorities.pem", certificate)
        assert openssl(tmp_path, *chain) == f"{certificate}: OK\n"
        ours = openssl(tmp_path, "pkey", "-in", private, "-pubout")
        assert ours == openssl(tmp_path, "x509", "-in", certificate, "-noout", "-pubkey")


def openssl(folder: Path, *arguments: str) -> str:
    """What openssl says of files in a folder."""
    done = subprocess.run(
        ["openssl", *arguments], cwd=folder, capture_output=True, check=True, text=True
    )
    return done.stdout


@pytest.mark.parametrize("own", [False, True])
def test_whose_codes_are_told(eidrig: Eidrig, tmp_path: Path, *, own: bool) -> None:
    """The default person's codes are in card.json; those of a person file stay there."""
    person = tmp_path / "person.toml"
    person.write_text('pin1 = "7391"\n')
    options = ["--person", person] if own else []
    eidrig("personalise", "bel-eid-1.8", "--out", tmp_path / "card", *options)
    told = (tmp_path / "card" / "card.json").read_text()
    assert json.loads(told)["codes"] == ({} if own else {"PIN1": "1234"})
    assert "7391" not in told


def test_a_folder_that_holds_something(eidrig: Eidrig, tmp_path: Path) -> None:
    """A card is not written over anything."""
    (tmp_path / "mine").touch()
    said = eidrig("personalise", "est-idemia-2018", "--out", tmp_path).refused(2)
    assert "is not empty" in said
