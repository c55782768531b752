"""The markers that hold an emulated card against a simulated phone, and break what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.simulation import AirConditions

AIR, FAULT = "air", "fault"
_CONDITIONS = ("phone", "preset", "motion", "height_mm", "seed")


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the markers."""
    config.addinivalue_line(
        "markers",
        "air(phone=, preset=, motion=, height_mm=, seed=): the emulated card is held against a "
        "simulated phone, on a virtual clock; skipped on any other card",
    )
    config.addinivalue_line(
        "markers", "fault(*texts): what goes wrong then, such as 'tag-lost@frame=12,for=0.2'"
    )


def conditions_of(item: pytest.Item) -> AirConditions | None:
    """What the markers of a test say, the nearest first; None without any.

    Raises:
        UsageError: a marker says something that does not exist; the message lists what does.
    """
    faults = [text for marker in item.iter_markers(FAULT) for text in marker.args]
    marker = item.get_closest_marker(AIR)
    if marker is None and not faults:
        return None
    from harness.simulation import AirConditions  # noqa: PLC0415 - only if a card is held in air

    said = marker.kwargs if marker else {}
    if (marker and marker.args) or said.keys() - set(_CONDITIONS):
        message = f"the marker air takes {', '.join(_CONDITIONS)}, each by name"
        raise UsageError(message)
    return AirConditions.named(
        phone_name=said.get("phone", "android"),
        preset=said.get("preset", "typical"),
        motion_name=said.get("motion", "steady"),
        faults=faults,
        seed=said.get("seed", 0),
        height=said.get("height_mm"),
    )
