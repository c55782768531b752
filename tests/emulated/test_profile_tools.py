"""The tools of those who write profiles, from a new file to a read card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fixtures.command import Eidrig
from harness.profile import Profile
from harness.profiles import builtin_names


@pytest.fixture
def mine(eidrig: Eidrig, tmp_path: Path) -> Path:
    """Begin a profile."""
    path = tmp_path / "mine.toml"
    assert eidrig("profile", "new", "mine", "--out", path).code == 0
    return path


def test_a_new_profile_is_clean_and_says_what_is_missing(eidrig: Eidrig, mine: Path) -> None:
    """The template has no problem; what is still assumed is listed table by table."""
    ran = eidrig("profile", "lint", mine)
    assert ran.code == 0
    assert "no problems, 1 unknown" in ran.out
    assert "assumed: pins.PIN1" in ran.out
    assert "# What people call the card." in mine.read_text()


def test_a_new_profile_works_without_code(eidrig: Eidrig, mine: Path, tmp_path: Path) -> None:
    """It emulates, reads, is held against a phone, inspected and personalised as it is."""
    for command in (
        ["read", "--profile", mine, "--sign"],
        ["read", "--profile", mine, "--interface", "contact"],
        ["read", "--profile", mine, "--phone", "android", "--motion", "tremor"],
        ["bench", "--profile", mine, "--taps", "3"],
        ["inspect", "--profile", mine],
        ["profile", "show", mine],
        ["personalise", mine, "--out", tmp_path / "card"],
    ):
        assert eidrig(*command).code == 0, command


def test_a_profile_that_extends_another(eidrig: Eidrig, tmp_path: Path) -> None:
    """A generation that differs in a line is that line."""
    path = tmp_path / "later.toml"
    eidrig("profile", "new", "later", "--extends", "est-thales-2025", "--out", path)
    path.write_text(path.read_text() + "\n[transmission]\nmax_read = 100\n")
    assert eidrig("profile", "lint", path).code == 0
    assert eidrig("read", "--profile", path).code == 0
    (row,) = json.loads(eidrig("profile", "diff", "est-thales-2025", path, "--json").out)
    assert row == {"key": "transmission.max_read", "first": "223 (0xDF)", "second": "100 (0x64)"}


def test_a_file_is_extended_from_another_folder(
    eidrig: Eidrig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is named as seen from here is found from there; what is no profile is not extended."""
    monkeypatch.chdir(tmp_path)
    Path("later").mkdir()
    later = Path("later", "b.toml")
    assert eidrig("profile", "new", "a").code == 0
    assert eidrig("profile", "new", "b", "--extends", "a.toml", "--out", later).code == 0
    assert 'extends = "../a.toml"' in later.read_text()
    assert eidrig("profile", "lint", later).code == 0
    Path("broken.toml").write_text("schema = [")
    said = eidrig("profile", "new", "c", "--extends", "broken.toml").refused(2)
    assert "broken.toml is not valid TOML" in said
    assert not Path("c.toml").exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tries = 3", "tries = 0", "pins.PIN1.tries should be greater than or equal to 1"),
        ('fid = "5001"', 'fid = "5x01"', "files.surname.fid: "),
        ('family = "ias-classic"', 'family = "mine"', "family should be 'ias-ecc', "),
        ('rf_type = "A"', 'rf_type = "C"', "radio.rf_type should be 'A' or 'B'"),
        (
            "sfgi = 0",
            "sfgu = 0",
            "radio.sfgu: unknown key; did you mean sfgi? there are: divisors,",
        ),
        (
            "extended_length = false",
            'extended_length = "no"',
            "transmission.extended_length should",
        ),
        ("end_of_file = 0x6B00", 'end_of_file = "6B00"', "transmission.end_of_file should be a "),
        (
            'country = "UTO"',
            'country = "Utopia"',
            "country should match pattern '^[A-Z]{3}$'; got ",
        ),
        ('fid = "5001"', 'fid = "500102"', "files.surname.fid: a file identifier has two bytes"),
        ("parameter_id = 13", "parameter_id = 1", "pace.parameter_id: id-PACE-ECDH-GM-AES-CBC-"),
        ('select_first = "card-access"', 'select_first = "x"', "pace.select_first is not one of: "),
        ('directory = "personal"', 'directory = "people"', "files.surname.directory is not one of"),
        ("[pins.PIN1]", "[pins.PIN3]", "pins.PIN3 should be 'PIN1', 'PIN2' or 'PUK'; got 'PIN3'"),
        (
            'certificate = "signing-certificate"',
            'certificate = "root-certificate"',
            "keys.signing.certificate should be ",
        ),
        ('timing = "typical"', 'timing = "brisk"', "timing: there is no such preset; there are "),
        ("2.2.4.2.4", "2.2.4.9.9", "pace.oid: "),
        ('fid = "5002"', 'fid = "5001"', "files.given-names.fid: files.surname has the same"),
        ("reference = 0x82", "reference = 0x81", "pins.PIN2.reference: pins.PIN1 has the same"),
        ('atr = "3B8780014', 'atr = "3B8780015', "recognise.0.atr: the check byte is wrong"),
        ('atr = "3B8701', 'atr = "3B8801', "recognise.1.atr: an ATR of 11 bytes says"),
    ],
)
def test_each_problem_has_its_place(
    eidrig: Eidrig, mine: Path, old: str, new: str, said: str
) -> None:
    """A mistake is told with file, line and key, and with what is allowed."""
    text = mine.read_text()
    assert old in text
    mine.write_text(text.replace(old, new, 1))
    line = text[: text.index(old)].count("\n") + 1
    ran = eidrig("profile", "lint", mine)
    assert ran.code == 1
    assert f"{mine}:{line}: {said}" in ran.out
    (problem, *_) = json.loads(eidrig("profile", "lint", mine, "--json").out)["problems"]
    assert (problem["file"], problem["line"]) == (str(mine), line)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("nonce_size = 16\n", "", "pace.nonce_size is missing"),
        ('aid = "F0454944524947"\n', "", "directories.main.aid is missing, but select is by aid"),
        (
            'content = "signing-certificate"',
            'content = "empty"',
            "keys.signing.certificate is in no file: give one this content",
        ),
        ("[transmission]", "[transmisson]", "transmission is missing"),
        ("[transmission]", "[transmisson]", "transmisson: unknown key; did you mean transmission?"),
        ('source = "assumed: ISO/IEC 14443-4 defaults"\n', "", "radio.source is missing: where"),
        (
            "parameter_id = 13",
            'parameter_id = 13\nothers = [{oid = "0.4.0.127.0.7.2.2.4.1.2", parameter_id = 12}]',
            "pace.others.0.parameter_id: id-PACE-DH-GM-AES-CBC-CMAC-128",
        ),
    ],
)
def test_what_is_missing_or_does_not_fit(
    eidrig: Eidrig, mine: Path, old: str, new: str, said: str
) -> None:
    """A key that is not there, and facts that contradict each other, are told by their key."""
    text = mine.read_text()
    assert old in text
    mine.write_text(text.replace(old, new, 1))
    ran = eidrig("profile", "lint", mine)
    assert ran.code == 1
    assert said in ran.out


@pytest.mark.parametrize("name", builtin_names())
def test_the_built_in_profiles_are_clean(eidrig: Eidrig, name: str) -> None:
    """Our own profiles have no problem, and each says what is unknown."""
    ran = eidrig("profile", "lint", name, "--json")
    assert (ran.code, ran.document["problems"]) == (0, [])
    assert ran.document["unknown"]


def test_a_passport_is_shown(eidrig: Eidrig) -> None:
    """Every protocol that a passport has is shown, each with its source."""
    shown = " ".join(eidrig("profile", "show", "icao-passport").out.split())
    for said in ("PACE, too", "BAC", "chip authentication", "active authentication", "LDS"):
        assert said in shown
    assert "chip authentication" not in eidrig("profile", "show", "deu-npa").out


def test_no_toml(eidrig: Eidrig, mine: Path) -> None:
    """A file that is no TOML is a problem, too."""
    mine.write_text("name = ")
    ran = eidrig("profile", "lint", mine)
    assert ran.code == 1
    assert "is not valid TOML" in ran.out


def test_the_schema(eidrig: Eidrig) -> None:
    """Editors get a JSON Schema with every top-level key, inheritance included."""
    schema = eidrig("profile", "schema").document
    keys = {field.alias or name for name, field in Profile.model_fields.items()}
    assert schema["properties"].keys() == keys | {"extends", "remove"}
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_differences(eidrig: Eidrig) -> None:
    """Only facts are compared: the names and sources of the two do not count."""
    told = eidrig("profile", "diff", "est-idemia-2018", "est-idemia-2018-x").out
    assert "pace.parameter_reference" in told
    assert "source" not in told
    assert "no" in eidrig("profile", "diff", "deu-npa", "deu-npa").out


def test_old_and_new_names_list_the_same(eidrig: Eidrig) -> None:
    """`profiles` still lists, as `profile list` does."""
    assert eidrig("profiles", "--json").document == eidrig("profile", "list", "--json").document
    assert eidrig("profiles").out == eidrig("profile", "list").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new", "Mine"], "Mine is no name for a profile"),
        (["new", "mine", "--extends", "none", "--out", "x.toml"], "there is no profile none"),
        (["lint", "none.toml"], "none.toml cannot be read"),
        (["diff", "deu-npa", "none"], "there is no profile none"),
    ],
)
def test_wrong_usage(eidrig: Eidrig, arguments: list[str], said: str) -> None:
    """What cannot be done is told in one sentence."""
    assert said in eidrig("profile", *arguments).refused(2)


def test_a_file_that_is_there_is_not_overwritten(eidrig: Eidrig, mine: Path) -> None:
    """A profile someone has worked on stays."""
    said = eidrig("profile", "new", "mine", "--out", mine).refused(2)
    assert "is there already" in said
