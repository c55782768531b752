"""Cards that a vendor may bring: each is the template with other facts, and works without code."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.command import Eidrig

Change = tuple[str, str]
ECC: tuple[Change, ...] = tuple(
    (f"reference = 0x{old}\ndirectory", f"reference = 0x{new}\ndirectory")
    for old, new in (("81", "01"), ("82", "02"), ("83", "03"))
)
OTHER = '{oid = "0.4.0.127.0.7.2.2.4.2.4", parameter_id = 16}'
QUIRKS = """
[quirks]
largest_ne = 100
exact_ne = true
no_ne_on = ["select", "mse"]
before_pace = 0x6985
source = "measured"
"""
CARDS: dict[str, tuple[Change, ...]] = {
    "RSA": (('kind = "secp384r1"', 'kind = "rsa-2048"\nhash = "sha256"'), ('["54"]', '["44"]')),
    "P-256": (('kind = "secp384r1"', 'kind = "secp256r1"\nhash = "sha256"'), ('["54"]', '["44"]')),
    "P-521": (('kind = "secp384r1"', 'kind = "secp521r1"\nhash = "sha512"'), ('["54"]', '["64"]')),
    "IAS ECC": (('family = "ias-classic"', 'family = "ias-ecc"'), *ECC),
    "MTCOS": (('family = "ias-classic"', 'family = "mtcos"'),),
    "Belpic": (('family = "ias-classic"', 'family = "belpic"'),),
    "type B": (('rf_type = "A"', 'rf_type = "B"'),),
    "PACE over numbers": (
        ("2.2.4.2.4", "2.2.4.1.2"),
        ("parameter_id = 13", "parameter_id = 2"),
        ("extended_length = false", "extended_length = true"),
    ),
    "integrated mapping": (("2.2.4.2.4", "2.2.4.4.4"),),
    "chip authentication mapping": (("2.2.4.2.4", "2.2.4.6.3"),),
    "several protocols": (
        ("parameter_id = 13", f"parameter_id = 13\nothers = [{OTHER}]"),
    ),
    "its own number": (("parameter_id = 13", "parameter_id = 13\nexplicit_id = 77"),),
    "tag 84 needed": (("nonce_size = 16", 'nonce_size = 16\nparameter_reference = "required"'),),
    "the MRZ alone": (('passwords = ["CAN"]', 'passwords = ["MRZ"]\nopens_with = "MRZ"'),),
    "small reads": (("max_read = 223", "max_read = 20"),),
    "large reads": (("max_read = 223", "max_read = 256"),),
    "quirks": (
        (
            "# PACE: suite",
            f"{QUIRKS}\n# PACE: suite",
        ),
    ),
    "PKCS#15": (
        ('certificate = "authentication-certificate"',
         'certificate = "authentication-certificate"\nfound_by = "pkcs15"'),
        ('certificate = "signing-certificate"',
         'certificate = "signing-certificate"\nfound_by = "pkcs15"'),
        (
            "# The codes:",
            "".join(
                f"[files.{kind}]\ndirectory = 'main'\nfid = '{fid}'\ncontent = 'pkcs15-{kind}'\n"
                "length = 'end'\nsource = 'measured'\n\n"
                for kind, fid in (
                    ("objects", "5031"),
                    ("token", "5032"),
                    ("keys", "4401"),
                    ("certificates", "4402"),
                )
            )
            + "# The codes:",
        ),
    ),
}  # fmt: skip


@pytest.fixture
def mine(eidrig: Eidrig, tmp_path: Path) -> Path:
    """Begin a profile."""
    path = tmp_path / "mine.toml"
    assert eidrig("profile", "new", "mine", "--out", path).code == 0
    return path


def change(path: Path, changes: tuple[Change, ...]) -> None:
    """Put other facts into a profile."""
    text = path.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text)


def assert_it_works(eidrig: Eidrig, path: Path, *interface: str) -> None:
    """The profile has no problem; its card is read, signs, is described and simulated."""
    checked = eidrig("profile", "lint", path)
    assert checked.code == 0, checked.out
    read = eidrig("read", "--profile", path, "--sign", "--json", *interface)
    assert read.code == 0, read.err
    assert read.document["authentication"]["signature_verified"] is True
    assert read.document["signing"]["signature_verified"] is True
    assert read.document["personal_data"]["surname"] == "JÕEORG"
    described = eidrig("inspect", "--profile", path, "--json", *interface)
    (fit,) = described.document["profiles"]
    assert fit["differences"] == []


@pytest.mark.parametrize("card", CARDS)
def test_a_vendors_card(eidrig: Eidrig, mine: Path, card: str) -> None:
    """With its facts in the template, a card emulates, reads and benchmarks."""
    change(mine, CARDS[card])
    assert_it_works(eidrig, mine)
    assert eidrig("bench", "--profile", mine, "--taps", "2").code == 0


def test_the_name_of_a_file_that_is_here(
    eidrig: Eidrig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who names a new profile instead of its file is told what was meant."""
    monkeypatch.chdir(tmp_path)
    assert eidrig("profile", "new", "acme").code == 0
    said = eidrig("read", "--profile", "acme").refused(2)
    assert said.endswith("or give a .toml file, such as acme.toml, which is here")


@pytest.mark.parametrize("interface", ["contact", "contactless"])
def test_a_card_without_pace(eidrig: Eidrig, mine: Path, interface: str) -> None:
    """A card without PACE is the template without what belongs to PACE."""
    text = mine.read_text()
    for begin, end in (("# PACE: suite", "# The directories"), ("[files.card-", "[files.surname")):
        text = text[: text.index(begin)] + text[text.index(end) :]
    mine.write_text(text)
    assert_it_works(eidrig, mine, "--interface", interface)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (CARDS["RSA"][:1], "keys.authentication.authenticate: lacks 44, which IAS Classic has"),
        (CARDS["IAS ECC"][:1], "pins.PIN1.reference: IAS ECC sets bit 8 just where scope is local"),
        (CARDS["PACE over numbers"][:2], "pace.parameter_id: keys of 256 bytes do not fit without"),
        (
            (('passwords = ["CAN"]', 'passwords = ["PIN"]'),),
            "pace.opens_with is CAN, but passwords",
        ),
        (CARDS["PKCS#15"][:1], "keys.authentication.found_by is pkcs15, but no file in main has"),
    ],
)
def test_facts_that_do_not_fit_together(
    eidrig: Eidrig, mine: Path, changes: tuple[Change, ...], said: str
) -> None:
    """What would fail only when the card is read is told before, by its key."""
    change(mine, changes)
    ran = eidrig("profile", "lint", mine)
    assert ran.code == 1
    assert said in ran.out


def test_what_pace_leaves_behind(eidrig: Eidrig, mine: Path) -> None:
    """An EF.CardAccess of a card without PACE is told, as there is nothing to put into it."""
    text = mine.read_text()
    mine.write_text(text[: text.index("# PACE: suite")] + text[text.index("# The directories") :])
    assert "files.card-access.content has nothing to tell" in eidrig("profile", "lint", mine).out
