"""The fixtures of this repository's own tests."""

from __future__ import annotations

pytest_plugins = [
    "fixtures.command",
    "fixtures.pcscd",
    "fixtures.postgresql",
    "fixtures.secrets",
    "pytester",
]
