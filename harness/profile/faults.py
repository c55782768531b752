"""What is wrong with a profile, told to who wrote it: at which key, and what may be there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

Path = tuple[str | int, ...]

# A check across tables says the key first: "files.photo.directory is not one of: main".
_KEY_FIRST = re.compile(r"([a-z_]+(?:\.[\w-]+)*)(?::| (?=is |has ))\s*")
_MOST_SHOWN = 40


def explained(error: Mapping[str, Any], root: type[BaseModel]) -> tuple[Path, str]:
    """The place and the sentence for one error of the schema `root`."""
    at: Path = tuple(part for part in error["loc"] if part != "[key]")
    match error["type"]:
        case "missing":
            return at, f"is missing{_meaning(_model_at(root, at[:-1]), at[-1])}"
        case "extra_forbidden":
            return at, _unknown_key(str(at[-1]), sorted(_keys_of(_model_at(root, at[:-1]))))
        case "value_error" | "assertion_error":
            return _placed(at, error["msg"].partition(", ")[2], root)
    said = error["msg"].removeprefix("Input ").removeprefix("String ")
    return at, f"{said}{_given(error['input'])}"


def sentence(at: Path, said: str) -> str:
    """One problem as a sentence that begins with its key."""
    key = ".".join(map(str, at))
    return f"{key} {said}" if said.startswith(("is ", "has ", "should ")) else f"{key}: {said}"


def _meaning(model: type[BaseModel] | None, name: str | int) -> str:
    """What a key is there for, where the schema tells."""
    fields = model.model_fields.items() if model else ()
    told = next((f.description for own, f in fields if name in (own, f.alias)), None)
    return f": {told[0].lower()}{told[1:].rstrip('.')}" if told else ""


def _unknown_key(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"unknown key; {hint}there are: {', '.join(known)}"


def _placed(at: Path, said: str, root: type[BaseModel]) -> tuple[Path, str]:
    """A sentence that begins with a key of the table it was found in, put at that key."""
    found = _KEY_FIRST.match(said)
    keys = found[1].split(".") if found else []
    if found and keys[0] in _keys_of(_model_at(root, at)):
        return (*at, *keys), said[found.end() :]
    return at or ("profile",), said


def _given(value: object) -> str:
    if isinstance(value, str | int | float):
        shown = repr(value)
        return f"; got {shown if len(shown) <= _MOST_SHOWN else f'{shown[:_MOST_SHOWN]}…'}"
    return ""


def _model_at(root: type[BaseModel], at: Path) -> type[BaseModel] | None:
    """The table that a path leads to; None where it is no table of named keys."""
    model: type[BaseModel] | None = root
    inner = iter(at)
    for part in inner:
        field = None if model is None else _field(model, part)
        if field is None:
            return None
        names = [each for each in _models_in(field) if each is not None]
        model = names[0] if names else None
        if _is_collection(field):
            next(inner, None)
    return model


def _field(model: type[BaseModel], name: str | int) -> Any:  # noqa: ANN401 - any annotation
    for own, field in model.model_fields.items():
        if name in (own, field.alias):
            return field.annotation
    return None


def _is_collection(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    return getattr(annotation, "__origin__", None) in (dict, tuple, list)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models_in(each)


def _keys_of(model: type[BaseModel] | None) -> list[str]:
    fields = model.model_fields.items() if model else ()
    return [field.alias or name for name, field in fields]
