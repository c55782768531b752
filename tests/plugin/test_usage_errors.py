"""Wrong settings: one line, exit code 4, before any card is touched."""

from __future__ import annotations

import pytest

from harness.pytest_plugin import options as plugin_options


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--card=smoke:signals"], "smoke:signals is no place to reach a card; there are *"),
        (["--card-profile=lva-2030"], "there is no profile lva-2030; there are bel-*"),
        (["--card=replay:nothing.json"], "nothing.json cannot be read: *"),
        (["--card-interface=telepathy"], "--card-interface is contact or contactless, not *"),
        (["--card-seed=-1"], "--card-seed is a number from 0 to *, not '-1'"),
        (["--pin-floor=16"], "--pin-floor is a number from 0 to 15, not '16'"),
        (["--person=nobody.toml"], "nobody.toml cannot be read: *"),
        (["--card-trust=none.pem"], "none.pem cannot be read: *"),
        (["--can-from=env:FIVE"], "the CAN must be 6 digits; got 5 characters"),
        (["--pin1-from=1234"], "that is not a source of a secret; use *"),
        (["--puk-from=env:NOT_SET"], "there is no PUK: the environment variable NOT_SET is not *"),
    ],
)
@pytest.mark.parametrize("spread", [[], ["-n2"]], ids=["alone", "xdist"])
@pytest.mark.usefixtures("strangers_test")
def test_wrong_setting_stops_the_run(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    said: str,
    spread: list[str],
) -> None:
    """Each wrong setting stops the run with one line that says what is right."""
    monkeypatch.setenv("FIVE", "12345")
    monkeypatch.delenv("NOT_SET", raising=False)
    result = pytester.runpytest(*options, *spread)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {said}"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert "1234" not in result.stderr.str()


@pytest.mark.usefixtures("strangers_test")
def test_wrong_setting_in_the_ini_file(pytester: pytest.Pytester) -> None:
    """The ini keys are held to the same rules."""
    pytester.makeini("[pytest]\neidrig_pin_floor = many\n")
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --pin-floor is a number from 0 to 15, not 'many'"])


def test_destroying_is_not_for_files() -> None:
    """There is no ini key by which a checked-in file could allow to destroy a card."""
    assert "allow-destructive" not in plugin_options._OPTIONS
