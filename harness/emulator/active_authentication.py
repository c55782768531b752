"""Active authentication on the card (ICAO 9303-11, 6.1)."""

from __future__ import annotations

from harness.apdu import SW, CommandApdu
from harness.crypto import active_auth
from harness.crypto.domain import RandBelow
from harness.emulator.private_key import PrivateKey
from harness.emulator.status import Refused
from harness.profile import ActiveAuthentication


class ActiveAuthenticationChip:
    """INTERNAL AUTHENTICATE: signs the terminal's challenge with the key of DG15."""

    def __init__(self, rules: ActiveAuthentication, key: PrivateKey, randbelow: RandBelow) -> None:
        self._rules = rules
        self._key = key
        self._randbelow = randbelow

    def authenticate(self, command: CommandApdu) -> bytes:
        """The signature over the eight bytes of the challenge.

        Raises:
            Refused: 6A86 for another P1 or P2, 6700 for a challenge of another size or no Le.
        """
        if command.p1 or command.p2:
            raise Refused(SW.INCORRECT_P1_P2)
        if len(command.data) != active_auth.CHALLENGE_SIZE or not command.ne:
            raise Refused(SW.WRONG_LENGTH)
        return active_auth.sign(self._key, command.data, self._rules.hash, self._random)

    def _random(self, size: int) -> bytes:
        return self._randbelow(1 << 8 * size).to_bytes(size)
