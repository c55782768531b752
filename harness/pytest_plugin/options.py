"""The options of the command line, each with an ini key of the same meaning."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest

_SOURCE = "SOURCE"
_OPTIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "card": ("URI", "where the card is: emulated: (default), pcsc:<regular expression>, …"),
        "card-profile": ("NAME|FILE", "card profile; default: told by a real card itself"),
        "card-interface": ("NAME", "reach an emulated card by contact or contactless"),
        "card-seed": ("N", "seed of an emulated card's keys; default 0"),
        "card-state": ("FILE", "keep an emulated card's counters in a file, from test to test"),
        "card-trust": ("FILE", "PEM or DER certificates of the issuers, for `authorities`"),
        "person": ("FILE", "TOML file with the person that the card was made for"),
        "pin-floor": ("N", "tries a wrong PIN must leave; default 2, emulated 0"),
        "can-from": (_SOURCE, "where the CAN comes from: env:NAME, file:PATH, prompt, keyring:…"),
        "mrz-from": (_SOURCE, "where the MRZ comes from: whole, or NUMBER,YYMMDD,YYMMDD"),
        "pin1-from": (_SOURCE, "where PIN1 comes from"),
        "pin2-from": (_SOURCE, "where PIN2 comes from"),
        "puk-from": (_SOURCE, "where the PUK comes from"),
    }
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add every option, and its ini key; destroying is never allowed by a file."""
    group = parser.getgroup("eidrig", "ID-cards (eidrig)")
    for name, (metavar, text) in _OPTIONS.items():
        group.addoption(f"--{name}", dest=_key(name), metavar=metavar, help=text)
        parser.addini(_key(name), f"default of --{name}", default="")
    group.addoption(
        "--allow-destructive",
        action="store_true",
        dest="eidrig_allow_destructive",
        help="run tests that spend tries or change the card also on a card that is not emulated",
    )


def _key(name: str) -> str:
    return f"eidrig_{name.replace('-', '_')}"


def stated(config: pytest.Config, name: str) -> str:
    """What the command line says of an option, else nothing."""
    return str(config.getoption(_key(name)) or "")


def setting(config: pytest.Config, name: str) -> str:
    """What the command line says of an option, else its ini key, else nothing."""
    return stated(config, name) or str(config.getini(_key(name)))


def is_chosen(config: pytest.Config) -> bool:
    """Whether anybody has said anything about the card of this run."""
    return any(setting(config, name) for name in _OPTIONS)


def allows_destructive(config: pytest.Config) -> bool:
    """Whether tests may spend tries of a card that is not emulated, or change it."""
    return bool(config.getoption("eidrig_allow_destructive"))
