"""Exit codes, the same for every command."""

from __future__ import annotations

from harness.errors import EidrigError, LinkError, PinError, UsageError

REFUSED = 1
USAGE = 2
LINK = 3
PIN = 4
INTERRUPTED = 130  # 128 and SIGINT, as shells have it
OUTPUT_GONE = 141  # 128 and SIGPIPE


def exit_code(error: EidrigError) -> int:
    """1 for the card's fault, 2 for the caller's, 3 for the link's, 4 for a CAN or PIN."""
    match error:
        case UsageError():
            return USAGE
        case LinkError():
            return LINK
        case PinError():
            return PIN
    return REFUSED
