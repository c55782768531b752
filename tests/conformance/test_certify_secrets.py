"""Nothing that certifying a card leaves behind tells a code, a key or whose card it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.command import Eidrig
from fixtures.secrets import leaks

for library in ("sqlalchemy", "alembic", "platformdirs", "junitparser", "jinja2", "pcapng"):
    pytest.importorskip(library, reason=f"{library} is not installed: eidrig[certify,history]")
CODES = ("940713", "571938264017", "862047193358", "918273645098")
HOLDER = ("QUISLINGTON", "ZEBEDIAH-WULFRIC", "ZX9150427")
PERSON = """
can = "940713"
pin1 = "571938264017"
pin2 = "862047193358"
puk = "918273645098"
surname = "QUISLINGTON"
given_names = "ZEBEDIAH-WULFRIC"
document_number = "ZX9150427"
"""


def files_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a folder, and what it holds."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def told(content: bytes, words: tuple[str, ...]) -> list[str]:
    """Which of these words some bytes hold, as text or in hexadecimal."""
    text = content.decode("latin-1").upper()
    return [word for word in words if word in text or word.encode().hex().upper() in text]


def certified(eidrig: Eidrig, folder: Path, *options: str) -> list[tuple[str, bytes]]:
    """Certify a card of that person, record it, and give back all there is of it."""
    person = folder / "person.toml"
    person.write_text(PERSON)
    arguments = ("--out", folder / "all" / "report", "--person", person, "--processes", "1")
    (folder / "all").mkdir()
    database = f"sqlite:///{folder / 'all' / 'history.sqlite'}"
    ended = eidrig("certify", *arguments, "--history", "--db", database, *options)
    (folder / "all" / "out").write_text(ended.out + ended.err)
    assert ended.code == 0, ended
    found = list(files_in(folder / "all"))
    assert len(found) > 60
    return found


@pytest.mark.parametrize(
    "options",
    [
        ("--profile", "est-idemia-2018"),
        ("--profile", "est-idemia-2018", "--interface", "contact"),
        ("--profile", "bel-eid-1.8"),
        ("--profile", "icao-passport-bac"),
    ],
    ids=" ".join,
)
def test_in_everything_that_is_written(
    eidrig: Eidrig, keys: list[bytes], tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Report, traces, captures, ledger, history and output: no code, no session key, no holder."""
    found = {}
    for name, content in certified(eidrig, tmp_path, *options):
        secrets = leaks(content.decode("latin-1"), CODES, keys)
        secrets += told(content, (*CODES[1:], *HOLDER))
        if secrets:
            found[name] = secrets
    assert found == {}


def test_the_holder_is_shown_to_who_asks(eidrig: Eidrig, keys: list[bytes], tmp_path: Path) -> None:
    """With personal data the traces tell whose card it is, and still no code and no key."""
    found = certified(eidrig, tmp_path, "--profile", "bel-eid-1.8", "--with-personal-data")
    traces = b"".join(content for name, content in found if "traces/" in name)
    assert told(traces, HOLDER[:1]) == ["QUISLINGTON"]
    for name, content in found:
        assert leaks(content.decode("latin-1"), CODES, keys) == [], name
        assert told(content, CODES[1:]) == [], name
