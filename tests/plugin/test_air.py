"""The markers that hold an emulated card in the air."""

from __future__ import annotations

import pytest


def test_a_card_is_held_in_simulated_time(pytester: pytest.Pytester) -> None:
    """With the marker, a whole read takes simulated seconds and the frames are counted."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.air(phone="android", preset="fast", motion="tremor", seed=3)
        def test_hold(tap, station):
            reading = tap("resume")
            assert reading.outcome == "ok"
            assert 1 < reading.held_seconds < 3
            assert station.statistics().frames_sent > 43
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_a_fault_strikes_and_the_read_resumes(pytester: pytest.Pytester) -> None:
    """A card that slips away once is read in two attempts; without a policy the test fails."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.fault("tag-lost@frame=30,for=0.2")
        def test_resumed(tap):
            reading = tap("resume")
            assert (reading.outcome, reading.attempts) == ("ok", 2)

        @pytest.mark.fault("tag-lost@frame=30,for=0.2")
        def test_torn(tap):
            assert tap().outcome == "link-lost"
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=2)


def test_every_fixture_works_over_the_air(pytester: pytest.Pytester) -> None:
    """The fixtures above the station do not notice that the card is held in a field."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.air()
        def test_card(eid, pin1):
            eid.verify("PIN1", pin1)
            assert eid.certificate("authentication").personal_code
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "known"),
    [
        ('fault("nonsense")', "tag-lost"),
        ('air(phone="none")', "android"),
        ('air(motion="none")', "tremor"),
        ('air(preset="none")', "typical"),
        ("air(distance=3)", "motion"),
        ('air(motion="edge-of-field", height_mm=9)', "a height of its own, 30 mm"),
    ],
)
def test_an_unknown_name_lists_what_there_is(
    pytester: pytest.Pytester, marker: str, known: str
) -> None:
    """A marker that names something unknown is an error which tells the known names."""
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.{marker}
        def test_card(eid):
            pass
        """
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    assert known in result.stdout.str()


def test_only_an_emulated_card_is_held_in_the_air(pytester: pytest.Pytester) -> None:
    """On a recording such a test is skipped and says what it needs."""
    from harness.cli import main

    recording = pytester.path / "run.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["eidrig", "read", "--json", "--record", str(recording)])
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 0
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.air()
        def test_card(eid):
            pass
        """
    )
    result = pytester.runpytest_inprocess("--card", f"replay:{recording}", "-rs")
    result.assert_outcomes(skipped=1)
    assert "an emulated card" in result.stdout.str()
