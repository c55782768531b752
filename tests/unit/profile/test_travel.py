"""The tables of passports: what they allow, and what contradicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.lint import lint
from harness.profile import LDS_FILES, Content, Interface, parse_profile

PASSPORT = """
schema = 1
name = "mine"
title = "A passport"
country = "UTO"
family = "emrtd"
interfaces = ["contactless"]
unknown = ["everything"]

[[recognise]]
interface = "contactless"
atr = "3B8780014549445249470012"
source = "test"

[radio]
rf_type = "A"
historical_bytes = "45494452494700"
source = "test"

[transmission]
extended_length = true
max_read = 223
end_of_file = 0x6B00
source = "test"

[select]
source = "test"

[bac]
source = "test"

[[chip_authentication]]
oid = "0.4.0.127.0.7.2.2.3.2.2"
parameter_id = 13
source = "test"

[active_authentication]
kind = "rsa-1024"
hash = "sha1"
source = "test"

[lds]
document = "TD3"
digest = "sha256"
signer = { kind = "rsa-2048", scheme = "rsa-pss", hash = "sha256" }
source = "test"

[directories.lds]
path = "3F00/DF01"
aid = "A0000002471001"
select = "aid"
source = "test"

[files.dg1]
directory = "lds"
fid = "0101"
content = "dg1"
length = "header"
source = "test"

[files.dg3]
directory = "lds"
fid = "0103"
content = "dg3"
needs = "terminal-authentication"
length = "header"
source = "test"

[plans.eidrig]
operations = ["lds", "passive-authentication", "chip-authentication", "active-authentication"]
source = "test"
"""

SECOND_KEY = """[[chip_authentication]]
oid = "0.4.0.127.0.7.2.2.3.1.1"
parameter_id = 2
source = "test"
"""


def test_a_passport_without_codes_and_keys() -> None:
    """A profile needs neither PINs nor keys, and tells what opens the card where."""
    profile = parse_profile(PASSPORT, "mine.toml")
    assert (profile.pins, profile.keys, profile.pace) == ({}, {}, None)
    assert profile.needs_channel(Interface.CONTACTLESS)
    assert not profile.needs_channel(Interface.CONTACT)
    assert not profile.needs_pace(Interface.CONTACTLESS)
    assert profile.file_with(Content.DG3).needs == "terminal-authentication"
    assert profile.chip_authentication[0].key_id is None
    assert {each.value for each in LDS_FILES} >= {"lds-com", "lds-sod", "dg16"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2.2.3.2.2", "2.2.3.2.9", "oid is not a chip authentication protocol: 0.4.0.127"),
        ("2.2.3.2.2", "2.2.4.2.2", "oid is not a chip authentication protocol: id-PACE-ECDH"),
        ('kind = "rsa-1024"', 'kind = "rsa-1000"', "active_authentication.kind should be"),
        ('document = "TD3"', 'document = "TD4"', "lds.document should be 'TD1', 'TD2'"),
        ('"rsa-pss"', '"ecdsa"', "scheme ecdsa cannot be used with a key of kind rsa-2048"),
        ('"rsa-2048"', '"secp256r1"', "scheme rsa-pss cannot be used with a key of kind secp256r1"),
        ('needs = "terminal', 'open = true\nneeds = "terminal', "open contradicts needs = 'termin"),
        (
            'hash = "sha256" }',
            'hash = "sha256", explicit_parameters = true }',
            "belongs to a key on",
        ),
        (
            'content = "dg1"',
            'content = "dg12"',
            "files: one with the content dg1 is required",
        ),
        ('content = "dg3"', 'content = "card-security"', "lds and pace: Field required where"),
        ('digest = "sha256"', 'digest = "md5"', "lds.digest should be 'sha1'"),
        (
            "[active_authentication]",
            f"{SECOND_KEY}[active_authentication]",
            "chip_authentication: several keys need numbers that tell them apart",
        ),
    ],
)
def test_broken_tables(old: str, new: str, said: str) -> None:
    """A mistake is told with the field and what it allows."""
    assert old in PASSPORT
    with pytest.raises(UsageError) as caught:
        parse_profile(PASSPORT.replace(old, new, 1), "mine.toml")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("lds", "lds is missing, but plans.eidrig has 'lds'"),
        ("active_authentication", "active_authentication is missing, but plans.eidrig has"),
    ],
)
def test_what_a_plan_or_a_file_needs(table: str, said: str) -> None:
    """A table that a file or an operation stands on must be there."""
    before, rest = PASSPORT.split(f"[{table}]", 1)
    text = before + rest[rest.index("\n[") :]
    with pytest.raises(UsageError, match=said):
        parse_profile(text, "mine.toml")


def test_files_of_the_lds_without_it() -> None:
    """Data groups can only be made for a document that is described."""
    before, rest = PASSPORT.split("[lds]", 1)
    text = before + rest[rest.index("\n[") :].replace('"lds", "passive-authentication", ', "")
    with pytest.raises(UsageError, match="lds: Field required where there are files of it: dg1"):
        parse_profile(text, "mine.toml")


def test_protocols_without_a_document() -> None:
    """What proves a chip or opens it by its zone is nothing without a document."""
    text = PASSPORT.split("[lds]", 1)[0]
    rest = PASSPORT[PASSPORT.index("[directories.lds]") : PASSPORT.index("[files.dg1]")]
    plan = '[plans.eidrig]\noperations = ["chip-authentication"]\nsource = "test"\n'
    with pytest.raises(UsageError, match="lds: Field required where there is bac, chip_authen"):
        parse_profile(f"{text}[files]\n{rest}{plan}", "mine.toml")


def test_a_key_for_dg15() -> None:
    """A public key without a private one cannot be made."""
    before, rest = PASSPORT.split("[active_authentication]", 1)
    text = before + rest[rest.index("\n[") :].replace(', "active-authentication"', "")
    with pytest.raises(UsageError, match="active_authentication: Field required where there is a"):
        parse_profile(text.replace('content = "dg3"', 'content = "dg15"'), "mine.toml")


def test_lint_sees_a_group_of_the_wrong_kind(tmp_path: Path) -> None:
    """A curve cannot carry Diffie-Hellman with numbers; the line is told."""
    path = tmp_path / "mine.toml"
    path.write_text(PASSPORT.replace("2.2.3.2.2", "2.2.3.1.1"))
    (problem,) = lint(str(path)).problems
    assert problem.key == "chip_authentication.0.parameter_id"
    assert "id-CA-DH-3DES-CBC-CBC" in problem.said
    path.write_text(PASSPORT)
    assert lint(str(path)).problems == ()


def test_lint_sees_reads_that_do_not_fit(tmp_path: Path) -> None:
    """One protected answer must fit into what EF.ATR/INFO declares."""
    path = tmp_path / "mine.toml"
    for most, problems in ((223, 0), (224, 1)):
        text = PASSPORT.replace("max_read = 223", f"max_read = {most}\nlargest_answer = 258")
        path.write_text(text)
        assert len(lint(str(path)).problems) == problems
