"""The conformance catalogue as plain pytest, as a stranger starts it."""

from __future__ import annotations

import pytest

from harness.conformance import catalogue

CATALOGUE = ("--pyargs", "harness.conformance", "-rs")
UNITS = ("--conformance-unit=EID_D", "--conformance-unit=ISO7816_Q")


def test_each_run_is_a_test(pytester: pytest.Pytester) -> None:
    """On an emulated card every case that applies passes; the others say why they do not."""
    result = pytester.runpytest(*CATALOGUE, *UNITS)
    outcomes = result.parseoutcomes()
    cases = sum(len(unit.cases) for unit in catalogue.chosen(["EID_D", "ISO7816_Q"]))
    assert outcomes == {"passed": cases - outcomes["skipped"], "skipped": outcomes["skipped"]}
    result.stdout.fnmatch_lines(["*not applicable: the profile does not declare*"])


def test_processes_share_the_work(pytester: pytest.Pytester) -> None:
    """With xdist emulated cards are tested in several processes, each case once."""
    alone = pytester.runpytest(*CATALOGUE, *UNITS).parseoutcomes()
    shared = pytester.runpytest(*CATALOGUE, *UNITS, "-n2").parseoutcomes()
    assert shared["passed"] == alone["passed"]
    assert shared["skipped"] == alone["skipped"]


def test_a_fail_tells_everything(pytester: pytest.Pytester) -> None:
    """What was expected by which clause, what came, and nothing of our own insides."""
    path = pytester.path / "own.toml"
    path.write_text(
        'extends = "est-idemia-2018"\nname = "own"\n\n[[deviations]]\ncase = "ISO7816_Q_1"\n'
        'reason = "an older mask"\nsource = "assumed: a lab"\n'
    )
    result = pytester.runpytest(
        *CATALOGUE, f"--card-profile={path}", "--conformance-case=ISO7816_Q_1"
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "ISO7816_Q_1: the profile declares a deviation here that the card does not show",
            "expected the declared deviation: an older mask [[]*]",
            "got what the clause demands",
        ]
    )
    assert "Traceback" not in result.stdout.str()


def test_a_real_card_keeps_its_tries(
    pytester: pytest.Pytester, real_card: object, codes: list[str]
) -> None:
    """Without permission nothing that spends a try is run, and every counter is as before."""
    card = real_card
    options = (f"--card={card.uri}", "--card-profile=est-idemia-2018")  # type: ignore[attr-defined]
    result = pytester.runpytest(*CATALOGUE, *options, *codes, "--conformance-unit=EID_C", *UNITS)
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] > 5
    assert "failed" not in outcomes
    result.stdout.fnmatch_lines(["*blocked: it spends tries, which needs --allow-destructive*"])
    assert [card.tries(name) for name in ("PIN1", "PIN2", "PUK")] == [3, 3, 3]  # type: ignore[attr-defined]


def test_with_permission_a_real_card_is_as_before(
    pytester: pytest.Pytester, real_card: object, codes: list[str]
) -> None:
    """Tries are spent and blocked codes unblocked, and at the end every counter is full."""
    card = real_card
    options = (f"--card={card.uri}", "--card-profile=est-idemia-2018")  # type: ignore[attr-defined]
    units = ("--conformance-unit=EID_C", "--conformance-unit=EID_D")
    result = pytester.runpytest(*CATALOGUE, *options, *codes, *units, "--allow-destructive")
    outcomes = result.parseoutcomes()
    assert "failed" not in outcomes, result.stdout.str()
    assert outcomes["passed"] > 25
    assert [card.tries(name) for name in ("PIN1", "PIN2", "PUK")] == [3, 3, 3]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--conformance-unit=NONE"], "there is no unit NONE"),
        (["--card=pcsc:x"], "name the profile that the card at pcsc:x is tested against"),
        (["--card-profile=none"], "there is no profile none"),
    ],
)
def test_wrong_options_are_told(pytester: pytest.Pytester, options: list[str], said: str) -> None:
    """What cannot be run is a usage error with one line."""
    result = pytester.runpytest(*CATALOGUE, *options)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "Traceback" not in result.stdout.str()
    assert said in result.stderr.str() + result.stdout.str()
