"""A personalised card as files that anyone can look into."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from harness import tlv
from harness.emulator.person import Person
from harness.emulator.personalise import CardImage
from harness.emulator.private_key import PrivateKey
from harness.emulator.travel import TravelDocument
from harness.errors import UsageError
from harness.profile import Content, Interface
from harness.transport.storage import write_atomic

_CERTIFICATES = {
    "authentication": Content.AUTHENTICATION_CERTIFICATE,
    "signing": Content.SIGNING_CERTIFICATE,
}

_JPEG = b"\xff\xd8"


def write_card(image: CardImage, person: Person, folder: Path, *, tells_codes: bool) -> list[Path]:
    """Write the card into a folder that is empty or not there yet; what was written.

    `tells_codes` is False for a person whose codes are their own.

    Raises:
        UsageError: the folder holds something, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            message = f"{folder} is not empty; name a folder that is empty or not there yet"
            raise UsageError(message)
        written = []
        for name, content in _files(image, person, tells_codes=tells_codes):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, content)
            written.append(path)
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}"
        raise UsageError(message) from error
    return written


def _files(image: CardImage, person: Person, *, tells_codes: bool) -> Iterator[tuple[str, bytes]]:
    yield "card.json", _card(image, person, tells_codes=tells_codes)
    authorities = [_pem(der) for der in image.authorities]
    yield "certificates/root.pem", authorities[0]
    yield "certificates/authorities.pem", b"".join(authorities)
    for owner in image.profile.keys:
        yield f"certificates/{owner}.pem", _pem(image.contents[_CERTIFICATES[owner]])
        key = image.keys[owner]
        yield f"keys/{owner}.pem", _private_pem(key)
    if image.travel is not None:
        yield from _document(image.travel)
    for name, file in image.profile.files.items():
        place = image.profile.directories[file.directory].path
        yield f"files/{place}/{file.fid.hex().upper()}-{name}.bin", image.files[name]


def _document(travel: TravelDocument) -> Iterator[tuple[str, bytes]]:
    """Who signs the data groups, with which keys, and what openssl cannot find by itself.

    EF.SOD is written without its outer tag as well, and the face without its record.
    """
    yield "certificates/csca.pem", _pem(travel.pki.authority)
    yield "certificates/document-signer.pem", _pem(travel.pki.signer)
    yield "keys/csca.pem", _private_pem(travel.pki.authority_key)
    yield "keys/document-signer.pem", _private_pem(travel.pki.signer_key)
    if travel.active_key is not None:
        yield "keys/active-authentication.pem", _private_pem(travel.active_key)
    yield "document/sod.cms", tlv.parse_one(travel.contents[Content.LDS_SOD]).value
    yield f"document/face.{'jpg' if travel.face.startswith(_JPEG) else 'jp2'}", travel.face


def _private_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def _card(image: CardImage, person: Person, *, tells_codes: bool) -> bytes:
    """The holder, the codes of this invented card, and where each file lies."""
    profile = image.profile
    codes = {"CAN": person.can, "PIN1": person.pin1, "PIN2": person.pin2, "PUK": person.puk}
    known = [name for name in codes if name in profile.pins or (name == "CAN" and profile.pace)]
    document = {
        "profile": profile.name,
        "serial": image.serial,
        "atr": {
            interface: next(e.atr for e in profile.recognise if e.interface is interface)
            .hex()
            .upper()
            for interface in Interface
            if interface in profile.interfaces
        },
        "person": {
            "surname": person.surname,
            "given_names": person.given_names,
            "personal_code": person.personal_code,
            "document_number": person.document_number,
        },
        "codes": {name: codes[name].reveal().decode("ascii") for name in known if tells_codes},
        "zone": list(image.travel.zone) if image.travel and tells_codes else [],
        "files": {
            name: {
                "path": f"{profile.directories[file.directory].path}/{file.fid.hex().upper()}",
                "content": file.content,
                "size": len(image.files[name]),
            }
            for name, file in profile.files.items()
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
