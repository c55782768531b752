"""What a card tells of itself, and which profile that fits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.cards import CAN, AnsweringCard
from harness.clock import VirtualClock
from harness.emulator.card import EmulatedCard
from harness.emulator.person import Person
from harness.emulator.personalise import personalise
from harness.errors import ProtocolViolation, UsageError, WrongPinError
from harness.icc import Icc
from harness.inspection import inspect
from harness.profile import Content
from harness.profiles import builtin, builtin_names
from harness.secret import Can
from harness.security_info import PaceInfo
from harness.session import Session
from harness.station import Station

PROFILES = [builtin(name) for name in builtin_names()]
_SEID_ATR = builtin("lva-idemia-2019-seid").recognise[0].atr
PASSPORT = personalise(builtin("icao-passport"), Person())
OTHER = personalise(builtin("icao-passport"), Person(), seed=1)
UNKNOWN_ATR = bytes.fromhex("3B8080010101")


class Renamed:
    """An `Icc` around a card that shows another ATR."""

    def __init__(self, name: str, atr: bytes = UNKNOWN_ATR) -> None:
        self._card = EmulatedCard(personalise(builtin(name), Person()), None, None, VirtualClock())
        self._atr = atr

    def connect(self) -> bytes:
        """Power up, under the other name."""
        self._card.connect()
        return self._atr

    def transmit(self, command: bytes) -> bytes:
        """Answer as the card does."""
        return self._card.transmit(command)

    def disconnect(self) -> None:
        """Take the power away."""
        self._card.disconnect()


def test_a_card_of_an_unknown_atr_is_known_by_what_it_offers() -> None:
    """The profiles with the very same EF.CardAccess fit, and none by ATR."""
    found = inspect(Station(Renamed("est-idemia-2018")), PROFILES)
    fits = {fit.profile.name: fit.reasons for fit in found.fits}
    assert fits["est-idemia-2018"] == ("EF.CardAccess",)
    assert "est-thales-2025" not in fits


def test_where_a_card_differs_from_its_profile() -> None:
    """A card with the Latvian curve behind the Estonian ATR is told apart by its EF.CardAccess."""
    atr = builtin("est-idemia-2018").recognise[0].atr
    found = inspect(Station(Renamed("lva-idemia-2019", atr)), PROFILES)
    (fit,) = found.fits
    assert (fit.profile.name, fit.reasons) == ("est-idemia-2018", ("ATR",))
    one, other = fit.differences
    assert one.startswith("only the card offers id-PACE-ECDH-GM-AES-CBC-CMAC-256")
    assert one.endswith("parameters 13")
    assert other.endswith("parameters 12")


def test_ef_dir_is_enough_to_read_a_card() -> None:
    """A card of an unknown ATR whose EF.DIR only one profile has is taken for that."""
    assert Session.begin(Station(Renamed("deu-npa"))).profile.name == "deu-npa"
    with pytest.raises(UsageError, match="no profile knows a card with ATR 3B8080010101"):
        Session.begin(Station(Renamed("est-idemia-2018")))


@pytest.mark.parametrize(
    "answer", ["6A82", "6D00", "6982", "9000", "FFFF9000", "3105FF9000", "31800000009000"]
)
def test_a_card_that_tells_nothing_or_nonsense(answer: str) -> None:
    """Whatever a card answers, it is described as what it is, and no code is offered."""
    card = AnsweringCard(lambda _: bytes.fromhex(answer))
    sections = inspect(Station(card), PROFILES).sections()
    assert sections.keys() == {
        "ATR",
        "EF.CardAccess",
        "EF.ATR/INFO",
        "EF.DIR",
        "LDS application",
        "Profiles",
    }
    assert {command[2:4] for command in card.sent} <= {"A4", "B0", "84"}


@pytest.mark.parametrize("name", ["generic-eid", "est-idemia-2018", "lva-idemia-2019", "deu-npa"])
def test_an_unknown_card_is_opened_with_its_can(name: str) -> None:
    """With the CAN PACE is run as EF.CardAccess offers it, and what lies behind is told."""
    found = inspect(Station(Renamed(name)), PROFILES, CAN)
    declared = builtin(name).own_pace
    assert found.opened is not None
    assert found.opened.info == PaceInfo(declared.oid, 2, declared.parameter_id)
    reached = {each.aid for each in builtin(name).directories.values() if each.aid}
    assert reached == set(found.opened.applications)
    lines = dict(found.sections()["Behind PACE"])
    assert lines["PACE"].startswith("id-PACE-ECDH-GM-AES-CBC-CMAC-")
    assert "6A82" in lines["EF.CardSecurity"]


def test_the_best_way_in_is_taken() -> None:
    """Of several offers the preferred one is run; a proof of the chip is told as unchecked."""
    raw = builtin("generic-eid").model_dump(by_alias=True, mode="json")
    raw["pace"]["others"] = [{"oid": "0.4.0.127.0.7.2.2.4.6.3", "parameter_id": 16}]
    card = EmulatedCard(
        personalise(type(PROFILES[0]).model_validate(raw), Person()), clock=VirtualClock()
    )
    found = inspect(Station(card), PROFILES, CAN)
    assert found.opened is not None
    assert found.opened.info == PaceInfo("0.4.0.127.0.7.2.2.4.6.3", 2, 16)
    (said,) = (text for what, text in found.sections()["Behind PACE"] if what == "chip")
    assert said == "sent a proof of itself, and shows no key to check it by"


def behind_pace(card: Icc) -> dict[str, str]:
    """What a passport that is opened with its MRZ tells."""
    return dict(
        inspect(Station(card), PROFILES, PASSPORT.passwords["MRZ"]).sections()["Behind PACE"]
    )


def test_the_chip_of_a_passport_proves_itself() -> None:
    """With the MRZ a passport is opened by its best offer, and its proof held against its key."""
    told = behind_pace(EmulatedCard(PASSPORT, clock=VirtualClock()))
    assert told["PACE"].startswith("id-PACE-ECDH-CAM-")
    assert told["PACE"].endswith("by the MRZ")
    assert told["chip"].startswith("holds the private half of key 13 of EF.CardSecurity")
    assert told["can be selected"] == "A0000002471001"


@pytest.mark.parametrize(
    ("card_security", "said"),
    [
        (b"\x30\x05\xff", "its proof of itself does not hold: EF.CardSecurity"),
        (OTHER.files["card-security"], "its proof of itself does not hold: the chip does not hold"),
    ],
)
def test_a_proof_that_does_not_hold(card_security: bytes, said: str) -> None:
    """A chip that does not hold the key of its EF.CardSecurity is told from one that does."""
    files = dict(PASSPORT.files) | {"card-security": card_security}
    card = EmulatedCard(replace(PASSPORT, files=files), clock=VirtualClock())
    assert behind_pace(card)["chip"].startswith(said)


def test_a_wrong_can_is_told() -> None:
    """A wrong CAN is the card's refusal, as in a read."""
    with pytest.raises(WrongPinError, match="refused the CAN"):
        inspect(Station(Renamed("generic-eid")), PROFILES, Can("654321"))


def test_a_card_without_pace_has_no_use_for_a_can() -> None:
    """Where there is no EF.CardAccess, a CAN that was given is said to be of no use."""
    with pytest.raises(UsageError, match="so a password is of no use"):
        inspect(Station(Renamed("fin-fineid-v4")), PROFILES, CAN)


@pytest.mark.parametrize("answer", ["9000", "FFFF9000", "3105FF9000", "31800000009000"])
def test_nonsense_in_card_access_and_a_can(answer: str) -> None:
    """With a CAN a card of nonsense is refused with a typed error, and PACE is not begun."""
    card = AnsweringCard(lambda _: bytes.fromhex(answer))
    with pytest.raises((ProtocolViolation, UsageError)):
        inspect(Station(card), PROFILES, CAN)
    assert "22" not in {command[2:4] for command in card.sent}


def test_where_keys_lie_elsewhere_than_a_profile_says() -> None:
    """Behind PACE the card's PKCS#15 files are held against the profile that fits."""
    fits = inspect(Station(Renamed("lva-idemia-2019-rsa", _SEID_ATR)), PROFILES, CAN).fits
    differences = {fit.profile.name: fit.differences for fit in fits}
    assert differences["lva-idemia-2019-seid"] == (
        "PKCS#15 has kind RSA for the authentication key, the profile EC",
        "PKCS#15 has reference 129 for the authentication key, the profile 130",
        "PKCS#15 has kind RSA for the signing key, the profile EC",
        "PKCS#15 has reference 159 for the signing key, the profile 158",
    )
    closed = inspect(Station(Renamed("lva-idemia-2019-rsa", _SEID_ATR)), PROFILES).fits
    assert all(fit.differences == () for fit in closed)


def test_a_directory_that_leads_nowhere_is_a_difference() -> None:
    """Where the PKCS#15 files cannot be read, the description says so and goes on."""
    raw = builtin("lva-idemia-2019-seid").model_dump(by_alias=True, mode="json")
    raw["files"]["signing-objects"]["value"] = "3005FF"
    card = EmulatedCard(
        personalise(type(PROFILES[0]).model_validate(raw), Person()), clock=VirtualClock()
    )
    found = inspect(Station(card), PROFILES, CAN)
    (fit,) = (each for each in found.fits if each.profile.name == "lva-idemia-2019-seid")
    (difference,) = fit.differences
    assert difference.startswith("PKCS#15 does not lead to the signing key: EF.OD is malformed")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("icao-passport-bac", {"it is a passport or ICAO card", "given: it may be opened"}),
        ("icao-id-card", {"it is a passport or ICAO card", "refused: it has no Basic"}),
        ("est-idemia-2018", {"6A82"}),
    ],
)
def test_the_application_of_passports(name: str, said: set[str]) -> None:
    """Without a code it is told whether there is an LDS application, and whether BAC opens it."""
    found = inspect(Station(Renamed(name)), PROFILES)
    text = "\n".join(line for _, line in found.sections()["LDS application"])
    assert all(each in text for each in said)


def test_a_passport_of_any_maker_is_known_by_its_application() -> None:
    """Where neither ATR nor EF.DIR tells, the profile is named that a read takes."""
    profile = builtin("icao-passport-bac")
    left = {name: f for name, f in profile.files.items() if f.content is not Content.DIRECTORY}
    shown = profile.recognise[0].model_copy(update={"atr": UNKNOWN_ATR, "mask": None})
    unlisted = profile.model_copy(update={"files": left, "recognise": (shown,)})
    card = EmulatedCard(personalise(unlisted, Person()), None, None, VirtualClock())
    found = inspect(Station(card), PROFILES)
    assert [(fit.profile.name, fit.reasons) for fit in found.fits] == [
        ("icao-passport", ("LDS application",)),
    ]


def test_what_card_security_announces() -> None:
    """Behind PACE the chip's keys of EF.CardSecurity are told."""
    station = Station(EmulatedCard(PASSPORT, None, None, VirtualClock()))
    lines = inspect(station, PROFILES, CAN).sections()["Behind PACE"]
    assert ("chip's public key", "key 13, ECDH on brainpoolP256r1") in lines
