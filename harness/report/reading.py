"""A reading as one stable JSON object and as a page of text."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.errors import PinError
from harness.profile import Content, KeyName, PinName
from harness.report import document
from harness.report.printable import printable
from harness.station import Station
from harness.tap import OK, Reading
from harness.terminal.certificate import Certificate
from harness.trace import Journal

_KEYS: tuple[KeyName, ...] = ("authentication", "signing")
_PINS: tuple[PinName, ...] = ("PIN1", "PIN2", "PUK")


def as_json(reading: Reading, station: Station) -> str:
    """The object that `eidrig read --json` prints; docs/json.md describes every key."""
    journal = station.journal
    told = {
        "profile": reading.profile.name if reading.profile else None,
        "card": {
            "place": station.place,
            "atr": reading.atr.hex().upper() or None,
            "interface": reading.interface,
        },
        "outcome": reading.outcome,
        "error": str(reading.error) if reading.error else None,
        "access": reading.access,
        "pace": _pace(reading),
        **{name.lower(): _pin(reading, name) for name in _PINS},
        "certificates": {name: _certificate(reading, name) for name in _KEYS},
        "personal_data": personal_data(reading),
        "authentication": {"signature_verified": reading.signatures.get("authentication")},
        "signing": {"signature_verified": reading.signatures.get("signing")},
        "document": document.as_object(reading.document) if _is_document(reading) else None,
        "attempts": reading.attempts,
        "time": {
            "total_s": round(reading.total_seconds, 6),
            "held_s": round(reading.held_seconds, 6),
            "phases": [{"name": p.name, "seconds": round(p.seconds, 6)} for p in journal.phases],
        },
        "apdus": journal.apdus,
        "bytes_sent": journal.bytes_sent,
        "bytes_received": journal.bytes_received,
        "frames": asdict(station.statistics()) if station.statistics else None,
    }
    return json.dumps(told, indent=2)


def _is_document(reading: Reading) -> bool:
    return reading.profile is not None and reading.profile.lds is not None


def _pace(reading: Reading) -> dict[str, object] | None:
    if reading.pace is None:
        return None
    return {
        "oid": reading.pace.oid,
        "parameter_id": reading.pace.parameter_id,
        "password": reading.password,
    }


def _pin(reading: Reading, name: PinName) -> dict[str, object]:
    known: dict[str, object] = {"tries_left": reading.tries_left.get(name)}
    return known if name == "PUK" else {"verified": reading.verified.get(name)} | known


def _certificate(reading: Reading, name: KeyName) -> dict[str, object] | None:
    certificate = reading.certificates.get(name)
    if certificate is None:
        return None
    return {
        "der_hex": certificate.der.hex(),
        "subject": certificate.subject,
        "personal_code": certificate.personal_code,
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
        "key_usage": list(certificate.key_usage),
        "chain_verified": reading.chains.get(name),
    }


def personal_data(reading: Reading) -> dict[str, str] | None:
    """The personal data with dates as YYYY-MM-DD; a date that is none stays as the card has it."""
    if not reading.personal_data:
        return None
    shown: dict[str, str] = {}
    for content, text in reading.personal_data.items():
        match content:
            case Content.BIRTH_DATE_AND_PLACE:
                shown["birth_date"] = _date(text[:10])
                shown["birth_place"] = text[10:].strip()
            case Content.BIRTH_DATE | Content.ISSUE_DATE | Content.EXPIRY_DATE:
                shown[content.replace("-", "_")] = _date(text)
            case _:
                shown[content.replace("-", "_")] = text
    return shown


def _date(text: str) -> str:
    spaced = text.replace(".", " ")
    try:
        return f"{datetime.strptime(spaced, '%d %m %Y'):%Y-%m-%d}"  # noqa: DTZ007 - a day
    except ValueError:
        return text


def summary(reading: Reading, station: Station) -> RenderableType:
    """What a person wants to see after a tap."""
    return Group(
        _facts(reading, station.place),
        Text(),
        _times(reading, station.journal),
        _traffic(reading, station),
        _verdict(reading),
    )


def _facts(reading: Reading, place: str) -> Table:
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    title = reading.profile.title if reading.profile else "unknown card"
    facts.add_row("Card", f"{title}, {reading.interface or 'not activated'}, at {place}")
    for key, value in (personal_data(reading) or {}).items():
        facts.add_row(key.replace("_", " ").capitalize(), printable(value))
    for heading, said in document.rows(reading.document):
        facts.add_row(heading, said)
    for name, certificate in reading.certificates.items():
        facts.add_row(f"{name.capitalize()} certificate", _described(reading, name, certificate))
    for pin in _PINS:
        if pin in reading.tries_left:
            state = {True: "verified, ", False: "not verified, "}.get(reading.verified.get(pin), "")  # type: ignore[arg-type]
            facts.add_row(pin, f"{state}{reading.tries_left[pin]} tries left")
    for name, is_right in reading.signatures.items():
        facts.add_row(f"{name.capitalize()} signature", "verified" if is_right else "not verified")
    return facts


def _described(reading: Reading, name: KeyName, certificate: Certificate) -> str:
    chain = {True: "chain verified", False: "chain NOT verified"}.get(
        reading.chains.get(name),  # type: ignore[arg-type]
        "chain not checked",
    )
    subject, until = printable(certificate.subject), f"{certificate.not_after:%Y-%m-%d}"
    return f"{subject}\nvalid until {until}, {chain}, {len(certificate.der)} bytes"


def _times(reading: Reading, journal: Journal) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    table.add_column("Phase")
    table.add_column("ms", justify="right")
    for phase in journal.phases:
        table.add_row(phase.name, f"{phase.seconds * 1000:.1f}")
    table.add_row("total", f"{reading.total_seconds * 1000:.1f}", style="bold")
    return table


def _traffic(reading: Reading, station: Station) -> Text:
    journal = station.journal
    said = (
        f"{journal.apdus} APDUs, {journal.bytes_sent} bytes sent, {journal.bytes_received} received"
    )
    if reading.attempts > 1:
        said += f"\n{reading.attempts} attempts, {reading.held_seconds * 1000:.1f} ms with the card"
    if station.statistics is not None:
        seen = station.statistics()
        said += (
            f"\n{seen.frames_sent} frames to the card, {seen.frames_received} back, "
            f"{seen.retransmissions} sent again, {seen.wtx} time extensions"
        )
    return Text(f"\n{said}")


def _verdict(reading: Reading) -> Text:
    if reading.outcome == OK:
        return Text("\nRead completely.", style="bold green")
    tries = ""
    if isinstance(reading.error, PinError) and reading.error.tries_left is not None:
        tries = f" ({reading.error.tries_left} tries left)"
    return Text(f"\nNot completed: {reading.outcome}{tries}", style="bold red")
