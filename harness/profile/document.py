"""A profile's document: what it inherits, and where in the file each key stands."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from harness.errors import UsageError

Document = dict[str, Any]
Loader = Callable[[str, str], tuple[str, str]]
"""Finds the text of the profile that `extends` names, beside the file that names it.

Takes the name and where it was named; gives the text and where that is.
"""

EXTENDS, REMOVE = "extends", "remove"
_HEADER = re.compile(r"^\s*\[+\s*([^\]]+?)\s*\]+")
_KEY = re.compile(r"^\s*([A-Za-z0-9_.\"'-]+?)\s*=")


def merged(text: str, where: str, load: Loader | None = None) -> Document:
    """The document with everything it inherits: tables are merged, all else is replaced.

    `remove` lists dotted paths of what the base has and this generation has not.

    Raises:
        UsageError: not TOML, a base that is not there or inherits from itself, or a path to remove
            that the base does not have.
    """
    return _merged(text, where, load, ())


def _merged(text: str, where: str, load: Loader | None, seen: tuple[str, ...]) -> Document:
    document = _parsed(text, where)
    base_name, removed = document.pop(EXTENDS, None), document.pop(REMOVE, [])
    if base_name is None:
        if removed:
            message = f"{where}: remove works only together with extends"
            raise UsageError(message)
        return document
    if not isinstance(base_name, str) or load is None:
        message = f"{where}: extends is the name of a built-in profile or the path of a .toml file"
        raise UsageError(message)
    base_text, base_where = load(base_name, where)
    if base_where in (where, *seen):
        message = f"{where}: extends goes in a circle through {base_where}"
        raise UsageError(message)
    base = _merged(base_text, base_where, load, (where, *seen))
    for path in removed if isinstance(removed, list) else [removed]:
        _remove(base, str(path), where)
    return _over(base, document)


def _parsed(text: str, where: str) -> Document:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{where} is not valid TOML: {error}"
        raise UsageError(message) from error


def _over(base: Mapping[str, Any], own: Mapping[str, Any]) -> Document:
    """`own` laid over `base`."""
    result = dict(base)
    for key, value in own.items():
        below = result.get(key)
        is_table = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = _over(below, value) if is_table else value  # type: ignore[arg-type]
    return result


def _remove(document: Document, path: str, where: str) -> None:
    *parents, last = path.split(".")
    table: Any = document
    for parent in parents:
        table = table.get(parent) if isinstance(table, dict) else None
    if not isinstance(table, dict) or last not in table:
        message = f"{where}: remove names {path}, which the base does not have"
        raise UsageError(message)
    del table[last]


def line_of(text: str, path: tuple[str | int, ...]) -> int | None:
    """The line where a key stands, from 1; the line of its table where the key is missing."""
    best, length = None, 0
    for line, here in _places(text):
        if length < len(here) <= len(path) and here == path[: len(here)]:
            best, length = line, len(here)
    return best


def _places(text: str) -> Iterator[tuple[int, tuple[str | int, ...]]]:
    """Every line that begins a table or sets a key, with the path of that."""
    table: tuple[str | int, ...] = ()
    counts: Counter[str] = Counter()
    for line, content in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(content):
            table = _parts(header[1])
            if content.lstrip().startswith("[["):
                table = (header[1], counts[header[1]])
                counts[header[1]] += 1
            yield line, table
        elif key := _KEY.match(content):
            yield line, (*table, *_parts(key[1]))


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip(" \"'") for part in dotted.split("."))
