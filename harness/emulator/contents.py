"""What the files of a card hold: texts, certificates, directories, and what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness import tlv
from harness.apdu import MAX_EXTENDED_NC
from harness.emulator import pkcs15
from harness.emulator.person import Person
from harness.emulator.pki import TestPki
from harness.errors import UsageError
from harness.profile import MF, Content, File, Profile
from harness.security_info import encode_integer


def texts(person: Person, dates: str = "%d %m %Y") -> dict[Content, str]:
    """The holder's data as files have it."""
    birth = f"{person.birth_date:{dates}}"
    return {
        Content.SURNAME: person.surname,
        Content.GIVEN_NAMES: person.given_names,
        Content.SEX: person.sex,
        Content.CITIZENSHIP: person.citizenship,
        Content.BIRTH_DATE: birth,
        Content.BIRTH_PLACE: person.birth_place,
        Content.BIRTH_DATE_AND_PLACE: f"{birth} {person.birth_place}",
        Content.PERSONAL_CODE: person.personal_code,
        Content.DOCUMENT_NUMBER: person.document_number,
        Content.ISSUE_DATE: f"{person.issue_date:{dates}}",
        Content.EXPIRY_DATE: f"{person.expiry_date:{dates}}",
        Content.EMPTY: "",
    }


def certificates(pki: TestPki) -> dict[Content, bytes]:
    """The certificates of the holder and those above."""
    return {
        Content.AUTHENTICATION_CERTIFICATE: pki.authentication,
        Content.SIGNING_CERTIFICATE: pki.signing,
        Content.ISSUING_CERTIFICATE: pki.issuing,
        Content.ROOT_CERTIFICATE: pki.root,
    }


def file_contents(
    profile: Profile, person: Person, contents: Mapping[Content, bytes]
) -> dict[str, bytes]:
    """The bytes of every file of the profile, by its name there; `contents` are those by meaning.

    Raises:
        UsageError: a file for which nothing can be made.
    """
    return {
        name: _wrapped(file, _content(profile, file, person, contents))
        for name, file in profile.files.items()
    }


def _content(
    profile: Profile, file: File, person: Person, contents: Mapping[Content, bytes]
) -> bytes:
    if file.value is not None:
        return file.value
    if file.content in _DIRECTORIES:
        return _DIRECTORIES[file.content](profile, file)
    said = texts(person, file.dates)
    if file.content is Content.RECORDS:
        return b"".join(_record(int(tag), said[held]) for tag, held in file.records.items())
    if file.content in said:
        return said[file.content].encode()
    if file.content not in contents:
        message = f"nothing can be made for a file with the content {file.content}; give its value"
        raise UsageError(message)
    return contents[file.content]


def _record(tag: int, text: str) -> bytes:
    """Tag, length in bytes FF… and a last one below FF, value."""
    value = text.encode()
    more, last = divmod(len(value), 0xFF)
    return bytes((tag,)) + b"\xff" * more + bytes((last,)) + value


def _wrapped(file: File, content: bytes) -> bytes:
    return content if file.tag is None else tlv.encode(file.tag, content)


def _directory(profile: Profile, file: File) -> bytes:
    """EF.DIR: application templates (ISO/IEC 7816-4, 12.2.3.2; ICAO 9303-10, 3.11.2)."""
    del file
    return b"".join(
        tlv.encode(0x61, tlv.encode(0x4F, place.aid), _place(profile, name))
        for name, place in profile.directories.items()
        if place.aid and place.path != MF
    )


def _place(profile: Profile, name: str) -> bytes:
    """Label and path of an application; those of travel documents are told by AID alone."""
    if profile.family == "emrtd":
        return b""
    path = bytes.fromhex(profile.directories[name].path.replace("/", ""))
    return tlv.encode(0x50, name.encode()[:16]) + tlv.encode(0x51, path)


def _atr_info(profile: Profile, file: File) -> bytes:
    """EF.ATR/INFO: card capabilities and, with extended length, its limits (7816-4, 12.7.1)."""
    del file
    transmission = profile.transmission
    # Selection by name, path and identifier, short identifiers; bytes; chaining (12.1.1.9).
    capabilities = b"\xb4\x01\x80"
    limits = b""
    if transmission.extended_length:
        capabilities = b"\xb4\x01\xe0"
        sizes = (transmission.largest_command, transmission.largest_answer)
        limits = tlv.encode(
            0x7F66,
            *(encode_integer(size or MAX_EXTENDED_NC) for size in sizes),
        )
    return tlv.encode(0x47, capabilities) + limits


_DIRECTORIES: Mapping[Content, Callable[[Profile, File], bytes]] = {
    Content.DIRECTORY: _directory,
    Content.ATR_INFO: _atr_info,
    Content.PKCS15_OBJECTS: pkcs15.objects,
    Content.PKCS15_TOKEN: pkcs15.token,
    Content.PKCS15_KEYS: pkcs15.private_keys,
    Content.PKCS15_CERTIFICATES: pkcs15.certificates,
    Content.PKCS15_CODES: pkcs15.codes,
}
