"""READ BINARY on the emulated cards."""

from __future__ import annotations

import pytest

from fixtures.cards import IDEMIA, PROFILES, THALES, image_of, opened, powered, profile_of
from harness.profile import Content, Interface

DER = Content.AUTHENTICATION_CERTIFICATE
CERTIFICATE = {IDEMIA: "00A4080C04ADF13401", THALES: "00A4080C04ADF13411"}


@pytest.mark.parametrize("name", PROFILES)
def test_one_read_gives_the_most_the_card_gives(name: str) -> None:
    """Ne 256 brings as many bytes as this generation delivers at once, a smaller Ne just those."""
    card, der = opened(name), image_of(name).contents[DER]
    most = {IDEMIA: 231, THALES: 223}[name]
    card.all(CERTIFICATE[name])
    assert profile_of(name).transmission.max_read == most
    assert card("00B0000000") == der[:most].hex().upper() + "9000"
    assert card("00B0000010") == der[:16].hex().upper() + "9000"
    assert card("00B00123E0") == der[0x123 : 0x123 + min(most, 0xE0)].hex().upper() + "9000"


@pytest.mark.parametrize("name", PROFILES)
def test_the_end_of_a_file(name: str) -> None:
    """The last bytes come short with 9000; at the end and behind it the answer is 6B00."""
    card, der = opened(name), image_of(name).contents[DER]
    card.all(CERTIFICATE[name])
    assert card(f"00B0{len(der) - 4:04X}00") == der[-4:].hex().upper() + "9000"
    for offset in (len(der), len(der) + 1, 0x7FFF):
        assert card(f"00B0{offset:04X}00") == "6B00"


@pytest.mark.parametrize("name", PROFILES)
def test_offsets_of_the_recorded_reads(name: str) -> None:
    """Read piece by piece from offset zero to 6B00, the certificate is whole."""
    card, read = opened(name), b""
    card.all(CERTIFICATE[name])
    while (answer := card(f"00B0{len(read):04X}00")) != "6B00":
        assert answer[-4:] == "9000"
        read += bytes.fromhex(answer[:-4])
    assert read == image_of(name).contents[DER]


@pytest.mark.parametrize("name", PROFILES)
def test_short_file_identifier(name: str) -> None:
    """EF.CardAccess is read by its short identifier, which also makes it the current file."""
    card, content = powered(name), image_of(name).contents[Content.CARD_ACCESS]
    assert card("00B09C0000") == content.hex().upper() + "9000"
    assert card("00B0000404") == content[4:8].hex().upper() + "9000"
    assert card("00B09C0204") == content[2:6].hex().upper() + "9000"
    assert card("00B09D0000") == "6A82"


def test_card_access_of_the_recorded_card() -> None:
    """IDEMIA's EF.CardAccess is that of the recorded card: 64 bytes, then 6B00."""
    card = powered(IDEMIA)
    card.all("00A4020C02011C")
    start = "31143012060A04007F0007020204020402010202010C"
    assert card("00B0000000") == start + "00" * 42 + "9000"
    assert card("00B0004000") == "6B00"


@pytest.mark.parametrize("name", PROFILES)
def test_nothing_personal_before_pace(name: str) -> None:
    """Without contact only EF.CardAccess is readable before PACE; the rest is answered 6982."""
    card = powered(name)
    card.all("00A4020C02011C")
    assert card("00B0000000")[-4:] == "9000"
    for file in profile_of(name).files.values():
        if file.content is not Content.CARD_ACCESS:
            path = profile_of(name).directories[file.directory].path[5:] + file.fid.hex()
            path = path.replace("/", "")
            card.all(f"00A4080C{len(path) // 2:02X}{path}")
            assert card("00B0000000") == "6982"


@pytest.mark.parametrize("name", PROFILES)
def test_contact_needs_no_pace(name: str) -> None:
    """Over contact the certificate is read in the clear."""
    card = powered(name, Interface.CONTACT)
    card.all(CERTIFICATE[name])
    assert card("00B0000010") == image_of(name).contents[DER][:16].hex().upper() + "9000"


def test_reading_without_length() -> None:
    """READ BINARY without Le is answered 6700, and without a file 6986."""
    card = opened(IDEMIA)
    assert card("00B0000000") == "6986"
    card.all("00A4020C02011C")
    assert card("00B00000") == "6700"


@pytest.mark.parametrize(
    ("name", "records"),
    [
        (
            IDEMIA,
            [
                "JÕEORG",
                "JAAK-KRISTJAN",
                "M",
                "EST",
                "08 01 1980 EST",
                "38001085718",
                "AS0000001",
                "01 01 2035",
            ],
        ),
        (
            THALES,
            [
                "JÕEORG",
                "JAAK-KRISTJAN",
                "M",
                "EST",
                "08 01 1980",
                "38001085718",
                "AS0000001",
                "01 01 2035",
            ],
        ),
    ],
)
def test_personal_data(name: str, records: list[str]) -> None:
    """Files 5001 to 5008 hold the person as the generation writes it, in UTF-8 without fill."""
    card = opened(name)
    card.all({IDEMIA: "00A4010C025000", THALES: "00A4080C02DFDD"}[name])
    for number, record in enumerate(records, start=1):
        card.all(f"00A4020C02500{number}")
        assert card("00B0000000") == record.encode().hex().upper() + "9000"


def test_document_number_object() -> None:
    """EF D003 of the IDEMIA card wraps the document number as 04 LL."""
    card = opened(IDEMIA)
    card.all("00A4020C02D003")
    assert card("00B0000000") == "0409" + b"AS0000001".hex().upper() + "9000"


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize(
    ("command", "sw"),
    [
        ("00CA000000", "6D00"),
        ("00B1000000", "6D00"),
        ("00440000", "6D00"),
        ("80B0000000", "6E00"),
        ("01B0000000", "6E00"),
        ("0084000000", "9000"),
        ("0084000008", "9000"),
        ("00840000", "6700"),
        ("00", "6700"),
        ("00B000", "6700"),
        ("00B00000000100", "6700"),
        ("00A4000C03AA", "6700"),
    ],
)
def test_other_commands(name: str, command: str, sw: str) -> None:
    """Unknown instructions, classes, lengths and extended length are refused as they should be."""
    answer = powered(name).card.transmit(bytes.fromhex(command))
    assert answer[-2:].hex().upper() == sw
    assert len(answer) == 2 or len(answer) == 2 + (int(command[-2:], 16) or 256)
