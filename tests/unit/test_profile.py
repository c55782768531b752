"""Profiles: the built-in ones, and how broken ones are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.cards import IDEMIA, PROFILES, THALES, profile_of
from harness.crypto.suite import SUITES
from harness.errors import UsageError
from harness.profile import MF, Content, Interface, Profile, parse_profile
from harness.profiles import builtin, builtin_names, document_of, load_profile, matching, recognise

FOLDER = Path(__file__).parents[2] / "card_profiles"
every_card = pytest.mark.parametrize("name", PROFILES)


def text_of(name: str) -> str:
    """A built-in profile as written."""
    return (FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def test_the_built_in_profiles() -> None:
    """Every generation comes with the package under its name."""
    assert set(PROFILES) < set(builtin_names())
    assert [profile_of(name).name for name in builtin_names()] == builtin_names()


@pytest.mark.parametrize(
    ("atr", "name", "interface", "personality"),
    [
        ("3B8B80010012233F536549440F9000A0", IDEMIA, Interface.CONTACTLESS, "Cosmo 8"),
        ("3B8C80010012233F54654944320F900092", IDEMIA, Interface.CONTACTLESS, "Cosmo X"),
        ("3BDB960080B1FE451F830012233F536549440F9000F1", IDEMIA, Interface.CONTACT, "Cosmo 8"),
        (
            "3BDC960080B1FE451F830012233F54654944320F9000C3",
            IDEMIA,
            Interface.CONTACT,
            "Cosmo X",
        ),
        ("3B8F80018031D85365494464B085051012233F16", THALES, Interface.CONTACTLESS, None),
        ("3BFF9600008031FE438031B85365494464B085051012233F1D", THALES, Interface.CONTACT, None),
    ],
)
def test_recognition(atr: str, name: str, interface: Interface, personality: str | None) -> None:
    """Each published ATR leads to its generation, interface and chip; its check byte is right."""
    raw = bytes.fromhex(atr)
    assert recognise(raw).name == name
    entry = profile_of(name).recognition_of(raw)
    assert entry is not None
    assert (entry.interface, entry.personality) == (interface, personality)
    check = 0
    for byte in raw[1:]:
        check ^= byte
    assert check == 0


@pytest.mark.parametrize("name", builtin_names())
def test_every_atr_leads_to_one_profile(name: str) -> None:
    """No two profiles claim an ATR, but one that is only taken when it is named."""
    for entry in builtin(name).recognise:
        found = [each.name for each in matching(entry.atr)]
        assert len(found) == 1
        assert (found == [name]) is not entry.only_named


@pytest.mark.parametrize(
    "atr", [b"", b"\x3b\x00", bytes.fromhex("3B8B80010012233F536549440F9000A1")]
)
def test_an_unknown_atr(atr: bytes) -> None:
    """An ATR that no profile knows is told with what to do."""
    with pytest.raises(UsageError, match=f"ATR {atr.hex().upper()}; name its profile"):
        recognise(atr)


@every_card
def test_the_contactless_atr_carries_the_historical_bytes(name: str) -> None:
    """What PC/SC shows of the card in the field is made of its historical bytes."""
    profile = profile_of(name)
    history = profile.radio.historical_bytes
    atrs = [r.atr for r in profile.recognise if r.interface is Interface.CONTACTLESS]
    assert any(atr[4:-1] == history and atr[1] == 0x80 | len(history) for atr in atrs)


@every_card
def test_a_profile_is_whole(name: str) -> None:
    """Protocol, directories and plans are there, and every pin and key has a place."""
    profile = profile_of(name)
    assert profile.pace.oid in SUITES
    assert {"eidrig", "official-app"} <= profile.plans.keys()
    assert set(profile.pins) == {"PIN1", "PIN2", "PUK"}
    assert set(profile.keys) == {"authentication", "signing"}
    assert next(iter(profile.directories.values())).path == MF
    assert len(profile.personal_files) == 8
    assert [profile.pins[pin].min_length for pin in ("PIN1", "PIN2", "PUK")] == [4, 5, 8]


@pytest.mark.parametrize("name", builtin_names())
def test_every_fact_has_a_source(name: str) -> None:
    """Each table of facts names where it is known from, and what is unknown is listed."""

    def missing(value: Any, where: str) -> list[str]:
        if not isinstance(value, dict):
            return []
        if "source" in value:
            return [] if value["source"].strip() else [where]
        tables = {key: each for key, each in value.items() if isinstance(each, dict)}
        inner = [bad for key, each in tables.items() for bad in missing(each, f"{where}.{key}")]
        return inner if tables else [where]

    document = document_of(name)
    tables = {key: each for key, each in document.items() if isinstance(each, dict)}
    assert [bad for key, each in tables.items() for bad in missing(each, key)] == []
    assert all(entry["source"] for entry in document["recognise"])
    assert document["unknown"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("schema = 1", "schema = 2", "schema should be 1"),
        ('country = "EST"', 'country = "Estonia"', "country should match pattern"),
        (
            'family = "ias-ecc"',
            'family = "javacard"',
            "family should be 'ias-ecc', 'ias-classic'",
        ),
        ('family = "ias-ecc"', "", "family is missing"),
        ("nonce_size = 32", "nonce_size = 24", "pace.nonce_size should be 16 or 32"),
        (
            "parameter_id = 12",
            "parameter_id = 3",
            "pace.parameter_id should be 0, 1, 2, 8",
        ),
        (
            "parameter_id = 12",
            "parameter_di = 12",
            "pace.parameter_di: unknown key; did you mean",
        ),
        ("2.2.4.2.4", "2.2.3.2.4", "oid is not a PACE protocol: id-CA-ECDH-AES-CBC-CMAC-256"),
        ("max_read = 231", "max_read = 0", "transmission.max_read"),
        ('fid = "D003"', 'fid = "D00"', "expected an even number of hexadecimal digits"),
        (
            'directory = "awp"\nfid',
            'directory = "apw"\nfid',
            "files.authentication-certificate.directory is not one of: main, awp",
        ),
        (
            'select_first = "main"',
            'select_first = "mian"',
            "pace.select_first is not one of: main, awp, qscd, personal, card-access",
        ),
        ("[plans.eidrig]", "[plans.other]", "plans.eidrig is missing"),
        (
            '"tries PIN1",',
            '"tries PIN7",',
            "plans.eidrig.operations.0 should be 'tries PIN1'",
        ),
        ("tries = 3", "tries = 0", "pins.PIN1.tries should be greater than or equal to 1"),
        ("nonce_size = 32", "nonce_size = [1]", "pace.nonce_size"),
        ('fid = "D003"', "fid = 5", "files.document-number-object.fid"),
        (
            'sign = ["FF150800", "54"]',
            "",
            "keys.signing.sign is missing, but plans.eidrig has 'sign'",
        ),
        ("schema = 1", "schema = ", "is not valid TOML"),
        ('path = "3F00"', 'path = "3f00"', "directories.main.path"),
    ],
)
def test_broken_profiles(old: str, new: str, said: str) -> None:
    """A mistake is told with the file, the field and what it allows."""
    text = text_of(IDEMIA)
    assert old in text
    with pytest.raises(UsageError) as caught:
        parse_profile(text.replace(old, new, 1), "mine.toml")
    assert said in str(caught.value)
    assert "mine.toml" in str(caught.value)


@pytest.mark.parametrize("text", ["", "name = 1", "[recognise]", "pace = 5"])
def test_hardly_a_profile(text: str) -> None:
    """However little is there, the error is ours."""
    with pytest.raises(UsageError, match="is not a valid profile"):
        parse_profile(text, "mine.toml")


def test_masks() -> None:
    """An ATR with a mask recognises every card that agrees in the masked bits."""
    text = text_of(IDEMIA).replace(
        'atr = "3B8B80010012233F536549440F9000A0"',
        'atr = "3B8B80010012233F536549440F9000A0"\nmask = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00"',
        1,
    )
    profile = parse_profile(text, "mine.toml")
    assert profile.recognition_of(bytes.fromhex("3B8B80010012233F536549440F900000")) is not None
    assert profile.recognition_of(bytes.fromhex("3B8B80010012233F536549440F9001A0")) is None
    assert profile.recognition_of(b"") is None
    with pytest.raises(UsageError, match="mask and atr must have the same length"):
        parse_profile(text.replace("FFFFFFFFFFFFFF00", "00", 1), "mine.toml")


def test_a_file_by_content() -> None:
    """A file is found by its meaning; a generation without it is told."""
    assert profile_of(IDEMIA).file_with(Content.SURNAME).fid.hex() == "5001"
    with pytest.raises(UsageError, match="has no file with birth-date-and-place"):
        profile_of(THALES).file_with(Content.BIRTH_DATE_AND_PLACE)


def test_a_profile_from_a_file(tmp_path: Path) -> None:
    """A profile of one's own is loaded by its path; a name that is none is told."""
    mine = tmp_path / "mine.toml"
    mine.write_text(
        text_of(THALES).replace(f'name = "{THALES}"', 'name = "mine"'), encoding="utf-8"
    )
    assert load_profile(str(mine)).name == "mine"
    assert load_profile(IDEMIA) == profile_of(IDEMIA)
    with pytest.raises(UsageError, match="there is no profile est-idemia; there are bel-eid"):
        load_profile("est-idemia")


@pytest.mark.parametrize("name", builtin_names())
def test_a_profile_survives_its_own_writing(name: str) -> None:
    """A profile written as JSON is the same profile when it is read."""
    profile = profile_of(name)
    write: Callable[..., str] = profile.model_dump_json
    assert Profile.model_validate_json(write(by_alias=True)) == profile
