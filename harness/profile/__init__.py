"""A card generation as data: what it is, where things lie on it, and how it wants to be spoken to.

Every table of facts names its source, and what nobody knows is listed as unknown instead of
guessed. Terminal and emulator both follow the same profile; neither knows a card by name.
"""

from harness.profile.card import Profile, parse_profile
from harness.profile.codes import PinRules
from harness.profile.document import Loader, merged
from harness.profile.facts import (
    CanDelay,
    Deviation,
    Directory,
    File,
    KeyRules,
    Pace,
    PaceOffer,
    Plan,
    Quirks,
    Radio,
    Recognition,
    SelectRules,
    Transmission,
)
from harness.profile.travel import ActiveAuthentication, Bac, ChipAuthentication, Lds, Signer
from harness.profile.words import (
    LDS_FILES,
    MF,
    PERSONAL_DATA,
    Content,
    Interface,
    KeyName,
    Operation,
    PasswordName,
    PinName,
)

__all__ = [
    "LDS_FILES",
    "MF",
    "PERSONAL_DATA",
    "ActiveAuthentication",
    "Bac",
    "CanDelay",
    "ChipAuthentication",
    "Content",
    "Deviation",
    "Directory",
    "File",
    "Interface",
    "KeyName",
    "KeyRules",
    "Lds",
    "Loader",
    "Operation",
    "Pace",
    "PaceOffer",
    "PasswordName",
    "PinName",
    "PinRules",
    "Plan",
    "Profile",
    "Quirks",
    "Radio",
    "Recognition",
    "SelectRules",
    "Signer",
    "Transmission",
    "merged",
    "parse_profile",
]
