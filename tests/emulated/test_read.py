"""`eidrig read` of cards that behave: every option, and the documented object."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fixtures.cards import IDEMIA, PROFILES, THALES
from fixtures.command import Eidrig, Ran
from fixtures.json_schema import READING, faults, reading_schema
from harness.station import CardOptions, card_image

APDUS = {IDEMIA: 43, THALES: 43}


def checked(ran: Ran) -> Any:
    """The object of a reading, held against its documented schema."""
    document, schema = ran.document, reading_schema()
    assert not list(faults(document, schema, schema))
    return document


@pytest.mark.parametrize("profile", PROFILES)
def test_the_whole_object(eidrig: Eidrig, profile: str) -> None:
    """A default read ends with 0, and its object is as documented and says what is on the card."""
    ran = eidrig("read", "--profile", profile, "--json")
    assert (ran.code, ran.err) == (0, "")
    document = checked(ran)
    assert document["profile"] == profile
    assert document["outcome"] == "ok"
    assert document["error"] is None
    assert document["card"]["interface"] == "contactless"
    assert document["pace"]["password"] == "CAN"
    assert document["pin1"] == {"verified": True, "tries_left": 3}
    assert document["pin2"] == {"verified": None, "tries_left": 3}
    assert document["puk"] == {"tries_left": 3}
    assert document["authentication"] == {"signature_verified": True}
    assert document["signing"] == {"signature_verified": None}
    assert document["personal_data"]["surname"] == "JÕEORG"
    assert document["personal_data"]["personal_code"] == "38001085718"
    assert document["personal_data"]["birth_date"] == "1980-01-08"
    assert document["personal_data"]["expiry_date"] == "2035-01-01"
    for name in ("authentication", "signing"):
        certificate = document["certificates"][name]
        assert isinstance(certificate, dict)
        assert certificate["chain_verified"] is True
        assert certificate["personal_code"] == "38001085718"
    phases = document["time"]["phases"]
    assert isinstance(phases, list)
    assert phases[0]["name"] == "activate"
    assert "verify PIN1" in [each["name"] for each in phases]


def test_every_key_is_documented() -> None:
    """The page about the object lists exactly the keys of its schema."""
    page = (READING.parent / "json.md").read_text()
    listed = set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE))
    assert listed == set(_leaves(reading_schema()))


def _leaves(schema: dict[str, Any]) -> list[str]:
    """Every documented path of a schema, those of PINs, certificates and signatures spelt out."""
    return sorted(_paths(schema, schema, ""))


def _paths(rules: dict[str, Any], root: dict[str, Any], at: str) -> set[str]:
    if "$ref" in rules:
        name = rules["$ref"].rpartition("/")[2]
        rules = root["$defs"][name]
        if name == "certificate":
            inner = _paths(rules, root, "certificates.*") - {"certificates.*"}
            return {at} | inner
    if rules.get("type") == "array" and "properties" in rules["items"]:
        return {at} | _paths(rules["items"], root, f"{at}[]") - {f"{at}[]"}
    if "properties" not in rules:
        return {at}
    nullable = "null" in rules["type"]
    found = {at} if nullable else set()
    for name, each in rules["properties"].items():
        found |= _paths(each, root, f"{at}.{name}" if at else name)
    return found


@pytest.mark.parametrize("profile", PROFILES)
def test_the_summary(eidrig: Eidrig, profile: str) -> None:
    """Without --json a person reads the holder, the certificates, the tries left and the times."""
    ran = eidrig("read", "--profile", profile)
    assert (ran.code, ran.err) == (0, "")
    for part in (
        "JÕEORG",
        "38001085718",
        "chain verified",
        "verified, 3 tries left",
        "Authentication signature verified",
        f"{APDUS[profile]} APDUs",
        "Read completely.",
    ):
        assert part in " ".join(ran.out.split())


@pytest.mark.parametrize("profile", PROFILES)
def test_without_pin(eidrig: Eidrig, profile: str) -> None:
    """--no-pin neither verifies PIN1 nor proves a login, and reads all the rest."""
    document = checked(eidrig("read", "--profile", profile, "--json", "--no-pin"))
    assert document["outcome"] == "ok"
    assert document["pin1"] == {"verified": None, "tries_left": 3}
    assert document["authentication"] == {"signature_verified": None}
    assert document["certificates"]["signing"] is not None


@pytest.mark.parametrize("interface", ["contact", "contactless"])
@pytest.mark.parametrize("profile", PROFILES)
def test_with_a_signature(eidrig: Eidrig, profile: str, interface: str) -> None:
    """--sign verifies PIN2 and the signature made with it, with and without contact."""
    arguments = ("--profile", profile, "--json", "--sign", "--interface", interface)
    document = checked(eidrig("read", *arguments))
    assert document["outcome"] == "ok"
    assert document["pin2"] == {"verified": True, "tries_left": 3}
    assert document["signing"] == {"signature_verified": True}


@pytest.mark.parametrize("profile", PROFILES)
def test_over_contact(eidrig: Eidrig, profile: str) -> None:
    """Over contact there is no PACE, no CAN is asked for, and everything is read."""
    document = checked(eidrig("read", "--profile", profile, "--json", "--interface", "contact"))
    assert document["outcome"] == "ok"
    assert document["card"]["interface"] == "contact"
    assert document["pace"] is None
    assert document["authentication"] == {"signature_verified": True}


@pytest.mark.parametrize("profile", PROFILES)
def test_with_the_plan_of_the_official_app(eidrig: Eidrig, profile: str) -> None:
    """The official app's order reads the same and needs more commands than ours."""
    ours = checked(eidrig("read", "--profile", profile, "--json"))
    official = checked(eidrig("read", "--profile", profile, "--json", "--plan", "official-app"))
    for same in ("personal_data", "certificates", "authentication", "pin1"):
        assert official[same] == ours[same]
    assert ours["apdus"] < official["apdus"]


@pytest.mark.parametrize("interface", ["contact", "contactless"])
@pytest.mark.parametrize("profile", PROFILES)
def test_record_then_replay(eidrig: Eidrig, profile: str, interface: str, tmp_path: Path) -> None:
    """A recording plays back the same reading, signatures and all, without the card's codes."""
    file = tmp_path / "card.json"
    arguments = ("--json", "--sign", "--interface", interface, "--profile", profile)
    recorded = checked(eidrig("read", *arguments, "--record", file))
    replayed = checked(eidrig("read", "--card", f"replay:{file}", "--json", "--sign"))
    for same in (
        "profile", "outcome", "pace", "pin1", "pin2", "puk", "personal_data", "authentication",
        "signing", "apdus",
    ):  # fmt: skip
        assert replayed[same] == recorded[same]
    for name in ("authentication", "signing"):
        der = (each["certificates"][name]["der_hex"] for each in (recorded, replayed))
        assert len(set(der)) == 1


@pytest.mark.parametrize("profile", PROFILES)
def test_trace_then_show(eidrig: Eidrig, profile: str, tmp_path: Path) -> None:
    """A trace is one JSON object a line, and `eidrig trace` puts it in words."""
    file = tmp_path / "trace.jsonl"
    eidrig("read", "--profile", profile, "--trace", file)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    wire = [line for line in lines if line["level"] == "wire"]
    assert len(wire) == APDUS[profile]
    shown = eidrig("trace", file)
    assert shown.code == 0
    for part in ("── map nonce", "Set AT: id-PACE-ECDH-GM-AES-CBC-CMAC-256", "code hidden"):
        assert part in shown.out
    plain = eidrig("trace", file, "--level", "plain").out
    assert "wire >" not in plain
    assert plain.count("plain > ") == len([each for each in lines if each["level"] == "plain"])


def test_the_seed_makes_the_card(eidrig: Eidrig) -> None:
    """The same seed makes the same certificates, another seed others."""
    first, again, other = (
        eidrig("read", "--json", "--no-pin", "--seed", seed).document["certificates"]
        for seed in (7, 7, 8)
    )
    assert first == again
    assert first["authentication"]["der_hex"] != other["authentication"]["der_hex"]


def test_trust_decides_about_the_chain(eidrig: Eidrig, tmp_path: Path) -> None:
    """Chains are checked against --trust, in PEM or DER; another root makes the read fail."""
    own, other = (card_image(CardOptions(seed=seed))[0].authorities for seed in (0, 1))
    bundle, root, issuing = tmp_path / "own.pem", tmp_path / "root.der", tmp_path / "issuing.der"
    parsed = (x509.load_der_x509_certificate(der) for der in own)
    bundle.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in parsed))
    for file, der in zip((root, issuing), own, strict=True):
        file.write_bytes(der)
    for trust in (["--trust", bundle], ["--trust", root, "--trust", issuing]):
        document = checked(eidrig("read", "--json", *trust))
        assert document["certificates"]["signing"]["chain_verified"] is True
    root.write_bytes(other[0])
    ran = eidrig("read", "--json", "--trust", root, "--trust", issuing)
    assert "does not end" in ran.refused(1) or "no trusted authority" in ran.refused(1)
    document = checked(ran)
    assert document["outcome"] == "check-failed"
    assert document["certificates"]["authentication"]["chain_verified"] is False
    assert document["pin1"]["verified"] is None


def test_a_person_of_ones_own(eidrig: Eidrig, tmp_path: Path) -> None:
    """--person makes the card for somebody else, with a personal code made from the birth date."""
    file = tmp_path / "person.toml"
    file.write_text('surname = "MÄND"\nsex = "F"\nbirth_date = 2001-02-03\ncan = "940713"\n')
    personal = checked(eidrig("read", "--json", "--person", file))["personal_data"]
    assert personal["surname"] == "MÄND"
    assert str(personal["personal_code"]).startswith("6010203")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('personal_code = "38001085719"', "check digit 9, but 8 is right"),
        ('personal_code = "3800108571"', "personal_code is 11 digits"),
        ('shoe_size = "44"', "unknown key shoe_size; known are surname"),
        ("surname = 5", "person.surname must be text in quotes"),
        ('surname = ""', "person.surname"),
        (f'surname = "{"A" * 64}"', "person.surname"),
        ('sex = "X"', "person.sex is M or F"),
        ('can = "12345"', "the CAN must be 6 digits; got 5 characters"),
        ('pin1 = "123456789012345"', "the PIN must be 4 to 12 digits"),
        ("expiry_date = 2000-01-01", "expiry_date must lie behind"),
        ("birth_date = 0099-01-01", "person.birth_date"),
        ('document_number = "ÕÕ"', "person.document_number"),
        ("surname = ", "not valid TOML"),
    ],
)
def test_a_person_that_cannot_be(eidrig: Eidrig, tmp_path: Path, text: str, complaint: str) -> None:
    """What is wrong with a person file is said in one sentence that names file and field."""
    file = tmp_path / "person.toml"
    file.write_text(text)
    sentence = eidrig("read", "--person", file).refused(2)
    assert complaint in sentence
    assert str(file) in sentence
    assert not eidrig.cards


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('family = "ias-ecc"', 'family = "ias"', "family should be 'ias-ecc', "),
        ("nonce_size = 32", "nonce_size = 24", "pace.nonce_size should be 16 or 32"),
        ("parameter_id = 12", "parameter_id = 7", "pace.parameter_id should be 0, 1, 2, 8"),
        ("tries = 3", "tries = 0", "pins.PIN1.tries should be greater than or equal to 1"),
        (
            "max_read = 231",
            "max_reed = 231",
            "transmission.max_reed: unknown key; did you mean max_read?",
        ),
        ('"sign",\n', '"jump",\n', "plans.eidrig.operations.8 should be 'tries PIN1'"),
        ('sign = ["FF150800", "54"]\n', "", "keys.signing.sign is missing, but plans.eidrig"),
        ('path = "3F00/ADF1"', 'path = "ADF1"', "directories.awp.path should match"),
        ("schema = 1", "schema = 2", "schema should be 1"),
        ("schema = 1", "schema = ", "not valid TOML"),
    ],
)
def test_a_broken_profile(
    eidrig: Eidrig, tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    """A field of a profile that is not right is named, with the values it allows."""
    genuine = Path("card_profiles", f"{IDEMIA}.toml").read_text()
    assert old in genuine
    file = tmp_path / "broken.toml"
    file.write_text(genuine.replace(old, new, 1))
    sentence = eidrig("read", "--profile", file).refused(2)
    assert complaint in sentence
    assert "broken.toml" in sentence


def test_a_profile_in_a_file(eidrig: Eidrig, tmp_path: Path) -> None:
    """A profile in a file of one's own serves as a built-in one does."""
    genuine = Path("card_profiles", f"{THALES}.toml").read_text()
    file = tmp_path / "mine.toml"
    file.write_text(genuine.replace(f'name = "{THALES}"', 'name = "mine"'))
    assert checked(eidrig("read", "--json", "--profile", file))["profile"] == "mine"


def test_what_a_card_says_cannot_steer_the_terminal(eidrig: Eidrig, tmp_path: Path) -> None:
    """Markup and control characters in a name are shown as what they are."""
    file = tmp_path / "person.toml"
    file.write_text('surname = "[/red]:cat:"\ngiven_names = "A\\u001B[2JB"\n')
    ran = eidrig("read", "--person", file)
    assert ran.code == 0
    assert "[/red]:cat:" in ran.out
    assert "\x1b" not in ran.out
