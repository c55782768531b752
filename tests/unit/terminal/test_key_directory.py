"""Keys and certificates found where the card says they are."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import load_der_x509_certificate

from fixtures.cards import image_of, profile_of
from harness.clock import VirtualClock
from harness.emulator.card import EmulatedCard
from harness.emulator.memory import CardMemory
from harness.emulator.person import Person
from harness.emulator.personalise import personalise
from harness.errors import ApduError, ProtocolViolation
from harness.profile import Profile
from harness.station import Codes, Station
from harness.tap import Reading, Tap, TapOptions
from harness.terminal.pin_guard import PinGuard

SEID, RSA, TEID = "lva-idemia-2019-seid", "lva-idemia-2019-rsa", "lva-idemia-2019"


def changed(name: str, *path: str, **facts: object) -> Profile:
    """A profile with other facts in one table."""
    raw = profile_of(name).model_dump(by_alias=True, mode="json")
    table = raw
    for each in path:
        table = table[each]
    table.update(facts)
    return Profile.model_validate(raw)


def tap(card: Profile, known: Profile, plan: str = "eidrig") -> Reading:
    """Read an emulated card by a profile that need not be its own."""
    image = image_of(card.name) if card is profile_of(card.name) else personalise(card, Person())
    icc = EmulatedCard(image, memory=CardMemory(image), clock=VirtualClock())
    codes = Codes(Person().can, Person().pin1, Person().pin2)
    options = TapOptions(sign=True, plan=plan)
    return Tap(Station(icc, profile=known), codes, PinGuard(0), options).run()


@pytest.mark.parametrize("card", [SEID, RSA, TEID])
def test_one_profile_reads_every_layout(card: str) -> None:
    """Where the profile asks the card, it reads cards with other places, references and keys."""
    reading = tap(profile_of(card), profile_of(SEID))
    assert (reading.outcome, reading.error) == ("ok", None)
    assert reading.signatures == {"authentication": True, "signing": True}
    key = load_der_x509_certificate(reading.certificates["signing"].der).public_key()
    assert isinstance(key, rsa.RSAPublicKey) == (card == RSA)


def test_a_profile_that_does_not_ask_reads_the_placeholder() -> None:
    """With fixed places the SeID card's placeholder of one byte is found out."""
    fixed = changed(TEID)
    reading = tap(profile_of(SEID), fixed)
    assert isinstance(reading.error, ProtocolViolation)


def test_a_certificate_where_no_path_goes() -> None:
    """A directory that leads to a DF which the profile does not have is told."""
    image = image_of(SEID)
    lost = image.files["authentication-certificates"].replace(
        bytes.fromhex("04023402"), bytes.fromhex("0406 3F00AAAA3402".replace(" ", ""))
    )
    assert lost != image.files["authentication-certificates"]
    grown = bytearray(lost)
    for at in (1, grown.index(0xA1) + 1, grown.index(0xA1) + 3, grown.index(0xA1) + 5):
        grown[at] += 4
    card = changed(SEID, "files", "authentication-certificates", value=bytes(grown).hex())
    reading = tap(card, profile_of(SEID))
    assert "leads to 3F00/AAAA/3402, where no path of the profile goes" in str(reading.error)


@pytest.mark.parametrize("kind", ["keys", "certificates", "objects"])
def test_directory_files_of_nonsense(kind: str) -> None:
    """A directory file that is not one ends the read with a typed error."""
    card = changed(SEID, "files", f"authentication-{kind}", value="3005FF")
    reading = tap(card, profile_of(SEID))
    assert isinstance(reading.error, ProtocolViolation)


def test_a_missing_directory_file() -> None:
    """An EF.OD that leads to a file which is not there ends with the card's own answer."""
    card = changed(
        SEID, "files", "authentication-objects", value="A006300404027099A406300404027005"
    )
    reading = tap(card, profile_of(SEID))
    assert isinstance(reading.error, ApduError)
    assert reading.error.sw == 0x6A82
    card = changed(SEID, "files", "authentication-objects", value="A406300404027005")
    assert "EF.OD does not list a file of kind A0" in str(tap(card, profile_of(SEID)).error)


def test_the_schema_wants_the_files() -> None:
    """A profile that asks the card must have the files in which the card answers."""
    with pytest.raises(ValueError, match="no file in awp has the content pkcs15-objects"):
        changed("est-idemia-2018", "keys", "authentication", found_by="pkcs15")
