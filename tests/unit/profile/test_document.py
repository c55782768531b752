"""What a profile inherits, and where in the file its keys stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.profile import Content, Interface, merged
from harness.profile.document import line_of
from harness.profiles import builtin, load_profile

BASE = 'name = "base"\n[radio]\nfsci = 8\nfwi = 8\nlist = [1, 2]\n[radio.deep]\na = 1\n'


def load(name: str, where: str) -> tuple[str, str]:
    """Find BASE, or the one that asks, whatever it is called."""
    return (BASE, "base") if name == "base" else (f'extends = "{where}"', where)


def test_tables_are_merged_and_all_else_replaced() -> None:
    """A table keeps what is not said again; a list or a value is replaced whole."""
    own = 'extends = "base"\nname = "own"\n[radio]\nfwi = 9\nlist = [3]\n[radio.deep]\nb = 2\n'
    assert merged(own, "own", load) == {
        "name": "own",
        "radio": {"fsci": 8, "fwi": 9, "list": [3], "deep": {"a": 1, "b": 2}},
    }


def test_removal_is_stated() -> None:
    """What the base has and this one has not is named by its path."""
    own = 'extends = "base"\nremove = ["radio.deep", "radio.fsci"]\n'
    assert merged(own, "own", load)["radio"] == {"fwi": 8, "list": [1, 2]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('extends = "base"\nremove = ["radio.none"]', "own: remove names radio.none, which the"),
        ('extends = "base"\nremove = ["name.x"]', "own: remove names name.x, which the"),
        ('remove = ["radio"]', "own: remove works only together with extends"),
        ("extends = 5", "own: extends is the name of a built-in profile or the path"),
        ('extends = "other"', "extends goes in a circle through own"),
        ("extends = ", "own is not valid TOML"),
    ],
)
def test_bad_inheritance(text: str, said: str) -> None:
    """Each mistake about inheritance is told with the file."""
    with pytest.raises(UsageError) as caught:
        merged(text, "own", load)
    assert said in str(caught.value)


def test_a_generation_that_differs_in_three_lines(tmp_path: Path) -> None:
    """A file may extend a built-in profile and another file may extend that, by relative path."""
    (tmp_path / "mine.toml").write_text('extends = "est-idemia-2018"\nname = "mine"\n')
    own = tmp_path / "own.toml"
    own.write_text('extends = "mine.toml"\nname = "own"\n[transmission]\nmax_read = 100\n')
    profile = load_profile(str(own))
    assert (profile.name, profile.transmission.max_read) == ("own", 100)
    assert profile.pins == builtin("est-idemia-2018").pins


def test_a_missing_base(tmp_path: Path) -> None:
    """A base that is not there is told by its name."""
    own = tmp_path / "own.toml"
    own.write_text('extends = "est-idemia-1999"\n')
    with pytest.raises(UsageError, match="there is no profile est-idemia-1999"):
        load_profile(str(own))


def test_the_later_chip() -> None:
    """Cosmo X is Cosmo 8 but for its ATR, its historical bytes and tag 84."""
    first, later = builtin("est-idemia-2018"), builtin("est-idemia-2018-x")
    assert first.pace is not None
    assert later.pace is not None
    assert (first.pace.parameter_reference, later.pace.parameter_reference) == (
        "optional",
        "required",
    )
    assert (first.files, first.pins, first.keys) == (later.files, later.pins, later.keys)


def test_the_latvian_layouts() -> None:
    """The certificates lie elsewhere on SeID cards, whose placeholders are there as well."""
    one, other = builtin("lva-idemia-2019"), builtin("lva-idemia-2019-seid")
    fids = [p.file_with(Content.SIGNING_CERTIFICATE).fid.hex() for p in (one, other)]
    assert fids == ["341f", "341e"]
    assert other.files["signing-placeholder"].value == b"\0"
    assert one.interfaces == (Interface.CONTACTLESS, Interface.CONTACT)


TEXT = """\
name = "x"

[[recognise]]
atr = "3B00"

[[recognise]]
interface = "contact"
atr = "3B01"

[pins.PIN1]
tries = 0
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 1),
        (("recognise", 0, "atr"), 4),
        (("recognise", 1, "atr"), 8),
        (("recognise", 0, "interface"), 3),
        (("pins", "PIN1", "tries"), 11),
        (("pins", "PIN1", "pad"), 10),
        (("radio",), None),
    ],
)
def test_the_line_of_a_key(path: tuple[str | int, ...], line: int | None) -> None:
    """A key is found at its line, a missing one at that of its table."""
    assert line_of(TEXT, path) == line
