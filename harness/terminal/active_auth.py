"""Active Authentication from the terminal (ICAO 9303-11, 6.1)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import rsa

from harness.apdu import INS, MAX_EXTENDED_NE, MAX_SHORT_NE, CommandApdu
from harness.crypto.active_auth import CHALLENGE_SIZE, ActiveAuthenticationInfo, verify
from harness.crypto.public_key import PublicKey
from harness.secure_messaging import largest_plain_answer
from harness.terminal.channel import CardChannel


class ActiveAuthenticationTerminal:
    """INTERNAL AUTHENTICATE with a random challenge, verified with the key of DG15.

    `info` is what DG14 says of the algorithm. `extended_length` says whether the card may be asked
    for an answer longer than a short one; `random` gives that many random bytes.
    """

    def __init__(
        self,
        key: PublicKey,
        info: ActiveAuthenticationInfo | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
        *,
        extended_length: bool = False,
    ) -> None:
        self._key = key
        self._info = info
        self._random = random
        self._extended_length = extended_length

    def run(self, channel: CardChannel) -> str:
        """Challenge the chip, and return the name of the hash it signed with.

        Raises:
            ApduError: the card refuses.
            CheckError: the signature is not that of the key over our challenge.
        """
        challenge = self._random(CHALLENGE_SIZE)
        with channel.journal.phase("active authentication"):
            ne = self._ne(channel)
            command = CommandApdu(0x00, INS.INTERNAL_AUTHENTICATE, 0, 0, challenge, ne)
            signature = channel.send(command)
            return verify(self._key, challenge, signature, self._info)

    def _ne(self, channel: CardChannel) -> int:
        """Extended where a short answer has no room for an RSA signature (9303-11, 6.1.4)."""
        room = largest_plain_answer(MAX_SHORT_NE) if channel.is_secured else MAX_SHORT_NE
        is_long = isinstance(self._key, rsa.RSAPublicKey) and self._key.key_size > 8 * room
        return MAX_EXTENDED_NE if is_long and self._extended_length else MAX_SHORT_NE
