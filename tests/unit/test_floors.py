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
OWN_TO_SYSTEMS = {
    "os": {"fork", "kill", "getuid", "geteuid", "uname", "mkfifo", "sched_getaffinity", "setsid"},
    "signal": {"SIGKILL", "SIGHUP", "SIGUSR1", "SIGALRM", "alarm", "setitimer", "pthread_sigmask"},
}
"""What Python has on some systems only; SIGINT and SIGTERM are everywhere."""
POSIX_MODULES = frozenset({"fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "winreg"})
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


def own_to_systems(text: str) -> set[str]:
    """What of a module's text there is on some operating systems only."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                found |= {f"{module}.{name}"} if name in OWN_TO_SYSTEMS.get(module, ()) else set()
            case ast.ImportFrom(module=str(module), names=names):
                foreign = OWN_TO_SYSTEMS.get(module, set())
                found |= {f"{module}.{each.name}" for each in names if each.name in foreign}
                found |= {module} & POSIX_MODULES
            case ast.Import(names=names):
                found |= {each.name for each in names} & POSIX_MODULES
            case ast.Constant(value="fork" | "forkserver"):
                found.add("fork")
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HARNESS)))
def test_only_transport_knows_the_operating_system(file: Path) -> None:
    """What not every system has is used in one room, which has an answer for the others."""
    if room_of(file) != "transport":
        assert own_to_systems(file.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("os.sched_getaffinity(0)", "os.sched_getaffinity"),
        ("from os import geteuid", "os.geteuid"),
        ("signal.pthread_sigmask(0, set())", "signal.pthread_sigmask"),
        ("import fcntl", "fcntl"),
        ("from termios import error", "termios"),
        ('get_context("fork")', "fork"),
    ],
)
def test_the_system_shows(text: str, found: str) -> None:
    """Each way to lean on one system is recognised as one."""
    assert own_to_systems(text) == {found}


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
