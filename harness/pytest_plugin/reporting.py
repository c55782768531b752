"""What a run says: which card it had, how a failure is called, and never a code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType, TracebackType

import pytest

from harness.errors import LinkError
from harness.pytest_plugin.needs import OUTCOME, outcome_of, rig_of, uses_card, will_use_card

_PACKAGE = Path(__file__).parents[1]


def pytest_report_collectionfinish(
    config: pytest.Config, items: Sequence[pytest.Item]
) -> str | None:
    """Say which card the tests are about to use, if they use any."""
    return f"eidrig: {rig_of(config)}" if will_use_card(config, items) else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Take from a failure what could show a code, and name it in the JUnit file."""
    if call.excinfo is None or not uses_card(item):
        return
    error, hidden = call.excinfo.value, set[FrameType]()
    for each in _chain(error):
        _hide_inside(each, hidden)
    if outcome := outcome_of(error):
        item.user_properties.append((OUTCOME, outcome))
    if isinstance(error, LinkError):
        error.add_note("inconclusive: the link failed, which says nothing about the card")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and all that led to it."""
    seen: set[int] = set()
    left = [error]
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        left += (each.__cause__, each.__context__, *getattr(each, "exceptions", ()))


def _hide_inside(error: BaseException, hidden: set[FrameType]) -> None:
    """Cut a traceback where it enters this package, or a frame that another one lost by that.

    From there on arguments and variables hold codes and keys as bytes, which pytest would print.
    What is cut off joins `hidden`, and is noted as names and lines.
    """
    last, inside = None, error.__traceback__
    while inside is not None and not (_is_ours(inside.tb_frame) or inside.tb_frame in hidden):
        last, inside = inside, inside.tb_next
    if inside is None:
        return
    hidden.update(entry.tb_frame for entry in _onwards(inside))
    if last is None:
        error.__traceback__ = None
    else:
        last.tb_next = None
    if isinstance(error, Exception):  # pytest's own outcomes are none, and say what they say
        error.add_note(f"inside eidrig: {' > '.join(_places(inside))}")


def _is_ours(frame: FrameType) -> bool:
    return Path(frame.f_code.co_filename).is_relative_to(_PACKAGE)


def _places(entry: TracebackType) -> Iterator[str]:
    for each in _onwards(entry):
        code = each.tb_frame.f_code
        yield f"{code.co_name} ({Path(code.co_filename).name}:{each.tb_lineno})"


def _onwards(entry: TracebackType | None) -> Iterator[TracebackType]:
    while entry is not None:
        yield entry
        entry = entry.tb_next
