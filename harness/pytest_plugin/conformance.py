"""The conformance catalogue as tests: `pytest --pyargs harness.conformance`.

One test for each run of a case, in the order in which they may be run on a real card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import EidrigError
from harness.pytest_plugin.needs import said_plainly
from harness.pytest_plugin.options import allows_destructive, setting

if TYPE_CHECKING:
    from harness.conformance.campaign.campaign import Campaign
    from harness.conformance.campaign.examination import Examiner
    from harness.conformance.campaign.record import Record
    from harness.conformance.execution import Run
    from harness.pytest_plugin.rig import Rig
    from harness.secret import Secret

_RUN = "conformance_run"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose cases."""
    group = parser.getgroup("eidrig", "ID-cards (eidrig)")
    for name, metavar, text in (
        ("unit", "NAME", "run only this unit of the conformance catalogue; may be repeated"),
        ("case", "ID", "run only this case of it; may be repeated"),
    ):
        group.addoption(
            f"--conformance-{name}", action="append", default=[], metavar=metavar, help=text
        )
    group.addoption(
        "--conformance-samples", type=int, default=1, metavar="N", help="run each of them N times"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test for every run of the chosen cases."""
    if _RUN not in metafunc.fixturenames:
        return
    try:
        runs = _campaign(metafunc.config).runs
    except EidrigError as error:
        raise pytest.Collector.CollectError(str(error)) from None
    metafunc.parametrize(_RUN, runs, ids=[run.id for run in runs])


def _campaign(config: pytest.Config) -> Campaign:
    from harness.conformance.campaign.campaign import Campaign  # noqa: PLC0415 - only if it is used
    from harness.errors import UsageError  # noqa: PLC0415 - the same
    from harness.profiles import DEFAULT_PROFILE, load_profile  # noqa: PLC0415 - the same

    place, name = setting(config, "card") or "emulated:", setting(config, "card-profile")
    if not name and place != "emulated:":
        message = f"name the profile that the card at {place} is tested against: --card-profile"
        raise UsageError(message)
    units, cases = (config.getoption(f"conformance_{kind}") for kind in ("unit", "case"))
    return Campaign.of(load_profile(name or DEFAULT_PROFILE), units, cases)


@pytest.fixture(scope="session")
def conformance_examiner(request: pytest.FixtureRequest, _eidrig_rig: Rig) -> Examiner:
    """Who runs the cases on the card of this run, and on a real one watches over its codes."""
    from harness.conformance.campaign.examination import Examiner, Rules  # noqa: PLC0415 - if used
    from harness.conformance.campaign.held import Custody, HeldSource  # noqa: PLC0415 - the same
    from harness.conformance.campaign.in_field import in_field  # noqa: PLC0415 - the same
    from harness.conformance.source import EmulatedSource  # noqa: PLC0415 - the same

    config = request.config
    rules = Rules(_eidrig_rig.making.seed, config.getoption("conformance_samples"))
    with said_plainly():
        if not _eidrig_rig.is_real:
            return Examiner(in_field(EmulatedSource.of(_eidrig_rig.making)), rules)
        codes: dict[str, Secret] = dict(_eidrig_rig.given)
        if (mrz := _eidrig_rig.mrz()) is not None:
            codes["MRZ"] = mrz
        known = _eidrig_rig.authority_files()
        profile = _campaign(config).profile
        source = HeldSource(_eidrig_rig.held, profile, codes, known)
        custody = Custody(
            source,
            allow_destructive=allows_destructive(config),
            named=config.getoption("conformance_case"),
            floor=_eidrig_rig.pin_floor,
        )
        custody.prepare()
        return Examiner(source, rules, custody)


@pytest.fixture(scope="session")
def _conformance_latest() -> list[Record]:
    """What became of the cases so far that touched the card."""
    return []


@pytest.fixture
def conformance_record(
    conformance_run: Run,
    conformance_examiner: Examiner,
    _conformance_latest: list[Record],
) -> Record:
    """What became of a case; skips once the card is gone."""
    from harness.conformance.campaign.campaign import is_lost  # noqa: PLC0415 - only if it is used

    if is_lost(_conformance_latest):
        pytest.skip("not run: the card is gone")
    record = conformance_examiner.examine(conformance_run)
    if record.apdus or record.verdict.value == "inconclusive":
        _conformance_latest.append(record)
    return record
