"""Basic Access Control from the terminal (ICAO 9303-11, 4.3)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from harness.apdu import INS, CommandApdu
from harness.crypto.bac import (
    CRYPTOGRAM_SIZE,
    HALF_SIZE,
    NONCE_SIZE,
    BacError,
    Contribution,
    agree,
    document_keys,
)
from harness.crypto.kdf import SessionKeys
from harness.errors import ApduError, ProtocolViolation, WrongPinError
from harness.mrz import Mrz
from harness.terminal.channel import CardChannel, is_authentication_failure

_CLAUSE = "ICAO 9303-11, 4.3.4"


class BacTerminal:
    """GET CHALLENGE and EXTERNAL AUTHENTICATE with the keys of a machine readable zone.

    `random` gives that many random bytes: the terminal's nonce, then its half of the key.
    """

    def __init__(self, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._random = random

    def establish(self, channel: CardChannel, mrz: Mrz) -> CardChannel:
        """Open a protected channel over the card that `channel` speaks to.

        The LDS application must be selected.

        Raises:
            WrongPinError: the card refused the terminal's cryptogram: the MRZ is wrong.
            ApduError: the card refused otherwise.
            ProtocolViolation: a challenge of another size, or a cryptogram that does not hold.
        """
        keys = document_keys(mrz)
        with channel.journal.phase("get challenge"):
            challenge = channel.send(CommandApdu(0x00, INS.GET_CHALLENGE, 0, 0, ne=NONCE_SIZE))
        if len(challenge) != NONCE_SIZE:
            message = f"the card's challenge is {len(challenge)} bytes long"
            raise ProtocolViolation(message, _CLAUSE)
        own = Contribution(self._random(NONCE_SIZE), challenge, self._random(HALF_SIZE))
        with channel.journal.phase("mutual authentication"):
            cryptogram = _exchange(channel, own.seal(keys))
            return self._secured(channel, own, cryptogram, keys)

    def _secured(
        self, channel: CardChannel, own: Contribution, cryptogram: bytes, keys: SessionKeys
    ) -> CardChannel:
        try:
            session = agree(own, Contribution.unseal(cryptogram, keys))
        except BacError as error:
            message = f"the card's answer to EXTERNAL AUTHENTICATE does not hold: {error}"
            raise ProtocolViolation(message, _CLAUSE) from error
        return channel.secured(session.keys, session.ssc)


def _exchange(channel: CardChannel, cryptogram: bytes) -> bytes:
    command = CommandApdu(0x00, INS.EXTERNAL_AUTHENTICATE, 0, 0, cryptogram, CRYPTOGRAM_SIZE)
    try:
        return channel.send(command)
    except ApduError as error:
        if not is_authentication_failure(error.sw):
            raise
        message = "the card refused the MRZ: it is wrong"
        raise WrongPinError(message, Mrz.label) from None
