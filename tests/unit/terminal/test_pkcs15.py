"""The directory files of PKCS#15: recorded, of the emulated card, and spoilt.

What OpenSC makes of the emulated card's files is in tests/interop.
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.cards import image_of
from harness import tlv
from harness.errors import ProtocolViolation
from harness.profile import KeyName
from harness.terminal.pkcs15 import Located, Place, differences, locate, object_directories

SEID, RSA = "lva-idemia-2019-seid", "lva-idemia-2019-rsa"
AWP = "3F00/ADF1"
# nfc-fork IDEMIA_LV.md and libelectronic-id, both recorded from Latvian cards.
RECORDED_OD = bytes.fromhex("A806300404027001A006300404027002A406300404027005A706300404027006")
OLDER_OD = bytes.fromhex("A406300404027005A006300404027001")


def sequence(*parts: bytes, tag: int = 0x30) -> bytes:
    """A SEQUENCE, or another constructed object."""
    return tlv.encode(tag, *parts)


def key(
    identifier: int,
    usage: str = "0520",
    reference: str | None = "81",
    *,
    tag: int = 0xA0,
    algorithms: tuple[int, ...] = (),
    native: bool = False,
) -> bytes:
    """An entry of EF.PrKD, with or without what is optional (ISO/IEC 7816-15, 8.4)."""
    own = [tlv.encode(0x04, bytes((identifier,))), tlv.encode(0x03, bytes.fromhex(usage))]
    own += [tlv.encode(0x01, b"\xff"), tlv.encode(0x03, b"\x04\xb0")] if native else []
    own += [tlv.encode(0x02, bytes.fromhex(reference))] if reference is not None else []
    numbers = [tlv.encode(0x02, bytes((each,))) for each in algorithms]
    own += [sequence(*numbers, tag=0xA1)] if numbers else []
    common = sequence(tlv.encode(0x0C, b"a key"), tlv.encode(0x03, b"\x07\x80"))
    path = sequence(sequence(tlv.encode(0x04, bytes.fromhex("3F00ADF1"))))
    return sequence(common, sequence(*own), sequence(path, tag=0xA1), tag=tag)


def certificate(identifier: int, path: str = "3402") -> bytes:
    """An entry of EF.CD."""
    at = sequence(sequence(sequence(tlv.encode(0x04, bytes.fromhex(path)))), tag=0xA1)
    return sequence(sequence(), sequence(tlv.encode(0x04, bytes((identifier,)))), at)


def token(*algorithms: tuple[int, str, str | None]) -> bytes:
    """EF.TokenInfo with algorithms: number, operations, the card's own reference."""
    listed = [
        sequence(
            tlv.encode(0x02, bytes((number,))),
            tlv.encode(0x02, b"\x10\x41"),
            tlv.encode(0x05),
            tlv.encode(0x03, bytes.fromhex(operations)),
            b"" if own is None else tlv.encode(0x02, bytes.fromhex(own)),
        )
        for number, operations, own in algorithms
    ]
    return sequence(tlv.encode(0x02, b"\0"), tlv.encode(0x04, b"1"), sequence(*listed, tag=0xA2))


def test_recorded_object_directories() -> None:
    """EF.OD of two real cards leads to the files that those cards have."""
    found = object_directories(RECORDED_OD + bytes(20), AWP)
    assert {f"{tag:X}": str(place) for tag, place in found.items()} == {
        "A8": f"{AWP}/7001",
        "A0": f"{AWP}/7002",
        "A4": f"{AWP}/7005",
        "A7": f"{AWP}/7006",
    }
    assert object_directories(OLDER_OD, AWP)[0xA0] == Place(AWP, bytes.fromhex("7001"))


def test_a_recorded_path_of_a_certificate() -> None:
    """The path that the CDF of a SeID card has is found inside its entry."""
    recorded = bytes.fromhex("A1083006300404023402")
    entry = sequence(sequence(), sequence(tlv.encode(0x04, b"\x01")), recorded)
    found = locate("authentication", AWP, key(1), entry, token())
    assert str(found.certificate) == f"{AWP}/3402"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("3402", f"{AWP}/3402"),
        ("3F00ADF23402", "3F00/ADF2/3402"),
        ("3F003402", "3F00/3402"),
        ("00013402", f"{AWP}/0001/3402"),
    ],
)
def test_paths(path: str, place: str) -> None:
    """A path is absolute where it begins with the MF, and else begins in the application."""
    found = locate("authentication", AWP, key(1), certificate(1, path), token())
    assert str(found.certificate) == place


@pytest.mark.parametrize("name", [SEID, RSA])
@pytest.mark.parametrize("use", ["authentication", "signing"])
def test_the_emulated_card(name: str, use: KeyName) -> None:
    """What the emulated card's files tell is what its profile has."""
    image = image_of(name)
    profile = image.profile
    rules = profile.keys[use]
    home = profile.directories[rules.directory].path
    files = [image.files[f"{use}-{kind}"] for kind in ("keys", "certificates", "token")]
    found = locate(use, home, *files)
    held = profile.file_with(rules.certificate)
    accepted = rules.authenticate or rules.sign
    assert found == Located(Place(home, held.fid), rules.is_rsa, rules.reference, accepted[0])
    assert list(differences(use, rules, found.certificate, found)) == []


def test_which_of_several_keys() -> None:
    """The one for signing is that whose signatures bind; the certificate is that of its number."""
    keys = key(1, reference="01") + key(2, "062040", "0082", native=True)
    certificates = certificate(2, "4332") + certificate(1, "4331")
    first = locate("authentication", AWP, keys, certificates, token())
    second = locate("signing", AWP, keys, certificates, token())
    assert (first.certificate.fid.hex(), first.reference) == ("4331", 0x01)
    assert (second.certificate.fid.hex(), second.reference) == ("4332", 0x82)


@pytest.mark.parametrize(
    ("reference", "number"), [("81", 0x81), ("0081", 0x81), ("11223344", 0x11223344), (None, None)]
)
def test_references(reference: str | None, number: int | None) -> None:
    """A key reference is taken as the bytes it is, short, padded, long or missing."""
    found = locate("authentication", AWP, key(1, reference=reference), certificate(1), token())
    assert found.reference == number


@pytest.mark.parametrize(
    ("algorithms", "named", "expected"),
    [
        ([(1, "0640", "04")], (), "04"),
        ([(1, "0640", "0084")], (), "84"),
        ([(1, "0640", None)], (), None),
        ([(1, "0640", "04"), (2, "0640", "54")], (), None),
        ([(1, "0640", "04"), (2, "0640", "54")], (2,), "54"),
        ([(1, "0610", "30"), (2, "0640", "54")], (), "54"),
        ([(1, "0640", "FF200800")], (), "FF200800"),
        ([], (), None),
    ],
)
def test_algorithms(
    algorithms: list[tuple[int, str, str | None]], named: tuple[int, ...], expected: str | None
) -> None:
    """The reference is that of the one algorithm for signatures that is meant, or not told."""
    found = locate(
        "authentication", AWP, key(1, algorithms=named), certificate(1), token(*algorithms)
    )
    assert found.algorithm == (None if expected is None else bytes.fromhex(expected))


def test_differences_are_told() -> None:
    """Place, kind and reference that are not the profile's each give a sentence."""
    rules = image_of(SEID).profile.keys["signing"]
    found = locate("signing", AWP, key(1, reference="05", tag=0x30), certificate(1), token())
    assert list(differences("signing", rules, Place("3F00/ADF2", b"\x34\x1e"), found)) == [
        "PKCS#15 has certificate 3F00/ADF1/3402 for the signing key, the profile 3F00/ADF2/341E",
        "PKCS#15 has kind RSA for the signing key, the profile EC",
        "PKCS#15 has reference 5 for the signing key, the profile 158",
    ]


BAD = {
    "no keys": (b"", certificate(1), token()),
    "two keys alike": (key(1, "062040") + key(2, "062040"), certificate(1), token()),
    "no certificate": (key(1), b"", token()),
    "another number": (key(1), certificate(2), token()),
    "a key of another kind": (key(1, tag=0xA2), certificate(1), token()),
    "an empty key": (sequence(tag=0xA0), certificate(1), token()),
    "no path": (
        key(1),
        certificate(1).replace(bytes.fromhex("04023402"), b"\x05\x02\x34\x02"),
        b"",
    ),
    "half a path": (key(1), certificate(1, "340203"), token()),
    "an empty path": (key(1), certificate(1, ""), token()),
    "cut short": (key(1)[:-1], certificate(1), token()),
    "cut short, token": (key(1), certificate(1), token()[:-1]),
}


@pytest.mark.parametrize("case", BAD)
def test_directories_that_lead_nowhere(case: str) -> None:
    """Missing and malformed entries break the protocol, by name."""
    with pytest.raises(ProtocolViolation, match="ISO/IEC 7816-15"):
        locate("authentication", AWP, *BAD[case])


def swallow(keys: bytes, certificates: bytes, info: bytes) -> None:
    """Read whatever it is; only the one error may come out."""
    with suppress(ProtocolViolation):
        locate("authentication", AWP, keys, certificates, info)
    with suppress(ProtocolViolation):
        object_directories(keys, AWP)


WHOLE = (key(1, algorithms=(1,), native=True), certificate(1), token((1, "0640", "54")))


@pytest.mark.parametrize("which", range(3))
def test_every_byte_spoilt(which: int) -> None:
    """With any byte changed or the rest cut off, a file is read or refused with one error."""
    for place in range(len(WHOLE[which])):
        for spoilt in (
            WHOLE[which][:place],
            *(
                WHOLE[which][:place]
                + bytes((WHOLE[which][place] ^ bit,))
                + WHOLE[which][place + 1 :]
                for bit in (0x01, 0x20, 0x80, 0xFF)
            ),
        ):
            swallow(*WHOLE[:which], spoilt, *WHOLE[which + 1 :])


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_bytes_inside(data: st.DataObject) -> None:
    """Any bytes put in anywhere are read or refused with one error."""
    which = data.draw(st.integers(0, 2))
    raw = WHOLE[which]
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 8)))
    spoilt = raw[:start] + data.draw(st.binary(max_size=12)) + raw[end:]
    swallow(*WHOLE[:which], spoilt, *WHOLE[which + 1 :])


def test_deep_nesting() -> None:
    """Thousands of objects inside each other are refused, not followed."""
    deep = b""
    for _ in range(5000):
        deep = tlv.encode(0x30, deep)
    with pytest.raises(ProtocolViolation):
        object_directories(deep, AWP)
