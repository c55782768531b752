"""The files of the LDS, held against the examples of ICAO 9303-10, appendix A."""

from __future__ import annotations

import struct
from datetime import date

import pytest

from fixtures.emrtd_vectors import TD3_UTO
from harness import tlv
from harness.emulator import data_groups
from harness.profile import Content, Lds, Signer

SIGNER = Signer(kind="secp256r1", scheme="ecdsa", hash="sha256")
LDS = Lds(document="TD3", digest="sha256", signer=SIGNER, source="test")


def test_com() -> None:
    """EF.COM is the one of ICAO 9303-11, appendix D.4, and counts the groups in their order."""
    older = LDS.model_copy(update={"version": "0106"})
    made = data_groups.com(older, [Content.DG2, Content.DG1])
    assert made.hex().upper() == "60145F0104303130365F36063034303030305C026175"
    every = tlv.parse_one(data_groups.com(LDS, data_groups.GROUPS)).children()
    assert tlv.find(every, 0x5C) == bytes.fromhex("6175637665666768696A6B6C6D6E6F70")
    assert tlv.find(every, 0x5F01) == b"0107"


def test_dg1() -> None:
    """DG1 of a passport begins 61 5B 5F1F 58, then come its two lines (A.1)."""
    made = data_groups.dg1("".join(TD3_UTO))
    assert made == bytes.fromhex("615B5F1F58") + "".join(TD3_UTO).encode()


def test_dg11() -> None:
    """The example of A.5, its lengths put right."""
    made = data_groups.listed(
        0x6B,
        {
            0x5F0E: b"SMITH<<JOHN<J",
            0x5F11: b"ANYTOWN<MN",
            0x5F42: b"123 MAPLE RD<ANYTOWN<MN",
            0x5F12: b"16125551212",
            0x5F13: b"TRAVEL<AGENT",
        },
    )
    assert made.hex().upper() == (
        "6B605C0A5F0E5F115F425F125F135F0E0D534D4954483C3C4A4F484E3C4A5F110A414E59544F574E3C4D4E"
        "5F4217313233204D41504C452052443C414E59544F574E3C4D4E5F120B31363132353535313231325F130C"
        "54524156454C3C4147454E54"
    )


def test_dg16() -> None:
    """The example of A.6: two people to notify."""
    made = data_groups.dg16(
        [
            {
                0x5F50: b"20020101",
                0x5F51: b"SMITH<<CHARLES<R",
                0x5F52: b"19525551212",
                0x5F53: b"123 MAPLE RD<ANYTOWN<MN<55100",
            },
            {
                0x5F50: b"20020315",
                0x5F51: b"BROWN<<MARY<J",
                0x5F52: b"14155551212",
                0x5F53: b"49 REDWOOD LN<OCEAN BREEZE<CA<94000",
            },
        ]
    )
    assert made.hex().upper() == (
        "7081A2020102A14C5F500832303032303130315F5110534D4954483C3C434841524C45533C525F520B3139"
        "3532353535313231325F531D313233204D41504C452052443C414E59544F574E3C4D4E3C3535313030A24F"
        "5F500832303032303331355F510D42524F574E3C3C4D4152593C4A5F520B31343135353535313231325F53"
        "23343920524544574F4F44204C4E3C4F4345414E20425245455A453C43413C3934303030"
    )


@pytest.mark.parametrize(("form", "image_type"), [("jpeg", 0), ("jpeg2000", 1)])
@pytest.mark.parametrize(("sex", "code"), [("M", 1), ("F", 2)])
def test_dg2(form: str, image_type: int, sex: str, code: int) -> None:
    """The biometric template tells a face of ISO/IEC 19794-5, and the record all its lengths."""
    lds = LDS.model_copy(update={"face_format": form})
    image = b"the image" * 50
    made = data_groups.dg2(image, (413, 531), lds, sex, date(2025, 1, 2))
    (group,) = tlv.parse_one(made).children()
    count, template = group.children()
    assert (group.tag, count.encode().hex(), template.tag) == (0x7F61, "020101", 0x7F60)
    header, block = template.children()
    assert header.encode().hex() == ("a11b800201018101028201008307202501020000008702010188020008")
    record = block.value
    assert (block.tag, record[:8]) == (0x5F2E, b"FAC\x00010\x00")
    assert struct.unpack(">IH", record[8:14]) == (len(record), 1)
    size, points, gender = struct.unpack(">IHB", record[14:21])
    assert (size, points, gender) == (len(record) - 14, 0, code)
    assert struct.unpack(">BBHHBBHH", record[34:46]) == (1, image_type, 413, 531, 1, 0, 0, 0)
    assert record[46:] == image


def test_dg3_dg4_and_dg7() -> None:
    """Neither finger nor iris is invented; a signature is one image."""
    assert data_groups.no_biometrics(0x63).hex().upper() == "63067F6103020100"
    assert data_groups.dg7(b"image").hex().upper() == "670B0201015F4305696D616765"


def test_the_set_of_infos_is_der() -> None:
    """The infos of DG14 stand in the order of DER, in whatever order they come."""
    infos = [b"\x30\x02\x05\x00", b"\x30\x00", b"\x02\x01\x01"]
    assert data_groups.dg14(infos).hex() == "6e0b3109020101300030020500"
    assert data_groups.dg14(infos) == data_groups.dg14(reversed(infos))


def test_active_authentication_info() -> None:
    """ecdsa-plain-SHA256 under id-AA, version 1 (ICAO 9303-11, 9.2.8)."""
    made = data_groups.active_authentication_info("sha256").hex().upper()
    assert made == "30170606678108010105020101060A04007F00070101040103"
