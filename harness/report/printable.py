"""Text of unknown origin, made fit to be shown."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text without line ends and control characters, which could steer a terminal."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text)
