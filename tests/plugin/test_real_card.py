"""A card that is not emulated, as far as the plugin knows: nothing of it is spent unasked."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from fixtures.cards import IDEMIA, image_of
from fixtures.echo_card import served
from harness.emulator.card import EmulatedCard
from harness.errors import LinkError, NoCardError
from harness.transport.tcp import Dialling
from harness.transport.vpcd import VpcdCard, VpcdReader

if TYPE_CHECKING:
    from tests.plugin.conftest import RealCard

_WRONG = """
    import pytest
    from harness.errors import WrongPinError
    from harness.secret import Pin

    {mark}
    @pytest.mark.parametrize("turn", range(3))
    def test_wrong(eid, turn):
        with pytest.raises(WrongPinError, match="{message}"):
            eid.verify("PIN1", Pin("9999"))
"""
_DESTRUCTIVE = "@pytest.mark.destructive"


@pytest.mark.usefixtures("strangers_test")
def test_strangers_test_passes_unchanged(
    pytester: pytest.Pytester, real_card: RealCard, codes: list[str]
) -> None:
    """The same three lines run on a real card once its codes are given."""
    result = pytester.runpytest(f"--card={real_card.uri}", *codes)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"eidrig: {real_card.uri}, profile told by the card, PIN floor 2"])
    assert real_card.tries("PIN1") == 3


@pytest.mark.usefixtures("strangers_test")
def test_a_card_that_calls_us(pytester: pytest.Pytester, codes: list[str]) -> None:
    """One port serves all tests of a run, is given back at its end, and serves the next run."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    pytester.makepyfile(test_two="def test_first(eid): pass\n\ndef test_second(eid): pass\n")
    card = EmulatedCard(image_of(IDEMIA))
    with served(VpcdCard(card, Dialling("127.0.0.1", port))):
        for _ in range(2):
            result = pytester.runpytest(f"--card=vpcd-listen:{port}", *codes)
            result.assert_outcomes(passed=3)


@pytest.mark.usefixtures("strangers_test")
def test_contact_needs_no_can(
    pytester: pytest.Pytester, real_contact_card: RealCard, codes: list[str]
) -> None:
    """In a contact reader the ID-card is read in the plain, and the CAN is not missed."""
    pin1 = [option for option in codes if option.startswith("--pin1")]
    pytester.runpytest(f"--card={real_contact_card.uri}", *pin1).assert_outcomes(passed=1)


@pytest.mark.usefixtures("strangers_test", "codes")
def test_sources_in_the_ini_file(pytester: pytest.Pytester, real_card: RealCard) -> None:
    """A project can keep the names of its sources, and the place, in its ini file."""
    pytester.makeini(
        f"[pytest]\neidrig_card = {real_card.uri}\n"
        "eidrig_can_from = env:EIDRIG_CAN\neidrig_pin1_from = env:EIDRIG_PIN1\n"
    )
    pytester.runpytest().assert_outcomes(passed=1)


def test_nothing_is_asked_for_by_itself(pytester: pytest.Pytester, real_card: RealCard) -> None:
    """What nobody gave is not there: the tests skip and say which option gives it."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize(
            "name",
            ["can", "pin1", "pin2", "puk", "person", "authorities", "emulated_card", "eid"],
        )
        def test_fixture(request, name):
            request.getfixturevalue(name)

        def test_card(card, channel, card_profile, pin_guard):
            pass
        """
    )
    result = pytester.runpytest("-rs", f"--card={real_card.uri}")
    result.assert_outcomes(passed=1, skipped=8)
    for reason in (
        "CAN (--can-from SOURCE)",
        "PIN1 (--pin1-from SOURCE)",
        "PIN2 (--pin2-from SOURCE)",
        "PUK (--puk-from SOURCE)",
        "to know the card's person (--person FILE)",
        "to know the issuers (--card-trust FILE)",
        "an emulated card (--card emulated:)",
    ):
        assert f"needs {reason}" in result.stdout.str()


def test_only_given_codes_are_offered(
    pytester: pytest.Pytester, real_card: RealCard, codes: list[str]
) -> None:
    """A test that is not marked destructive cannot offer a code of its own."""
    pytester.makepyfile(
        """
        import pytest
        from harness.errors import UsageError
        from harness.secret import Pin

        def test_wrong(eid, pin1):
            with pytest.raises(UsageError, match="none of the codes given"):
                eid.verify("PIN1", Pin("9999"))
            eid.verify("PIN1", pin1)
        """
    )
    pytester.runpytest(f"--card={real_card.uri}", *codes).assert_outcomes(passed=1)
    assert real_card.tries("PIN1") == 3


@pytest.mark.parametrize(
    ("command", "fixture"),
    [
        ("0020000104FFFFFFFF", "channel"),
        ("0020000104FFFFFFFF", "pace_channel"),
        ("002000010CFFFF", "card"),
        ("0022C1A40F800A04007F00070202040204830103", "channel"),
        ("0024000104FFFFFFFF", "channel, pin1"),
        ("002C000104FFFFFFFF", "pace_channel, pin1"),
        ("002C0301", "channel, pin1"),
    ],
)
def test_raw_commands_are_watched(
    pytester: pytest.Pytester, real_card: RealCard, codes: list[str], command: str, fixture: str
) -> None:
    """A raw command that could spend or change a code does not leave, protected or not."""
    pytester.makepyfile(
        f"""
        import pytest
        from harness.apdu import CommandApdu
        from harness.errors import UsageError

        def test_raw({fixture}):
            way = {fixture.partition(",")[0]}
            raw = bytes.fromhex("{command}")
            with pytest.raises(UsageError, match="was not sent"):
                way.transmit(raw if "{fixture}" == "card" else CommandApdu.decode(raw))

        def test_asking_is_free(pace_channel):
            pace_channel.transmit(CommandApdu.decode(bytes.fromhex("00200001")))
        """
    )
    pytester.runpytest(f"--card={real_card.uri}", *codes).assert_outcomes(passed=2)
    assert real_card.tries("PIN1") == 3


def test_destructive_is_off_by_default(
    pytester: pytest.Pytester, real_card: RealCard, codes: list[str]
) -> None:
    """A destructive test is skipped on a real card, and the reason names the option."""
    pytester.makepyfile(_WRONG.format(mark=_DESTRUCTIVE, message="wrong"))
    result = pytester.runpytest("-rs", f"--card={real_card.uri}", *codes)
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(["SKIPPED * test_*.py:*: destructive:*(--allow-destructive)"])
    assert real_card.tries("PIN1") == 3


def test_wrong_code_is_offered_once_in_a_run(
    pytester: pytest.Pytester, real_card: RealCard, codes: list[str]
) -> None:
    """Even where everything is allowed, no test offers a code that another one saw refused."""
    pytester.makepyfile(_WRONG.format(mark=_DESTRUCTIVE, message="wrong|already refused"))
    options = ["--allow-destructive", "--pin-floor=0"]
    result = pytester.runpytest(f"--card={real_card.uri}", *options, *codes)
    result.assert_outcomes(passed=3)
    assert real_card.tries("PIN1") == 2


@pytest.mark.usefixtures("strangers_test")
def test_wrong_source_costs_one_try(
    pytester: pytest.Pytester,
    real_card: RealCard,
    codes: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A wrong PIN1 in the environment fails every test, but costs one try in all of them."""
    monkeypatch.setenv("EIDRIG_PIN1", "4321")
    pytester.makepyfile(test_more="def test_more(eid, pin1): eid.verify('PIN1', pin1)")
    result = pytester.runpytest(f"--card={real_card.uri}", "--pin-floor=1", *codes)
    result.assert_outcomes(failed=2)
    assert real_card.tries("PIN1") == 2


@pytest.mark.parametrize(("floor", "left"), [([], 2), (["--pin-floor=1"], 1)])
def test_floor_stops_before_it_spends(
    pytester: pytest.Pytester, real_card: RealCard, codes: list[str], floor: list[str], left: int
) -> None:
    """Different wrong codes spend tries down to the floor and no further."""
    pytester.makepyfile(
        """
        import pytest
        from harness.errors import PinError
        from harness.secret import Pin

        @pytest.mark.destructive
        @pytest.mark.parametrize("code", [9990, 9991, 9992])
        def test_wrong(eid, code):
            with pytest.raises(PinError):
                eid.verify("PIN1", Pin(str(code)))
        """
    )
    result = pytester.runpytest(f"--card={real_card.uri}", "--allow-destructive", *floor, *codes)
    result.assert_outcomes(passed=3)
    assert real_card.tries("PIN1") == left


def test_destructive_may_change_the_card(
    pytester: pytest.Pytester, real_card: RealCard, codes: list[str]
) -> None:
    """With --allow-destructive a marked test unblocks and changes as it likes."""
    pytester.makepyfile(
        """
        import pytest
        from harness.secret import Pin

        @pytest.mark.destructive
        def test_change(eid, pin1, puk):
            eid.change("PIN1", pin1, Pin("4321"))
            eid.unblock("PIN1", puk, pin1)
        """
    )
    result = pytester.runpytest(f"--card={real_card.uri}", "--allow-destructive", *codes)
    result.assert_outcomes(passed=1)


def test_one_card_serves_one_process(pytester: pytest.Pytester, real_card: RealCard) -> None:
    """A real card is refused to xdist in one line, before any process starts."""
    result = pytester.runpytest_subprocess("-n2", f"--card={real_card.uri}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: vpcd:*is one card*leave out -n"])


@pytest.mark.usefixtures("strangers_test")
def test_no_card_is_no_verdict(
    pytester: pytest.Pytester, real_card: RealCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a card every test errs in one line, after one attempt to find it."""
    attempts = []

    def nobody_there(reader: VpcdReader) -> bytes:
        attempts.append(reader)
        message = "no card was there"
        raise NoCardError(message)

    monkeypatch.setattr(VpcdReader, "connect", nobody_there)
    pytester.makepyfile(test_two="def test_first(card): pass\n\ndef test_second(card): pass\n")
    result = pytester.runpytest(f"--card={real_card.uri}")
    result.assert_outcomes(errors=3)
    assert result.outlines.count("no-card: no card was there") == 3
    assert "harness/" not in result.stdout.str()
    assert len(attempts) == 1


def test_card_pulled_in_a_test(
    pytester: pytest.Pytester, real_card: RealCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card lost in the middle of a test is reported as inconclusive."""
    pytester.makepyfile("def test_pulled(card): card.transmit(bytes.fromhex('00A4000C'))")

    def pulled(card: EmulatedCard, command: bytes) -> bytes:
        message = f"{card} is gone and never saw {len(command)} bytes"
        raise LinkError(message)

    monkeypatch.setattr(EmulatedCard, "transmit", pulled)
    result = pytester.runpytest("--junitxml=junit.xml", f"--card={real_card.uri}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*inconclusive: the link failed*"])
    assert 'value="link-lost"' in pytester.path.joinpath("junit.xml").read_text(encoding="utf-8")
