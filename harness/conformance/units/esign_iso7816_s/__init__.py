"""Unit ESIGN_ISO7816_S: a PIN of the application, and signatures with it, behind PACE.

The plan is written for the German signature application, whose PIN and key its holder makes. On
national eID cards PIN2 and the signing key take that place; they are made by the issuer.
"""

from __future__ import annotations

from harness.conformance.case import Case, Unit, not_implemented
from harness.conformance.units.esign_iso7816_s import blocking, first_value, use
from harness.conformance.units.esign_iso7816_s.signer import PLAN
from harness.conformance.units.sources import BSI_3_4

_MADE_BY_ISSUER = "on a national eID card the issuer makes the keys; no such command is published"
_NEVER_ENDED = "national eID cards have no command that ends a PIN or a key"
_ALWAYS_THERE = "no national eID card is handed out without its signing key"
_MISSING = (
    (2, "A signing key is made on the card", _MADE_BY_ISSUER),
    (6, "The PIN of the application is ended", _NEVER_ENDED),
    (7, "The signing key is ended", _NEVER_ENDED),
    (8, "No signing key is made before the PIN is set", _MADE_BY_ISSUER),
    (12, "Without a signing key nothing is signed", _ALWAYS_THERE),
    (13, "An unauthorised terminal makes no signing key", _MADE_BY_ISSUER),
    (20, "A second signing key is not made beside the first", _MADE_BY_ISSUER),
    (22, "The signing key is not ended before the PIN", _NEVER_ENDED),
    (24, "The PIN is not set again once there is a signing key", _MADE_BY_ISSUER),
)


def _number(each: Case) -> int:
    return int(each.id.rpartition("_")[2])


_CASES = (
    *first_value.CASES,
    *use.CASES,
    *blocking.CASES,
    *(
        not_implemented(f"ESIGN_ISO7816_S_{number}", f"{PLAN}_{number}", f"{title}.", why)
        for number, title, why in _MISSING
    ),
)

UNIT = Unit(
    "ESIGN_ISO7816_S",
    "PIN and signatures of an application behind PACE",
    BSI_3_4,
    tuple(sorted(_CASES, key=_number)),
)
