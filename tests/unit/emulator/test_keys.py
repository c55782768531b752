"""Signatures and key agreement of the emulated cards."""

from __future__ import annotations

import hashlib

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fixtures.cards import IDEMIA, THALES, Talk, image_of, opened
from harness.profile import Content

AWP = "00A4040C0DE828BD080FF2504F5420415750"
QSCD = "00A4040C1051534344204170706C69636174696F6E"
PIN1 = {IDEMIA: "002000010C31323334FFFFFFFFFFFFFFFF", THALES: "002000810C313233340000000000000000"}
PIN2 = {IDEMIA: "002000850C3132333435FFFFFFFFFFFFFF", THALES: "002000820C313233343500000000000000"}
HASH = hashlib.sha384(b"to be signed").digest()
HEX = HASH.hex().upper()


def public_key(name: str, content: Content) -> ec.EllipticCurvePublicKey:
    """The key in one of the card's certificates."""
    certificate = x509.load_der_x509_certificate(image_of(name).contents[content])
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def verify(name: str, content: Content, answer: str, digest: bytes = HASH) -> None:
    """Check that an answer is r || s over a digest by the key of a certificate."""
    assert len(answer) == 2 * 96 + 4
    assert answer.endswith("9000")
    raw = bytes.fromhex(answer[:-4])
    r, s = (int.from_bytes(half, "big") for half in (raw[:48], raw[48:]))
    sizes = {32: hashes.SHA256(), 48: hashes.SHA384(), 64: hashes.SHA512()}
    scheme = ec.ECDSA(Prehashed(sizes[len(digest)]))
    public_key(name, content).verify(encode_dss_signature(r, s), digest, scheme)


AUTH, SIGN = Content.AUTHENTICATION_CERTIFICATE, Content.SIGNING_CERTIFICATE


@pytest.mark.parametrize("environment", ["098004FF200800840181", "06800104840181"])
@pytest.mark.parametrize("pin_first", [True, False])
def test_login_of_idemia(environment: str, *, pin_first: bool) -> None:
    """INTERNAL AUTHENTICATE signs for the authentication certificate, PIN1 before or after MSE."""
    card = opened(IDEMIA)
    steps = [PIN1[IDEMIA], f"002241A4{environment}"]
    card.all(AWP, *(steps if pin_first else reversed(steps)))
    verify(IDEMIA, AUTH, card(f"0088000030{HEX}00"))
    verify(IDEMIA, AUTH, card(f"0088000030{HEX}00"))


@pytest.mark.parametrize("environment", ["098004FF15080084019F", "0680015484019F"])
def test_signature_of_idemia(environment: str) -> None:
    """PSO: COMPUTE DIGITAL SIGNATURE signs once for one VERIFY of PIN2."""
    card = opened(IDEMIA)
    card.all(QSCD, PIN2[IDEMIA], f"002241B6{environment}")
    verify(IDEMIA, SIGN, card(f"002A9E9A30{HEX}00"))
    assert card(f"002A9E9A30{HEX}00") == "6982"
    card.all(PIN2[IDEMIA])
    verify(IDEMIA, SIGN, card(f"002A9E9A30{HEX}00"))


def test_a_short_hash_of_idemia() -> None:
    """A SHA-256 hash is signed as if zeros stood in front of it; longer than 48 is refused."""
    card, digest = opened(IDEMIA), hashlib.sha256(b"short").digest()
    card.all(AWP, PIN1[IDEMIA], "002241A4098004FF200800840181")
    padded = digest.rjust(48, b"\0")
    verify(IDEMIA, AUTH, card(f"0088000020{digest.hex()}00"), padded)
    with pytest.raises(InvalidSignature):
        verify(IDEMIA, AUTH, card(f"0088000030{HEX}00"), padded)
    assert card(f"0088000031{HEX}0000") == "6700"
    assert card("0088000000") == "6700"


@pytest.mark.parametrize(
    ("algorithm", "hash_name"), [("44", "sha256"), ("54", "sha384"), ("64", "sha512")]
)
@pytest.mark.parametrize(("key", "pin", "content"), [("01", PIN1, AUTH), ("05", PIN2, SIGN)])
def test_signatures_of_thales(
    algorithm: str, hash_name: str, key: str, pin: dict[str, str], content: Content
) -> None:
    """PSO: HASH and PSO: CDS sign with either key and each hash the algorithm names."""
    card, digest = opened(THALES), hashlib.new(hash_name, b"to be signed").digest()
    size = len(digest)
    card.all(pin[THALES], f"002241B6068001{algorithm}8401{key}")
    card.all(f"002A90A0{size + 2:02X}90{size:02X}{digest.hex()}")
    if size == 32:  # ECDSA takes the hash as the integer it is, which zeros in front leave as is
        verify(THALES, content, card("002A9E9A00"), digest.rjust(48, b"\0"))
    else:
        verify(THALES, content, card("002A9E9A00"), digest)
    assert card("002A9E9A00") == "6985"


def test_pin2_of_thales_serves_one_signature() -> None:
    """After one signature PIN2 must be verified again; PIN1 need not."""
    for pin, key, then in ((PIN1, "01", "9000"), (PIN2, "05", "6982")):
        card = opened(THALES)
        card.all(pin[THALES], f"002241B6068001548401{key}")
        card.all(f"002A90A0329030{HEX}")
        assert card("002A9E9A00")[-4:] == "9000"
        card.all(f"002A90A0329030{HEX}")
        assert card("002A9E9A00")[-4:] == then


@pytest.mark.parametrize(
    ("name", "select", "environment"),
    [
        (IDEMIA, [AWP], "002241B8098004FF300400840181"),
        (IDEMIA, [AWP], "002241B80680010B840181"),
        (THALES, [], "002241B803840101"),
    ],
)
def test_decipher(name: str, select: list[str], environment: str) -> None:
    """PSO: DECIPHER gives the x-coordinate that the other side of the agreement computes."""
    card, ours = opened(name), ec.generate_private_key(ec.SECP384R1())
    point = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    command = f"002A80866200{point.hex().upper()}00"
    card.all(*select, environment)
    assert card(command) == "6982"
    card.all(PIN1[name])
    shared = ours.exchange(ec.ECDH(), public_key(name, AUTH))
    assert card(command) == shared.hex().upper() + "9000"
    assert card(f"002A80866201{point.hex()}00") == "6A80"
    assert card(f"002A80866200{point[:-1].hex()}{point[-1] ^ 1:02X}00") == "6A80"
    assert card("002A80860200FF00") == "6A80"
    assert card("002A808600") == "6A80"


@pytest.mark.parametrize(
    ("name", "before", "environment", "sw"),
    [
        (IDEMIA, [AWP], "002241A40C8004FF200800840181850100", "6A80"),
        (IDEMIA, [AWP], "002241A4068004FF200800", "6A80"),
        (IDEMIA, [AWP], "002241A4028004", "6A80"),
        (IDEMIA, [AWP], "002241A40984019F8004FF200800", "6A88"),
        (IDEMIA, [AWP], "002241A4098004FF150800840181", "6A88"),
        (IDEMIA, [QSCD], "002241A4098004FF200800840181", "6A88"),
        (IDEMIA, [AWP], "002241B6098004FF15080084019F", "6A88"),
        (IDEMIA, [AWP], "002241AA098004FF200800840181", "6A86"),
        (IDEMIA, [AWP], "002281A4098004FF200800840181", "6A86"),
        (THALES, [], "002241A406800154840101", "6A86"),
        (THALES, [], "002241B606800155840101", "6A88"),
        (THALES, [], "002241B606800154840103", "6A88"),
        (THALES, [], "002241B803840105", "6A88"),
        (THALES, [], "002241B800", "6A80"),
    ],
)
def test_environments_that_are_refused(
    name: str, before: list[str], environment: str, sw: str
) -> None:
    """MSE:SET with a wrong form, key, algorithm, place or template is refused as it should be."""
    card = opened(name)
    card.all(*before)
    assert card(environment) == sw


@pytest.mark.parametrize("name", [IDEMIA, THALES])
def test_no_environment_no_signature(name: str) -> None:
    """Without MSE:SET, or after a refused one, nothing is signed."""
    card = opened(name)
    card.all(*([AWP] if name == IDEMIA else []), PIN1[name])
    use = f"0088000030{HEX}00" if name == IDEMIA else "002A9E9A00"
    assert card(use) == "6985"
    template = "A4098004FF200800840181" if name == IDEMIA else "B606800154840101"
    card.all(f"002241{template}")
    assert card(f"002241{template[:-2]}FF") == "6A88"
    assert card(use) == "6985"


def test_leaving_the_directory_ends_the_environment() -> None:
    """Another application knows nothing of the environment set before."""
    card = opened(IDEMIA)
    card.all(AWP, PIN1[IDEMIA], "002241A4098004FF200800840181", QSCD, AWP)
    assert card(f"0088000030{HEX}00") == "6985"


@pytest.mark.parametrize(
    ("steps", "sw"),
    [
        (["002A90A0329030" + HEX], "6985"),
        (["002241B803840101", "002A90A0329030" + HEX], "6985"),
        (["002241B606800154840101", "002A90A0229020" + HEX[:64]], "6A80"),
        (["002241B606800154840101", "002A90A0329130" + HEX], "6A80"),
        (["002241B606800154840101", "002A90A0039030AA"], "6A80"),
        (["002241B606800154840101", "002A9E9A30" + HEX + "00"], "6700"),
        (["002A8E8000"], "6A86"),
    ],
)
def test_hashes_that_thales_refuses(steps: list[str], sw: str) -> None:
    """A hash without environment, of another length or form is refused."""
    card = opened(THALES)
    card.all(PIN1[THALES], *steps[:-1])
    assert card(steps[-1]) == sw


def test_operations_that_idemia_refuses() -> None:
    """Thales's PSO: HASH and other operations are answered 6A86, a wrong P1 likewise."""
    card: Talk = opened(IDEMIA)
    card.all(AWP, PIN1[IDEMIA])
    assert card(f"002A90A0329030{HEX}") == "6A86"
    assert card(f"0088010030{HEX}00") == "6A86"
