"""Cards whose commands are their own: Belgium and Lithuania, and Latvia's RSA keys."""

from __future__ import annotations

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from fixtures.cards import CAN, Talk, image_of, pace_info, powered
from harness import tlv
from harness.profile import Content, Interface
from harness.terminal.pace import PaceTerminal

BELGIAN, LITHUANIAN, LATVIAN_RSA = "bel-eid-1.8", "ltu-masktech-2021", "lva-idemia-2019-rsa"
PIN = "0020000108241234FFFFFFFFFF"
WRONG_PIN = "0020000108249999FFFFFFFFFF"
DIGEST = hashlib.sha384(b"text").digest()
SIGN = f"002A9E9A30{DIGEST.hex()}00"


def belgian() -> Talk:
    """A Belgian card over contact."""
    return powered(BELGIAN, Interface.CONTACT)


def check(name: str, content: Content, answer: str, digest: bytes) -> None:
    """Hold a signature against the card's certificate."""
    raw = bytes.fromhex(answer[:-4])
    key = x509.load_der_x509_certificate(image_of(name).contents[content]).public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(raw, digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        return
    assert isinstance(key, ec.EllipticCurvePublicKey)
    r, s = (int.from_bytes(part) for part in (raw[:48], raw[48:]))
    key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(hashes.SHA384())))


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("80E400001C", f"{'00' * 21}18{'00' * 6}9000"),
        ("80E400011F", f"{'00' * 21}18{'00' * 8}039000"),
        ("80E4020000", "6A86"),
        ("80E60000", "9000"),
        ("80E60001", "6A86"),
        ("80CA9F7F00", "6D00"),
        ("00200001", "63C3"),
        (WRONG_PIN, "63C2"),
        (PIN, "9000"),
        ("0020000104123456FF", "6700"),
        ("002241B605048002 8482", "9000"),
        ("002241B606800102840182", "6A80"),
        ("002241B6050480028499", "6A88"),
    ],
)
def test_belgian_commands(command: str, answer: str) -> None:
    """Each command of the reference manual has its answer."""
    assert belgian()(command.replace(" ", "")) == answer


def test_belgian_signatures() -> None:
    """One PIN serves every login, but only one signature that binds the holder."""
    card = belgian()
    card.all(PIN, "002241B6050480028482")
    for _ in range(2):
        check(BELGIAN, Content.AUTHENTICATION_CERTIFICATE, card(SIGN), DIGEST)
    card.all("002241B6050480028483")
    check(BELGIAN, Content.SIGNING_CERTIFICATE, card(SIGN), DIGEST)
    assert card(SIGN) == "6982"


def test_belgian_log_off() -> None:
    """LOGOFF ends what the PIN had opened."""
    card = belgian()
    card.all(PIN, "80E60000", "002241B6050480028482")
    assert card(SIGN) == "6982"
    assert card("00200001") == "63C3"


def test_the_belgian_identity_file() -> None:
    """Its records stand in the order of their numbers; READ asks 6Cxx for the exact length."""
    card = belgian()
    card.all("00A4080C063F00DF014031")
    raw = bytes.fromhex(card("00B0000000")[:-4])
    assert raw[:11] == b"\x01\x09AS0000001"
    assert b"\x07\x07" + "JÕEORG".encode() in raw


def test_lithuania_wants_pace_over_contact_too() -> None:
    """Nothing but EF.CardAccess is there in the plain."""
    card = powered(LITHUANIAN, Interface.CONTACT)
    card.all("00A4080C04DF010001")
    assert card("00B0000000") == "6982"
    card.all("00A4000C023F00", "00A4020C02011C")
    assert card("00B0000000").endswith("9000")


def test_lithuanian_counters() -> None:
    """The FCPs of ACE3 and ACE4 tell how many tries PIN and PUK have left and at most."""
    card = powered(LITHUANIAN, Interface.CONTACT)
    card = Talk(card.card, PaceTerminal(pace_info(LITHUANIAN)).establish(card.channel, CAN))
    card.memory.set_tries("PIN1", 2)
    for file, tries in (("ACE3", b"\x02\x03"), ("ACE4", b"\x03\x03")):
        found = tlv.parse_one(bytes.fromhex(card(f"00A4000402{file}00")[:-4]))
        for tag in (0xA5, 0xA2, 0xA3):
            found = next(each for each in found.children() if each.tag == tag)
        assert tlv.find(found.children(), 0x82) == tries


def test_rsa_signatures() -> None:
    """To log in, the host brings the whole DigestInfo; to sign, the bare SHA-256."""
    card = powered(LATVIAN_RSA, Interface.CONTACT)
    digest = hashlib.sha256(b"text").digest()
    info = "3031300D060960864801650304020105000420" + digest.hex()
    card.all("00A4040C0DE828BD080FF2504F5420415750")
    card.all("002000010C31323334FFFFFFFFFFFFFFFF", "002241A406800102840181")
    check(LATVIAN_RSA, Content.AUTHENTICATION_CERTIFICATE, card(f"0088000033{info}00"), digest)
    card.all("00A4040C1051534344204170706C69636174696F6E")
    card.all("002000850C3132333435FFFFFFFFFFFFFF", "002241B60680014284019F")
    assert card(f"002A9E9A33{info}00") == "6700"
    check(LATVIAN_RSA, Content.SIGNING_CERTIFICATE, card(f"002A9E9A20{digest.hex()}00"), digest)


def test_the_latvian_pkcs15_directory() -> None:
    """EF.OD leads to the certificates' directory, and that to the certificate (7816-15, 8)."""
    files = image_of("lva-idemia-2019-seid").files
    objects = {
        each.tag: each.value.hex() for each in tlv.parse_all(files["authentication-objects"])
    }
    assert objects == {0xA8: "300404027001", 0xA0: "300404027002", 0xA4: "300404027005"}
    assert "a1083006300404023402" in files["authentication-certificates"].hex()


def test_the_latvian_card_access() -> None:
    """It is, byte for byte, what was recorded from a card."""
    raw = image_of("lva-idemia-2019").files["card-access"]
    assert (len(raw), raw[:2].hex()) == (68, "3142")
