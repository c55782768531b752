"""What was read of each file so far, so that a torn read can go on where it stopped."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from harness.profile import Content

MARK_SIZE = 48
"""Enough of a certificate to hold its serial number (RFC 5280, 4.1)."""

_MARKS: Mapping[Content, int] = MappingProxyType(
    {
        Content.DOCUMENT_NUMBER: MARK_SIZE,
        Content.PERSONAL_CODE: MARK_SIZE,
        Content.AUTHENTICATION_CERTIFICATE: MARK_SIZE,
        Content.SIGNING_CERTIFICATE: MARK_SIZE,
        Content.DG1: 95,  # all of it: the document number is far behind
    }
)
"""Files that no two cards share, and how many bytes of them it takes to see that."""


class Pieces:
    """Whole files and beginnings of files; it outlives the activation that read them."""

    def __init__(self) -> None:
        self._whole: dict[Content, bytes] = {}
        self._begun: dict[Content, bytes] = {}

    def __bool__(self) -> bool:
        return bool(self._whole or self._begun)

    @property
    def size(self) -> int:
        """All bytes that were read."""
        return sum(map(len, (*self._whole.values(), *self._begun.values())))

    def whole(self, content: Content) -> bytes | None:
        """A file that was read to its end, or None."""
        return self._whole.get(content)

    def begun(self, content: Content) -> bytes:
        """The bytes so far of a file that was not read to its end."""
        return self._begun.get(content, b"")

    def keep(self, content: Content, data: bytes) -> None:
        """Store the bytes so far."""
        self._begun[content] = data

    def finish(self, content: Content, data: bytes) -> bytes:
        """Store a whole file and return it."""
        self._begun.pop(content, None)
        self._whole[content] = data
        return data

    def mark(self) -> tuple[Content, bytes] | None:
        """Something read that no other card has: which file begins with which bytes.

        The latest such file, since the read goes on in it or near it.
        """
        for content, data in reversed({**self._whole, **self._begun}.items()):
            size = _MARKS.get(content)
            if size is not None and (content in self._whole or len(data) >= size):
                return content, data[:size]
        return None

    def clear(self) -> None:
        """Start from nothing."""
        self._whole.clear()
        self._begun.clear()
