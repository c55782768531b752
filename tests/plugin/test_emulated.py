"""The plugin with nothing but itself: no reader, no card, no option needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.cards import IDEMIA, THALES

pytestmark = pytest.mark.usefixtures("strangers_test")
_HEAVY = "cryptography fastecdsa pydantic rich click smartcard nfc asn1crypto"


def test_strangers_three_lines_pass(pytester: pytest.Pytester) -> None:
    """A test of three lines reads a card, and the run says which card it was."""
    result = pytester.runpytest()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"eidrig: emulated:, {IDEMIA}, PIN floor 0"])


def test_every_fixture(pytester: pytest.Pytester) -> None:
    """Each fixture gives what it promises."""
    pytester.makepyfile(
        """
        from harness.apdu import INS, CommandApdu
        from harness.errors import ApduError
        import pytest

        def test_before_activation(station, card_profile):
            assert station.journal.apdus == 0
            assert card_profile.recognition_of(station.icc.connect())

        def test_bytes(card):
            assert card.transmit(bytes.fromhex("00A4000C023F00"))[-2:] == bytes.fromhex("9000")

        def test_plain(channel, card_session):
            assert not channel.is_secured
            assert card_session.interface == "contactless"

        def test_protected(pace_channel):
            assert pace_channel.is_secured
            assert len(pace_channel.send(CommandApdu(0, INS.GET_CHALLENGE, 0, 0, ne=8))) == 8

        def test_signing(eid, pin2, authorities):
            eid.verify("PIN2", pin2)
            certificate = eid.certificate("signing")
            authorities.check(certificate)
            eid.sign(certificate, b"document")

        def test_person(eid, person):
            assert person.personal_code in eid.personal_data().values()

        def test_unblocking(eid, puk, pin1, emulated_card):
            eid.unblock("PIN1", puk, pin1)
            assert emulated_card.memory.tries("PIN1") == 3

        def test_guard(pin_guard, pin1):
            pin_guard.admit("PIN1", pin1, 1)
        """
    )
    pytester.runpytest().assert_outcomes(passed=9)


def test_each_test_gets_a_fresh_card(pytester: pytest.Pytester) -> None:
    """Tries that one test spends are there again for the next, and the power is off between."""
    pytester.makepyfile(
        test_fresh="""
        import pytest
        from harness.errors import LinkError, WrongPinError
        from harness.secret import Pin

        used = []

        @pytest.mark.parametrize("turn", range(3))
        def test_wrong(eid, emulated_card, turn):
            with pytest.raises(WrongPinError) as refusal:
                eid.verify("PIN1", Pin("9999"))
            assert refusal.value.tries_left == emulated_card.memory.tries("PIN1") == 2
            used.append(emulated_card)

        def test_power():
            for card in used:
                with pytest.raises(LinkError):
                    card.transmit(bytes.fromhex("00A4000C"))
        """
    )
    pytester.runpytest("test_fresh.py").assert_outcomes(passed=4)


def test_state_file_keeps_the_counters(pytester: pytest.Pytester) -> None:
    """With --card-state the card is one and the same from test to test and run to run."""
    pytester.makepyfile(
        test_state="""
        from harness.errors import WrongPinError
        from harness.secret import Pin
        import pytest

        def test_wrong(eid):
            with pytest.raises(WrongPinError) as refusal:
                eid.verify("PIN1", Pin("9999"))
            print("tries left", refusal.value.tries_left)
        """
    )
    for left in (2, 1):
        result = pytester.runpytest("-s", "--card-state=card.json", "test_state.py")
        result.stdout.fnmatch_lines([f"*tries left {left}"])
    refused = pytester.runpytest("-n2", "--card-state=card.json")
    refused.stderr.fnmatch_lines(["ERROR: *cannot serve several processes; leave out -n"])


@pytest.mark.parametrize("named", [THALES, "mine.toml"])
def test_profile_by_name_and_file(pytester: pytest.Pytester, named: str) -> None:
    """--card-profile takes a built-in profile or a file."""
    source = Path(__file__).parents[2] / "card_profiles" / f"{THALES}.toml"
    mine = source.read_text(encoding="utf-8").replace(f'"{THALES}"', '"mine"', 1)
    pytester.path.joinpath("mine.toml").write_text(mine, encoding="utf-8")
    result = pytester.runpytest(f"--card-profile={named}")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"eidrig: emulated:, {named.removesuffix('.toml')}, *"])


def test_person_seed_and_interface(pytester: pytest.Pytester) -> None:
    """--person, --card-seed and --card-interface make another card, and the codes follow."""
    pytester.path.joinpath("eve.toml").write_text('surname = "EVE"\ncan = "654321"\n')
    pytester.makepyfile(
        test_eve="""
        def test_eve(eid, person, can, card_session):
            assert (person.surname, can.reveal()) == ("EVE", b"654321")
            assert "EVE" in eid.personal_data().values()
            print(card_session.interface, hash(eid.certificate("signing").der))
        """
    )
    options = ["-s", "--person=eve.toml", "test_eve.py"]
    contact, other = (
        pytester.runpytest(*options, *more)
        for more in (["--card-interface=contact"], ["--card-seed=7"])
    )
    for result, interface in ((contact, "contact"), (other, "contactless")):
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines([f"*{interface} *"])
    assert _certificate(contact) != _certificate(other)


def _certificate(result: pytest.RunResult) -> str:
    line = next(line for line in result.outlines if "test_eve.py contact" in line)
    return line.split()[2]


def test_other_issuers(pytester: pytest.Pytester) -> None:
    """--card-trust replaces the issuers that a chain may end in."""
    pytester.makepyfile(
        test_chain="""
        import pytest
        from pathlib import Path
        from harness.errors import CheckError

        def test_keep(station):
            Path("root.der").write_bytes(station.authorities[0])

        def test_check(eid, authorities):
            authorities.check(eid.certificate("signing"))
        """
    )
    pytester.runpytest("test_chain.py").assert_outcomes(passed=2)
    result = pytester.runpytest("--card-trust=root.der", "test_chain.py")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*CheckError: no trusted authority signed *"])


def test_ini_keys(pytester: pytest.Pytester) -> None:
    """A project's own ini file can say what the options say; an option wins over it."""
    pytester.makeini(f"[pytest]\neidrig_card_profile = {THALES}\neidrig_pin_floor = 1\n")
    pytester.runpytest().stdout.fnmatch_lines([f"eidrig: emulated:, {THALES}, PIN floor 1"])
    result = pytester.runpytest("--pin-floor=0", f"--card-profile={IDEMIA}")
    result.stdout.fnmatch_lines([f"eidrig: emulated:, {IDEMIA}, PIN floor 0"])


def test_floor_on_an_emulated_card(pytester: pytest.Pytester) -> None:
    """--pin-floor holds on an emulated card too, if it is asked for."""
    result = pytester.runpytest("--pin-floor=3")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*PinFloorError: PIN1 was not offered: it has 3 tries left*"])


def test_codes_can_be_given(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source given for an emulated card is used instead of the person's own code."""
    monkeypatch.setenv("OTHER_CAN", "111111")
    result = pytester.runpytest("--can-from=env:OTHER_CAN")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*wrong: the card refused the CAN: it is wrong"])


def test_standing_sources_are_for_real_cards(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project whose ini file names the sources for its real card still runs without them."""
    monkeypatch.delenv("NOT_SET", raising=False)
    pytester.makeini("[pytest]\neidrig_can_from = env:NOT_SET\neidrig_pin1_from = prompt\n")
    pytester.runpytest().assert_outcomes(passed=1)


def test_xdist(pytester: pytest.Pytester) -> None:
    """Tests on emulated cards spread over processes."""
    pytester.makepyfile(
        test_many="""
        import pytest

        @pytest.mark.parametrize("turn", range(4))
        def test_card(eid, pin1, turn):
            eid.verify("PIN1", pin1)
        """
    )
    pytester.runpytest_subprocess("-n2", "test_many.py").assert_outcomes(passed=4)


def test_rig_facts_in_junit(pytester: pytest.Pytester) -> None:
    """The JUnit file says what the tests ran on, and how a failure is called."""
    pytester.makepyfile(
        test_wrong="""
        from harness.secret import Pin

        def test_wrong(eid):
            eid.verify("PIN1", Pin("9999"))
        """
    )
    pytester.runpytest("--junitxml=junit.xml", "test_wrong.py").assert_outcomes(failed=1)
    text = pytester.path.joinpath("junit.xml").read_text(encoding="utf-8")
    for name, value in {
        "eidrig_place": "emulated:",
        "eidrig_profile": IDEMIA,
        "eidrig_interface": "contactless",
        "eidrig_atr": "3B8B80010012233F536549440F9000A0",
        "eidrig_pin_floor": "0",
        "eidrig_outcome": "pin1-wrong",
    }.items():
        assert f'<property name="{name}" value="{value}"' in text


def test_plugin_is_light(pytester: pytest.Pytester) -> None:
    """A run without a card loads no library for cards and says nothing of cards."""
    pytester.makepyfile(
        test_other=f"""
        import sys

        def test_nothing_loaded():
            assert not sys.modules.keys() & set({_HEAVY.split()!r})
        """
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "harness.pytest_plugin", "test_other.py"],
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # others may load what they like
        cwd=pytester.path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "eidrig:" not in run.stdout


def test_collecting_touches_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--collect-only and --fixtures ask for no code and open no place."""
    monkeypatch.delenv("NOT_THERE", raising=False)
    for option in ("--collect-only", "--fixtures", "--markers"):
        result = pytester.runpytest(option, "--can-from=env:NOT_THERE", "--card=pcsc:none")
        assert result.ret == pytest.ExitCode.OK


def test_a_failure_before_the_test_is_named_in_the_junit_file(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong CAN fails in a fixture, in one line, and has its stable name in the JUnit file."""
    monkeypatch.setenv("WRONG", "000000")
    pytester.makepyfile(
        test_wrong="""
        def test_card(eid):
            pass
        """
    )
    options = ("--can-from", "env:WRONG", "--junitxml", "junit.xml", "test_wrong.py")
    result = pytester.runpytest_inprocess(*options)
    result.assert_outcomes(errors=1)
    assert "can-wrong: " in result.stdout.str()
    assert "During handling" not in result.stdout.str()
    junit = (pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert 'name="eidrig_outcome" value="can-wrong"' in junit
