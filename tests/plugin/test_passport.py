"""The plugin on passports and ICAO cards."""

from __future__ import annotations

import pytest

from fixtures.passports import BAC_PASSPORT, ID_CARD, PASSPORT

PROVES = """
from harness.crypto.issuer_certificate import TrustStore

def test_passport(emrtd, authorities):
    document = emrtd.read_document()
    assert document.zone.wrong == ()
    assert document.authenticate(TrustStore(authorities.certificates)).is_proven
    assert emrtd.authenticate_chip().is_secured

def test_active(emrtd, card_profile):
    emrtd.read_document()
    active = emrtd.challenge_chip()
    assert (active is None) == (card_profile.active_authentication is None)

def test_a_whole_tap(tap):
    reading = tap()
    assert (reading.outcome, reading.document.chip.is_proven) == ("ok", True)
"""


@pytest.mark.parametrize("name", [PASSPORT, BAC_PASSPORT, ID_CARD])
def test_an_emulated_document(pytester: pytest.Pytester, name: str) -> None:
    """Without any code given, an emulated document is read and proven."""
    pytester.makepyfile(PROVES)
    pytester.runpytest_subprocess("--card-profile", name).assert_outcomes(passed=3)


def test_another_card(pytester: pytest.Pytester) -> None:
    """On a card that is no passport the fixture skips and says why."""
    pytester.makepyfile("def test_passport(emrtd): ...")
    result = pytester.runpytest("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*needs a passport or ICAO card; this one is est-idemia-2018*"])


def test_a_zone_of_ones_own(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zone on the command line is used, and a wrong one fails the test with one sentence."""
    pytester.makepyfile("def test_passport(emrtd): assert emrtd.read_document().zone.number")
    right, wrong = "AS0000001,800108,350101", "AS0000002,800108,350101"
    chosen = ("--card-profile", BAC_PASSPORT, "--mrz-from", "env:ZONE")
    monkeypatch.setenv("ZONE", right)
    pytester.runpytest_subprocess(*chosen).assert_outcomes(passed=1)
    monkeypatch.setenv("ZONE", wrong)
    result = pytester.runpytest_subprocess(*chosen)
    result.assert_outcomes(errors=1)
    said = result.stdout.str()
    assert "the card refused the MRZ: it is wrong" in said
    assert "AS0000002" not in said


def test_a_zone_with_a_typing_error(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zone whose check digit does not fit stops the run before it begins."""
    pytester.makepyfile("def test_passport(emrtd): ...")
    zone = (
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C37UTO7408122F1204159ZE184226B<<<<<10"
    )
    monkeypatch.setenv("ZONE", zone)
    result = pytester.runpytest("--card-profile", PASSPORT, "--mrz-from", "env:ZONE")
    assert result.ret == 4
    said = result.stderr.str() + result.stdout.str()
    assert "check digit" in said
    assert "ERIKSSON" not in said
