"""The marker `needs`: strict in what it takes, clear in what it says."""

from __future__ import annotations

import pytest

from fixtures.cards import IDEMIA, THALES


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"pin3"', "nothing is known of needs('pin3'); there are contact, *profile:NAME"),
        ('"pin1", "profile:"', "nothing is known of needs('profile:')*"),
        ("3", "nothing is known of needs(3)*"),
        ("", "needs(...) takes one name or several"),
        ('reason="no"', "needs(...) takes one name or several"),
    ],
)
def test_unknown_need_is_an_error(pytester: pytest.Pytester, written: str, said: str) -> None:
    """A misspelt need would skip a test for ever; instead the collection fails."""
    pytester.makepyfile(
        f"""
        import pytest

        class TestAny:
            @pytest.mark.needs({written})
            def test_any(self): pass
        """
    )
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([f"test_any: {said}"])


def test_unknown_need_under_xdist(pytester: pytest.Pytester) -> None:
    """Where several processes collect, the error is told once and in the same words."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs("pin3")
        def test_any(): pass
        """
    )
    result = pytester.runpytest("-n2")
    result.assert_outcomes(errors=1)
    assert result.stdout.str().count("\ntest_any: nothing is known of needs('pin3')") == 1


@pytest.mark.parametrize(
    ("need", "options", "reason"),
    [
        ("contact", [], "a contact card; this one is contactless (--card-interface contact)"),
        ("contactless", ["--card-interface=contact"], "a contactless card; this one is contact *"),
        ("real", [], "a real card (such as --card pcsc:)"),
        (f"profile:{THALES}", [], f"a card of profile {THALES}; this one is {IDEMIA} (*)"),
    ],
)
def test_unmet_need_skips(
    pytester: pytest.Pytester, need: str, options: list[str], reason: str
) -> None:
    """What the run does not give is the reason of the skip, with the option that would give it."""
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.needs("live", "{need}")
        def test_any():
            raise AssertionError
        """
    )
    result = pytester.runpytest("-rs", *options)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines([f"SKIPPED [[]1] test_unmet_need_skips.py:3: needs {reason}"])


def test_met_needs_run(pytester: pytest.Pytester) -> None:
    """Everything that an emulated card gives is there by default."""
    pytester.makepyfile(
        f"""
        import pytest

        pytestmark = pytest.mark.needs("contactless", "emulated")

        @pytest.mark.needs("can", "pin1", "pin2", "puk", "person", "authorities", "live")
        @pytest.mark.needs("profile:{IDEMIA}")
        def test_any(): pass

        @pytest.mark.destructive
        def test_destructive(): pass
        """
    )
    pytester.runpytest("--strict-markers").assert_outcomes(passed=2)


def test_markers_are_described(pytester: pytest.Pytester) -> None:
    """`pytest --markers` explains both."""
    result = pytester.runpytest("--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.destructive: *", "@pytest.mark.needs(*names): *"])
