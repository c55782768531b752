"""The pytest plugin: one option chooses the card, fixtures bring it to the test.

It is loaded in every pytest run of an environment, so these modules import nothing but pytest and
the words of floor 0; the rest of the package follows when a test asks for a card.
"""

from __future__ import annotations

pytest_plugins = (
    "harness.pytest_plugin.options",
    "harness.pytest_plugin.needs",
    "harness.pytest_plugin.air",
    "harness.pytest_plugin.fixtures",
    "harness.pytest_plugin.conformance",
    "harness.pytest_plugin.reporting",
)
