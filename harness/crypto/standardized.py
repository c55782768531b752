"""Every group that the standard gives a number (ICAO 9303-11, table 12)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from harness.crypto import curve, group
from harness.crypto.domain import Domain

RESERVED_IDS = range(32)
"""Parameter ids that explicit domain parameters must not use (ICAO 9303-11, 9.5.1)."""

DOMAINS: Mapping[int, Domain[Any]] = MappingProxyType({**group.STANDARDIZED, **curve.STANDARDIZED})
"""The groups of RFC 5114 and the elliptic curves, by parameter id."""
