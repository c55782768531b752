"""No output of a run shows a code: not a traceback, not a variable, not a report."""

from __future__ import annotations

import re

import pytest

# Digits that occur nowhere else, in the forms in which bytes and APDUs are printed.
SECRETS = {"can": "730519", "pin1": "82640917", "pin2": "93751826", "puk": "6184027395"}
_FAILURES = """
    import pytest
    from harness.apdu import CommandApdu
    from harness.secret import Can, Pin
    from harness.terminal.pin_guard import PinGuard

    @pytest.fixture(params=["first"])
    def local(request, can, pin1, pin2, puk):
        return {"codes": (can, pin1, pin2, puk)}

    def test_compared(local, can, pin1, pin2, puk, person):
        kept = [can, pin1, pin2, puk]
        assert kept == [person.pin1, Can("000000")], f"{can} {pin1!r} {person}"

    def test_formatted(pin1, can):
        raise ValueError(f"{pin1:>20} {can} {pin1!s}")

    def test_refused(eid, pin1, pin2):
        wrong = Pin("82640916")
        eid.verify("PIN1", wrong)

    def test_lost(eid, pin1, monkeypatch):
        def broken(self, command):
            try:
                raise OSError("no field")
            except OSError as error:
                raise KeyError(command.hex()[:4]) from error
        monkeypatch.setattr("harness.trace.Journaled.transmit", broken)
        eid.verify("PIN1", pin1)

    def test_bug_in_the_package(eid, pin1, monkeypatch):
        def broken(self, command, *rest):
            raise RuntimeError("bug")
        monkeypatch.setattr("harness.terminal.channel.CardChannel.transmit", broken)
        eid.verify("PIN1", pin1)

    def test_wrong_can(card_session):
        can = Can("730518")
        card_session.establish_pace(can)

    def test_everything_in_sight(
        station, card_session, card, eid, pin_guard, emulated_card, person, can, pin1, pin2, puk
    ):
        eid.verify("PIN1", pin1)
        assert not station
"""


def _forms(digits: str) -> list[str]:
    raw = digits.encode()
    return [digits, raw.hex(), raw.hex(" "), str(list(raw))[1:-1]]


@pytest.mark.parametrize(
    "options",
    [
        ["-vv", "--showlocals"],
        ["--tb=long", "--showlocals", "--full-trace"],
        ["--tb=native", "--showlocals"],
        ["--setup-show", "-rA", "--showlocals"],
        ["-n2", "--showlocals"],
    ],
    ids=" ".join,
)
def test_nothing_shows_a_code(pytester: pytest.Pytester, options: list[str]) -> None:
    """Failures of every kind, with everything that pytest can show, show no code."""
    lines = "".join(f'{name} = "{digits}"\n' for name, digits in SECRETS.items())
    pytester.path.joinpath("person.toml").write_text(lines)
    pytester.makepyfile(test_failures=_FAILURES)
    result = pytester.runpytest("--person=person.toml", "--junitxml=junit.xml", *options)
    result.assert_outcomes(failed=7)
    shown = result.stdout.str() + result.stderr.str()
    shown += pytester.path.joinpath("junit.xml").read_text(encoding="utf-8")
    assert "<PIN>" in shown or "native" in str(options)
    found = [form for digits in SECRETS.values() for form in _forms(digits) if form in shown]
    assert found == []


def test_where_it_failed_is_still_told(pytester: pytest.Pytester) -> None:
    """What is hidden of a traceback is told by names and lines."""
    pytester.makepyfile(test_failures=_FAILURES)
    result = pytester.runpytest("-k", "refused or bug")
    told = result.stdout.str()
    assert re.search(r"E +inside eidrig: verify \(eid.py:\d+\) > _offer \(eid.py:\d+\)", told)
    assert "RuntimeError: bug" in told
    assert "padded" not in told
