"""What was read of a passport or ICAO card, as part of an object and of a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.crypto.passive_auth import PassiveAuthentication
from harness.mrz import Zone
from harness.report.printable import printable
from harness.security_info import describe_oid
from harness.terminal.lds.details import Details
from harness.terminal.lds.document import Document

_VERDICTS = {True: "verified", False: "NOT verified", None: "not checked"}


def as_object(document: Document) -> dict[str, Any]:
    """The value of `document` in the object of a reading; no image and no key is in it."""
    common = document.common
    return {
        "mrz": _zone(document.zone) if document.zone else None,
        "lds_version": common.lds_version if common else None,
        "unicode_version": common.unicode_version if common else None,
        "data_groups": list(_groups(document)),
        "face": _face(document),
        "personal_details": _texts(document.personal),
        "document_details": _texts(document.details),
        "people_to_notify": [dict(each.texts) for each in document.contacts],
        "unknown_tags": list(_unknown(document)),
        "passive_authentication": _passive(document.passive) if document.passive else None,
        "chip_authentication_mapping": document.mapping
        and {"oid": document.mapping.oid, "verified": document.mapping.is_proven},
        "chip_authentication": document.chip
        and {"oid": document.chip.oid, "verified": document.chip.is_proven},
        "active_authentication": document.active
        and {"hash": document.active.hash_name, "verified": document.active.is_proven},
    }


def _zone(zone: Zone) -> dict[str, Any]:
    return {
        "form": zone.form,
        "document_code": zone.code,
        "issuer": zone.issuer,
        "document_number": zone.number,
        "nationality": zone.nationality,
        "birth_date": zone.birth,
        "sex": zone.sex,
        "expiry_date": zone.expiry,
        "surname": zone.surname,
        "given_names": zone.given_names,
        "optional_data": [each for each in (zone.optional, zone.second_optional) if each],
        "wrong_check_digits": list(zone.wrong),
    }


def _groups(document: Document) -> Iterator[dict[str, Any]]:
    """Every data group that was read or refused, or that the document tells of."""
    hashes = document.passive.groups if document.passive else {}
    for number in sorted({*document.listed, *document.groups, *document.refused}):
        raw = document.groups.get(number)
        yield {
            "number": number,
            "bytes": None if raw is None else len(raw),
            "refused": document.refused.get(number),
            "hash_verified": hashes.get(number),
        }


def _face(document: Document) -> dict[str, Any] | None:
    if not document.faces:
        return None
    face = document.faces[0]
    image = face.image
    return {
        "format": image.form,
        "width": image.width,
        "height": image.height,
        "bytes": len(image.data),
        "standard": face.standard,
    }


def _texts(details: Details | None) -> dict[str, str] | None:
    return None if details is None else dict(details.texts)


def _unknown(document: Document) -> Iterator[dict[str, Any]]:
    for tag in document.common.unknown_tags if document.common else ():
        yield {"file": "EF.COM", "tag": f"{tag:X}", "bytes": None}
    for file, details in (("DG11", document.personal), ("DG12", document.details)):
        for tag, size in details.unknown if details else ():
            yield {"file": file, "tag": f"{tag:X}", "bytes": size}


def _passive(result: PassiveAuthentication) -> dict[str, Any]:
    return {
        "signature_verified": result.signature,
        "chain_verified": result.chain,
        "signer": result.signer.subject if result.signer else None,
        "failures": [
            {"fault": each.fault, "subject": each.subject, "message": str(each)}
            for each in result.failures
        ],
    }


def rows(document: Document) -> Iterator[tuple[str, str]]:
    """What a person wants to see of it, as headings with texts."""
    if (zone := document.zone) is not None:
        yield "Name", printable(f"{zone.surname}, {zone.given_names}")
        what = f"{zone.code} {zone.number}, {zone.issuer}, until {zone.expiry}"
        yield "Document", printable(what)
        if zone.wrong:
            yield "MRZ", f"the check digit of its {', its '.join(zone.wrong)} is WRONG"
    if (face := _face(document)) is not None:
        size = f"{face['width']} × {face['height']}, " if face["width"] else ""  # noqa: RUF001
        yield "Face", f"{face['format']}, {size}{face['bytes']} bytes"
    yield from _read_rows(document)
    yield from _proof_rows(document)


def _read_rows(document: Document) -> Iterator[tuple[str, str]]:
    if document.groups:
        sizes = (f"DG{number} ({len(raw)})" for number, raw in sorted(document.groups.items()))
        yield "Data groups", f"{', '.join(sizes)} bytes"
    for number, why in sorted(document.refused.items()):
        yield f"DG{number}", f"not read: {why}"


def _proof_rows(document: Document) -> Iterator[tuple[str, str]]:
    if (passive := document.passive) is not None:
        intact = sum(passive.groups.values())
        signer = printable(passive.signer.subject) if passive.signer else "unknown signer"
        verdicts = f"signature {_VERDICTS[passive.signature]}, chain {_VERDICTS[passive.chain]}"
        groups = f"{intact} of {len(passive.groups)} data groups intact"
        yield "Passive authentication", f"{verdicts}, {groups}\n{signer}"
        for failure in passive.failures:
            yield f"Fault: {failure.fault}", printable(str(failure))
    if document.mapping is not None:
        said = f"{_VERDICTS[document.mapping.is_proven]}, {describe_oid(document.mapping.oid)}"
        yield "Chip, by PACE", said
    if document.chip is not None:
        said = f"{_VERDICTS[document.chip.is_proven]}, {describe_oid(document.chip.oid)}"
        yield "Chip authentication", said
    if document.active is not None:
        hashed = f", {document.active.hash_name}" if document.active.hash_name else ""
        yield "Active authentication", f"{_VERDICTS[document.active.is_proven]}{hashed}"
