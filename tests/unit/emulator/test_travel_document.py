"""A made document: certificates, signed files, zone, face; the same for the same seed."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier
from PIL import Image

from fixtures.cards import image_of
from fixtures.emrtd_vectors import TD1_UTO, TD2_UTO, TD3_UTO
from fixtures.passports import BAC_PASSPORT, ID_CARD, PASSPORT, image_with
from harness import tlv
from harness.emulator import face
from harness.emulator.data_groups import GROUPS
from harness.emulator.person import Person
from harness.emulator.personalise import CardImage, personalise
from harness.errors import UsageError
from harness.profile import Content, Lds, Signer
from harness.profiles import builtin

EVERY = (PASSPORT, BAC_PASSPORT, ID_CARD, "bel-eid-1.8-icao")
DOCUMENT_TYPES = ObjectIdentifier("2.23.136.1.1.6.2")
UTOPIAN = replace(
    Person(),
    surname="ERIKSSON",
    given_names="ANNA MARIA",
    sex="F",
    citizenship="UTO",
    birth_date=date(1974, 8, 12),
    issue_date=date(2002, 4, 16),
    expiry_date=date(2012, 4, 15),
)


def lds_of(name: str, **changes: object) -> Lds:
    """The LDS rules of a profile with changes."""
    lds = builtin(name).lds
    assert lds is not None
    return lds.model_copy(update=changes)


def document(image: CardImage) -> Any:
    """What was made for the document."""
    assert image.travel is not None
    return image.travel


@pytest.mark.parametrize("name", EVERY)
def test_the_same_seed_gives_the_same_document(name: str) -> None:
    """Every file is the same to the byte, and another with another seed where it is signed."""
    one, other = (personalise(builtin(name), Person(), seed=3) for _ in range(2))
    assert (one.files, document(one).face) == (other.files, document(other).face)
    assert document(one).pki.authority == document(other).pki.authority
    third = personalise(builtin(name), Person(), seed=4)
    same = {file for file in one.files if one.files[file] == third.files[file]}
    assert not same & {"sod", "dg2", "dg14", "card-security"}


@pytest.mark.parametrize(
    ("form", "changes", "lines"),
    [
        ("TD3", {"document_number": "L898902C3", "optional_data": "ZE184226B"}, TD3_UTO),
        ("TD2", {"document_number": "D23145890", "document_type": "I"}, TD2_UTO),
        ("TD1", {"document_number": "D23145890", "document_type": "I"}, TD1_UTO),
    ],
)
def test_the_zone(form: str, changes: dict[str, Any], lines: tuple[str, ...]) -> None:
    """The specimens of ICAO 9303-4, -5 and -6 come out as printed there; DG1 holds them."""
    lds = lds_of(PASSPORT, document=form)
    image = image_with(PASSPORT, replace(UTOPIAN, **changes), lds=lds)
    assert document(image).zone == lines
    assert image.contents[Content.DG1].endswith("".join(lines).encode())


@pytest.mark.parametrize(
    ("surname", "given", "printed"),
    [
        ("JÕEORG", "JAAK-KRISTJAN", "JOEORG<<JAAK<KRISTJAN"),
        ("ÄÖÜ", "ŠŽ", "AEOEUE<<SZ"),
        ("O'NEILL", "ÅSE ÞÓRA", "ONEILL<<AASE<THORA"),
        ("GROẞ", "ØYVIND ŁUKASZ", "GROSS<<OEYVIND<LUKASZ"),
    ],
)
def test_names_in_the_zone(surname: str, given: str, printed: str) -> None:
    """National letters are written as ICAO 9303-3, 6 has it; DG11 keeps them."""
    image = personalise(builtin(PASSPORT), replace(Person(), surname=surname, given_names=given))
    assert document(image).zone[0] == f"P<UTO{printed}".ljust(44, "<")
    told = tlv.parse_one(image.contents[Content.DG11]).children()
    name = tlv.find(told, 0x5F0E)
    assert name == f"{surname}<<{given}".replace(" ", "<").encode()


def test_a_person_of_another_state() -> None:
    """Type, state, name and authority of the person file go where they belong."""
    person = replace(
        Person(),
        document_type="PO",
        issuing_state="XOM",
        full_name="JÕEORG<<JAAK",
        issuing_authority="MINISTRY",
    )
    image = personalise(builtin(PASSPORT), person)
    assert document(image).zone[0].startswith("POXOMJOEORG")
    assert "JÕEORG<<JAAK".encode() in image.contents[Content.DG11]
    assert b"\x5f\x19\x08MINISTRY" in image.contents[Content.DG12]
    signer = x509.load_der_x509_certificate(document(image).pki.signer)
    types = signer.extensions.get_extension_for_oid(DOCUMENT_TYPES).value
    assert types == x509.UnrecognizedExtension(
        DOCUMENT_TYPES, b"\x30\x09\x02\x01\x00\x31\x04\x13\x02PO"
    )


def test_a_name_without_latin_letters() -> None:
    """What no zone can hold is told before anything is made."""
    with pytest.raises(UsageError, match="no Latin letters"):
        personalise(builtin(PASSPORT), replace(Person(), surname="Иванов"))


@pytest.mark.parametrize("name", EVERY)
def test_the_certificates(name: str) -> None:
    """CSCA and document signer are as ICAO 9303-12, tables 5 and 6 want them."""
    pki, profile = document(image_of(name)).pki, builtin(name)
    authority, signer = (x509.load_der_x509_certificate(c) for c in (pki.authority, pki.signer))
    signer.verify_directly_issued_by(authority)
    authority.verify_directly_issued_by(authority)
    basic = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    usage = authority.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature) == (True, True, False)
    usage = signer.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature) == (False, False, True)
    with pytest.raises(x509.ExtensionNotFound):
        signer.extensions.get_extension_for_class(x509.BasicConstraints)
    for certificate in (authority, signer):
        assert certificate.subject.rfc4514_string().endswith(f"C={profile.country_code}")
        (place,) = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value.get_values_for_type(x509.DirectoryName)
        assert place.rfc4514_string() == f"L={profile.country}"
        period = certificate.extensions.get_extension_for_class(x509.PrivateKeyUsagePeriod).value
        issued = datetime(2025, 1, 2)  # noqa: DTZ001 - as the extension has it
        assert (
            period.not_before.replace(tzinfo=None) < issued < period.not_after.replace(tzinfo=None)
        )
        assert certificate.not_valid_after_utc >= datetime(2035, 1, 1, tzinfo=UTC)
    authority_key = signer.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    key = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert authority_key.key_identifier == key.digest


@pytest.mark.parametrize("name", EVERY)
def test_what_the_sod_signs(name: str) -> None:
    """Each data group that is on the card has its hash, and no other; 0108 tells its version."""
    image, profile = image_of(name), builtin(name)
    assert profile.lds is not None
    outer = tlv.parse_one(image.contents[Content.LDS_SOD])
    signed = cms.ContentInfo.load(outer.value)["content"]
    content = signed["encap_content_info"]
    assert (outer.tag, content["content_type"].native) == (0x77, "2.23.136.1.1.1")
    version, algorithm, hashes, *told = tlv.parse_one(bytes(content["content"])).children()
    found = {
        tlv.parse_all(each.value)[0].value[-1]: tlv.parse_all(each.value)[1].value
        for each in hashes.children()
    }
    held = {GROUPS[f.content][0]: f.content for f in profile.files.values() if f.content in GROUPS}
    assert found == {
        number: hashlib.new(profile.lds.digest, image.contents[content]).digest()
        for number, content in held.items()
    }
    is_newer = profile.lds.version == "0108"
    assert version.value == bytes((int(is_newer),))
    assert [each.value for each in told] == ([b"\x13\x040108\x13\x06040000"] if is_newer else [])
    assert signed["signer_infos"][0]["sid"].chosen["serial_number"].native
    assert algorithm.tag == 0x30


@pytest.mark.parametrize("size", [5_000, 15_000, 40_000])
@pytest.mark.parametrize("form", ["jpeg", "jpeg2000"])
def test_the_face(form: str, size: int) -> None:
    """It is an image of 35 by 45 mm in the format asked for, and about as large as asked for."""
    image = image_with(PASSPORT, lds=lds_of(PASSPORT, face_format=form, face_size=size))
    drawn = document(image).face
    assert abs(len(drawn) - size) < size * 0.12
    opened = Image.open(io.BytesIO(drawn))
    assert (opened.format, opened.size) == (form.upper(), (face.WIDTH, face.HEIGHT))
    opened.load()
    assert drawn in image.contents[Content.DG2]
    assert document(personalise(image.profile, Person(), seed=9)).face != drawn


@pytest.mark.parametrize(
    ("kind", "scheme", "hash_name"),
    [
        ("brainpoolP384r1", "ecdsa", "sha384"),
        ("secp521r1", "ecdsa", "sha512"),
        ("rsa-2048", "rsa-pkcs1", "sha256"),
        ("rsa-2048", "rsa-pss", "sha512"),
    ],
)
def test_other_signers(kind: str, scheme: Any, hash_name: Any) -> None:
    """Whatever the country signs with, its certificate holds."""
    signer = Signer(kind=kind, scheme=scheme, hash=hash_name)
    pki = document(image_with(PASSPORT, lds=lds_of(PASSPORT, signer=signer))).pki
    x509.load_der_x509_certificate(pki.signer).verify_directly_issued_by(
        x509.load_der_x509_certificate(pki.authority)
    )


@pytest.mark.parametrize(
    ("issue", "expiry"),
    [
        (date(1950, 1, 1), date(1951, 1, 1)),
        (date(2045, 1, 1), date(2055, 1, 1)),
        (date(9998, 1, 1), date(9999, 12, 31)),
    ],
)
def test_dates_at_the_edges(issue: date, expiry: date) -> None:
    """No life of a document is too early or too late for its certificates."""
    image = personalise(builtin(PASSPORT), replace(Person(), issue_date=issue, expiry_date=expiry))
    assert document(image).pki.signer


def test_every_group_can_be_made() -> None:
    """A profile may have DG7 and DG16, too."""
    files = builtin(PASSPORT).files
    dg1 = files["dg1"]
    more = {
        name: dg1.model_copy(update={"fid": fid, "content": content, "sfi": None})
        for name, fid, content in (
            ("dg7", b"\x01\x07", Content.DG7),
            ("dg16", b"\x01\x10", Content.DG16),
        )
    }
    image = image_with(PASSPORT, files={**files, **more})
    assert image.files["dg7"][:1] == b"\x67"
    assert image.files["dg16"][:1] == b"\x70"
    assert b"\x63\x67\x6b\x6c\x6e\x6f\x70" in image.files["com"]


def test_a_group_as_recorded() -> None:
    """A group whose bytes the profile gives is signed and listed as it is."""
    files = builtin(PASSPORT).files
    given = bytes.fromhex("6D03020105")
    changes = {"fid": b"\x01\x0d", "content": Content.DG13, "sfi": None, "value": given}
    dg13 = files["dg1"].model_copy(update=changes)
    image = image_with(PASSPORT, files={**files, "dg13": dg13})
    assert image.files["dg13"] == given
    assert hashlib.sha256(given).digest() in image.files["sod"]
    assert b"\x6c\x6d\x6e" in image.files["com"]


def test_nothing_of_the_holder_is_shown() -> None:
    """Neither zone nor face nor keys stand in what is printed of a document."""
    shown = repr(document(image_of(PASSPORT)))
    assert "JOEORG" not in shown
    assert "PrivateKey" not in shown
