"""A lab's station in a file: what it says is used, and what it says wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.conformance.campaign.bench_file import read_bench_file
from harness.errors import UsageError

WHOLE = """
card = "pcsc:ACR1252"
profile = "est-idemia-2018"
trust = ["issuers.pem"]

[reader]
name = "ACR1252U"
position = "centre"
height_mm = 2.5

[codes]
can = "env:CAN"
mrz = "file:mrz.txt"
pin1 = "keyring:lab/pin1"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A place for the file."""
    return tmp_path / "station.toml"


def test_everything_it_says_is_read(file: Path) -> None:
    """Card, profile, reader, place on it, and where the codes come from."""
    file.write_text(WHOLE)
    bench = read_bench_file(file)
    assert (bench.card, bench.profile, bench.trust) == (
        "pcsc:ACR1252",
        "est-idemia-2018",
        ("issuers.pem",),
    )
    assert (bench.reader.position, bench.reader.height_mm) == ("centre", 2.5)
    assert (bench.codes.can, bench.codes.pin1, bench.codes.puk) == (
        "env:CAN",
        "keyring:lab/pin1",
        None,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("card = 1", "card: Input should be a valid string; profile is missing"),
        ('card = "usb"\nprofile = "x"', "card: Value error, one of emulated:, pcsc:<regular"),
        ('card = "emulated:"\nprofile = "x"\ncan = "1"', "can: there are only card, profile"),
        ('card = "emulated:"\ncan = 123456x', "is not valid TOML (at line 2, column "),
        (
            'card = "emulated:"\nprofile = "x"\n[reader]\nheight_mm = nan',
            "reader.height_mm: Input should be a finite number",
        ),
        (
            'card = "emulated:"\nprofile = "x"\n[reader]\nhigh = 1',
            "reader.high: there are only name, position, height_mm",
        ),
        (
            'card = "emulated:"\nprofile = "x"\n[reader]\nheight_mm = -1',
            "reader.height_mm: Input should be greater than or equal to 0",
        ),
        (
            'card = "emulated:"\nprofile = "x"\n[codes]\npin3 = "env:X"',
            "codes.pin3: there are only can, mrz, pin1, pin2, puk",
        ),
    ],
)
def test_what_is_wrong_is_named(file: Path, text: str, said: str) -> None:
    """Every wrong key is told with what it allows."""
    file.write_text(text)
    with pytest.raises(UsageError) as refused:
        read_bench_file(file)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "text", ['[codes]\ncan = "940713"', "[codes]\ncan = 940713", "can = 94071 3"]
)
def test_a_code_in_the_file_is_not_repeated(file: Path, text: str) -> None:
    """Somebody who wrote the code itself there does not find it in the message."""
    file.write_text(f'card = "emulated:"\nprofile = "x"\n{text}')
    with pytest.raises(UsageError) as refused:
        read_bench_file(file)
    assert "9407" not in str(refused.value)
    if "[codes]" in text:
        assert "codes.can: use env:NAME, file:PATH" in str(refused.value)
