"""A trace in words: what each command asked and what the answer says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields

from rich.text import Text

from harness.apdu import INS, CommandApdu, describe_sw
from harness.errors import ProtocolViolation, UsageError
from harness.isodep.block import decode
from harness.security_info import SecurityInfoError, decode_oid, describe_oid
from harness.tlv import TlvError, find, parse_all, parse_one
from harness.trace import HIDDEN, Level

MAX_FRAME = 4096
_SELECT_BY = {
    0x00: "by file identifier",
    0x01: "child DF",
    0x02: "EF in the current DF",
    0x03: "parent DF",
    0x04: "by application identifier",
    0x08: "by path from the MF",
    0x09: "by path from the current DF",
}
_STEPS = {0x81: "map nonce", 0x83: "key agreement", 0x85: "mutual authentication"}
_TEMPLATES = {0xA4: "authentication", 0xB6: "digital signature", 0xB8: "confidentiality"}
_PASSWORDS = {1: "MRZ", 2: "CAN", 3: "PIN", 4: "PUK"}


@dataclass(frozen=True, slots=True)
class _FrameLine:
    phase: str
    seconds: float
    direction: str
    data: str
    fate: str
    level: str = Level.FRAME


@dataclass(frozen=True, slots=True)
class _Line:
    level: str
    phase: str
    seconds: float
    command: str
    response: str


def annotated(text: str, where: str, level: str | None = None) -> Iterator[Text]:
    """Lines of text for a trace in JSON lines; `level` leaves only the wire or only the plain ones.

    Without it, a plain exchange is left out where it crossed the wire just so.

    Raises:
        UsageError: a line is not one that `--trace` writes; it is named.
    """
    phase, wire = "", ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = _parse(raw, f"{where}, line {number}")
        if level is not None and line.level != level:
            continue
        if isinstance(line, _Line):
            if level is None and line.level == Level.PLAIN and line.command == wire:
                continue
            wire = line.command
        if line.phase != phase:
            phase = line.phase
            yield Text(f"── {phase or 'outside any phase'}", style="bold cyan")
        yield from _lines(line) if isinstance(line, _Line) else [_frame(line)]


def _parse(raw: str, where: str) -> _Line | _FrameLine:
    try:
        given = json.loads(raw)
        kind = _FrameLine if given["level"] == Level.FRAME else _Line
        line = kind(**{each.name: given[each.name] for each in fields(kind)})
        _require_types(line)
        for shown in (
            (line.data,) if isinstance(line, _FrameLine) else (line.command, line.response)
        ):
            _masked(shown)
    except (ValueError, TypeError, KeyError, AttributeError):
        message = f"{where} is no line of a trace; use a file that --trace wrote"
        raise UsageError(message) from None
    return line


def _require_types(line: _Line | _FrameLine) -> None:
    for each in fields(line):
        wanted = int | float if each.name == "seconds" else str
        if not isinstance(getattr(line, each.name), wanted):
            raise TypeError(each.name)


def _masked(shown: str) -> bytes:
    return bytes.fromhex(shown.replace(HIDDEN, "00"))


def _frame(line: _FrameLine) -> Text:
    arrow = ">" if line.direction == "to-card" else "<"
    arrived = "" if line.fate == "intact" else f", {line.fate}"
    described = f"{_describe_frame(line.data)}{arrived}  {line.seconds * 1000:.2f} ms"
    return Text(f"frame {arrow} {line.data}  {described}", style="dim")


def _describe_frame(shown: str) -> str:
    try:
        block = decode(_masked(shown), MAX_FRAME)
    except ProtocolViolation:
        return "no block"
    return type(block).__name__.removesuffix("Block") + "-block"


def _lines(line: _Line) -> Iterator[Text]:
    mark = "wire " if line.level == Level.WIRE else "plain"
    style = "dim" if line.level == Level.WIRE else ""
    yield Text(f"{mark} > {line.command}  {describe_command(line.command)}", style=style)
    answer = f"{line.response}  {describe_answer(line.response)}"
    yield Text(f"{mark} < {answer}  {line.seconds * 1000:.1f} ms", style=style)


def describe_command(shown: str) -> str:
    """What a command in hexadecimal asks for; hidden bytes are not looked at."""
    try:
        command = CommandApdu.decode(_masked(shown))
    except ValueError:
        return "no command APDU"
    name = command.name.partition(" (")[0]
    if command.is_secured:
        return f"{name}, protected, {len(command.data)} bytes"
    return f"{name} {_details(command)}".rstrip()


def _details(command: CommandApdu) -> str:
    match command.ins:
        case INS.SELECT:
            return f"{_SELECT_BY.get(command.p1, '')}: {command.data.hex().upper()}"
        case INS.READ_BINARY:
            return f"up to {command.ne} bytes from {command.p1 << 8 | command.p2}"
        case INS.VERIFY | INS.CHANGE_REFERENCE_DATA | INS.RESET_RETRY_COUNTER:
            return f"reference {command.p2:02X}, code hidden"
        case INS.MANAGE_SECURITY_ENVIRONMENT if command.p1 == 0xC1:
            return f"Set AT: {_authentication_template(command.data)}"
        case INS.MANAGE_SECURITY_ENVIRONMENT:
            return f"SET for {_TEMPLATES.get(command.p2, f'template {command.p2:02X}')}"
        case INS.GENERAL_AUTHENTICATE:
            return _step(command.data)
    return f"{len(command.data)} bytes" if command.data else ""


def _authentication_template(data: bytes) -> str:
    try:
        objects = parse_all(data)
        protocol = describe_oid(decode_oid(find(objects, 0x80) or b""))
    except (TlvError, SecurityInfoError):
        return "malformed"
    reference = int.from_bytes(find(objects, 0x83) or b"", "big")
    return f"{protocol}, {_PASSWORDS.get(reference, f'password {reference}')}"


def _step(data: bytes) -> str:
    try:
        inner = parse_one(data).children()
    except TlvError:
        return "malformed"
    return _STEPS.get(inner[0].tag, f"object {inner[0].tag:X}") if inner else "get nonce"


def describe_answer(shown: str) -> str:
    """What an answer in hexadecimal says, by its status word and length."""
    answer = _masked(shown)
    if len(answer) < 2:
        return "the card was lost"
    hidden = ", data hidden" if HIDDEN in shown else ""
    return f"{describe_sw(int.from_bytes(answer[-2:], 'big'))}, {len(answer) - 2} bytes{hidden}"
