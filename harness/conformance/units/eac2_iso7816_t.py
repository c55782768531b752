"""Unit EAC2_ISO7816_T: commands in an ENVELOPE, for terminals without extended length."""

from __future__ import annotations

from harness.conformance.case import Unit, not_implemented
from harness.conformance.units.sources import BSI_3_3

_CLAUSE = "BSI TR-03110-3, annex E"
_CERTIFICATES = "the carried commands belong to terminal authentication, which is not tested"
_ENVELOPE = "no profile declares ENVELOPE, and no emulated card takes it"

UNIT = Unit(
    "EAC2_ISO7816_T",
    "Commands in an ENVELOPE",
    BSI_3_3,
    (
        not_implemented(
            "EAC2_ISO7816_T_1",
            _CLAUSE,
            "A long command is carried in a chain of ENVELOPEs.",
            _CERTIFICATES,
        ),
        not_implemented(
            "EAC2_ISO7816_T_2",
            _CLAUSE,
            "A long answer is fetched by several GET RESPONSE.",
            _CERTIFICATES,
        ),
        not_implemented(
            "EAC2_ISO7816_T_3",
            _CLAUSE,
            "GET RESPONSE without ENVELOPE before it is refused.",
            _ENVELOPE,
        ),
        not_implemented(
            "EAC2_ISO7816_T_4",
            _CLAUSE,
            "ENVELOPE and GET RESPONSE are refused inside secure messaging.",
            _ENVELOPE,
        ),
        not_implemented(
            "EAC2_ISO7816_T_5",
            _CLAUSE,
            "ENVELOPE has a status word of its own beside that of the carried command.",
            _ENVELOPE,
        ),
    ),
)
