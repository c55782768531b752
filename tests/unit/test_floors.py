"""The plan of the house: imports go only downward, and each library lives in its own room."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HARNESS = Path(__file__).parents[2] / "harness"
FLOORS = {
    0: "errors icc apdu atr tlv mrz secret clock security_info profile trace recording",
    1: "crypto secure_messaging isodep air",
    2: "transport",
    3: "terminal emulator",
    4: "document profiles station simulation session attempt reading tap report"
    " inspection lint cardfiles conformance certification journey store bench",
    5: "cli pytest_plugin",
}
FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms.split()}
STRANGERS = frozenset({("terminal", "emulator"), ("emulator", "terminal")})
NO_IO = frozenset({"terminal", "emulator"})
LIBRARIES = {
    "pydantic": {"profile", "conformance"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "smartcard": {"transport"},
    "nfc": {"transport"},
    "serial": {"transport"},
    "keyring": {"transport"},
}
FILES = sorted(HARNESS.rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    """Every module a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file} imports relatively"
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from names if node.module == "harness" else (node.module or "",)


def room_of(file: Path) -> str:
    """The room a file belongs to: the folder or module right under harness/."""
    return file.relative_to(HARNESS).parts[0].removesuffix(".py")


def objection(room: str, module: str) -> str | None:
    """Why a room may not import a module, or None where it may."""
    top, _, rest = module.partition(".")
    if top == "harness":
        other = rest.partition(".")[0]
        if other in ("__version__", room):
            return None
        if FLOOR_OF[other] > FLOOR_OF[room]:
            return "is on a higher floor"
        if (room, other) in STRANGERS or (room in NO_IO and other == "transport"):
            return "is a stranger"
    elif top in LIBRARIES:
        return None if room in LIBRARIES[top] else "is a library of another room"
    elif FLOOR_OF[room] == 0 and top not in sys.stdlib_module_names:
        return "is no standard library"
    return None


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HARNESS)))
def test_imports_go_only_downward(file: Path) -> None:
    """No file imports from a higher floor, a stranger, or a library that is not its room's."""
    room = room_of(file)
    if room == "__init__":
        assert list(imports(file)) == []
        return
    assert room in FLOOR_OF, f"{room} has no place in the house; give it a floor"
    found = {module: objection(room, module) for module in imports(file)}
    assert {module: why for module, why in found.items() if why} == {}


@pytest.mark.parametrize(
    ("room", "module"),
    [
        ("terminal", "harness.emulator.card"),
        ("emulator", "harness.transport.vpcd"),
        ("crypto", "harness.terminal"),
        ("apdu", "cryptography"),
        ("tlv", "pydantic"),
        ("station", "smartcard.System"),
    ],
)
def test_the_rule_bites(room: str, module: str) -> None:
    """Each kind of forbidden import is recognised as one."""
    assert objection(room, module) is not None
