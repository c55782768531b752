"""Active authentication in the chip role: the worked example, every kind of key, refusals."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from fixtures.cards import image_of
from fixtures.emrtd_vectors import IcaoF
from fixtures.passports import (
    BAC_PASSPORT,
    ID_CARD,
    PASSPORT,
    READ,
    SELECT_DG1,
    by_bac,
    by_pace,
    card_of,
    drawn,
    image_with,
)
from harness import tlv
from harness.apdu import CommandApdu
from harness.crypto.domain import RandBelow
from harness.emulator.active_authentication import ActiveAuthenticationChip
from harness.emulator.personalise import CardImage
from harness.profile import ActiveAuthentication, Content

CHALLENGE = IcaoF.CHALLENGE
COMMAND = f"0088000008{CHALLENGE.hex()}00"


def signed_by(image: CardImage, randbelow: RandBelow) -> bytes:
    """The answer to the challenge of appendix F."""
    assert image.travel is not None
    key, rules = image.travel.active_key, image.profile.active_authentication
    assert key is not None
    assert rules is not None
    chip = ActiveAuthenticationChip(rules, key, randbelow)
    return chip.authenticate(CommandApdu.decode(bytes.fromhex(COMMAND)))


def public_key(image: CardImage) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey:
    """The key in DG15, as OpenSSL reads it."""
    key = load_der_public_key(tlv.parse_one(image.contents[Content.DG15]).value)
    assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
    return key


def test_the_worked_example() -> None:
    """The signature opens to the representative of appendix F (1024 bits, SHA-1)."""
    image = image_of(BAC_PASSPORT)
    signature = signed_by(image, drawn(IcaoF.OWN))
    key = public_key(image)
    assert isinstance(key, rsa.RSAPublicKey)
    numbers = key.public_numbers()
    opened = pow(int.from_bytes(signature), numbers.e, numbers.n)
    assert (len(signature), opened.to_bytes(128)) == (128, IcaoF.REPRESENTATIVE)


TRAILERS = {"sha1": "BC", "sha224": "38CC", "sha256": "34CC", "sha384": "36CC", "sha512": "35CC"}


@pytest.mark.parametrize("hash_name", TRAILERS)
def test_rsa_with_every_hash(hash_name: str) -> None:
    """The representative is 6A, the chip's part, a hash over it and the challenge, the trailer."""
    rules = ActiveAuthentication(kind="rsa-1280", hash=hash_name, source="test")
    image = image_with(BAC_PASSPORT, active_authentication=rules)
    key = public_key(image)
    assert isinstance(key, rsa.RSAPublicKey)
    numbers = key.public_numbers()
    signature = signed_by(image, lambda bound: bound // 3)
    whole = pow(int.from_bytes(signature), numbers.e, numbers.n).to_bytes(160)
    trailer = bytes.fromhex(TRAILERS[hash_name])
    digest = hashes.Hash(getattr(hashes, hash_name.upper())())
    own = whole[1 : -digest.algorithm.digest_size - len(trailer)]
    digest.update(own + CHALLENGE)
    assert whole == b"\x6a" + own + digest.finalize() + trailer


@pytest.mark.parametrize(
    ("kind", "hash_name", "size"),
    [
        ("secp224r1", "sha224", 28),
        ("secp256r1", "sha256", 32),
        ("secp384r1", "sha384", 48),
        ("secp521r1", "sha512", 66),
        ("brainpoolP256r1", "sha1", 32),
        ("brainpoolP384r1", "sha384", 48),
        ("brainpoolP512r1", "sha512", 64),
    ],
)
def test_ecdsa(kind: str, hash_name: str, size: int) -> None:
    """The answer is r and s in plain, which OpenSSL verifies, and DG14 names the hash."""
    rules = ActiveAuthentication(kind=kind, hash=hash_name, source="test")
    image = image_with(PASSPORT, active_authentication=rules)
    signature = signed_by(image, drawn())
    assert len(signature) == 2 * size
    r, s = (int.from_bytes(half) for half in (signature[:size], signature[size:]))
    key = public_key(image)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    algorithm = ec.ECDSA(getattr(hashes, hash_name.upper())())
    key.verify(encode_dss_signature(r, s), CHALLENGE, algorithm)
    arc = list(TRAILERS).index(hash_name) + 1
    assert bytes.fromhex(f"060A04007F000701010401{arc:02X}") in image.contents[Content.DG14]
    assert signed_by(image, drawn()) == signature


@pytest.mark.parametrize("open_card", [by_bac, by_pace])
def test_through_the_card(open_card: object) -> None:
    """Inside a channel, however it was opened, the card signs."""
    assert callable(open_card)
    card = open_card()
    answer = bytes.fromhex(card(COMMAND))
    assert (len(answer), answer[-2:]) == (66, b"\x90\x00")


def test_rsa_longer_than_one_answer() -> None:
    """A protected signature of 2048 bits leaves in two parts."""
    rules = ActiveAuthentication(kind="rsa-2048", hash="sha256", source="test")
    card = by_bac(image_with(BAC_PASSPORT, active_authentication=rules))
    assert len(bytes.fromhex(card(COMMAND))) == 258


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("0088010008" + "00" * 8 + "00", "6A86"),
        ("0088000108" + "00" * 8 + "00", "6A86"),
        ("0088000007" + "00" * 7 + "00", "6700"),
        ("0088000009" + "00" * 9 + "00", "6700"),
        ("0088000008" + "00" * 8, "6700"),
        ("0088000000", "6700"),
    ],
)
def test_malformed_commands(command: str, answer: str) -> None:
    """Each has its status word, and the channel lives on."""
    card = by_bac()
    assert card(command) == answer
    card.all(SELECT_DG1, READ)


def test_not_before_the_channel() -> None:
    """In the clear a card does not sign, lest it be followed around."""
    assert card_of()(COMMAND) == "6982"


def test_a_card_without_the_key() -> None:
    """A card without active authentication does not know the command."""
    assert by_pace(ID_CARD)(COMMAND) == "6D00"
