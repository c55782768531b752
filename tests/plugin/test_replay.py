"""The same tests on a recording of an earlier run."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from fixtures.cards import IDEMIA, THALES
from harness.cli import cli


@pytest.fixture(params=[IDEMIA, THALES])
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What `eidrig read --record` writes."""
    file = tmp_path / "card.json"
    run = CliRunner().invoke(cli, ["read", "--profile", request.param, "--record", str(file)])
    assert run.exit_code == 0, run.output
    return file


@pytest.mark.usefixtures("strangers_test")
def test_strangers_test_passes_unchanged(pytester: pytest.Pytester, recording: Path) -> None:
    """The same three lines run on a recording, with no code given."""
    pytester.makepyfile(
        test_login="""
        import pytest

        @pytest.mark.parametrize("turn", range(2))
        def test_login(eid, pin1, turn):
            certificate = eid.certificate("authentication")
            eid.verify("PIN1", pin1)
            eid.authenticate(certificate)
            assert eid.personal_data()
        """
    )
    result = pytester.runpytest(f"--card=replay:{recording}")
    result.assert_outcomes(passed=3)


@pytest.mark.usefixtures("strangers_test")
def test_given_codes_do_no_harm(
    pytester: pytest.Pytester, recording: Path, codes: list[str]
) -> None:
    """The options for the real card can stay when only --card changes."""
    pytester.runpytest(f"--card=replay:{recording}", *codes).assert_outcomes(passed=1)


def test_what_a_recording_cannot_do(pytester: pytest.Pytester, recording: Path) -> None:
    """A recording is neither emulated nor real, is not destroyed, and says what it lacks."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs("live")
        def test_live(card): pass

        @pytest.mark.needs("real")
        def test_real(card): pass

        def test_emulated(emulated_card): pass

        @pytest.mark.destructive
        def test_destructive(card): pass

        def test_unrecorded(eid, puk):
            eid.certificate("signing")
            eid.unblock("PIN1", puk, puk)
        """
    )
    result = pytester.runpytest("-rs", f"--card=replay:{recording}")
    result.assert_outcomes(skipped=4, failed=1)
    result.stdout.fnmatch_lines_random(
        ["*needs a card that is no recording*", "*UsageError: the recording has no answer to *"]
    )
