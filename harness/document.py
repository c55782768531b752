"""The operations of a read plan that passports and ICAO cards have."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness.crypto.issuer_certificate import TrustStore
from harness.reading import Reading
from harness.session import Session
from harness.terminal.channel import CardChannel
from harness.terminal.eid import Eid
from harness.terminal.emrtd import Emrtd


@dataclass(frozen=True, slots=True)
class DocumentRead:
    """Reads the document of a reading, and has its data and its chip proven.

    `trust` are the country signing authorities to check against; None where nobody named any.
    """

    session: Session
    reading: Reading
    trust: TrustStore | None

    def carry_out(self, operation: str, eid: Eid) -> CardChannel:
        """Carry out one operation on the card, and return the channel that the next one uses.

        Raises:
            CheckError: what was read does not hold, or the chip does not prove itself.
            CardError, LinkError: as the steps of the operation.
        """
        return OPERATIONS[operation](self, eid)

    def _emrtd(self, eid: Eid) -> Emrtd:
        return Emrtd(eid.channel, eid.profile, eid.files, self.reading.document)

    def _read(self, eid: Eid) -> CardChannel:
        self._emrtd(eid).read_document()
        return eid.channel

    def _authenticate_data(self, eid: Eid) -> CardChannel:
        document = self.reading.document
        with self.session.station.journal.phase("passive authentication"):
            failures = document.authenticate(self.trust).failures
        if failures:
            raise failures[0]
        return eid.channel

    def _authenticate_chip(self, eid: Eid) -> CardChannel:
        """The proof is kept; a recording has no chip to prove anything."""
        document = self.reading.document
        if self._challenge is not None:
            return eid.channel
        if document.mapping is None:
            self._emrtd(eid).check_mapping(self.trust)
        if document.chip is not None:
            return eid.channel
        return self._emrtd(eid).authenticate_chip() or eid.channel

    def _challenge_chip(self, eid: Eid) -> CardChannel:
        if self.reading.document.active is None:
            recorded = self._challenge
            draw = secrets.token_bytes if recorded is None else lambda size: recorded()[:size]
            self._emrtd(eid).challenge_chip(draw)
        return eid.channel

    @property
    def _challenge(self) -> Callable[[], bytes] | None:
        """What a recording was asked to sign; None where there is a chip."""
        return self.session.station.challenge


OPERATIONS: Mapping[str, Callable[[DocumentRead, Eid], CardChannel]] = MappingProxyType(
    {
        "lds": DocumentRead._read,  # noqa: SLF001 - its own methods
        "passive-authentication": DocumentRead._authenticate_data,  # noqa: SLF001
        "chip-authentication": DocumentRead._authenticate_chip,  # noqa: SLF001
        "active-authentication": DocumentRead._challenge_chip,  # noqa: SLF001
    }
)
"""The operations by the name a plan gives them."""
